"""The public test cases of the standard retry mode of the AWS SDKs (`data/aws_standard_retry.json`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sendblue_contacts import Retry
from sendblue_contacts.errors import retry_after
from sendblue_contacts.retry import Attempts, Call, Failure, Quota, failure_of

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "aws_standard_retry.json").read_bytes())


def vectors(section: str) -> pytest.MarkDecorator:
    """Parametrize a test with the cases of a section."""
    cases = VECTORS[section]
    names = [case.get("name") or json.dumps(case.get("outcome") or case.get("milliseconds")) for case in cases]
    return pytest.mark.parametrize("case", cases, ids=names)


def failure(outcome: dict[str, Any]) -> Failure | None:
    """Return how an outcome is classified."""
    if "error" in outcome:
        return failure_of(getattr(httpx, outcome["error"])("lost"))
    return failure_of(httpx.Response(outcome["status"]))


def attempts_of(quota: Quota, random: float = 1.0) -> Attempts:
    """Return the attempts of a client, with a clock that stands still."""
    return Attempts(quota, clock=lambda: 0.0, random=lambda: random)


def traced(attempts: Attempts, quota: Quota, retry: Retry, trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the pauses and tokens after each outcome of a trace, in the form of the trace."""
    pauses = attempts.pauses(Call(repeatable=True, retry=retry))
    assert next(pauses) == 0
    real: list[dict[str, Any]] = []
    for step in trace:
        try:
            pause = pauses.send(failure(step["outcome"]))
        except StopIteration:
            pause = None
        tokens = {"tokens": quota.tokens} if "tokens" in step else {}
        real.append({"outcome": step["outcome"], "pause": pause, **tokens})
    return real


@vectors("calls")
def test_a_call_follows_the_vector(case: dict[str, Any]) -> None:
    """After each outcome, the pause and the quota are those of the standard mode; null ends the call."""
    quota = Quota(tokens=case.get("tokens", -1))
    attempts = attempts_of(quota)
    retry = Retry(**{"deadline": None, **case.get("retry", {})})
    for call in case["calls"]:
        for _ in range(call.get("times", 1)):
            real = traced(attempts, quota, retry, call["trace"])
            assert [step["pause"] for step in real] == pytest.approx([step["pause"] for step in call["trace"]])
            assert [step.get("tokens") for step in real] == [step.get("tokens") for step in call["trace"]]


@vectors("conditions")
def test_an_outcome_is_retried_or_not(case: dict[str, Any]) -> None:
    """Retryable and throttling outcomes are those of the standard mode."""
    found = failure(case["outcome"])
    assert (found is not None and not found.final) == case["retried"]
    assert (found is not None and found.throttled) == case["throttled"]


@pytest.mark.parametrize("random", [0.0, 0.25, 1.0])
@vectors("jitter")
def test_the_jitter_is_full(case: dict[str, Any], random: float) -> None:
    """The pause after an attempt is uniform between 0 and its maximum."""
    pauses = attempts_of(Quota(), random).pauses(Call(repeatable=True, retry=Retry(attempts=99, deadline=None)))
    found = [next(pauses), *(pauses.send(Failure(maybe_applied=True)) for _ in range(case["attempt"]))]
    assert found[-1] == pytest.approx(random * case["longest"])


@vectors("retry_after")
def test_retry_after_is_kept_in_full(case: dict[str, Any]) -> None:
    """`Retry-After` is kept in full where the standard mode cuts it; an invalid value is ignored."""
    requested = case["milliseconds"]
    seconds = (
        int(requested) / 1000
        if requested.isdigit()
        else retry_after(httpx.Response(500, headers={"retry-after": requested}))
    )
    quota = Quota()
    pauses = attempts_of(quota).pauses(Call(repeatable=True, retry=Retry()))
    next(pauses)
    assert pauses.send(Failure(maybe_applied=True, retry_after=seconds)) == pytest.approx(case["ours"])
    assert quota.tokens == 486
    assert ("why" in case) == (case["ours"] != case["theirs"])


@vectors("quota")
def test_the_quota_follows_the_vector(case: dict[str, Any]) -> None:
    """Tokens stay between 0 and the capacity."""
    quota = Quota(case["capacity"])
    for method, tokens, result, left in case["steps"]:
        assert getattr(quota, method)(tokens) is result
        assert quota.tokens == left
