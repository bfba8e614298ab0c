"""Fixtures for the contract tests: a sandbox over TCP, and one way to use each kind of client.

`api(lambda client: client.contacts.count())` returns the value for every kind of client: a coroutine is awaited, and an
iteration is returned as a list.

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
# tests/slow/external/test_prism.py runs these tests for the requests that they send.
RECORD = "SENDBLUE_CONTRACT_RECORD"
# tests/slow/external/test_drift.py runs those of the sync client for what goes over the transport, both ways.
HAR = "SENDBLUE_CONTRACT_HAR"
TRAFFIC = Traffic() if HAR in os.environ else None
VARIABLES = ("SENDBLUE_API_API_KEY", "SENDBLUE_API_KEY", "SENDBLUE_API_API_SECRET", "SENDBLUE_API_SECRET")


class ClientDriver:
    """One kind of client, and how its calls are run.

    Args:
        name: `sync`, or the event loop of the async client: `asyncio` or `trio`.
        portal: The running event loop; None for the sync client.
    """

    def __init__(self, name: str, portal: BlockingPortal | None) -> None:
        self.name = name
        self._portal = portal
        self.kind: Any = Sendblue if portal is None else AsyncSendblue
        self._shared_clients: dict[str, Any] = {}

    def run(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401  # of any type
        """Run a call to its end."""
        return _run_sync(action()) if self._portal is None else self._portal.call(_run_async, action)

    def create(self, url: str, **settings: Any) -> Any:  # noqa: ANN401  # either client
        """Create a client of a server. The defaults are no rate limit and no retries."""
        given = {"api_key": "key", "api_secret": "secret", "base_url": url, "rate_limit": None, "retry": None}
        return self.run(lambda: self.kind(**{**given, **settings}))

    def transport(self) -> Any:  # noqa: ANN401  # either transport
        """Create a transport that is fast to create."""
        if self._portal is not None:
            return httpx.AsyncHTTPTransport(verify=NO_CERTIFICATES)
        transport = httpx.HTTPTransport(verify=NO_CERTIFICATES)
        return TRAFFIC.recording(transport) if TRAFFIC else transport

    def shared_client(self, url: str) -> Any:  # noqa: ANN401  # either client
        """Return the client of a server for calls that need no settings of their own.

        Creating one takes longer than most tests, because it loads certificates.

        """
        if url not in self._shared_clients:
            self._shared_clients[url] = self.create(url, **({"transport": self.transport()} if TRAFFIC else {}))
        return self._shared_clients[url]

    def close(self, *clients: Any) -> None:  # noqa: ANN401  # either client
        """Close these clients; the default is the shared clients."""
        for client in clients or self._shared_clients.values():
            self.run(client.close if self._portal is None else client.aclose)


def _run_sync(value: Any) -> Any:  # noqa: ANN401  # of any type
    return list(value) if _is_lazy(value, Iterable) else value


async def _run_async(action: Callable[[], Any]) -> Any:  # noqa: ANN401  # of any type
    value = action()
    if _is_lazy(value, AsyncIterable):
        return [item async for item in value]
    return await value if isawaitable(value) else value


def _is_lazy(value: object, kind: type) -> bool:
    """Whether a value is a listing or a generator, and not a value that happens to be iterable."""
    return isinstance(value, kind) and (
        hasattr(value, "pages") or hasattr(value, "gi_frame") or hasattr(value, "ag_frame")
    )


class Api:
    """Clients of one server, all of one kind."""

    def __init__(self, driver: ClientDriver, url: str) -> None:
        self.driver = driver
        self.url = url
        self._clients: list[Any] = []

    def client(self, **settings: Any) -> Any:  # noqa: ANN401  # either client
        """Create a client. The defaults are no rate limit, no retries and no certificates."""
        self._clients.append(self.driver.create(self.url, **{"transport": self.driver.transport(), **settings}))
        return self._clients[-1]

    def __call__(self, action: Callable[[Any], Any], client: Any = None) -> Any:  # noqa: ANN401  # of any type
        """Run one call with a client; the default is the shared client."""
        used = client or self.driver.shared_client(self.url)
        return self.driver.run(lambda: action(used))

    def close(self) -> None:
        """Close every client that was created here."""
        if self._clients:
            self.driver.close(*self._clients)


@pytest.fixture(scope="session", params=["sync", "asyncio", "trio"])
def driver(request: pytest.FixtureRequest) -> Iterator[ClientDriver]:
    """Drive the sync client, and the async client on each event loop."""
    with nullcontext() if request.param == "sync" else start_blocking_portal(request.param) as portal:
        made = ClientDriver(request.param, portal)
        yield made
        made.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for the module, without a rate limit."""
    with Sandbox(limit=None) as started:
        yield started


@pytest.fixture
def sandbox(server: Sandbox) -> Iterator[Sandbox]:
    """Return the sandbox of the module, without contacts. Its requests are recorded if a file for them is named."""
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
def api(driver: ClientDriver, sandbox: Sandbox) -> Iterator[Api]:
    """Return clients of the empty sandbox; those that a test creates are closed after it."""
    with clients_of(driver, sandbox.url) as made:
        yield made


@pytest.fixture
def connect(driver: ClientDriver) -> Iterator[Callable[[str], Api]]:
    """Return clients of another server, closed after the test."""
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(clients_of(driver, url))


@contextmanager
def clients_of(driver: ClientDriver, url: str) -> Iterator[Api]:
    """Return clients of a server."""
    made = Api(driver, url)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(autouse=True)
def no_ambient_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the settings of this machine from the environment."""
    proxies = [f"{scheme}_proxy" for scheme in ("http", "https", "all", "no")]
    for name in (*VARIABLES, "SENDBLUE_API_BASE_URL", *proxies, *map(str.upper, proxies)):
        monkeypatch.delenv(name, raising=False)


class StubServer:
    """A server that sends the same response to every request, and records the requests.

    Attributes:
        url: Its address.
        requests: The request line and the headers of each request.
    """

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                server.requests.append(
                    (self.requestline, {name.lower(): value for name, value in self.headers.items()})
                )
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(body)), "connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_CONNECT = respond  # noqa: N815  # http.server requires these names

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def stub_server() -> Iterator[Callable[..., StubServer]]:
    """Return a function that starts a server with a fixed response."""
    with ExitStack() as stack:

        def started(status: int = 200, body: bytes = b"{}", **headers: str) -> StubServer:
            made = StubServer(status, {"content-type": "application/json", **headers}, body)
            stack.callback(made.close)
            return made

        yield started
