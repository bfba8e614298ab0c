"""Our limiter, behind the interface that the benchmarks need."""

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
    from sendblue_contacts.rate_limit.stores.base import Store


class OurLimiter:
    """Our limiter.

    Args:
        clock: Returns the time in seconds.
        bulk: Whether all callers send bulk requests.
        paced: Whether all requests are paced.
        per: The length of the window in seconds.
        store: Creates the store for a rate and a clock; None keeps the slots in the memory of this process.
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
        """Return a slot for one request."""
        return self._limiter.slot(bulk=self._bulk)

    async def refused(self, seconds: float) -> None:
        """Freeze all slots."""
        await self._limiter.async_refused(seconds)

    def pair(self) -> None:
        """Acquire and release a slot in a thread."""
        with self._limiter.slot():
            pass

    async def async_pair(self) -> None:
        """Acquire and release a slot in a task."""
        async with self._limiter.slot():
            pass

    def close(self) -> None:
        """Do nothing: there are no background threads."""


def file_store(path: Path, rate: RateLimit, clock: Callable[[], float]) -> Store:
    """Return a file store whose first window is over: with a new file, all requests wait for one window."""
    path.unlink(missing_ok=True)
    FileStore(path.as_uri(), "", rate, clock=lambda: clock() - 2 * rate.per)
    return FileStore(path.as_uri(), "", rate, clock=clock)
