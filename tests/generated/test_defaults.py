"""Defaults of the document: the server applies them, and no client sends them unless the caller gave the value.

Each request is read from a TCP socket, so that these tests cover templates, models and the HTTP layer together.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from sendblue_contacts import AsyncSendblue, Sendblue
from sendblue_contacts_api import Client
from sendblue_contacts_api.models import ContactCreate, ContactOptOut
from sendblue_contacts_api.types import UNSET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NUMBER = "+14155551234"


class Received(NamedTuple):
    """A request as the server received it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any


class RecordingServer(ThreadingHTTPServer):
    """Records every request and responds with an empty page or a contact."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.received: list[Received] = []

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Records one request."""

    server: RecordingServer

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        self.server.received.append(Received(self.command, url.path, query, json.loads(body) if body else None))
        answer = b"[]" if self.command == "GET" else b'{"status": "OK", "contact": {"phone": "+14155551234"}}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _handle  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    """A server that records requests."""
    with RecordingServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Default(NamedTuple):
    """A parameter or field with a default, and a function that returns the arguments of a call."""

    name: str
    operation: str
    value: object
    arguments: Callable[..., dict[str, Any]]


def create(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - the value of any field
    """Return the arguments of create_contact."""
    return {"body": ContactCreate(NUMBER, **fields)}


def opt_out(**fields: bool) -> dict[str, Any]:
    """Return the arguments of opt_out_contact."""
    return {"body": ContactOptOut(NUMBER, **fields)}


DEFAULTS = [
    Default("limit", "list_contacts", 100, dict),
    Default("offset", "list_contacts", 0, dict),
    Default("order_by", "list_contacts", "created_at", dict),
    Default("order_direction", "list_contacts", "desc", dict),
    Default("update_if_exists", "create_contact", value=False, arguments=create),
    Default("opted_out", "opt_out_contact", value=True, arguments=opt_out),
]


def send_sync(url: str, operation: str, arguments: dict[str, Any]) -> None:
    """Call the synchronous function of the generated package."""
    with Client(url) as client:
        import_module(f"sendblue_contacts_api.api.contacts.{operation}").sync(client=client, **arguments)


def send_async(url: str, operation: str, arguments: dict[str, Any]) -> None:
    """Call the asynchronous function of the generated package."""

    async def send() -> None:
        async with Client(url) as client:
            await import_module(f"sendblue_contacts_api.api.contacts.{operation}").asyncio(client=client, **arguments)

    asyncio.run(send())


def send_generated(url: str, operation: str, arguments: dict[str, Any]) -> None:
    """Call the generated function through `client.generated` of the hand-written client."""
    module = import_module(f"sendblue_contacts_api.api.contacts.{operation}")
    with Sendblue("key", "secret", base_url=url, rate_limit=None) as client:
        module.sync(client=client.generated, **arguments)


SENDERS = [send_sync, send_async, send_generated]


def fields_of(request: Received) -> dict[str, Any]:
    """Return the query parameters or the fields of the body."""
    return request.query if request.body is None else request.body


@pytest.mark.parametrize("send", SENDERS)
@pytest.mark.parametrize("default", DEFAULTS, ids=lambda default: default.name)
def test_default_is_not_sent(server: RecordingServer, default: Default, send: Callable[..., None]) -> None:
    """If the caller gives no value, the request contains neither the field nor its default."""
    send(server.url, default.operation, default.arguments())
    (request,) = server.received
    assert fields_of(request) == ({} if request.body is None else {"number": NUMBER})


@pytest.mark.parametrize("send", SENDERS)
@pytest.mark.parametrize("default", DEFAULTS, ids=lambda default: default.name)
def test_given_value_is_sent(server: RecordingServer, default: Default, send: Callable[..., None]) -> None:
    """A value that the caller gives is sent, even if it equals the default."""
    send(server.url, default.operation, default.arguments(**{default.name: default.value}))
    (request,) = server.received
    expected = str(default.value) if request.body is None else default.value
    assert fields_of(request)[default.name] == expected


@pytest.mark.parametrize("default", DEFAULTS, ids=lambda default: default.name)
def test_docstring_names_the_default(default: Default) -> None:
    """The docstring of the function or model names the default of the server."""
    module = import_module(f"sendblue_contacts_api.api.contacts.{default.operation}")
    documented = {"create_contact": ContactCreate, "opt_out_contact": ContactOptOut}.get(default.operation, module.sync)
    text = " ".join((documented.__doc__ or "").split())
    entry = text[text.index(f"{default.name} (") :]
    expected = default.value if isinstance(default.value, str) else json.dumps(default.value)
    assert entry.partition(" Server default: ")[2].startswith(f"`{expected}`.")


@pytest.mark.parametrize("name", ["sync", "sync_detailed", "asyncio", "asyncio_detailed"])
def test_python_default_is_unset(name: str) -> None:
    """Every optional parameter of the list functions is UNSET in Python."""
    function = getattr(import_module("sendblue_contacts_api.api.contacts.list_contacts"), name)
    defaults = {each.name: each.default for each in inspect.signature(function).parameters.values()}
    del defaults["client"]
    assert set(defaults.values()) == {UNSET}


# --- through the hand-written client


def contacts_call(url: str, call: Callable[[Any], Any]) -> None:
    """Call `client.contacts` of the synchronous client."""
    with Sendblue("key", "secret", base_url=url, rate_limit=None) as client:
        call(client.contacts)


def async_contacts_call(url: str, call: Callable[[Any], Any]) -> None:
    """Call `client.contacts` of the asynchronous client."""

    async def run() -> None:
        async with AsyncSendblue("key", "secret", base_url=url, rate_limit=None) as client:
            await call(client.contacts)

    asyncio.run(run())


CLIENTS = [contacts_call, async_contacts_call]


@pytest.mark.parametrize("client", CLIENTS)
def test_create_sends_no_default(server: RecordingServer, client: Callable[..., None]) -> None:
    """`contacts.create` sends `update_if_exists` only if the caller gave it, also in camelCase."""
    client(server.url, lambda contacts: contacts.create(NUMBER))
    client(server.url, lambda contacts: contacts.create(NUMBER, updateIfExists=False))
    assert [request.body for request in server.received] == [
        {"number": NUMBER},
        {"number": NUMBER, "update_if_exists": False},
    ]


@pytest.mark.parametrize("client", CLIENTS)
def test_list_sends_its_own_order_and_page_size(server: RecordingServer, client: Callable[..., None]) -> None:
    """`contacts.list` sends the page size and order of its own defaults, which differ from those of the server."""
    client(server.url, lambda contacts: contacts.list().first())
    (request,) = server.received
    assert request.query["order_direction"] == "asc"
    assert request.query["limit"] != "100"
    assert "offset" not in request.query


@pytest.mark.parametrize("client", CLIENTS)
def test_opt_out_sends_its_argument(server: RecordingServer, client: Callable[..., None]) -> None:
    """`contacts.opt_out` states `opted_out` in every request: it is an argument of the call, True unless given."""
    client(server.url, lambda contacts: contacts.opt_out(NUMBER))
    client(server.url, lambda contacts: contacts.opt_out(NUMBER, opted_out=False))
    assert [request.body["opted_out"] for request in server.received] == [True, False]
