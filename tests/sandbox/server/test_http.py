"""HTTP: routes, credentials, bodies, and whatever a client can send that is none of these."""

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
    """Post some bytes as JSON; the status and the message of the answer."""
    response = api.post(path, content=body, headers=JSON)
    return response.status_code, response.json().get("message", "")


def exchange(sandbox: Sandbox, request: bytes) -> bytes:
    """Send bytes on a socket of their own, and read to the end of the answer."""
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
def test_a_path_must_hold_a_number(api: httpx.Client, number: str) -> None:
    """A path segment that is not E.164 answers 400, whatever it is."""
    response = api.get(f"{PATH}/{number}")
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: phone_number")


@pytest.mark.parametrize("path", [f"{PATH}/", f"{PATH}/.", f"{PATH}/%2E", f"{PATH}//", f"{PATH}/x/.."])
def test_some_paths_reach_the_collection(sandbox: Sandbox, api: httpx.Client, path: str) -> None:
    """An empty segment and `.` reach the collection, so a careless delete of one is a bulk delete (a known trap)."""
    api.post(PATH, json={"number": ADA})
    body = json.dumps({"contact_ids": [ADA]}).encode()
    answer = exchange(sandbox, f"DELETE {path} HTTP/1.1\r\n{HEAD}content-length: {len(body)}\r\n\r\n".encode() + body)
    assert answer.startswith(b"HTTP/1.1 200")
    assert sandbox.contacts() == []


@pytest.mark.parametrize(
    "path", ["/nowhere", "/api/v2", "/api/v1/contacts", f"{PATH}/%2B14155551234/tags", f"{PATH}/.."]
)
def test_an_unknown_route_is_answered_in_json(api: httpx.Client, path: str) -> None:
    """A route that the document does not have answers 404 with a body like any error."""
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
def test_a_wrong_method_is_told_the_right_ones(api: httpx.Client, method: str, path: str, allowed: str) -> None:
    """A method that a route does not have answers 405 with `Allow`."""
    response = api.request(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    assert response.json() == {"status": "ERROR", "message": "Method Not Allowed"}


def test_head_is_get_without_a_body(api: httpx.Client) -> None:
    """HEAD answers what GET does, without the body."""
    response = api.head(PATH)
    assert (response.status_code, response.content) == (200, b"")


def test_an_operation_that_only_the_document_has(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """A document with an operation that this program does not know serves the others, and answers 501 for that one."""

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
    """Without both headers the answer is 403 with a message and no `status` (seen live)."""
    response = connect(sandbox, headers).get(PATH)
    assert (response.status_code, response.json()) == (403, {"message": "Did not get inputs for authorization"})


def test_any_credentials_will_do(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> None:
    """A sandbox that was given no pair accepts any that is not empty."""
    assert connect(sandbox, {"SB-API-KEY-ID": "x", "SB-API-SECRET-KEY": "y"}).get(PATH).status_code == 200


def test_a_given_pair_is_asked_for(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A sandbox that was given a pair answers any other with 401 (seen live), and none at all with 403."""
    sandbox = serve(api_key="a", api_secret="b")  # noqa: S106 - of a sandbox
    names = ("sb-api-key-id", "sb-api-secret-key")
    right, *wrong = [connect(sandbox, dict(zip(names, pair, strict=True))) for pair in ("ab", "ax", "xb", "ba")]
    assert right.get(PATH).status_code == 200
    for api in wrong:
        response = api.get(PATH)
        assert (response.status_code, response.json()) == (401, {"status": "ERROR", "message": "Invalid Credentials"})
    assert connect(sandbox, {}).get(PATH).status_code == 403


def test_nothing_happens_without_credentials(sandbox: Sandbox, connect: Callable[..., httpx.Client]) -> None:
    """A request that is refused for its credentials changes nothing, and is not told what else is wrong with it."""
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
def test_a_required_field_is_missing(api: httpx.Client, method: str, path: str, body: bytes) -> None:
    """Without a required field the answer is 400 "Missing fields" (vendor's page 003)."""
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
def test_a_wrong_field_is_named(api: httpx.Client, field: str, value: object, message: str) -> None:
    """A field of a wrong type, or one that the document does not have, answers 400 with its name; nothing is stored."""
    assert send(api, json.dumps({"number": ADA} | {field: value}).encode()) == (400, message)
    assert api.get(f"{PATH}/count").json() == {"count": 0}


@pytest.mark.parametrize("custom_variables", ["Plan", [], [["Plan", "Pro"]], 5])
def test_custom_variables_must_be_an_object(api: httpx.Client, custom_variables: object) -> None:
    """Anything but an object for custom variables answers 400 with the name of the field."""
    body = json.dumps({"number": ADA, "custom_variables": custom_variables}).encode()
    assert send(api, body) == (400, "Invalid field: custom_variables must be object or null")


@pytest.mark.parametrize(
    "number", ["4155551234", "+1 (415) 555-1234", "+0123456789", "", " +14155551234", "+14155551234\n"]
)
def test_a_number_must_be_e164(api: httpx.Client, number: str) -> None:
    """A number that is not E.164 answers 400 with the name of the field; the server normalises nothing."""
    status, message = send(api, json.dumps({"number": number}).encode())
    assert (status, message.partition(" is")[0]) == (400, "Invalid phone number: number")


def test_a_new_number_must_be_e164(api: httpx.Client) -> None:
    """A new number in an update that is not E.164 answers 400 with the name of the field."""
    api.post(PATH, json={"number": ADA})
    response = api.put(f"{PATH}/{ADA}", json={"phone_number": "4155551234"})
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid phone number: phone_number")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_a_body_must_be_an_object(api: httpx.Client, body: bytes) -> None:
    """JSON that is no object answers 400."""
    assert send(api, body) == (400, "Invalid request: not a JSON object")


def hostile() -> Iterator[bytes]:
    """Bodies that broke some server once."""
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


@pytest.mark.parametrize("body", list(hostile()), ids=lambda body: repr(body[:40]))
def test_a_hostile_body_is_refused(api: httpx.Client, body: bytes) -> None:
    """Whatever a body holds, the answer is 400 and short, nothing is stored, and the server lives."""
    status, message = send(api, body)
    assert status == 400
    assert len(message) < 300
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_a_zero_byte_in_a_text_is_kept(api: httpx.Client) -> None:
    """A zero byte in a name is a character like others, and sorting survives it."""
    assert send(api, b'{"number": "+14155551234", "first_name": "a\\u0000b"}') == (200, "")
    assert [each["first_name"] for each in api.get(PATH, params={"order_by": "firstName"}).json()] == ["a\0b"]


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, {"content-type": "multipart/form-data"}])
def test_a_body_must_be_called_json(api: httpx.Client, headers: dict[str, str]) -> None:
    """A body without `Content-Type: application/json` (which every example of the vendor's sends) answers 400."""
    response = api.post(PATH, content=b'{"number": "+14155551234"}', headers=headers)
    assert response.status_code == 400
    assert "Content-Type" in response.json()["message"]


def test_a_charset_does_not_matter(api: httpx.Client) -> None:
    """`application/json; charset=utf-8` is JSON."""
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert api.post(PATH, content=b'{"number": "+14155551234"}', headers=headers).status_code == 200


def test_a_large_body_is_refused(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A body above the largest size answers 413, whether its length was announced or not; one of that size passes."""
    api = connect(serve(max_body_bytes=100))
    body = b'{"number": "+14155551234"}'.ljust(100)
    assert send(api, body) == (200, "")
    assert send(api, body + b" ") == (413, "Request entity too large")
    chunked = api.post(PATH, content=iter([body, body]), headers=JSON)
    assert (chunked.status_code, chunked.json()["status"]) == (413, "ERROR")


def test_a_body_over_one_mebibyte_is_refused(api: httpx.Client) -> None:
    """The largest body is 1 MiB by default; the connection serves on after a larger one was refused."""
    assert send(api, b" " * 4_000_000, f"{PATH}/bulk") == (413, "Request entity too large")
    assert api.get(PATH).status_code == 200


def test_a_client_that_leaves_is_no_error(sandbox: Sandbox, api: httpx.Client) -> None:
    """A client that goes away in the middle of its body leaves nothing behind."""
    head = f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: 500\r\n\r\n"
    assert exchange(sandbox, head.encode() + b'{"number": "+14155551234"}') == b""
    assert api.get(f"{PATH}/count").json() == {"count": 0}


def test_answers_are_not_held_back(api: httpx.Client) -> None:
    """On a connection that is kept alive an answer leaves at once: Nagle's delay would make 30 of them take 1.2 s."""
    started = time.perf_counter()
    for _ in range(30):
        api.get(f"{PATH}/count")
    assert time.perf_counter() - started < 0.9


def test_what_is_no_http_does_not_stop_the_server(sandbox: Sandbox, api: httpx.Client) -> None:
    """Bytes that are no HTTP are refused, and the next request is served."""
    assert b"400" in exchange(sandbox, b"\x16\x03\x01\x00\xa5\x01\r\n\r\n")
    assert api.get(PATH).status_code == 200
