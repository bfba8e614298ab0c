"""Exceptions that a signal handler raises at any moment of `slot()`: no slot is lost, and no caller waits forever.

Ctrl-C in a notebook, the soft time limit of Celery and `signal.alarm` raise such exceptions between any two lines. The
tests raise one at each line of the limiter, one after another. `tests/slow/rate_limit/test_limiter_signals.py` does the
same with signals.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import sendblue_contacts.rate_limit
from sendblue_contacts import RateLimit, RateLimiter
from sendblue_contacts.rate_limit.stores.base import T
from sendblue_contacts.rate_limit.wait_queue import AsyncWaiter, ThreadWaiter

from tests.overrides.rate_limit.virtual_time import VirtualStore

SOURCE = str(Path(sendblue_contacts.rate_limit.__file__).parent)
RATE = RateLimit(2, 10.0, reserve=1)
# Python itself swallows an exception that a signal handler raises while a generator is closed.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class SignalError(BaseException):
    """Raised by a signal handler."""


@contextmanager
def interrupted_at(line: int) -> Iterator[list[int]]:
    """Raise once at this line of the limiter, counted from the start of the block. Yields the lines so far."""
    lines = [0]

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event in {"call", "line"}:
            lines[0] += 1
            if lines[0] == line:
                raise SignalError
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(previous)


class Time:
    """A time in which each wait lasts as long as it may, or until the response of another caller."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.on_long_wait: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        """The time."""
        return self.now

    def waiter(self) -> ThreadWaiter:
        """A waiter whose waits are over at once."""
        time = self

        class FastWaiter(ThreadWaiter):
            def wait(self, seconds: float | None) -> None:
                if seconds is None:
                    time.on_long_wait()
                time.now += seconds or 0

        return FastWaiter()

    def async_waiter(self) -> AsyncWaiter:
        """The same for a task."""
        time = self

        class FastWaiter(AsyncWaiter):
            def __init__(self) -> None:
                pass

            def clear(self) -> None:
                pass

            def wake(self) -> bool:
                return True

            async def wait(self, seconds: float | None) -> None:
                if seconds is None:
                    time.on_long_wait()
                time.now += seconds or 0

        return FastWaiter()

    def limiter(self, store: Any = None) -> RateLimiter:
        """A limiter in this time."""
        return RateLimiter(RATE, clock=self, thread_waiter=self.waiter, async_waiter=self.async_waiter, store=store)


class MemoryStore(VirtualStore):
    """A store in memory. A task uses it in another thread, which no signal interrupts."""

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Make the call."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(call).result()


def use(limiter: RateLimiter) -> None:
    """Acquire and release a slot in a thread."""
    with limiter.slot(bulk=True):
        pass


async def _use_in_task(limiter: RateLimiter) -> None:
    async with limiter.slot():
        pass


def use_in_task(limiter: RateLimiter) -> None:
    """Acquire and release a slot in a task. It is never suspended, because its waits are over at once."""
    task = _use_in_task(limiter)
    with suppress(StopIteration):
        task.send(None)


@pytest.mark.parametrize(
    ("use", "shared", "before"),
    [(use, False, 0), (use, False, 2), (use, True, 2), (use_in_task, False, 2), (use_in_task, True, 0)],
)
def test_no_slot_is_lost(use: Callable[[RateLimiter], None], shared: bool, before: int) -> None:
    """Whether a slot is free, or the caller waits for one, in memory or in a store."""
    # Python 3.11 goes on handling an exception that a trace function raised in a generator: in this thread only.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, interrupt_at_each_line(use, before, shared=shared)).result()


async def interrupt_at_each_line(use: Callable[[RateLimiter], None], before: int, *, shared: bool) -> None:
    """Interrupt `use` at each of its lines, after some earlier uses."""
    interrupted = True
    line = 0
    while interrupted:
        line += 1
        time = Time()
        store = MemoryStore(RATE, time) if shared else None
        limiter = time.limiter(store)
        for _ in range(before):
            use(limiter)
        with interrupted_at(line) as lines, suppress(SignalError):
            use(limiter)
        interrupted = lines[0] >= line
        check(limiter, time, store, line)
    assert line > 30


def check(limiter: RateLimiter, time: Time, store: MemoryStore | None, line: int) -> None:
    """All slots are free after a while, no more and no fewer, and the next callers are served."""
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.longest_wait < 100) == (0, 0, True), line
    time.now += 13
    assert limiter.statistics().free == RATE.limit, line
    use(limiter)
    assert not store or store.table.held == {}, line
    time.now += 13  # a release that was lost is sent with the next request
    held = [limiter.slot(max_wait=0).__enter__() for _ in range(RATE.limit - 1)]
    assert len(held) == 1


def test_a_caller_that_waits_for_a_lost_slot_is_woken() -> None:
    """The slot of a caller that was interrupted too often to release it is released when it is garbage-collected."""
    time = Time()
    limiter = time.limiter()
    lost = [limiter.slot().__enter__() for _ in range(RATE.limit)]
    time.on_long_wait = lost.clear
    with limiter.slot() as slot:
        assert slot.waited == 13
