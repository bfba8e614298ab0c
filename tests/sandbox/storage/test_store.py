"""The database file: acknowledged writes survive whatever happens to the process."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_sandbox.storage.queries import ContactRow

PATH = "/api/v2/contacts"
ADA = "+14155551234"
HEADERS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
PACKAGE_ROOT = str(Path(__file__).parents[3] / "sandbox")


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
    with httpx.Client(base_url=url, headers=HEADERS, trust_env=False) as api:
        for number in range(50):
            api.post(PATH, json={"number": f"+1415555{number:04d}"}).raise_for_status()
        api.put(f"{PATH}/+14155550001", json={"first_name": "Ada"}).raise_for_status()
        api.delete(f"{PATH}/+14155550002").raise_for_status()
        api.post(f"{PATH}/opt-out", json={"number": "+14155550003"}).raise_for_status()
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    process, url = start(tmp_path / "contacts.sqlite")
    kept = {each["phone"]: each for each in httpx.get(url + PATH, headers=HEADERS, trust_env=False).json()}
    assert end(process, signal.SIGTERM) == 0
    assert len(kept) == 49
    assert "+14155550002" not in kept
    assert kept["+14155550001"]["first_name"] == "Ada"
    assert kept["+14155550003"]["opt_out"] is True


def test_a_file_keeps_contacts(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    """A sandbox that opens the file of another one has its contacts, and continues the contact IDs."""
    first = serve(db=tmp_path / "contacts.sqlite")
    made = connect(first).post(PATH, json={"number": ADA}).json()["contact"]
    first.close()
    second = serve(db=str(tmp_path / "contacts.sqlite"))
    assert connect(second).get(f"{PATH}/{ADA}").json()["contact"] == made
    assert connect(second).post(PATH, json={"number": "+14155550001"}).json()["contact"]["contact_id"] == "c_00000002"


def test_memory_keeps_nothing(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """Without a file a new sandbox has no contacts."""
    first = serve()
    connect(first).post(PATH, json={"number": ADA})
    first.close()
    assert serve().contacts() == []


def test_refused_request_changes_nothing(api: httpx.Client, sandbox: Sandbox) -> None:
    """A request that is refused during its execution changes nothing."""
    for number in (ADA, "+14155550001"):
        api.post(PATH, json={"number": number})
    before = sandbox.contacts()
    assert api.put(f"{PATH}/{ADA}", json={"phone_number": "+14155550001", "opt_out": True}).status_code == 409
    assert sandbox.contacts() == before


class PhoneRenderer:
    """Renders a contact as its phone number."""

    fingerprint = "plain"

    def to_json(self, row: ContactRow) -> str:
        """Return the number."""
        return row.phone


def test_transaction_is_atomic() -> None:
    """Writes before an error in a transaction are rolled back, and the store remains usable."""
    store = Store(None, PhoneRenderer())

    def insert_twice() -> None:
        with store.transaction():
            store.insert([(ADA, 0, {})])
            store.insert([(ADA, 0, {})])

    with pytest.raises(sqlite3.IntegrityError):
        insert_twice()
    assert store.count() == 0
    with store.transaction():
        store.insert([(ADA, 0, {})])
    assert store.count() == 1
    store.close()


@pytest.mark.parametrize("kind", ["text", "folder", "other", "newer", "older", "nowhere"])
def test_unusable_file(tmp_path: Path, kind: str) -> None:
    """A file that is not a sandbox database is a `ValueError` at construction, and does not change."""
    path = tmp_path / "nowhere" / "x" if kind == "nowhere" else tmp_path / "file"
    if kind == "text":
        path.write_text("phone,first_name\n" * 100, encoding="utf-8")
    if kind == "folder":
        path.mkdir()
    if kind in {"other", "newer"}:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE contacts (id)" if kind == "other" else "PRAGMA user_version = 99")
        connection.close()
    if kind == "older":
        Sandbox(db=path).close()
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 1")
        connection.close()
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ValueError, match=r"cannot hold contacts \(.*Use another path"):
        Sandbox(db=path)
    assert before == (path.read_bytes() if path.is_file() else None)


def test_damaged_file(tmp_path: Path) -> None:
    """A sandbox database that is overwritten in the middle is a `ValueError` at construction, not a later error."""
    path = tmp_path / "file"
    sandbox = Sandbox(db=path)
    sandbox.seed(500)
    sandbox.close()
    content = bytearray(path.read_bytes())
    content[8_192:40_960] = bytes(32_768)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot hold contacts \(.*(damaged|malformed)"):
        Sandbox(db=path)


def test_file_with_another_spelling(
    tmp_path: Path, serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]
) -> None:
    """Contacts written under one spelling are returned in the spelling with which the file is opened."""
    path = tmp_path / "file"
    first = serve(db=path, spelling="snake")
    connect(first).post(PATH, json={"number": ADA, "first_name": "Ada"})
    first.close()
    contact = connect(serve(db=path, spelling="camel")).get(f"{PATH}/{ADA}").json()["contact"]
    assert contact["firstName"] == "Ada"
    assert "first_name" not in contact


def test_file_with_another_document(
    tmp_path: Path, serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """A field added to the document after a contact was written is in the response, empty."""
    path = tmp_path / "file"
    first = serve(db=path)
    connect(first).post(PATH, json={"number": ADA})
    first.close()

    def add(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Contact"]["properties"]["birthday"] = {"type": ["string", "null"]}

    contact = connect(serve(db=path, document=edited(add))).get(f"{PATH}/{ADA}").json()["contact"]
    assert contact["birthday"] is None
