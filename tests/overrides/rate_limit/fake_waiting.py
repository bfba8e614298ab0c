"""Waiters whose waits a test observes and ends: callers wait for real, in threads and tasks, in a time of the test.

Each wait is recorded with its seconds, and lasts until the limiter or the test wakes the waiter.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sendblue_contacts.rate_limit import RateLimit, RateLimiter, Slot
from sendblue_contacts.rate_limit.wait_queue import AsyncWaiter, ThreadWaiter

DEADLOCK_TIMEOUT = 20.0
"""Seconds after which a test fails that would hang."""


def acquired(limiter: RateLimiter, **arguments: Any) -> Slot:
    """Acquire a slot. It must be kept: a slot that is garbage-collected is released."""
    return limiter.slot(**arguments).__enter__()


def release(slot: Slot) -> None:
    """Release a slot: its response has arrived."""
    slot.__exit__(None, None, None)


class ClosedError(Exception):
    """The test is over, and its threads end."""


class FakeWaiting:
    """The waits of one limiter, and its time.

    Attributes:
        now: The time.
        waits: All waits that have begun, oldest first: the waiter, and its seconds.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: queue.Queue[tuple[ThreadWaiter | AsyncWaiter, float | None]] = queue.Queue()
        self._waiters: list[ThreadWaiter] = []
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __call__(self) -> float:
        """The time."""
        return self.now

    def limiter(self, rate: RateLimit | None) -> RateLimiter:
        """A limiter with these waits."""
        return RateLimiter(rate, clock=self, thread_waiter=self.thread_waiter, async_waiter=self.async_waiter)

    def thread_waiter(self) -> ThreadWaiter:
        """A waiter for a thread, whose waits are recorded."""
        waiting = self

        class FakeThreadWaiter(ThreadWaiter):
            def wait(self, seconds: float | None) -> None:
                waiting.waits.put((self, seconds))
                assert self._asleep.acquire(timeout=DEADLOCK_TIMEOUT), "this thread was never woken"
                if waiting._closed:
                    raise ClosedError

        self._waiters.append(FakeThreadWaiter())
        return self._waiters[-1]

    def async_waiter(self) -> AsyncWaiter:
        """A waiter for a task, whose waits are recorded."""
        waiting = self

        class FakeAsyncWaiter(AsyncWaiter):
            async def wait(self, seconds: float | None) -> None:
                waiting.waits.put((self, seconds))
                await super().wait(DEADLOCK_TIMEOUT)

        return FakeAsyncWaiter()

    def thread(self, call: Callable[[], object]) -> threading.Thread:
        """Start a thread that ends with the test."""

        def run() -> None:
            with suppress(ClosedError):
                call()

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def close(self) -> None:
        """End the threads that still wait."""
        self._closed = True
        for waiter in self._waiters:
            waiter.wake()
        for thread in self._threads:
            thread.join(DEADLOCK_TIMEOUT)

    def next_wait(self) -> float | None:
        """The seconds of the next wait, when it has begun."""
        return self.next_waiter()[1]

    def next_waiter(self) -> tuple[ThreadWaiter | AsyncWaiter, float | None]:
        """As `next_wait`, with the waiter."""
        return self.waits.get(timeout=DEADLOCK_TIMEOUT)

    def expire(self, waiter: ThreadWaiter | AsyncWaiter, seconds: float | None) -> None:
        """Let the seconds of a wait pass, and wake its waiter."""
        assert seconds is not None, "it waits without a timer"
        self.now += seconds
        waiter.wake()
