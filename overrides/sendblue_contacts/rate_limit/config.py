"""Configuration of the rate limit: how many requests in how much time, the reserve, the pace, and the store."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal, get_args

from sendblue_contacts.errors import check_seconds

OnUnavailable = Literal["block", "raise"]

_PACE_FACTOR = 1.02
"""Paced requests are slightly slower than the limit, so that a server that estimates its window refuses none."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests may arrive in how much time, and where the slots are kept.

    Args:
        limit: The maximum number of requests in any `per` seconds; 100 for the Contacts API.
        per: The length of the window in seconds; 10 for the Contacts API.
        reserve: The number of slots that bulk work leaves to other callers of the account, so that they do not have to
            wait for an import.
        paced: Whether all requests are spread evenly, not only those of bulk work. Use it for a server that estimates
            its window. The rate stays the same; only bursts take longer.
        store: Where the slots are kept: `memory`, `file:///a/path` to share them among the processes of this machine,
            `redis://host` or `rediss://host` to share them among machines (extra `redis`). Defaults to
            SENDBLUE_RATE_LIMIT_STORE in a client, and to `memory` elsewhere.
        on_unavailable: What to do while Redis is unreachable: `block` retries for as long as the caller allows (see
            `max_wait` and `freeze_timeout` of `RateLimiter.slot`); `raise` raises `RateLimitStoreError` at once.
        hold_abandoned: Seconds for which the slot of a request without a response (canceled or timed out) stays in use,
            because the request may still be on its way to the server.

    Raises:
        ValueError: An argument is out of range.
        TypeError: `store` is not a string.
    """

    limit: int = 100
    per: float = 10.0
    reserve: int = 10
    paced: bool = False
    store: str | None = field(default=None, repr=False)  # it may contain a password
    on_unavailable: OnUnavailable = "block"
    hold_abandoned: float = 3.0

    def __post_init__(self) -> None:
        for name, least in (("limit", 1), ("reserve", 0)):
            if type(value := getattr(self, name)) is not int or value < least:
                raise ValueError(f"RateLimit: {name} must be an integer of at least {least}, not {value!r}")
        check_seconds("RateLimit: per", self.per, finite=True)
        check_seconds("RateLimit: hold_abandoned", self.hold_abandoned, positive=False, finite=True)
        if self.on_unavailable not in get_args(OnUnavailable):
            raise ValueError(f"RateLimit: on_unavailable must be 'block' or 'raise', not {self.on_unavailable!r}")
        object.__setattr__(self, "store", _normalized_store(self.store))

    @property
    def bulk_slots(self) -> int:
        """The maximum number of slots that bulk work uses at one time."""
        return max(1, self.limit - self.reserve)

    @property
    def pace(self) -> float:
        """Seconds between two paced requests."""
        return self.per / self.limit * _PACE_FACTOR


def account_hash(api_key: str, host: str) -> str:
    """Return what identifies an account of a host."""
    return hashlib.sha256(f"{host}\n{api_key}".encode()).hexdigest()


def _normalized_store(store: object) -> str | None:
    """The URL without surrounding whitespace: two spellings would make two limiters of one account."""
    if store is None:
        return None
    if not isinstance(store, str):
        raise TypeError(
            f"RateLimit: store must be a string, not {type(store).__name__}; "
            "for a file write file:///a/path, which is path.absolute().as_uri()"
        )
    store = store.strip()
    return "memory" if store.lower() == "memory" else store
