"""Operations: each call becomes one documented request; what may be repeated, and how OptOut and reprs show nobody."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import InvalidPhoneNumberError, OptOut, operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.operations import Operation

    from tests.overrides.conftest import World

NUMBER = "+14155551234"
SPELLED = "+1 (415) 555-1234"
PATH = "/api/v2/contacts/%2B14155551234"
ITEM = operations.bulk_item({"phone": NUMBER})
CONTACT = {"status": "OK", "contact": {"phone": NUMBER}}

# The call on a client; method, raw path and body of its request; an answer.
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
def test_each_call_is_one_documented_request(world: World, name: str) -> None:
    """Method, path and body are those of the document, whichever client sends it."""
    call, method, path, body, answer = CALLS[name]
    world.do(lambda client: call(client.contacts), lambda _: httpx.Response(200, json=answer))
    sent = [
        (request.method, request.url.raw_path.decode(), json.loads(request.content) if request.content else None)
        for request in world.sent
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
def test_what_may_be_sent_twice_is_known(operation: Operation[Any], repeatable: bool) -> None:  # noqa: FBT001  # an expectation
    """A verification reaches a person, and a bulk creation would report its own contacts as taken."""
    assert operation.repeatable is repeatable


def test_only_a_create_that_does_not_update_looks_after_a_conflict() -> None:
    """An upsert has no conflicts to settle, under whatever name it comes."""
    looks = [
        operation.after_loss is not None
        for operation in (
            operations.create(NUMBER, {}),
            operations.create(NUMBER, {"update_if_exists": False}),
            operations.create(NUMBER, {"updateIfExists": True}),
            operations.upsert(NUMBER, {}),
        )
    ]
    assert looks == [True, True, False, False]


@pytest.mark.parametrize(
    "call", [operations.retrieve, operations.get, operations.delete, operations.verify, operations.count]
)
def test_a_wrong_number_is_an_error_before_there_is_a_request(call: Callable[[str], object]) -> None:
    """Every call checks its number."""
    with pytest.raises(InvalidPhoneNumberError):
        call("count")


def test_opted_out_is_true_or_false(world: World) -> None:
    """The text "false" would be true."""
    with pytest.raises(TypeError, match="opted_out must be True or False, not str"):
        world.do(lambda client: client.contacts.opt_out(NUMBER, "false"), lambda _: httpx.Response(200))
    assert world.sent == []


def test_an_opt_out_can_be_unpacked_and_shows_no_number() -> None:
    """It is a pair with names."""
    number, opted_out = made = OptOut(NUMBER, opted_out=True)
    assert (number, opted_out, repr(made), str(made)) == (
        NUMBER,
        True,
        "OptOut(number=…, opted_out=True)",
        "OptOut(number=…, opted_out=True)",
    )


@pytest.mark.parametrize(
    "operation",
    [operations.create(NUMBER, {"firstName": "Ada"}), operations.get(NUMBER), operations.bulk_create([ITEM])],
)
def test_an_operation_shows_neither_number_nor_name(operation: Operation[Any]) -> None:
    """A traceback with local variables calls repr."""
    assert not {part for part in ("4155551234", "Ada") if part in repr(operation)}
    assert repr(operation).startswith("Operation(")
