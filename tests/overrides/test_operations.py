"""Operations: each call is one documented request; which are repeatable; and no repr contains personal data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from rich.pretty import pretty_repr
from sendblue_contacts import OptOut, operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.operations import Operation

    from tests.overrides.clients import Runner

NUMBER = "+14155551234"
SPELLED = "+1 (415) 555-1234"
PATH = "/api/v2/contacts/%2B14155551234"
OPT_OUT = "/api/v2/contacts/opt-out"
ITEM = operations.bulk_item({"phone": NUMBER})

# The call; method, raw path and body of its request.
CALLS: dict[str, tuple[Callable[[Any], Any], str, str, Any]] = {
    "create": (lambda c: c.create(SPELLED), "POST", "/api/v2/contacts", {"number": NUMBER}),
    "create-keyword": (
        lambda c: c.create(number=SPELLED, first_name="Ada"),  # as in the vendor's library
        "POST",
        "/api/v2/contacts",
        {"number": NUMBER, "first_name": "Ada"},
    ),
    "upsert": (
        lambda c: c.upsert(phoneNumber=SPELLED),
        "POST",
        "/api/v2/contacts",
        {"number": NUMBER, "update_if_exists": True},
    ),
    "retrieve": (lambda c: c.retrieve(SPELLED), "GET", PATH, None),
    "get": (lambda c: c.get(SPELLED), "GET", PATH, None),
    "update": (lambda c: c.update(SPELLED, opt_out=None), "PUT", PATH, {"opt_out": None}),
    "update-nothing": (lambda c: c.update(SPELLED), "PUT", PATH, {}),
    "delete": (lambda c: c.delete(SPELLED), "DELETE", PATH, None),
    "count": (lambda c: c.count(), "GET", "/api/v2/contacts/count", None),
    "count-of": (lambda c: c.count(SPELLED), "GET", "/api/v2/contacts/count?phone_number=%2B14155551234", None),
    "verify": (lambda c: c.verify(SPELLED), "POST", "/api/v2/contacts/verify", {"number": NUMBER}),
    "opt_out": (lambda c: c.opt_out(SPELLED), "POST", OPT_OUT, {"number": NUMBER}),
    "opt_out-true": (
        lambda c: c.opt_out(SPELLED, opted_out=True),
        "POST",
        OPT_OUT,
        {"number": NUMBER, "opted_out": True},
    ),
    "opt_in": (lambda c: c.opt_out(SPELLED, opted_out=False), "POST", OPT_OUT, {"number": NUMBER, "opted_out": False}),
    "bulk.create": (
        lambda c: c.bulk.create([{"number": SPELLED, "company": "AE"}]),
        "POST",
        "/api/v2/contacts/bulk",
        {"contacts": [{"phone": NUMBER, "company_name": "AE"}]},
    ),
    "bulk.delete": (lambda c: c.bulk.delete([SPELLED]), "DELETE", "/api/v2/contacts", {"contact_ids": [NUMBER]}),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_one_documented_request(runner: Runner, name: str) -> None:
    """Method, path and body are those of the document, with both clients."""
    call, method, path, body = CALLS[name]
    response = {"status": "OK", "contact": {"phone": NUMBER}, "count": 1, "amount": 1}
    runner.run(lambda client: call(client.contacts), lambda _: httpx.Response(200, json=response))
    sent = [
        (request.method, request.url.raw_path.decode(), json.loads(request.content) if request.content else None)
        for request in runner.sent
    ]
    assert sent == [(method, path, body)]


def test_which_operations_are_repeatable() -> None:
    """A person receives a verification, and a repeated bulk creation would report its own contacts as duplicates."""
    made: dict[str, Operation[Any]] = {
        "create": operations.create(NUMBER, {}),
        "upsert": operations.upsert(NUMBER, {}),
        "retrieve": operations.retrieve(NUMBER),
        "get": operations.get(NUMBER),
        "update": operations.update(NUMBER, {}, {}),
        "delete": operations.delete(NUMBER),
        "count": operations.count(),
        "page": operations.page({}),
        "opt_out": operations.opt_out(NUMBER),
        "bulk_delete": operations.bulk_delete([NUMBER]),
        "verify": operations.verify(NUMBER),
        "bulk_create": operations.bulk_create([ITEM]),
    }
    assert [name for name, operation in made.items() if not operation.repeatable] == ["verify", "bulk_create"]


def test_only_a_create_without_update_reconciles_a_conflict() -> None:
    """An upsert has no conflicts, in any spelling."""
    made = [
        operations.create(NUMBER, {}),
        operations.create(NUMBER, {"update_if_exists": False}),
        operations.create(NUMBER, {"updateIfExists": True}),
        operations.upsert(NUMBER, {}),
    ]
    assert [operation.conflict_status is not None for operation in made] == [True, True, False, False]


def test_opted_out_must_be_a_bool(runner: Runner) -> None:
    """The string "false" would be true."""
    with pytest.raises(TypeError, match="opted_out must be True or False, not str"):
        runner.run(lambda client: client.contacts.opt_out(NUMBER, "false"), lambda _: httpx.Response(200))
    assert runner.sent == []


def test_an_opt_out_can_be_unpacked_and_shows_no_number() -> None:
    """It is a named tuple whose repr has no number."""
    number, opted_out = opt_out = OptOut(NUMBER, opted_out=True)
    shown = "OptOut(number=…, opted_out=True)"
    assert (number, opted_out, repr(opt_out), str(opt_out)) == (NUMBER, True, shown, shown)
    assert pretty_repr(opt_out) == shown


def test_the_repr_of_an_operation_contains_no_personal_data() -> None:
    """A traceback with local variables calls repr."""
    made: list[Operation[Any]] = [operations.create(NUMBER, {"firstName": "Ada"}), operations.get(NUMBER)]
    assert [repr(operation) for operation in made] == [
        "Operation(POST /api/v2/contacts)",
        "Operation(GET /api/v2/contacts/+…)",
    ]
