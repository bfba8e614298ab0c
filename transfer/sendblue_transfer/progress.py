"""Reports the progress of imports and exports to a callback, and measures their rate.

Imports report ten times a second, with the rate of the last ten seconds: a resumed import begins with slow look-ups,
and a rate since the start would predict hours for minutes of work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendblue_contacts.bulk.progress import RateEstimator, seconds_left

from .reports import ExportProgress, ImportProgress
from .rows.row_status import CREATED, DUPLICATE, REJECTED, UPDATED

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_contacts_api.models.contact import Contact

    OnImportProgress = Callable[[ImportProgress], object] | None
    OnExportProgress = Callable[[ExportProgress], object] | None

REPORT_INTERVAL, RATE_WINDOW = 0.1, 10.0
"""Seconds between two reports, and the seconds that the rate of an import is measured over."""
_EXPORT_INTERVAL = 100
"""Contacts between two reports of an export."""


class Throttle:
    """Decides when a report is due: ten times a second at most.

    Args:
        clock: Returns the time in seconds; never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next_report = clock()

    def is_due(self, *, force: bool) -> bool:
        """Whether a report is due or forced. The next one is then due after `REPORT_INTERVAL`."""
        now = self._clock()
        if now < self._next_report and not force:
            return False
        self._next_report = now + REPORT_INTERVAL
        return True


class ProgressReporter:
    """Reports the progress of an import.

    Args:
        on_progress: The callback; None for none.
        clock: Returns the time in seconds; never goes back.
    """

    def __init__(self, on_progress: OnImportProgress, clock: Callable[[], float]) -> None:
        self._on_progress = on_progress
        self._clock = clock
        self._started = clock()
        self._throttle = Throttle(clock)
        self._rate = RateEstimator(clock, window=RATE_WINDOW)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def report_read(self, rows: int, *, force: bool = False) -> None:
        """Report the number of rows that were read, if a report is due or forced."""
        if self._on_progress and self._throttle.is_due(force=force):
            self._on_progress(ImportProgress("reading", rows, None, rate=self._rate.rate(rows)))

    def start_sending(self, total: int, counts: Counter[str]) -> None:
        """Report the rows that have their result before anything is sent. They do not count for the rate."""
        self._rate = RateEstimator(self._clock, window=RATE_WINDOW, done=counts.total())
        self.report_sent(total, counts, force=True)

    def report_sent(self, total: int, counts: Counter[str], *, force: bool = False) -> None:
        """Report how many rows have which result, if a report is due or forced."""
        if not (self._on_progress and self._throttle.is_due(force=force)):
            return
        done = counts.total()
        rate = self._rate.rate(done)
        self._on_progress(
            ImportProgress(
                phase="sending",
                done=done,
                total=total,
                created=counts[CREATED],
                updated=counts[UPDATED],
                rejected=counts[REJECTED],
                duplicates=counts[DUPLICATE],
                rate=rate,
                eta=seconds_left(done, total, rate),
            )
        )


class ExportProgressReporter:
    """Counts the contacts of an export, and reports its progress.

    Args:
        total: How many contacts there are, if that is known.
        on_progress: The callback; None for none.
        clock: Returns the time in seconds; never goes back.
    """

    def __init__(self, total: int | None, on_progress: OnExportProgress, clock: Callable[[], float]) -> None:
        self.done: int = 0
        self._total = total
        self._on_progress = on_progress
        self._clock = clock
        self._started = clock()
        self._rate = RateEstimator(clock)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._started

    def counted(self, contacts: Iterable[Contact]) -> Iterator[dict[str, Any]]:
        """Yield the contacts as JSON objects, and count them."""
        for contact in contacts:
            yield contact.to_dict()
            self.done += 1
            if self.done % _EXPORT_INTERVAL == 0:
                self._report()
        self._report()

    def _report(self) -> None:
        if self._on_progress:
            rate = self._rate.rate(self.done)
            self._on_progress(ExportProgress(self.done, self._total, rate, seconds_left(self.done, self._total, rate)))
