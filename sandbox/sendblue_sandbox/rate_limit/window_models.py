"""Window models: the ways in which servers count requests. Pure: nothing here waits or reads a clock.

| name       | how it counts                                                                       | most in a window |
|------------|-------------------------------------------------------------------------------------|------------------|
| `log`      | the time of each admitted request                                                   | the limit        |
| `log_all`  | the same, and refused requests too: who knocks on waits longer                      | the limit        |
| `fixed`    | a counter that starts anew at every multiple of the window                          | twice the limit  |
| `counters` | this window's counter, and the share of the last one's that would still be in sight | less than twice  |
| `bucket`   | a bucket of tokens that fills evenly                                                | twice the limit  |

The vendor's page 003 says "100 requests per 10 seconds" and not how they are counted: a client that is right holds
against all five. Two arrivals exactly one window apart are not in one window.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Model: TypeAlias = Literal["log", "log_all", "fixed", "counters", "bucket"]
# Sums of floats are off by some 1e-16; a request at the very moment it was told to come back is not refused for that.
HAIR = 1e-9


class Window(Protocol):
    """One key's count."""

    def arrive(self, now: float) -> float | None:
        """Count a request at `now`: None if it is admitted, else the seconds until one would be."""
        ...

    def used(self, now: float) -> int:
        """How many places are taken at `now`."""
        ...


class Log:
    """The exact log. `limit` may be infinite: then everybody is admitted."""

    def __init__(self, limit: float, per: float, *, count_refused: bool = False) -> None:
        self._limit = limit
        self._per = per
        self._count_refused = count_refused
        self._times: deque[float] = deque()

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        taken = self.used(now)
        admitted = taken < self._limit
        if admitted or self._count_refused:
            self._times.append(now)
        return None if admitted else self._times[-int(self._limit)] + self._per - now

    def used(self, now: float) -> int:
        """How many requests are in the window that ends at `now`; refused ones too where they count."""
        while self._times and self._times[0] + self._per <= now:
            self._times.popleft()
        return len(self._times)


class Fixed:
    """One counter, for windows that follow upon each other: the first starts with the year 1970."""

    def __init__(self, limit: float, per: float) -> None:
        self._limit = limit
        self._per = per
        self._window: int = 0
        self._count: int = 0

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        if self.used(now) >= self._limit:
            return (self._window + 1) * self._per - now
        self._count += 1
        return None

    def used(self, now: float) -> int:
        """How many requests were admitted in the window that `now` is in."""
        window = math.floor(now / self._per)
        if window != self._window:
            self._window, self._count = window, 0
        return self._count


class Counters:
    """Two counters: an estimate of a sliding window, as Cloudflare and many gateways make it."""

    def __init__(self, limit: float, per: float) -> None:
        self._limit = limit
        self._per = per
        self._window: int = 0
        self._before: int = 0
        self._count: int = 0

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        if self._estimate(now) + 1 > self._limit + HAIR:
            return self._wait(now)
        self._count += 1
        return None

    def used(self, now: float) -> int:
        """The estimate, rounded up."""
        return math.ceil(self._estimate(now) - HAIR)

    def _estimate(self, now: float) -> float:
        window = math.floor(now / self._per)
        if window != self._window:
            self._before = self._count if window == self._window + 1 else 0
            self._window, self._count = window, 0
        return self._before * (1 - self._elapsed(now)) + self._count

    def _elapsed(self, now: float) -> float:
        return now / self._per - self._window

    def _wait(self, now: float) -> float:
        if self._count + 1 <= self._limit:
            return (self._faded(self._before, self._limit - 1 - self._count) - self._elapsed(now)) * self._per
        return (1 + self._faded(self._count, self._limit - 1) - self._elapsed(now)) * self._per

    def _faded(self, before: int, room: float) -> float:
        # Which share of a window must pass until `before` of them weigh no more than `room`.
        return 1 - room / before


class Bucket:
    """Tokens: one for each request, and full after one window without any."""

    def __init__(self, limit: float, per: float) -> None:
        self._limit = limit
        self._per = per
        self._tokens = limit
        self._filled = -math.inf

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        self._fill(now)
        if self._tokens < 1 - HAIR:
            return (1 - self._tokens) * self._per / self._limit
        self._tokens -= 1
        return None

    def used(self, now: float) -> int:
        """How many tokens are missing, rounded up."""
        self._fill(now)
        return math.ceil(self._limit - self._tokens - HAIR)

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._filled)
        self._tokens = min(self._limit, self._tokens + passed * self._limit / self._per)
        self._filled = now


def _log_all(limit: float, per: float) -> Log:
    return Log(limit, per, count_refused=True)


MODELS: dict[Model, Callable[[float, float], Window]] = {
    "log": Log,
    "log_all": _log_all,
    "fixed": Fixed,
    "counters": Counters,
    "bucket": Bucket,
}
