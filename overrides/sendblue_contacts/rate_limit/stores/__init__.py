"""Where slots live besides this process: what a store is asked, what it answers, and which there are.

A store keeps the rule of `window.py` for everybody who uses it. It never makes anybody wait: it answers for how long to
wait, and holds a slot for the one who asked meanwhile, so that processes are served in the order in which they asked.
Whoever waited asks again (`CONFIRM`), because the server may have refused somebody in the meantime.

A slot is held under a lease. A process that dies with a request in flight never gives its slot back; when the lease is
over, the request counts as given up.
"""

from __future__ import annotations

from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit.rate import RateLimit

LEASE = 120.0
"""Seconds after which a request counts as given up: longer than any attempt of a client with its usual settings."""

_FORMS = (
    "a rate limit store is memory, file:///a/path, redis://host or rediss://host, "
    "in RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE"
)
_UNREADABLE = f"this address of a rate limit store cannot be read: percent-encode special characters; {_FORMS}"
_STORES = {"file": "file.FileStore", "redis": "redis.RedisStore", "rediss": "redis.RedisStore"}


class Verb(Enum):
    """What a store is asked to do."""

    TAKE = "take"
    """Hold a slot under this token; the answer says for how long to wait before it may be used."""
    CONFIRM = "confirm"
    """The wait is over: may the slot be used now? A store that has lost it holds another, as with TAKE."""
    GIVE_BACK = "give_back"
    """The response is there, or the request is given up."""
    CANCEL = "cancel"
    """Nothing was sent: the slot is as it was before."""
    FREEZE = "freeze"
    """The server refused a request: nobody uses a slot for so many seconds."""


ASKS = frozenset({Verb.TAKE, Verb.CONFIRM})
"""What the one who asks waits for: a slot may be held for him."""
FAREWELLS = frozenset({Verb.GIVE_BACK, Verb.CANCEL})
"""What ends that."""


class Question(NamedTuple):
    """One request to a store.

    Attributes:
        verb: What to do.
        token: A number of 53 bits, different for each slot that is taken.
        bulk: Whether it is bulk work, which leaves the reserve.
        paced: Whether it is spread evenly.
        seconds: How long a freeze lasts.
    """

    verb: Verb
    token: int = 0
    bulk: bool = False
    paced: bool = False
    seconds: float = 0.0


class Answer(NamedTuple):
    """What a store says.

    Attributes:
        wait: Seconds until the slot may be used; 0 for now.
        frozen: Seconds for which the server lets nobody send.
        held: Whether a slot is held for the one who asked. If not, all of them are in flight: ask again after `wait`,
            with TAKE.
    """

    wait: float = 0.0
    frozen: float = 0.0
    held: bool = True


class StoreAwayError(Exception):
    """The store does not answer. The text says why, without a password."""


class Store(Protocol):
    """Slots that are shared with other processes. Safe to use from many threads.

    Attributes:
        at_once: Whether it answers within microseconds, so that a task may ask as a thread does.
    """

    at_once: bool

    def ask(self, question: Question) -> Answer:
        """Ask once. StoreAwayError if no answer comes, RateLimitStoreError if the store will never do."""
        ...

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`, for tasks."""
        ...

    def after_fork(self) -> None:
        """Forget what a forked process must not share with its parent, such as a connection."""


def open_store(url: str, account: str, rate: RateLimit) -> Store | None:
    """The store at this address; None for `memory`, which needs none.

    Args:
        url: `memory`, `file:///a/path`, `redis://…` or `rediss://…`.
        account: Tells accounts apart that use the same store: a hash, never a key.
        rate: The limit.

    Raises:
        ValueError: The address names no store. It may hold a password, and is not shown.
        RateLimitStoreError: The store cannot be used from here.
    """
    if url == "memory":
        return None
    scheme = _scheme(url)
    if scheme not in _STORES:
        raise ValueError(_unknown(url, scheme))
    module, name = _STORES[scheme].split(".")
    store: Store = getattr(import_module(f".{module}", __name__), name)(url, account, rate)
    return store


def _scheme(url: str) -> str:
    """What is before the `://`; empty where nothing is, or where the rest cannot be read."""
    if "://" not in url:
        return ""
    try:
        return urlsplit(url).scheme
    except ValueError:  # its text quotes what is in the place of the host, which may be half of a password
        raise ValueError(_UNREADABLE) from None


def _unknown(url: str, scheme: str) -> str:
    """The error for an address that names no store. Nothing of it is shown but a scheme, or a plain path."""
    if url.startswith("/") and "@" not in url:
        return f"{_FORMS}; for this path write {Path(url).as_uri()}"
    return f"{_FORMS}; {f'{scheme}://' if scheme else 'this'} is none of them"
