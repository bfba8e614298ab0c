"""HTTP: routes, credentials, valid and invalid bodies."""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
ADA = "+14155551234"
JSON = {"content-type": "application/json"}
HEAD = "host: x\r\nsb-api-key-id: k\r\nsb-api-secret-key: s\r\ncontent-type: application/json\r\n"


def send(api: httpx.Client, body: bytes, path: str = PATH) -> tuple[int, str]:
    """Post bytes as JSON; return the status and the message of the response."""
    response = api.post(path, content=body, headers=JSON)
    return response.status_code, response.json().get("message", "")


def exchange(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes on a new socket and read the response to its end."""
    host, port = httpx.URL(sandbox.url).host, httpx.URL(sandbox.url).port
    with socket.create_connection((host, port or 0), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


# --- routes


@pytest.mark.parametrize("number", ["%2B14155551234", "+14155551234"])
def test_a_plus_in_a_path_is_a_plus(api: httpx.Client, number: str) -> None:
    """`%2B` (vendor's page 003) and a literal `+` in a path are the same number."""
    api.post(PATH, json={"number": ADA})
    response = api.get(f"{PATH}/{number}")
    assert (response.status_code, response.json()["contact"]["phone"]) == (200, ADA)


@pytest.mark.parametrize(
    "number",
    [
        "14155551234",
        "+0155551234",
        "+1415",
        "+1415555123456789",
        "+1%20415",
        "%2B1415555%001",
        "%2B14155551234%0A",
        "%2B1415555%D9%A3%D9%A3%D9%A3%D9%A3",
        "%FF",
        "Count",
        "%2B14155551234x",
        "+" + "1" * 10_000,
    ],
)
def test_invalid_number_in_a_path(api: httpx.Client, number: str) -> None:
    """A path segment that is not E.164 gets 400."""
    response = api.get(f"{PATH}/{number}")
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: phone_number")


@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}/.", f"{PATH}/%2E", f"{PATH}//", f"{PATH}/x/.."])
def test_some_paths_reach_the_collection(sandbox: Sandbox, api: httpx.Client, path: str) -> None:
    """An empty segment and `.` reach the collection, so a careless delete of one is a bulk delete (a known trap)."""
    api.post(PATH, json={"number": ADA})
    body = json.dumps({"contact_ids": [ADA]}).encode()
    response = exchange(sandbox, f"DELETE {path} HTTP/1.1\r\n{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body)
    assert response.startswith(b"HTTP/1.1 200")
    assert sandbox.contacts() == []


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v2", "/api/v1/contacts", f"{PATH}/%2B14155551234/tags", f"{PATH}/.."]
)
def test_unknown_route(api: httpx.Client, path: str) -> None:
    """A route that is not in the document gets 404 with the body of an error."""
    response = api.get(path)
    assert (response.status_code, response.json()) == (404, {"status": "ERROR", "message": "Not Found"})


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", PATH, "DELETE, GET, HEAD, POST"),
        ("POST", f"{PATH}/count", "GET, HEAD"),
        ("OPTIONS", f"{PATH}/%2B14155551234", "DELETE, GET, HEAD, PUT"),
    ],
)
def test_wrong_method(api: httpx.Client, method: str, path: str, allowed: str) -> None:
    """A method that a route does not have gets 405 with `Allow`."""
    response = api.request(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    assert response.json() == {"status": "ERROR", "message": "Method Not Allowed"}


def test_head_is_get_without_a_body(api: httpx.Client) -> None:
    """HEAD returns what GET does, without the body."""
    response = api.head(PATH)
    assert (response.status_code, response.content) == (200, b"")


def test_operation_without_a_handler(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """An operation in the document that the sandbox does not implement gets 501; the others work."""

    def add_an_operation(document: dict[str, Any]) -> None:
        answers = {"204": {"description": "Merged."}}
        document["paths"]["/api/v2/contacts/merge"] = {"post": {"operationId": "merge_contacts", "responses": answers}}

    api = connect(serve(document=edited(add_an_operation)))
    assert api.get(PATH).status_code == 200
    response = api.post(f"{PATH}/merge")
    assert response.status_code == 501
    assert "merge_contacts" in response.json()["message"]


# --- credentials


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sb-api-key-id": "key"},
        {"sb-api-secret-key": "secret"},
        {"sb-api-key-id": "", "sb-api-secret-key": "secret"},
        {"sb-api-key-id": "key", "sb-api-secret-key": ""},
        {"authorization": "Bearer key"},
    ],
)
def test_no_credentials(sandbox: Sandbox, connect: Callable[..., httpx.Client], headers: dict[str, str]) -> None:
    """Without both headers the response is 403 with a message and no `status` (as in the live API)."""
    response = connect(sandbox, headers).get(PATH)
    assert (response.status_code, response.json()) == (403, {"message": "Did not get inputs for authorization"})


def test_any_credentials(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> None:
    """A sandbox without a configured pair accepts any credentials that are not empty."""
    assert connect(sandbox, {"SB-API-KEY-ID": "x", "SB-API-SECRET-KEY": "y"}).get(PATH).status_code == 200


def test_one_pair_of_credentials(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A sandbox with a configured pair refuses others with 401 (as in the live API), and missing ones with 403."""
    sandbox = serve(api_key="a", api_secret="b")  # noqa: S106 - not a real secret
    names = ("sb-api-key-id", "sb-api-secret-key")
    right, *wrong = [connect(sandbox, dict(zip(names, pair, strict=True))) for pair in ("ab", "ax", "xb", "ba")]
    assert right.get(PATH).status_code == 200
    for api in wrong:
        response = api.get(PATH)
        assert (response.status_code, response.json()) == (401, {"status": "ERROR", "message": "Invalid Credentials"})
    assert connect(sandbox, {}).get(PATH).status_code == 403


def test_nothing_happens_without_credentials(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> None:
    """A request without valid credentials changes nothing, and its other errors are not reported."""
    stranger = connect(sandbox, {})
    assert stranger.post(PATH, json={"number": ADA}).status_code == 403
    assert stranger.post(PATH, content=b"{").status_code == 403
    assert sandbox.contacts() == []


# --- bodies


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", PATH),
        ("DELETE", PATH),
        ("POST", f"{PATH}/bulk"),
        ("POST", f"{PATH}/verify"),
        ("POST", f"{PATH}/opt-out"),
    ],
)
@pytest.mark.parametrize("body", [b"{}", b""])
def test_missing_field(api: httpx.Client, method: str, path: str, body: bytes) -> None:
    """Without a required field the response is 400 "Missing fields" (vendor's page 003)."""
    response = api.request(method, path, content=body, headers=JSON)
    assert (response.status_code, response.json()) == (400, {"status": "ERROR", "message": "Missing fields"})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("first_name", 5, "Invalid field: first_name must be string or null"),
        ("firstName", ["Ada"], "Invalid field: first_name must be string or null"),
        ("tags", "VIP", "Invalid field: tags must be array or null"),
        ("tags", [5], "Invalid field: tags.0 must be string"),
        ("custom_variables", {"Plan": None}, "Invalid field: custom_variables.Plan must be string"),
        ("update_if_exists", "true", "Invalid field: update_if_exists must be boolean"),
        ("update_if_exists", None, "Invalid field: update_if_exists must be boolean"),
        ("number", None, "Invalid field: number must be string"),
        ("number", 14155551234, "Invalid field: number must be string"),
        ("nummer", ADA, "Unknown field: nummer"),
        ("", "x", "Unknown field: "),
    ],
)
def test_invalid_field(api: httpx.Client, field: str, value: object, message: str) -> None:
    """A field of a wrong type, or an unknown one, gets a 400 that names it; nothing is stored."""
    assert send(api, json.dumps({"number": ADA} | {field: value}).encode()) == (400, message)
    assert api.get(f"{PATH}/count").json() == {"count": 0}


@pytest.mark.parametrize("custom_variables", ["Plan", [], [["Plan", "Pro"]], 5])
def test_custom_variables_must_be_an_object(api: httpx.Client, custom_variables: object) -> None:
    """A value of custom variables that is not an object gets a 400 that names the field."""
    body = json.dumps({"number": ADA, "custom_variables": custom_variables}).encode()
    assert send(api, body) == (400, "Invalid field: custom_variables must be object or null")


@pytest.mark.parametrize(
    "number", ["4155551234", "+1 (415) 555-1234", "+0123456789", "", " +14155551234", "+14155551234\n"]
)
def test_a_number_must_be_e164(api: httpx.Client, number: str) -> None:
    """A number that is not E.164 gets a 400 that names the field; the server does not normalize numbers."""
    status, message = send(api, json.dumps({"number": number}).encode())
    assert (status, message.partition(" is")[0]) == (400, "Invalid phone number: number")


def test_a_new_number_must_be_e164(api: httpx.Client) -> None:
    """A new number in an update that is not E.164 gets a 400 that names the field."""
    api.post(PATH, json={"number": ADA})
    response = api.put(f"{PATH}/{ADA}", json={"phone_number": "4155551234"})
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: phone_number")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_a_body_must_be_an_object(api: httpx.Client, body: bytes) -> None:
    """JSON that is not an object gets 400."""
    assert send(api, body) == (400, "Invalid request: not a JSON object")


def hostile_bodies() -> Iterator[bytes]:
    """Return bodies that are known to break servers."""
    yield b"{"
    yield b"\x00"
    yield b'{"number": "+14155551234",}'
    yield b'{"number": "\xff\xfe"}'
    yield b"\xef\xbb\xbf{}"
    yield json.dumps({"number": ADA}).encode("utf-16")
    yield json.dumps({"number": ADA}).encode("utf-32")
    yield b"[" * 100_000
    yield b'{"a":' * 100_000
    yield b'{"number": "+14155551234", "tags": ' + b"[" * 900 + b"]" * 900 + b"}"
    yield b'{"number": ' + b"9" * 5_000 + b"}"
    yield b'{"number": ' + b"9" * 4_000 + b"}"
    yield b'{"number": 1e999}'
    yield b'{"number": NaN}'
    yield b'{"number": "+14155551234", "first_name": "\\ud800"}'
    yield b'{"number": "+14155551234", "\\udc00": "x"}'
    yield b'{"number": "+1415555\\u0000123"}'
    yield b'{"number": "+1415555\\u0663\\u0663\\u0663"}'
    yield b'{"number": "' + b"+" * 500_000 + b'"}'
    yield b'{"' + b"x" * 500_000 + b'": 1}'
    yield b'{"number": "+14155551234", "tags": [' + b"1," * 100_000 + b"1]}"


@pytest.mark.parametrize("body", list(hostile_bodies()), ids=lambda body: repr(body[:40]))
def test_hostile_body(api: httpx.Client, body: bytes) -> None:
    """Each hostile body gets a short 400, nothing is stored, and the server continues."""
    status, message = send(api, body)
    assert status == 400
    assert len(message) < 300
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_zero_byte_in_a_string(api: httpx.Client) -> None:
    """A zero byte in a name is an ordinary character, and sorting works with it."""
    assert send(api, b'{"number": "+14155551234", "first_name": "a\\u0000b"}') == (200, "")
    assert [each["first_name"] for each in api.get(PATH, params={"order_by": "firstName"}).json()] == ["a\0b"]


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "multipart/form-data"}])
def test_content_type_must_be_json(api: httpx.Client, headers: dict[str, str]) -> None:
    """A body without `Content-Type: application/json` (as in all examples of the vendor) gets 400."""
    response = api.post(PATH, content=b'{"number": "+14155551234"}', headers=headers)
    assert response.status_code == 400
    assert "Content-Type" in response.json()["message"]


def test_content_type_with_charset(api: httpx.Client) -> None:
    """`application/json; charset=utf-8` is accepted."""
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert api.post(PATH, content=b'{"number": "+14155551234"}', headers=headers).status_code == 200


def test_a_large_body_is_refused(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A body above the maximum size gets 413, with and without Content-Length; one of that size is accepted."""
    api = connect(serve(max_body_bytes=100))
    body = b'{"number": "+14155551234"}'.ljust(100)
    assert send(api, body) == (200, "")
    assert send(api, body + b" ") == (413, "Request entity too large")
    chunked = api.post(PATH, content=iter([body, body]), headers=JSON)
    assert (chunked.status_code, chunked.json()["status"]) == (413, "ERROR")


def test_a_body_over_one_mebibyte_is_refused(api: httpx.Client) -> None:
    """The default maximum is 1 MiB; the connection remains usable after a larger body was refused."""
    assert send(api, b" " * 4_000_000, f"{PATH}/bulk") == (413, "Request entity too large")
    assert api.get(PATH).status_code == 200


def test_client_disconnects(sandbox: Sandbox, api: httpx.Client) -> None:
    """A client that disconnects in the middle of its body leaves nothing behind."""
    head = f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: 500\r\n\r\n"
    assert exchange(sandbox, head.encode() + b'{"number": "+14155551234"}') == b""
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_responses_are_not_delayed(api: httpx.Client) -> None:
    """On a kept-alive connection a response is sent at once: Nagle's delay would make 30 of them take 1.2 s."""
    started = time.perf_counter()
    for _ in range(30):
        api.get(f"{PATH}/count")
    assert time.perf_counter() - started < 0.9


def test_invalid_http_does_not_stop_the_server(sandbox: Sandbox, api: httpx.Client) -> None:
    """Invalid HTTP is refused, and the next request is served."""
    assert b"400" in exchange(sandbox, b"\x16\x03\x01\x00\xa5\x01\r\n\r\n")
    assert api.get(PATH).status_code == 200
