"""Fixtures for the contract tests: a sandbox over TCP, and one way to use each kind of client.

`api(lambda client: client.contacts.count())` returns the value for every kind of client: a coroutine is awaited, and an
iteration is returned as a list. A test that uses `api` runs with every kind of client; one with `@each_with_one_kind`
runs each of its cases with one kind, in turn, where the kind cannot matter.

"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sendblue_contacts import AsyncSendblue, Sendblue
from sendblue_sandbox import Received, Sandbox

from tests.contract.har import Traffic, append
from tests.contract.kinds import HAR, KINDS, RECORD
from tests.overrides.clients import collected, collected_async, http_transport
from tests.overrides.raw_http import RawHttpServer, complete, raw_http_server

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

    def run(self, action: Callable[[], Any]) -> Any:
        """Run a call to its end."""
        if self._portal is None:
            return collected(action())

        async def main() -> Any:
            return await collected_async(action())  # what a call returns belongs to the event loop

        return self._portal.call(main)

    def create(self, url: str, **settings: Any) -> Any:
        """Create a client of a server. The defaults are no rate limit, no retries and no certificates."""
        given = {"api_key": "key", "api_secret": "secret", "base_url": url, "rate_limit": None, "retry": None}
        return self.run(lambda: self.kind(**{**given, "transport": self._transport(), **settings}))

    def _transport(self) -> Any:
        transport: Any = http_transport(self.name)
        return TRAFFIC.recording(transport) if TRAFFIC else transport

    def shared_client(self, url: str) -> Any:
        """Return the client of a server for calls that need no settings of their own."""
        if url not in self._shared_clients:
            self._shared_clients[url] = self.create(url)
        return self._shared_clients[url]

    def close(self, *clients: Any) -> None:
        """Close these clients; the default is the shared clients."""
        for client in clients or self._shared_clients.values():
            self.run(client.close if self._portal is None else client.aclose)


class Api:
    """Clients of one server, all of one kind."""

    def __init__(self, driver: ClientDriver, url: str) -> None:
        self.driver = driver
        self.url = url
        self._clients: list[Any] = []

    def client(self, **settings: Any) -> Any:
        """Create a client with these settings."""
        self._clients.append(self.driver.create(self.url, **settings))
        return self._clients[-1]

    def __call__(self, action: Callable[[Any], Any], client: Any = None) -> Any:
        """Run one call with a client; the default is the shared client."""
        used = client or self.driver.shared_client(self.url)
        return self.driver.run(lambda: action(used))

    def close(self) -> None:
        """Close every client that was created here."""
        if self._clients:
            self.driver.close(*self._clients)


@pytest.fixture(scope="session")
def drivers() -> Iterator[dict[str, ClientDriver]]:
    """Run an event loop of each kind for all tests, so that their random order starts none again."""
    with ExitStack() as stack:
        portals = {kind: stack.enter_context(start_blocking_portal(kind)) for kind in KINDS if kind != "sync"}
        made = {kind: ClientDriver(kind, portals.get(kind)) for kind in KINDS}
        yield made
        for each in made.values():
            each.close()


@pytest.fixture(params=KINDS)
def driver(request: pytest.FixtureRequest, drivers: dict[str, ClientDriver]) -> ClientDriver:
    """Return the driver of the sync client, and that of the async client on each event loop."""
    return drivers[request.param]


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """Run one sandbox for all tests, without a rate limit."""
    with Sandbox(limit=None) as started:
        yield started


@pytest.fixture
def sandbox(server: Sandbox) -> Iterator[Sandbox]:
    """Return the sandbox without contacts. Its requests are recorded if a file for them is named."""
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


@pytest.fixture
def stub_server() -> Iterator[Callable[..., RawHttpServer]]:
    """Return a function that starts a server with the same response to every request."""
    with ExitStack() as stack:

        def started(status: int = 200, body: bytes = b"{}", **headers: str) -> RawHttpServer:
            response = complete(body, status, connection="close", **headers)
            return stack.enter_context(raw_http_server(lambda connection, _: connection.sendall(response)))

        yield started
