"""Other limiters, each used as its documentation shows, behind the interface that the benchmarks need.

A library that only rejects calls is called again at the time that it reports. If the server refuses a request, only its
caller waits: none of these limiters can pass the information on to other callers.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import aiolimiter
import limits
import limits.aio
import pyrate_limiter
from simulation import LIMIT, PER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Clock = Callable[[], float]

_MIN_WAIT = 0.05
"""The minimum seconds between two calls: a caller that sleeps for zero seconds would spin."""
_TOLERANCE = 1e-6


class OtherLimiter:
    """A limiter without slots: it does not track requests after they start.

    Attributes:
        pair: Waits for permission in a thread; None if the limiter has no synchronous call.
        async_pair: Waits for permission in a task.
    """

    pair: Callable[[], object] | None
    async_pair: Callable[[], Awaitable[object]]

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for permission."""
        await self.async_pair()
        yield

    async def refused(self, seconds: float) -> None:
        """Wait as long as the server requires."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """Stop background threads."""


class _Clock(pyrate_limiter.AbstractClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        return int(self._clock() * 1000)


class PyrateLimiter(OtherLimiter):
    """pyrate-limiter: an exact log of send times, with its default buffer of 50 ms on top of each wait."""

    def __init__(self, clock: Clock | None = None) -> None:
        bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(LIMIT, int(PER * 1000))])
        if clock:
            bucket._clock = _Clock(clock)  # noqa: SLF001 - the documented alternative is a subclass per clock
        # Its background thread, which only saves memory, would read a virtual clock in real time.
        factory = pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=clock is None)
        limiter = pyrate_limiter.Limiter(factory)
        self.pair = partial(limiter.try_acquire, "account")
        self.async_pair = partial(limiter.try_acquire_async, "account")
        self.close = limiter.close  # type: ignore[method-assign] # it stops the background thread


class AioLimiter(OtherLimiter):
    """aiolimiter: a leaky bucket, for tasks only."""

    def __init__(self, clock: Clock | None = None) -> None:  # noqa: ARG002 - it uses the clock of the event loop
        self.pair = None
        self.async_pair = aiolimiter.AsyncLimiter(LIMIT, PER).acquire


class _WithoutThreads:
    """The synchronous limiter for tasks: the asynchronous one uses threads, for which virtual time does not wait."""

    def __init__(self, limiter: limits.strategies.RateLimiter) -> None:
        self._limiter = limiter

    async def hit(self, item: limits.RateLimitItem, name: str) -> bool:
        """Return whether the limiter permits the request."""
        return self._limiter.hit(item, name)

    async def get_window_stats(self, item: limits.RateLimitItem, name: str) -> limits.WindowStats:
        """Return when the limiter permits the next request."""
        return self._limiter.get_window_stats(item, name)


class _LimitsLibrary(OtherLimiter):
    """limits: it reports whether it permits a request, and when it permits the next one."""

    strategy: Any
    async_strategy: Any

    def __init__(self, clock: Clock | None = None) -> None:
        self._item = limits.RateLimitItemPerSecond(LIMIT, int(PER))
        self._clock = clock or time.time  # it reads time.time directly, which the simulation patches
        self._limiter = self.strategy(limits.storage.MemoryStorage())
        tasks = self.async_strategy(limits.aio.storage.MemoryStorage())
        self._async_limiter = _WithoutThreads(self._limiter) if clock else tasks

    def pair(self) -> None:
        """Wait for permission in a thread."""
        while not self._limiter.hit(self._item, "account"):
            time.sleep(self._wait(self._limiter.get_window_stats(self._item, "account")))

    async def async_pair(self) -> None:
        """Wait for permission in a task."""
        while not await self._async_limiter.hit(self._item, "account"):  # noqa: ASYNC110 - the library has no event to wait for
            await asyncio.sleep(self._wait(await self._async_limiter.get_window_stats(self._item, "account")))

    def _wait(self, window: limits.WindowStats) -> float:
        return max(_MIN_WAIT, window.reset_time - self._clock())


class LimitsMovingWindow(_LimitsLibrary):
    """limits with its moving window: an exact log of send times."""

    strategy = limits.strategies.MovingWindowRateLimiter
    async_strategy = limits.aio.strategies.MovingWindowRateLimiter


class LimitsSlidingCounter(_LimitsLibrary):
    """limits with its sliding window counter: an estimate from two counters."""

    strategy = limits.strategies.SlidingWindowCounterRateLimiter
    async_strategy = limits.aio.strategies.SlidingWindowCounterRateLimiter


class TokenBucket(OtherLimiter):
    """A textbook token bucket that starts full."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or time.monotonic
        self._tokens, self._filled = float(LIMIT), self._clock()
        self._lock = threading.Lock()

    def pair(self) -> None:
        """Wait for permission in a thread."""
        while wait := self._take():
            time.sleep(wait)

    async def async_pair(self) -> None:
        """Wait for permission in a task."""
        while wait := self._take():  # noqa: ASYNC110 - a textbook token bucket polls
            await asyncio.sleep(wait)

    def _take(self) -> float:
        """Take a token and return 0, or return the seconds until one is available."""
        with self._lock:
            now = self._clock()
            self._tokens = min(LIMIT, self._tokens + (now - self._filled) * LIMIT / PER)
            self._filled = now
            if self._tokens < 1:
                return (1 - self._tokens) * PER / LIMIT + _TOLERANCE
            self._tokens -= 1
            return 0.0
