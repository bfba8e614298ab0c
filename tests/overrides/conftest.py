"""Fixtures for the tests of the hand-written layer: a runner for both clients, and a server that records raw bytes."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.overrides.clients import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Return a runner of each of the two clients."""
    return Runner(request.param)


@dataclass
class RawServer:
    """A server without HTTP: it records what arrives and sends the same bytes to every client.

    Attributes:
        url: Its address.
        response: The bytes that it sends before it closes the connection.
        heads: What arrived up to the empty line, oldest first.
    """

    url: str
    response: bytes = b""
    heads: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> list[bytes]:
        """The raw request lines."""
        return [head.split(b"\r\n", 1)[0] for head in self.heads]

    def serve(self, listener: socket.socket) -> None:
        """Respond until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    self._respond(connection)

    def _respond(self, connection: socket.socket) -> None:
        head, _, body = _until_empty_line(connection)
        self.heads.append(head)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        connection.sendall(self.response)


def _until_empty_line(connection: socket.socket) -> tuple[bytes, bytes, bytes]:
    received = b""
    while b"\r\n\r\n" not in received and (more := connection.recv(65536)):
        received += more
    return received.partition(b"\r\n\r\n")


@contextmanager
def raw_server() -> Iterator[RawServer]:
    """Start a `RawServer` on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)  # wakes accept
    thread.join()


@pytest.fixture
def raw() -> Iterator[RawServer]:
    """Return a server that records the raw bytes of requests."""
    with raw_server() as server:
        yield server
