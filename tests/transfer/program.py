"""An import as a program of its own, for tests that end it: by SIGKILL at some moment, by Ctrl-C, or not at all.

    python program.py URL FILE MODE SECONDS

It prints its report as JSON; `SECONDS` after the start it kills itself, unless that is 0. If it is below 0, so many
seconds after the first contacts were sent.
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
    """Import the file; the exit status is that of the command line."""
    retry = Retry(base=0.001, throttling_base=0.001)
    with Sendblue("key", "secret", base_url=url, rate_limit=None, retry=retry) as client, open_source(path) as source:
        timer = threading.Timer(abs(float(seconds)), os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        if float(seconds) > 0:
            timer.start()

        def tell(progress: ImportProgress) -> None:
            if progress.phase == "sending":
                sys.stderr.write(f"{progress.done}\n")
                sys.stderr.flush()
                if float(seconds) < 0 and not timer.ident:
                    timer.start()

        report = run_import(client, source, mode=mode, on_progress=tell)  # type: ignore[arg-type]  # a mode
    shown = {name: value for name, value in asdict(report).items() if name != "columns"}
    print(json.dumps(shown, default=str))  # noqa: T201  # what it is for
    return 0 if report.ok else 1 if report.complete else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
