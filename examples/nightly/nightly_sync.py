"""Syncs a file every night, keeps a log, and sends an alert if the exit status requires one.

    python nightly_sync.py /srv/crm/crm.csv

The log and the report of the last sync are next to the file. ALERT_COMMAND is run by the shell with the message on its
standard input:

    ALERT_COMMAND='mail -s "Contact sync" crm@example.com'
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

OPTIONS = ("--delete", "tracked", "--yes")
RUNS = 3
STOPPED, LOCKED = 3, 75
ALERTS = {
    1: "Some contacts were rejected, skipped or changed meanwhile; the others are in sync.",
    2: "The sync was refused, and nothing was sent.",
    STOPPED: f"The sync stopped in {RUNS} runs. The same command resumes it.",
}
"""What each exit status means. 0 and 75 (another run is at work) need no alert; any other is an internal error."""

log = logging.getLogger("nightly_sync")


def sync(file: Path) -> tuple[int, str]:
    """Run the sync, and resume it if it stops. Returns the exit status and the messages of the last run."""
    report = file.with_suffix(".report.jsonl")
    command = ["sendblue-contacts", "sync", str(file), *OPTIONS, "--report", str(report)]
    status, messages = STOPPED, ""
    for run in range(1, RUNS + 1):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the command above
        for line in (done.stdout + done.stderr).splitlines():
            log.info("%s", line)
        log.info("run %d: exit status %d", run, done.returncode)
        status, messages = done.returncode, done.stderr
        if status != STOPPED:
            break
    return status, messages


def alert(status: int, messages: str) -> None:
    """Run ALERT_COMMAND with a message, if the exit status needs one."""
    command = os.environ.get("ALERT_COMMAND")
    if status in (0, LOCKED) or not command:
        return
    meaning = ALERTS.get(status, "The sync failed with an internal error.")
    text = f"{meaning} (exit status {status})\n\n{messages}"
    subprocess.run(command, shell=True, input=text, text=True, check=True)  # noqa: S602  # set by the administrator


def main(file: Path) -> int:
    """Sync the file, and return the exit status of the sync."""
    logging.basicConfig(filename=file.with_suffix(".log"), level=logging.INFO, format="%(asctime)s %(message)s")
    status, messages = sync(file)
    alert(status, messages)
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
