"""The progress of a bulk call: how many items are done, the rate, and the ETA."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import BulkOutcome, BulkProgress, Contact
from sendblue_contacts.bulk.progress import ProgressTracker

from tests.overrides.transport_harness import Clock

if TYPE_CHECKING:
    from collections.abc import Callable


def _outcomes(statuses: str) -> list[BulkOutcome[Contact]]:
    """Returns outcomes for the initials of their statuses: c for created, f, u and d."""
    names: dict[str, Any] = {"c": "created", "f": "failed", "u": "unknown", "d": "duplicate"}
    return [
        BulkOutcome(index, {}, names[initial], Contact() if initial == "c" else None)
        for index, initial in enumerate(statuses)
    ]


def _tracker(
    items: object = (), on_progress: Callable[[BulkProgress], object] | None = None, clock: Clock | None = None
) -> ProgressTracker:
    return ProgressTracker(items, on_progress, clock or Clock())


@pytest.mark.parametrize(
    ("items", "total"), [([1, 2, 3], 3), ((1,), 1), (iter([1, 2]), None), ((n for n in [1]), None)]
)
def test_the_total_is_the_length_of_the_input(items: object, total: int | None) -> None:
    """A list has a length, a generator has none."""
    reported: list[BulkProgress] = []
    _tracker(items, reported.append).add(_outcomes("cf"))
    assert reported == [BulkProgress(2, 1, total)]


def test_unknown_items_count_as_failed() -> None:
    """A duplicate is done, and has not failed."""
    tracker = _tracker()
    tracker.add(_outcomes("ccfudd"))
    assert (tracker.snapshot().done, tracker.snapshot().failed) == (6, 2)


def test_progress_is_an_immutable_snapshot() -> None:
    """It does not change when more items are done."""
    reported: list[BulkProgress] = []
    tracker = _tracker([1] * 3, reported.append)
    tracker.add(_outcomes("c"))
    tracker.add(_outcomes("fc"))
    assert reported == [BulkProgress(1, 0, 3), BulkProgress(3, 1, 3)]
    with pytest.raises(FrozenInstanceError):
        reported[0].done = 3  # type: ignore[misc]  # this must not work


def test_the_rate_is_measured_since_the_start() -> None:
    """Items per second, and the seconds for the remaining items at this rate."""
    clock = Clock()
    tracker = _tracker([1] * 50, clock=clock)
    clock.now += 2
    tracker.add(_outcomes("c" * 10))
    assert (tracker.snapshot().rate, tracker.snapshot().eta) == (5, 8)
    clock.now += 2
    tracker.add(_outcomes("c" * 30))
    assert (tracker.snapshot().rate, tracker.snapshot().eta) == (10, 1)


def test_without_a_total_there_is_no_eta() -> None:
    """There is a rate."""
    clock = Clock()
    tracker = _tracker(iter([]), clock=clock)
    clock.now += 2
    tracker.add(_outcomes("cc"))
    assert (tracker.snapshot().rate, tracker.snapshot().eta) == (1, None)


@pytest.mark.parametrize("seconds", [0, 5])
def test_there_is_no_eta_before_the_first_outcome(seconds: float) -> None:
    """The rate is 0, so that the ETA is unknown."""
    clock = Clock()
    tracker = _tracker([1], clock=clock)
    clock.now += seconds
    assert tracker.snapshot() == BulkProgress(0, 0, 1, 0.0, None)


def test_the_eta_is_never_negative() -> None:
    """An input may yield more items than its length."""
    clock = Clock()
    tracker = _tracker([1], clock=clock)
    clock.now += 1
    tracker.add(_outcomes("ccc"))
    assert tracker.snapshot().eta == 0
