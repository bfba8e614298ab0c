"""The journal: which import it belongs to, what is written to it and when, and who can open it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_transfer import (
    ColumnMap,
    JournalError,
    open_source,
)
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.importing.paths import journal_path
from sendblue_transfer.rows.row_status import CREATED, REJECTED, SENDING, UPDATED, RowResult

from tests.transfer.contact_files import import_file, number, person, stored

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_sandbox import Sandbox

    from tests.transfer.contact_files import WriteFile


def written_results(path: Path) -> dict[int, str]:
    """Return the written status of each row, by line."""
    with Journal(path) as journal:
        return {line: status for line in range(1_000) if (status := journal.result(line).status)}


# --- resuming


def test_complete_import_is_not_repeated(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """The report has the figures of that run, and the rejects file is left alone."""
    path = write_rows(3, ["", "Nobody", "", "", ""])
    first = import_file(client, path)
    requests = len(sandbox.requests)
    first.rejects and first.rejects.write_text("corrected")
    again = import_file(client, path)
    assert (again.already_complete, again.created, again.rejected, again.rejects) == (True, 3, 1, first.rejects)
    assert (len(sandbox.requests), first.rejects and first.rejects.read_text()) == (requests, "corrected")


CHANGES: dict[str, dict[str, Any]] = {
    "the column mapping is different": {"columns": ColumnMap({"first_name": ""})},
    "the mode is different": {"mode": "upsert"},
    "the handling of duplicates is different": {"duplicates": "first"},
    "the default region is different": {"default_region": "US"},
}


def test_other_imports_are_an_error(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Other settings, another account, or lines that may have moved: the error says what, and how to continue."""
    path = write_rows(3)
    import_file(client, path)
    for difference, settings in CHANGES.items():
        with pytest.raises(JournalError, match=rf"{difference}; .*--restart"):
            import_file(client, path, **settings)
    with (
        Sendblue("another", "pair", base_url=sandbox.url, rate_limit=None) as other,
        pytest.raises(JournalError, match="the account is different"),
    ):
        import_file(other, path)
    with pytest.raises(JournalError, match=r"the file has changed; .*--restart"):
        import_file(client, write_rows(4))


def test_restart_discards_the_journal(client: Sendblue, write_rows: WriteFile) -> None:
    """Whatever it belongs to."""
    import_file(client, write_rows(3))
    report = import_file(client, write_rows(4), restart=True)
    assert (report.resumed, report.already_complete, report.created, report.rejected) == (False, False, 1, 3)


def test_rows_in_flight_are_looked_up(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Of two rows in flight, the one that had arrived is not sent again."""
    path = write_rows(3)
    sandbox.faults.add(operation="bulk_create_contacts", status=401)
    journal = import_file(client, path).journal
    sandbox.faults.clear()
    client.contacts.bulk.create([person(0)])
    with Journal(journal) as opened:
        opened.mark_sending([2, 3])
    before = len(sandbox.requests)
    report = import_file(client, path)
    assert (report.created, report.rejected, stored(sandbox)) == (3, 0, [person(index) for index in range(3)])
    sent = b"".join(request.body for request in sandbox.requests[before:])
    assert [sent.count(number(index).encode()) for index in range(3)] == [0, 1, 1]


# --- its content


def test_rows_are_marked_before_their_request(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request has only rows that are `sending` in the journal on disk."""
    marked: list[int] = []
    mark_sending = Journal.mark_sending

    def recorded(self: Journal, lines: list[int]) -> None:
        requests = len(sandbox.requests)
        mark_sending(self, lines)
        marked.extend(lines)
        assert len(sandbox.requests) <= requests + 4

    monkeypatch.setattr(Journal, "mark_sending", recorded)
    import_file(client, write_rows(60), chunk_size=5)
    assert sorted(marked) == list(range(2, 62))


def test_no_request_without_a_journal(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the journal cannot be written, the import raises an error, and the request is not sent."""

    def full(_journal: Journal, _lines: list[int]) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "mark_sending", full)
    with pytest.raises(JournalError, match="the disk is full"):
        import_file(client, write_rows(2))
    assert sandbox.requests == []


def test_journal_has_no_personal_data(client: Sendblue, write_rows: WriteFile) -> None:
    """Neither numbers nor names, nor the API key."""
    client.contacts.bulk.create([person(1)])
    path = write_rows(30, ["+1 415 CALL NOW", "Vanity", "", "", ""], name="a.csv")
    content = import_file(client, path).journal.read_bytes()
    assert [
        word for word in (number(0)[1:].encode(), b"Ada", b"Vanity", b"CALL", b"key", b"Plus") if word in content
    ] == []


def test_journal_is_a_plain_table(client: Sendblue, write_rows: WriteFile) -> None:
    """Any SQLite program can read the results of the rows, by line."""
    client.contacts.bulk.create([person(1)])
    report = import_file(client, write_rows(3, ["", "Nobody", "", "", ""], [number(2), "", "", "", ""]))
    with closing(sqlite3.connect(report.journal)) as database:
        rows = database.execute("SELECT line, status, reason, duplicate_of FROM rows ORDER BY line").fetchall()
    assert [(line, status) for line, status, *_ in rows] == [
        (2, CREATED),
        (3, REJECTED),
        (4, "duplicate"),
        (5, REJECTED),
        (6, CREATED),
    ]
    assert ("exists" in rows[1][2], rows[2][2:], rows[3][2]) == (True, ("", 6), "the phone number is missing")


def test_commits_survive_a_power_loss(tmp_path: Path) -> None:
    """The log is on disk before a commit returns, and only one process at a time can open the journal."""
    with Journal(tmp_path / "journal") as journal:
        settings = ("journal_mode", "synchronous", "locking_mode", "fullfsync")
        assert [journal._value(f"PRAGMA {name}") for name in settings] == ["wal", 2, "exclusive", 1]


def test_results_are_read_by_the_next_run(tmp_path: Path) -> None:
    """They are written by `mark_sending`, `flush` and `close`; the last result of a row counts."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.mark_sending([2, 3, 4, 70_000])
        journal.add(RowResult(2, CREATED))
        journal.add(RowResult(70_000, UPDATED))
    with Journal(path) as journal:
        assert [journal.result(line).status for line in (1, 2, 3, 4, 70_000, 80_000)] == [
            "",
            CREATED,
            SENDING,
            SENDING,
            UPDATED,
            "",
        ]
        journal.add(RowResult(3, REJECTED, "no", 2))
    with Journal(path) as journal:
        assert (list(journal.rejected()), journal.reasons()) == ([RowResult(3, REJECTED, "no", 2)], (("no", 1),))
        assert journal.counts() == {CREATED: 1, UPDATED: 1, SENDING: 1, REJECTED: 1}


def test_unwritten_results_are_sending(tmp_path: Path) -> None:
    """If a process is killed before it writes the result of a row, the row is looked up."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.mark_sending([2, 3])
    journal.add(RowResult(2, CREATED))
    journal.mark_sending([4])
    journal.add(RowResult(3, CREATED))
    journal._database.close()
    assert written_results(path) == {2: CREATED, 3: SENDING, 4: SENDING}


def test_interrupt_right_after_begin(tmp_path: Path) -> None:
    """Ctrl-C right after a transaction began: the results are written all the same."""
    with Journal(tmp_path / "journal") as journal:
        journal.add(RowResult(2, CREATED))
        journal._database.execute("BEGIN IMMEDIATE")
    assert written_results(tmp_path / "journal") == {2: CREATED}


def test_validation_is_written_completely_or_not_at_all(tmp_path: Path) -> None:
    """If reading the file raises, no result is written."""

    def broken() -> Any:  # noqa: ANN401  # results
        yield RowResult(2, REJECTED)
        raise ValueError("the file breaks off")

    with Journal(tmp_path / "journal") as journal:
        with pytest.raises(ValueError, match="breaks off"):
            journal.write_validation(broken())
        assert (journal.result(2).status, list(journal.rejected())) == ("", [])


def test_rejected_rows_are_in_the_order_of_lines(tmp_path: Path) -> None:
    """However many there are, and whatever is written meanwhile."""
    with Journal(tmp_path / "journal") as journal:
        journal.write_validation(
            RowResult(line, "duplicate" if line % 2 else REJECTED, "", 1) for line in range(5_000, 0, -1)
        )
        found = []
        for result in journal.rejected():
            if result.line % 1_000 == 0:
                journal.mark_sending([result.line + 10_000])
            found.append(result.line)
        assert found == list(range(2, 5_001, 2))


# --- access


def test_journal_in_use_is_an_error(client: Sendblue, write_rows: WriteFile) -> None:
    """Two imports at a time would send everything twice."""
    path = write_rows(3)
    with (
        open_source(path) as source,
        Journal(journal_path(source)),
        pytest.raises(JournalError, match="in use by another import; wait"),
    ):
        import_file(client, path)
    assert import_file(client, path).ok


def test_other_files_are_not_overwritten(client: Sendblue, write_rows: WriteFile, write_text: WriteFile) -> None:
    """Text, or a database of another program, is not a journal and is left unchanged."""
    text = write_text("my notes, which are longer than the head of a database" * 10, "notes.txt")
    foreign = text.with_name("foreign.sqlite")
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE rows (line)")
    before = text.read_bytes(), foreign.read_bytes()
    for path in (text, foreign):
        with pytest.raises(JournalError, match=r"not an import journal.*--journal"):
            import_file(client, write_rows(1), journal=path)
    assert rows_of_other_program(foreign) == []
    assert text.read_bytes() == before[0]


@pytest.mark.parametrize("page", [1, 2, 4])
def test_damaged_journal_is_an_error(tmp_path: Path, page: int) -> None:
    """Damage to the header or to the rows raises a JournalError, whenever it is read."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.write_validation(RowResult(line, REJECTED, f"reason {line}") for line in range(1_000))
    content = bytearray(path.read_bytes())
    content[page * 4_096 : (page + 1) * 4_096] = b"\xff" * 4_096
    path.write_bytes(content)
    with pytest.raises(JournalError, match=r"damaged or not an import journal.*--journal"):
        read_everything(path)


def read_everything(path: Path) -> None:
    """Open a journal, and read its header and its rows."""
    with Journal(path) as journal:
        journal.header()
        list(journal.rejected())


def rows_of_other_program(path: Path) -> list[Any]:
    """Return the rows in the table of the other program."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM rows").fetchall()


# --- where it is


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR | 3 << 8])
def test_full_disk(tmp_path: Path, code: int) -> None:
    """Another journal would send the rows again, so the error says that the same command resumes."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = code
    expected = pytest.raises(OSError, match=r"cannot be written .*same command again to resume")
    with Journal(tmp_path / "journal") as journal, expected as caught, journal._errors():
        raise full
    assert not isinstance(caught.value, JournalError)


def test_close_after_a_failed_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process can open the journal then."""
    journal = Journal(tmp_path / "journal")

    def full(_self: Journal) -> None:
        raise OSError("full")

    monkeypatch.setattr(Journal, "flush", full)
    with pytest.raises(OSError, match="full"):
        journal.close()
    monkeypatch.undo()
    Journal(tmp_path / "journal").close()
