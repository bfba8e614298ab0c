"""The database file: what it keeps, and which files are refused."""

import sqlite3
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.api.roles import NAMES
from sendblue_sandbox.storage.queries import ContactRow
from sendblue_sandbox.storage.store import Store

from tests.sandbox.contacts_api import ADA, ADA_PATH, PATH, Connect, Edited, Serve


def test_a_file_keeps_contacts(serve: Serve, connect: Connect, tmp_path: Path) -> None:
    """A sandbox that opens the file of another one has its contacts, and continues the contact IDs."""
    first = serve(db=tmp_path / "contacts.sqlite")
    made = connect(first).post(PATH, json={"number": ADA}).json()["contact"]
    first.close()
    second = connect(serve(db=str(tmp_path / "contacts.sqlite")))
    assert second.get(ADA_PATH).json()["contact"] == made
    assert second.post(PATH, json={"number": "+14155550001"}).json()["contact"]["contact_id"] == "c_00000002"
    assert serve().contacts() == []


class PhoneRenderer:
    """Renders a contact as its phone number."""

    columns: ClassVar = dict.fromkeys(NAMES, "name")
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


def test_file_with_another_document(serve: Serve, connect: Connect, edited: Edited, tmp_path: Path) -> None:
    """Contacts are returned in the spelling and with the fields of the sandbox that opens the file."""
    path = tmp_path / "file"
    first = serve(db=path, spelling="snake")
    connect(first).post(PATH, json={"number": ADA, "first_name": "Ada"})
    first.close()

    def add(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["Contact"]["properties"]["birthday"] = {"type": ["string", "null"]}

    second = serve(db=path, document=edited(add), spelling="camel")
    for settings in ({"spelling": "camel"}, {"document": edited(add)}):
        with pytest.raises(ValueError, match=r"in use by a sandbox with another spelling or another document.*Stop"):
            serve(db=path, **settings)
    assert serve(db=path, document=edited(add), spelling="camel").contacts() == second.contacts()
    contact = connect(second).get(ADA_PATH).json()["contact"]
    assert (contact["firstName"], contact["birthday"], "first_name" in contact) == ("Ada", None, False)
