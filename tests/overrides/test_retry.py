"""The retry policy is pure: each test sets the time, the jitter and the failures."""

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

MAYBE_APPLIED = Failure(maybe_applied=True)
NOT_SENT = Failure(maybe_applied=False)
THROTTLED = Failure(maybe_applied=False, throttled=True)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
NOON = 1_795_262_400.0


class Clock:
    """A clock that moves only when a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def pauses_of(
    call: Call, *, clock: Clock | None = None, random: float = 1.0, quota: Quota | None = None
) -> Generator[float, Failure | None, None]:
    """Return the pauses of a call whose first attempt has started."""
    pauses = Attempts(quota or Quota(), clock or Clock(), lambda: random).pauses(call)
    assert next(pauses) == 0
    return pauses


def pause_after(pauses: Generator[float, Failure | None, None], failure: Failure | None) -> float | None:
    """Return the pause after an outcome; None if that was the last attempt."""
    try:
        return pauses.send(failure)
    except StopIteration:
        return None


def call_of(retry: Retry | None = Retry(), *, repeatable: bool = True) -> Call:  # noqa: B008  # frozen
    """Return a call."""
    return Call(repeatable, retry)


def response(status: int, **headers: str) -> httpx.Response:
    """Return a response without a body."""
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_first_attempt_has_no_pause() -> None:
    """The first attempt is sent at once."""
    pauses = Attempts(Quota(), Clock(), lambda: 1.0).pauses(call_of())
    assert next(pauses) == 0


def test_a_jitter_of_zero_is_no_pause() -> None:
    """With full jitter, a random number of 0 gives no pause."""
    assert pause_after(pauses_of(call_of(), random=0.0), MAYBE_APPLIED) == 0


def test_the_longest_pause_doubles() -> None:
    """The longest pause is the base, and doubles after each attempt."""
    pauses = pauses_of(call_of(Retry(attempts=4)))
    assert [pause_after(pauses, MAYBE_APPLIED) for _ in range(4)] == [0.05, 0.1, 0.2, None]


def test_a_429_has_a_longer_pause() -> None:
    """After a 429 the base is `throttling_base`, even if another failure came before."""
    pauses = pauses_of(call_of(Retry(attempts=4)))
    assert [pause_after(pauses, failure) for failure in (MAYBE_APPLIED, THROTTLED, MAYBE_APPLIED)] == [0.05, 2.0, 0.2]


def test_no_pause_is_longer_than_the_cap() -> None:
    """The number of attempts does not raise a pause above the cap."""
    pauses = pauses_of(call_of(Retry(attempts=9, base=1.0, cap=3.0)))
    assert [pause_after(pauses, MAYBE_APPLIED) for _ in range(4)] == [1.0, 2.0, 3.0, 3.0]


@given(random=st.floats(0, 1), failed=st.integers(1, 20))
def test_a_pause_is_within_its_range(random: float, failed: int) -> None:
    """For any jitter, the pause is between 0 and the longest pause of its attempt."""
    pauses = pauses_of(call_of(Retry(attempts=99, deadline=None)), random=random)
    found = [pause_after(pauses, MAYBE_APPLIED) for _ in range(failed)]
    assert found[-1] is not None
    assert 0 <= found[-1] <= min(0.05 * 2 ** (failed - 1), 20)


def test_one_attempt_means_no_retry() -> None:
    """`Retry(attempts=1)` never retries."""
    assert pause_after(pauses_of(call_of(Retry(attempts=1))), NOT_SENT) is None


def test_no_policy_means_no_retry() -> None:
    """A call with `retry=None` is sent once and has no deadline."""
    call = call_of(None)
    assert pause_after(pauses_of(call), NOT_SENT) is None
    assert (call.attempts, call.seconds_left) == (1, math.inf)


def test_attempts_are_counted() -> None:
    """The call has the number of requests that were sent."""
    call = call_of()
    pauses = pauses_of(call)
    counts = [call.attempts]
    pause_after(pauses, MAYBE_APPLIED)
    counts.append(call.attempts)
    assert counts == [1, 2]


@pytest.mark.parametrize(
    ("failure", "repeatable", "retried"),
    [
        (NOT_SENT, True, True),
        (NOT_SENT, False, True),
        (THROTTLED, True, True),
        (THROTTLED, False, True),
        (MAYBE_APPLIED, True, True),
        (MAYBE_APPLIED, False, False),
        (Failure(maybe_applied=False, final=True), True, False),
    ],
)
def test_which_failures_are_retried(failure: Failure, *, repeatable: bool, retried: bool) -> None:
    """A request that never arrived is always retried; one that may have arrived only if that is safe."""
    assert (pause_after(pauses_of(call_of(repeatable=repeatable)), failure) is not None) == retried


def test_an_unsafe_call_stops_once_it_may_have_arrived() -> None:
    """It is retried after a refused connection, and not after an attempt that may have arrived."""
    pauses = pauses_of(call_of(repeatable=False))
    assert [pause_after(pauses, NOT_SENT), pause_after(pauses, MAYBE_APPLIED)] == [0.05, None]


@pytest.mark.parametrize(("failure", "maybe_applied"), [(MAYBE_APPLIED, True), (NOT_SENT, False), (THROTTLED, False)])
def test_maybe_applied_is_kept(failure: Failure, *, maybe_applied: bool) -> None:
    """Once an attempt may have been applied, later outcomes do not change that."""
    call = call_of()
    pauses = pauses_of(call)
    pause_after(pauses, failure)
    pause_after(pauses, THROTTLED)
    assert call.maybe_applied is maybe_applied


def test_a_final_response_is_not_ambiguous() -> None:
    """After a 409 or 404 to the only attempt, the call is not ambiguous."""
    call = call_of()
    pause_after(pauses_of(call), Failure(maybe_applied=False, final=True))
    assert not call.maybe_applied


@pytest.mark.parametrize(("failure", "left"), [(MAYBE_APPLIED, 486), (THROTTLED, 495), (NOT_SENT, 486)])
def test_a_retry_costs_tokens(failure: Failure, left: int) -> None:
    """A retry takes 14 tokens of the quota, and 5 after a 429."""
    quota = Quota()
    pause_after(pauses_of(call_of(), quota=quota), failure)
    assert quota.tokens == left


def test_an_outage_adds_35_requests() -> None:
    """Retries stop when the quota is empty: after 35, not after two for each call."""
    quota = Quota()
    calls = [call_of() for _ in range(1000)]
    for call in calls:
        pauses = pauses_of(call, quota=quota)
        while pause_after(pauses, MAYBE_APPLIED) is not None:
            pass
    assert sum(call.attempts for call in calls) == 1035


def test_a_retry_that_is_not_made_costs_nothing() -> None:
    """Without attempts or time left, the quota stays as it is."""
    quota = Quota()
    pause_after(pauses_of(call_of(Retry(attempts=1)), quota=quota), MAYBE_APPLIED)
    pause_after(pauses_of(call_of(Retry(deadline=0.01)), quota=quota), MAYBE_APPLIED)
    assert quota.tokens == 500


def test_the_quota_is_refilled_by_successes() -> None:
    """A success returns what its last retry took, or one token, up to the capacity."""
    quota = Quota(tokens=480)
    pauses = pauses_of(call_of(), quota=quota)
    pause_after(pauses, MAYBE_APPLIED)
    pause_after(pauses, THROTTLED)
    pause_after(pauses, None)
    assert quota.tokens == 480 - 14 - 5 + 5
    pause_after(pauses_of(call_of(), quota=quota), None)
    assert quota.tokens == 467


class _Yielding(int):
    """A number of tokens that switches threads whenever it is read."""

    def __lt__(self, other: int) -> bool:
        time.sleep(0)
        return int(self) < other

    def __sub__(self, other: int) -> _Yielding:
        time.sleep(0)
        return _Yielding(int(self) - other)


def test_threads_share_the_quota() -> None:
    """Threads that take tokens at the same time get each token once."""
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


def test_a_pause_beyond_the_deadline_ends_the_call() -> None:
    """A failure is final if the pause would exceed the deadline."""
    clock = Clock()
    pauses = pauses_of(call_of(Retry(deadline=10.0)), clock=clock)
    clock.now += 9.96
    assert pause_after(pauses, MAYBE_APPLIED) is None


def test_a_pause_within_the_deadline_is_made() -> None:
    """Attempts continue until the deadline."""
    clock = Clock()
    pauses = pauses_of(call_of(Retry(deadline=10.0)), clock=clock)
    clock.now += 9.94
    assert pause_after(pauses, MAYBE_APPLIED) == 0.05


def test_the_deadline_counts_from_the_first_attempt() -> None:
    """The deadline covers all attempts and pauses."""
    clock = Clock()
    pauses = pauses_of(call_of(Retry(attempts=9, deadline=10.0)), clock=clock)
    found: list[float | None] = []
    for _ in range(3):
        clock.now += 4
        found.append(pause_after(pauses, MAYBE_APPLIED))
    assert found == [0.05, 0.1, None]


def test_waiting_for_a_slot_does_not_count() -> None:
    """Waits for a slot of the rate limit do not count towards the deadline."""
    clock, call = Clock(), call_of(Retry(deadline=10.0))
    pauses = pauses_of(call, clock=clock)
    clock.now += 100
    call.waited = 95.0
    assert pause_after(pauses, MAYBE_APPLIED) == 0.05


def test_each_attempt_has_the_seconds_left() -> None:
    """Before an attempt, the call has the seconds until its deadline without the pause."""
    clock, call = Clock(), call_of(Retry(deadline=10.0))
    pauses = pauses_of(call, clock=clock)
    left = [call.seconds_left]
    clock.now += 4
    pause_after(pauses, MAYBE_APPLIED)
    left.append(call.seconds_left)
    assert left == pytest.approx([10.0, 5.95])


def test_without_a_deadline_only_attempts_count() -> None:
    """`deadline=None` limits a call by its attempts alone."""
    clock, call = Clock(), call_of(Retry(deadline=None))
    pauses = pauses_of(call, clock=clock)
    clock.now += 1e9
    assert pause_after(pauses, MAYBE_APPLIED) == 0.05
    assert call.seconds_left == math.inf


def test_retry_after_is_kept_in_full() -> None:
    """A longer `Retry-After` replaces the pause, even beyond the cap."""
    pauses = pauses_of(call_of(Retry(deadline=None)))
    assert pause_after(pauses, Failure(maybe_applied=False, throttled=True, retry_after=500.0)) == 500


def test_retry_after_does_not_shorten_the_pause() -> None:
    """A shorter `Retry-After` does not change the pause."""
    assert pause_after(pauses_of(call_of()), Failure(maybe_applied=False, throttled=True, retry_after=0.0)) == 1.0


def test_retry_after_beyond_the_deadline_ends_the_call() -> None:
    """There is no pause if `Retry-After` is longer than the deadline allows."""
    pauses = pauses_of(call_of(Retry(deadline=60.0)))
    assert pause_after(pauses, Failure(maybe_applied=False, throttled=True, retry_after=60.0)) is None


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 599])
def test_transient_statuses(status: int) -> None:
    """After a failure of the server or of a proxy, the request may have been applied."""
    assert failure_of(response(status)) == MAYBE_APPLIED


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 413, 422, 501])
def test_final_statuses(status: int) -> None:
    """A retry would get the same response; a 409 in particular is never retried."""
    assert failure_of(response(status)) == Failure(maybe_applied=False, final=True)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_successful_statuses(status: int) -> None:
    """A success is not a failure."""
    assert failure_of(response(status)) is None


def test_429_was_not_applied() -> None:
    """A 429 was rejected before the operation, and its `Retry-After` is kept."""
    expected = Failure(maybe_applied=False, throttled=True, retry_after=7.0)
    assert failure_of(response(429, retry_after="7")) == expected


def test_503_keeps_its_retry_after() -> None:
    """An unavailable server may send a `Retry-After`."""
    assert failure_of(response(503, retry_after="7")) == Failure(maybe_applied=True, retry_after=7.0)


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol],
)
def test_errors_before_a_connection(error: type[httpx.TransportError]) -> None:
    """Without a connection, the request cannot have arrived."""
    assert failure_of(error("")) == NOT_SENT


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
def test_errors_after_a_connection(error: type[httpx.TransportError]) -> None:
    """Once there was a connection, the request may have arrived."""
    assert failure_of(error("")) == MAYBE_APPLIED


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
def test_retry_after_is_parsed(value: str, seconds: float | None) -> None:
    """Seconds, or a date in any HTTP format; a past date is 0, and an invalid value is ignored."""
    response = httpx.Response(429, headers=[(b"retry-after", value.encode())])
    assert retry_after(response, now=lambda: NOON - 90) == seconds


def test_retry_after_is_optional() -> None:
    """Most responses do not have the header."""
    assert retry_after(response(429)) is None


@given(st.text(st.characters(codec="latin-1"), max_size=40) | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ \S+"))
def test_any_retry_after_is_a_number_or_none(value: str) -> None:
    """Any value of the header gives None or a number from 0."""
    found = retry_after(httpx.Response(429, headers=[(b"retry-after", value.encode("utf-8", "replace"))]))
    assert found is None or found >= 0


@pytest.mark.parametrize("attempts", [0, -1, True])
def test_invalid_attempts(attempts: int) -> None:
    """Fewer than one attempt raises a ValueError."""
    with pytest.raises(ValueError, match="Retry: attempts must be 1 or more, not"):
        Retry(attempts=attempts)


@pytest.mark.parametrize("name", ["deadline", "base", "throttling_base", "cap"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan])
def test_invalid_seconds(name: str, value: float) -> None:
    """A value that is not a positive number of seconds raises a ValueError with its name."""
    with pytest.raises(ValueError, match=f"Retry: {name} must be a positive number of seconds, not"):
        Retry(**{name: value})  # type: ignore[arg-type]  # each of them is a number of seconds
