"""Fixtures for the tests of the hand-written layer: a runner for both clients, and a server that sends raw bytes."""

import socket
from collections.abc import Iterator

import pytest

from tests.overrides.clients import Runner
from tests.overrides.raw_http import RawHttpServer, raw_http_server


@pytest.fixture(params=["sync", "async"])
def runner(request: pytest.FixtureRequest) -> Runner:
    """Return a runner of each of the two clients."""
    return Runner(request.param)


@pytest.fixture
def raw() -> Iterator[RawHttpServer]:
    """Return a server that sends the bytes in its attribute `response` to every client, and closes the connection."""

    def respond(connection: socket.socket, _: str) -> None:
        connection.sendall(server.response)
        raise EOFError

    with raw_http_server(respond) as server:
        yield server
