"""The state of a sync: what it keeps, for whom, and what an interruption leaves."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sendblue_transfer import Change
from sendblue_transfer.syncing.change_log import (
    DONE,
    DRIFTED,
    NOT_SENT,
    SENDING,
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


def test_changes_are_written_completely_or_not_at_all(path: Path) -> None:
    """If the plan cannot be read to its end, the last sync remains."""

    def broken() -> Iterator[tuple[Change, Result]]:
        yield UPDATE, Result(0, DRIFTED, "changed")
        raise ValueError("the plan breaks off")

    with begin(path, CREATE) as state:
        with pytest.raises(ValueError, match="breaks off"):
            state.begin("two", ACCOUNT, broken())
        assert [(row.change, row.result.status) for row in state.rows("sync")] == [(CREATE, NOT_SENT)]


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
