"""Creating and deleting in bulk: checks of items, results in a response, and comparison with existing contacts."""

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
NO_REASON = "rejected without a reason"
A, B, C = numbers = ["+14155550001", "+14155550002", "+14155550003"]


# The results in a response. Three contacts are sent: A, B, C.

CREATED, OPEN, TAKEN = "created", UNKNOWN, "taken"


def _read(body: dict[str, Any], sent: Iterable[str] = numbers) -> list[str]:
    action = CreateAction(None)
    payloads = [action.payload({"phone": number}) for number in sent]
    results = action.results(payloads, BulkCreateResponse.from_dict(body))
    assert [result.status for result in results] == [_status(result) for result in results]
    return ["created" if result.value is not None else result.reason for result in results]


def _status(result: ItemResult[Any]) -> str:
    """Returns the expected status: unknown without a result, failed if the item was rejected."""
    if result.value is not None:
        return "created"
    return "unknown" if result.reason == UNKNOWN else "failed"


def _failure(number: str | None, error: object = "taken") -> dict[str, Any]:
    return {"contact": {"phone": number}, "error": error}


@pytest.mark.parametrize(
    ("body", "results"),
    [
        # contacts, count and failures, each existing or not
        ({}, [CREATED] * 3),
        ({"status": "OK"}, [CREATED] * 3),
        ({"contacts": None, "numberOfContactsCreated": None, "failures": None}, [CREATED] * 3),
        ({"failures": []}, [CREATED] * 3),
        ({"failures": [_failure(B)]}, [CREATED, TAKEN, CREATED]),
        ({"numberOfContactsCreated": 3}, [CREATED] * 3),
        ({"numberOfContactsCreated": 2}, [OPEN] * 3),
        ({"numberOfContactsCreated": 0}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [_failure(B)]}, [CREATED, TAKEN, CREATED]),
        ({"numberOfContactsCreated": 1, "failures": [_failure(B)]}, [OPEN, TAKEN, OPEN]),
        ({"contacts": []}, [OPEN] * 3),
        ({"contacts": [{"phone": A}]}, [CREATED, OPEN, OPEN]),
        ({"contacts": [{"phone": A}, {"phone": B}, {"phone": C}]}, [CREATED] * 3),
        ({"contacts": [{"phone": C}], "failures": [_failure(B)]}, [OPEN, TAKEN, CREATED]),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 3}, [CREATED] * 3),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 1}, [CREATED, OPEN, OPEN]),
        (
            {"contacts": [{"phone": A}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [CREATED, TAKEN, CREATED],
        ),
        (
            {"contacts": [{"phone": A}, {"phone": C}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [CREATED, TAKEN, CREATED],
        ),
        ({"failures": [_failure(A), _failure(B), _failure(C)]}, [TAKEN] * 3),
        # a failure without a number, or with one that was not sent: then an absent result is not a success
        ({"failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"failures": [_failure(None)]}, [OPEN] * 3),
        ({"failures": [_failure("4155550002")]}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"contacts": [{"phone": A}], "failures": [{"error": "taken"}]}, [CREATED, OPEN, OPEN]),
        # lists that cannot be decoded
        ({"failures": ["taken"]}, [OPEN] * 3),
        ({"failures": [None]}, [OPEN] * 3),
        ({"failures": 1}, [OPEN] * 3),
        ({"contacts": [None]}, [OPEN] * 3),
        ({"contacts": "three"}, [OPEN] * 3),
        ({"numberOfContactsCreated": 3, "contacts": [None]}, [CREATED] * 3),
        # reasons
        ({"failures": [_failure(B, None)]}, [CREATED, NO_REASON, CREATED]),
        ({"failures": [_failure(B, "")]}, [CREATED, NO_REASON, CREATED]),
        ({"failures": [_failure(B, {"code": 7})]}, [CREATED, NO_REASON, CREATED]),
        ({"failures": [_failure(B, f"{B} is taken")]}, [CREATED, "+… is taken", CREATED]),
    ],
)
def test_each_item_gets_its_result_in_the_response(body: dict[str, Any], results: list[str]) -> None:
    """No item is reported as created on a guess."""
    assert _read(body) == results


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ({"contacts": [{"phone": A}], "failures": [_failure(A)]}, [CREATED, TAKEN]),
        ({"contacts": [{"phone": A}, {"phone": A}]}, [CREATED, CREATED]),
        ({"contacts": [{"phone": A}]}, [CREATED, OPEN]),
        ({"failures": [_failure(A, "one"), _failure(A, "two")]}, ["one", "two"]),
        ({"numberOfContactsCreated": 2}, [CREATED, CREATED]),
    ],
)
def test_a_number_that_was_sent_twice_gets_two_results(body: dict[str, Any], results: list[str]) -> None:
    """Each entry of the response is used once."""
    assert _read(body, [A, A]) == results


def test_a_created_contact_is_the_one_in_the_response() -> None:
    """If the response does not contain it, the value is the contact that was sent."""
    action = CreateAction(None)
    payloads = [action.payload({"phone": A, "firstName": "Ada"}), action.payload({"phone": B, "firstName": "Bea"})]
    answer = {"contacts": [{"phone": A, "firstName": "ADA"}], "numberOfContactsCreated": 2}
    values = [result.value for result in action.results(payloads, BulkCreateResponse.from_dict(answer))]
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
            [NO_REASON, NO_REASON, UNKNOWN],
        ),
        ({"amount": 3, "results": [None]}, numbers),
    ],
)
def test_each_number_gets_its_result_in_the_response(body: dict[str, Any], results: list[str]) -> None:
    """Without a result of its own, the totals decide, provided they are unambiguous."""
    assert _deleted(body) == results


def test_a_number_that_was_deleted_twice_gets_two_results() -> None:
    """The second result reports that the contact does not exist."""
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
def test_an_ambiguous_deletion_is_unknown(body: dict[str, Any], status: str) -> None:
    """If none was deleted, all failed; if some were deleted and the response does not state which, all are unknown."""
    results = DeleteAction(None).results(numbers, BulkDeleteResponse.from_dict(body))
    assert {result.status for result in results} == {status}


# Comparison with an existing contact.

SENT = {
    "phone": A,
    "first_name": "Ada",
    "company_name": "Example",
    "tags": ["VIP", "new"],
    "custom_variables": {"Plan": "gold"},
}


@pytest.mark.parametrize(
    "existing",
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
def test_an_existing_contact_with_the_sent_values_was_created(existing: dict[str, Any]) -> None:
    """Fields that the server adds, and its normalisation, do not matter."""
    contact = Contact.from_dict({key: value for key, value in {**SENT, **existing}.items() if value is not None})
    action = CreateAction(None)
    assert action.result_if_exists(action.payload(SENT), contact) == ItemResult("created", contact)


@pytest.mark.parametrize(
    "existing",
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
def test_an_existing_contact_with_other_values_fails(existing: dict[str, Any]) -> None:
    """The reason is that it exists."""
    action = CreateAction(None)
    result = action.result_if_exists(action.payload(SENT), Contact.from_dict({**SENT, **existing}))
    assert (result, "already exists" in EXISTS) == (ItemResult("failed", None, EXISTS), True)


def test_a_blank_value_equals_an_absent_one() -> None:
    """A server may drop empty strings."""
    action = CreateAction(None)
    payloads = action.payload({"phone": A, "first_name": "", "tags": [], "custom_variables": {"Plan": ""}})
    assert action.result_if_exists(payloads, Contact(phone=A)).status == "created"


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
def test_a_reason_contains_no_value_of_its_contact(error: str, reason: str) -> None:
    """The message of the server is masked, so that it can be logged; only whole words are replaced."""
    person = {"phone": A, "firstName": "Ada", "lastName": "Lovelace", "companyName": "Analytical Engines"}
    more = {"tags": ["VIP", "X"], "customVariables": {"Full name": "Ada King", "Plan": "Gold (+)"}}
    action = CreateAction(None)
    (result,) = action.results(
        [action.payload({**person, **more})], BulkCreateResponse.from_dict({"failures": [_failure(A, error)]})
    )
    assert (result.status, result.reason) == ("failed", reason)


# Checks.


def test_an_invalid_item_is_an_entry_with_a_reason() -> None:
    """It has no size, and fails."""
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
def test_the_size_of_an_item_is_its_size_in_the_body(name: str) -> None:
    """In bytes, including the comma after it."""
    action = CreateAction(None)
    entries = [action.entry(index, {"phone": A, "first_name": name}) for index in range(2)]
    payloads = [entry.payload for entry in entries if entry.payload]
    body = httpx.Request("POST", "https://x.test", json=action.operation(payloads).kwargs["json"]).content
    assert sum(entry.size_bytes for entry in entries) == len(body) - len('{"contacts":[]}') + 1


def test_the_size_of_a_number_is_its_size_in_the_body() -> None:
    """Including two quotation marks and a comma."""
    assert DeleteAction(None).entry(0, A).size_bytes == len(A) + 3


def test_a_failed_number_is_accepted_like_the_number() -> None:
    """So the failed items of a result can be passed to the next call."""
    assert DeleteAction(None).payload(FailedNumber(0, A, "unknown")) == A


@pytest.mark.parametrize("value", [Entry(0, {"phone": A}, A), ItemResult("created", A)])
def test_a_repr_contains_no_item(value: object) -> None:
    """A traceback with local variables calls repr."""
    assert A not in repr(value)
