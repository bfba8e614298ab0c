"""`with_options`: applies to some calls only, with the same connections and rate limit, with every kind of client."""

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
WITHOUT_PAUSES = Retry(attempts=3, base=1e-9, throttling_base=1e-9)


class FakeTransport:
    """A transport that responds with these statuses, and records the requests."""

    def __init__(self, *statuses: int) -> None:
        self.requests: list[httpx.Request] = []
        self._statuses = list(statuses)
        self.transport = httpx.MockTransport(self._respond)

    def _respond(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self._statuses.pop(0) if self._statuses else 200, json={"count": 3})

    @property
    def timeouts(self) -> list[dict[str, float]]:
        """The timeouts of each request."""
        return [request.extensions["timeout"] for request in self.requests]


def timeouts_of(seconds: float) -> dict[str, float]:
    """Return the timeouts of a request with the same limit for every phase."""
    return dict.fromkeys(("connect", "read", "write", "pool"), seconds)


def test_timeout(api: Api) -> None:
    """The timeout applies to these calls only."""
    fake = FakeTransport()
    client = api.client(transport=fake.transport)
    api(lambda _: client.with_options(timeout=5).contacts.count())
    api(lambda _: client.contacts.count())
    assert fake.timeouts == [timeouts_of(5), timeouts_of(30)]


@pytest.mark.parametrize("timeout", [0, -1, "5", True, None])
def test_an_invalid_timeout(api: Api, timeout: Any) -> None:  # noqa: ANN401  # any value is the point
    """Every client has a timeout."""
    with pytest.raises(ValueError, match="timeout must be a positive number of seconds"):
        api.driver.shared_client(api.url).with_options(timeout=timeout)


@pytest.mark.parametrize("through", ["contacts", "request"])
def test_retry(api: Api, through: str) -> None:
    """The retry policy applies to these calls only, of `contacts` and of `request`."""
    fake = FakeTransport(500, 500, 200, 500)
    client = api.client(transport=fake.transport, retry=None)

    def call(used: Any) -> Any:  # noqa: ANN401  # either client
        return used.contacts.count() if through == "contacts" else used.request("GET", "/api/v2/contacts/count")

    api(lambda _: call(client.with_options(retry=WITHOUT_PAUSES)))
    assert len(fake.requests) == 3
    if through == "contacts":
        with pytest.raises(InternalServerError):
            api(lambda _: call(client))
    else:
        assert api(lambda _: call(client)).status_code == 500
    assert len(fake.requests) == 4


def test_retry_off(api: Api) -> None:
    """None disables retries; the error has the number of attempts."""
    fake = FakeTransport(500)
    client = api.client(transport=fake.transport, retry=WITHOUT_PAUSES).with_options(retry=None)
    with pytest.raises(InternalServerError) as raised:
        api(lambda _: client.contacts.count())
    assert (len(fake.requests), raised.value.attempts) == (1, 1)


def test_extra_headers(api: Api, sandbox: Sandbox) -> None:
    """They are sent in addition to the headers of the client."""
    api(lambda client: client.with_options(extra_headers={"X-Request-ID": "42"}).contacts.count())
    headers = sandbox.requests[-1].headers
    assert (headers["x-request-id"], headers["sb-api-key-id"]) == ("42", "key")


def test_extra_query(api: Api, sandbox: Sandbox) -> None:
    """Query parameters are sent in addition to those of the call."""
    api(lambda client: client.with_options(extra_query={"phone_number": ADA}).contacts.list(max_items=1))
    assert set(sandbox.requests[-1].query.split("&")) == {
        *("order_by=created_at", "order_direction=asc", "limit=1", "phone_number=%2B14155551234"),
    }


def test_extra_body(api: Api, sandbox: Sandbox) -> None:
    """Fields are sent in addition to those of the call, unchecked."""
    api(lambda client: client.with_options(extra_body={"lastName": "Lovelace"}).contacts.create(ADA, firstName="Ada"))
    assert json.loads(sandbox.requests[-1].body) == {"number": ADA, "first_name": "Ada", "lastName": "Lovelace"}


def test_extra_body_overrides_the_call(api: Api, sandbox: Sandbox) -> None:
    """An extra field replaces the field of the call."""
    client = api.driver.shared_client(api.url).with_options(extra_body={"number": "+1"})
    with pytest.raises(BadRequestError):
        api(lambda _: client.contacts.create(ADA))
    assert json.loads(sandbox.requests[-1].body) == {"number": "+1"}


def test_extra_body_of_a_call_without_a_body(api: Api, sandbox: Sandbox) -> None:
    """It raises instead of being dropped."""
    with pytest.raises(TypeError, match="extra_body is set, but this call has no body"):
        api(lambda client: client.with_options(extra_body={"x": "y"}).contacts.count())
    assert sandbox.requests == []


def test_options_accumulate(api: Api, sandbox: Sandbox) -> None:
    """Options of a client with options keep the earlier ones; the original client keeps its own."""
    client = api.driver.shared_client(api.url)
    both = client.with_options(extra_headers={"X-One": "1"}).with_options(extra_query={"phone_number": ADA})
    api(lambda _: both.contacts.count())
    api(lambda _: client.contacts.count())
    found = [(each.headers.get("x-one"), each.query) for each in sandbox.requests]
    assert found == [("1", "phone_number=%2B14155551234"), (None, "")]


def test_options_share_the_limiter(api: Api) -> None:
    """Requests with options count in the same rate limit."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    other = client.with_options(timeout=5)
    for each in (client, other):
        api(lambda used: used.contacts.count(), each)
    assert (other.rate_limit is client.rate_limit, client.rate_limit.statistics().requests) == (True, 2)


def test_max_wait(api: Api) -> None:
    """A call that would wait longer for a slot raises at once, and is not sent; other calls wait."""
    fake, limiter = FakeTransport(), RateLimiter(RateLimit(1, per=0.05))
    client = api.client(transport=fake.transport, rate_limit=limiter)
    api(lambda _: client.contacts.count())
    with (
        limiter.slot(),
        pytest.raises(RateLimitError, match=r"GET /api/v2/contacts/count: the next slot .* no request was sent"),
    ):
        api(lambda _: client.with_options(max_wait=0).contacts.count())
    api(lambda _: client.contacts.count())
    assert len(fake.requests) == 2


@pytest.mark.parametrize("through", ["contacts", "request"])
def test_bulk(api: Api, through: str) -> None:
    """Bulk work leaves the reserve to other callers of the account."""
    fake, limiter = FakeTransport(), RateLimiter(RateLimit(2, per=1000.0, reserve=1))
    client = api.client(transport=fake.transport, rate_limit=limiter).with_options(bulk=True, max_wait=1)

    def call(used: Any) -> Any:  # noqa: ANN401  # either client
        return used.contacts.count() if through == "contacts" else used.request("GET", "/api/v2/contacts/count")

    api(lambda _: call(client))
    with pytest.raises(RateLimitError):
        api(lambda _: call(client))
    api(lambda _: call(client.with_options(bulk=False)))
    assert len(fake.requests) == 2


@pytest.mark.parametrize(("call", "item"), [("create", {"phone": ADA}), ("delete", ADA)])
def test_bulk_calls_are_bulk_work(api: Api, sandbox: Sandbox, call: str, item: object) -> None:
    """`contacts.bulk` is always bulk work; other calls of the client are not."""
    limiter = RateLimiter(RateLimit(10, per=1000.0, reserve=9))
    client = api.client(rate_limit=limiter)
    api(lambda _: client.contacts.count())
    assert len(limiter._window._bulk_until) == 0
    api(lambda _: getattr(client.contacts.bulk, call)([item]))
    assert (len(limiter._window._bulk_until), len(sandbox.requests)) == (1, 2)


@pytest.mark.parametrize("closed", [0, 1])
def test_options_share_the_connections(api: Api, closed: int) -> None:
    """Closing one client closes both."""
    client = api.client()
    clients = [client, client.with_options(timeout=5)]
    api.driver.close(clients[closed])
    for each in clients:
        with pytest.raises(SendblueError, match="this client is closed"):
            api(lambda used: used.contacts.count(), each)


def test_a_server_that_does_not_respond(api: Api) -> None:
    """It raises APITimeoutError after the timeout, with the setting to increase."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = api.client(base_url=f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.02)
        with pytest.raises(APITimeoutError, match="increase timeout="):
            api(lambda _: client.contacts.count())
