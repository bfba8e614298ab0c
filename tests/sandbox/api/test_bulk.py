"""The bulk operations: an invalid item never affects the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
ADA = "+14155551234"
BOB = "+14155555678"


def create(api: httpx.Client, *items: object) -> dict[str, Any]:
    """Send a bulk create request and return the body of its 200 response."""
    response = api.post(f"{PATH}/bulk", json={"contacts": items})
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def delete(api: httpx.Client, *numbers: str) -> dict[str, Any]:
    """Send a bulk delete request and return the body of its 200 response."""
    response = api.request("DELETE", PATH, json={"contact_ids": numbers})
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def stored(sandbox: Sandbox) -> list[str]:
    """Return the numbers of all contacts."""
    return [contact["phone"] for contact in sandbox.contacts()]


def test_all_are_created(api: httpx.Client) -> None:
    """The response has the current state of each contact, in order, and no `failures` (vendor's page 003)."""
    body = create(api, {"phone": ADA, "first_name": "Ada", "company_name": "Engines"}, {"phone": BOB, "tags": ["VIP"]})
    assert body.keys() == {"status", "contacts", "numberOfContactsCreated"}
    assert (body["status"], body["numberOfContactsCreated"]) == ("OK", 2)
    assert [contact["phone"] for contact in body["contacts"]] == [ADA, BOB]
    assert body["contacts"][0] == api.get(f"{PATH}/%2B14155551234").json()["contact"]


def test_company_is_a_spelling_of_company_name(api: httpx.Client) -> None:
    """A bulk item accepts `company` for `company_name` (vendor's page 003)."""
    assert create(api, {"phone": ADA, "company": "Engines"})["contacts"][0]["company_name"] == "Engines"


def test_empty_array(api: httpx.Client) -> None:
    """An empty array creates nothing and is not an error."""
    assert create(api) == {"status": "OK", "contacts": [], "numberOfContactsCreated": 0}


def test_invalid_number_fails_alone(api: httpx.Client, sandbox: Sandbox) -> None:
    """An invalid number is a failure "Invalid phone number"; the others are created (vendor's page 003)."""
    body = create(api, {"phone": ADA}, {"phone": "+invalid", "firstName": "Eve"}, {"phone": BOB})
    failure = {"contact": {"phone": "+invalid", "first_name": "Eve"}, "error": "Invalid phone number"}
    assert body["failures"] == [failure]
    assert body["numberOfContactsCreated"] == 2
    assert stored(sandbox) == [ADA, BOB]


@pytest.mark.parametrize(
    ("item", "contact", "error"),
    [
        ({"first_name": "Eve"}, {"first_name": "Eve"}, "Missing fields"),
        ({"phone": BOB, "first_name": 5}, {"phone": BOB}, "Invalid field: first_name must be string"),
        (
            {"phone": BOB, "first_name": None},
            {"phone": BOB, "first_name": None},
            "Invalid field: first_name must be string",
        ),
        ({"phone": 5}, {}, "Invalid field: phone must be string"),
        ({"phone": BOB, "tags": "VIP"}, {"phone": BOB}, "Invalid field: tags must be array"),
        ({"phone": BOB, "color": "red"}, {"phone": BOB}, "Unknown field: color"),
        (
            {"phone": BOB, "custom_variables": {"a": 1}},
            {"phone": BOB},
            "Invalid field: custom_variables.a must be string",
        ),
        ("Eve", None, "Invalid request: not a JSON object"),
        (None, None, "Invalid request: not a JSON object"),
        (["Eve"], None, "Invalid request: not a JSON object"),
    ],
)
def test_invalid_item_fails_alone(api: httpx.Client, item: object, contact: object, error: str) -> None:
    """An item that does not match the document is a failure that names the field and repeats valid fields."""
    body = create(api, item, {"phone": ADA})
    assert body["failures"] == [{"contact": contact, "error": error}]
    assert [each["phone"] for each in body["contacts"]] == [ADA]


def test_an_existing_number_fails(api: httpx.Client) -> None:
    """By default an existing number is a failure "Contact already exists", and the contact does not change."""
    create(api, {"phone": ADA, "first_name": "Ada"})
    body = create(api, {"phone": ADA, "first_name": "Eve"}, {"phone": BOB})
    assert body["failures"] == [{"contact": {"phone": ADA, "first_name": "Eve"}, "error": "Contact already exists"}]
    assert (body["numberOfContactsCreated"], [each["phone"] for each in body["contacts"]]) == (1, [BOB])
    assert api.get(f"{PATH}/%2B14155551234").json()["contact"]["first_name"] == "Ada"


def test_duplicate_number_fails(api: httpx.Client) -> None:
    """The second of two equal numbers in one request is a failure; the first one is created."""
    body = create(api, {"phone": ADA, "first_name": "Ada"}, {"phone": ADA, "first_name": "Eve"})
    assert [each["error"] for each in body["failures"]] == ["Contact already exists"]
    assert [each["first_name"] for each in body["contacts"]] == ["Ada"]


def test_an_existing_number_can_be_updated(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """With `bulk_existing="update"` an existing number is updated; only new contacts are counted."""
    api = connect(serve(bulk_existing="update", spelling="snake"))
    create(api, {"phone": ADA, "first_name": "Ada", "tags": ["a"], "custom_variables": {"x": "1"}})
    body = create(api, {"phone": ADA, "tags": ["b"], "custom_variables": {"y": "2"}}, {"phone": BOB}, {"phone": BOB})
    assert "failures" not in body
    assert (body["numberOfContactsCreated"], len(body["contacts"])) == (1, 3)
    ada = body["contacts"][0]
    assert (ada["first_name"], ada["tags"], ada["custom_variables"]) == ("Ada", ["b"], {"x": "1", "y": "2"})


@pytest.mark.parametrize("contacts", ["+14155551234", {"phone": ADA}, None, 5])
def test_contacts_must_be_an_array(api: httpx.Client, contacts: object) -> None:
    """A value of `contacts` that is not an array gets a 400 that names the field."""
    response = api.post(f"{PATH}/bulk", json={"contacts": contacts})
    assert (response.status_code, response.json()["message"]) == (400, "Invalid field: contacts must be array")


def test_bulk_create_is_one_request(api: httpx.Client, sandbox: Sandbox) -> None:
    """A bulk create counts as one request, and its contacts have the same `created_at`."""
    create(api, {"phone": ADA}, {"phone": BOB})
    assert sandbox.arrivals() == 1
    assert len({contact["created_at"] for contact in sandbox.contacts()}) == 1


def test_all_are_deleted(api: httpx.Client, sandbox: Sandbox) -> None:
    """The response of a bulk delete has the totals and the result of each number (`results` as in the live API)."""
    create(api, {"phone": ADA}, {"phone": BOB})
    assert delete(api, BOB, ADA) == {
        "status": "OK",
        "amount": 2,
        "total": 2,
        "successes": 2,
        "failures": 0,
        "results": [{"phone_number": BOB, "success": True}, {"phone_number": ADA, "success": True}],
    }
    assert stored(sandbox) == []


@pytest.mark.parametrize(("number", "error"), [(BOB, "Contact not found"), ("x", "Invalid phone number")])
def test_an_unknown_number_is_a_failure(api: httpx.Client, number: str, error: str) -> None:
    """A number that is not a contact is a failure and not in `amount`; `failures` is the number of failures."""
    create(api, {"phone": ADA})
    body = delete(api, number, ADA)
    assert (body["amount"], body["total"], body["successes"], body["failures"]) == (1, 2, 1, 1)
    assert body["results"][0] == {"phone_number": number, "success": False, "error": error}


def test_a_number_is_deleted_once(api: httpx.Client) -> None:
    """The second of two equal numbers is a failure, because the contact no longer exists."""
    create(api, {"phone": ADA})
    assert [each["success"] for each in delete(api, ADA, ADA)["results"]] == [True, False]


def test_contact_ids_takes_phone_numbers(api: httpx.Client) -> None:
    """`contact_ids` takes phone numbers, despite its name (vendor's page 003): a `contact_id` deletes nothing."""
    made = create(api, {"phone": ADA})["contacts"][0]
    assert delete(api, made["contact_id"])["amount"] == 0


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (ADA, "Invalid field: contact_ids must be array"),
        ([5], "Invalid field: contact_ids.0 must be string"),
        (None, "Invalid field: contact_ids must be array"),
    ],
)
def test_contact_ids_must_be_an_array_of_strings(api: httpx.Client, numbers: object, message: str) -> None:
    """A value that is not an array of strings gets a 400 that names the field, and nothing is deleted."""
    create(api, {"phone": ADA})
    response = api.request("DELETE", PATH, json={"contact_ids": numbers})
    assert (response.status_code, response.json()["message"]) == (400, message)
    assert api.get(f"{PATH}/count").json() == {"count": 1}


def test_a_bulk_delete_without_a_body_deletes_nothing(api: httpx.Client) -> None:
    """A bulk delete without a body (as on the vendor's page 002) is refused, not interpreted as "all"."""
    create(api, {"phone": ADA})
    response = api.delete(PATH)
    assert (response.status_code, response.json()["message"]) == (400, "Missing fields")
    assert api.get(f"{PATH}/count").json() == {"count": 1}
