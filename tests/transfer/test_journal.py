"""The journal: whose it is, where it is, what stands in it and when."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import Sendblue
from sendblue_transfer import (
    ColumnMap,
    JournalError,
    TransferError,
    open_source,
)
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.importing.paths import journal_path, rejects_path
from sendblue_transfer.rows.row_status import CREATED, REJECTED, SENDING, UPDATED, RowResult
from sendblue_transfer.rows.validation import ImportRows

from tests.transfer.contact_files import import_file, number, person, stored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sendblue_sandbox import Sandbox


def fates(path: Path) -> dict[int, str]:
    """What stands in a journal of each line, as the next run reads it."""
    with Journal(path) as journal:
        return {line: status for line in range(1_000) if (status := journal.result(line).status)}


# --- begun again


def test_an_import_that_was_done_is_not_done_again(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """The same command says that everything was done, with the figures of that time; rejects are left alone."""
    path = write_rows(3, ["", "Nobody", "", "", ""])
    first = import_file(client, path)
    requests = len(sandbox.requests)
    first.rejects and first.rejects.write_text("mended")
    again = import_file(client, path)
    assert (again.already_complete, again.created, again.rejected, again.rejects) == (True, 3, 1, first.rejects)
    assert (len(sandbox.requests), first.rejects and first.rejects.read_text()) == (requests, "mended")


CHANGES: dict[str, dict[str, Any]] = {
    "the column mapping is different": {"columns": ColumnMap({"first_name": ""})},
    "the mode is different": {"mode": "upsert"},
    "the handling of duplicates is different": {"duplicates": "first"},
    "the default region is different": {"default_region": "US"},
}


@pytest.mark.parametrize(("said", "settings"), CHANGES.items())
def test_other_settings_are_refused(
    client: Sendblue, write_rows: Callable[..., Path], said: str, settings: dict[str, Any]
) -> None:
    """Half of a file one way and half another is what nobody wants; the error says what differs, and the ways out."""
    path = write_rows(3)
    import_file(client, path)
    with pytest.raises(JournalError, match=rf"{said}; .*--restart"):
        import_file(client, path, **settings)


def test_a_changed_input_is_refused(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Lines may have moved."""
    import_file(client, write_rows(3))
    with pytest.raises(JournalError, match=r"the file has changed; .*--restart"):
        import_file(client, write_rows(4))


def test_another_account_is_refused(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """What is in one account is not in the other."""
    path = write_rows(3)
    import_file(client, path)
    with (
        Sendblue("another", "pair", base_url=sandbox.url, rate_limit=None) as other,
        pytest.raises(JournalError, match="the account is different"),
    ):
        import_file(other, path)


def test_restart_begins_anew(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """The journal is forgotten, whatever it is of."""
    import_file(client, write_rows(3))
    report = import_file(client, write_rows(4), restart=True)
    assert (report.resumed, report.already_complete, report.created, report.rejected) == (False, False, 1, 3)


def test_what_may_be_on_its_way_is_looked_for(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]
) -> None:
    """Of two rows on their way, the one that had arrived is not sent again."""
    path = write_rows(3)
    sandbox.faults.add(operation="bulk_create_contacts", status=401)
    journal = import_file(client, path).journal
    sandbox.faults.clear()
    client.contacts.bulk.create([person(0)])
    with Journal(journal) as opened:
        opened.mark_sending([2, 3])
    before = len(sandbox.requests)
    report = import_file(client, path)
    assert (report.created, report.rejected, stored(sandbox)) == (3, 0, [person(place) for place in range(3)])
    sent = b"".join(request.body for request in sandbox.requests[before:])
    assert [sent.count(number(place).encode()) for place in range(3)] == [0, 1, 1]


# --- what stands in it


def test_a_row_is_on_its_way_before_its_request(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every request carries only rows of which the journal on the disk says that they are on their way."""
    on_the_way: list[int] = []
    committed = Journal.mark_sending

    def sending(self: Journal, lines: list[int]) -> None:
        requests = len(sandbox.requests)
        committed(self, lines)
        on_the_way.extend(lines)
        assert len(sandbox.requests) <= requests + 4

    monkeypatch.setattr(Journal, "mark_sending", sending)
    import_file(client, write_rows(200), chunk_size=20)
    assert sorted(on_the_way) == list(range(2, 202))


def test_nothing_leaves_that_cannot_be_written_down(
    sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the journal cannot be written, the import ends with an error, and the request is not sent."""

    def full(_journal: Journal, _lines: list[int]) -> None:
        raise JournalError("the disk is full")

    monkeypatch.setattr(Journal, "mark_sending", full)
    with pytest.raises(JournalError, match="the disk is full"):
        import_file(client, write_rows(200))
    assert sandbox.requests == []


def test_a_file_that_changes_while_it_is_sent(
    client: Sendblue, write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is an error of the input, and not what the server said."""
    path = write_rows(300)
    validate = ImportRows.validate

    def validate_and_change(self: ImportRows, on_read: Callable[[int], object]) -> Iterator[RowResult]:
        yield from validate(self, on_read)
        write_rows(301)

    monkeypatch.setattr(ImportRows, "validate", validate_and_change)
    with pytest.raises(TransferError, match=r"contacts.csv changed after it was opened"):
        import_file(client, path)


def test_nothing_personal_stands_in_it(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Neither numbers nor names, nor the key."""
    client.contacts.bulk.create([person(1)])
    path = write_rows(30, ["+1 415 CALL NOW", "Vanity", "", "", ""], name="a.csv")
    content = import_file(client, path).journal.read_bytes()
    assert [
        word for word in (number(0)[1:].encode(), b"Ada", b"Vanity", b"CALL", b"key", b"Plus") if word in content
    ] == []


def test_each_row_has_its_fate(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """By its line in the file."""
    client.contacts.bulk.create([person(1)])
    report = import_file(client, write_rows(3, ["", "Nobody", "", "", ""], [number(2), "", "", "", ""]))
    assert fates(report.journal) == {2: CREATED, 3: REJECTED, 4: "duplicate", 5: REJECTED, 6: CREATED}


def test_it_survives_a_loss_of_power(tmp_path: Path) -> None:
    """It is a log that is on the disk before a commit returns, and only one process at a time has it."""
    with Journal(tmp_path / "journal") as journal:
        asked = ("journal_mode", "synchronous", "locking_mode", "fullfsync")
        assert [journal._value(f"PRAGMA {name}") for name in asked] == ["wal", 2, "exclusive", 1]


def test_what_was_written_is_there_for_the_next_one(tmp_path: Path) -> None:
    """What was settled is written with what is sent next, by `flush`, and when it is closed; the last note counts."""
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


@pytest.mark.parametrize("settled", [True, False])
def test_what_was_not_written_is_on_its_way(tmp_path: Path, *, settled: bool) -> None:
    """A process that is killed before it could write what became of a row leaves it to be looked for."""
    path = tmp_path / "journal"
    journal = Journal(path)
    journal.mark_sending([2])
    journal.add(RowResult(2, CREATED))
    if settled:
        journal.mark_sending([3])
    journal._database.close()
    assert fates(path) == ({2: CREATED, 3: SENDING} if settled else {2: SENDING})


def test_an_interrupt_at_any_place_loses_nothing(tmp_path: Path) -> None:
    """Ctrl-C may come right when a transaction has begun: what was settled is written all the same."""
    with Journal(tmp_path / "journal") as journal:
        journal.add(RowResult(2, CREATED))
        journal._database.execute("BEGIN IMMEDIATE")
    assert fates(tmp_path / "journal") == {2: CREATED}


def test_a_plan_is_written_as_a_whole(tmp_path: Path) -> None:
    """When the reading ends with an error, nothing of it stands there."""

    def broken() -> Any:  # noqa: ANN401  # fates
        yield RowResult(2, REJECTED)
        raise ValueError("the file breaks off")

    with Journal(tmp_path / "journal") as journal:
        with pytest.raises(ValueError, match="breaks off"):
            journal.write_validation(broken())
        assert (journal.result(2).status, list(journal.rejected())) == ("", [])


def test_rejected_rows_come_in_the_order_of_lines(tmp_path: Path) -> None:
    """However many there are, and whatever is written meanwhile."""
    with Journal(tmp_path / "journal") as journal:
        journal.write_validation(
            RowResult(line, "duplicate" if line % 2 else REJECTED, "", 1) for line in range(5_000, 0, -1)
        )
        found = []
        for fate in journal.rejected():
            if fate.line % 1_000 == 0:
                journal.mark_sending([fate.line + 10_000])
            found.append(fate.line)
        assert found == list(range(2, 5_001, 2))


# --- who has it


def test_another_import_is_refused_meanwhile(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Two at a time would send everything twice."""
    path = write_rows(3)
    with (
        open_source(path) as source,
        Journal(journal_path(source)),
        pytest.raises(JournalError, match="in use by another import; wait"),
    ):
        import_file(client, path)
    assert import_file(client, path).ok


def test_a_file_of_somebody_else_is_left_alone(
    client: Sendblue, write_rows: Callable[..., Path], write_text: Callable[..., Path]
) -> None:
    """A text, or a database of another program, is no journal and is not written to."""
    text = write_text("my notes, which are longer than the head of a database" * 10, "notes.txt")
    foreign = text.with_name("foreign.sqlite")
    with closing(sqlite3.connect(foreign)) as database:
        database.execute("CREATE TABLE fates (line)")
    before = text.read_bytes(), foreign.read_bytes()
    for path in (text, foreign):
        with pytest.raises(JournalError, match=r"not an import journal.*--journal"):
            import_file(client, write_rows(1), journal=path)
    assert fates_of(foreign) == []
    assert text.read_bytes() == before[0]


def fates_of(path: Path) -> list[Any]:
    """The rows of the other program's table."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM fates").fetchall()


# --- where it is


def test_it_is_beside_the_input(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Under the whole name of the input, so that `a.csv` and `a.xlsx` have one each; and nothing else stays there."""
    path = write_rows(3)
    report = import_file(client, path)
    assert report.journal == path.with_name("contacts.csv.sendblue-journal")
    assert sorted(path.parent.iterdir()) == [path, report.journal]


def test_it_is_where_it_is_said_to_be(client: Sendblue, write_rows: Callable[..., Path], tmp_path: Path) -> None:
    """A path that is given counts."""
    assert import_file(client, write_rows(3), journal=tmp_path / "mine").journal == tmp_path / "mine"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state folder."""
    folder = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: folder / name)
    return folder / "sendblue-contacts"


def test_it_is_in_the_state_folder_where_the_input_cannot_have_it_beside(
    write_rows: Callable[..., Path], state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name tells the input, and a hash its folder."""
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    with open_source(write_rows(1)) as source, open_source(write_rows(1, name="other.csv")) as other:
        place = journal_path(source)
        assert (place.parent, place.name[:13]) == (state, "contacts.csv-")
        assert (state.is_dir(), journal_path(other) != place) == (True, True)


def test_standard_input_has_it_there_by_its_content(write_rows: Callable[..., Path], state: Path) -> None:
    """The same input piped again finds the same journal, another one finds another."""
    places = []
    for people in (1, 1, 2):
        with write_rows(people).open("rb") as file, open_source(file) as source:
            places.append(journal_path(source))
    assert (places[0] == places[1], places[0] == places[2], places[0].parent) == (True, False, state)


def test_without_the_extra_it_has_to_be_said(write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where platformdirs is not installed, the error says the ways out."""

    def missing(name: str) -> object:
        if name == "platformdirs":
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("sendblue_transfer.importing.paths.import_module", missing)
    with (
        write_rows(1).open("rb") as file,
        open_source(file) as source,
        pytest.raises(JournalError, match=r"--journal.*sendblue-contacts\[cli\]"),
    ):
        journal_path(source)


@pytest.mark.parametrize(
    ("name", "there", "expected"),
    [
        ("contacts.csv", [], "contacts.rejects.csv"),
        ("contacts.tsv", [], "contacts.rejects.csv"),
        ("contacts.csv", ["contacts.rejects.csv"], "contacts.rejects-2.csv"),
        ("contacts.rejects.csv", [], "contacts.rejects-2.csv"),
        ("contacts.rejects-2.csv", ["contacts.rejects.csv"], "contacts.rejects-3.csv"),
        ("contacts", [], "contacts.rejects.csv"),
    ],
)
def test_rejects_never_go_over_a_file_that_is_there(
    write_rows: Callable[..., Path], tmp_path: Path, name: str, there: list[str], expected: str
) -> None:
    """Somebody may be mending it."""
    for each in there:
        (tmp_path / each).touch()
    with open_source(write_rows(1, name=name)) as source:
        assert rejects_path(source) == tmp_path / expected
