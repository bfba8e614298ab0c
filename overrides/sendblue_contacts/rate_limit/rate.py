"""Rate limit, the settings: how many requests, in how much time, for whom, and where that is kept."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal, get_args

WhenAway = Literal["block", "raise", "local"]

_PACE = 1.02
"""A little slower than the limit, so that a server which estimates its window finds nothing to refuse."""
_ROUNDING = 1e-9
"""More than what floats lose: 49 times 1/49 falls just short of 1."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests may arrive in how much time, and where the count of them is kept.

    Args:
        limit: The most requests in any `per` seconds, 100 for the Contacts API.
        per: The length of the window in seconds, 10 for the Contacts API.
        reserve: How many of the slots bulk work leaves to other callers of the account, so that nobody waits for an
            import.
        paced: Whether all requests are spread evenly, and not only those of bulk work: for a server that estimates its
            window. Bursts then take the time that they would take anyway in the long run.
        store: Where the slots are kept: `memory`, `file:///a/path` to share them among the processes of this machine,
            `redis://host` or `rediss://host` to share them among machines (extra `redis`). None takes what
            SENDBLUE_RATE_LIMIT_STORE says in a client, and `memory` elsewhere.
        when_away: What to do while Redis cannot be reached: `block` waits for it, for as long as a caller allows;
            `raise` raises `RateLimitStoreError` at once; `local` goes on with a `share` of the slots.
        share: The share of the slots that each process takes with `when_away="local"`, between 0 and 1: not more than
            1 divided by the number of processes, and at least one slot.
    """

    limit: int = 100
    per: float = 10.0
    reserve: int = 10
    paced: bool = False
    store: str | None = field(default=None, repr=False)  # it may hold a password
    when_away: WhenAway = "block"
    share: float = 0.1

    def __post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            message = f"RateLimit: limit must be a whole number of 1 or more, not {self.limit!r}"
            raise ValueError(message)
        if not 0 < self.per < math.inf:
            message = f"RateLimit: per must be a positive number of seconds, not {self.per!r}"
            raise ValueError(message)
        if type(self.reserve) is not int or self.reserve < 0:
            message = f"RateLimit: reserve must be a whole number of 0 or more, not {self.reserve!r}"
            raise ValueError(message)
        if self.when_away not in get_args(WhenAway):
            message = f"RateLimit: when_away must be one of {', '.join(get_args(WhenAway))}, not {self.when_away!r}"
            raise ValueError(message)
        if not 0 < self.share <= 1:
            message = f"RateLimit: share must be above 0 and at most 1, not {self.share!r}"
            raise ValueError(message)
        if self.when_away == "local" and not share_of(self.limit, self.share):
            message = (
                f"RateLimit: a share of {self.share!r} of {self.limit} slots is none, for when_away='local'; "
                f"use 'block', or fewer processes, with a share of 1/{self.limit} or more"
            )
            raise ValueError(message)
        object.__setattr__(self, "store", _tidy(self.store))

    @property
    def bulk_room(self) -> int:
        """The most slots that bulk work uses at one time."""
        return max(1, self.limit - self.reserve)

    @property
    def pace(self) -> float:
        """Seconds between two paced requests."""
        return self.per / self.limit * _PACE


def share_of(slots: int, share: float) -> int:
    """How many of the slots are in a share, in whole ones."""
    return math.floor(slots * share + _ROUNDING)


def _tidy(store: object) -> str | None:
    """A store's address without the slips of a shell: two spellings would make two limiters of one account."""
    if store is None:
        return None
    if not isinstance(store, str):
        message = (
            f"RateLimit: store must be text, not a {type(store).__name__}; "
            "a file is named file:///a/path, which is what a Path says with path.absolute().as_uri()"
        )
        raise TypeError(message)
    store = store.strip()
    return "memory" if store.lower() == "memory" else store
