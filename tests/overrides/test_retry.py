"""The retry policy: pure, so each test tells it the time, the jitter and what failed."""

from __future__ import annotations

import math
import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_contacts import Retry
from sendblue_contacts.errors import retry_after
from sendblue_contacts.retry import Attempts, Call, Failure, Quota, failure_of

if TYPE_CHECKING:
    from collections.abc import Generator

LOST = Failure(arrived=True)
NEVER_MADE = Failure(arrived=False)
THROTTLED = Failure(arrived=False, throttled=True)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
NOON = 1_795_262_400.0


class Clock:
    """A time that moves only when a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def flow_of(
    call: Call, *, clock: Clock | None = None, random: float = 1.0, quota: Quota | None = None
) -> Generator[float, Failure | None, None]:
    """The attempts of a call, the first of them under way."""
    flow = Attempts(quota or Quota(), clock or Clock(), lambda: random).flow(call)
    assert next(flow) == 0
    return flow


def after(flow: Generator[float, Failure | None, None], failure: Failure | None) -> float | None:
    """The pause after an outcome; None if that was the last attempt."""
    try:
        return flow.send(failure)
    except StopIteration:
        return None


def call_of(retry: Retry | None = Retry(), *, repeatable: bool = True) -> Call:  # noqa: B008  # frozen
    """A call."""
    return Call(repeatable, retry)


def response(status: int, **headers: str) -> httpx.Response:
    """An answer without a body."""
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_first_attempt_goes_at_once() -> None:
    """Nothing is paused before anything has failed."""
    flow = Attempts(Quota(), Clock(), lambda: 1.0).flow(call_of())
    assert next(flow) == 0


def test_without_jitter_there_is_no_pause() -> None:
    """The jitter is full: where it is 0 the next attempt leaves at once."""
    assert after(flow_of(call_of(), random=0.0), LOST) == 0


def test_with_most_jitter_the_pause_doubles() -> None:
    """The longest pause is the base, and twice as long after each attempt."""
    flow = flow_of(call_of(Retry(attempts=4)))
    assert [after(flow, LOST) for _ in range(4)] == [0.05, 0.1, 0.2, None]


def test_a_throttled_call_pauses_longer() -> None:
    """After a 429 the base is that of throttling, also where another failure came before."""
    flow = flow_of(call_of(Retry(attempts=4)))
    assert [after(flow, failure) for failure in (LOST, THROTTLED, LOST)] == [0.05, 2.0, 0.2]


def test_no_pause_is_longer_than_the_cap() -> None:
    """However many attempts, the pause stays below the cap."""
    flow = flow_of(call_of(Retry(attempts=9, base=1.0, cap=3.0)))
    assert [after(flow, LOST) for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]


@given(random=st.floats(0, 1), failed=st.integers(1, 20))
def test_a_pause_is_within_its_range(random: float, failed: int) -> None:
    """For any jitter the pause is between 0 and the longest of its attempt."""
    flow = flow_of(call_of(Retry(attempts=99, deadline=None)), random=random)
    pauses = [after(flow, LOST) for _ in range(failed)]
    assert pauses[-1] is not None
    assert 0 <= pauses[-1] <= min(0.05 * 2 ** (failed - 1), 20)


def test_one_attempt_is_one_attempt() -> None:
    """`Retry(attempts=1)` repeats nothing."""
    assert after(flow_of(call_of(Retry(attempts=1))), NEVER_MADE) is None


def test_no_policy_repeats_nothing() -> None:
    """A call whose retry is None is sent once, and has no end in time."""
    call = call_of(None)
    assert after(flow_of(call), NEVER_MADE) is None
    assert (call.attempts, call.left) == (1, math.inf)


def test_attempts_are_counted() -> None:
    """The call knows how many requests were sent."""
    call = call_of()
    flow = flow_of(call)
    counts = [call.attempts]
    after(flow, LOST)
    counts.append(call.attempts)
    assert counts == [1, 2]


@pytest.mark.parametrize(
    ("failure", "repeatable", "repeated"),
    [
        (NEVER_MADE, True, True),
        (NEVER_MADE, False, True),
        (THROTTLED, True, True),
        (THROTTLED, False, True),
        (LOST, True, True),
        (LOST, False, False),
        (Failure(arrived=False, final=True), True, False),
    ],
)
def test_what_is_repeated(failure: Failure, *, repeatable: bool, repeated: bool) -> None:
    """Every call is repeated if it never arrived; what may have arrived, only if it is safe; a decision, never."""
    assert (after(flow_of(call_of(repeatable=repeatable)), failure) is not None) == repeated


def test_a_call_that_is_not_repeatable_stops_when_it_may_have_arrived() -> None:
    """After a refused connection it is repeated; once it may have arrived, not any more."""
    flow = flow_of(call_of(repeatable=False))
    assert [after(flow, NEVER_MADE), after(flow, LOST)] == [0.05, None]


@pytest.mark.parametrize(("failure", "lost"), [(LOST, True), (NEVER_MADE, False), (THROTTLED, False)])
def test_a_lost_answer_is_remembered(failure: Failure, *, lost: bool) -> None:
    """The call knows for good that an earlier attempt may have been carried out."""
    call = call_of()
    flow = flow_of(call)
    after(flow, failure)
    after(flow, THROTTLED)
    assert call.lost is lost


def test_a_decision_is_no_lost_answer() -> None:
    """A 409 or 404 by itself leaves nothing in doubt."""
    call = call_of()
    after(flow_of(call), Failure(arrived=False, final=True))
    assert not call.lost


@pytest.mark.parametrize(("failure", "left"), [(LOST, 486), (THROTTLED, 495), (NEVER_MADE, 486)])
def test_a_retry_costs_tokens(failure: Failure, left: int) -> None:
    """A retry takes 14 tokens of the client's quota, and 5 after a 429."""
    quota = Quota()
    after(flow_of(call_of(), quota=quota), failure)
    assert quota.tokens == left


def test_an_outage_adds_35_requests() -> None:
    """However many calls fail, the retries end when the quota is used up: 35 of them, and not two for each call."""
    quota = Quota()
    calls = [call_of() for _ in range(1000)]
    for call in calls:
        flow = flow_of(call, quota=quota)
        while after(flow, LOST) is not None:
            pass
    assert sum(call.attempts for call in calls) == 1035


def test_a_retry_that_is_not_made_costs_nothing() -> None:
    """Where the attempts or the time are used up the quota stays as it is."""
    quota = Quota()
    after(flow_of(call_of(Retry(attempts=1)), quota=quota), LOST)
    after(flow_of(call_of(Retry(deadline=0.01)), quota=quota), LOST)
    assert quota.tokens == 500


def test_the_quota_is_refilled_by_successes() -> None:
    """A success gives back what its last retry took, or one token, and never more than there were."""
    quota = Quota(tokens=480)
    flow = flow_of(call_of(), quota=quota)
    after(flow, LOST)
    after(flow, THROTTLED)
    after(flow, None)
    assert quota.tokens == 480 - 14 - 5 + 5
    after(flow_of(call_of(), quota=quota), None)
    assert quota.tokens == 467


class _Yielding(int):
    """A number of tokens that lets other threads in whenever somebody looks at it."""

    def __lt__(self, other: int) -> bool:
        time.sleep(0)
        return int(self) < other

    def __sub__(self, other: int) -> _Yielding:
        time.sleep(0)
        return _Yielding(int(self) - other)


def test_threads_share_the_quota() -> None:
    """Threads that take at the same time get exactly what is there, and no token twice."""
    quota = Quota(tokens=_Yielding(500))
    taken: list[bool] = []

    def take() -> None:
        taken.extend(quota.take(5) for _ in range(20))

    threads = [threading.Thread(target=take) for _ in range(10)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert (sum(taken), quota.tokens) == (100, 0)


def test_a_pause_beyond_the_deadline_is_not_made() -> None:
    """Where the pause would cross the deadline the failure is final, there and then."""
    clock = Clock()
    flow = flow_of(call_of(Retry(deadline=10.0)), clock=clock)
    clock.now += 9.96
    assert after(flow, LOST) is None


def test_a_pause_within_the_deadline_is_made() -> None:
    """Up to the deadline attempts go on."""
    clock = Clock()
    flow = flow_of(call_of(Retry(deadline=10.0)), clock=clock)
    clock.now += 9.94
    assert after(flow, LOST) == 0.05


def test_the_deadline_counts_from_the_first_attempt() -> None:
    """The time of all attempts and pauses adds up."""
    clock = Clock()
    flow = flow_of(call_of(Retry(attempts=9, deadline=10.0)), clock=clock)
    pauses: list[float | None] = []
    for _ in range(3):
        clock.now += 4
        pauses.append(after(flow, LOST))
    assert pauses == [0.05, 0.1, None]


def test_waiting_for_a_slot_does_not_count() -> None:
    """The deadline is for the server; the wait for the rate limit is not the server's."""
    clock, call = Clock(), call_of(Retry(deadline=10.0))
    flow = flow_of(call, clock=clock)
    clock.now += 100
    call.waited = 95.0
    assert after(flow, LOST) == 0.05


def test_each_attempt_is_told_what_is_left() -> None:
    """Before an attempt the call knows the seconds until its deadline, the pause already taken off."""
    clock, call = Clock(), call_of(Retry(deadline=10.0))
    flow = flow_of(call, clock=clock)
    left = [call.left]
    clock.now += 4
    after(flow, LOST)
    left.append(call.left)
    assert left == pytest.approx([10.0, 5.95])


def test_without_a_deadline_nothing_ends() -> None:
    """`deadline=None` leaves as much time as there are attempts."""
    clock, call = Clock(), call_of(Retry(deadline=None))
    flow = flow_of(call, clock=clock)
    clock.now += 1e9
    assert after(flow, LOST) == 0.05
    assert call.left == math.inf


def test_retry_after_is_kept_in_full() -> None:
    """Where the server asks for a longer wait than our own, it gets all of it, beyond the cap too."""
    flow = flow_of(call_of(Retry(deadline=None)))
    assert after(flow, Failure(arrived=False, throttled=True, retry_after=500.0)) == 500


def test_retry_after_does_not_shorten_the_pause() -> None:
    """Where the server asks for less than our own pause, ours stays."""
    assert after(flow_of(call_of()), Failure(arrived=False, throttled=True, retry_after=0.0)) == 1.0


def test_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    """Where the server asks for more than the deadline allows, nothing is paused at all."""
    flow = flow_of(call_of(Retry(deadline=60.0)))
    assert after(flow, Failure(arrived=False, throttled=True, retry_after=60.0)) is None


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 599])
def test_these_statuses_may_have_been_carried_out(status: int) -> None:
    """A failure of the server or of a proxy leaves open what became of the request."""
    assert failure_of(response(status)) == LOST


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 501])
def test_these_statuses_are_decisions(status: int) -> None:
    """What the server has decided it would decide again; a 409 above all is never repeated."""
    assert failure_of(response(status)) == Failure(arrived=False, final=True)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_these_statuses_are_successes(status: int) -> None:
    """A success did not fail."""
    assert failure_of(response(status)) is None


def test_429_was_not_carried_out() -> None:
    """A 429 never reached the operation, and its `Retry-After` is passed on."""
    expected = Failure(arrived=False, throttled=True, retry_after=7.0)
    assert failure_of(response(429, retry_after="7")) == expected


def test_503_passes_its_retry_after_on() -> None:
    """A server that is away may say for how long."""
    assert failure_of(response(503, retry_after="7")) == Failure(arrived=True, retry_after=7.0)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol],
)
def test_these_errors_say_that_nothing_was_sent(error: type[httpx.TransportError]) -> None:
    """A connection that was never made carried nothing."""
    assert failure_of(error("")) == NEVER_MADE


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError,
        httpx.ReadTimeout,
        httpx.WriteError,
        httpx.WriteTimeout,
        httpx.RemoteProtocolError,
        httpx.LocalProtocolError,
        httpx.CloseError,
    ],
)
def test_these_errors_leave_it_open(error: type[httpx.TransportError]) -> None:
    """Once there was a connection, the request may have arrived."""
    assert failure_of(error("")) == LOST


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (" 12 ", 12.0),
        (DATE, 90.0),
        ("Saturday, 21-Nov-26 12:00:00 GMT", 90.0),  # the two old forms of RFC 9110, section 5.6.7
        ("Sat Nov 21 12:00:00 2026", 90.0),
        ("Sat, 21 Nov 2026 13:00:00 +0100", 90.0),
        ("Sat, 21 Nov 2026 11:58:29 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_read(value: str, seconds: float | None) -> None:
    """Seconds, or a date in any form of HTTP; what has gone by is 0, and nonsense is as if it were not there."""
    answer = httpx.Response(429, headers=[(b"retry-after", value.encode())])
    assert retry_after(answer, now=lambda: NOON - 90) == seconds


def test_retry_after_that_is_not_there() -> None:
    """Most answers have none."""
    assert retry_after(response(429)) is None


@given(st.text(st.characters(codec="latin-1"), max_size=40) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ \S+"))
def test_no_retry_after_breaks_anything(value: str) -> None:
    """Whatever a server writes there, it is a number from 0 on, or nothing."""
    found = retry_after(httpx.Response(429, headers=[(b"retry-after", value.encode("utf-8", "replace"))]))
    assert found is None or found >= 0


@pytest.mark.parametrize("attempts", [0, -1, True])
def test_attempts_must_make_sense(attempts: int) -> None:
    """A number of attempts below one is refused where it is given."""
    with pytest.raises(ValueError, match="Retry: attempts must be 1 or more, not"):
        Retry(attempts=attempts)


@pytest.mark.parametrize("name", ["deadline", "base", "throttling_base", "cap"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan])
def test_seconds_must_make_sense(name: str, value: float) -> None:
    """A time that is no positive number is refused, by its name."""
    with pytest.raises(ValueError, match=f"Retry: {name} must be a positive number of seconds, not"):
        Retry(**{name: value})  # type: ignore[arg-type]  # each of them is a number of seconds
