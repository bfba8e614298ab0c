"""Exports: into every format, as a whole or not at all, and back to the same contacts."""

from __future__ import annotations

import csv
import datetime as dt
import errno
import io
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import Sendblue
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    FORMATS,
    TransferError,
    export_contacts,
    open_source,
    plan_import,
    run_import,
)
from sendblue_transfer.rows.column_map import ColumnMap
from sendblue_transfer.rows.columns import Columns

from tests.transfer.contact_files import number, person, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

# XML has no U+FFFE and U+FFFF, and no text of people has them either.
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")
texts = st.text(letters, min_size=1).filter(str.strip)
KINDS: dict[str, st.SearchStrategy[object]] = {
    "string": texts,
    "e164": st.integers(10**6, 10**14).map("+{}".format).filter(lambda text: text[1] != "0"),
    "boolean": st.booleans(),
    "date-time": st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.isoformat()),
    "array[string]": st.lists(texts.map(str.strip), min_size=1),
    "map": st.dictionaries(st.text(letters), texts, min_size=1),
}
anybody = st.fixed_dictionaries(
    {"phone": KINDS["e164"]},
    optional={name: KINDS[field.kind] for name, field in Contact.FIELDS.items() if name != "phone"},
)


def exported(contacts: list[dict[str, Any]], form: Any, **how: Any) -> bytes:  # noqa: ANN401  # a format
    """What is written."""
    file = io.BytesIO()
    export_contacts([Contact.from_dict(each) for each in contacts], file, format=form, **how)
    return file.getvalue()


def read_back(content: bytes, form: Any) -> list[dict[str, Any]]:  # noqa: ANN401  # a format
    """The contacts that are read from it, with all fields that there are."""
    with open_source(io.BytesIO(content), format=form) as source:
        columns = Columns(ColumnMap(), Contact.FIELDS, is_text=source.titles is not None, escaped=form == "csv")
        return [columns.parser(record.titles).parse(record.cells) for record in source]


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None)  # a workbook takes its time
@given(contacts=st.lists(anybody, min_size=1, max_size=3))
def test_what_was_exported_is_imported(form: Any, contacts: list[dict[str, Any]]) -> None:  # noqa: ANN401  # a format
    """Every field comes back the same, whatever texts, tags and labels people use."""
    back = read_back(exported(contacts, form), form)
    assert [Contact.from_dict(each) for each in back] == [Contact.from_dict(each) for each in contacts]


@pytest.mark.parametrize("form", FORMATS)
@settings(deadline=None)  # a workbook takes its time
@given(contacts=st.lists(anybody, min_size=1, max_size=3, unique_by=lambda contact: contact["phone"]))
def test_every_exported_contact_can_be_sent(form: Any, contacts: list[dict[str, Any]]) -> None:  # noqa: ANN401  # a format
    """Without what only the server sets, which is named."""
    with open_source(io.BytesIO(exported(contacts, form)), format=form) as source:
        plan = plan_import(source, preview=len(contacts))
    assert list(plan.preview) == [
        {name: each[name] for name in BulkContact.FIELDS if name in each} for each in contacts
    ]
    assert plan.columns.unmapped == ()


@pytest.mark.parametrize("form", FORMATS)
def test_from_one_account_into_another(client: Sendblue, tmp_path: Path, form: Any) -> None:  # noqa: ANN401  # a format
    """Through a file, the other account holds the same contacts."""
    people = [person(place) for place in range(1_500)]
    client.contacts.bulk.create(people)
    path = tmp_path / f"out.{form}"
    report = export_contacts(client.with_options(bulk=True).contacts.list(), path)
    assert (report.contacts, report.path, report.format) == (1_500, path, form)
    with Sandbox(limit=None) as other, open_source(path) as source:
        with Sendblue("key", "secret", base_url=other.url, rate_limit=None) as its_client:
            assert run_import(its_client, source).ok
        assert stored(other) == people


def test_csv_is_for_people() -> None:
    """A column for each field and for each label, in the order in which they were first seen; formulas are disarmed."""
    contacts = [
        {"phone": number(0), "tags": ["VIP", "a;b"], "custom_variables": {"b": "1"}},
        {"phone": number(1), "firstName": "=1+1", "custom_variables": {"a": "2", "b": "3"}},
    ]
    rows = list(csv.DictReader(io.StringIO(exported(contacts, "csv").decode(), newline="")))
    assert [title for title in rows[0] if "." in title] == ["custom_variables.b", "custom_variables.a"]
    assert (rows[0]["tags"], rows[1]["first_name"]) == ('VIP;"a;b"', "'=1+1")


def test_a_label_does_not_mislead_about_the_delimiter() -> None:
    """However many semicolons it holds."""
    contact = {"phone": number(0), "custom_variables": {";" * 40: "1", "\t\n" * 40: "2"}}
    assert read_back(exported([contact], "csv"), "csv") == [contact]


def test_zeros_are_letters_too() -> None:
    """A text full of them is not taken for another encoding."""
    contact = {"phone": number(0), "first_name": "\0" * 4_000, "last_name": "\0"}
    assert read_back(exported([contact], "csv"), "csv") == [contact]


def test_json_has_the_natural_forms() -> None:
    """One object in each line, and an array that any program reads."""
    contacts = [person(0), person(1)]
    assert [json.loads(line) for line in exported(contacts, "jsonl").splitlines()] == contacts
    assert json.loads(exported(contacts, "json")) == contacts
    assert json.loads(exported([], "json")) == []


def test_in_a_workbook_everything_is_text() -> None:
    """A number that is a text stays what it is, and a formula is none."""
    with open_source(
        io.BytesIO(exported([{"phone": number(0), "first_name": "007", "last_name": "=1+1"}], "xlsx"))
    ) as source:
        (record,) = source
    assert record.cells[:3] == [number(0), "007", "=1+1"]


def test_excel_reads_utf_8_with_a_mark() -> None:
    """`utf-8-sig` writes one; a delimiter can be given too."""
    content = exported([{"phone": number(0), "first_name": "Zoë"}], "csv", encoding="utf-8-sig", delimiter=";")
    assert content.startswith(b"\xef\xbb\xbfphone;first_name;")


def test_a_letter_that_the_encoding_does_not_have(tmp_path: Path) -> None:
    """Nothing is written over for it, and nothing is replaced in silence."""
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(TransferError, match=r"cp1252.*utf-8"):
        export_contacts([Contact.from_dict({"phone": number(0), "first_name": "日本"})], path, encoding="cp1252")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("out.csv", "old")]


def test_an_encoding_that_there_is_not() -> None:
    """The error names the usual ones."""
    with pytest.raises(TransferError, match="unknown text encoding 'klingon'; common encodings are utf-8"):
        exported([], "csv", encoding="klingon")


def test_an_export_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    """Half of the contacts never look like all of them."""
    path = tmp_path / "out.jsonl"
    path.write_text("old")

    def contacts() -> Iterator[Contact]:
        yield Contact(phone=number(0))
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        export_contacts(contacts(), path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("out.jsonl", "old")]


def test_it_gets_its_name_when_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power right after it leaves the old file or the new one, and not an empty one."""
    done: list[str] = []
    replace = Path.replace

    def named(path: Path, target: Path) -> Path:
        done.append("named")
        return replace(path, target)

    monkeypatch.setattr("os.fsync", lambda _descriptor: done.append("written"))
    monkeypatch.setattr(Path, "replace", named)
    export_contacts([], tmp_path / "out.csv")
    assert done == ["written", "named"]


def test_who_may_read_it(tmp_path: Path) -> None:
    """Only the owner; a file that is replaced keeps its permissions, and a link stays a link."""
    path, link = tmp_path / "out.csv", tmp_path / "link.csv"
    export_contacts([], path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    link.symlink_to(path)
    export_contacts([Contact(phone=number(0))], link)
    assert (link.is_symlink(), path.stat().st_mode & 0o777, number(0) in path.read_text()) == (True, 0o640, True)


def test_standard_output() -> None:
    """`-` is standard output, as CSV unless it is said otherwise."""
    script = (
        "from sendblue_contacts import Contact\n"
        "from sendblue_transfer import export_contacts\n"
        "for form in (None, 'jsonl'): export_contacts([Contact(phone='+14155550123')], '-', format=form)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert (lines[0][:17], lines[1][:13], lines[2]) == (
        "phone,first_name,",
        "+14155550123,",
        '{"phone": "+14155550123"}',
    )


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", "csv"), ("a.tsv", "csv"), ("a.JSONL", "jsonl"), ("a.json", "json"), ("a.xlsx", "xlsx"), ("a", "csv")],
)
def test_the_format_is_that_of_the_name(tmp_path: Path, name: str, form: str) -> None:
    """Without a suffix it is CSV."""
    assert export_contacts([], tmp_path / name).format == form


@pytest.mark.parametrize(("name", "how"), [("a.pdf", {}), ("a.csv", {"format": "pdf"})])
def test_a_format_that_there_is_not(tmp_path: Path, name: str, how: dict[str, Any]) -> None:
    """It is refused before anything is fetched."""
    with pytest.raises(TransferError, match="pdf"):
        export_contacts(iter(lambda: pytest.fail("fetched"), None), tmp_path / name, **how)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "contact", [{"first_name": "x" * 32_768}, {"custom_variables": {str(label): "x" for label in range(16_384)}}]
)
def test_what_no_sheet_can_hold(contact: dict[str, Any]) -> None:
    """It is an error that names other formats, not a shorter text."""
    with pytest.raises(TransferError, match=r"do not fit into an XLSX sheet.*export them as csv or jsonl"):
        exported([{"phone": number(0), **contact}], "xlsx")


@pytest.mark.parametrize("encoding", ["rot13", "hex", "undefined"])
def test_an_encoding_that_is_none_of_text(encoding: str) -> None:
    """It is refused with the usual ones, before anything is written."""
    with pytest.raises(TransferError, match=f"unknown text encoding '{encoding}'; common encodings are utf-8"):
        exported([{"phone": number(0)}], "csv", encoding=encoding)


def test_a_full_disk_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workbook that cannot be written is the OSError that it is for any other format."""
    library: Any = import_module("xlsxwriter")
    close = library.Workbook.close

    def full(book: object) -> None:
        close(book)
        raise library.exceptions.FileCreateError(OSError(errno.ENOSPC, "No space left on device"))

    monkeypatch.setattr(library.Workbook, "close", full)
    with pytest.raises(OSError, match="No space left") as caught:
        exported([], "xlsx")
    assert caught.value.errno == errno.ENOSPC


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where xlsxwriter is not installed, the error says what to install."""

    def missing(name: str) -> object:
        if name == "xlsxwriter":
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("sendblue_transfer.exporting.writers.import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "sendblue-contacts\[xlsx\]"'):
        exported([], "xlsx")
