"""The progress of a plan, and of applying it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sendblue_contacts.bulk.progress import RateEstimator, seconds_left

from sendblue_transfer.progress import RATE_WINDOW, Throttle

SyncPhase = Literal["reading", "listing", "comparing", "creating", "updating", "deleting"]


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """The progress of one phase of a sync.

    Attributes:
        phase: `reading` the source, `listing` the account and `comparing` both; then `creating`, `updating` and
            `deleting` contacts.
        done: Rows or contacts of this phase so far.
        total: Number of rows or contacts in this phase; None if it is not known.
        rate: Rows or contacts per second.
        eta: Estimated seconds until this phase ends; None if it is not known.
    """

    phase: SyncPhase
    done: int
    total: int | None
    rate: float = 0.0
    eta: float | None = None


OnSyncProgress = Callable[[SyncProgress], object] | None


class SyncProgressReporter:
    """Reports the progress of a sync, phase by phase.

    Args:
        on_progress: The callback; None for none.
        clock: Returns the time in seconds; never goes back.
    """

    def __init__(self, on_progress: OnSyncProgress, clock: Callable[[], float]) -> None:
        self._on_progress = on_progress
        self._clock = clock
        self._throttle = Throttle(clock)
        self.start("reading")

    def start(self, phase: SyncPhase, total: int | None = None, done: int = 0) -> None:
        """Start a phase. What is done already does not count for the rate."""
        self._phase: SyncPhase = phase
        self._total = total
        self._rate = RateEstimator(self._clock, window=RATE_WINDOW, done=done)

    def report(self, done: int, *, force: bool = False) -> None:
        """Report how much of the phase is done, if a report is due or forced."""
        if self._on_progress and self._throttle.is_due(force=force):
            rate = self._rate.rate(done)
            eta = seconds_left(done, self._total, rate)
            self._on_progress(SyncProgress(self._phase, done, self._total, rate, eta))
