"""The control routes: the methods of `Sandbox` as JSON under `/_sandbox/`."""

import json
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.server.control_api import CONTROLS

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH, Connect, Edited, Serve


@pytest.fixture
def control(sandbox: Sandbox, connect: Connect) -> httpx.Client:
    """A client of the shared sandbox without credentials."""
    return connect(sandbox, {})


def test_state(serve: Serve, connect: Connect) -> None:
    """`state` has the contacts, the settings, the current window and the last minute; no page has a secret."""
    sandbox = serve(limit=3, api_key="the-key", api_secret="the-secret")  # noqa: S106 - not a real secret
    sandbox.clock.set(1_705_314_600)
    api = connect(sandbox, {"sb-api-key-id": "the-key", "sb-api-secret-key": "the-secret"})
    codes = [api.post(PATH, json={"number": ADA}).status_code for _ in range(4)]
    response = api.get("/_sandbox/state")
    state = response.json()
    assert codes == [200, 409, 409, 429]
    expected = {"contacts": 1, "limit": 3, "per": 10.0, "window": "log", "used": 3, "arrivals": 4, "requests": 4}
    assert {name: state[name] for name in expected} == expected
    assert (len(state["history"]), state["history"][-2:]) == (60, [0, 3])
    assert state["clock"] == {"now": 1_705_314_600.0, "virtual": True}
    assert state["settings"]["credentials"] == "one pair"
    texts = [response.text, *(api.get(path).text for path in ("/", "/docs", "/_sandbox/requests/1"))]
    assert [text for text in texts if "the-key" in text or "the-secret" in text] == []


SEARCHES = {
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


def found(control: httpx.Client, **query: str) -> list[str]:
    """Return the numbers of the contacts that a query finds."""
    return [each["phone"] for each in control.get("/_sandbox/contacts", params=query).json()["contacts"]]


def test_search(control: httpx.Client, api: httpx.Client) -> None:
    """`search` matches numbers, names, tags, and labels and values of variables in any case, but no field names."""
    numbers = {"Zoë": ADA, "Bob": "+14155550001"}
    api.post(PATH, json={"number": ADA, "first_name": "Zoë", "tags": ["VIP"]})
    variables = {"Lead Source": "100%_\\"}
    api.post(PATH, json={"number": "+14155550001", "first_name": "Bob", "custom_variables": variables})
    for text, names in SEARCHES.items():
        assert (text, found(control, search=text)) == (text, [numbers[name] for name in names])


def test_contacts_by_flag(sandbox: Sandbox, control: httpx.Client, api: httpx.Client) -> None:
    """`opt_out` and `verified` select contacts; a number is verified after its message was answered, not before."""
    out, verified, neither = ADA, BOB, "+14155550003"
    for number in (out, verified, neither):
        api.post(PATH, json={"number": number})
    api.post(f"{PATH}/opt-out", json={"number": out})
    for number in (verified, "+14155550009"):
        api.post(f"{PATH}/verify", json={"number": number})
    assert control.post("/_sandbox/verifications", json={"phone": neither}).status_code == 404
    assert control.post("/_sandbox/verifications", json={"phone": verified}).json() == {"status": "OK"}
    assert [found(control, opt_out=value) for value in ("true", "false")] == [[out], [neither, verified]]
    assert [found(control, verified=value) for value in ("true", "false")] == [[verified], [neither, out]]
    assert found(control, verified="true", opt_out="false", search=verified[-4:]) == [verified]
    assert api.get(f"{PATH}/{verified}").json()["contact"]["verified"] is True
    messages = control.get("/_sandbox/verifications?limit=2").json()["verifications"]
    assert [(each["phone"], each["answered"]) for each in messages] == [("+14155550009", False), (verified, True)]
    sandbox.reset()
    assert control.get("/_sandbox/verifications").json() == {"verifications": []}


def test_contacts_are_changed(sandbox: Sandbox, control: httpx.Client) -> None:
    """A contact can be created, updated and deleted without a trace in the requests; an object replaces the old one."""
    labels = "custom_variables"
    path = f"/_sandbox/contacts/{ADA}"
    assert control.post("/_sandbox/contacts", json={"number": ADA, labels: {"a": "1", "b": "2"}}).status_code == 200
    assert control.put(path, json={"tags": ["VIP"], labels: {"b": "3"}, "opt_out": True}).status_code == 200
    (contact,) = sandbox.contacts()
    assert [contact[name] for name in ("phone", "tags", labels, "opt_out")] == [ADA, ["VIP"], {"b": "3"}, True]
    assert contact["created_at"] == "2024-01-15T10:30:00.123Z"
    assert control.post("/_sandbox/contacts", json={"number": ADA}).status_code == 409
    assert control.put(path, json={labels: {"c": "1"}, "tags": "VIP"}).status_code == 400
    assert sandbox.contacts() == [contact]
    assert [control.delete(path).status_code for _ in range(2)] == [200, 404]
    assert (sandbox.contacts(), sandbox.requests, sandbox.arrivals()) == ([], [], 0)


def test_fields(serve: Serve, connect: Connect, edited: Edited) -> None:
    """`fields` describes contacts and forms as the document has them, in whatever names and types."""

    def edit(document: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["Contact"]["properties"]["phone_label"] = {"type": "string", "x-aliases": ["label"]}
        new = {"label": {"type": "string", "enum": ["home", "work"]}, "since": {"type": ["integer", "null"]}}
        schemas["ContactUpdate"]["properties"] |= {**new, "place": {"type": "object", "additionalProperties": True}}

    form = connect(serve(document=edited(edit))).get("/_sandbox/fields").json()
    update = {each["name"]: each for each in form["update"]}
    fields = {"phone_number": "text", "tags": "list", "custom_variables": "labels", "opt_out": "boolean"}
    expected = {**fields, "since": "number", "place": "json"}
    assert {name: update[name]["kind"] for name in expected} == expected
    assert update["label"]["choices"] == ["home", "work"]
    assert [update[name]["contact"] for name in ("phone_number", "label", "since")] == ["phone", "phone_label", None]
    assert [each["name"] for each in form["create"] if each["required"]] == ["number"]
    assert form["title"] == ["first_name", "last_name"]
    computed = [each["name"] for each in form["contact"] if each["computed"]]
    assert computed == ["phone", "created_at", "verified", "opt_out", "contact_id"]


def test_pages_of_contacts(sandbox: Sandbox, control: httpx.Client) -> None:
    """`seed` and `reset` do what the methods do; `limit` and `offset` select a page of contacts, newest first."""
    assert control.post("/_sandbox/seed", json={"count": 5, "seed": 7}).json() == {"status": "OK", "created": 5}
    phones = [each["phone"] for each in sandbox.contacts()]
    page = control.get("/_sandbox/contacts", params={"limit": 2, "offset": 1}).json()
    assert (page["total"], [each["phone"] for each in page["contacts"]]) == (5, [phones[3], phones[2]])
    sandbox.faults.add(status=500)
    assert control.post("/_sandbox/reset").json() == {"status": "OK"}
    assert (sandbox.contacts(), sandbox.faults.all()) == ([], [])
    assert sandbox.seed(5, seed=7) == phones


def test_requests(control: httpx.Client, api: httpx.Client) -> None:
    """`requests` has the method, path, status and time of each, without headers; `after` selects new ones."""
    api.get(PATH)
    first = control.get("/_sandbox/requests").json()
    api.get("/nowhere")
    second = control.get("/_sandbox/requests", params={"after": first["last"]})
    assert (first["last"], [each["status"] for each in first["requests"]]) == (1, [200])
    (request,) = second.json()["requests"]
    assert 0 <= request.pop("seconds") < 5
    sent = {"number": 2, "at": 1_705_314_600.123, "method": "GET", "path": "/nowhere", "query": ""}
    assert request == {**sent, "status": 404, "fault": None}
    assert "secret" not in second.text


def test_one_request(sandbox: Sandbox, control: httpx.Client, api: httpx.Client) -> None:
    """One request has its headers with masked credentials, its body, the response, and the fault that hit it."""
    sandbox.faults.add(what="truncated", nth=2)
    sandbox.faults.add(what="reset", nth=2)  # the second that the first rule left
    hidden = {"Authorization": "Bearer hidden", "Cookie": "id=hidden", "X-Trace": "7"}
    sent = api.post(PATH, json={"number": ADA}, headers=hidden)
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            api.get(PATH)
    whole, cut, reset = (control.get(f"/_sandbox/requests/{number}").json() for number in (1, 2, 3))
    assert json.loads(whole["body"]) == {"number": ADA}
    assert (whole["headers"]["x-trace"], whole["size"], whole["fault"]) == ("7", len(whole["body"]), None)
    assert whole["response"]["body"] == sent.text
    assert whole["response"]["headers"] == dict(sent.headers)
    secret = ("sb-api-key-id", "sb-api-secret-key", "authorization", "cookie")
    assert {whole["headers"][name] for name in secret} == {"••••••"}
    assert "hidden" not in control.get("/_sandbox/requests/1").text
    size = int(cut["response"]["headers"]["content-length"])
    assert (cut["fault"], cut["response"]["size"]) == ({"what": "truncated", "nth": [2]}, size // 2)
    assert (reset["fault"]["what"], reset["status"], reset["response"]) == ("reset", 0, None)
    assert control.get("/_sandbox/requests/4").status_code == 404


def test_requests_by_status(sandbox: Sandbox, control: httpx.Client, api: httpx.Client) -> None:
    """`status` and `fault` select requests by their outcome; `limit` counts those that match."""
    sandbox.faults.add(status=503, nth=1)
    for path in (PATH, PATH, "/nowhere", ADA_PATH, PATH):
        api.get(path)

    def numbers(query: str) -> list[int]:
        return [each["number"] for each in control.get(f"/_sandbox/requests?{query}").json()["requests"]]

    expected = {
        "status=2xx": [2, 5],
        "status=2xx&limit=1": [5],
        "status=404": [3, 4],
        "status=4xx&after=3": [4],
        "status=reset": [],
        "fault=true": [1],
        "fault=false&status=5xx": [],
    }
    assert {query: numbers(query) for query in expected} == expected


def test_control_requests_are_not_recorded(sandbox: Sandbox, control: httpx.Client) -> None:
    """Requests to control routes need no credentials, are not recorded and do not count."""
    paths = [path for path, methods in CONTROLS.items() if "GET" in methods and "{" not in path]
    assert {control.get(path).status_code for path in paths} == {200}
    assert (sandbox.requests, sandbox.arrivals()) == ([], 0)
    assert control.get("/_sandbox/arrivals").json() == {"arrivals": 0, "limit": None, "per": 10.0}


def test_clock(sandbox: Sandbox, control: httpx.Client) -> None:
    """`clock` can be set, advanced and returned to real time, one change at a time."""
    control.post("/_sandbox/clock", json={"set": "2024-01-15T10:30:00Z"})
    moved = control.post("/_sandbox/clock", json={"advance": 10}).json()
    assert moved == {"now": 1_705_314_610.0, "iso": "2024-01-15T10:30:10.000Z", "virtual": True}
    assert sandbox.clock() == 1_705_314_610.0
    assert control.post("/_sandbox/clock", json={"real": True}).json()["virtual"] is False


def test_faults(control: httpx.Client, api: httpx.Client) -> None:
    """`faults` adds or replaces one rule or several, and returns how often each fault happened."""
    rules = [{"status": 503, "times": 1}, {"what": "empty", "operation": "count_contacts"}]
    control.put("/_sandbox/faults", json=rules)
    codes = [api.get(PATH).status_code for _ in range(2)]
    assert codes == [503, 200]
    listed = control.post("/_sandbox/faults", json={"what": "html", "nth": 2}).json()["faults"]
    first, second, third = (each.pop("number") for each in listed)
    assert listed == [
        {"what": "status", "status": 503, "times": 1, "matched": 2, "happened": 1},
        {"what": "empty", "operation": "count_contacts", "matched": 0, "happened": 0},
        {"what": "html", "nth": [2], "matched": 0, "happened": 0},
    ]
    changed = control.put(f"/_sandbox/faults/{second}", json={"what": "delay"}).json()["faults"]
    assert [(each["what"], each["matched"]) for each in changed] == [("status", 2), ("delay", 0), ("html", 0)]
    assert [each["number"] for each in control.delete(f"/_sandbox/faults/{first}").json()["faults"]][1] == third
    assert [control.delete(f"/_sandbox/faults/{number}").status_code for number in (first, second)] == [404, 404]
    assert control.delete("/_sandbox/faults").json() == {"faults": []}


def test_limit(serve: Serve, connect: Connect) -> None:
    """`limit` changes the limit, its window and how it counts, until the next reset."""
    sandbox = serve(limit=1)
    api = connect(sandbox)
    assert [api.get(PATH).status_code for _ in range(2)] == [200, 429]
    changed = api.post("/_sandbox/limit", json={"limit": 2, "per": 60, "window": "bucket"}).json()
    assert changed == {"limit": 2, "per": 60, "window": "bucket"}
    assert [api.get(PATH).status_code for _ in range(3)] == [200, 200, 429]
    assert api.post("/_sandbox/limit", json={"limit": None}).json() == {**changed, "limit": None}
    assert {api.get(PATH).status_code for _ in range(9)} == {200}
    state = api.get("/_sandbox/state").json()
    assert (state["limit"], state["settings"]["limit"], state["settings"]["window"]) == (None, None, "bucket")
    sandbox.reset()
    assert api.get("/_sandbox/arrivals").json() == {"arrivals": 0, "limit": 1, "per": 10.0}


INVALID_REQUESTS: list[tuple[str, str, Any, str]] = [
    ("POST", "seed", {"count": -1}, "seed: cannot create -1 contacts"),
    ("POST", "seed", {"many": 1}, "Unknown field: many"),
    ("POST", "seed", [], "not a JSON object"),
    ("POST", "clock", {}, "use exactly one of set, advance, real"),
    ("POST", "clock", {"set": 1, "advance": 1}, "use exactly one of"),
    ("POST", "clock", {"set": "soon"}, "soon"),
    ("POST", "clock", {"real": False}, "Use true"),
    ("POST", "limit", {"limit": 0}, "limit=0 is not a valid setting of the sandbox"),
    ("POST", "limit", {"retry_after": "none"}, "Unknown field: retry_after"),
    ("PUT", "faults/x", {"status": 500}, "number must be an integer of at least 0"),
    ("POST", "contacts", {}, "Missing fields"),
    ("POST", "contacts", {"number": "+1"}, "Invalid phone number"),
    ("GET", "contacts?opt_out=yes", None, "opt_out must be one of true, false"),
    ("GET", "requests?status=4x", None, "status must be a status such as 404"),
    ("POST", "faults", {"status": 42}, "status=42 is not a valid field of a fault"),
    ("POST", "faults", {"colour": "red"}, "'colour' is not a field of a fault"),
    ("POST", "faults", {"operation": "list"}, "operation='list' does not exist"),
    ("PUT", "faults", [5], "not a JSON object"),
    ("GET", "requests?limit=x", None, "limit must be an integer from 0 to 1000"),
    ("GET", "contacts?limit=1001", None, "limit must be an integer from 0 to 1000"),
    ("GET", "requests?after=-1", None, "after must be an integer of at least 0"),
]


def test_invalid_request(control: httpx.Client) -> None:
    """An invalid control request gets a 400 that describes the error; so does a body of another Content-Type."""
    for method, path, body, message in INVALID_REQUESTS:
        response = control.request(method, f"/_sandbox/{path}", json=body)
        assert (message, response.status_code, message in response.json()["message"]) == (message, 400, True)
    form = control.post("/_sandbox/seed", content=b'{"count": 1}', headers={"content-type": "text/plain"})
    assert form.status_code == 400


def test_other_routes_and_methods(sandbox: Sandbox, control: httpx.Client) -> None:
    """An unknown control route gets 404, a wrong method 405, a large body 413, a request of another site 403."""
    assert control.get("/_sandbox/nothing").json() == {"status": "ERROR", "message": "Not Found"}
    assert control.get("/_sandbox/reset").status_code == 405
    assert control.post("/_sandbox/seed", content=bytes(2_000_000)).status_code == 413
    sandbox.seed(1)
    assert control.post("/_sandbox/reset", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert control.get("/_sandbox/state", headers={"Sec-Fetch-Site": "same-origin"}).json()["contacts"] == 1
