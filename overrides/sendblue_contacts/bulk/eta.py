"""Items per second, and the estimated seconds until all items are done (ETA). Bulk calls and imports use it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RateEstimator:
    """Measures how many items are done per second: over a `window` in seconds, by default since the start."""

    def __init__(self, clock: Callable[[], float], *, window: float | None = None, done: int = 0) -> None:
        self._clock = clock
        self._window = window
        self._samples = deque([(clock(), done)])

    def rate(self, done: int) -> float:
        """Items per second, now that so many are done; 0 if no time has passed."""
        now = self._clock()
        if self._window is not None:
            self._add_sample(now, done, self._window)
        then, done_before = self._samples[0]
        return (done - done_before) / (now - then) if now > then else 0.0

    def _add_sample(self, now: float, done: int, window: float) -> None:
        while len(self._samples) > 1 and self._samples[1][0] <= now - window:
            self._samples.popleft()
        self._samples.append((now, done))


def seconds_left(done: int, total: int | None, rate: float) -> float | None:
    """Estimated seconds until all items are done (ETA); None if the total or the rate is unknown."""
    if total is None or not rate:
        return None
    return max(0, total - done) / rate
