"""Runs the same call with the synchronous and the asynchronous client, on asyncio and on trio."""

import socket
import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import anyio
import httpx
import pytest
from sendblue_contacts import AsyncSendblue, Retry, Sendblue

KEY = "planted-key-5f1c"
SECRET = "planted-secret-9d2e"  # noqa: S105  # a word to search for, not a credential
URL = "https://api.example.test"

KINDS = ("sync", "asyncio", "trio")

WITHOUT_PAUSES = Retry(base=1e-9, throttling_base=1e-9, read_lag=0)
"""The default retries with pauses that are too short to notice, and reads that do not lag."""

_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the default certificates takes 20 ms, and these tests do not use TLS."""

Handler = Callable[[httpx.Request], httpx.Response]
Action = Callable[[Any], Any]
"""What a test does with a client. If it returns a coroutine or an asynchronous iterable, that is run to its end."""


def each_choice(*columns: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return rows in which each value of each column occurs at least once: as many as the longest column has."""
    values = [list(column) for column in columns]
    rows = max(map(len, values))
    return list(zip(*(islice(cycle(column), rows) for column in values), strict=True))


def each_with_one_kind(names: str, cases: Iterable[tuple[Any, ...]], *kinds: str) -> pytest.MarkDecorator:
    """Parametrize a test with cases, each of them with one kind of client, in turn."""
    return pytest.mark.parametrize(f"kind,{names}", [(kind, *case) for kind, case in zip(cycle(kinds or KINDS), cases)])


def http_transport(kind: str) -> httpx.HTTPTransport | httpx.AsyncHTTPTransport:
    """Return a transport that sends over real sockets."""
    return httpx.HTTPTransport(verify=_NO_TLS) if kind == "sync" else httpx.AsyncHTTPTransport(verify=_NO_TLS)


def unused_port() -> int:
    """Return a port of this machine without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def run_client(kind: str, call: Action, **settings: Any) -> Any:
    """Create a client of a kind, run a call with it to its end, and close it. The default is no rate limit."""
    defaults = {"api_key": KEY, "api_secret": SECRET, "rate_limit": None}
    settings = {**defaults, "transport": http_transport(kind), **settings}
    if kind == "sync":
        with Sendblue(**settings) as client:
            return collected(call(client))

    async def main() -> Any:
        async with AsyncSendblue(**settings) as client:
            return await collected_async(call(client))

    return anyio.run(main, backend=kind)


def generated(endpoint: Any, *arguments: Any, headers: Mapping[str, str] | None = None, **named: Any) -> Action:
    """Return an action that calls an endpoint function of the generated client, or of a copy of it with headers."""

    def call(client: Any) -> Any:
        function = endpoint.sync if isinstance(client, Sendblue) else endpoint.asyncio
        used = client.generated.with_headers(headers) if headers else client.generated
        return function(*arguments, client=used, **named)

    return call


def collected(value: Any) -> Any:
    """Return what a call of the sync client returns; of a listing or a generator, a list."""
    is_lazy = isinstance(value, Generator) or hasattr(value, "pages")
    return list(value) if is_lazy else value


async def collected_async(value: Any) -> Any:
    """Return what a call of the async client returns, awaited; of a listing or a generator, a list."""
    if isinstance(value, AsyncIterable):
        return [item async for item in value]
    return await value if isinstance(value, Awaitable) else value


@dataclass
class Runner:
    """Runs actions with one of the two clients, without retries and without a rate limit.

    Attributes:
        kind: `sync` or `async`.
        sent: The requests that the mocked transport received, oldest first.
    """

    kind: str
    sent: list[httpx.Request] = field(default_factory=list)

    def run(self, action: Action, handler: Handler | None = None, **settings: Any) -> Any:
        """Return the result of an action. `handler` replaces the server; the default is a server at `base_url`."""
        mocked = {"transport": httpx.MockTransport(self._recording(handler))} if handler else {}
        kind = "sync" if self.kind == "sync" else "asyncio"
        return run_client(kind, action, **{"base_url": URL, "retry": None, **mocked, **settings})

    def _recording(self, handler: Handler) -> Handler:
        def recording(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return handler(request)

        return recording
