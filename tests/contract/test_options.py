"""`with_options`: for these calls and no others, on the same connections and the same limit, for both clients."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import (
    APITimeoutError,
    BadRequestError,
    InternalServerError,
    RateLimit,
    RateLimiter,
    RateLimitError,
    Retry,
    SendblueError,
)

if TYPE_CHECKING:
    from sendblue_sandbox import Sandbox

    from tests.contract.conftest import Api

ADA = "+14155551234"
AT_ONCE = Retry(attempts=3, base=1e-9, throttling_base=1e-9)


class Wire:
    """A transport that answers as it is told, and remembers what it was asked."""

    def __init__(self, *statuses: int) -> None:
        self.asked: list[httpx.Request] = []
        self._statuses = list(statuses)
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self._statuses.pop(0) if self._statuses else 200, json={"count": 3})

    @property
    def timeouts(self) -> list[dict[str, float]]:
        """How long each request was given."""
        return [request.extensions["timeout"] for request in self.asked]


def all_of(seconds: float) -> dict[str, float]:
    """The timeouts of a request whose every phase has so many seconds."""
    return dict.fromkeys(("connect", "read", "write", "pool"), seconds)


def test_timeout(api: Api) -> None:
    """The time that an attempt may take is another for these calls alone."""
    wire = Wire()
    client = api.client(transport=wire.transport)
    api(lambda _: client.with_options(timeout=5).contacts.count())
    api(lambda _: client.contacts.count())
    assert wire.timeouts == [all_of(5), all_of(30)]


@pytest.mark.parametrize("timeout", [0, -1, "5", True, None])
def test_a_timeout_that_makes_no_sense(api: Api, timeout: Any) -> None:  # noqa: ANN401 - that it is anything is the point
    """No client is ever without a timeout."""
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        api.world.usual(api.url).with_options(timeout=timeout)


@pytest.mark.parametrize("through", ["contacts", "request"])
def test_retry(api: Api, through: str) -> None:
    """Retries are others for these calls alone, of `contacts` and of `request`."""
    wire = Wire(500, 500, 200, 500)
    client = api.client(transport=wire.transport, retry=None)

    def call(used: Any) -> Any:  # noqa: ANN401 - one of two kinds of client
        return used.contacts.count() if through == "contacts" else used.request("GET", "/api/v2/contacts/count")

    api(lambda _: call(client.with_options(retry=AT_ONCE)))
    assert len(wire.asked) == 3
    if through == "contacts":
        with pytest.raises(InternalServerError):
            api(lambda _: call(client))
    else:
        assert api(lambda _: call(client)).status_code == 500
    assert len(wire.asked) == 4


def test_retry_off(api: Api) -> None:
    """None turns retries off; the error says that it was one attempt."""
    wire = Wire(500)
    client = api.client(transport=wire.transport, retry=AT_ONCE).with_options(retry=None)
    with pytest.raises(InternalServerError) as raised:
        api(lambda _: client.contacts.count())
    assert (len(wire.asked), raised.value.attempts) == (1, 1)


def test_extra_headers(api: Api, sandbox: Sandbox) -> None:
    """Headers are sent besides the client's own."""
    api(lambda client: client.with_options(extra_headers={"X-Request-ID": "42"}).contacts.count())
    headers = sandbox.requests[-1].headers
    assert (headers["x-request-id"], headers["sb-api-key-id"]) == ("42", "key")


def test_extra_query(api: Api, sandbox: Sandbox) -> None:
    """Query parameters are sent besides those of the call."""
    api(lambda client: client.with_options(extra_query={"phone_number": ADA}).contacts.list(max_items=1))
    assert set(sandbox.requests[-1].query.split("&")) == {
        *("order_by=created_at", "order_direction=asc", "limit=1", "phone_number=%2B14155551234"),
    }


def test_extra_body(api: Api, sandbox: Sandbox) -> None:
    """Fields are sent besides those of the call, as they are."""
    api(lambda client: client.with_options(extra_body={"lastName": "Lovelace"}).contacts.create(ADA, firstName="Ada"))
    assert json.loads(sandbox.requests[-1].body) == {"number": ADA, "first_name": "Ada", "lastName": "Lovelace"}


def test_extra_comes_before_the_call(api: Api, sandbox: Sandbox) -> None:
    """Where an extra and the call name the same, the extra is sent: it is the way around this library."""
    client = api.world.usual(api.url).with_options(extra_body={"number": "+1"})
    with pytest.raises(BadRequestError):
        api(lambda _: client.contacts.create(ADA))
    assert json.loads(sandbox.requests[-1].body) == {"number": "+1"}


def test_extra_body_of_a_call_without_one(api: Api, sandbox: Sandbox) -> None:
    """A call that sends no body refuses it rather than to lose it."""
    with pytest.raises(TypeError, match="extra_body is set, and this call sends no body"):
        api(lambda client: client.with_options(extra_body={"x": "y"}).contacts.count())
    assert sandbox.requests == []


def test_options_add_up(api: Api, sandbox: Sandbox) -> None:
    """Options on options keep those before; the client that they came from keeps its own."""
    client = api.world.usual(api.url)
    both = client.with_options(extra_headers={"X-One": "1"}).with_options(extra_query={"phone_number": ADA})
    api(lambda _: both.contacts.count())
    api(lambda _: client.contacts.count())
    found = [(each.headers.get("x-one"), each.query) for each in sandbox.requests]
    assert found == [("1", "phone_number=%2B14155551234"), (None, "")]


def test_options_share_the_limiter(api: Api) -> None:
    """What is sent with options counts in the same limit."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    other = client.with_options(timeout=5)
    for each in (client, other):
        api(lambda used: used.contacts.count(), each)
    assert (other.rate_limit is client.rate_limit, client.rate_limit.statistics().requests) == (True, 2)


def test_max_wait(api: Api) -> None:
    """A call that would wait longer for its slot is an error at once, and is not sent; the others go on waiting."""
    wire, limiter = Wire(), RateLimiter(RateLimit(1, per=0.05))
    client = api.client(transport=wire.transport, rate_limit=limiter)
    api(lambda _: client.contacts.count())
    with limiter.slot(), pytest.raises(RateLimitError, match=r"GET /api/v2/contacts/count: a slot .* nothing was sent"):
        api(lambda _: client.with_options(max_wait=0).contacts.count())
    api(lambda _: client.contacts.count())
    assert len(wire.asked) == 2


@pytest.mark.parametrize("through", ["contacts", "request"])
def test_bulk(api: Api, through: str) -> None:
    """Bulk work leaves the reserve to other callers of the account."""
    wire, limiter = Wire(), RateLimiter(RateLimit(2, per=1000.0, reserve=1))
    client = api.client(transport=wire.transport, rate_limit=limiter).with_options(bulk=True, max_wait=1)

    def call(used: Any) -> Any:  # noqa: ANN401 - one of two kinds of client
        return used.contacts.count() if through == "contacts" else used.request("GET", "/api/v2/contacts/count")

    api(lambda _: call(client))
    with pytest.raises(RateLimitError):
        api(lambda _: call(client))
    api(lambda _: call(client.with_options(bulk=False)))
    assert len(wire.asked) == 2


@pytest.mark.parametrize(("call", "item"), [("create", {"phone": ADA}), ("delete", ADA)])
def test_bulk_calls_are_bulk_work_by_themselves(api: Api, sandbox: Sandbox, call: str, item: object) -> None:
    """Nobody has to say so of `contacts.bulk`; what else the client does is none."""
    limiter = RateLimiter(RateLimit(10, per=1000.0, reserve=9))
    client = api.client(rate_limit=limiter)
    api(lambda _: client.contacts.count())
    assert len(limiter._window._bulk_until) == 0
    api(lambda _: getattr(client.contacts.bulk, call)([item]))
    assert (len(limiter._window._bulk_until), len(sandbox.requests)) == (1, 2)


@pytest.mark.parametrize("closed", [0, 1])
def test_options_share_the_connections(api: Api, closed: int) -> None:
    """Closing one closes both."""
    client = api.client()
    clients = [client, client.with_options(timeout=5)]
    api.world.close(clients[closed])
    for each in clients:
        with pytest.raises(SendblueError, match="this client is closed"):
            api(lambda used: used.contacts.count(), each)


def test_a_timeout_that_passes(api: Api) -> None:
    """A server that never answers is an APITimeoutError when the time is over, and says which setting to raise."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = api.client(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.02)
        with pytest.raises(APITimeoutError, match="raise timeout="):
            api(lambda _: client.contacts.count())
