"""The public test cases of the AWS SDKs' standard retry mode, which are data (`data/aws_standard_retry.json`)."""

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
    """The cases of a section, each a test of its own."""
    cases = VECTORS[section]
    names = [case.get("name") or json.dumps(case.get("outcome") or case.get("milliseconds")) for case in cases]
    return pytest.mark.parametrize("case", cases, ids=names)


def failure(outcome: dict[str, Any]) -> Failure | None:
    """What an outcome means to us."""
    if "error" in outcome:
        return failure_of(getattr(httpx, outcome["error"])("lost"))
    return failure_of(httpx.Response(outcome["status"]))


def attempts_of(quota: Quota, random: float = 1.0) -> Attempts:
    """The attempts of a client, at a time that stands still."""
    return Attempts(quota, clock=lambda: 0.0, random=lambda: random)


def traced(attempts: Attempts, quota: Quota, retry: Retry, trace: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What really follows each outcome of a trace, in the form of the trace."""
    flow = attempts.flow(Call(repeatable=True, retry=retry))
    assert next(flow) == 0
    real: list[dict[str, Any]] = []
    for step in trace:
        try:
            pause = flow.send(failure(step["outcome"]))
        except StopIteration:
            pause = None
        looked_at = {"tokens": quota.tokens} if "tokens" in step else {}
        real.append({"outcome": step["outcome"], "pause": pause, **looked_at})
    return real


@vectors("calls")
def test_a_call_takes_the_course_of_the_vector(case: dict[str, Any]) -> None:
    """After each outcome come the pause and the quota that the standard mode says; null is the end."""
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
    """Which outcomes are repeated, and which of them are throttling, is as in the standard mode."""
    found = failure(case["outcome"])
    assert (found is not None and not found.final) == case["retried"]
    assert (found is not None and found.throttled) == case["throttled"]


@pytest.mark.parametrize("random", [0.0, 0.25, 1.0])
@vectors("jitter")
def test_the_jitter_is_full(case: dict[str, Any], random: float) -> None:
    """The pause after an attempt is uniform between nothing and its longest."""
    flow = attempts_of(Quota(), random).flow(Call(repeatable=True, retry=Retry(attempts=99, deadline=None)))
    pauses = [next(flow), *(flow.send(Failure(arrived=True)) for _ in range(case["attempt"]))]
    assert pauses[-1] == pytest.approx(random * case["longest"])


@vectors("retry_after")
def test_the_server_is_given_the_time_it_asks_for(case: dict[str, Any]) -> None:
    """A wait that the server asks for is kept in full, where the standard mode cuts it; nonsense is passed over."""
    asked = case["milliseconds"]
    seconds = int(asked) / 1000 if asked.isdigit() else retry_after(httpx.Response(500, headers={"retry-after": asked}))
    quota = Quota()
    flow = attempts_of(quota).flow(Call(repeatable=True, retry=Retry()))
    next(flow)
    assert flow.send(Failure(arrived=True, retry_after=seconds)) == pytest.approx(case["ours"])
    assert quota.tokens == 486
    assert ("why" in case) == (case["ours"] != case["theirs"])


@vectors("quota")
def test_the_quota_counts_as_the_vector(case: dict[str, Any]) -> None:
    """Tokens are taken and given back between nothing and the capacity."""
    quota = Quota(case["capacity"])
    for what, tokens, answer, left in case["steps"]:
        assert getattr(quota, what)(tokens) is answer
        assert quota.tokens == left
