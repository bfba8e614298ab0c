"""Hostile and broken clients: they get 4xx or no response, and the server continues to serve others."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.server import asgi, protocol

from tests.sandbox.contacts_api import HEAD, JSON, PATH, Serve, connect_socket, exchange, read_to_end

pytestmark = pytest.mark.usefixtures("alive")
MEGABYTE = 1_000_000


@pytest.fixture
def alive(sandbox: Sandbox, api: httpx.Client) -> Iterator[None]:
    """Check after the test that the server responds and nothing was stored."""
    yield
    assert api.get(f"{PATH}/count").json() == {"count": 0}
    assert sandbox.contacts() == []


def send_until_refused(connection: socket.socket, megabytes: int) -> int:
    """Send some megabytes, or as many as the server accepts; return how many were sent."""
    for sent in range(megabytes):
        try:
            connection.sendall(b" " * MEGABYTE)
        except OSError:
            return sent
    return megabytes


def test_a_body_of_100_megabytes(sandbox: Sandbox) -> None:
    """A body of 100 MB without Content-Length is refused with 413, and most of it is never read."""
    with connect_socket(sandbox) as connection:
        head = f"POST {PATH} HTTP/1.1\r\n{HEAD}transfer-encoding: chunked\r\n\r\n{100 * MEGABYTE:x}\r\n"
        connection.sendall(head.encode())
        sent = send_until_refused(connection, 100)
        response = read_to_end(connection)
    assert response.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in response
    assert sent < 50


def test_expect_100_continue(sandbox: Sandbox) -> None:
    """A client that sends `Expect: 100-continue` is refused before it sends the body."""
    with connect_socket(sandbox) as connection:
        head = f"POST {PATH} HTTP/1.1\r\n{HEAD}expect: 100-continue\r\ncontent-length: {100 * MEGABYTE}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 413")


def test_httpx_receives_the_413(api: httpx.Client) -> None:
    """A client that sends 20 MB before it reads receives the 413, not a connection error."""
    assert api.post(f"{PATH}/bulk", content=bytes(20 * MEGABYTE), headers=JSON).status_code == 413


@pytest.mark.parametrize("head", [f"x: {'y' * 70_000}", "\r\n".join(f"x{number}: y" for number in range(20_000))])
def test_large_head(sandbox: Sandbox, head: str) -> None:
    """A request head larger than 64 KiB is refused with 431, whatever the number of headers."""
    with connect_socket(sandbox) as connection:
        connection.sendall(f"GET {PATH} HTTP/1.1\r\n".encode())
        connection.sendall(head.encode())
        send_until_refused(connection, 3)
        assert read_to_end(connection).startswith((b"HTTP/1.1 431", b""))
    with connect_socket(sandbox) as connection:
        connection.sendall(f"GET {PATH} HTTP/1.1\r\nx: ".encode() + b"y" * 66_000)
        assert read_to_end(connection).startswith(b"HTTP/1.1 431")


HOSTILE_PATHS = [
    f"{PATH}/../../../../etc/passwd",
    f"{PATH}/..%2f..%2f..%2fetc%2fpasswd",
    "/docs/../../etc/passwd",
    "/_sandbox/static/..%2f..%2f_store.py",
    f"{PATH}/%2B1415555%00",
    "/" + "a/" * 5_000,
    "//evil.invalid/x",
    "*",
    "x",
    "http://[::1/",
]
INVALID_HTTP = [
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\r\n\r\n",
    b"GET / HTTP/1.1\r\nx\x00: y\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    b"POST / HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
]


def test_hostile_path(sandbox: Sandbox) -> None:
    """A path with `..`, zero bytes, thousands of segments or an invalid form gets 4xx and reads no file."""
    for path in HOSTILE_PATHS:
        response = exchange(sandbox, f"GET {path} HTTP/1.1\r\n{HEAD}connection: close\r\n\r\n")
        assert (path, response[:10], b"root:" in response) == (path, b"HTTP/1.1 4", False)


def test_invalid_http(sandbox: Sandbox) -> None:
    """Invalid or contradictory HTTP gets 400, and the connection is closed."""
    for invalid in INVALID_HTTP:
        with connect_socket(sandbox) as connection:
            connection.sendall(invalid)
            assert (invalid, read_to_end(connection)[:10]) == (invalid, b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("module", "timeout", "request_", "response"),
    [
        (protocol, "HEAD_TIMEOUT", f"GET {PATH} HTTP/1.1\r\nhost:", b""),
        (asgi, "BODY_TIMEOUT", f"POST {PATH} HTTP/1.1\r\n{HEAD}content-length: 100\r\n\r\n{{", b"HTTP/1.1 408"),
    ],
)
def test_slow_request(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, module: object, timeout: str, request_: str, response: bytes
) -> None:
    """A head that does not end is dropped after a timeout without a response, and a body that does not with 408."""
    monkeypatch.setattr(module, timeout, 0.05)
    with connect_socket(serve()) as connection:
        connection.sendall(request_.encode())
        assert read_to_end(connection)[:12] == response
