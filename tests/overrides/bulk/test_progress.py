"""The tally of a bulk call: how far it is, how fast, and that an error does not take the outcomes along."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import BulkCreateResult, BulkError, BulkOutcome, BulkProgress, Contact
from sendblue_contacts.bulk.actions import CreateJob
from sendblue_contacts.bulk.batching import Limits
from sendblue_contacts.bulk.progress import Tally
from sendblue_contacts.bulk.scheduler import Course

from tests.overrides.rigs import Clock

if TYPE_CHECKING:
    from collections.abc import Callable


def _outcomes(statuses: str) -> list[BulkOutcome[Contact]]:
    """Outcomes by their initials: c for created, f, u and d."""
    names: dict[str, Any] = {"c": "created", "f": "failed", "u": "unknown", "d": "duplicate"}
    return [
        BulkOutcome(place, {}, names[each], Contact() if each == "c" else None) for place, each in enumerate(statuses)
    ]


def _course() -> Course[Any, Contact]:
    return Course(CreateJob(None), Limits(1, 1, 1))


def _tally(
    items: object = (),
    heard: Callable[[BulkProgress], object] | None = None,
    clock: Clock | None = None,
    course: Course[Any, Contact] | None = None,
) -> Tally[Contact]:
    return Tally(items, course or _course(), BulkCreateResult.of, heard, clock or Clock())


@pytest.mark.parametrize(
    ("items", "total"), [([1, 2, 3], 3), ((1,), 1), (iter([1, 2]), None), ((n for n in [1]), None)]
)
def test_the_total_is_told_where_it_is_known(items: object, total: int | None) -> None:
    """A list has a length, a generator has none."""
    heard: list[BulkProgress] = []
    _tally(items, heard.append).add(_outcomes("cf"))
    assert heard == [BulkProgress(2, 1, total)]


def test_what_failed_is_what_did_not_go_in_or_is_unknown() -> None:
    """A duplicate is done, and no failure."""
    tally = _tally()
    tally.add(_outcomes("ccfudd"))
    assert (tally.progress().done, tally.progress().failed) == (6, 2)


def test_progress_is_a_snapshot() -> None:
    """What was heard does not change when more is done, and cannot be changed."""
    heard: list[BulkProgress] = []
    tally = _tally([1] * 3, heard.append)
    tally.add(_outcomes("c"))
    tally.add(_outcomes("fc"))
    assert heard == [BulkProgress(1, 0, 3), BulkProgress(3, 1, 3)]
    with pytest.raises(FrozenInstanceError):
        heard[0].done = 3  # type: ignore[misc]  # this is what must not work


def test_the_rate_is_that_since_the_beginning() -> None:
    """Items in a second, and the seconds that the others will take."""
    clock = Clock()
    tally = _tally([1] * 50, clock=clock)
    clock.now += 2
    tally.add(_outcomes("c" * 10))
    assert (tally.progress().rate, tally.progress().eta) == (5, 8)
    clock.now += 2
    tally.add(_outcomes("c" * 30))
    assert (tally.progress().rate, tally.progress().eta) == (10, 1)


def test_without_a_total_there_is_a_rate_and_no_eta() -> None:
    """Nobody knows how many are to come."""
    clock = Clock()
    tally = _tally(iter([]), clock=clock)
    clock.now += 2
    tally.add(_outcomes("cc"))
    assert (tally.progress().rate, tally.progress().eta) == (1, None)


@pytest.mark.parametrize("seconds", [0, 5])
def test_before_anything_is_done_nothing_is_foretold(seconds: float) -> None:
    """Neither at the first moment nor later."""
    clock = Clock()
    tally = _tally([1], clock=clock)
    clock.now += seconds
    assert tally.progress() == BulkProgress(0, 0, 1, 0.0, None)


def test_an_input_that_is_longer_than_it_said_takes_no_negative_time() -> None:
    """A length may be wrong."""
    clock = Clock()
    tally = _tally([1], clock=clock)
    clock.now += 1
    tally.add(_outcomes("ccc"))
    assert tally.progress().eta == 0


def test_on_progress_that_raises_ends_the_course() -> None:
    """And is not called again."""
    course, error = _course(), LookupError()
    calls: list[BulkProgress] = []

    def heard(progress: BulkProgress) -> None:
        calls.append(progress)
        raise error

    tally = _tally(heard=heard, course=course)
    tally.add(_outcomes("c"))
    tally.add(_outcomes("c"))
    assert (course.failure, course.hungry, len(calls), len(tally.outcomes)) == (error, False, 1, 2)


def _end(course: Course[Any, Contact], error: BaseException, statuses: str) -> None:
    with _tally(course=course) as tally:
        tally.add(_outcomes(statuses))
        raise error


def test_an_error_of_the_caller_takes_no_outcome_along() -> None:
    """A BulkError is raised from it, with the result so far."""
    course, error = _course(), LookupError("+14155551234")
    course.end(error)
    with pytest.raises(BulkError, match=r"something raised LookupError: BulkCreateResult\(1 of 2 created;") as caught:
        _end(course, error, "cf")
    assert (caught.value.__cause__, repr(caught.value.result)[:34]) == (error, "BulkCreateResult(1 of 2 created; 1")
    assert "+1415" not in str(caught.value)


def test_an_error_before_any_outcome_is_itself() -> None:
    """There is nothing that could be lost."""
    course, error = _course(), LookupError()
    course.end(error)
    with pytest.raises(LookupError):
        _end(course, error, "")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), LookupError()])
def test_other_errors_get_a_note(error: BaseException) -> None:
    """An interruption stays what it is, and says what was done before it."""
    with pytest.raises(type(error)) as caught:
        _end(_course(), error, "ccf")
    assert caught.value.__notes__[0].startswith("before this: BulkCreateResult(2 of 3 created; 1 failed")
