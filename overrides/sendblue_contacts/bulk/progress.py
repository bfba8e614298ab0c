"""Reports the progress of a bulk call. Pure."""

from __future__ import annotations

import time
from collections.abc import Sized
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from .eta import RateEstimator, seconds_left
from .results import BulkProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .results import BulkOutcome


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
