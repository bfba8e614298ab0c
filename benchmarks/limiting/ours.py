"""Our limiter, behind the face that the simulation and the stopwatch know."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sendblue_contacts.rate_limit import RateLimit, RateLimiter
from sendblue_contacts.rate_limit.stores.file import FileStore
from simulation import LIMIT, PER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts.rate_limit import Slot
    from sendblue_contacts.rate_limit.stores import Store


class Ours:
    """Our limiter.

    Args:
        clock: Tells the time in seconds.
        bulk: Whether all callers do bulk work.
        paced: Whether all requests are paced.
        per: The length of the window in seconds.
        store: Makes the store, for a rate and a clock; None for the memory of this process.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        bulk: bool = False,
        paced: bool = False,
        per: float = PER,
        store: Callable[[RateLimit, Callable[[], float]], Store] | None = None,
    ) -> None:
        rate = RateLimit(LIMIT, per, paced=paced)
        self._limiter = RateLimiter(rate, clock=clock, store=store(rate, clock) if store else None)
        self._bulk = bulk

    def slot(self) -> Slot:
        """A slot for one request."""
        return self._limiter.slot(bulk=self._bulk)

    async def refused(self, seconds: float) -> None:
        """Freeze all slots."""
        await self._limiter.async_refused(seconds)

    def pair(self) -> None:
        """Take a slot and give it back, as a thread."""
        with self._limiter.slot():
            pass

    async def async_pair(self) -> None:
        """As `pair`, for tasks."""
        async with self._limiter.slot():
            pass

    def close(self) -> None:
        """There is nothing to close."""


def file_store(path: Path, rate: RateLimit, clock: Callable[[], float]) -> Store:
    """A file store whose last window is over: a new file would let nobody through for one."""
    path.unlink(missing_ok=True)
    FileStore(path.as_uri(), "", rate, clock=lambda: clock() - 2 * rate.per)
    return FileStore(path.as_uri(), "", rate, clock=clock)
