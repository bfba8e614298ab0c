"""The journal: which import it belongs to, what is written to it and when, and who can open it."""

import io
import os
import random
import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_contacts.bulk import chunk_size
from sendblue_sandbox import Sandbox
from sendblue_transfer import (
    ColumnMap,
    JournalError,
    open_source,
    plan_import,
    run_import,
)
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.importing.paths import journal_path
from sendblue_transfer.reports import Mode
from sendblue_transfer.rows.row_status import CREATED, REJECTED, SENDING, UPDATED, RowResult

from tests.transfer.contact_files import WriteFile, import_file, number, people, person, stored


def written_results(path: Path) -> dict[int, str]:
    """Return the written status of each row, by line."""
    with Journal(path) as journal:
        return {line: status for line in range(1_000) if (status := journal.result(line).status)}


def test_complete_import_is_repeated(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """The account may have changed. The report has the time of the first import; a copy of its rejects file is kept."""
    path = write_rows(3, ["", "Nobody", "", "", ""])
    first = import_file(client, path)
    first.rejects and first.rejects.write_text("corrected")
    sandbox.reset()
    again = import_file(client, path)
    assert (first.last_import, again.resumed, again.created, again.rejected) == (None, False, 3, 1)
    assert again.last_import
    assert abs(again.last_import - datetime.now(UTC)) < timedelta(hours=1)
    assert (stored(sandbox), again.rejects) == (people(3), first.rejects)
    assert again.replaced_rejects
    assert again.replaced_rejects.read_text() == "corrected"


def test_time_of_all_runs(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """The report of a resumed import has the time that all its runs took."""
    path = write_rows(3)
    sandbox.faults.add(what="status", operation="bulk_create_contacts", status=401)
    first = import_file(client, path, clock=count().__next__)
    second = import_file(client, path, clock=lambda: 7.0)
    assert (first.complete, second.resumed, second.seconds == first.seconds > 0) == (False, True, True)


@pytest.mark.usefixtures("state")
def test_standard_input_again(sandbox: Sandbox, client: Sendblue) -> None:
    """After A, B and A, the account has A, although the journal of A was complete."""
    for name in ("A", "B", "A"):
        with open_source(io.BytesIO(f"phone,first_name\n{number(1)},{name}\n".encode())) as source:
            assert run_import(client, source, mode="upsert").ok
        assert [contact["first_name"] for contact in sandbox.contacts()] == [name]


@pytest.mark.usefixtures("state")
@pytest.mark.parametrize(("mode", "name"), [("upsert", "A"), ("create", "B")])
def test_an_unfinished_import_from_standard_input_after_another_one(
    sandbox: Sandbox, client: Sendblue, mode: Mode, name: str
) -> None:
    """After a part of A, then B, then A, the account has A: the third import does not resume the first one."""
    a, b = (f"phone,first_name\n{number(1)},{name}\n{number(2)},{name}\n".encode() for name in ("A", "B"))
    sandbox.faults.add(status=401, nth=[2])
    with open_source(io.BytesIO(a)) as source:
        journal = run_import(client, source, mode=mode, chunk_size=1, concurrency=1).journal
    sandbox.faults.clear()
    os.utime(journal, (0, 0))
    with open_source(io.BytesIO(b)) as source:
        assert run_import(client, source, mode="upsert").ok
    with open_source(io.BytesIO(a)) as source:
        assert plan_import(source, mode=mode).done == (mode == "create")
        assert run_import(client, source, mode=mode).resumed == (mode == "create")
    assert [contact["first_name"] for contact in sandbox.contacts()] == [name, name]


def test_old_journals_of_standard_input_are_removed(sandbox: Sandbox, client: Sendblue, state: Path) -> None:
    """Ten are kept, and all those of unfinished imports, which can still be resumed."""
    sandbox.faults.add(status=401, nth=[1])
    for index in range(15):
        with open_source(io.BytesIO(f"phone\n{number(index)}\n".encode())) as source:
            report = run_import(client, source)
        os.utime(report.journal, (index, index))
    unfinished = [path for path in state.iterdir() if path.stat().st_mtime == 0]
    assert (len(unfinished), len(list(state.iterdir()))) == (1, 11)
    assert report.journal.exists()


CHANGES: dict[str, dict[str, Any]] = {
    "the column mapping is different": {"columns": ColumnMap({"first_name": ""})},
    "the mode is different": {"mode": "upsert"},
    "the handling of duplicates is different": {"duplicates": "first"},
    "the default region is different": {"default_region": "US"},
}


def test_other_imports_are_an_error(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Other settings, another account, or lines that may have moved: the error says what, and how to continue."""
    path = write_rows(3)
    sandbox.faults.add(operation="bulk_create_contacts", status=401, times=1)
    assert not import_file(client, path).complete
    for difference, settings in CHANGES.items():
        with pytest.raises(JournalError, match=rf"unfinished: {difference}; .*--restart"):
            import_file(client, path, **settings)
        with open_source(path) as source, pytest.raises(JournalError, match=rf"unfinished: {difference}; .*--restart"):
            plan_import(source, **settings)
    with (
        Sendblue("another", "pair", base_url=sandbox.url, rate_limit=None) as other,
        pytest.raises(JournalError, match="the account is different"),
    ):
        import_file(other, path)
    with pytest.raises(JournalError, match=r"the file has changed; .*--restart"):
        import_file(client, write_rows(4))
    assert import_file(client, write_rows(3)).created == 3
    assert import_file(client, write_rows(4), mode="upsert").created == 1


def test_dry_run_looks_at_the_journal(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """It shows the rest of an unfinished import, and when a complete one took place; the journal is unchanged."""
    path = write_rows(30, ["", "Nobody", "", "", ""])
    sandbox.faults.add(operation="bulk_create_contacts", status=401, nth=[3])
    journal = import_file(client, path, chunk_size=10, concurrency=1).journal
    before = sorted(path.parent.iterdir()), journal.read_bytes()
    with open_source(path) as source:
        plan = plan_import(source, chunk_size=5, preview=99)
        assert (plan.rows, plan.valid, plan.done, plan.rejected, plan.requests) == (31, 30, 20, 1, 2)
        assert (plan.preview, plan.last_import) == (tuple(people(30)[20:]), None)
        assert (sorted(path.parent.iterdir()), journal.read_bytes()) == before
        run_import(client, source)
        plan = plan_import(source)
        assert (plan.done, plan.requests, plan.last_import is None) == (0, 1, False)


def test_the_journal_remembers_the_chunk_size(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """A later process starts with it, also for a new import."""
    path = write_rows(500)
    sandbox.faults.add(operation="bulk_create_contacts", status=401, nth=[3])
    assert not import_file(client, path, concurrency=1).complete
    sizes = []
    for _ in range(2):
        chunk_size._LEARNED.clear()
        assert import_file(client, path, concurrency=1).complete
        sizes.append(
            [len(request.json()["contacts"]) for request in sandbox.requests if request.path.endswith("/bulk")]
        )
        sandbox.reset()
    assert sizes == [[100, 200, 200, 200], [400, 100]]


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


def test_many_rows_in_flight_are_listed(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Those that were created since they were marked are not sent again, and the others without a look-up of each."""
    path = write_rows(60)
    sandbox.faults.add(operation="bulk_create_contacts", status=401)
    journal = import_file(client, path).journal
    sandbox.faults.clear()
    with Journal(journal) as opened:
        opened.mark_sending(range(2, 62), whole=True)
    client.contacts.bulk.create(people(60)[30:])
    before = len(sandbox.requests)
    report = import_file(client, path)
    assert (report.created, report.rejected, stored(sandbox)) == (60, 0, people(60))
    sent = b"".join(request.body for request in sandbox.requests[before:])
    assert [sent.count(number(index).encode()) for index in range(60)] == [1] * 30 + [0] * 30
    assert [request.method for request in sandbox.requests[before:]].count("GET") == 1


def test_no_row_is_sent_before_it_is_in_the_journal(
    sandbox: Sandbox, client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request has only rows that are `sending` on disk; if that cannot be written, the import raises an error."""
    marked: list[int] = []
    mark_sending = Journal.mark_sending

    def full_after_twenty_rows(self: Journal, lines: list[int], **options: Any) -> None:
        if len(marked) >= 20:
            raise JournalError("the disk is full")
        mark_sending(self, lines, **options)
        marked.extend(lines)

    monkeypatch.setattr(Journal, "mark_sending", full_after_twenty_rows)
    with pytest.raises(JournalError, match="the disk is full"):
        import_file(client, write_rows(60), chunk_size=5)
    assert stored(sandbox) == people(20)
    assert marked == [*range(2, 22)]


def test_journal_has_no_personal_data(client: Sendblue, write_rows: WriteFile) -> None:
    """Neither numbers nor names, nor the API key."""
    client.contacts.bulk.create([person(1)])
    path = write_rows(30, ["+1 415 CALL NOW", "Vanity", "", "", ""], name="a.csv")
    content = import_file(client, path).journal.read_bytes()
    assert [
        word for word in (number(0)[1:].encode(), b"Ada", b"Vanity", b"CALL", b"key", b"Plus") if word in content
    ] == []


def test_journal_is_a_plain_table(client: Sendblue, write_rows: WriteFile) -> None:
    """Any SQLite program can read the results: those of a request for all rows between two lines, and exceptions."""
    client.contacts.bulk.create([person(1)])
    report = import_file(client, write_rows(3, ["", "Nobody", "", "", ""], [number(2), "", "", "", ""]))
    with closing(sqlite3.connect(report.journal)) as database:
        rows = database.execute("SELECT line, status, reason, duplicate_of FROM rows ORDER BY line").fetchall()
        chunks = database.execute("SELECT first, last, status FROM chunks").fetchall()
    assert [(line, status) for line, status, *_ in rows] == [(3, REJECTED), (4, "duplicate"), (5, REJECTED)]
    assert chunks == [(2, 6, CREATED)]
    assert ("exists" in rows[0][2], rows[1][2:], rows[2][2]) == (True, ("", 6), "the phone number is missing")


def test_commits_survive_a_power_loss(tmp_path: Path) -> None:
    """The log is on disk before a commit returns, and only one process at a time can open the journal."""
    with Journal(tmp_path / "journal") as journal:
        settings = ("journal_mode", "synchronous", "locking_mode", "fullfsync")
        assert [journal._value(f"PRAGMA {name}") for name in settings] == ["delete", 3, "exclusive", 1]


def test_only_the_owner_can_read_a_journal(tmp_path: Path) -> None:
    """This holds for a file that another program created, and after a copy gave permissions to others."""
    path = tmp_path / "journal"
    path.touch(0o644)  # empty, as after a crash
    Journal(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    Journal(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


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


@pytest.mark.parametrize("seed", range(2))
def test_chunks_have_the_results_of_their_rows(tmp_path: Path, seed: int) -> None:
    """However requests succeed or fail, and whenever the journal is opened again."""
    choose = random.Random(seed)  # noqa: S311  # a reproducible choice
    path, expected = tmp_path / "journal", dict.fromkeys(range(1, 200), "")
    for _ in range(8):
        with Journal(path) as journal:
            rejected = choose.sample([line for line, status in expected.items() if not status], 3)
            journal.write_validation([RowResult(line, REJECTED, "no") for line in rejected])
            expected.update(dict.fromkeys(rejected, REJECTED))
            for wanted in choose.choices(["", SENDING], [3, 1], k=3):
                start, size = choose.randrange(1, 190), choose.randrange(1, 20)
                lines = [line for line in expected if line >= start and expected[line] == wanted][:size]
                if not lines:
                    continue
                journal.mark_sending(lines, whole=not wanted)
                expected.update(dict.fromkeys(lines, SENDING))
                created = choose.sample(lines, choose.choice([len(lines), choose.randrange(len(lines))]))
                journal.add_created(lines, sorted(created))
                expected.update(dict.fromkeys(created, CREATED))
                for line in [line for line in lines if line not in created and choose.random() < 0.5]:  # as above
                    journal.add(RowResult(line, UPDATED))
                    expected[line] = UPDATED
        with Journal(path) as journal:
            assert [journal.result(line).status for line in expected] == [*expected.values()]
            assert journal.statuses([*expected]) == [*expected.values()]
            assert [journal.statuses([line]) for line in expected] == [[status] for status in expected.values()]
            assert journal.counts() == {status: count for status, count in Counter(expected.values()).items() if status}


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


def test_journal_in_use_is_an_error(client: Sendblue, write_rows: WriteFile) -> None:
    """Two imports at a time would send everything twice."""
    path = write_rows(3)
    with (
        open_source(path) as source,
        Journal(journal_path(source)),
        pytest.raises(JournalError, match=rf"another import \(process {os.getpid()} since 20.*\); wait"),
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


def test_damaged_journal_is_an_error(tmp_path: Path) -> None:
    """After any flipped bit, the journal is recognized as damaged, or nothing that it holds has changed."""
    path, chance = tmp_path / "journal", random.Random(1815)  # noqa: S311  # places, not keys
    with Journal(path) as journal:
        journal.update_header({"rows": 40})
        journal.write_validation(RowResult(line, REJECTED, f"reason {line}") for line in range(2, 20))
        journal.mark_sending(range(20, 30))
        journal.add(RowResult(20, CREATED))
    content, expected = path.read_bytes(), written_content(path)
    errors: list[str] = []
    for _ in range(100):
        damaged = bytearray(content)
        damaged[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            assert written_content(path) == expected
        except JournalError as error:
            errors.append(str(error))
    assert len(errors) > 10
    assert [text for text in errors if not re.search("(import journal|cannot be used) .*--journal", text)] == []


DAMAGES = {
    "a changed record": "UPDATE rows SET status = 'created' WHERE line = 3",
    "a lost record": "DELETE FROM rows WHERE line = 3",
    "a lost value": "DELETE FROM header",
    "a record of another program": "INSERT INTO rows VALUES (99, 'created', '', NULL, 0)",
    "a lost total": "DELETE FROM total",
    "another table": "CREATE TABLE other (line)",
}


@pytest.mark.parametrize("statement", DAMAGES.values(), ids=DAMAGES)
def test_changed_journal_is_an_error(tmp_path: Path, statement: str) -> None:
    """Records that are not as they were written are not believed, even if the database is intact."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.update_header({"rows": 40})
        journal.write_validation([RowResult(2, REJECTED, "no"), RowResult(3, REJECTED, "no")])
    with closing(sqlite3.connect(path)) as database, database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
        for each in (*drops, statement, *(sql for _, sql in triggers)):
            database.execute(each)
    with pytest.raises(JournalError, match=r"damaged or not an import journal \(.*\); .*--journal.*upsert"):
        Journal(path)


def test_damage_that_misleads_look_ups_is_an_error(tmp_path: Path) -> None:
    """All records are there, but in the tree that finds them a key is wrong."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.write_validation(RowResult(line, REJECTED, "no") for line in range(2_000))
    content = bytearray(path.read_bytes())
    page = next(start for start in range(0, len(content), 4_096) if content[start] == 5)  # a page of keys
    first_cell = int.from_bytes(content[page + 12 : page + 14], "big")
    content[page + first_cell + 4] ^= 1  # the key comes after four bytes
    path.write_bytes(content)
    with pytest.raises(JournalError, match="damaged"):
        Journal(path)


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long reason is cut, and a damaged journal that seems to be very large does not take memory."""
    path = tmp_path / "journal"
    with Journal(path) as journal:
        journal.write_validation([RowResult(2, REJECTED, "x" * 200_000)])
        assert journal.result(2).reason == "x" * 10_000
    monkeypatch.setattr("sendblue_transfer.checked_database._MAX_BYTES", 10_000)
    with pytest.raises(JournalError, match="its size is impossible"):
        Journal(path)


def written_content(path: Path) -> object:
    """Return everything that a journal shows to an import."""
    with Journal(path) as journal:
        results = [journal.result(line) for line in range(200)]
        return journal.header(), results, list(journal.rejected()), journal.counts(), journal.reasons()


def rows_of_other_program(path: Path) -> list[Any]:
    """Return the rows in the table of the other program."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM rows").fetchall()


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR | 3 << 8])
def test_full_disk(tmp_path: Path, code: int) -> None:
    """Another journal would send the rows again, so the error says that the same command resumes."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = code
    expected = pytest.raises(OSError, match=r"cannot be written .*same command again to resume")
    with Journal(tmp_path / "journal") as journal, expected as caught, journal._errors():
        raise full
    assert not isinstance(caught.value, JournalError)
