"""The limiters to measure: ours with each store, and others, by the names that the tables show."""

from __future__ import annotations

import time
from functools import partial
from importlib.metadata import version
from itertools import count
from typing import TYPE_CHECKING, Any

import other_limiters
from our_limiter import OurLimiter, file_store
from sendblue_contacts.rate_limit.stores.base import Store, T

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts.rate_limit import RateLimit
    from sendblue_contacts.rate_limit.stores.base import StoreReply, StoreRequest

OURS = "sendblue-contacts"
PACED, FILE, REDIS = f"{OURS}, paced", f"{OURS}, file store", f"{OURS}, Redis"
STORES = (FILE, REDIS)
_ACCOUNTS = count()


def factories(folder: Path, redis: str) -> dict[str, Callable[..., Any]]:
    """Return the factory of each limiter, which takes an optional clock.

    Args:
        folder: The folder for the file store.
        redis: The URL of a Redis server.
    """
    return {
        OURS: OurLimiter,
        PACED: partial(OurLimiter, paced=True),
        FILE: lambda clock=None: OurLimiter(clock or time.monotonic, store=partial(_file, folder, clock)),
        REDIS: lambda clock=None: OurLimiter(clock or time.monotonic, store=partial(_redis, redis, clock)),
        f"pyrate-limiter {version('pyrate-limiter')}": other_limiters.PyrateLimiter,
        f"limits {version('limits')}, moving window": other_limiters.LimitsMovingWindow,
        f"limits {version('limits')}, sliding counter": other_limiters.LimitsSlidingCounter,
        f"aiolimiter {version('aiolimiter')}": other_limiters.AioLimiter,
        "token bucket": other_limiters.TokenBucket,
    }


class _WithoutThreads(Store):
    """A store that runs in the event loop: virtual time does not wait for threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def send(self, request: StoreRequest) -> StoreReply:
        """Send a request."""
        return self._store.send(request)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Make the call in the event loop."""
        return call()


def _file(folder: Path, clock: Callable[[], float] | None, rate: RateLimit, _: Callable[[], float]) -> Store:
    """Return a file store whose first window is over; it uses `clock` if there is one."""
    store = file_store(folder / "slots", rate, clock or time.monotonic)
    return _WithoutThreads(store) if clock else store


def _redis(url: str, clock: Callable[[], float] | None, rate: RateLimit, _: Callable[[], float]) -> Store:
    """Return a Redis store whose first window is over; it uses `clock` if there is one."""
    from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest  # noqa: PLC0415 - as above
    from sendblue_contacts.rate_limit.stores.redis import RedisStore  # noqa: PLC0415 - it is an extra

    account = f"{time.time_ns()}-{next(_ACCOUNTS)}"
    before = clock or time.time
    RedisStore(url, account, rate, clock=lambda: before() - 2 * rate.per).send(StoreRequest(Command.CANCEL, 1))
    store = RedisStore(url, account, rate, clock=clock)
    return _WithoutThreads(store) if clock else store
