"""The file store with real processes, over real HTTP, with a server that counts arrivals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.slow.rate_limit.processes import LIMIT, PER, Workers


@pytest.fixture
def store(tmp_path: Path) -> str:
    """The URL of a file that does not exist yet."""
    return f"file://{tmp_path}/slots"


def test_four_processes_keep_one_limit(store: str) -> None:
    """Together they never send more than one of them may; no request is refused or lost."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 25, 25, 25, 25) as workers:
        assert [worker.result() for worker in workers.workers] == [(0, "")] * 4
        assert (sandbox.arrivals() <= LIMIT, {request.status for request in sandbox.requests}) == (True, {200})
        assert len(sandbox.requests) == 100


def test_a_killed_process_does_not_stop_the_others(store: str) -> None:
    """Its slots in flight are lost for a lease; the others continue with the rest, within the limit."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 1000, 25, 25) as workers:
        killed, *others = workers.workers
        killed.wait_for_sent(10)
        killed.kill()
        assert [worker.result() for worker in others] == [(0, "")] * 2
        statuses = {request.status for request in sandbox.requests}
        assert (sandbox.arrivals() <= LIMIT, statuses) == (True, {200})


def test_the_limit_holds_across_a_restart(store: str) -> None:
    """The next process takes into account what the last one sent."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox:
        for _ in range(3):
            with Workers(sandbox, store, 30) as workers:
                assert workers.workers[0].result() == (0, "")
        assert (sandbox.arrivals() <= LIMIT, {request.status for request in sandbox.requests}) == (True, {200})


@pytest.mark.parametrize("lose", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["removed", "emptied"])
def test_the_limit_holds_when_the_file_is_lost(store: str, tmp_path: Path, lose: Callable[[Path], object]) -> None:
    """It is removed or emptied while all processes send: they use the new one, and keep the limit."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 25, 25) as workers:
        for sent in (5, 6, 7):
            workers.workers[0].wait_for_sent(sent)
            for path in tmp_path.iterdir():
                lose(path)
        assert [worker.result() for worker in workers.workers] == [(0, "")] * 2
        statuses = {request.status for request in sandbox.requests}
        assert (sandbox.arrivals() <= LIMIT, statuses) == (True, {200})
