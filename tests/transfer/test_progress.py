"""The progress of imports and exports, with a clock that the test sets."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest
from sendblue_contacts_api.models.contact import Contact
from sendblue_transfer import ExportProgress, ImportProgress
from sendblue_transfer.progress import ExportProgressReporter, ProgressReporter
from sendblue_transfer.rows.row_status import CREATED

from tests.transfer.contact_files import number


def reports_of(total: int, creations: Iterable[tuple[float, int]]) -> list[ImportProgress]:
    """Return the reports if so many contacts are created so many seconds after the start."""
    reports: list[ImportProgress] = []
    now = 100.0
    reporter = ProgressReporter(reports.append, lambda: now)
    reporter.start_sending(total, Counter())
    for seconds, created in creations:
        now = 100.0 + seconds
        reporter.report_sent(total, Counter({CREATED: created}))
    return reports


def test_reports_ten_times_a_second() -> None:
    """However often results are counted."""
    assert len(reports_of(1_000, ((each / 100, each) for each in range(1, 101)))) == pytest.approx(11, abs=1)


def test_rate_is_that_of_the_last_ten_seconds() -> None:
    """A slow start does not affect it for long."""
    creations = [(60, 10), *((60 + second, 10 + 100 * second) for second in range(1, 15))]
    assert reports_of(100_000, creations)[-1].rate == 100


def test_export_reports_every_hundred_contacts_and_at_the_end() -> None:
    """The rate is the average since the start, and the ETA follows from it."""
    now = 0.0
    reports: list[ExportProgress] = []

    def contacts() -> Iterator[Contact]:
        nonlocal now
        for index in range(250):
            now = (index + 1) / 50
            yield Contact(phone=number(index))

    reporter = ExportProgressReporter(500, reports.append, lambda: now)
    assert len(list(reporter.counted(contacts()))) == reporter.done == 250
    assert [(report.done, report.total) for report in reports] == [(100, 500), (200, 500), (250, 500)]
    assert (reports[0].rate, reports[0].eta) == (50, 8)
    assert (reporter.seconds, reports[-1].rate) == (5, 50)
