"""Constants and types that the tests of the sandbox share: paths and numbers of the API, and its fixtures."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import httpx
from sendblue_sandbox import Sandbox

Serve: TypeAlias = Callable[..., Sandbox]
Connect: TypeAlias = Callable[..., httpx.Client]
Edited: TypeAlias = Callable[..., Path]

PATH = "/api/v2/contacts"
ADA, BOB = "+14155551234", "+14155555678"
ADA_PATH = f"{PATH}/%2B14155551234"
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# No test uses TLS, and loading the certificates takes longer than most tests.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
JSON = {"content-type": "application/json"}
HEAD = "host: localhost\r\nsb-api-key-id: k\r\nsb-api-secret-key: s\r\ncontent-type: application/json\r\n"
"""The headers of a request on a socket."""


def outcome(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the message of a response."""
    return response.status_code, response.json().get("message", "")


def connect_socket(sandbox: Sandbox) -> socket.socket:
    """Open a connection to a sandbox."""
    return socket.create_connection(("127.0.0.1", httpx.URL(sandbox.url).port or 0), timeout=10)


def read_to_end(connection: socket.socket) -> bytes:
    """Read until the connection ends or fails."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except OSError:
        pass
    return received


def exchange(sandbox: Sandbox, request: str | bytes) -> bytes:
    """Send a request on a new socket, and read the response to its end."""
    with connect_socket(sandbox) as connection:
        connection.sendall(request.encode() if isinstance(request, str) else request)
        connection.shutdown(socket.SHUT_WR)
        return read_to_end(connection)
