"""Window models: the ways in which servers count requests. Pure: nothing here waits or reads a clock.

| name       | how it counts                                                                 | most in a window |
|------------|-------------------------------------------------------------------------------|------------------|
| `log`      | the time of each admitted request                                             | the limit        |
| `log_all`  | the same, refused requests included: each refused request prolongs the wait   | the limit        |
| `fixed`    | a counter that restarts at every multiple of the window                       | twice the limit  |
| `counters` | the counter of this window, and a share of the one before                     | less than twice  |
| `bucket`   | a token bucket that fills at a constant rate                                  | twice the limit  |

The vendor's page 003 documents "100 requests per 10 seconds" and not how they are counted, so a correct client must
work with all five. Two arrivals that are exactly one window apart are not in the same window.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

WindowName: TypeAlias = Literal["log", "log_all", "fixed", "counters", "bucket"]
# Float sums are off by about 1e-16; a request sent exactly when the wait has ended must not be refused because of that.
TOLERANCE = 1e-9


class WindowModel(Protocol):
    """Counts the requests of one key."""

    def arrive(self, now: float) -> float | None:
        """Count a request at `now`. Return None if it is admitted, else the seconds until one would be."""
        ...

    def used(self, now: float) -> int:
        """Return the number of used slots at `now`."""
        ...


class LogWindow:
    """An exact log. With an infinite `limit` every request is admitted."""

    def __init__(self, limit: float, per: float, *, count_refused: bool = False) -> None:
        self._limit = limit
        self._per = per
        self._count_refused = count_refused
        self._times: deque[float] = deque()

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        admitted = self.used(now) < self._limit
        if admitted or self._count_refused:
            self._times.append(now)
        return None if admitted else self._times[-int(self._limit)] + self._per - now

    def used(self, now: float) -> int:
        """Return the number of requests in the window that ends at `now`, with refused ones if they count."""
        while self._times and self._times[0] + self._per <= now:
            self._times.popleft()
        return len(self._times)


class FixedWindow:
    """One counter for consecutive windows; the first starts at the beginning of 1970."""

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
        """Return the number of admitted requests in the window that contains `now`."""
        window = math.floor(now / self._per)
        if window != self._window:
            self._window, self._count = window, 0
        return self._count


class SlidingCounters:
    """Two counters that estimate a sliding window, as Cloudflare and many gateways do."""

    def __init__(self, limit: float, per: float) -> None:
        self._limit = limit
        self._per = per
        self._window: int = 0
        self._previous: int = 0
        self._count: int = 0

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        if self._estimate(now) + 1 > self._limit + TOLERANCE:
            return self._wait(now)
        self._count += 1
        return None

    def used(self, now: float) -> int:
        """Return the estimate, rounded up."""
        return math.ceil(self._estimate(now) - TOLERANCE)

    def _estimate(self, now: float) -> float:
        window = math.floor(now / self._per)
        if window != self._window:
            self._previous = self._count if window == self._window + 1 else 0
            self._window, self._count = window, 0
        return self._previous * (1 - self._elapsed(now)) + self._count

    def _elapsed(self, now: float) -> float:
        return now / self._per - self._window

    def _wait(self, now: float) -> float:
        if self._count + 1 <= self._limit:
            return (self._share(self._previous, self._limit - 1 - self._count) - self._elapsed(now)) * self._per
        return (1 + self._share(self._count, self._limit - 1) - self._elapsed(now)) * self._per

    def _share(self, previous: int, allowed: float) -> float:
        # The share of a window that must pass until `previous` requests weigh no more than `allowed`.
        return 1 - allowed / previous


class TokenBucket:
    """A token for each request; the bucket is full after one window without requests."""

    def __init__(self, limit: float, per: float) -> None:
        self._limit = limit
        self._per = per
        self._tokens = limit
        self._filled_at = -math.inf

    def arrive(self, now: float) -> float | None:
        """Count a request."""
        self._fill(now)
        if self._tokens < 1 - TOLERANCE:
            return (1 - self._tokens) * self._per / self._limit
        self._tokens -= 1
        return None

    def used(self, now: float) -> int:
        """Return the number of missing tokens, rounded up."""
        self._fill(now)
        return math.ceil(self._limit - self._tokens - TOLERANCE)

    def _fill(self, now: float) -> None:
        elapsed = max(0.0, now - self._filled_at)
        self._tokens = min(self._limit, self._tokens + elapsed * self._limit / self._per)
        self._filled_at = now


def _log_all(limit: float, per: float) -> LogWindow:
    return LogWindow(limit, per, count_refused=True)


WINDOW_MODELS: dict[WindowName, Callable[[float, float], WindowModel]] = {
    "log": LogWindow,
    "log_all": _log_all,
    "fixed": FixedWindow,
    "counters": SlidingCounters,
    "bucket": TokenBucket,
}
