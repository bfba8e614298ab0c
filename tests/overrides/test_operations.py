"""Operations: each call is one documented request; which are repeatable; and no repr contains personal data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import InvalidPhoneNumberError, OptOut, operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.operations import Operation

    from tests.overrides.clients import Runner

NUMBER = "+14155551234"
SPELLED = "+1 (415) 555-1234"
PATH = "/api/v2/contacts/%2B14155551234"
ITEM = operations.bulk_item({"phone": NUMBER})
CONTACT = {"status": "OK", "contact": {"phone": NUMBER}}

# The call; method, raw path and body of its request; a response body.
CALLS: dict[str, tuple[Callable[[Any], Any], str, str, Any, Any]] = {
    "create": (lambda c: c.create(SPELLED), "POST", "/api/v2/contacts", {"number": NUMBER}, CONTACT),
    "upsert": (
        lambda c: c.upsert(SPELLED),
        "POST",
        "/api/v2/contacts",
        {"number": NUMBER, "update_if_exists": True},
        CONTACT,
    ),
    "retrieve": (lambda c: c.retrieve(SPELLED), "GET", PATH, None, CONTACT),
    "get": (lambda c: c.get(SPELLED), "GET", PATH, None, CONTACT),
    "update": (lambda c: c.update(SPELLED, opt_out=None), "PUT", PATH, {"opt_out": None}, CONTACT),
    "update-nothing": (lambda c: c.update(SPELLED), "PUT", PATH, {}, CONTACT),
    "delete": (lambda c: c.delete(SPELLED), "DELETE", PATH, None, {"status": "OK"}),
    "count": (lambda c: c.count(), "GET", "/api/v2/contacts/count", None, {"count": 1}),
    "count-of": (
        lambda c: c.count(SPELLED),
        "GET",
        "/api/v2/contacts/count?phone_number=%2B14155551234",
        None,
        {"count": 1},
    ),
    "verify": (lambda c: c.verify(SPELLED), "POST", "/api/v2/contacts/verify", {"number": NUMBER}, {"status": "OK"}),
    "opt_out": (
        lambda c: c.opt_out(SPELLED),
        "POST",
        "/api/v2/contacts/opt-out",
        {"number": NUMBER, "opted_out": True},
        {},
    ),
    "opt_in": (
        lambda c: c.opt_out(SPELLED, opted_out=False),
        "POST",
        "/api/v2/contacts/opt-out",
        {"number": NUMBER, "opted_out": False},
        {},
    ),
    "bulk.create": (
        lambda c: c.bulk.create([{"number": SPELLED, "company": "AE"}]),
        "POST",
        "/api/v2/contacts/bulk",
        {"contacts": [{"phone": NUMBER, "company_name": "AE"}]},
        {},
    ),
    "bulk.delete": (
        lambda c: c.bulk.delete([SPELLED]),
        "DELETE",
        "/api/v2/contacts",
        {"contact_ids": [NUMBER]},
        {"amount": 1},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_one_documented_request(runner: Runner, name: str) -> None:
    """Method, path and body are those of the document, with both clients."""
    call, method, path, body, response = CALLS[name]
    runner.run(lambda client: call(client.contacts), lambda _: httpx.Response(200, json=response))
    sent = [
        (request.method, request.url.raw_path.decode(), json.loads(request.content) if request.content else None)
        for request in runner.sent
    ]
    assert sent == [(method, path, body)]


@pytest.mark.parametrize(
    ("operation", "repeatable"),
    [
        (operations.create(NUMBER, {}), True),
        (operations.upsert(NUMBER, {}), True),
        (operations.retrieve(NUMBER), True),
        (operations.get(NUMBER), True),
        (operations.update(NUMBER, {}, {}), True),
        (operations.delete(NUMBER), True),
        (operations.count(), True),
        (operations.page({}), True),
        (operations.opt_out(NUMBER, opted_out=True), True),
        (operations.bulk_delete([NUMBER]), True),
        (operations.verify(NUMBER), False),
        (operations.bulk_create([ITEM]), False),
    ],
)
def test_which_operations_are_repeatable(operation: Operation[Any], repeatable: bool) -> None:  # noqa: FBT001  # an expectation
    """A person receives a verification, and a repeated bulk creation would report its own contacts as duplicates."""
    assert operation.repeatable is repeatable


def test_only_a_create_without_update_reconciles_a_conflict() -> None:
    """An upsert has no conflicts, in any spelling."""
    reconciles = [
        operation.on_ambiguous is not None
        for operation in (
            operations.create(NUMBER, {}),
            operations.create(NUMBER, {"update_if_exists": False}),
            operations.create(NUMBER, {"updateIfExists": True}),
            operations.upsert(NUMBER, {}),
        )
    ]
    assert reconciles == [True, True, False, False]


@pytest.mark.parametrize(
    "call", [operations.retrieve, operations.get, operations.delete, operations.verify, operations.count]
)
def test_an_invalid_number_raises_before_a_request(call: Callable[[str], object]) -> None:
    """Every call checks its number."""
    with pytest.raises(InvalidPhoneNumberError):
        call("count")


def test_opted_out_must_be_a_bool(runner: Runner) -> None:
    """The string "false" would be true."""
    with pytest.raises(TypeError, match="opted_out must be True or False, not str"):
        runner.run(lambda client: client.contacts.opt_out(NUMBER, "false"), lambda _: httpx.Response(200))
    assert runner.sent == []


def test_an_opt_out_can_be_unpacked_and_shows_no_number() -> None:
    """It is a named tuple whose repr has no number."""
    number, opted_out = opt_out = OptOut(NUMBER, opted_out=True)
    assert (number, opted_out, repr(opt_out), str(opt_out)) == (
        NUMBER,
        True,
        "OptOut(number=…, opted_out=True)",
        "OptOut(number=…, opted_out=True)",
    )


@pytest.mark.parametrize(
    "operation",
    [operations.create(NUMBER, {"firstName": "Ada"}), operations.get(NUMBER), operations.bulk_create([ITEM])],
)
def test_the_repr_of_an_operation_contains_no_personal_data(operation: Operation[Any]) -> None:
    """A traceback with local variables calls repr."""
    assert not {part for part in ("4155551234", "Ada") if part in repr(operation)}
    assert repr(operation).startswith("Operation(")
