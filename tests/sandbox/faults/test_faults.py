"""Faults: the requests that they apply to, and what the client receives over a real connection."""

from typing import Any

import httpx
import pytest
from sendblue_sandbox import Fault, Faults, Sandbox

from tests.sandbox.contacts_api import ADA, PATH, Connect, Serve


def taken(count: int, **rule: Any) -> list[int]:
    """Return the numbers, from 1 to `count`, of the requests that a rule applies to."""
    faults = Faults(["create_contact"])
    faults.add(**rule)
    return [number for number in range(1, count + 1) if faults.take("create_contact", "POST", PATH)]


def test_selected_requests() -> None:
    """A rule applies only to the requests that its fields select."""
    every = [1, 2, 3, 4, 5, 6]
    rules: list[tuple[dict[str, Any], list[int]]] = [
        ({"status": 500}, every),
        ({"nth": 2}, [2]),
        ({"nth": [1, 4]}, [1, 4]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 2}, [2, 4]),
        ({"probability": 0}, []),
        ({"probability": 1}, every),
        ({"operation": "create_contact"}, every),
        ({"method": "POST"}, every),
        ({"method": "GET"}, []),
        ({"path": "/api/v2/*"}, every),
        ({"path": "/api/v2/contacts/*"}, []),
    ]
    assert [(rule, taken(6, **rule)) for rule, _ in rules] == rules


def test_probability_is_reproducible() -> None:
    """The same seed selects the same requests, close to the probability; another seed selects others."""
    first, again, other = (taken(1_000, probability=0.3, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    assert 250 < len(first) < 350


def test_several_rules() -> None:
    """The first one that applies decides. If one of several new rules is invalid, the existing ones are kept."""
    faults = Faults(["list_contacts"])
    faults.add({"status": 500, "nth": 2}, {"status": 503})
    with pytest.raises(ValueError, match="operation='nothing'"):
        faults.replace({"status": 503}, {"operation": "nothing"})
    found = [faults.take("list_contacts", "GET", PATH) for _ in range(3)]
    assert [each and each.status for each in found] == [503, 500, 503]


def test_invalid_field() -> None:
    """An invalid value is a `ValueError` with the name of the field and the valid values."""
    invalid: dict[str, list[Any]] = {
        "what": ["explode"],
        "operation": [5],
        "method": [5],
        "path": [5],
        "nth": [0, "2", [1, "2"]],
        "every": [0],
        "probability": [1.1, float("nan")],
        "seed": ["x"],
        "times": [0],
        "after": [1],
        "status": [99, 600, True],
        "headers": [["a"], {"a": 1}, {"a": "b\r\nc: d"}, {"a b": "c"}, {"": "c"}],
        "delay": [-1, float("inf")],
        "jitter": ["1"],
    }
    for name, value in ((name, value) for name, values in invalid.items() for value in values):
        with pytest.raises(ValueError, match=f"^{name}=.*Use "):
            Fault(**{name: value})


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
def test_effects(
    sandbox: Sandbox, api: httpx.Client, rule: dict[str, Any], status: int, media_type: str, body: str
) -> None:
    """The client receives an error, an empty body, half of the JSON or a page; later requests are normal."""
    sandbox.faults.add(**rule, headers={"X-Fault": "ü"}, times=1)
    response = api.get(f"{PATH}/count")
    assert (response.status_code, response.headers["Content-Type"], response.text) == (status, media_type, body)
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_redirect(sandbox: Sandbox, api: httpx.Client) -> None:
    """`redirect` sends the client to another host, by default to one that does not exist."""
    sandbox.faults.add({"what": "redirect", "nth": 1}, {"what": "redirect", "headers": {"Location": "/x"}})
    found = [(each.status_code, each.headers["Location"]) for each in (api.get(PATH), api.get(PATH))]
    assert found == [(307, "http://elsewhere.invalid/"), (307, "/x")]


@pytest.mark.parametrize("after", [False, True])
def test_reset(sandbox: Sandbox, api: httpx.Client, after: bool) -> None:
    """`reset` sends a RST before or after the request is executed; the recorded status is 0."""
    sandbox.faults.add(what="reset", after=after, times=1)
    with pytest.raises(httpx.ReadError, match=r"Errno 104|reset"):
        api.post(PATH, json={"number": ADA})
    assert (len(sandbox.contacts()), sandbox.requests[-1].status) == (int(after), 0)
    assert api.get(PATH).status_code == 200


def test_delay(serve: Serve, connect: Connect) -> None:
    """A delay takes real time: a client with a shorter timeout gives up, and meanwhile other requests are served."""
    api = connect(sandbox := serve())
    sandbox.faults.add(what="delay", delay=30.0, after=True, nth=1)
    with pytest.raises(httpx.ReadTimeout):
        api.post(PATH, json={"number": ADA}, timeout=0.1)
    assert api.get(f"{PATH}/count").json() == {"count": 1}


@pytest.mark.parametrize("after", [False, True])
def test_error_before_or_after(sandbox: Sandbox, api: httpx.Client, after: bool) -> None:
    """With `after` the request is executed and gets an error response; without, it is not executed."""
    sandbox.faults.add(status=500, after=after)
    assert api.post(PATH, json={"number": ADA}).status_code == 500
    assert len(sandbox.contacts()) == int(after)


def test_credentials_and_the_limit(serve: Serve, connect: Connect) -> None:
    """No rule applies to a request without credentials; one with a fault uses a slot and counts as an arrival."""
    sandbox = serve(limit=1)
    sandbox.faults.add(status=500)
    assert connect(sandbox, {}).get(PATH).status_code == 403
    assert sandbox.faults.all()[0].matched == 0
    api = connect(sandbox)
    assert [api.get(PATH).status_code for _ in range(2)] == [500, 429]
    assert sandbox.arrivals() == 2
