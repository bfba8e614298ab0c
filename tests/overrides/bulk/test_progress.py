"""The progress of a bulk call: how many items are done, the rate, and the ETA."""

from typing import Any

import pytest
from sendblue_contacts import BulkOutcome, BulkProgress, Contact
from sendblue_contacts.bulk.progress import ProgressTracker, RateEstimator

from tests.overrides.transport_harness import Clock


def _outcomes(statuses: str) -> list[BulkOutcome[Contact]]:
    """Returns outcomes for the initials of their statuses: c for created, f, u and d."""
    names: dict[str, Any] = {"c": "created", "f": "failed", "u": "unknown", "d": "duplicate"}
    return [BulkOutcome(index, {}, names[initial]) for index, initial in enumerate(statuses)]


@pytest.mark.parametrize(
    ("items", "seconds", "statuses", "progress"),
    [
        ([1] * 9, 0, "ccfudd", BulkProgress(6, 2, 9)),  # unknown items count as failed, and duplicates do not
        ([1] * 50, 2, "c" * 10, BulkProgress(10, 0, 50, rate=5, eta=8)),
        (iter([1]), 2, "cc", BulkProgress(2, 0, None, rate=1, eta=None)),  # a generator has no length
        ([1], 5, "", BulkProgress(0, 0, 1, rate=0, eta=None)),  # nothing is done, so the rate is unknown
        ([1], 1, "ccc", BulkProgress(3, 0, 1, rate=3, eta=0)),  # an input may yield more items than its length
    ],
)
def test_progress(items: object, seconds: float, statuses: str, progress: BulkProgress) -> None:
    """Items that are done and that failed, the length of the input, items per second, and the remaining seconds."""
    clock, reported = Clock(), list[BulkProgress]()
    tracker = ProgressTracker(items, reported.append, clock)
    clock.now += seconds
    tracker.add(_outcomes(statuses))
    assert reported == [progress]


def test_the_rate_in_a_window() -> None:
    """What was done before the window does not count."""
    clock = Clock()
    estimator = RateEstimator(clock, window=10.0)
    rates = list[float]()
    for done in (100, 150, 160):
        clock.now += 10
        rates.append(estimator.rate(done))
    assert rates == [10, 5, 1]
