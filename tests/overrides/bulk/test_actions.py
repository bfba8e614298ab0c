"""Bulk calls, the jobs: how items are checked, what an answer says of each, and when a contact is what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import Contact, FailedNumber
from sendblue_contacts.bulk.actions import EXISTS, CreateAction, DeleteAction
from sendblue_contacts.bulk.types import Entry, ItemResult
from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = "the response does not state a result for this item"
NAMELESS = "rejected without a reason"
A, B, C = numbers = ["+14155550001", "+14155550002", "+14155550003"]


# What an answer says of each item. Three contacts are sent: A, B, C.

GOES_IN, OPEN, TAKEN = "in", UNKNOWN, "taken"


def _read(body: dict[str, Any], sent: Iterable[str] = numbers) -> list[str]:
    action = CreateAction(None)
    ready = [action.payload({"phone": number}) for number in sent]
    results = action.results(ready, BulkCreateResponse.from_dict(body))
    assert [result.status for result in results] == [_status(result) for result in results]
    return ["in" if result.value is not None else result.reason for result in results]


def _status(result: ItemResult[Any]) -> str:
    """What the status must be: what an answer is silent about is unknown, and what it refuses is failed."""
    if result.value is not None:
        return "created"
    return "unknown" if result.reason == UNKNOWN else "failed"


def _failure(number: str | None, error: object = "taken") -> dict[str, Any]:
    return {"contact": {"phone": number}, "error": error}


@pytest.mark.parametrize(
    ("body", "results"),
    [
        # contacts, count and failures, each there or not
        ({}, [GOES_IN] * 3),
        ({"status": "OK"}, [GOES_IN] * 3),
        ({"contacts": None, "numberOfContactsCreated": None, "failures": None}, [GOES_IN] * 3),
        ({"failures": []}, [GOES_IN] * 3),
        ({"failures": [_failure(B)]}, [GOES_IN, TAKEN, GOES_IN]),
        ({"numberOfContactsCreated": 3}, [GOES_IN] * 3),
        ({"numberOfContactsCreated": 2}, [OPEN] * 3),
        ({"numberOfContactsCreated": 0}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [_failure(B)]}, [GOES_IN, TAKEN, GOES_IN]),
        ({"numberOfContactsCreated": 1, "failures": [_failure(B)]}, [OPEN, TAKEN, OPEN]),
        ({"contacts": []}, [OPEN] * 3),
        ({"contacts": [{"phone": A}]}, [GOES_IN, OPEN, OPEN]),
        ({"contacts": [{"phone": A}, {"phone": B}, {"phone": C}]}, [GOES_IN] * 3),
        ({"contacts": [{"phone": C}], "failures": [_failure(B)]}, [OPEN, TAKEN, GOES_IN]),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 3}, [GOES_IN] * 3),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 1}, [GOES_IN, OPEN, OPEN]),
        (
            {"contacts": [{"phone": A}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [GOES_IN, TAKEN, GOES_IN],
        ),
        (
            {"contacts": [{"phone": A}, {"phone": C}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [GOES_IN, TAKEN, GOES_IN],
        ),
        ({"failures": [_failure(A), _failure(B), _failure(C)]}, [TAKEN] * 3),
        # a failure that names nobody, or nobody who was sent: then silence does not mean success
        ({"failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"failures": [_failure(None)]}, [OPEN] * 3),
        ({"failures": [_failure("4155550002")]}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"contacts": [{"phone": A}], "failures": [{"error": "taken"}]}, [GOES_IN, OPEN, OPEN]),
        # lists that cannot be read
        ({"failures": ["taken"]}, [OPEN] * 3),
        ({"failures": [None]}, [OPEN] * 3),
        ({"failures": 1}, [OPEN] * 3),
        ({"contacts": [None]}, [OPEN] * 3),
        ({"contacts": "three"}, [OPEN] * 3),
        ({"numberOfContactsCreated": 3, "contacts": [None]}, [GOES_IN] * 3),
        # reasons
        ({"failures": [_failure(B, None)]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, "")]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, {"code": 7})]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, f"{B} is taken")]}, [GOES_IN, "+… is taken", GOES_IN]),
    ],
)
def test_an_answer_is_reconciled_with_what_was_sent(body: dict[str, Any], results: list[str]) -> None:
    """Each item gets what the answer says of it, and nobody is called created on a guess."""
    assert _read(body) == results


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ({"contacts": [{"phone": A}], "failures": [_failure(A)]}, [GOES_IN, TAKEN]),
        ({"contacts": [{"phone": A}, {"phone": A}]}, [GOES_IN, GOES_IN]),
        ({"contacts": [{"phone": A}]}, [GOES_IN, OPEN]),
        ({"failures": [_failure(A, "one"), _failure(A, "two")]}, ["one", "two"]),
        ({"numberOfContactsCreated": 2}, [GOES_IN, GOES_IN]),
    ],
)
def test_a_number_that_was_sent_twice_gets_two_verdicts(body: dict[str, Any], results: list[str]) -> None:
    """Each mention in the answer is used once."""
    assert _read(body, [A, A]) == results


def test_a_created_contact_is_the_one_of_the_server() -> None:
    """Where the answer has the contact, that is the value; else it is what was sent."""
    action = CreateAction(None)
    ready = [action.payload({"phone": A, "firstName": "Ada"}), action.payload({"phone": B, "firstName": "Bea"})]
    answer = {"contacts": [{"phone": A, "firstName": "ADA"}], "numberOfContactsCreated": 2}
    values = [result.value for result in action.results(ready, BulkCreateResponse.from_dict(answer))]
    assert [value and value.first_name for value in values] == ["ADA", "Bea"]


def _deleted(body: dict[str, Any], sent: Iterable[str] = numbers) -> list[str]:
    results = DeleteAction(None).results(list(sent), BulkDeleteResponse.from_dict(body))
    assert all(result.status == "deleted" for result in results if result.value)
    return [result.value or result.reason for result in results]


def _open(done: int, of: int = 3) -> str:
    return f"{done} of {of} contacts in its request were deleted, and the response does not state which"


def _result(number: str, *, success: bool | None = True, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    return {"phone_number": number, "success": success, **more}


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ({"amount": 3}, numbers),
        ({"successes": 3}, numbers),
        ({"amount": 3, "total": 3, "successes": 3, "failures": 0}, numbers),
        ({"amount": 2, "successes": 2, "failures": 1}, [_open(2)] * 3),
        ({"amount": 0}, [_open(0)] * 3),
        ({}, [UNKNOWN] * 3),
        ({"amount": None, "successes": 3}, numbers),
        ({"results": [_result(A), _result(B), _result(C)]}, numbers),
        ({"results": [{"phoneNumber": A, "success": True}, _result(B), _result(C)]}, numbers),
        (
            {"amount": 2, "results": [_result(A), _result(B, success=False, error="unknown"), _result(C)]},
            [A, "unknown", C],
        ),
        ({"amount": 2, "results": [_result(B, success=False, error=f"no {B}")]}, [_open(2), "no +…", _open(2)]),
        ({"amount": 3, "results": [_result(A)]}, numbers),
        ({"amount": 1, "results": [_result(A)]}, [A, _open(1), _open(1)]),
        (
            {"results": [_result(A, success=None), _result(B, success=False, error=["x"])]},
            [NAMELESS, NAMELESS, UNKNOWN],
        ),
        ({"amount": 3, "results": [None]}, numbers),
    ],
)
def test_a_deletion_is_reconciled_with_what_was_sent(body: dict[str, Any], results: list[str]) -> None:
    """Each number gets its own result, else the totals speak for it, and only where they leave no doubt."""
    assert _deleted(body) == results


def test_a_number_that_was_deleted_twice_gets_two_verdicts() -> None:
    """The second time it is unknown, and the answer says so for the second."""
    body = {"amount": 1, "results": [_result(A), _result(A, success=False, error="unknown")]}
    assert _deleted(body, [A, A]) == [A, "unknown"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"amount": 0}, "failed"),
        ({"amount": 2}, "unknown"),
        ({}, "unknown"),
        ({"amount": 3}, "deleted"),
        ({"results": [_result(number, success=False) for number in numbers]}, "failed"),
    ],
)
def test_a_deletion_that_cannot_be_told_is_unknown(body: dict[str, Any], status: str) -> None:
    """Where none was deleted all failed; where some were and nobody says which, nobody knows."""
    results = DeleteAction(None).results(numbers, BulkDeleteResponse.from_dict(body))
    assert {result.status for result in results} == {status}


# Looking for a contact.

SENT = {
    "phone": A,
    "first_name": "Ada",
    "company_name": "Example",
    "tags": ["VIP", "new"],
    "custom_variables": {"Plan": "gold"},
}


@pytest.mark.parametrize(
    "there",
    [
        {},
        {"contact_id": "c_1", "created_at": "2024-01-15T10:30:00Z", "verified": False, "opt_out": None},
        {"assigned_to_email": "boss@example.test"},
        {"first_name": None, "firstName": "Ada"},
        {"first_name": " ada "},
        {"first_name": "\uff21da"},
        {"tags": ["new", "vip"]},
        {"tags": ["new", "VIP", "new"]},
        {"custom_variables": {"Plan": "Gold", "Lead": "x"}},
    ],
)
def test_a_contact_that_is_there_as_it_was_sent_was_created(there: dict[str, Any]) -> None:
    """Additions of the server do not matter, and neither does what it tidies up."""
    contact = Contact.from_dict({key: value for key, value in {**SENT, **there}.items() if value is not None})
    action = CreateAction(None)
    assert action.result_if_exists(action.payload(SENT), contact) == ItemResult("created", contact)


@pytest.mark.parametrize(
    "there",
    [
        {"first_name": "Bea"},
        {"first_name": None},
        {"tags": ["VIP"]},
        {"tags": ["VIP", "new", "old"]},
        {"tags": None},
        {"custom_variables": {"Plan": "silver"}},
        {"custom_variables": {"Lead": "gold"}},
        {"company_name": "Other"},
    ],
)
def test_a_contact_with_other_values_was_there_before(there: dict[str, Any]) -> None:
    """That it exists is the reason of the failure, in the words of the server."""
    action = CreateAction(None)
    result = action.result_if_exists(action.payload(SENT), Contact.from_dict({**SENT, **there}))
    assert (result, "already exists" in EXISTS) == (ItemResult("failed", None, EXISTS), True)


def test_what_was_sent_blank_is_not_there() -> None:
    """A server may keep an empty text as none."""
    action = CreateAction(None)
    ready = action.payload({"phone": A, "first_name": "", "tags": [], "custom_variables": {"Plan": ""}})
    assert action.result_if_exists(ready, Contact(phone=A)).status == "created"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("Duplicate: Ada King Lovelace, Analytical Engines (VIP)", "Duplicate: … …, … (…)"),
        ("ADA is taken; first_name must be unique", "… is taken; first_name must be unique"),
        ("Adagio is no plan, as Gold (+) is", "Adagio is no plan, as … is"),
        (f"{A} is taken by Ada@lovelace.example", "+… is taken by …@…"),
        ("X is no letter", "X is no letter"),
    ],
)
def test_a_reason_holds_no_value_of_its_contact(error: str, reason: str) -> None:
    """What the server says of a contact is told without the contact, so that it may be logged; words stay whole."""
    person = {"phone": A, "firstName": "Ada", "lastName": "Lovelace", "companyName": "Analytical Engines"}
    more = {"tags": ["VIP", "X"], "customVariables": {"Full name": "Ada King", "Plan": "Gold (+)"}}
    action = CreateAction(None)
    (result,) = action.results(
        [action.payload({**person, **more})], BulkCreateResponse.from_dict({"failures": [_failure(A, error)]})
    )
    assert (result.status, result.reason) == ("failed", reason)


# Checking.


def test_an_item_that_cannot_be_sent_is_an_entry_with_its_reason() -> None:
    """It carries no weight, and fails."""
    entry = CreateAction(None).entry(7, {"phone": "none"})
    assert (entry.index, entry.item, entry.payload, entry.status, entry.size_bytes) == (
        7,
        {"phone": "none"},
        None,
        "failed",
        0,
    )
    assert "E.164" in entry.reason


@pytest.mark.parametrize("name", ["Ada", 'A"da', "Ädä", "\U0001f600", "a\nb"])
def test_an_item_weighs_what_it_takes_in_the_body(name: str) -> None:
    """In bytes, with the comma after it."""
    action = CreateAction(None)
    entries = [action.entry(index, {"phone": A, "first_name": name}) for index in range(2)]
    ready = [entry.payload for entry in entries if entry.payload]
    body = httpx.Request("POST", "https://x.test", json=action.operation(ready).kwargs["json"]).content
    assert sum(entry.size_bytes for entry in entries) == len(body) - len('{"contacts":[]}') + 1


def test_a_number_weighs_what_it_takes_in_the_body() -> None:
    """Two quotation marks and a comma."""
    assert DeleteAction(None).entry(0, A).size_bytes == len(A) + 3


def test_a_number_that_was_not_deleted_is_taken_like_the_number() -> None:
    """So that what failed can be passed straight back."""
    assert DeleteAction(None).payload(FailedNumber(0, A, "unknown")) == A


@pytest.mark.parametrize("made", [Entry(0, {"phone": A}, A), ItemResult("created", A)])
def test_what_is_on_its_way_shows_no_item(made: object) -> None:
    """A traceback with local variables calls repr."""
    assert A not in repr(made)
