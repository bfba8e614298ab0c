"""The retry policy is pure: each test sets the time, the jitter and the failures.

`STANDARD_MODE` has public test cases of the standard retry mode of the AWS SDKs, under the names that botocore 1.44.5
gives them in `tests/unit/retries` and `tests/functional/test_retry.py`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sendblue_contacts import Retry
from sendblue_contacts.errors import retry_after
from sendblue_contacts.retry import Call, Failure, Quota, attempt_pauses, failure_of

from tests.overrides.transport_harness import Clock

MAYBE_APPLIED = Failure(maybe_applied=True)
NOT_SENT = Failure(maybe_applied=False)
THROTTLED = Failure(maybe_applied=False, throttled=True)
FINAL = Failure(maybe_applied=False, final=True)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
NOON = 1_795_262_400.0


def pauses_of(
    call: Call, *, clock: Clock | None = None, random: float = 1.0, quota: Quota | None = None
) -> Generator[float, Failure | None, None]:
    """Return the pauses of a call whose first attempt has started."""
    pauses = attempt_pauses(call, quota or Quota(), clock or Clock(), lambda: random)
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


def outcome_of(outcome: int | str) -> httpx.Response | httpx.TransportError:
    """Return the outcome with this status, or this name of an httpx error."""
    if isinstance(outcome, int):
        return httpx.Response(outcome)
    error: httpx.TransportError = getattr(httpx, outcome)("lost")
    return error


def refused(seconds: float) -> Failure:
    """Return the failure of a 429 with a `Retry-After`."""
    return Failure(maybe_applied=False, throttled=True, retry_after=seconds)


Step = tuple[int | str | Failure, float | None, int]  # an outcome, the pause after it, and the tokens that are left
Row = tuple[Retry | None, int, list[Step]]  # the policy, the tokens at the beginning, and the attempts
DOUBLED = [*(0.05 * 2**number for number in range(9)), 20, 20]

STANDARD_MODE: dict[str, Row] = {
    "no retry needed": (Retry(), 500, [(200, None, 500)]),
    "retry eventually succeeds": (Retry(), 500, [(502, 0.05, 486), (502, 0.1, 472), (200, None, 486)]),
    "fail due to max attempts": (Retry(), 500, [(502, 0.05, 486), (502, 0.1, 472), (502, None, 472)]),
    "throttling fails due to max attempts": (Retry(), 500, [(429, 1, 495), (429, 2, 490), (429, None, 490)]),
    "throttling base": (Retry(), 500, [(429, 1, 495), (200, None, 500)]),
    "quota reached after one retry": (Retry(), 14, [(500, 0.05, 0), (500, None, 0)]),
    "quota exhaustion": (Retry(), 24, [(502, 0.05, 10), (502, None, 10)]),
    "quota recovery after success": (Retry(), 500, [(500, 0.05, 486), (200, None, 500)]),
    "a success without a retry gives one token back": (Retry(), 486, [(200, None, 487)]),
    "a refused request gives nothing back": (Retry(), 450, [(400, None, 450)]),
    "a timeout costs as much as any transient error": (Retry(), 500, [("ReadTimeout", 0.05, 486)]),
    "exponential backoff timing, and max backoff": (
        Retry(attempts=12),
        500,
        [(500, pause, 500 - 14 * number) for number, pause in enumerate(DOUBLED, 1)],
    ),
    "another base and four attempts": (
        Retry(attempts=4, base=0.025),
        500,
        [(500, 0.025, 486), (500, 0.05, 472), (500, 0.1, 458), (500, None, 458)],
    ),
}
OURS: dict[str, Row] = {
    "both bases": (
        Retry(attempts=4),
        500,
        [(500, 0.05, 486), (429, 2.0, 481), (500, 0.2, 467), ("ConnectError", None, 467)],
    ),
    "a cap": (Retry(attempts=9, base=1.0, cap=3.0), 500, [(500, 1.0, 486), (500, 2.0, 472), (500, 3.0, 458)]),
    "one attempt": (Retry(attempts=1), 500, [(NOT_SENT, None, 500)]),
    "no retries": (None, 500, [(NOT_SENT, None, 500)]),
    "a deadline": (Retry(deadline=0.01), 500, [(500, None, 500)]),
    "the cost of the last retry": (Retry(), 500, [(500, 0.05, 486), (429, 2.0, 481), (200, None, 486)]),
    "Retry-After": (Retry(), 500, [(Failure(maybe_applied=True, retry_after=10.0), 10.0, 486)]),  # AWS waits 5 s
    "a short Retry-After": (Retry(), 500, [(refused(0.0), 1.0, 495)]),
    "Retry-After without a deadline": (Retry(deadline=None), 500, [(refused(500.0), 500.0, 495)]),
    "Retry-After until the deadline": (Retry(deadline=60.0), 500, [(refused(60.0), None, 500)]),
}


@pytest.mark.parametrize("row", [*STANDARD_MODE.values(), *OURS.values()], ids=[*STANDARD_MODE, *OURS])
def test_a_call_follows_the_table(row: Row) -> None:
    """After each outcome, the pause and the quota are those of the standard mode, but `Retry-After` is not cut."""
    retry, tokens, steps = row
    quota, call = Quota(), call_of(retry)
    quota.tokens = tokens
    pauses = pauses_of(call, quota=quota)
    for outcome, pause, left in steps:
        failure = outcome if isinstance(outcome, Failure) else failure_of(outcome_of(outcome))
        assert (pause_after(pauses, failure), quota.tokens) == (pause and pytest.approx(pause), left)
    assert call.attempts == len(steps) + (steps[-1][1] is not None)


@pytest.mark.parametrize(("first", "pause"), [(NOT_SENT, 0.05), (THROTTLED, 1.0), (MAYBE_APPLIED, None)])
def test_a_call_that_is_not_safe_to_repeat(first: Failure, pause: float | None) -> None:
    """It is sent again only while it cannot have been applied."""
    pauses = pauses_of(call_of(repeatable=False))
    assert [pause_after(pauses, failure) for failure in (first, MAYBE_APPLIED)] == [pause, None]


def test_the_jitter_is_full() -> None:
    """The pause after an attempt is uniform between 0 and its maximum."""
    for random in (0.0, 0.25, 1.0):
        pauses = pauses_of(call_of(Retry(attempts=99, deadline=None)), random=random)
        found = [pause_after(pauses, MAYBE_APPLIED) for _ in range(10)]
        assert found[2::7] == pytest.approx([random * 0.2, random * 20])


@pytest.mark.parametrize(("failure", "maybe_applied"), [(MAYBE_APPLIED, True), (NOT_SENT, False), (THROTTLED, False)])
def test_maybe_applied_is_kept(failure: Failure, *, maybe_applied: bool) -> None:
    """Once an attempt may have been applied, later outcomes do not change that; a final response alone does not."""
    call = call_of()
    pauses = pauses_of(call)
    for each in (failure, THROTTLED, FINAL):
        pause_after(pauses, each)
    assert call.maybe_applied is maybe_applied


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
    quota = Quota(_Yielding(500))
    with ThreadPoolExecutor(10) as pool:
        taken = list(pool.map(quota.take, [5] * 200))
    assert (sum(taken), quota.tokens) == (100, 0)


def test_the_deadline_counts_from_the_first_attempt() -> None:
    """It covers all attempts and pauses, and not the waits for a slot; a pause beyond it ends the call."""
    clock, call = Clock(), call_of(Retry(attempts=9, deadline=10.0))
    pauses = pauses_of(call, clock=clock)
    found: list[float | None] = []
    for seconds, waited in ((4.0, 0.0), (104.0, 100.0), (1.86, 0.0)):
        clock.now += seconds
        call.waited += waited
        found += [pause_after(pauses, MAYBE_APPLIED), round(call.seconds_left, 2)]
    assert found == [0.05, 5.95, 0.1, 1.9, None, 0.14]


@pytest.mark.parametrize("retry", [Retry(deadline=None), None])
def test_without_a_deadline_only_attempts_count(retry: Retry | None) -> None:
    """`deadline=None` limits a call by its attempts alone; so does `retry=None`."""
    clock, call = Clock(), call_of(retry)
    pauses = pauses_of(call, clock=clock)
    clock.now += 1e9
    assert (pause_after(pauses, MAYBE_APPLIED), call.seconds_left) == (0.05 if retry else None, math.inf)


NOT_SENT_ERRORS = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol")
LOST_ERRORS = (
    *("ReadError", "ReadTimeout", "WriteError", "WriteTimeout"),
    *("RemoteProtocolError", "LocalProtocolError", "CloseError"),
)
# How outcomes are classified, most of them several at once.
OUTCOMES: list[tuple[tuple[int | str, ...], Failure | None]] = [
    ((408, 500, 502, 503, 504, 520, 599), MAYBE_APPLIED),
    ((301, 400, 401, 403, 404, 409, 413, 422, 501), FINAL),
    ((200, 201, 204), None),
    ((429,), THROTTLED),
    (NOT_SENT_ERRORS, NOT_SENT),
    (LOST_ERRORS, MAYBE_APPLIED),
]


@pytest.mark.parametrize(("outcomes", "failure"), OUTCOMES)
def test_outcomes_are_classified(outcomes: tuple[int | str, ...], failure: Failure | None) -> None:
    """A 409 in particular is never retried; without a connection, the request cannot have arrived."""
    for outcome in outcomes:
        assert failure_of(outcome_of(outcome)) == failure


@pytest.mark.parametrize(
    ("values", "seconds"),
    [
        (["7", " 7 "], 7.0),
        (["0", "Sat, 21 Nov 2026 11:58:29 GMT"], 0.0),
        # the last two but one are the old forms of RFC 9110, section 5.6.7
        (
            [DATE, "Saturday, 21-Nov-26 12:00:00 GMT", "Sat Nov 21 12:00:00 2026", "Sat, 21 Nov 2026 13:00:00 +0100"],
            90.0,
        ),
        (["-5", "1.5", "1e3", "soon", "٣", "", "Mon, 15 Jan 99999999999 10:30:00 GMT"], None),
        (["1764240000000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"], 86_400.0),
    ],
)
def test_retry_after_is_parsed(values: list[str], seconds: float | None) -> None:
    """Seconds, or a date in any HTTP format; a past date is 0, a day the maximum, and an invalid value is ignored."""
    for value in values:
        response = httpx.Response(429, headers=[(b"retry-after", value.encode())])
        assert retry_after(response, now=lambda: NOON - 90) == seconds


@pytest.mark.parametrize("attempts", [0, -1, True])
def test_invalid_attempts(attempts: int) -> None:
    """A call has at least one attempt."""
    with pytest.raises(ValueError, match="Retry: attempts must be 1 or more, not"):
        Retry(attempts)
