"""`with_options`: applies to some calls only, with the same connections and rate limit, with every kind of client."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sendblue_contacts import (
    InternalServerError,
    RateLimit,
    RateLimiter,
    RateLimitError,
    Retry,
    SendblueError,
)
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.contract.kinds import each_with_one_kind
from tests.overrides.transport_harness import Server

ADA = "+14155551234"
WITHOUT_PAUSES = Retry(attempts=3, base=1e-9, throttling_base=1e-9)
WAYS: dict[str, Callable[[Any], Any]] = {
    "contacts": lambda client: client.contacts.count(),
    "request": lambda client: client.request("GET", "/api/v2/contacts/count"),
}


@each_with_one_kind("call", WAYS)
def test_timeout(api: Api, call: Callable[[Any], Any]) -> None:
    """The timeout applies to these calls only, of `contacts` and of `request`, in whatever order they are made."""
    fake = Server()
    client = api.client(transport=fake.transport)
    for used in (client, client.with_options(timeout=5), client):
        api(call, used)
    assert [{*timeouts.values()} for timeouts in fake.timeouts] == [{30}, {5}, {30}]


@pytest.mark.parametrize("through", WAYS)
def test_retry(api: Api, through: str) -> None:
    """The retry policy applies to these calls only. `contacts` raises the last response, `request` returns it."""
    fake = Server(500, 500, 200, 500, 500)
    client = api.client(transport=fake.transport, retry=None)
    api(lambda _: WAYS[through](client.with_options(retry=WITHOUT_PAUSES)))
    assert len(fake.requests) == 3
    for used in (client, client.with_options(retry=WITHOUT_PAUSES).with_options(retry=None)):
        if through == "request":
            assert api(WAYS[through], used).status_code == 500
        else:
            with pytest.raises(InternalServerError) as raised:
                api(WAYS[through], used)
            assert raised.value.attempts == 1
    assert len(fake.requests) == 5


def test_extras(api: Api, sandbox: Sandbox) -> None:
    """They accumulate, and are sent in addition to what a call sends or instead of it; the client keeps its own."""
    client = api.client()
    extra_body = {"lastName": "Lovelace", "first_name": "Augusta"}
    api(lambda _: client.with_options(extra_body=extra_body).contacts.create(ADA, firstName="Ada"))
    both = client.with_options(extra_headers={"X-One": "1"}).with_options(extra_query={"phone_number": ADA})
    for used in (both, client):
        api(WAYS["contacts"], used)
    assert json.loads(sandbox.requests[0].body) == {"number": ADA, **extra_body}
    found = [(each.headers.get("x-one"), each.query, each.headers["sb-api-key-id"]) for each in sandbox.requests]
    assert found == [(None, "", "key"), ("1", "phone_number=%2B14155551234", "key"), (None, "", "key")]


@each_with_one_kind("call", WAYS)
def test_bulk(api: Api, call: Callable[[Any], Any]) -> None:
    """Bulk work leaves the reserve to other callers of the account. `max_wait` limits its wait for a slot."""
    fake, limiter = Server(), RateLimiter(RateLimit(2, per=1000.0, reserve=1))
    client = api.client(transport=fake.transport, rate_limit=limiter).with_options(bulk=True, max_wait=1)
    api(lambda _: call(client))
    with pytest.raises(RateLimitError):
        api(lambda _: call(client))
    api(lambda _: call(client.with_options(bulk=False)))
    assert len(fake.requests) == 2


@each_with_one_kind("call", ["create", "delete"])
def test_bulk_calls_are_bulk_work(api: Api, call: str) -> None:
    """`contacts.bulk` is always bulk work; other calls of the client are not."""
    item = {"phone": ADA} if call == "create" else ADA
    client = api.client(rate_limit=RateLimiter(RateLimit(3, per=1000.0, reserve=2))).with_options(max_wait=1)
    api(lambda _: client.contacts.count())
    results = [api(lambda _: getattr(client.contacts.bulk, call)([item])) for _ in range(2)]
    assert ["max_wait is 1 s" in str(result.failed) for result in results] == [False, True]
    api(lambda _: client.contacts.count())


@pytest.mark.parametrize("closed", [0, 1])
def test_options_share_the_connections(api: Api, closed: int) -> None:
    """Closing one client closes both."""
    client = api.client()
    clients = [client, client.with_options(timeout=5)]
    api.driver.close(clients[closed])
    for each in clients:
        with pytest.raises(SendblueError, match="this client is closed"):
            api(lambda used: used.contacts.count(), each)
