"""An import as a process of its own, for tests that interrupt it.

    python import_program.py URL FILE MODE SECONDS

It prints the report as JSON, and the progress to standard error. If SECONDS is not 0, it kills itself with SIGKILL: so
many seconds after the start, or, if SECONDS is negative, so many seconds after the first report of sent rows.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import asdict

from sendblue_contacts import Retry, Sendblue
from sendblue_transfer import ImportProgress, open_source, run_import


def main(url: str, path: str, mode: str, seconds: str) -> int:
    """Import the file. The exit status is that of the command line."""
    retry = Retry(base=0.001, throttling_base=0.001, read_lag=0)
    with Sendblue("key", "secret", base_url=url, rate_limit=None, retry=retry) as client, open_source(path) as source:
        timer = threading.Timer(abs(float(seconds)), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        if float(seconds) > 0:
            timer.start()

        def on_progress(progress: ImportProgress) -> None:
            if progress.phase == "sending":
                sys.stderr.write(f"{progress.done}\n")
                sys.stderr.flush()
                if float(seconds) < 0 and not timer.ident:
                    timer.start()

        report = run_import(client, source, mode=mode, on_progress=on_progress)  # type: ignore[arg-type]  # a mode
    values = {name: value for name, value in asdict(report).items() if name != "columns"}
    print(json.dumps(values, default=str))  # noqa: T201  # the output of the program
    return 0 if report.ok else 1 if report.complete else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
