"""Exports: to every format, complete or not at all, and read back as the same contacts."""

import datetime as dt
import errno
import io
import json
import os
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field
from sendblue_transfer import FORMATS, TransferError, export_contacts, open_source, plan_import
from sendblue_transfer.rows.column_map import ColumnMap
from sendblue_transfer.rows.columns import Columns

from tests.transfer.contact_files import number, people, person

# XML has no U+FFFE and U+FFFF, and neither does real text.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
texts = st.text(characters, min_size=1).filter(str.strip)
KINDS: dict[str, st.SearchStrategy[object]] = {
    "string": texts,
    "e164": st.integers(10**6, 10**14).map("+{}".format).filter(lambda text: text[1] != "0"),
    "boolean": st.booleans(),
    "integer": st.integers(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "date": st.dates().map(dt.date.isoformat),
    "date-time": st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.isoformat()),
    "array[string]": st.lists(texts.map(str.strip), min_size=1),
    "map": st.dictionaries(st.text(characters), texts, min_size=1),
}


def values_of(field: Field) -> st.SearchStrategy[object]:
    """Return valid values of a field."""
    if field.kind != "object":
        return st.sampled_from(field.choices) if field.choices else KINDS[field.kind]
    parts = {name: values_of(each) for name, each in field.model_class.FIELDS.items()}
    return st.fixed_dictionaries({}, optional=parts).filter(bool)


contacts_with_any_fields = st.fixed_dictionaries(
    {"phone": KINDS["e164"]},
    optional={name: values_of(field) for name, field in Contact.FIELDS.items() if name != "phone"},
)


def export(contacts: list[dict[str, Any]], form: Any, **options: Any) -> bytes:
    """Return what is written."""
    file = io.BytesIO()
    export_contacts([Contact.from_dict(values) for values in contacts], file, format=form, **options)
    return file.getvalue()


def read_back(content: bytes, form: Any) -> list[dict[str, Any]]:
    """Return the contacts that are read from it, with all fields that there are."""
    with open_source(io.BytesIO(content), format=form) as source:
        is_text, types = source.titles is not None, source.cell_types
        columns = Columns(ColumnMap(), Contact.FIELDS, is_text=is_text, escaped=form == "csv", cell_types=types)
        return [columns.parser(record.titles).parse(record.cells) for record in source]


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None, max_examples=15)  # a workbook takes its time
@given(contacts=st.lists(contacts_with_any_fields, min_size=1, max_size=3, unique_by=lambda contact: contact["phone"]))
def test_exported_contacts_can_be_imported(form: Any, contacts: list[dict[str, Any]]) -> None:
    """Every field comes back the same, whatever texts, tags and labels people use; what is read-only is reported."""
    content = export(contacts, form)
    found = read_back(content, form)
    assert [Contact.from_dict(values) for values in found] == [Contact.from_dict(values) for values in contacts]
    with open_source(io.BytesIO(content), format=form) as source:
        plan = plan_import(source, preview=len(contacts))
    assert list(plan.preview) == [
        {name: contact[name] for name in BulkContact.FIELDS if name in contact} for contact in contacts
    ]
    assert plan.columns.unmapped == ()


AMBIGUOUS: dict[str, dict[str, Any]] = {
    "labels with other delimiters": {"custom_variables": {";" * 40: "1", "\t\n" * 40: "2"}},
    "null characters, as in UTF-16": {"first_name": "\0" * 4_000, "last_name": "\0"},
}


@pytest.mark.parametrize("values", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_content_does_not_affect_the_detection(values: dict[str, Any]) -> None:
    """Neither that of the delimiter nor that of the encoding."""
    contact = {"phone": number(0), **values}
    assert read_back(export([contact], "csv"), "csv") == [contact]


def test_json_has_lists_and_objects() -> None:
    """JSON Lines has an object per line, and JSON one array."""
    assert [json.loads(line) for line in export(people(2), "jsonl").splitlines()] == people(2)
    assert json.loads(export(people(2), "json")) == people(2)
    assert json.loads(export([], "json")) == []


@pytest.mark.parametrize(
    "contact", [{"first_name": "x" * 32_768}, {"custom_variables": {str(label): "x" for label in range(16_384)}}]
)
def test_contacts_that_do_not_fit_into_a_sheet(contact: dict[str, Any]) -> None:
    """The error names other formats; no text is cut."""
    with pytest.raises(TransferError, match=r"do not fit into an XLSX sheet.*export them as csv or jsonl"):
        export([{"phone": number(0), **contact}], "xlsx")


@pytest.mark.parametrize("encoding", ["klingon", "rot13", "undefined"])
def test_unknown_encoding(encoding: str) -> None:
    """An unknown name, or a codec that is not for text, is an error that names common encodings."""
    with pytest.raises(TransferError, match=f"unknown text encoding '{encoding}'; common encodings are utf-8"):
        export([person(0)], "csv", encoding=encoding)


@pytest.mark.parametrize(
    ("name", "form"), [("a.tsv", "csv"), ("a.JSONL", "jsonl"), ("a.json", "json"), ("a.xlsx", "xlsx"), ("a", "csv")]
)
def test_format_follows_from_the_name(tmp_path: Path, name: str, form: str) -> None:
    """Without a suffix it is CSV."""
    assert export_contacts([], tmp_path / name).format == form


@pytest.mark.parametrize(("name", "options"), [("a.pdf", {}), ("a.csv", {"format": "pdf"})])
def test_unknown_format(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    """It is an error before any contact is fetched."""
    with pytest.raises(TransferError, match="pdf"):
        export_contacts(iter(lambda: pytest.fail("fetched"), None), tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_failed_export_keeps_the_existing_file(tmp_path: Path) -> None:
    """An incomplete file never gets the name, and a character that the encoding lacks is not replaced."""
    path = tmp_path / "out.csv"
    path.write_text("old")

    def contacts() -> Iterator[Contact]:
        yield Contact(phone=number(0), first_name="日本")
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        export_contacts(contacts(), path)
    with pytest.raises(TransferError, match=r"cp1252.*utf-8"):
        export_contacts([Contact(phone=number(0), first_name="日本")], path, encoding="cp1252")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("out.csv", "old")]


def test_file_is_synced_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power loss right after it leaves the old file or the new one, not an empty one."""
    steps: list[str] = []
    replace = Path.replace

    def recorded(path: Path, target: Path) -> Path:
        steps.append("renamed")
        return replace(path, target)

    monkeypatch.setattr("os.fsync", lambda _descriptor: steps.append("synced"))
    monkeypatch.setattr(Path, "replace", recorded)
    export_contacts([], tmp_path / "out.csv")
    assert steps == ["synced", "renamed"]


def test_permissions_of_the_file(tmp_path: Path) -> None:
    """Only the owner can read a new file; a replaced file keeps its permissions, and a link stays a link."""
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    export_contacts([], path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    link.symlink_to(path)
    export_contacts([Contact(phone=number(0))], link)
    assert (link.is_symlink(), path.stat().st_mode & 0o777, number(0) in path.read_text()) == (True, 0o640, True)


def test_pipe_is_written_directly(tmp_path: Path) -> None:
    """It is not replaced by a file, and neither is a device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = list[str]()
    reader = threading.Thread(target=lambda: content.append(pipe.read_text()))
    reader.start()
    export_contacts([Contact(phone=number(1))], pipe, format="csv")
    reader.join()
    assert (number(1) in content[0], pipe.is_fifo(), list(tmp_path.iterdir())) == (True, True, [pipe])


def test_full_disk_while_writing_a_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    """The OSError is the same as for any other format."""
    library: Any = import_module("xlsxwriter")
    close = library.Workbook.close

    def full(book: object) -> None:
        close(book)
        raise library.exceptions.FileCreateError(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(library.Workbook, "close", full)
    with pytest.raises(OSError, match="No space left") as caught:
        export([], "xlsx")
    assert caught.value.errno == errno.ENOSPC
