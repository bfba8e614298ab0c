"""What the contract's tests share: a sandbox over TCP, and one way to use the client of either world.

`api(lambda client: client.contacts.count())` gives the value in every world: what is to be awaited is awaited, and what
is to be iterated comes as a list.
"""

from __future__ import annotations

import json
import os
import ssl
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from inspect import isawaitable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sendblue_contacts import AsyncSendblue, Sendblue
from sendblue_sandbox import Sandbox

from tests.contract.har import Traffic, append

if TYPE_CHECKING:
    from sendblue_sandbox import Received

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
# tests/slow/external/test_prism.py runs these tests for the requests that they make.
RECORD = "SENDBLUE_CONTRACT_RECORD"
# tests/slow/external/test_drift.py runs those of the sync client for what goes over the wire, both ways.
HAR = "SENDBLUE_CONTRACT_HAR"
TRAFFIC = Traffic() if HAR in os.environ else None
VARIABLES = ("SENDBLUE_API_API_KEY", "SENDBLUE_API_KEY", "SENDBLUE_API_API_SECRET", "SENDBLUE_API_SECRET")


class World:
    """One kind of client, and how its calls are carried out.

    Args:
        name: `sync`, or the event loop of the async client: `asyncio` or `trio`.
        portal: The running event loop; None in the sync world.
    """

    def __init__(self, name: str, portal: BlockingPortal | None) -> None:
        self.name = name
        self._portal = portal
        self.kind: Any = Sendblue if portal is None else AsyncSendblue
        self._usual: dict[str, Any] = {}

    def do(self, use: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call gives
        """Carry out a call to its end."""
        return _settled(use()) if self._portal is None else self._portal.call(_awaited, use)

    def open(self, url: str, **settings: Any) -> Any:  # noqa: ANN401 - one of two kinds of client
        """Make a client of a server; without a limit and without retries, unless they are asked for."""
        given = {"api_key": "key", "api_secret": "secret", "base_url": url, "rate_limit": None, "retry": None}
        return self.do(lambda: self.kind(**{**given, **settings}))

    def wire(self) -> Any:  # noqa: ANN401 - one of two kinds of transport
        """Make a transport that costs nothing to make."""
        if self._portal is not None:
            return httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)
        wire = httpx.HTTPTransport(verify=NO_CERTIFICATES)
        return TRAFFIC.wire(wire) if TRAFFIC else wire

    def usual(self, url: str) -> Any:  # noqa: ANN401 - one of two kinds of client
        """The client of a server for calls that need none of their own.

        To make one takes longer than most tests, for the certificates that it loads.
        """
        if url not in self._usual:
            self._usual[url] = self.open(url, **({"transport": self.wire()} if TRAFFIC else {}))
        return self._usual[url]

    def close(self, *clients: Any) -> None:  # noqa: ANN401 - one of two kinds of client
        """Close these clients; without any, the usual ones."""
        for client in clients or self._usual.values():
            self.do(client.close if self._portal is None else client.aclose)


def _settled(value: Any) -> Any:  # noqa: ANN401 - whatever the call gives
    return list(value) if _is_lazy(value, Iterable) else value


async def _awaited(use: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the call gives
    value = use()
    if _is_lazy(value, AsyncIterable):
        return [item async for item in value]
    return await value if isawaitable(value) else value


def _is_lazy(value: object, kind: type) -> bool:
    """Whether it is a listing or a generator, and no value that happens to be iterable."""
    return isinstance(value, kind) and (
        hasattr(value, "pages") or hasattr(value, "gi_frame") or hasattr(value, "ag_frame")
    )


class Api:
    """Clients of one server, all of one world."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self._clients: list[Any] = []

    def client(self, **settings: Any) -> Any:  # noqa: ANN401 - one of two kinds of client
        """Make a client; without a limit, retries and certificates to load, unless they are asked for."""
        self._clients.append(self.world.open(self.url, **{"transport": self.world.wire(), **settings}))
        return self._clients[-1]

    def __call__(self, use: Callable[[Any], Any], client: Any = None) -> Any:  # noqa: ANN401 - whatever the call gives
        """Carry out one call with a client, the usual one unless one is given."""
        used = client or self.world.usual(self.url)
        return self.world.do(lambda: use(used))

    def close(self) -> None:
        """Close every client that was made here."""
        if self._clients:
            self.world.close(*self._clients)


@pytest.fixture(scope="session", params=["sync", "asyncio", "trio"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The sync client, and the async one under each of its event loops."""
    with nullcontext() if request.param == "sync" else start_blocking_portal(request.param) as portal:
        made = World(request.param, portal)
        yield made
        made.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for the module, without a limit."""
    with Sandbox(limit=None) as started:
        yield started


@pytest.fixture
def sandbox(server: Sandbox) -> Iterator[Sandbox]:
    """The sandbox of the module, empty. What arrives is recorded, where a file for it is named."""
    server.reset()
    yield server
    if record := os.environ.get(RECORD):
        with Path(record).open("a", encoding="utf-8") as file:
            file.writelines(f"{_line(request)}\n" for request in server.requests)
    if TRAFFIC:
        append(Path(os.environ[HAR]), TRAFFIC.take(server.url))


def _line(request: Received) -> str:
    parts = request.method, request.path, request.query, request.body.decode("utf-8", "replace")
    return json.dumps(parts)


@pytest.fixture
def api(world: World, sandbox: Sandbox) -> Iterator[Api]:
    """Clients of the empty sandbox; those that a test makes are closed after it."""
    with opened(world, sandbox.url) as made:
        yield made


@pytest.fixture
def connect(world: World) -> Iterator[Callable[[str], Api]]:
    """Clients of another server, closed after the test."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(opened(world, url))


@contextmanager
def opened(world: World, url: str) -> Iterator[Api]:
    """Clients of a server."""
    made = Api(world, url)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine has set up for itself plays no part."""
    proxies = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]
    for name in (*VARIABLES, "SENDBLUE_API_BASE_URL", *proxies, *map(str.upper, proxies)):
        monkeypatch.delenv(name, raising=False)


class Stub:
    """A server that gives one answer to all, and remembers what it was asked.

    Attributes:
        url: Where it is.
        asked: The request line and the headers of each request.
    """

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                stub.asked.append((self.requestline, {name.lower(): value for name, value in self.headers.items()}))
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body)), "connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_CONNECT = answer  # noqa: N815 - http.server finds them by these names

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def stub() -> Iterator[Callable[..., Stub]]:
    """Start a server that answers as it is told."""
    with ExitStack() as stack:

        def started(status: int = 200, body: bytes = b"{}", **headers: str) -> Stub:
            made = Stub(status, {"content-type": "application/json", **headers}, body)
            stack.callback(made.close)
            return made

        yield started
