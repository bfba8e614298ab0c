"""The database file: acknowledged writes survive whatever happens to the process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import httpx
from sendblue_sandbox import Sandbox

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


BATCH = 50


def create_until_killed(url: str, first: int) -> list[int]:
    """Create batches of contacts until the server is gone; return the numbers of the acknowledged batches."""
    acknowledged: list[int] = []
    with httpx.Client(base_url=url, headers=CREDENTIALS, trust_env=False) as api:
        for batch in range(first, first + 10_000):
            contacts = [{"phone": phone(batch, item)} for item in range(BATCH)]
            try:
                response = api.post(f"{PATH}/bulk", json={"contacts": contacts})
            except httpx.TransportError:
                return acknowledged
            assert response.json()["numberOfContactsCreated"] == BATCH
            acknowledged.append(batch)
    raise AssertionError("The server was not killed.")


def phone(batch: int, item: int) -> str:
    """Return the number of a contact in a batch."""
    return f"+1{2_000_000_000 + batch * BATCH + item}"


def test_a_kill_in_bulk_writes(tmp_path: Path) -> None:
    """After SIGKILL every acknowledged bulk create is in the file, and an interrupted one whole or not at all."""
    db, pause = tmp_path / "contacts.sqlite", random.Random(18151210)  # noqa: S311 - not a secret
    acknowledged: list[int] = []
    for round_ in range(3):
        process, url = start(db)
        killer = Timer(pause.uniform(0.05, 0.8), process.kill)
        killer.start()
        acknowledged += create_until_killed(url, 10_000 * (round_ + 1))
        killer.join()
        process.communicate(timeout=10)
    with Sandbox(db=db) as sandbox:
        kept = [contact["phone"] for contact in sandbox.contacts()]
        ids = {contact["contact_id"] for contact in sandbox.contacts()}
    batches = {(int(number[2:]) - 2_000_000_000) // BATCH for number in kept}
    assert len(kept) == len(set(kept)) == len(ids) == len(batches) * BATCH
    assert set(acknowledged) <= batches
    assert len(batches) <= len(acknowledged) + 3


def test_two_sandboxes_on_one_file(tmp_path: Path) -> None:
    """Two processes with one file share its contacts: no write is lost, no ID used twice, no request fails."""
    servers = [start(tmp_path / "contacts.sqlite") for _ in range(2)]

    def write(url: str) -> tuple[list[int], int]:
        codes: list[int] = []
        created = 0
        with httpx.Client(base_url=url, headers=CREDENTIALS, trust_env=False, timeout=30) as api:
            for batch in range(20):
                items = [{"phone": phone(batch, item)} for item in range(BATCH)]
                created += api.post(f"{PATH}/bulk", json={"contacts": items}).json()["numberOfContactsCreated"]
                codes.append(api.post(PATH, json={"number": f"+1415555{batch:04}"}).status_code)
        return codes, created

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(write, [url for _, url in servers] * 2))
    codes = [code for found, _ in results for code in found]
    assert (codes.count(200), codes.count(409)) == (20, 60)
    assert sum(created for _, created in results) == 20 * BATCH
    listed = [httpx.get(f"{url}/_sandbox/contacts?limit=1000", trust_env=False).json() for _, url in servers]
    assert listed[0] == listed[1]
    assert listed[0]["total"] == 20 * BATCH + 20
    assert [end(process, signal.SIGTERM) for process, _ in servers] == [0, 0]
    with Sandbox(db=tmp_path / "contacts.sqlite") as sandbox:
        assert len({contact["contact_id"] for contact in sandbox.contacts()}) == 20 * BATCH + 20
