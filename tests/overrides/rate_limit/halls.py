"""A waiting hall: callers of a limiter wait in it for real, in threads and tasks, but in a time that a test moves.

Whoever waits reports for how long he would; nobody wakes by himself. `Hall.ring` lets a timer go off.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sendblue_contacts.rate_limit import RateLimit, RateLimiter
from sendblue_contacts.rate_limit.turns import AsyncTurn, ThreadTurn

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit import Slot

GUARD = 20.0
"""Seconds after which a test fails that would hang."""


def taken(limiter: RateLimiter, **terms: Any) -> Slot:  # noqa: ANN401  # those of `slot`
    """Take a slot."""
    slot = limiter.slot(**terms)
    limiter.acquire(slot)
    return slot


class ClosedError(Exception):
    """The test is over, and its threads go home."""


class Hall:
    """The hall of one limiter, and its time.

    Attributes:
        now: The time.
        naps: Every wait that began, oldest first: the turn, and its seconds.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.naps: queue.Queue[tuple[ThreadTurn | AsyncTurn, float | None]] = queue.Queue()
        self.meanwhile: Callable[[], object] = lambda: None
        self._turns: list[ThreadTurn] = []
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __call__(self) -> float:
        """The time."""
        return self.now

    def limiter(self, rate: RateLimit | None) -> RateLimiter:
        """A limiter with this hall."""
        return RateLimiter(rate, clock=self, thread_turn=self.thread_turn, async_turn=self.async_turn)

    def thread_turn(self) -> ThreadTurn:
        """A turn whose waits are naps."""
        hall = self

        class Turn(ThreadTurn):
            def wait(self, seconds: float | None) -> None:
                hall.naps.put((self, seconds))
                hall.meanwhile()
                assert self._asleep.acquire(timeout=GUARD), "nobody woke this thread"
                if hall._closed:
                    raise ClosedError

        self._turns.append(Turn())
        return self._turns[-1]

    def async_turn(self) -> AsyncTurn:
        """A turn whose waits are naps."""
        hall = self

        class TaskTurn(AsyncTurn):
            async def wait(self, seconds: float | None) -> None:
                hall.naps.put((self, seconds))
                await super().wait(GUARD)

        return TaskTurn()

    def thread(self, call: Callable[[], object]) -> threading.Thread:
        """Start a thread that goes home when the hall closes."""

        def called() -> None:
            with suppress(ClosedError):
                call()

        thread = threading.Thread(target=called, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def close(self) -> None:
        """Send the threads home that still wait."""
        self._closed = True
        for turn in self._turns:
            turn.wake()
        for thread in self._threads:
            thread.join(GUARD)

    def nap(self) -> float | None:
        """Wait until somebody begins to wait; for how long he would."""
        return self.napper()[1]

    def napper(self) -> tuple[ThreadTurn | AsyncTurn, float | None]:
        """As `nap`, with the one who waits."""
        return self.naps.get(timeout=GUARD)

    def ring(self, turn: ThreadTurn | AsyncTurn, seconds: float | None) -> None:
        """The seconds of a wait are over."""
        assert seconds is not None, "he waits without a timer"
        self.now += seconds
        turn.wake()
