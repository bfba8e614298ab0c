"""A sync as a process of its own, for tests that interrupt it.

    python sync_program.py URL FILE STATE PLAN SECONDS

It applies PLAN if that exists, else it plans and saves the plan there. If SECONDS is not 0, it kills itself with
SIGKILL so many seconds after it begins to apply the plan.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from sendblue_contacts import Retry, Sendblue
from sendblue_transfer import SyncPlan, apply_sync, open_source, plan_sync


def main(url: str, file: str, state: str, plan_path: str, seconds: str) -> int:
    """Sync the file. The exit status is that of the command line."""
    retry = Retry(base=0.001, throttling_base=0.001, read_lag=0)
    with Sendblue("key", "secret", base_url=url, rate_limit=None, retry=retry) as client:
        if not Path(plan_path).exists():
            with open_source(file) as source:
                plan_sync(client, source, delete="all", max_delete="10%", chunk_size=50, state=state).save(plan_path)
        plan = SyncPlan.load(plan_path)
        if float(seconds):
            timer = threading.Timer(float(seconds), os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()
        report = apply_sync(client, plan)
    return 0 if report.ok else 1 if report.complete else 3


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
