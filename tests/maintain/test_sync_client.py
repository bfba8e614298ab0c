"""scripts/regenerate: the client for threads is emitted from the client for tasks, and --check guards it."""

import re
import shutil
from pathlib import Path

import pytest
from maintain.regenerate import sync_client
from maintain.regenerate.command import check_client
from maintain.venvs import ScriptError

FUNCTION = '''
def ping(number: str, region: str | None = None) -> Operation[ContactUpdate]:
    """Ping a number.

    Args:
        number: The number.
        region: The region of the number.

    Example:
        await client.contacts.ping("+14155551234")
    """
'''


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """A copy of the client's package."""
    return shutil.copytree(
        sync_client.CLIENT, tmp_path / "sendblue_contacts", ignore=shutil.ignore_patterns("__pycache__")
    )


def test_changed_missing_and_stray_files(client: Path) -> None:
    """--check shows each of them; scripts/regenerate emits or removes it, and nothing else."""
    edited = ("_sync/client.py", "_async/calls.py", "_async/raw_contacts.py", "__init__.pyi")
    texts = {name: (client / name).read_text() for name in (*edited, "_sync/listing.py")}
    for name in edited:
        (client / name).write_text(f"{texts[name]}# edited {name}\n")
    (client / "_sync/listing.py").unlink()
    (client / "_sync/extra.py").write_text("x = 1\n")
    shown = "\n".join(check_client(client))
    expected = (*(f"# edited {name}" for name in edited), "_sync/listing.py", "_sync/extra.py")
    assert [text for text in expected if text not in shown] == []
    package = "overrides/sendblue_contacts"
    assert sorted(sync_client.write(client)) == [
        f"- {package}/_sync/extra.py",
        *(f"~ {package}/{name}" for name in sorted(texts)),
    ]
    assert ({name: (client / name).read_text() for name in texts}, check_client(client)) == (texts, [])


def test_emitted_files(client: Path) -> None:
    """The first line names the file to edit. No module for threads contains a word of asynchronous code."""
    emitted = sync_client.emitted(client)
    del emitted["_async/bulk.py"]  # written by hand, except the names of the fields
    heads = {name: text.splitlines()[0] for name, text in emitted.items()}
    assert [name for name, head in heads.items() if not head.startswith("# Emitted by scripts/regenerate from ")] == []
    assert "from _async/client.py." in heads["_sync/client.py"]
    threads = "\n".join(text for name, text in emitted.items() if name.startswith("_sync/"))
    words = ("async ", "await ", "Async", "anyio", "Awaitable", "aclose")
    assert [word for word in words if word in threads] == []


def test_docstrings_name_the_fields_of_the_document(client: Path, tmp_path: Path) -> None:
    """The docstrings of `create`, `update` and `bulk.create` list the fields of their schemas."""
    document = tmp_path / "contacts.yaml"
    text, field = sync_client.DOCUMENT.read_text(), "        birthday: {type: string, format: date}\n"
    for schema in ("ContactCreate", "ContactUpdate", "BulkContact"):
        text = re.sub(rf"(?m)^(    {schema}:\n(?:      .*\n)*?      properties:\n)", rf"\g<1>{field}", text)
    document.write_text(text)
    emitted = sync_client.emitted(client, document)
    found = [emitted[name].count("`birthday`, `") for name in ("_async/calls.py", "_async/bulk.py", "_sync/bulk.py")]
    assert found == [2, 1, 1]


def test_one_new_function_is_enough(client: Path) -> None:
    """A function added to the operations is a call for threads and for tasks, and with its raw response."""
    operations = client / "operations.py"
    operations.write_text(operations.read_text() + FUNCTION)
    sync_client.write(client)
    emitted = (client / "_sync/calls.py").read_text()
    assert "    def ping(self, number: str) -> ContactUpdate:\n" in emitted
    assert '            number: The number.\n\n        Example:\n            client.contacts.ping("+14155' in emitted
    assert "        return self._send(operations.ping(number, self._region))\n" in emitted
    assert "    from sendblue_contacts_api.models.contact_update import ContactUpdate, ContactUpdateFields\n" in emitted
    for folder in ("_async", "_sync"):
        assert "self.ping: Final = _raw(calls.ping)" in (client / folder / "raw_contacts.py").read_text()


def test_a_sentence_that_changed_is_an_error(client: Path) -> None:
    """A sentence that differs between the clients must still occur in its source, or regenerating fails."""
    path = client / "_async/client.py"
    path.write_text(path.read_text().replace("for asyncio and trio.", "for tasks."))
    with pytest.raises(ScriptError, match="SENTENCES"):
        sync_client.emitted(client)
