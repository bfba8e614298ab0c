"""The state of a sync: what it keeps, for whom, and what an interruption leaves."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sendblue_transfer import Change, JournalError, JournalLockedError
from sendblue_transfer.syncing.change_log import (
    DONE,
    DRIFTED,
    NOT_SENT,
    PARTIAL,
    REJECTED,
    RUNNING,
    SENDING,
    UNDOING,
    Result,
)
from sendblue_transfer.syncing.state import SyncState

from tests.transfer.contact_files import number

ACCOUNT = {"account": "a" * 64, "host": "api.sendblue.co"}
CREATE = Change("create", number(1), {"first_name": (None, "Ada")}, line=2)
UPDATE = Change("update", number(2), {"tags": (["a"], ["b"]), "opt_out": (None, True)}, line=3)
DELETE = Change("delete", number(3), {"last_name": ("King", None)})
OPEN = Result(0, NOT_SENT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of a state that does not exist yet."""
    return tmp_path / "crm.csv.sendblue-sync"


def begin(path: Path, *changes: Change, plan: str = "one") -> SyncState:
    """Open the state, and begin a sync with these changes."""
    state = SyncState(path)
    state.begin(plan, ACCOUNT, ((change, OPEN) for change in changes))
    return state


def statuses(state: SyncState, part: str = "sync") -> Iterator[tuple[str, str]]:
    """Yield the number and the status of each change."""
    return ((row.change.phone, row.result.status) for row in state.rows(part))  # type: ignore[arg-type]  # a part


def test_changes_and_results_are_kept(path: Path) -> None:
    """In the order of the plan, with all values, only for the owner of the file."""
    path.touch(0o644)  # empty, as after a crash
    with begin(path, CREATE, UPDATE, DELETE) as state:
        state.mark_sending([1, 2])
        state.add(Result(1, DONE, "", "c_1", '{"first_name":"Ada"}'))
        state.add(Result(3, REJECTED, "no"))
    assert path.stat().st_mode & 0o777 == 0o600
    with SyncState(path) as state:
        rows = list(state.rows("sync"))
        assert [row.change for row in rows] == [CREATE, UPDATE, DELETE]
        assert [row.result.status for row in rows] == [DONE, SENDING, REJECTED]
        assert rows[0].result == Result(1, DONE, "", "c_1", '{"first_name":"Ada"}')
        assert state.counts("sync") == {("create", DONE): 1, ("update", SENDING): 1, ("delete", REJECTED): 1}
        assert (state.status, list(state.rows("undo"))) == (RUNNING, [])


def test_next_part_of_an_interrupted_sync_keeps_what_may_be_applied(path: Path) -> None:
    """A new plan replaces only the changes that were certainly not applied, and shows only its own."""
    with begin(path, CREATE, UPDATE, DELETE) as state:
        state.mark_sending([1, 2])
        state.add(Result(1, PARTIAL))
    other = Change("create", number(4), {})
    with begin(path, other, DELETE, plan="two") as state:
        assert list(statuses(state)) == [(number(4), NOT_SENT), (number(3), NOT_SENT)]
        assert state.counts("sync") == {("create", NOT_SENT): 1, ("delete", NOT_SENT): 1}
        assert [(row.change, row.result.status) for row in state.applied_by_number()] == [
            (CREATE, PARTIAL),
            (UPDATE, SENDING),
        ]
        assert state.header()["plan"] == "two"


@pytest.mark.parametrize("end", [SyncState.end, SyncState.end_undo])
def test_next_sync_replaces_a_finished_one(path: Path, end: Callable[[SyncState], None]) -> None:
    """Its tracked numbers and its source remain."""
    source = {"name": "crm.csv", "size": 10}
    with begin(path, CREATE) as state:
        state.begin_undo([(DELETE, OPEN)])
        assert state.status == UNDOING
        state.track([number(1), number(2)], [number(2)], source)
        end(state)
    with begin(path, UPDATE, plan="two") as state:
        assert list(statuses(state)) == [(UPDATE.phone, NOT_SENT)]
        assert list(statuses(state, "undo")) == []
        assert (list(state.tracked_numbers()), state.last_source()) == ([number(1)], source)
        assert (state.tracked(number(1)), state.tracked(number(2))) == (True, False)


def test_changes_are_written_completely_or_not_at_all(path: Path) -> None:
    """If the plan cannot be read to its end, the last sync remains."""

    def broken() -> Iterator[tuple[Change, Result]]:
        yield UPDATE, Result(0, DRIFTED, "changed")
        raise ValueError("the plan breaks off")

    with begin(path, CREATE) as state:
        with pytest.raises(ValueError, match="breaks off"):
            state.begin("two", ACCOUNT, broken())
        assert list(statuses(state)) == [(CREATE.phone, NOT_SENT)]


def test_applied_changes_are_in_the_order_of_numbers(path: Path) -> None:
    """Changes of one number follow each other, in the order in which they were made."""
    with begin(path, DELETE, CREATE, UPDATE) as state:
        for position, status in ((1, DONE), (2, SENDING), (3, DRIFTED)):
            state.add(Result(position, status))
        state.flush()
        state.begin("two", ACCOUNT, [(CREATE, Result(0, DONE)), (UPDATE, OPEN)])
        applied = [(row.change, row.position) for row in state.applied_by_number()]
    assert applied == [(CREATE, 2), (CREATE, 3), (DELETE, 1)]


def test_reads_show_the_last_write_before_the_next_sync(path: Path) -> None:
    """It waits for what is left of the lag, and not at all after a long time or for a clock that went back."""
    waited: list[float] = []
    with begin(path, CREATE) as state:
        state.wait_for_reads(5.0, waited.append)
        state.wait_for_reads(0.0, waited.append)
        for offset in (-10.0, 3_600.0):
            state.update_header({"last_write": time.time() + offset})
            state.wait_for_reads(5.0, waited.append)
    assert [0 < seconds <= 5 for seconds in waited] == [True]


def test_state_in_use_or_of_another_kind_is_an_error(path: Path) -> None:
    """One process at a time; a file of another program is left alone."""
    with (
        SyncState(path),
        pytest.raises(JournalLockedError, match=rf"another sync \(process {os.getpid()} since 20.*\); wait"),
    ):
        SyncState(path)
    notes = path.with_name("notes.txt")
    notes.write_text("my notes, which are longer than the head of a database" * 10)
    with pytest.raises(JournalError, match=r"not a sync state.*--state \(state=\)"):
        SyncState(notes)
    assert notes.read_text().startswith("my notes")
