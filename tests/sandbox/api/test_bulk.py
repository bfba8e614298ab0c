"""The bulk operations: an invalid item never affects the others."""

from typing import Any

import httpx
from sendblue_sandbox import Sandbox

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH, Connect, Serve, outcome

INVALID_ITEMS: list[tuple[object, object, str]] = [
    ({"phone": "+invalid", "firstName": "Eve"}, {"phone": "+invalid", "first_name": "Eve"}, "Invalid phone number"),
    ({"first_name": "Eve"}, {"first_name": "Eve"}, "Missing fields"),
    ({"phone": BOB, "first_name": 5}, {"phone": BOB}, "Invalid field: first_name must be string"),
    ({"phone": 5}, {}, "Invalid field: phone must be string"),
    ({"phone": BOB, "color": "red"}, {"phone": BOB}, "Unknown field: color"),
    ({"phone": BOB, "custom_variables": {"a": 1}}, {"phone": BOB}, "Invalid field: custom_variables.a must be string"),
    ("Eve", None, "Invalid request: not a JSON object"),
    (None, None, "Invalid request: not a JSON object"),
]
"""An item, the part of it that the failure repeats, and the error."""


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


def test_all_are_created(api: httpx.Client, sandbox: Sandbox) -> None:
    """The response has the current state of each contact, in order, and no `failures` (vendor's page 003)."""
    body = create(api, {"phone": ADA, "first_name": "Ada", "company": "Engines"}, {"phone": BOB, "tags": ["VIP"]})
    assert body.keys() == {"status", "contacts", "numberOfContactsCreated"}
    assert (body["status"], body["numberOfContactsCreated"]) == ("OK", 2)
    assert [contact["phone"] for contact in body["contacts"]] == [ADA, BOB]
    assert body["contacts"][0] == api.get(ADA_PATH).json()["contact"]
    assert body["contacts"][0]["company_name"] == "Engines"
    assert sandbox.arrivals() == 2
    assert len({contact["created_at"] for contact in sandbox.contacts()}) == 1


def test_invalid_item_fails_alone(api: httpx.Client, sandbox: Sandbox) -> None:
    """An invalid item is a failure that names the field and repeats valid fields (vendor's page 003)."""
    body = create(api, {"phone": ADA}, *[item for item, _, _ in INVALID_ITEMS], {"phone": BOB})
    assert body["failures"] == [{"contact": contact, "error": error} for _, contact, error in INVALID_ITEMS]
    assert [each["phone"] for each in body["contacts"]] == [ADA, BOB] == stored(sandbox)
    assert body["numberOfContactsCreated"] == 2


def test_an_existing_number_fails(api: httpx.Client) -> None:
    """By default an existing number, or the second of two equal ones, is a failure and changes nothing."""
    create(api, {"phone": ADA, "first_name": "Ada"})
    body = create(api, {"phone": ADA, "first_name": "Eve"}, {"phone": BOB}, {"phone": BOB, "first_name": "Eve"})
    assert body["failures"] == [
        {"contact": {"phone": number, "first_name": "Eve"}, "error": "Contact already exists"} for number in (ADA, BOB)
    ]
    assert (body["numberOfContactsCreated"], [each["phone"] for each in body["contacts"]]) == (1, [BOB])
    assert body["contacts"][0]["first_name"] is None
    assert api.get(ADA_PATH).json()["contact"]["first_name"] == "Ada"


def test_an_existing_number_can_be_updated(serve: Serve, connect: Connect) -> None:
    """With `bulk_existing="update"` an existing number is updated; only new contacts are counted."""
    api = connect(serve(bulk_existing="update", spelling="snake"))
    create(api, {"phone": ADA, "first_name": "Ada", "tags": ["a"], "custom_variables": {"x": "1"}})
    body = create(api, {"phone": ADA, "tags": ["b"], "custom_variables": {"y": "2"}}, {"phone": BOB}, {"phone": BOB})
    assert "failures" not in body
    assert (body["numberOfContactsCreated"], len(body["contacts"])) == (1, 3)
    ada = body["contacts"][0]
    assert (ada["first_name"], ada["tags"], ada["custom_variables"]) == ("Ada", ["b"], {"x": "1", "y": "2"})


def test_a_request_with_too_many_items_is_refused(serve: Serve, connect: Connect) -> None:
    """With `bulk_max=2`, three items get a 413, and nothing is executed."""
    sandbox = serve(bulk_max=2)
    api, numbers = connect(sandbox), [ADA, BOB, ADA]
    refused = (413, "Too many items: at most 2 are allowed in one request")
    assert outcome(api.post(f"{PATH}/bulk", json={"contacts": [{"phone": each} for each in numbers]})) == refused
    create(api, *({"phone": each} for each in numbers[:2]))
    assert outcome(api.request("DELETE", PATH, json={"contact_ids": numbers})) == refused
    assert len(sandbox.contacts()) == 2


def test_a_request_takes_time_for_each_item(serve: Serve, connect: Connect) -> None:
    """With `bulk_seconds_per_item=2`, three items take six seconds; before that, none exists. Others take no time."""
    sandbox = serve(bulk_seconds_per_item=2)
    waits: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        waits.append((seconds, len(sandbox.contacts())))

    dispatcher: Any = sandbox._runtime.asgi
    dispatcher.dispatcher._sleep = sleep
    api = connect(sandbox)
    create(api, *({"phone": f"{ADA[:-1]}{digit}"} for digit in range(3)))
    api.post(f"{PATH}/bulk", json={"contacts": ADA})
    api.get(PATH)
    api.request("DELETE", PATH, json={"contact_ids": [ADA]})
    assert waits == [(6, 0), (2, 3)]


def test_deletions(api: httpx.Client, sandbox: Sandbox) -> None:
    """The response has the totals and the result of each number; a contact ID or a deleted number is a failure."""
    contact_id = create(api, {"phone": ADA}, {"phone": BOB})["contacts"][0]["contact_id"]
    assert delete(api, BOB, "x", contact_id, ADA, ADA) == {
        "status": "OK",
        "amount": 2,
        "total": 5,
        "successes": 2,
        "failures": 3,
        "results": [
            {"phone_number": BOB, "success": True},
            {"phone_number": "x", "success": False, "error": "Invalid phone number"},
            {"phone_number": contact_id, "success": False, "error": "Invalid phone number"},
            {"phone_number": ADA, "success": True},
            {"phone_number": ADA, "success": False, "error": "Contact not found"},
        ],
    }
    assert stored(sandbox) == []
