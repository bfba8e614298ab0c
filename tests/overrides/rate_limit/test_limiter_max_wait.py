"""`max_wait`: an error at once, if it is known that the wait would be longer; in a time that a test controls."""

from __future__ import annotations

import pytest
from sendblue_contacts import RateLimit, RateLimitError

from tests.overrides.rate_limit.stepped_callers import Callers, SteppedCaller

PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


def make_callers(limit: int = 10, reserve: int = 4) -> Callers:
    """A limiter with windows of 10 s, at 1000.0."""
    return Callers(RateLimit(limit, 10.0, reserve))


def error_at_once(caller: SteppedCaller) -> float | None:
    """The time until a slot is free at the earliest, from an error that was raised without a wait."""
    assert isinstance(caller.error, RateLimitError)
    assert caller.slot.waited == 0
    return caller.error.retry_after


def test_too_long_a_wait_is_an_error_at_once() -> None:
    """With a slot in 10 s at the earliest, a caller does not wait for 5 s; no slot is taken."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    assert error_at_once(callers.arrive(max_wait=5)) == 10
    statistics = callers.limiter.statistics()
    assert (statistics.waiting, statistics.requests, statistics.in_flight) == (0, 1, 0)


def test_the_error_of_a_wait_contains_both_times() -> None:
    """How long the wait would be, how long was allowed, and that no request was sent; it is a RateLimitError."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    error = callers.arrive(max_wait=5).error
    assert isinstance(error, RateLimitError)
    assert str(error.args[0]) == (
        "the next slot of the rate limit is free in 10.0 s at the earliest, but max_wait is 5 s; no request was sent"
    )
    assert (error.status_code, error.attempts, error.maybe_applied) == (429, 0, False)


def test_a_wait_of_exactly_max_wait_is_allowed() -> None:
    """The caller is served."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    waiting = callers.arrive(max_wait=10)
    assert callers.run_until(1010) == [waiting]
    assert (waiting.error, waiting.slot.waited) == (None, 10)


def test_the_position_in_the_queue_counts() -> None:
    """With two slots in each window and five callers ahead, the wait is three windows."""
    callers = make_callers(limit=2)
    for _ in range(2):
        callers.arrive_served().release()
    for _ in range(5):
        callers.arrive()
    assert error_at_once(callers.arrive(max_wait=29.9)) == 30
    assert not callers.arrive(max_wait=30).error


def test_the_pace_counts() -> None:
    """The third caller that waits for its pace waits for three paces."""
    callers = make_callers()
    callers.arrive_served(bulk=True)
    callers.arrive(bulk=True)
    callers.arrive(bulk=True)
    assert error_at_once(callers.arrive(bulk=True, max_wait=3)) == pytest.approx(3 * PACE)
    assert not callers.arrive(bulk=True, max_wait=3.1).error


def test_slots_in_flight_count() -> None:
    """A slot in flight is free one window from now, at the earliest."""
    callers = make_callers(limit=1)
    callers.arrive_served()
    assert error_at_once(callers.arrive(max_wait=9.9)) == 10
    assert not callers.arrive(max_wait=20).error


def test_a_freeze_counts() -> None:
    """No slot is free before its end."""
    callers = make_callers()
    callers.limiter.refused(20)
    assert error_at_once(callers.arrive(max_wait=19)) == 20


def test_a_freeze_ends_waits_that_become_too_long() -> None:
    """Waiting callers get the error at once, not when their time is over."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    patient, impatient = callers.arrive(max_wait=60), callers.arrive(max_wait=25)
    callers.now += 5
    callers.limiter.refused(30)
    assert callers.run_ready() == [impatient]
    assert (patient.error, isinstance(impatient.error, RateLimitError)) == (None, True)


def test_a_wait_ends_after_max_wait() -> None:
    """The wait was not known to be too long; a missing response makes it so."""
    callers = make_callers(limit=1)
    working, waiting = callers.arrive_served(), callers.arrive(max_wait=12)
    assert (callers.run_until(1011.9), callers.run_until(1012)) == ([], [waiting])
    assert isinstance(waiting.error, RateLimitError)
    working.release()
    assert callers.limiter.statistics().waiting == 0


def test_a_wait_ends_after_max_wait_behind_others() -> None:
    """A waiter that is not the head has a timer for its `max_wait`."""
    callers = make_callers(limit=1)
    callers.arrive_served()
    callers.arrive()
    waiting = callers.arrive(max_wait=25)
    assert callers.run_until(1025) == [waiting]
    assert isinstance(waiting.error, RateLimitError)


def test_a_cancelled_caller_shortens_the_wait_of_others() -> None:
    """The callers behind it check again."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    staying = callers.arrive()
    leaving, following = callers.arrive(max_wait=21), callers.arrive(max_wait=31)
    leaving.cancel()
    callers.suspended.remove(leaving)
    assert callers.run_until(1010) == [staying]
    assert (following.error, following.due) == (None, 1031)


@pytest.mark.parametrize("bulk", [True, False])
def test_max_wait_zero(bulk: bool) -> None:  # noqa: FBT001  # a case
    """It acquires a slot that is free, and is an error otherwise."""
    callers = make_callers(limit=1)
    first, second = callers.arrive(bulk=bulk, max_wait=0), callers.arrive(bulk=bulk, max_wait=0)
    assert first.is_served
    assert error_at_once(second) == pytest.approx(10, rel=0.03)


def test_max_wait_zero_behind_another_caller() -> None:
    """A slot is free, but another caller is first: this is a wait too."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    waiting = callers.arrive(bulk=True)
    callers.now += 10
    assert error_at_once(callers.arrive(max_wait=0)) == 0
    assert callers.run_ready() == [waiting]


def test_max_wait_without_a_limit() -> None:
    """There is no wait."""
    limiter = make_callers().limiter.__class__(None)
    with limiter.slot(bulk=True, max_wait=0) as slot:
        assert slot.waited == 0
