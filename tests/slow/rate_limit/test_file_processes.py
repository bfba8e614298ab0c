"""The file store with real processes, over real HTTP, with a server that counts arrivals."""

from __future__ import annotations

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
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 15, 15, 15, 15) as workers:
        assert [worker.result() for worker in workers.workers] == [(0, "")] * 4
        assert (sandbox.arrivals() <= LIMIT, {request.status for request in sandbox.requests}) == (True, {200})
        assert len(sandbox.requests) == 60


def test_the_limit_holds_when_a_process_is_killed_and_the_file_is_lost(store: str, tmp_path: Path) -> None:
    """The others continue with the slots that it does not hold, and with a new file when it is removed or emptied."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, store, 1000, 25, 25) as workers:
        killed, *others = workers.workers
        killed.wait_for_sent(10)
        killed.kill()
        for lose in (Path.unlink, lambda path: path.write_bytes(b"")):
            others[0].wait_for_sent(5)
            for path in tmp_path.iterdir():
                lose(path)
        assert [worker.result() for worker in others] == [(0, "")] * 2
        statuses = {request.status for request in sandbox.requests}
        assert (sandbox.arrivals() <= LIMIT, statuses) == (True, {200})
