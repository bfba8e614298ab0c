"""A tally: how many of something there were in any stretch of the last while, in little memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# A window is cut into so many grains, and what falls into one grain is one number; none is finer than FINEST seconds.
GRAINS = 100
FINEST = 0.01


class Tally:
    """Counts in grains of a hundredth of a window.

    Args:
        span: How far back it can be asked, in seconds.
        window: The length of the windows it is asked for, in seconds.
    """

    def __init__(self, span: float, window: float) -> None:
        self._grain = max(window / GRAINS, FINEST)
        self._kept = int(span / self._grain) + 1
        self._starts: list[float] = []
        self._totals: list[int] = []  # since the beginning, up to the end of the grain
        self._dropped = 0

    def add(self, now: float) -> None:
        """Count one."""
        if not self._starts or now >= self._starts[-1] + self._grain:
            self._begin(now)
        self._totals[-1] += 1

    def within(self, ends: Iterable[float], window: float) -> list[int]:
        """How many there were in the window before each of some moments."""
        return [self._until(end) - self._until(end - window) for end in ends]

    def since(self, start: float) -> int:
        """How many there were after a moment."""
        return self._total() - self._until(start)

    def _total(self) -> int:
        return self._totals[-1] if self._totals else 0

    def _until(self, moment: float) -> int:
        index = bisect_right(self._starts, moment)
        return self._totals[index - 1] if index else self._dropped

    def _begin(self, now: float) -> None:
        self._totals.append(self._total())
        self._starts.append(now)
        if len(self._starts) > 2 * self._kept:  # half of them at once, so that it costs nothing on average
            self._dropped = self._totals[self._kept - 1]
            del self._starts[: self._kept], self._totals[: self._kept]
