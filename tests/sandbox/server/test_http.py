"""HTTP: routes, credentials, valid and invalid bodies."""

import json

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.server import pages

from tests.sandbox.contacts_api import ADA, ADA_PATH, HEAD, JSON, PATH, TLS, Connect, Serve, exchange, outcome


def send(api: httpx.Client, body: bytes, path: str = PATH) -> tuple[int, str]:
    """Post bytes as JSON; return the status and the message of the response."""
    return outcome(api.post(path, content=body, headers=JSON))


def test_a_plus_in_a_path_is_a_plus(api: httpx.Client) -> None:
    """`%2B` (vendor's page 003) and a literal `+` in a path are the same number."""
    api.post(PATH, json={"number": ADA})
    assert [api.get(path).json()["contact"]["phone"] for path in (ADA_PATH, f"{PATH}/{ADA}")] == [ADA, ADA]


def test_invalid_number_in_a_path(api: httpx.Client) -> None:
    """A path segment that is not E.164 gets 400."""
    plain = ["14155551234", "+0155551234", "+1415", "+1415555123456789", "Count", "%2B14155551234x", "+" + "1" * 10_000]
    encoded = ["+1%20415", "%2B1415555%001", "%2B14155551234%0A", "%2B1415555%D9%A3%D9%A3%D9%A3%D9%A3", "%FF"]
    for number in plain + encoded:
        status, message = outcome(api.get(f"{PATH}/{number}"))
        assert (number, status, message.partition(" is")[0]) == (number, 400, "Invalid phone number: phone_number")


def test_some_paths_reach_the_collection(sandbox: Sandbox, api: httpx.Client) -> None:
    """An empty segment and `.` reach the collection, so a careless delete of one is a bulk delete (a known trap)."""
    body = json.dumps({"contact_ids": [ADA]}).encode()
    for path in (f"{PATH}/", f"{PATH}/.", f"{PATH}/%2E", f"{PATH}//", f"{PATH}/x/.."):
        api.post(PATH, json={"number": ADA})
        head = f"DELETE {path} HTTP/1.1\r\n{HEAD}content-length: {len(body)}\r\n\r\n"
        response = exchange(sandbox, head.encode() + body)
        assert (path, response[:12], sandbox.contacts()) == (path, b"HTTP/1.1 200", [])


def test_unknown_route(api: httpx.Client) -> None:
    """A route that is not in the document gets 404, a method that a route does not have 405 with `Allow`."""
    for path in ("/nowhere", "/api/v2", "/api/v1/contacts", f"{ADA_PATH}/tags", f"{PATH}/.."):
        response = api.get(path)
        assert (response.status_code, response.json()) == (404, {"status": "ERROR", "message": "Not Found"})
    methods = {
        ("PATCH", PATH): "DELETE, GET, HEAD, POST",
        ("POST", f"{PATH}/count"): "GET, HEAD",
        ("OPTIONS", ADA_PATH): "DELETE, GET, HEAD, PUT",
    }
    for (method, path), allowed in methods.items():
        response = api.request(method, path)
        assert (response.status_code, response.headers["Allow"]) == (405, allowed)
        assert response.json() == {"status": "ERROR", "message": "Method Not Allowed"}


def test_files_of_the_reference(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """No files besides those of Swagger UI are served; without its package, `/docs` shows what to install."""
    assert api.get("/docs/files/swagger-ui.css").status_code == 200
    for path in ("/docs/files/../__init__.py", "/docs/files/%2e%2e/__init__.py", "/docs/files/", "/docs/x"):
        assert (path, api.get(path).status_code) == (path, 404)
    monkeypatch.setattr(pages, "SWAGGER_UI_PACKAGE", "no_such_package")
    with Sandbox() as other:
        response = httpx.get(f"{other.url}/docs", trust_env=False, verify=TLS)
    assert (response.status_code, "pip install" in response.text) == (503, True)


def test_no_credentials(sandbox: Sandbox, connect: Connect) -> None:
    """Without both headers the response is 403 without `status` (as in the live API), and nothing else is reported."""
    key, secret = {"sb-api-key-id": "x"}, {"sb-api-secret-key": "x"}
    empty = [{"sb-api-key-id": "", **secret}, {**key, "sb-api-secret-key": ""}]
    for headers in ({}, key, secret, *empty, {"authorization": "Bearer key"}):
        stranger = connect(sandbox, headers)
        for response in (
            stranger.get(PATH),
            stranger.post(PATH, json={"number": ADA}),
            stranger.post(PATH, content="{"),
        ):
            assert (response.status_code, response.json()) == (403, {"message": "Did not get inputs for authorization"})
    assert sandbox.contacts() == []


def test_one_pair_of_credentials(serve: Serve, connect: Connect) -> None:
    """A configured pair is accepted, others get 401 (as in the live API), missing ones 403. HEAD has no body."""
    sandbox = serve(api_key="a", api_secret="b")  # noqa: S106 - not a real secret
    names = ("sb-api-key-id", "sb-api-secret-key")
    right, *wrong = [connect(sandbox, dict(zip(names, pair, strict=True))) for pair in ("ab", "ax", "xb", "ba")]
    head = right.head(PATH)
    assert (right.get(PATH).status_code, head.status_code, head.content) == (200, 200, b"")
    for api in wrong:
        response = api.get(PATH)
        assert (response.status_code, response.json()) == (401, {"status": "ERROR", "message": "Invalid Credentials"})
    assert connect(sandbox, {}).get(PATH).status_code == 403


def test_missing_field(api: httpx.Client) -> None:
    """Without a required field the response is 400 "Missing fields" (vendor's page 003)."""
    for method, path in [("DELETE", ""), *(("POST", path) for path in ("", "/bulk", "/verify", "/opt-out"))]:
        for body in (b"{}", b""):
            response = api.request(method, PATH + path, content=body, headers=JSON)
            assert (response.status_code, response.json()) == (400, {"status": "ERROR", "message": "Missing fields"})


INVALID_FIELDS: list[tuple[str, object, str]] = [
    ("first_name", 5, "Invalid field: first_name must be string or null"),
    ("firstName", ["Ada"], "Invalid field: first_name must be string or null"),
    ("tags", "VIP", "Invalid field: tags must be array or null"),
    ("tags", [5], "Invalid field: tags.0 must be string"),
    ("custom_variables", {"Plan": None}, "Invalid field: custom_variables.Plan must be string"),
    *(
        ("custom_variables", value, "Invalid field: custom_variables must be object or null")
        for value in ("Plan", [], [["Plan", "Pro"]], 5)
    ),
    ("update_if_exists", "true", "Invalid field: update_if_exists must be boolean"),
    ("update_if_exists", None, "Invalid field: update_if_exists must be boolean"),
    ("number", None, "Invalid field: number must be string"),
    ("number", 14155551234, "Invalid field: number must be string"),
    ("nummer", ADA, "Unknown field: nummer"),
    ("", "x", "Unknown field: "),
]


def test_invalid_field(api: httpx.Client) -> None:
    """A field of a wrong type, or an unknown one, gets a 400 that names it; nothing is stored."""
    for field, value, message in INVALID_FIELDS:
        assert send(api, json.dumps({"number": ADA} | {field: value}).encode()) == (400, message)
    for body in (b"[]", b'"text"', b"5", b"null", b"true"):
        assert send(api, body) == (400, "Invalid request: not a JSON object")
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_a_number_must_be_e164(api: httpx.Client) -> None:
    """A number that is not E.164 gets a 400 that names the field; the server does not normalize numbers."""
    for number in ("4155551234", "+1 (415) 555-1234", "+0123456789", "", " +14155551234", "+14155551234\n"):
        status, message = send(api, json.dumps({"number": number}).encode())
        assert (number, status, message.partition(" is")[0]) == (number, 400, "Invalid phone number: number")


HOSTILE_BODIES = (
    b"{",
    b'{"number": "+14155551234",}',
    b'{"number": "\xff\xfe"}',
    b"\xef\xbb\xbf{}",
    json.dumps({"number": ADA}).encode("utf-16"),
    b"[" * 100_000,
    b'{"number": "+14155551234", "tags": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"number": ' + b"9" * 5_000 + b"}",
    b'{"number": 1e999}',
    b'{"number": NaN}',
    b'{"number": "+14155551234", "first_name": "\\ud800"}',
    b'{"number": "+14155551234", "\\udc00": "x"}',
    b'{"number": "+1415555\\u0000123"}',
    b'{"number": "+1415555\\u0663\\u0663\\u0663"}',
    b'{"' + b"x" * 500_000 + b'": 1}',
    b'{"number": "+14155551234", "tags": [' + b"1," * 100_000 + b"1]}",
)
"""Bodies that are known to break servers."""


def test_hostile_body(api: httpx.Client) -> None:
    """Each hostile body gets a short 400, nothing is stored, and the server continues."""
    for body in HOSTILE_BODIES:
        status, message = send(api, body)
        assert (body[:40], status, len(message) < 300) == (body[:40], 400, True)
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_content_type_must_be_json(api: httpx.Client) -> None:
    """A body needs `Content-Type: application/json` (as in all examples of the vendor), with or without a charset."""
    body = b'{"number": "+14155551234"}'
    for headers in ({}, {"content-type": "text/plain"}, {"content-type": "multipart/form-data"}):
        status, message = outcome(api.post(PATH, content=body, headers=headers))
        assert (status, "Content-Type" in message) == (400, True)
    accepted = api.post(PATH, content=body, headers={"content-type": "Application/JSON; charset=utf-8"})
    assert accepted.status_code == 200


def test_a_large_body_is_refused(serve: Serve, connect: Connect) -> None:
    """A body above the maximum size gets 413, with and without Content-Length; one of that size is accepted."""
    api = connect(serve(max_body_bytes=100))
    body = b'{"number": "+14155551234"}'.ljust(100)
    assert send(api, body) == (200, "")
    assert send(api, body + b" ") == (413, "Request entity too large")
    chunked = api.post(PATH, content=iter([body, body]), headers=JSON)
    assert (chunked.status_code, chunked.json()["status"]) == (413, "ERROR")


def test_client_disconnects(sandbox: Sandbox, api: httpx.Client) -> None:
    """A client that disconnects in the middle of its body leaves nothing behind."""
    head = f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: 500\r\n\r\n"
    assert exchange(sandbox, head.encode() + b'{"number": "+14155551234"}') == b""
    assert api.get(f"{PATH}/count").json() == {"count": 0}
