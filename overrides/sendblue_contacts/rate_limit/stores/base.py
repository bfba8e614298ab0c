"""The protocol between a limiter and a store that several processes share, and how the URL of a store is resolved.

A store applies the rule of `window.py` to all processes that use it. Its reply states how long to wait, and it reserves
a slot for the token meanwhile, so that processes are served in the order of their requests. A caller that has waited
repeats its request, because another process may have reported a 429 in the meantime.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urlsplit

from sendblue_contacts.errors import RateLimitStoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.config import RateLimit

T = TypeVar("T")

_VALID = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "set with RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)
_UNPARSABLE = f"the URL of the rate limit store cannot be parsed: percent-encode special characters; {_VALID}"
_STORES = {"file": "file.FileStore", "redis": "redis.RedisStore", "rediss": "redis.RedisStore"}


class Command(Enum):
    """What a store is asked to do.

    ACQUIRE reserves a slot for a token. With a token that has one already, it reports how long to wait for it now, and
    starts its lease anew. RELEASE releases the slot: the response has arrived, or the request was abandoned. CANCEL
    undoes ACQUIRE: no request was sent. FREEZE admits no request for a while: the server responded with 429.
    """

    ACQUIRE = "acquire"
    RELEASE = "release"
    CANCEL = "cancel"
    FREEZE = "freeze"


class StoreRequest(NamedTuple):
    """One request to a store."""

    command: Command
    token: int = 0  # of 53 bits, different for each slot that is acquired
    bulk: bool = False  # for ACQUIRE: whether it is for bulk work, which is paced and leaves the reserve to others
    lease: float = 0.0  # for ACQUIRE: the seconds after which the request counts as abandoned
    timeout: float = 0.0  # for ACQUIRE: the seconds for which the caller may still wait
    seconds: float = 0.0  # for FREEZE: how long it lasts; for RELEASE: how long the request may still be on its way


class StoreReply(NamedTuple):
    """The reply of a store, in seconds."""

    wait: float = 0.0  # until the slot may be used; 0 for now
    frozen: float = 0.0  # for which the server admits no request
    held: bool = True  # whether a slot is reserved; if not, all are in flight: repeat the request after `wait`


class StoreUnavailableError(RateLimitStoreError):
    """The store does not reply, and may do so later. The message states the reason, without a password."""


class Store(ABC):
    """Slots that are shared with other processes. Safe to use from many threads."""

    @abstractmethod
    def send(self, request: StoreRequest) -> StoreReply:
        """Send a request once.

        Raises:
            StoreUnavailableError: The store does not reply.
            RateLimitStoreError: The store cannot be used until its configuration is corrected.
        """

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Make a call that uses the store, for a task: in a thread of its own, also when all threads of anyio are busy.

        If the task is cancelled, the thread continues. So no connection and no lock belongs to an event loop.
        """
        import anyio.to_thread  # noqa: PLC0415  # only the async client pays for it

        own = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(call, limiter=own, abandon_on_cancel=True)


def open_store(url: str, account: str, rate: RateLimit) -> Store | None:
    """The store of an account at this URL; None for `memory`, which needs none.

    Raises a ValueError without the URL, which may contain a password, if it is not one of a store.
    """
    if url == "memory":
        return None
    try:
        scheme = urlsplit(url).scheme if "://" in url else ""
    except ValueError:  # its message quotes the host, which may be a part of the password
        raise ValueError(_UNPARSABLE) from None
    if scheme not in _STORES:
        raise ValueError(_unknown_scheme(url, scheme))
    module, name = _STORES[scheme].split(".")
    store: Store = getattr(import_module(f".{module}", __package__), name)(url, account, rate)
    return store


def _unknown_scheme(url: str, scheme: str) -> str:
    """The error message. It shows at most the scheme, or a plain path."""
    if url.startswith("/") and "@" not in url:
        return f"{_VALID}; for this path write {Path(url).as_uri()}"
    return f"{_VALID}; {f'{scheme}://' if scheme else 'this URL'} is not supported"
