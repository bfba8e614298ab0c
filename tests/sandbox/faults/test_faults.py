"""Faults: which requests they happen to, and what the client then gets, over a real connection."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, get_args

import httpx
import pytest
from sendblue_sandbox import Fault, Faults
from sendblue_sandbox.faults.fault import What
from sendblue_sandbox.faults.fault_effects import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
ADA = "+14155551234"


def taken(count: int, **rule: Any) -> list[int]:  # noqa: ANN401 - fields of several types
    """Which of so many requests a rule takes, counted from 1."""
    faults = Faults(["create_contact"])
    faults.add(**rule)
    return [number for number in range(1, count + 1) if faults.take("create_contact", "POST", PATH)]


# --- which requests


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"status": 500}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"probability": 0}, []),
        ({"probability": 1}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "create_contact"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "POST"}, [1, 2, 3, 4, 5, 6]),
        ({"method": "GET"}, []),
        ({"path": "/api/v2/*"}, [1, 2, 3, 4, 5, 6]),
        ({"path": "/api/v2/contacts/*"}, []),
    ],
)
def test_a_rule_takes_some_requests(rule: dict[str, Any], expected: list[int]) -> None:
    """A rule takes the requests that its fields say, and no others."""
    assert taken(6, **(rule or {"status": 500})) == expected


def test_chance_can_be_repeated() -> None:
    """The same seed takes the same requests, about as many as the probability says; another takes others."""
    first, again, other = (taken(1_000, probability=0.3, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert 250 < len(first) < 350


def test_the_first_rule_that_takes_a_request_decides() -> None:
    """Rules are asked in order; one that does not take a request leaves it to the next."""
    faults = Faults([])
    faults.add({"status": 500, "nth": 2}, {"status": 503})
    found = [faults.take("x", "GET", PATH) for _ in range(3)]
    assert [each and each.status for each in found] == [503, 500, 503]


def test_a_bad_rule_changes_nothing() -> None:
    """When one of several rules is bad none is taken, and those that were there stay."""
    faults = Faults(["list_contacts"])
    faults.add(status=500)
    with pytest.raises(ValueError, match="operation='nothing'"):
        faults.replace({"status": 503}, {"operation": "nothing"})
    assert [rule.fault.status for rule in faults.all()] == [500]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("what", "explode"),
        ("operation", 5),
        ("method", 5),
        ("path", 5),
        ("nth", 0),
        ("nth", "2"),
        ("nth", [1, "2"]),
        ("every", 0),
        ("probability", 1.1),
        ("probability", float("nan")),
        ("seed", "x"),
        ("times", 0),
        ("after", 1),
        ("status", 99),
        ("status", 600),
        ("status", True),
        ("headers", ["a"]),
        ("headers", {"a": 1}),
        ("headers", {"a": "b\r\nc: d"}),
        ("delay", -1),
        ("delay", float("inf")),
        ("jitter", "1"),
    ],
)
def test_a_bad_field_is_refused(name: str, value: Any) -> None:  # noqa: ANN401 - of any type
    """A value that cannot be is a `ValueError` with the field's name and what to give instead."""
    with pytest.raises(ValueError, match=f"^{name}=.*: give "):
        Fault(**{name: value})


# --- what happens


def test_every_kind_has_a_maker() -> None:
    """The kinds that can be asked for are those that there are."""
    assert set(KINDS) == set(get_args(What))


@pytest.mark.parametrize(
    ("rule", "status", "media_type", "body"),
    [
        ({"status": 503}, 503, "application/json", '{"status":"ERROR","message":"Service Unavailable"}'),
        ({"status": 599}, 599, "application/json", '{"status":"ERROR","message":"Error"}'),
        ({"status": 400, "body": {"error": "No"}}, 400, "application/json", '{"error":"No"}'),
        ({"status": 502, "body": "upstream"}, 502, "text/plain; charset=utf-8", "upstream"),
        ({"what": "empty"}, 200, "application/json", ""),
        ({"what": "empty", "status": 500}, 500, "application/json", ""),
        ({"what": "broken_json"}, 200, "application/json", '{"cou'),
        ({"what": "broken_json", "status": 500}, 500, "application/json", '{"cou'),
        ({"what": "html", "body": "<p>"}, 502, "text/html; charset=utf-8", "<p>"),
        ({"what": "delay"}, 200, "application/json", '{"count":0}'),
        ({"status": 204}, 204, "application/json", ""),
    ],
)
def test_an_answer_is_spoilt(  # noqa: PLR0917 - two fixtures, and what is given and expected
    sandbox: Sandbox, api: httpx.Client, rule: dict[str, Any], status: int, media_type: str, body: str
) -> None:
    """An error, an empty body, half a JSON text or a page come instead of the answer; then all is as before."""
    sandbox.faults.add(**rule, headers={"X-Fault": "ü"}, times=1)
    response = api.get(f"{PATH}/count")
    assert (response.status_code, response.headers["Content-Type"], response.text) == (status, media_type, body)
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_a_page_of_a_proxy(sandbox: Sandbox, api: httpx.Client) -> None:
    """`html` is a page as proxies send it, with the status in it."""
    sandbox.faults.add(what="html", status=504)
    response = api.get(PATH)
    assert response.status_code == 504
    assert "<h1>504 Gateway Timeout</h1>" in response.text


@pytest.mark.parametrize(("headers", "location"), [({}, "http://elsewhere.invalid/"), ({"Location": "/x"}, "/x")])
def test_a_redirect(sandbox: Sandbox, api: httpx.Client, headers: dict[str, str], location: str) -> None:
    """`redirect` sends the client to another place, one that does not exist unless one is given."""
    sandbox.faults.add(what="redirect", headers=headers)
    response = api.get(PATH)
    assert (response.status_code, response.headers["Location"]) == (307, location)


@pytest.mark.parametrize("after", [False, True])
def test_a_reset_is_one(sandbox: Sandbox, api: httpx.Client, after: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """`reset` really resets the connection (RST), before the request is carried out or after it; it is noted as 0."""
    sandbox.faults.add(what="reset", after=after, times=1)
    with pytest.raises(httpx.ReadError, match=r"Errno 104|reset"):
        api.post(PATH, json={"number": ADA})
    assert (len(sandbox.contacts()), sandbox.requests[-1].status) == (int(after), 0)
    assert api.get(PATH).status_code == 200


def test_a_truncated_answer(sandbox: Sandbox, api: httpx.Client) -> None:
    """`truncated` carries the request out, announces the whole answer, sends half and ends the connection."""
    sandbox.faults.add(what="truncated", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        api.post(PATH, json={"number": ADA})
    assert len(sandbox.contacts()) == 1
    assert api.get(PATH).status_code == 200


def test_a_delay_is_waited(sandbox: Sandbox, api: httpx.Client) -> None:
    """A delay is real: a client with a shorter timeout gives up, and the request is carried out all the same."""
    sandbox.faults.add(what="delay", delay=0.15, after=True, times=1)
    with pytest.raises(httpx.ReadTimeout):
        api.post(PATH, json={"number": ADA}, timeout=0.05)
    assert len(sandbox.contacts()) == 1


def test_others_are_served_during_a_delay(sandbox: Sandbox, api: httpx.Client) -> None:
    """While one request waits for its answer others are answered."""
    sandbox.faults.add(what="delay", delay=1.0, nth=1)
    with pytest.raises(httpx.ReadTimeout):
        api.get(PATH, timeout=0.02)
    started = time.perf_counter()
    assert api.get(PATH).status_code == 200
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(("after", "count"), [(False, 0), (True, 1)])
def test_an_error_comes_before_or_after(sandbox: Sandbox, api: httpx.Client, after: bool, count: int) -> None:  # noqa: FBT001 - a parameter of a test
    """With `after` the request is carried out and the client is told it failed; without, it is not carried out."""
    sandbox.faults.add(status=500, after=after)
    assert api.post(PATH, json={"number": ADA}).status_code == 500
    assert len(sandbox.contacts()) == count


def test_a_fault_counts_against_the_limit(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A request that a fault spoils has arrived: it takes a place in the window and is in the arrivals."""
    api = connect(sandbox := serve(limit=1))
    sandbox.faults.add(status=500)
    assert [api.get(PATH).status_code for _ in range(2)] == [500, 429]
    assert sandbox.arrivals() == 2


def test_no_fault_without_credentials(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> None:
    """A request that does not get past the door is no request of the account, and no rule looks at it."""
    sandbox.faults.add(status=500)
    assert connect(sandbox, {}).get(PATH).status_code == 403
    assert sandbox.faults.all()[0].matched == 0


def test_a_rule_is_shown_as_it_was_given() -> None:
    """`plain` holds what differs from the default, and can be given again."""
    rule = Fault(what="html", nth=2, headers={"a": "b"})
    assert rule.plain() == {"what": "html", "nth": (2,), "headers": {"a": "b"}}
    assert Fault(**json.loads(json.dumps(rule.plain()))) == rule
