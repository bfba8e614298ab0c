"""What the tests of the hand layer share: both clients behind one face, and a server that keeps the raw bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterable, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, Sendblue

KEY = "planted-key-5f1c"
SECRET = "planted-secret-9d2e"  # noqa: S105  # a word to look for, no credential
URL = "https://api.example.test"

Answer = Callable[[httpx.Request], httpx.Response]
Act = Callable[[Any], Any]
"""What a test does with a client; a coroutine or an asynchronous iterable that it returns is run to its end."""


@dataclass
class World:
    """One of the two clients, with everything off that would wait.

    Attributes:
        name: `sync` or `async`.
        sent: The requests that the mocked transport got, oldest first.
    """

    name: str
    sent: list[httpx.Request] = field(default_factory=list)

    def do(self, act: Act, answer: Answer | None = None, **settings: Any) -> Any:  # noqa: ANN401  # what act returns
        """Return what `act` makes of a client; `answer` stands for the server, else it is at `base_url`."""
        if answer is not None:
            settings["transport"] = httpx.MockTransport(self._recorded(answer))
        settings = {"base_url": URL, "retry": None, "rate_limit": None, **settings}
        if self.name == "sync":
            return _sync(act, settings)
        return anyio.run(_async, act, settings)

    def _recorded(self, answer: Answer) -> Answer:
        def answered(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return answer(request)

        return answered


def _sync(act: Act, settings: dict[str, Any]) -> Any:  # noqa: ANN401  # what act returns
    with Sendblue(KEY, SECRET, **settings) as client:
        result = act(client)
        return list(result) if _is_lazy(result) else result


def _is_lazy(result: object) -> bool:
    return isinstance(result, Iterator) or type(result).__name__ == "ContactList"


async def _async(act: Act, settings: dict[str, Any]) -> Any:  # noqa: ANN401  # what act returns
    async with AsyncSendblue(KEY, SECRET, **settings) as client:
        result = act(client)
        if isinstance(result, AsyncIterable):
            return [item async for item in result]
        return await result if isinstance(result, Awaitable) else result


@pytest.fixture(params=["sync", "async"])
def world(request: pytest.FixtureRequest) -> World:
    """Each of the two clients in turn."""
    return World(request.param)


@dataclass
class RawServer:
    """A server that knows no HTTP: it keeps what arrives and sends the same bytes to everybody.

    Attributes:
        url: Its address.
        answer: The bytes that it sends before it closes the connection.
        heads: What arrived up to the empty line, oldest first.
    """

    url: str
    answer: bytes = b""
    heads: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> list[bytes]:
        """The raw request lines."""
        return [head.split(b"\r\n", 1)[0] for head in self.heads]

    def serve(self, listener: socket.socket) -> None:
        """Answer until the listener is closed."""
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        head, _, body = _until_empty_line(connection)
        self.heads.append(head)
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        connection.sendall(self.answer)


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
    """A server that keeps the raw bytes of what arrives."""
    with raw_server() as server:
        yield server
