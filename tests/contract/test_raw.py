"""What returns a response: `with_raw_response`, `client.request`, and the endpoint functions on `client.generated`."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import httpx
import pytest
from sendblue_contacts import ConflictError, Contact, NotFoundError, OptOut, RateLimit, RateLimiter, RawResponse
from sendblue_contacts_api import models
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.contract.kinds import each_with_one_kind, one_kind
from tests.overrides.clients import each_choice

ADA, BOB, MISSING = "+14155551234", "+14155551235", "+14155559999"
ONE = "/api/v2/contacts/%2B14155551234"
RAW_CALLS: dict[str, tuple[Callable[[Any], Any], object]] = {
    "upsert": (lambda raw: raw.upsert(ADA, firstName="Ada"), "Ada"),
    "retrieve": (lambda raw: raw.retrieve(ADA), "Ada"),
    "get": (lambda raw: raw.get(ADA), "Ada"),
    "update": (lambda raw: raw.update(ADA, first_name="Ada"), "Ada"),
    "list": (lambda raw: raw.list(page_size=1), ["Ada"]),
    "count": (lambda raw: raw.count(), 2),
    "verify": (lambda raw: raw.verify(ADA), "OK"),
    "opt_out": (lambda raw: raw.opt_out(ADA), OptOut(ADA, opted_out=True)),
    "delete": (lambda raw: raw.delete(ADA), None),
    "create": (lambda raw: raw.create(MISSING, firstName="Ada"), "Ada"),
}


def shown(parsed: Any) -> object:
    """Return what to compare: the first name of a contact."""
    if isinstance(parsed, list):
        return [contact.first_name for contact in parsed]
    return parsed.first_name if isinstance(parsed, Contact) else parsed


def creation(number: str) -> Callable[[Any], Any]:
    """Return a call that creates a contact."""
    return lambda client: client.contacts.create(number, first_name="Ada")


@each_with_one_kind("call,value", RAW_CALLS)
def test_a_raw_response_and_its_value(api: Api, call: Callable[[Any], Any], value: object) -> None:
    """Each call returns a RawResponse, which is an httpx response; parse() returns what the call itself returns."""
    for number in (ADA, BOB):
        api(creation(number))
    response = api(lambda client: call(client.contacts.with_raw_response))
    received = (isinstance(response, httpx.Response), response.status_code, response.headers["content-type"])
    assert (*received, response.request.url.host) == (True, 200, "application/json", "127.0.0.1")
    assert response.elapsed.total_seconds() > 0
    assert (type(response), shown(response.parse())) == (RawResponse, value)


def test_every_raw_call_exists(api: Api) -> None:
    """`with_raw_response` has every call of `contacts` that is one request."""
    contacts = api.driver.shared_client(api.url).contacts
    calls = {name for name in dir(contacts) if not name.startswith("_")} - {"bulk", "with_raw_response"}
    assert set(vars(contacts.with_raw_response)) == calls == set(RAW_CALLS)


@one_kind("asyncio")
def test_an_error_is_a_raw_response_too(api: Api) -> None:
    """A response with an error status is returned; parse() raises the error of the call, or returns None like `get`."""
    response = api(lambda client: client.contacts.with_raw_response.retrieve(MISSING))
    assert (response.status_code, response.json()["status"]) == (404, "ERROR")
    with pytest.raises(NotFoundError) as raised:
        response.parse()
    assert raised.value.response is response
    assert api(lambda client: client.contacts.with_raw_response.get(MISSING)).parse() is None
    api(lambda client: client.contacts.create(ADA))
    with pytest.raises(ConflictError):
        api(lambda client: client.contacts.with_raw_response.create(ADA)).parse()


GENERATED: dict[str, tuple[tuple[Any, ...], dict[str, Any], type, str]] = {
    "contacts.list_contacts": ((), {"limit": 5, "offset": 1}, list, "GET /api/v2/contacts"),
    "contacts.retrieve_contact": ((ADA,), {}, models.ContactResponse, f"GET {ONE}"),
    "contacts_bulk.bulk_create_contacts": (
        *((), {"body": models.BulkCreate([models.BulkContact(BOB)])}),
        *(models.BulkCreateResponse, "POST /api/v2/contacts/bulk"),
    ),
}


@each_with_one_kind("case,detailed", [*each_choice(GENERATED, [False, True]), *each_choice(GENERATED, [True, False])])
def test_a_generated_function(api: Api, sandbox: Sandbox, case: str, detailed: bool) -> None:
    """It sends the credentials, takes a slot of the limiter, and its response is read."""
    api(lambda client: client.contacts.create(ADA))
    positional, named, kind, request = GENERATED[case]
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    name = ("sync" if api.driver.name == "sync" else "asyncio") + ("_detailed" if detailed else "")
    function = getattr(import_module(f"sendblue_contacts_api.api.{case}"), name)
    result = api(lambda _: function(*positional, client=client.generated, **named))
    last = sandbox.requests[-1]
    assert (f"{last.method} {last.path}", last.headers["sb-api-key-id"]) == (request, "key")
    assert type(result.parsed if detailed else result) is kind
    statistics = client.rate_limit.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free) == (1, 0, 4)


def test_request(api: Api, sandbox: Sandbox) -> None:
    """`client.request` sends any request, rate-limited, and returns the response whatever its status."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    made = api(lambda _: client.request("POST", "/api/v2/contacts", json={"number": ADA, "firstName": "Ada"}))
    found = api(lambda _: client.request("GET", "/api/v2/contacts", params={"limit": 1}, headers={"X-One": "1"}))
    lost = api(lambda _: client.request("GET", "/api/v2/nothing"))
    assert (made.status_code, found.json()[0]["first_name"], lost.status_code) == (200, "Ada", 404)
    assert (client.rate_limit.statistics().requests, sandbox.requests[1].headers["x-one"]) == (3, "1")
    assert json.loads(sandbox.requests[0].body) == {"number": ADA, "firstName": "Ada"}


@each_with_one_kind("path", ["https://elsewhere.example/api/v2/contacts", "//elsewhere.example/api", "api/v2", ""])
def test_request_rejects_another_host(api: Api, path: str) -> None:
    """Every request carries the credentials, so a URL of another host raises."""
    with pytest.raises(ValueError, match="path must begin with a single /"):
        api(lambda client: client.request("GET", path))
