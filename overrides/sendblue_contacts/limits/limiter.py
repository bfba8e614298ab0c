"""Rate limit, the waiting. First come, first served; one timer, no polling.

Who finds no slot stands in a queue. Only the first of the queue watches the clock; it is woken when the window changes,
and when it leaves, it wakes the next. The window decides everything else. Threads and tasks stand in the same queue.

A task whose event loop is closed without letting it go keeps its place until the next one comes or a slot is given
back: nothing tells that it is dead.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections import deque
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from .turns import AsyncTurn, ThreadTurn, Turn
from .window import RateLimit, Window

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

T = TypeVar("T", bound=Turn)

_LOG = logging.getLogger("sendblue_contacts")
_WORTH_SAYING = 1.0


@dataclass(frozen=True, slots=True)
class RateLimitStatistics:
    """What a limiter did so far, and how it stands.

    Attributes:
        limit: The most requests in any window; None for a limiter that never waits.
        in_flight: Requests without a response yet.
        waiting: Callers in the queue.
        free: Slots that are free now; None for a limiter that never waits.
        frozen_for: Seconds until the server lets anybody send again; 0 for now.
        requests: Slots taken so far.
        waited: Seconds that callers waited so far, added up.
        longest_wait: Seconds of the longest of these waits.
        refusals: Answers with 429 so far.
    """

    limit: int | None
    in_flight: int
    waiting: int
    free: int | None
    frozen_for: float
    requests: int
    waited: float
    longest_wait: float
    refusals: int


def _no_check() -> None:
    pass


class RateLimiter:
    """Never lets more than `limit` requests arrive in any `per` seconds, among all threads and tasks that share it.

    Clients of one account in one process share a limiter by themselves; hand one over as `rate_limit=` to share it
    further, or use it alone to guard other code that calls the same account:

        with limiter.slot():            # or: async with limiter.async_slot():
            call_the_api()

    Args:
        rate: The limit; None for a limiter that never waits and only counts.
        clock: Tells the time in seconds, and never goes back.
        thread_turn: Makes the turn on which a thread waits.
        async_turn: Makes the turn on which a task waits.
    """

    def __init__(
        self,
        rate: RateLimit | None = RateLimit(),  # noqa: B008  # frozen, so that one object can serve all
        *,
        clock: Callable[[], float] = time.monotonic,
        thread_turn: Callable[[], ThreadTurn] = ThreadTurn,
        async_turn: Callable[[], AsyncTurn] = AsyncTurn,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._thread_turn = thread_turn
        self._async_turn = async_turn
        self._window = Window(rate) if rate else None
        # Reentrant, for the garbage collector may end an abandoned wait in a thread that is just inside.
        self._lock = threading.RLock()
        self._queue: deque[Turn] = deque()
        self._requests = self._refusals = self._unlimited_in_flight = 0
        self._waited = self._longest_wait = 0.0

    def __repr__(self) -> str:
        return f"RateLimiter({self.rate!r})"

    @contextmanager
    def slot(self, check: Callable[[], None] = _no_check) -> Generator[float]:
        """Hold a slot for one request: waits for a free one, and gives it back when the block ends, however it ends.

        Args:
            check: Called before each wait; it may raise to give up.

        Yields:
            The seconds waited.
        """
        waited = self.acquire(check)
        try:
            yield waited
        finally:
            self.release()

    @asynccontextmanager
    async def async_slot(self, check: Callable[[], None] = _no_check) -> AsyncGenerator[float]:
        """As `slot`, for tasks."""
        waited = await self.async_acquire(check)
        try:
            yield waited
        finally:
            self.release()

    def acquire(self, check: Callable[[], None] = _no_check) -> float:
        """Take a slot, waiting for one if need be. Returns the seconds waited."""
        if self._take_at_once():
            return 0.0
        turn, started = self._enter(self._thread_turn())
        try:
            while not self._take_in_turn(turn):
                check()
                turn.wait(self._seconds_left(turn, started))
        finally:
            self._leave(turn, started)
        return self._clock() - started

    async def async_acquire(self, check: Callable[[], None] = _no_check) -> float:
        """As `acquire`, for tasks. A task that is cancelled while it waits leaves no trace."""
        if self._take_at_once():
            return 0.0
        turn, started = self._enter(self._async_turn())
        try:
            while not self._take_in_turn(turn):
                check()
                await turn.wait(self._seconds_left(turn, started))
        finally:
            self._leave(turn, started)
        return self._clock() - started

    def release(self) -> None:
        """Give a slot back: the response is there, or the request is given up."""
        with self._lock:
            if self._window is None:
                self._unlimited_in_flight -= 1
                return
            self._window.give_back(self._clock())
            self._wake_first()

    def refused(self, retry_after: float | None = None) -> None:
        """The server answered 429: nobody gets a slot for so many seconds, or for one window where it said nothing."""
        with self._lock:
            self._refusals += 1
            if self._window is not None:
                pause = self._window.rate.per if retry_after is None else retry_after
                self._window.freeze(self._clock() + pause)
            for turn in self._queue:
                with suppress(RuntimeError):  # its event loop was closed without letting it go
                    turn.wake()  # whoever does not want to wait that long may give up

    def frozen_for(self) -> float:
        """Seconds until the server lets anybody send again; 0 for now."""
        return max(0.0, self._window.frozen_until - self._clock()) if self._window else 0.0

    def statistics(self) -> RateLimitStatistics:
        """How the limiter stands now."""
        with self._lock:
            window = self._window
            return RateLimitStatistics(
                limit=window.rate.limit if window else None,
                in_flight=window.in_flight if window else self._unlimited_in_flight,
                waiting=len(self._queue),
                free=window.free(self._clock()) if window else None,
                frozen_for=self.frozen_for(),
                requests=self._requests,
                waited=self._waited,
                longest_wait=self._longest_wait,
                refusals=self._refusals,
            )

    def _take_at_once(self) -> bool:
        with self._lock:
            return not self._queue and self._take()

    def _take(self) -> bool:
        if self._window is None:
            self._unlimited_in_flight += 1
        elif self._window.take(self._clock()) is None:
            return False
        self._requests += 1
        return True

    def _enter(self, turn: T) -> tuple[T, float]:
        with self._lock:
            self._queue.append(turn)
            if self._window is not None and self._window.free_from() <= self._clock():
                self._wake_first()  # a slot is free, and the first sleeps on: its event loop may have been closed
        return turn, self._clock()

    def _take_in_turn(self, turn: Turn) -> bool:
        with self._lock:
            turn.clear()
            return self._queue[0] is turn and self._take()

    def _seconds_left(self, turn: Turn, started: float) -> float | None:
        """Seconds for which this one has to wait before it looks again; None: until it is woken."""
        with self._lock:
            if self._queue[0] is not turn or self._window is None:
                return None
            free_from = self._window.free_from()
        now = self._clock()
        if free_from - started > _WORTH_SAYING:
            turn.say_once(_LOG, free_from - now)
        return None if free_from == math.inf else max(0.0, free_from - now)

    def _leave(self, turn: Turn, started: float) -> None:
        with self._lock:
            with suppress(ValueError):  # it was thrown out with its event loop
                self._queue.remove(turn)
            waited = self._clock() - started
            self._waited += waited
            self._longest_wait = max(self._longest_wait, waited)
            self._wake_first()

    def _wake_first(self) -> None:
        while self._queue:
            try:
                self._queue[0].wake()
            except RuntimeError:
                self._queue.popleft()  # its event loop was closed without letting it go
            else:
                return


_SHARED: dict[tuple[str, str, RateLimit], RateLimiter] = {}
_SHARED_LOCK = threading.Lock()


def shared(api_key: str, host: str, rate: RateLimit) -> RateLimiter:
    """The limiter of this account on this host, the same one for every client in this process.

    It is kept for as long as the process lives: a client that is made after another was closed must know what that
    one sent. Accounts are told apart by a hash of their key, never by the key.
    """
    account = hashlib.sha256(api_key.encode()).hexdigest()
    with _SHARED_LOCK:
        return _SHARED.setdefault((account, host, rate), RateLimiter(rate))
