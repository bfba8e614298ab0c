"""`client.generated`: every function of the generated package, sync and async, goes the way of all other calls."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import sendblue_contacts_api.api
from sendblue_contacts import RateLimit, RateLimiter
from sendblue_contacts_api.models import (
    BulkContact,
    BulkCreate,
    BulkCreateResponse,
    BulkDelete,
    BulkDeleteResponse,
    Contact,
    ContactCount,
    ContactCreate,
    ContactOptOut,
    ContactOptOutResponse,
    ContactResponse,
    ContactUpdate,
    ContactVerify,
    StatusResponse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_sandbox import Sandbox

    from tests.contract.conftest import Api

ADA, BOB = "+14155551234", "+14155551235"
ONE = "/api/v2/contacts/%2B14155551234"
CASES: dict[str, tuple[tuple[Any, ...], dict[str, Any], type, str]] = {
    "contacts.list_contacts": ((), {"limit": 5}, list, "GET /api/v2/contacts"),
    "contacts.create_contact": ((), {"body": ContactCreate(BOB)}, ContactResponse, "POST /api/v2/contacts"),
    "contacts.retrieve_contact": ((ADA,), {}, ContactResponse, f"GET {ONE}"),
    "contacts.update_contact": ((ADA,), {"body": ContactUpdate(first_name="Ada")}, ContactResponse, f"PUT {ONE}"),
    "contacts.delete_contact": ((ADA,), {}, StatusResponse, f"DELETE {ONE}"),
    "contacts.count_contacts": ((), {}, ContactCount, "GET /api/v2/contacts/count"),
    "contacts.verify_contact": ((), {"body": ContactVerify(ADA)}, StatusResponse, "POST /api/v2/contacts/verify"),
    "contacts.opt_out_contact": (
        (),
        {"body": ContactOptOut(ADA)},
        ContactOptOutResponse,
        "POST /api/v2/contacts/opt-out",
    ),
    "contacts_bulk.bulk_create_contacts": (
        (),
        {"body": BulkCreate([BulkContact(BOB)])},
        BulkCreateResponse,
        "POST /api/v2/contacts/bulk",
    ),
    "contacts_bulk.bulk_delete_contacts": (
        (),
        {"body": BulkDelete([ADA])},
        BulkDeleteResponse,
        "DELETE /api/v2/contacts",
    ),
}
FUNCTIONS = {"sync": ("sync", "sync_detailed"), "async": ("asyncio", "asyncio_detailed")}


def functions(package: str) -> Iterator[str]:
    """Every module of endpoint functions there is."""
    path = import_module(package).__path__
    for module in pkgutil.iter_modules(path, f"{package}."):
        yield from functions(module.name) if module.ispkg else [module.name]


def test_every_generated_function_is_here() -> None:
    """The cases below are all that there is."""
    start = sendblue_contacts_api.api.__name__
    assert sorted(name.removeprefix(f"{start}.") for name in functions(start)) == sorted(CASES)


@pytest.mark.parametrize("detailed", [0, 1], ids=["value", "detailed"])
@pytest.mark.parametrize("case", CASES)
def test_a_generated_function(api: Api, sandbox: Sandbox, case: str, detailed: int) -> None:
    """It is sent with the credentials, takes a slot of the limiter, and its answer is read."""
    api(lambda client: client.contacts.create(ADA))
    positional, named, kind, request = CASES[case]
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    module = import_module(f"sendblue_contacts_api.api.{case}")
    function = getattr(module, FUNCTIONS["sync" if api.world.name == "sync" else "async"][detailed])
    answer = api(lambda _: function(*positional, client=client.generated, **named))
    last = sandbox.requests[-1]
    assert (f"{last.method} {last.path}", last.headers["sb-api-key-id"]) == (request, "key")
    assert type(answer.parsed if detailed else answer) is kind
    statistics = client.rate_limit.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free) == (1, 0, 4)


def test_a_listing_by_the_generated_function(api: Api) -> None:
    """What it returns are the same contacts."""
    api(lambda client: client.contacts.create(ADA, firstName="Ada"))
    module = import_module("sendblue_contacts_api.api.contacts.list_contacts")
    function = module.sync if api.world.name == "sync" else module.asyncio
    (found,) = api(lambda client: function(client=client.generated))
    assert (type(found), found.first_name) == (Contact, "Ada")


def test_request(api: Api, sandbox: Sandbox) -> None:
    """`client.request` sends anything, limited like the rest, and gives the response whatever its status."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    made = api(lambda _: client.request("POST", "/api/v2/contacts", json={"number": ADA, "firstName": "Ada"}))
    found = api(lambda _: client.request("GET", "/api/v2/contacts", params={"limit": 1}, headers={"X-One": "1"}))
    lost = api(lambda _: client.request("GET", "/api/v2/nothing"))
    assert (made.status_code, found.json()[0]["first_name"], lost.status_code) == (200, "Ada", 404)
    assert (client.rate_limit.statistics().requests, sandbox.requests[1].headers["x-one"]) == (3, "1")
    assert json.loads(sandbox.requests[0].body) == {"number": ADA, "firstName": "Ada"}


@pytest.mark.parametrize("path", ["https://elsewhere.example/api/v2/contacts", "//elsewhere.example/api", "api/v2", ""])
def test_request_sends_the_credentials_nowhere_else(api: Api, path: str) -> None:
    """The credentials go with every request, so that an address of another host is refused."""
    with pytest.raises(ValueError, match="path must begin with one /"):
        api(lambda client: client.request("GET", path))
