"""Time buckets: how many events happened in any interval of the recent past, in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A window has this many buckets; a bucket is at least MIN_BUCKET_SECONDS long.
BUCKETS_PER_WINDOW = 100
MIN_BUCKET_SECONDS = 0.01


class TimeBuckets:
    """Event counts in buckets of a hundredth of a window.

    Args:
        span: How many seconds of the past are kept.
        window: The length in seconds of the windows to count in.
    """

    def __init__(self, span: float, window: float) -> None:
        self._length = max(window / BUCKETS_PER_WINDOW, MIN_BUCKET_SECONDS)
        self._kept = int(span / self._length) + 1
        self._starts: list[float] = []
        self._totals: list[int] = []  # cumulative, up to the end of each bucket
        self._dropped = 0

    def add(self, now: float) -> None:
        """Count one event."""
        if not self._starts or now >= self._starts[-1] + self._length:
            self._begin(now)
        self._totals[-1] += 1

    def within(self, ends: Iterable[float], window: float) -> list[int]:
        """Return the number of events in the window before each of the given times."""
        return [self._until(end) - self._until(end - window) for end in ends]

    def since(self, start: float) -> int:
        """Return the number of events after a time."""
        return self._total() - self._until(start)

    def _total(self) -> int:
        return self._totals[-1] if self._totals else 0

    def _until(self, time: float) -> int:
        index = bisect_right(self._starts, time)
        return self._totals[index - 1] if index else self._dropped

    def _begin(self, now: float) -> None:
        self._totals.append(self._total())
        self._starts.append(now)
        if len(self._starts) > 2 * self._kept:  # drop half of them at once, so that the average cost is constant
            self._dropped = self._totals[self._kept - 1]
            del self._starts[: self._kept], self._totals[: self._kept]
