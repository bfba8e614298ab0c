"""Creating and deleting in bulk: results in a response, comparison with existing contacts, and checks of items."""

from typing import Any

import pytest
from sendblue_contacts import Contact
from sendblue_contacts.body import write_json
from sendblue_contacts.bulk.actions import EXISTS, create_action, delete_action
from sendblue_contacts.bulk.types import Entry, ItemResult
from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

A, B, C = NUMBERS = ["+14155550001", "+14155550002", "+14155550003"]

CREATED, DELETED, TAKEN = ("created", ""), ("deleted", ""), ("failed", "taken")
OPEN = ("unknown", "the response does not state a result for this item")
NO_REASON = ("failed", "rejected without a reason")


def _failure(number: str | None, error: object = "taken") -> dict[str, Any]:
    return {"contact": {"phone": number}, "error": error}


def _contacts(*numbers: str) -> list[dict[str, Any]]:
    return [{"phone": number} for number in numbers]


@pytest.mark.parametrize(
    ("sent", "body", "results"),
    [
        # contacts, count and failures, each of them present or not
        (NUMBERS, {}, [CREATED] * 3),
        (NUMBERS, {"contacts": None, "numberOfContactsCreated": None, "failures": None}, [CREATED] * 3),
        (NUMBERS, {"failures": [_failure(B)]}, [CREATED, TAKEN, CREATED]),
        (NUMBERS, {"numberOfContactsCreated": 3}, [CREATED] * 3),
        (NUMBERS, {"numberOfContactsCreated": 0}, [OPEN] * 3),
        (NUMBERS, {"numberOfContactsCreated": 2, "failures": [_failure(B)]}, [CREATED, TAKEN, CREATED]),
        (NUMBERS, {"numberOfContactsCreated": 1, "failures": [_failure(B)]}, [OPEN, TAKEN, OPEN]),
        (NUMBERS, {"contacts": []}, [OPEN] * 3),
        (NUMBERS, {"contacts": _contacts(C), "failures": [_failure(B)]}, [OPEN, TAKEN, CREATED]),
        (NUMBERS, {"contacts": _contacts(A), "numberOfContactsCreated": 3}, [CREATED] * 3),
        # a failure without a number, or with one that was not sent: then an absent result is not a success
        (NUMBERS, {"failures": [{"error": "taken"}]}, [OPEN] * 3),
        (NUMBERS, {"failures": [_failure("4155550002")]}, [OPEN] * 3),
        (NUMBERS, {"numberOfContactsCreated": 2, "failures": [_failure(None)]}, [OPEN] * 3),
        # lists that cannot be decoded
        (NUMBERS, {"failures": ["taken"]}, [OPEN] * 3),
        (NUMBERS, {"contacts": [None]}, [OPEN] * 3),
        (NUMBERS, {"numberOfContactsCreated": 3, "contacts": [None]}, [CREATED] * 3),
        # reasons
        ([A, B], {"failures": [_failure(A, ""), _failure(B, {"code": 7})]}, [NO_REASON] * 2),
        # one number twice: each entry of the response is used once
        ([A, A], {"contacts": _contacts(A), "failures": [_failure(A)]}, [CREATED, TAKEN]),
        ([A, A], {"contacts": _contacts(A)}, [CREATED, OPEN]),
        ([A, A], {"failures": [_failure(A, "one"), _failure(A, "two")]}, [("failed", "one"), ("failed", "two")]),
    ],
)
def test_each_item_gets_its_result_in_the_response(sent: list[str], body: Any, results: list[tuple[str, str]]) -> None:
    """No item is reported as created on a guess."""
    action = create_action(None)
    payloads = [action.payload({"phone": number}) for number in sent]
    found = action.results(payloads, BulkCreateResponse.from_dict(body))
    assert [(result.status, result.reason) for result in found] == results
    assert [result.value is not None for result in found] == [status == "created" for status, _ in results]


def test_a_created_contact_is_the_one_in_the_response() -> None:
    """If the response does not contain it, the value is the contact that was sent."""
    action = create_action(None)
    payloads = [action.payload({"phone": A, "firstName": "Ada"}), action.payload({"phone": B, "firstName": "Bea"})]
    body = {"contacts": [{"phone": A, "firstName": "ADA"}], "numberOfContactsCreated": 2}
    values = [result.value for result in action.results(payloads, BulkCreateResponse.from_dict(body))]
    assert [value and value.first_name for value in values] == ["ADA", "Bea"]


def _deleted(number: str, *, success: bool | None = True, **more: Any) -> dict[str, Any]:
    return {"phone_number": number, "success": success, **more}


def _only(amount: int) -> str:
    return f"{amount} of 3 contacts in its request were deleted, and the response does not state which"


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ({"amount": 3}, [DELETED] * 3),
        ({"amount": None, "successes": 3}, [DELETED] * 3),
        ({"amount": 2, "successes": 3}, [("unknown", _only(2))] * 3),
        ({"amount": 0}, [("failed", _only(0))] * 3),
        ({}, [OPEN] * 3),
        ({"results": [{"phoneNumber": A, "success": True}, _deleted(B), _deleted(C)]}, [DELETED] * 3),
        ({"amount": 1, "results": [_deleted(A)]}, [DELETED, ("unknown", _only(1)), ("unknown", _only(1))]),
        (
            {"amount": 2, "results": [_deleted(B, success=False, error="none")]},
            [("unknown", _only(2)), ("failed", "none"), ("unknown", _only(2))],
        ),
        (
            {"results": [_deleted(A, success=None), _deleted(B, success=False, error=["x"])]},
            [NO_REASON, NO_REASON, OPEN],
        ),
        ({"amount": 3, "results": [None]}, [DELETED] * 3),
    ],
)
def test_each_number_gets_its_result_in_the_response(body: Any, results: list[tuple[str, str]]) -> None:
    """Without a result of its own, the totals decide, provided that they are unambiguous."""
    found = delete_action(None).results(NUMBERS, BulkDeleteResponse.from_dict(body))
    assert [(result.status, result.reason) for result in found] == results
    assert [result.value or "" for result in found] == [
        number if status == "deleted" else "" for number, (status, _) in zip(NUMBERS, results, strict=True)
    ]


SENT: dict[str, Any] = {"phone": A, "first_name": "Ada", "tags": ["VIP", "new"], "custom_variables": {"Plan": "gold"}}


@pytest.mark.parametrize(
    ("existing", "status"),
    [
        ({"contact_id": "c_1", "company_name": "Default", "opt_out": False}, "created"),
        ({"first_name": " ada ", "tags": ["new", "vip"], "custom_variables": {"Plan": "Gold", "Lead": "x"}}, "created"),
        ({"first_name": "Bea"}, "failed"),
        ({"tags": ["VIP", "new", "old"]}, "failed"),
        ({"custom_variables": {"Lead": "gold"}}, "failed"),
    ],
)
def test_an_existing_contact_was_created_if_it_has_the_sent_values(existing: dict[str, Any], status: str) -> None:
    """Fields that the server adds, and its normalization, do not matter."""
    action, contact = create_action(None), Contact.from_dict({**SENT, **existing})
    result = action.result_of_lookup(action.payload(SENT), contact)
    assert result == (ItemResult("created", contact) if status == "created" else ItemResult("failed", None, EXISTS))


def test_the_size_of_an_item_is_its_size_in_the_body() -> None:
    """In bytes, including the comma after it."""
    action = create_action(None)
    entries = [
        action.entry(index, {"phone": A, "first_name": name}) for index, name in enumerate(["Ädä", 'a\n"', "😀"])
    ]
    payloads = [entry.payload for entry in entries if entry.payload]
    body = write_json(action.operation(payloads).kwargs["json"])
    assert sum(entry.size_bytes for entry in entries) == len(body) - len('{"contacts":[]}') + 1
    assert delete_action(None).entry(0, A).size_bytes == len(f'"{A}",')


@pytest.mark.parametrize("value", [Entry(0, {"phone": A}, A), ItemResult("created", A)])
def test_a_repr_contains_no_item(value: object) -> None:
    """A traceback with local variables calls repr."""
    assert A not in repr(value)
