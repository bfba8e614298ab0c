"""The file store among real processes, over real HTTP, with a server that counts what arrives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sendblue_sandbox import Sandbox

from tests.overrides.rate_limit.processes import LIMIT, PER, Workers

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The address of a file that nobody has used."""
    return f"file://{tmp_path}/slots"


def test_four_processes_keep_one_limit(store: str) -> None:
    """Together they never send more than one of them may, nothing is refused, and all of it arrives."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 25, 25, 25, 25) as crew:
        assert [worker.ended() for worker in crew.workers] == [(0, "")] * 4
        assert (sandbox.arrivals(), {each.status for each in sandbox.requests}) == (LIMIT, {200})
        assert len(sandbox.requests) == 100


def test_a_killed_process_holds_nobody_up(store: str) -> None:
    """The slots it had in flight are lost for a lease; the others go on with the rest, within the limit."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 1000, 25, 25, 25) as crew:
        killed, *others = crew.workers
        killed.has_sent(10)
        killed.kill()
        assert [worker.ended() for worker in others] == [(0, "")] * 3
        assert (sandbox.arrivals() <= LIMIT, {each.status for each in sandbox.requests}) == (True, {200})


def test_the_next_process_goes_on_where_the_last_one_stopped(store: str) -> None:
    """It knows what was sent before it was there: the limit holds across a restart."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox:
        for _ in range(3):
            with Workers(sandbox, store, 30) as crew:
                assert crew.workers[0].ended() == (0, "")
        assert (sandbox.arrivals(), {each.status for each in sandbox.requests}) == (LIMIT, {200})


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["removed", "emptied"])
def test_a_file_that_is_lost_in_flight_costs_a_window(
    store: str, tmp_path: Path, lose: Callable[[Path], object]
) -> None:
    """Somebody removes or empties it while all of them send: they find the new one, and keep the limit."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 25, 25, 25, 25) as crew:
        for sent in (5, 6, 7):
            crew.workers[0].has_sent(sent)
            for path in tmp_path.iterdir():
                lose(path)
        assert [worker.ended() for worker in crew.workers] == [(0, "")] * 4
        assert (sandbox.arrivals() <= LIMIT, {each.status for each in sandbox.requests}) == (True, {200})
