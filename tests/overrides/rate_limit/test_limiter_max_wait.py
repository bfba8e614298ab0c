"""An end to a caller's patience: `max_wait`, at once where that can be known, in a time that a test moves."""

from __future__ import annotations

import pytest
from sendblue_contacts import RateLimit, RateLimitError

from tests.overrides.rate_limit.stepped_callers import Callers, SteppedCaller

PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


def make_callers(limit: int = 10, reserve: int = 4) -> Callers:
    """A limiter with windows of 10 s, at 1000.0."""
    return Callers(RateLimit(limit, 10.0, reserve))


def refused_at_once(caller: SteppedCaller) -> float | None:
    """After how many seconds a slot would be free at the earliest, for one who is told so at once."""
    assert isinstance(caller.error, RateLimitError)
    assert caller.slot.waited == 0
    return caller.error.retry_after


def test_too_long_a_wait_is_refused_at_once() -> None:
    """Where it is known that a slot is free in 10 s at the earliest, nobody waits for 5; nothing is taken."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    assert refused_at_once(callers.arrive(max_wait=5)) == 10
    stands = callers.limiter.statistics()
    assert (stands.waiting, stands.requests, stands.in_flight) == (0, 1, 0)


def test_the_error_of_a_wait_says_what_would_help() -> None:
    """How long it would be, how long was allowed, and that nothing was sent; as an error it is one of the limit."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    error = callers.arrive(max_wait=5).error
    assert isinstance(error, RateLimitError)
    assert str(error.args[0]) == (
        "the next slot of the rate limit is free in 10.0 s at the earliest, but max_wait is 5 s; no request was sent"
    )
    assert (error.status_code, error.attempts, error.maybe_applied) == (429, 0, False)


def test_a_wait_that_is_not_too_long_is_waited() -> None:
    """To the very second."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    waiting = callers.arrive(max_wait=10)
    assert callers.run_until(1010) == [waiting]
    assert (waiting.error, waiting.slot.waited) == (None, 10)


def test_those_before_count() -> None:
    """The place in line tells how long it takes at least: two slots in each window, and five stand before."""
    callers = make_callers(limit=2)
    for _ in range(2):
        callers.arrive_served().release()
    for _ in range(5):
        callers.arrive()
    assert refused_at_once(callers.arrive(max_wait=29.9)) == 30
    assert not callers.arrive(max_wait=30).error


def test_the_pace_counts() -> None:
    """The third of those who wait for their pace waits for three of them."""
    callers = make_callers()
    callers.arrive_served(bulk=True)
    callers.arrive(bulk=True)
    callers.arrive(bulk=True)
    assert refused_at_once(callers.arrive(bulk=True, max_wait=3)) == pytest.approx(3 * PACE)
    assert not callers.arrive(bulk=True, max_wait=3.1).error


def test_slots_in_flight_count() -> None:
    """One that is in flight is free a window from now, at the earliest."""
    callers = make_callers(limit=1)
    callers.arrive_served()
    assert refused_at_once(callers.arrive(max_wait=9.9)) == 10
    assert not callers.arrive(max_wait=20).error


def test_a_freeze_counts() -> None:
    """Nobody is served before its end."""
    callers = make_callers()
    callers.limiter.refused(20)
    assert refused_at_once(callers.arrive(max_wait=19)) == 20


def test_a_freeze_ends_waits_that_become_too_long() -> None:
    """Those who wait are told at once, not when their time is over."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    patient, impatient = callers.arrive(max_wait=60), callers.arrive(max_wait=25)
    callers.now += 5
    callers.limiter.refused(30)
    assert callers.run_ready() == [impatient]
    assert (patient.error, isinstance(impatient.error, RateLimitError)) == (None, True)


def test_a_wait_ends_when_its_time_is_over() -> None:
    """It was not known to be too long; a response that does not come makes it so."""
    callers = make_callers(limit=1)
    working, waiting = callers.arrive_served(), callers.arrive(max_wait=12)
    assert (callers.run_until(1011.9), callers.run_until(1012)) == ([], [waiting])
    assert isinstance(waiting.error, RateLimitError)
    working.release()
    assert callers.limiter.statistics().waiting == 0


def test_a_wait_ends_behind_others_too() -> None:
    """Whoever is not the first has a timer for the end of his own patience."""
    callers = make_callers(limit=1)
    callers.arrive_served()
    callers.arrive()
    waiting = callers.arrive(max_wait=25)
    assert callers.run_until(1025) == [waiting]
    assert isinstance(waiting.error, RateLimitError)


def test_one_who_gives_up_makes_room() -> None:
    """Those behind him are told how they stand now."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    staying = callers.arrive()
    leaving, following = callers.arrive(max_wait=21), callers.arrive(max_wait=31)
    leaving.cancel()
    callers.suspended.remove(leaving)
    assert callers.run_until(1010) == [staying]
    assert (following.error, following.due) == (None, 1031)


@pytest.mark.parametrize("bulk", [True, False])
def test_no_wait_at_all(bulk: bool) -> None:  # noqa: FBT001  # a case
    """`max_wait=0` takes a slot that is free, and is an error otherwise."""
    callers = make_callers(limit=1)
    first, second = callers.arrive(bulk=bulk, max_wait=0), callers.arrive(bulk=bulk, max_wait=0)
    assert first.is_served
    assert refused_at_once(second) == pytest.approx(10, rel=0.03)


def test_no_wait_at_all_beside_somebody_who_is_first() -> None:
    """A slot is free, but it is another's: that is a wait too."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    waiting = callers.arrive(bulk=True)
    callers.now += 10
    assert refused_at_once(callers.arrive(max_wait=0)) == 0
    assert callers.run_ready() == [waiting]


def test_a_limiter_without_a_limit_is_never_too_slow() -> None:
    """Whoever turned the limit off waits for nothing."""
    limiter = make_callers().limiter.__class__(None)
    with limiter.slot(bulk=True, max_wait=0) as slot:
        assert slot.waited == 0
