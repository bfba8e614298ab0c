"""Who is measured: ours with each store, and the others, by the names that the tables show."""

from __future__ import annotations

import time
from functools import partial
from importlib.metadata import version
from itertools import count
from typing import TYPE_CHECKING, Any

import others
from ours import Ours, file_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts.rate_limit import RateLimit
    from sendblue_contacts.rate_limit.stores import Answer, Question, Store

OURS = "sendblue-contacts"
PACED, FILE, REDIS = f"{OURS}, paced", f"{OURS}, file store", f"{OURS}, Redis"
STORES = (FILE, REDIS)
_ACCOUNTS = count()


def everybody(folder: Path, redis: str) -> dict[str, Callable[..., Any]]:
    """What makes each, with a clock or without one.

    Args:
        folder: Where the file store may write.
        redis: The address of a server.
    """
    return {
        OURS: Ours,
        PACED: partial(Ours, paced=True),
        FILE: lambda clock=time.monotonic: Ours(clock, store=partial(_file, folder)),
        REDIS: lambda clock=None: Ours(clock or time.monotonic, store=partial(_redis, redis, clock)),
        f"pyrate-limiter {version('pyrate-limiter')}": others.Pyrate,
        f"limits {version('limits')}, moving window": others.Moving,
        f"limits {version('limits')}, sliding counter": others.Sliding,
        f"aiolimiter {version('aiolimiter')}": others.Aio,
        "token bucket": others.Bucket,
    }


def _file(folder: Path, rate: RateLimit, clock: Callable[[], float]) -> Store:
    return file_store(folder / "slots", rate, clock)


class _AtOnce:
    """A store that is asked without a thread in between, which no virtual time would wait for."""

    at_once = False

    def __init__(self, store: Store) -> None:
        self.ask = store.ask
        self.after_fork = store.after_fork

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`."""
        return self.ask(question)


def _redis(url: str, clock: Callable[[], float] | None, rate: RateLimit, _: Callable[[], float]) -> Store:
    """A Redis store, of which the last window is over; in the time of a clock if there is one."""
    from sendblue_contacts.rate_limit.stores import Question, Verb  # noqa: PLC0415 - as above
    from sendblue_contacts.rate_limit.stores.redis import RedisStore  # noqa: PLC0415 - it is an extra

    account = f"{time.time_ns()}-{next(_ACCOUNTS)}"
    before = clock or time.time
    RedisStore(url, account, rate, clock=lambda: before() - 2 * rate.per).ask(Question(Verb.CANCEL, 1))
    store = RedisStore(url, account, rate, clock=clock)
    return _AtOnce(store) if clock else store
