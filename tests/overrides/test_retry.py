"""The retry policy is pure: each test sets the time, the jitter and the failures.

`data/aws_standard_retry.json` has the public test cases of the standard retry mode of the AWS SDKs.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sendblue_contacts import Retry
from sendblue_contacts.errors import retry_after
from sendblue_contacts.retry import Call, Failure, Quota, attempt_pauses, failure_of

from tests.overrides.transport_harness import Clock

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "aws_standard_retry.json").read_bytes())
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


def outcome_of(outcome: dict[str, Any]) -> httpx.Response | httpx.TransportError:
    """Return the outcome that a vector describes."""
    if "error" in outcome:
        error: httpx.TransportError = getattr(httpx, outcome["error"])("lost")
        return error
    return httpx.Response(outcome["status"])


def vectors(section: str) -> pytest.MarkDecorator:
    """Parametrize a test with the cases of a section."""
    cases = VECTORS[section]
    names = [case.get("name") or json.dumps(case.get("outcome") or case.get("milliseconds")) for case in cases]
    return pytest.mark.parametrize("case", cases, ids=names)


@vectors("calls")
def test_a_call_follows_the_vector(case: dict[str, Any]) -> None:
    """After each outcome, the pause and the quota are those of the standard mode; null ends the call."""
    quota = Quota()
    quota.tokens = case.get("tokens", quota.capacity)
    retry = Retry(**{"deadline": None, **case.get("retry", {})})
    for call in case["calls"]:
        for _ in range(call.get("times", 1)):
            pauses = pauses_of(Call(repeatable=True, retry=retry), quota=quota)
            for step in call["trace"]:
                assert pause_after(pauses, failure_of(outcome_of(step["outcome"]))) == pytest.approx(step["pause"])
                assert quota.tokens == step.get("tokens", quota.tokens)


@vectors("jitter")
def test_the_jitter_is_full(case: dict[str, Any]) -> None:
    """The pause after an attempt is uniform between 0 and its maximum."""
    for random in (0.0, 0.25, 1.0):
        pauses = pauses_of(call_of(Retry(attempts=99, deadline=None)), random=random)
        found = [pause_after(pauses, MAYBE_APPLIED) for _ in range(case["attempt"])]
        assert found[-1] == pytest.approx(random * case["longest"])


@vectors("retry_after")
def test_retry_after_is_kept_in_full(case: dict[str, Any]) -> None:
    """`Retry-After` is kept in full where the standard mode cuts it; an invalid value is ignored."""
    text = case["milliseconds"]
    seconds = int(text) / 1000 if text.isdigit() else retry_after(httpx.Response(500, headers={"retry-after": text}))
    pause = pause_after(pauses_of(call_of()), Failure(maybe_applied=True, retry_after=seconds))
    assert pause == pytest.approx(case["ours"])
    assert ("why" in case) == (case["ours"] != case["theirs"])


@vectors("quota")
def test_the_quota_follows_the_vector(case: dict[str, Any]) -> None:
    """Tokens stay between 0 and the capacity."""
    quota = Quota(case["capacity"])
    for method, tokens, result, left in case["steps"]:
        assert (getattr(quota, method)(tokens), quota.tokens) == (result, left)


# The policy and the failures of a call, and the pause after each; None: it is not sent again.
PAUSES: list[tuple[Retry | None, bool, list[Failure], list[float | None]]] = [
    (Retry(attempts=4), True, [MAYBE_APPLIED, THROTTLED, MAYBE_APPLIED, NOT_SENT], [0.05, 2.0, 0.2, None]),
    (Retry(attempts=9, base=1.0, cap=3.0), True, [MAYBE_APPLIED] * 4, [1.0, 2.0, 3.0, 3.0]),
    (Retry(attempts=1), True, [NOT_SENT], [None]),
    (None, True, [NOT_SENT], [None]),
    (Retry(), True, [FINAL], [None]),
    (Retry(), False, [NOT_SENT, MAYBE_APPLIED], [0.05, None]),  # a call that is not safe to repeat
    (Retry(), False, [THROTTLED, MAYBE_APPLIED], [1.0, None]),
    (Retry(deadline=None), True, [Failure(maybe_applied=False, retry_after=500.0)], [500.0]),
    (Retry(deadline=60.0), True, [Failure(maybe_applied=False, retry_after=60.0)], [None]),
    (Retry(), True, [Failure(maybe_applied=False, throttled=True, retry_after=0.0)], [1.0]),
]


@pytest.mark.parametrize(("retry", "repeatable", "failures", "found"), PAUSES)
def test_pauses(retry: Retry | None, repeatable: bool, failures: list[Failure], found: list[float | None]) -> None:
    """The base of the failure doubles up to the cap; `Retry-After` is respected if the deadline allows it."""
    call = call_of(retry, repeatable=repeatable)
    pauses = pauses_of(call)
    assert [pause_after(pauses, failure) for failure in failures] == found
    assert call.attempts == len([pause for pause in found if pause is not None]) + (found[-1] is not None or 1)


@pytest.mark.parametrize(("failure", "maybe_applied"), [(MAYBE_APPLIED, True), (NOT_SENT, False), (THROTTLED, False)])
def test_maybe_applied_is_kept(failure: Failure, *, maybe_applied: bool) -> None:
    """Once an attempt may have been applied, later outcomes do not change that; a final response alone does not."""
    call = call_of()
    pauses = pauses_of(call)
    for each in (failure, THROTTLED, FINAL):
        pause_after(pauses, each)
    assert call.maybe_applied is maybe_applied


def test_a_retry_that_is_not_made_costs_nothing() -> None:
    """Without attempts or time left, the quota stays as it is; a success returns what its last retry took."""
    quota = Quota()
    for retry in (Retry(attempts=1), Retry(deadline=0.01)):
        pause_after(pauses_of(call_of(retry), quota=quota), MAYBE_APPLIED)
    assert quota.tokens == 500
    pauses = pauses_of(call_of(), quota=quota)
    for failure in (MAYBE_APPLIED, THROTTLED, None):
        pause_after(pauses, failure)
    assert quota.tokens == 500 - 14 - 5 + 5


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
    taken: list[bool] = []
    threads = [threading.Thread(target=lambda: taken.extend(quota.take(5) for _ in range(20))) for _ in range(10)]
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
OUTCOMES: list[tuple[tuple[Any, ...], Failure | None]] = [
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
        assert failure_of(outcome_of({"error" if isinstance(outcome, str) else "status": outcome})) == failure


@vectors("conditions")
def test_an_outcome_is_retried_or_not(case: dict[str, Any]) -> None:
    """Retryable and throttling outcomes are those of the standard mode."""
    found = failure_of(outcome_of(case["outcome"]))
    assert (found is not None and not found.final) == case["retried"]
    assert (found is not None and found.throttled) == case["throttled"]


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
