"""The database file: acknowledged writes survive whatever happens to the process."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.sandbox.contacts_api import CREDENTIALS, PATH

PACKAGE_ROOT = Path(__file__).parents[3] / "sandbox"


def start(db: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the program with a file; return the process and its address."""
    command = [sys.executable, "-m", "sendblue_sandbox", "--port", "0", "--db", str(db), "--limit", "off"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PACKAGE_ROOT)
    assert process.stdout
    return process, process.stdout.readline().split()[2].rstrip(",")


def end(process: subprocess.Popen[str], how: signal.Signals) -> int:
    """Send a signal and return the exit status."""
    process.send_signal(how)
    process.communicate(timeout=10)
    return process.returncode


def test_acknowledged_writes_survive_a_kill(tmp_path: Path) -> None:
    """Every write with a response before SIGKILL is in the file: create, update, delete, opt-out."""
    process, url = start(tmp_path / "contacts.sqlite")
    with httpx.Client(base_url=url, headers=CREDENTIALS, trust_env=False) as api:
        for number in range(50):
            api.post(PATH, json={"number": f"+1415555{number:04d}"}).raise_for_status()
        api.put(f"{PATH}/+14155550001", json={"first_name": "Ada"}).raise_for_status()
        api.delete(f"{PATH}/+14155550002").raise_for_status()
        api.post(f"{PATH}/opt-out", json={"number": "+14155550003"}).raise_for_status()
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    process, url = start(tmp_path / "contacts.sqlite")
    kept = {each["phone"]: each for each in httpx.get(url + PATH, headers=CREDENTIALS, trust_env=False).json()}
    assert end(process, signal.SIGTERM) == 0
    assert len(kept) == 49
    assert "+14155550002" not in kept
    assert kept["+14155550001"]["first_name"] == "Ada"
    assert kept["+14155550003"]["opt_out"] is True
