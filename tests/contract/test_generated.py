"""`client.generated`: every function of the generated package, sync and async, uses the same transports."""

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
    """Iterate over all modules of endpoint functions."""
    path = import_module(package).__path__
    for module in pkgutil.iter_modules(path, f"{package}."):
        yield from functions(module.name) if module.ispkg else [module.name]


def test_every_generated_function_has_a_case() -> None:
    """The cases below are complete."""
    start = sendblue_contacts_api.api.__name__
    assert sorted(name.removeprefix(f"{start}.") for name in functions(start)) == sorted(CASES)


@pytest.mark.parametrize("detailed", [0, 1], ids=["value", "detailed"])
@pytest.mark.parametrize("case", CASES)
def test_a_generated_function(api: Api, sandbox: Sandbox, case: str, detailed: int) -> None:
    """It sends the credentials, takes a slot of the limiter, and its response is read."""
    api(lambda client: client.contacts.create(ADA))
    positional, named, kind, request = CASES[case]
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    module = import_module(f"sendblue_contacts_api.api.{case}")
    function = getattr(module, FUNCTIONS["sync" if api.driver.name == "sync" else "async"][detailed])
    result = api(lambda _: function(*positional, client=client.generated, **named))
    last = sandbox.requests[-1]
    assert (f"{last.method} {last.path}", last.headers["sb-api-key-id"]) == (request, "key")
    assert type(result.parsed if detailed else result) is kind
    statistics = client.rate_limit.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free) == (1, 0, 4)


def test_the_generated_listing(api: Api) -> None:
    """It returns the same contacts."""
    api(lambda client: client.contacts.create(ADA, firstName="Ada"))
    module = import_module("sendblue_contacts_api.api.contacts.list_contacts")
    function = module.sync if api.driver.name == "sync" else module.asyncio
    (found,) = api(lambda client: function(client=client.generated))
    assert (type(found), found.first_name) == (Contact, "Ada")


def test_request(api: Api, sandbox: Sandbox) -> None:
    """`client.request` sends any request, rate-limited, and returns the response whatever its status."""
    client = api.client(rate_limit=RateLimiter(RateLimit(5)))
    made = api(lambda _: client.request("POST", "/api/v2/contacts", json={"number": ADA, "firstName": "Ada"}))
    found = api(lambda _: client.request("GET", "/api/v2/contacts", params={"limit": 1}, headers={"X-One": "1"}))
    lost = api(lambda _: client.request("GET", "/api/v2/nothing"))
    assert (made.status_code, found.json()[0]["first_name"], lost.status_code) == (200, "Ada", 404)
    assert (client.rate_limit.statistics().requests, sandbox.requests[1].headers["x-one"]) == (3, "1")
    assert json.loads(sandbox.requests[0].body) == {"number": ADA, "firstName": "Ada"}


@pytest.mark.parametrize("path", ["https://elsewhere.example/api/v2/contacts", "//elsewhere.example/api", "api/v2", ""])
def test_request_rejects_another_host(api: Api, path: str) -> None:
    """Every request carries the credentials, so a URL of another host raises."""
    with pytest.raises(ValueError, match="path must begin with a single /"):
        api(lambda client: client.request("GET", path))
