"""Other limiters, each as its documentation shows it, behind the face that the simulation and the stopwatch know.

A library that only says no is asked again when it says that there is room. Where a caller is refused by the server all
the same, he alone waits: none of them has a way to tell the others.
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

_SOONEST = 0.05
"""Seconds until somebody asks again, at least: a caller who sleeps for nothing would spin."""
_HAIR = 1e-6


class Other:
    """A limiter without slots: whoever was let in is forgotten.

    Attributes:
        pair: Waits to be let in, as a thread; None if it has no such way.
        async_pair: Waits to be let in, as a task.
    """

    pair: Callable[[], object] | None
    async_pair: Callable[[], Awaitable[object]]

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait to be let in."""
        await self.async_pair()
        yield

    async def refused(self, seconds: float) -> None:
        """Wait as long as the server said."""
        await asyncio.sleep(seconds)

    def close(self) -> None:
        """End what runs in the background."""


class _Clock(pyrate_limiter.AbstractClock):
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> int:
        return int(self._clock() * 1000)


class Pyrate(Other):
    """pyrate-limiter: an exact log of the times of sending, with its usual pause of 50 ms on top of each wait."""

    def __init__(self, clock: Clock | None = None) -> None:
        bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(LIMIT, int(PER * 1000))])
        if clock:
            bucket._clock = _Clock(clock)  # noqa: SLF001 - its documented way is a subclass for each clock
        # What it has in the background would look at a virtual clock in real time; it only saves memory.
        factory = pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=clock is None)
        limiter = pyrate_limiter.Limiter(factory)
        self.pair = partial(limiter.try_acquire, "account")
        self.async_pair = partial(limiter.try_acquire_async, "account")
        self.close = limiter.close  # type: ignore[method-assign] # it ends what it has in the background


class Aio(Other):
    """aiolimiter: a leaky bucket, for tasks alone."""

    def __init__(self, clock: Clock | None = None) -> None:  # noqa: ARG002 - it has the event loop's clock
        self.pair = None
        self.async_pair = aiolimiter.AsyncLimiter(LIMIT, PER).acquire


class _Soon:
    """The limiter for threads, asked by tasks: the one for tasks works in a thread, which no virtual time waits for."""

    def __init__(self, limiter: limits.strategies.RateLimiter) -> None:
        self._limiter = limiter

    async def hit(self, item: limits.RateLimitItem, name: str) -> bool:
        """Whether there was room."""
        return self._limiter.hit(item, name)

    async def get_window_stats(self, item: limits.RateLimitItem, name: str) -> limits.WindowStats:
        """When there will be."""
        return self._limiter.get_window_stats(item, name)


class _Limits(Other):
    """limits: it says whether there is room, and when there will be."""

    strategy: Any
    async_strategy: Any

    def __init__(self, clock: Clock | None = None) -> None:
        self._item = limits.RateLimitItemPerSecond(LIMIT, int(PER))
        self._clock = clock or time.time  # it has no clock but time.time itself, which the simulation replaces
        self._limiter = self.strategy(limits.storage.MemoryStorage())
        tasks = self.async_strategy(limits.aio.storage.MemoryStorage())
        self._async_limiter = _Soon(self._limiter) if clock else tasks

    def pair(self) -> None:
        """Wait, as a thread."""
        while not self._limiter.hit(self._item, "account"):
            time.sleep(self._wait(self._limiter.get_window_stats(self._item, "account")))

    async def async_pair(self) -> None:
        """Wait, as a task."""
        while not await self._async_limiter.hit(self._item, "account"):  # noqa: ASYNC110 - there is no event: it only says no
            await asyncio.sleep(self._wait(await self._async_limiter.get_window_stats(self._item, "account")))

    def _wait(self, window: limits.WindowStats) -> float:
        return max(_SOONEST, window.reset_time - self._clock())


class Moving(_Limits):
    """limits with its moving window: an exact log of the times of sending."""

    strategy = limits.strategies.MovingWindowRateLimiter
    async_strategy = limits.aio.strategies.MovingWindowRateLimiter


class Sliding(_Limits):
    """limits with its sliding window counter: an estimate from two counters."""

    strategy = limits.strategies.SlidingWindowCounterRateLimiter
    async_strategy = limits.aio.strategies.SlidingWindowCounterRateLimiter


class Bucket(Other):
    """A token bucket as in the textbook, full at first."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or time.monotonic
        self._tokens, self._filled = float(LIMIT), self._clock()
        self._lock = threading.Lock()

    def pair(self) -> None:
        """Wait, as a thread."""
        while wait := self._take():
            time.sleep(wait)

    async def async_pair(self) -> None:
        """Wait, as a task."""
        while wait := self._take():  # noqa: ASYNC110 - as in the textbook
            await asyncio.sleep(wait)

    def _take(self) -> float:
        """Take a token; seconds until there is one, if there is none."""
        with self._lock:
            now = self._clock()
            self._tokens = min(LIMIT, self._tokens + (now - self._filled) * LIMIT / PER)
            self._filled = now
            if self._tokens < 1:
                return (1 - self._tokens) * PER / LIMIT + _HAIR
            self._tokens -= 1
            return 0.0
