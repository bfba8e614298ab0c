"""The database file: what it keeps, and which files are refused."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sendblue_sandbox import Sandbox

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


STATEMENTS = {
    "other": "CREATE TABLE contacts (id)",
    "newer": "PRAGMA user_version = 99",
    "older": "PRAGMA user_version = 1",
}


@pytest.mark.parametrize("kind", ["text", "folder", "other", "newer", "older", "nowhere", "damaged"])
def test_unusable_file(tmp_path: Path, kind: str) -> None:
    """A file that is not a whole sandbox database is a `ValueError` at construction, and does not change."""
    path = tmp_path / "nowhere" / "x" if kind == "nowhere" else tmp_path / "file"
    if kind == "text":
        path.write_text("phone,first_name\n" * 100, encoding="utf-8")
    if kind == "folder":
        path.mkdir()
    if kind in {"older", "damaged"}:
        sandbox = Sandbox(db=path)
        sandbox.seed(500)
        sandbox.close()
    if kind in STATEMENTS:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(STATEMENTS[kind])
    if kind == "damaged":
        content = path.read_bytes()
        path.write_bytes(content[:8_192] + bytes(32_768) + content[40_960:])
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ValueError, match=r"(?s)cannot hold contacts \(.*Use another path"):
        Sandbox(db=path)
    assert before == (path.read_bytes() if path.is_file() else None)


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
