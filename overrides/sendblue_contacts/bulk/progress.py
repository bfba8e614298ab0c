"""Progress, items per second, and the estimated seconds until all items are done (ETA). Pure; imports use it, too."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sized
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from .results import BulkProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .results import BulkOutcome


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
            while len(self._samples) > 1 and self._samples[1][0] <= now - self._window:
                self._samples.popleft()
            self._samples.append((now, done))
        then, done_before = self._samples[0]
        return (done - done_before) / (now - then) if now > then else 0.0


def seconds_left(done: int, total: int | None, rate: float) -> float | None:
    """Estimated seconds until all items are done (ETA); None if the total or the rate is unknown."""
    if total is None or not rate:
        return None
    return max(0, total - done) / rate


class ProgressTracker:
    """Counts the outcomes of a bulk call of these items, and calls `on_progress` after each chunk."""

    def __init__(
        self,
        items: object,
        on_progress: Callable[[BulkProgress], object] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if iscoroutinefunction(on_progress) or iscoroutinefunction(getattr(on_progress, "__call__", None)):  # noqa: B004  # the method of an object
            raise TypeError("on_progress must be a regular function, also in the async client: it is not awaited")
        self._done = self._failed = 0
        self._total = len(items) if isinstance(items, Sized) else None
        self._on_progress = on_progress
        self._rate = RateEstimator(clock)

    def add(self, outcomes: Sequence[BulkOutcome[Any]]) -> None:
        """Count the outcomes of a chunk and report the progress; raises what `on_progress` raises."""
        self._done += len(outcomes)
        self._failed += sum(outcome.status in {"failed", "unknown"} for outcome in outcomes)
        if self._on_progress:
            rate = self._rate.rate(self._done)
            eta = seconds_left(self._done, self._total, rate)
            self._on_progress(BulkProgress(self._done, self._failed, self._total, rate, eta))
