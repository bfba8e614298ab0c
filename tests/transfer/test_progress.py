"""The progress of imports and exports, with a clock that the test sets."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sendblue_contacts_api.models.contact import Contact
from sendblue_transfer import ExportProgress, ImportProgress
from sendblue_transfer.progress import ExportProgressReporter, ProgressReporter
from sendblue_transfer.rows.row_status import CREATED

from tests.transfer.contact_files import number


class Recorder:
    """A progress reporter, its clock, and what it reported."""

    def __init__(self) -> None:
        self.now = 100.0
        self.reports: list[ImportProgress] = []
        self.reporter = ProgressReporter(self.reports.append, lambda: self.now)

    def report_sent(self, seconds: float, created: int, total: int = 1_000) -> None:
        """Report that so many contacts are created, so many seconds after the start."""
        self.now = 100.0 + seconds
        self.reporter.report_sent(total, Counter({CREATED: created}))


@pytest.fixture
def recorder() -> Recorder:
    """A recorder at its start."""
    return Recorder()


def test_reports_ten_times_a_second(recorder: Recorder) -> None:
    """However often results are counted."""
    recorder.reporter.start_sending(1_000, Counter())
    for hundredth in range(1, 101):
        recorder.report_sent(hundredth / 100, hundredth)
    assert len(recorder.reports) == pytest.approx(11, abs=1)


def test_rate_is_that_of_the_last_ten_seconds(recorder: Recorder) -> None:
    """A slow start does not affect it for long."""
    recorder.reporter.start_sending(100_000, Counter())
    recorder.report_sent(60, 10, 100_000)
    for second in range(61, 75):
        recorder.report_sent(second, 10 + 100 * (second - 60), 100_000)
    assert recorder.reports[-1].rate == 100


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
