"""A process that is stopped while it holds the lock of the slot file."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

import anyio
import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError, RateLimitStoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import fcntl, sys
file = open(sys.argv[1])
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def stopped_holder(path: Path) -> Iterator[None]:
    """A stopped process that holds the lock. At the end it is continued and ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)


def test_max_wait_holds(tmp_path: Path) -> None:
    """A call does not wait longer, in threads and in tasks, and is served when the process continues."""
    limiter = RateLimiter(RateLimit(3, 0.05, store=f"file://{tmp_path}/slots"))
    with stopped_holder(tmp_path / "slots"):
        started = time.monotonic()
        with pytest.raises(RateLimitStoreError, match="may be stopped"), limiter.slot(max_wait=1):
            pass
        assert time.monotonic() - started < 4
    with limiter.slot(max_wait=10):
        pass


def test_an_event_loop_is_not_blocked(tmp_path: Path) -> None:
    """Releases and waiting calls of many tasks use little CPU time, and do not wait in the kernel."""
    limiter = RateLimiter(RateLimit(50, 0.05, store=f"file://{tmp_path}/slots"))
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await anyio.sleep(0.005)

    async def call() -> None:
        with pytest.raises((RateLimitStoreError, RateLimitError)):
            async with limiter.slot(max_wait=1):
                pass

    async def main() -> None:
        slots = [limiter.slot() for _ in range(50)]
        for slot in slots:
            await slot.__aenter__()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            with stopped_holder(tmp_path / "slots"):
                async with anyio.create_task_group() as work:
                    for slot in slots:
                        work.start_soon(slot.__aexit__, None, None, None)
                    for _ in range(20):
                        work.start_soon(call)
            tasks.cancel_scope.cancel()

    anyio.run(main)
    stalls = sorted(later - earlier for earlier, later in pairwise(ticks))
    assert stalls[len(stalls) * 9 // 10] < 0.05
    assert stalls[-1] < 1
