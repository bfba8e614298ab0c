"""The control routes: what `Sandbox` has as methods, as JSON under `/_sandbox/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sendblue_sandbox.server.control_api import CONTROLS

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
ADA = "+14155551234"


@pytest.fixture
def control(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> httpx.Client:
    """A client of the shared sandbox that has no credentials."""
    return connect(sandbox, {})


def test_state_tells_what_is_there(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """`state` tells contacts, settings, the window now and over the last minute, and no secret."""
    sandbox = serve(limit=3, api_key="the-key", api_secret="the-secret")  # noqa: S106 - of a sandbox
    sandbox.clock.set(1_705_314_600)
    api = connect(sandbox, {"sb-api-key-id": "the-key", "sb-api-secret-key": "the-secret"})
    codes = [api.post(PATH, json={"number": ADA}).status_code for _ in range(4)]
    response = api.get("/_sandbox/state")
    state = response.json()
    assert codes == [200, 409, 409, 429]
    assert {name: state[name] for name in ("contacts", "limit", "per", "window", "used", "arrivals", "requests")} == {
        "contacts": 1,
        "limit": 3,
        "per": 10.0,
        "window": "log",
        "used": 3,
        "arrivals": 4,
        "requests": 4,
    }
    assert (len(state["history"]), state["history"][-2:]) == (60, [0, 3])
    assert state["clock"] == {"now": 1_705_314_600.0, "virtual": True}
    assert state["settings"]["credentials"] == "one pair"
    assert "the-" not in response.text


def test_contacts_can_be_searched(control: httpx.Client, api: httpx.Client) -> None:
    """`search` finds numbers, names, tags, and labels and values of variables, in any case, but no names of fields."""
    api.post(PATH, json={"number": ADA, "first_name": "Zoë", "tags": ["VIP"]})
    api.post(PATH, json={"number": "+14155550001", "first_name": "Bob", "custom_variables": {"Lead Source": "100%_\\"}})

    def found(text: str) -> list[str]:
        return [
            each["first_name"] for each in control.get("/_sandbox/contacts", params={"search": text}).json()["contacts"]
        ]

    texts = ("", "zoë", "vip", "0001", "lead s", "100%_\\", "first_name", "x%", "_", "0")
    assert {text: found(text) for text in texts} == {
        "": ["Bob", "Zoë"],
        "zoë": ["Zoë"],
        "vip": ["Zoë"],
        "0001": ["Bob"],
        "lead s": ["Bob"],
        "100%_\\": ["Bob"],
        "first_name": [],
        "x%": [],
        "_": ["Bob"],
        "0": ["Bob"],
    }


def test_contacts_come_in_pages(sandbox: Sandbox, control: httpx.Client) -> None:
    """`limit` and `offset` page through contacts, newest first; `total` is how many there are."""
    phones = sandbox.seed(5)
    page = control.get("/_sandbox/contacts", params={"limit": 2, "offset": 1}).json()
    assert (page["total"], [each["phone"] for each in page["contacts"]]) == (5, [phones[3], phones[2]])


def test_requests_tell_what_arrived(control: httpx.Client, api: httpx.Client) -> None:
    """`requests` tells method, path, status and time of each, without headers; `after` asks for what is new."""
    api.get(PATH)
    first = control.get("/_sandbox/requests").json()
    api.get("/nowhere")
    second = control.get("/_sandbox/requests", params={"after": first["last"]})
    assert (first["last"], [each["status"] for each in first["requests"]]) == (1, [200])
    (request,) = second.json()["requests"]
    assert 0 <= request.pop("seconds") < 5
    assert request == {
        "number": 2,
        "at": 1_705_314_600.123,
        "method": "GET",
        "path": "/nowhere",
        "query": "",
        "status": 404,
    }
    assert "secret" not in second.text


def test_requests_are_the_newest(control: httpx.Client, api: httpx.Client) -> None:
    """With a `limit` the newest requests come, oldest of them first."""
    for _ in range(5):
        api.get(PATH)
    found = control.get("/_sandbox/requests", params={"limit": 2}).json()["requests"]
    assert [each["number"] for each in found] == [4, 5]


def test_it_is_not_noted_itself(sandbox: Sandbox, control: httpx.Client) -> None:
    """Requests to control routes need no credentials, are not noted, and do not count."""
    assert {control.get(path).status_code for path, methods in CONTROLS.items() if "GET" in methods} == {200}
    assert (sandbox.requests, sandbox.arrivals()) == ([], 0)


def test_arrivals(control: httpx.Client, api: httpx.Client) -> None:
    """`arrivals` tells the worst window so far."""
    api.get(PATH)
    assert control.get("/_sandbox/arrivals").json() == {"arrivals": 1, "limit": None, "per": 10.0}


def test_reset(sandbox: Sandbox, control: httpx.Client) -> None:
    """`reset` forgets everything; it needs no body."""
    sandbox.seed(5)
    sandbox.faults.add(status=500)
    assert control.post("/_sandbox/reset").json() == {"status": "OK"}
    assert (sandbox.contacts(), sandbox.faults.all()) == ([], [])


def test_seed(sandbox: Sandbox, control: httpx.Client) -> None:
    """`seed` adds contacts, the same as the method does."""
    assert control.post("/_sandbox/seed", json={"count": 5, "seed": 7}).json() == {"status": "OK", "created": 5}
    seeded = [each["phone"] for each in sandbox.contacts()]
    sandbox.reset()
    assert sandbox.seed(5, seed=7) == seeded


def test_clock(sandbox: Sandbox, control: httpx.Client) -> None:
    """`clock` is set, moved on and given back, one at a time."""
    control.post("/_sandbox/clock", json={"set": "2024-01-15T10:30:00Z"})
    moved = control.post("/_sandbox/clock", json={"advance": 10}).json()
    assert moved == {"now": 1_705_314_610.0, "iso": "2024-01-15T10:30:10.000Z", "virtual": True}
    assert sandbox.clock() == 1_705_314_610.0
    assert control.post("/_sandbox/clock", json={"real": True}).json()["virtual"] is False


def test_faults(control: httpx.Client, api: httpx.Client) -> None:
    """`faults` takes one rule or several, in addition or instead, and tells how often each came about."""
    control.put(
        "/_sandbox/faults", json=[{"status": 503, "times": 1}, {"what": "empty", "operation": "count_contacts"}]
    )
    codes = [api.get(PATH).status_code for _ in range(2)]
    assert codes == [503, 200]
    found = control.post("/_sandbox/faults", json={"what": "html", "nth": 2}).json()["faults"]
    assert found == [
        {"what": "status", "status": 503, "times": 1, "matched": 2, "happened": 1},
        {"what": "empty", "operation": "count_contacts", "matched": 0, "happened": 0},
        {"what": "html", "nth": [2], "matched": 0, "happened": 0},
    ]
    assert control.delete("/_sandbox/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "seed", {"count": -1}, "seed: -1 contacts"),
        ("POST", "seed", {"many": 1}, "Unknown field: many"),
        ("POST", "seed", [], "not a JSON object"),
        ("POST", "clock", {}, "give one of set, advance, real"),
        ("POST", "clock", {"set": 1, "advance": 1}, "give one of"),
        ("POST", "clock", {"set": "soon"}, "soon"),
        ("POST", "clock", {"real": False}, "give true"),
        ("POST", "faults", {"status": 42}, "status=42 is not a setting of a fault"),
        ("POST", "faults", {"colour": "red"}, "'colour' is not a field of a fault"),
        ("POST", "faults", {"operation": "list"}, "operation='list' is not an operation"),
        ("PUT", "faults", [5], "not a JSON object"),
        ("GET", "requests?limit=x", None, "limit must be a whole number from 0 to 1000"),
        ("GET", "contacts?limit=1001", None, "limit must be a whole number from 0 to 1000"),
        ("GET", "requests?after=-1", None, "after must be a whole number from 0 on"),
    ],
)
def test_a_wrong_request_is_told(control: httpx.Client, method: str, path: str, body: Any, message: str) -> None:  # noqa: ANN401 - any JSON
    """Whatever is wrong with a control request answers 400 with what it is."""
    response = control.request(method, f"/_sandbox/{path}", json=body)
    assert response.status_code == 400
    assert message in response.json()["message"]


def test_a_form_of_another_site_is_refused(control: httpx.Client) -> None:
    """A body that is not called JSON, as a page of another site can send one, answers 400."""
    response = control.post("/_sandbox/seed", content=b'{"count": 1}', headers={"content-type": "text/plain"})
    assert response.status_code == 400


def test_a_page_of_another_site_is_refused(sandbox: Sandbox, control: httpx.Client) -> None:
    """A request that a browser sends for a page of another site answers 403 and does nothing."""
    sandbox.seed(1)
    assert control.post("/_sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert control.get("/_sandbox/state", headers={"Sec-Fetch-Site": "same-origin"}).json()["contacts"] == 1


def test_other_routes_and_methods(control: httpx.Client) -> None:
    """A control route that does not exist answers 404, a wrong method 405, in JSON; a large body 413."""
    assert control.get("/_sandbox/nothing").json() == {"status": "ERROR", "message": "Not Found"}
    assert control.get("/_sandbox/reset").status_code == 405
    assert control.post("/_sandbox/seed", content=bytes(2_000_000)).status_code == 413
