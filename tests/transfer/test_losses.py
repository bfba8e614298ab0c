"""What could cost somebody his data: files that change, files that would be written over, and rows that go unread."""

from __future__ import annotations

import csv
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_transfer import (
    JournalError,
    TransferError,
    export_contacts,
    open_source,
    plan_import,
)
from sendblue_transfer.importing.journal import Journal

from tests.transfer.contact_files import TITLES, import_file, number, person, row, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox


# --- files that change


@pytest.mark.parametrize("mode", ["create", "update"])
def test_what_is_added_meanwhile_is_not_sent(
    sandbox: Sandbox,
    client: Sendblue,
    write_rows: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
) -> None:
    """It was not checked: the import stops with a report, and goes on with the file as it was."""
    if mode == "update":
        client.contacts.bulk.create([{"phone": number(place)} for place in range(60)])
    path = write_rows(60)
    before = path.read_bytes()
    sending = Journal.add

    def settle(self: Journal, fate: Any) -> None:  # noqa: ANN401  # of a row
        if path.read_bytes() == before:
            with path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow(row(person(99)))
        sending(self, fate)

    monkeypatch.setattr(Journal, "add", settle)
    report = import_file(client, path, mode=mode, chunk_size=10, concurrency=1)
    assert (report.complete, "changed during the import" in report.stopped, report.not_sent > 0) == (False, True, True)
    assert number(99) not in [contact["phone"] for contact in stored(sandbox)]
    monkeypatch.undo()
    path.write_bytes(before)
    assert (import_file(client, path, mode=mode).ok, stored(sandbox)) == (True, [person(place) for place in range(60)])


def test_a_file_that_was_never_checked_was_not_begun(client: Sendblue, write_text: Callable[..., Path]) -> None:
    """A quotation mark is mended, and the same command goes: nothing had been sent."""
    path = write_text(f'phone,first_name\n{number(1)},"Ada" Lovelace\n')
    with pytest.raises(TransferError, match="quotation mark"):
        import_file(client, path)
    write_text(f"phone,first_name\n{number(1)},Ada\n")
    assert import_file(client, path).created == 1


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR | 3 << 8])
def test_a_full_disk_is_no_mistake_of_the_caller(tmp_path: Path, code: int) -> None:
    """To give another journal would have the rows sent again: the error says that the same command goes on."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = code
    told = pytest.raises(OSError, match=r"cannot be written .*same command again to resume")
    with Journal(tmp_path / "journal") as journal, told as caught, journal._errors():
        raise full
    assert not isinstance(caught.value, JournalError)


def test_a_journal_that_cannot_be_written_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another process can have it."""
    journal = Journal(tmp_path / "journal")

    def full(_self: Journal) -> None:
        raise OSError("full")

    monkeypatch.setattr(Journal, "flush", full)
    with pytest.raises(OSError, match="full"):
        journal.close()
    monkeypatch.undo()
    Journal(tmp_path / "journal").close()


# --- files that would be written over


def test_rejects_never_go_over_the_input_or_the_journal(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Before anything is read or sent, however the name is written."""
    path = write_rows(1, ["12", "Nobody", "", "", ""])
    before = path.read_bytes()
    for name, what in (("contacts.csv", "input"), ("contacts.csv.sendblue-journal", "journal")):
        with pytest.raises(TransferError, match=f"would overwrite the {what}; choose another with --rejects"):
            import_file(client, path, rejects=path.parent / "." / name)
    assert path.read_bytes() == before


def test_rejects_need_a_folder(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """That there is none is said before anything is sent."""
    with pytest.raises(TransferError, match=r"the folder .*rejects file does not exist"):
        import_file(client, write_rows(1), rejects="nowhere/rejects.csv")
    assert sandbox.requests == []


def test_a_pipe_is_written_into(client: Sendblue, tmp_path: Path) -> None:
    """It is not replaced by a file, and neither would a device be."""
    client.contacts.create(number(1))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    found = list[str]()
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    export_contacts(client.contacts.list(), pipe, format="csv")
    reader.join()
    assert (number(1) in found[0], pipe.is_fifo(), list(tmp_path.iterdir())) == (True, True, [pipe])


# --- rows that go unread


@pytest.mark.parametrize("rest", ['[{"phone":"+14155550002"}]', "rubbish", "]"])
def test_what_follows_a_json_array_is_not_passed_over(
    client: Sendblue, write_text: Callable[..., Path], rest: str
) -> None:
    """It may be contacts."""
    path = write_text(f'[{{"phone":"{number(1)}"}}]\n{rest}', "contacts.json")
    with pytest.raises(TransferError, match="continues after its JSON array of 1 contacts"):
        import_file(client, path)


def test_blanks_may_follow_a_json_array(client: Sendblue, write_text: Callable[..., Path]) -> None:
    """As editors leave them."""
    assert import_file(client, write_text(f'[{{"phone":"{number(1)}"}}]\n \n', "contacts.json")).created == 1


def test_a_mended_line_is_read(sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path]) -> None:
    """A line that was no JSON stands in the rejects file as text, and is mended where it stands."""
    report = import_file(client, write_text(f'{{"phone":"{number(1)}" "first_name":"Ada"}}\n', "contacts.jsonl"))
    assert report.rejects is not None
    mended = report.rejects.read_text().replace('\\" \\"first', '\\", \\"first')
    report.rejects.write_text(mended)
    assert import_file(client, report.rejects).created == 1
    assert [contact["first_name"] for contact in sandbox.contacts()] == ["Ada"]


@pytest.mark.parametrize("size", [131_073, 1_000_000])
def test_a_large_cell_is_read(client: Sendblue, write_text: Callable[..., Path], size: int) -> None:
    """However large: whether it can be sent is for the server to say."""
    path = write_text(f"phone,custom_variables.Notes\n{number(1)},{'x' * size}\n{number(2)},short\n")
    assert import_file(client, path).created == 2


def test_a_pipe_is_read(client: Sendblue, tmp_path: Path) -> None:
    """As standard input is: it is copied first."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(f"phone\n{number(1)}\n"))
    writer.start()
    report = import_file(client, pipe, journal=tmp_path / "journal")
    writer.join()
    assert report.created == 1


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """Two sheets of contacts, and an empty one."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, places in (("US", [1]), ("Empty", []), ("UK/EU", [2, 3])):
            sheet = book.add_worksheet(name.replace("/", " "))
            for line, cells in enumerate([TITLES, *(row(person(place)) for place in places)] if places else []):
                sheet.write_row(line, 0, cells)
    return path


def test_each_sheet_is_an_import_of_its_own(sandbox: Sandbox, client: Sendblue, workbook: Path) -> None:
    """The first one that holds anything, or the one that is asked for, with a journal each; the others are named."""
    with open_source(workbook) as source:
        assert source.other_sheets == ("UK EU",)
    assert import_file(client, workbook).created == 1
    report = import_file(client, workbook, "UK EU")
    assert (report.created, report.journal.name) == (2, "contacts.xlsx.UK_EU.sendblue-journal")
    assert stored(sandbox) == [person(place) for place in (1, 2, 3)]
    with pytest.raises(TransferError, match=r"the workbook has no sheet 'FR'; its sheets are 'US', 'Empty', 'UK EU'"):
        open_source(workbook, sheet="FR")


def test_only_a_workbook_has_sheets(write_rows: Callable[..., Path]) -> None:
    """To ask for one elsewhere is a mistake."""
    with pytest.raises(TransferError, match="is not a workbook and has no sheets"):
        open_source(write_rows(1), sheet="US")


@pytest.mark.parametrize("content", ["", "sep=", "sep=\n", "\n"])
def test_an_empty_file_is_said_to_be_empty(write_text: Callable[..., Path], content: str) -> None:
    """And not to lack a column."""
    with open_source(write_text(content)) as source, pytest.raises(TransferError, match="the file is empty"):
        plan_import(source)


@pytest.mark.parametrize(
    ("opening", "advice"), [(b"\xd0\xcf\x11\xe0", r"save it as \.xlsx"), (b"\x1f\x8b", "decompress it")]
)
def test_a_file_of_another_kind_is_told_apart(write_text: Callable[..., Path], opening: bytes, advice: str) -> None:
    """It would be read as text, whose first line says nothing to anybody."""
    with pytest.raises(TransferError, match=advice):
        open_source(write_text(opening + bytes(600)))


# --- what modes do


def test_upsert_leaves_a_contact_that_is_nothing_but_a_number(
    client: Sendblue, write_text: Callable[..., Path]
) -> None:
    """It is as it should be, and no row is rejected for that."""
    client.contacts.create(number(1), first_name="Ada")
    report = import_file(client, write_text(f"phone,first_name\n{number(1)},\n{number(2)},\n"), mode="upsert")
    assert (report.ok, report.created, report.updated) == (True, 1, 1)


def test_update_takes_what_an_update_takes(sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path]) -> None:
    """Fields that the bulk call does not have are set one by one, in any spelling, and checked before."""
    client.contacts.create(number(1))
    path = write_text(f"phone,assignedToEmail,opt_out,sendblue_number\n{number(1)},ada@x.org,true,+1 415 555 0001\n")
    with open_source(path) as source:
        (first,) = plan_import(source, mode="update").preview
    assert first["assigned_to_email"] == "ada@x.org"
    assert import_file(client, path, mode="update").ok
    (kept,) = sandbox.contacts()
    assert [kept[name] for name in ("assigned_to_email", "opt_out", "sendblue_number")] == [
        "ada@x.org",
        True,
        "+14155550001",
    ]


def test_a_number_is_not_changed_by_a_file(write_text: Callable[..., Path]) -> None:
    """`phone_number` is a spelling of the number by which a contact is found, in each mode."""
    with open_source(write_text(f"phone_number,first_name\n{number(1)},Ada\n")) as source:
        plan = plan_import(source, mode="update")
    assert plan.preview == ({"phone": number(1), "first_name": "Ada"},)
