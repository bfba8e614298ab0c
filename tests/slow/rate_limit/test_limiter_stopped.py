"""What must not block: a process that is stopped with the lock of the slot file, a Redis that hangs, a long queue."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError, RateLimitStoreError

from tests.slow.rate_limit.redis_server import RedisServer

SCHEDULE = Path("/proc/thread-self/schedstat")
LONGEST_STALL = 0.05
"""Seconds for which an event loop may run no other task."""
TASKS = 10_000
ATTEMPTS = 5
"""On a busy machine a thread waits for longer at times, but not in each attempt."""

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


def running_time() -> float:
    """Seconds of this thread without those in which it was ready and the machine ran other processes."""
    return time.monotonic() - int(SCHEDULE.read_bytes().split()[1]) / 1e9


def stall_of(rate: RateLimit, hang: Callable[[], AbstractContextManager[None]]) -> float:
    """Seconds for which the event loop was blocked at most while a store hangs.

    Half of the slots are released meanwhile, more callers wait than there are slots, and in the end all continue.
    """
    limiter = RateLimiter(rate)
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = running_time()
        while True:
            await anyio.sleep(0.002)
            longest, last = max(longest, (now := running_time()) - last), now

    async def call() -> None:
        with suppress(RateLimitStoreError, RateLimitError):
            async with limiter.slot(max_wait=1):
                pass

    async def main() -> None:
        slots = [limiter.slot() for _ in range(rate.limit // 2)]
        for slot in slots:
            await slot.__aenter__()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            hanging = hang()
            await anyio.to_thread.run_sync(hanging.__enter__)
            async with anyio.create_task_group() as work:
                for slot in slots:
                    work.start_soon(slot.__aexit__, None, None, None)
                for _ in range(2 * rate.limit):
                    work.start_soon(call)
            await anyio.to_thread.run_sync(hanging.__exit__, None, None, None)
            async with limiter.slot():
                tasks.cancel_scope.cancel()

    anyio.run(main)
    return longest


@pytest.mark.skipif(not SCHEDULE.exists(), reason="this system does not tell for how long a thread was ready")
@pytest.mark.parametrize("kind", ["file", "redis"])
def test_an_event_loop_is_not_blocked(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    """Waits, releases and the end of an outage do not block it for longer than 50 ms."""
    hang: Callable[[], AbstractContextManager[None]]
    if kind == "file":
        rate = RateLimit(100, 0.05, store=f"file://{tmp_path}/slots")
        hang = partial(stopped_holder, tmp_path / "slots")
    else:
        server: RedisServer = request.getfixturevalue("own_redis")
        rate, hang = RateLimit(20, 0.05, store=f"{server.url}?socket_timeout=0.5"), server.stopped
    measured: list[tuple[float, float]] = []
    while not any(stall < max(LONGEST_STALL, 2 * control) for stall, control in measured):
        assert len(measured) < ATTEMPTS, measured
        measured.append((stall_of(rate, hang), stall_of(rate, nullcontext)))


def test_thousands_of_waiting_tasks_do_not_block_an_event_loop() -> None:
    """Each step of the event loop takes a small part of the CPU time of them all, also when a freeze ends all waits."""
    limiter = RateLimiter(RateLimit(100, 1000.0))
    steps: list[float] = []
    errors = 0
    all_ended = anyio.Event()

    async def watch() -> None:
        last = time.thread_time()
        while True:
            await anyio.lowlevel.checkpoint()
            steps.append(time.thread_time() - last)
            last = time.thread_time()

    async def call() -> None:
        nonlocal errors
        try:
            async with limiter.slot(freeze_timeout=60):
                pass
        except RateLimitError:
            errors += 1
        if errors == TASKS:
            all_ended.set()

    async def main() -> None:
        held = [await limiter.slot().__aenter__() for _ in range(100)]
        with anyio.move_on_after(0):
            await limiter.slot().__aenter__()  # imports what a wait needs
        async with anyio.create_task_group() as tasks, anyio.create_task_group() as work:
            tasks.start_soon(watch)
            for _ in range(TASKS // 100):
                for _ in range(100):
                    work.start_soon(call)
                await anyio.lowlevel.checkpoint()
            limiter.refused(30)
            await anyio.sleep(0.01)
            assert (limiter.statistics().waiting, errors) == (TASKS, 0)
            limiter.refused(3000)
            await all_ended.wait()
            tasks.cancel_scope.cancel()
        assert (len(held), errors) == (100, TASKS)

    gc.disable()
    try:
        anyio.run(main)
    finally:
        gc.enable()
    assert max(steps) < sum(steps) / 20
