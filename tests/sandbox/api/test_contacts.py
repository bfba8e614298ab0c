"""Create, retrieve, update, delete and count, as documented on the vendor's pages."""

from typing import Any

import httpx

from tests.sandbox.contacts_api import ADA, ADA_PATH, BOB, PATH


def create(api: httpx.Client, number: str = ADA, **fields: Any) -> dict[str, Any]:
    """Create a contact and return it."""
    response = api.post(PATH, json={"number": number, **fields})
    assert response.status_code == 200
    contact: dict[str, Any] = response.json()["contact"]
    return contact


def update(api: httpx.Client, **fields: Any) -> dict[str, Any]:
    """Update Ada and return the contact."""
    response = api.put(ADA_PATH, json=fields)
    assert response.status_code == 200
    contact: dict[str, Any] = response.json()["contact"]
    return contact


def error(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the message of an error, and check that its body has nothing else."""
    body = response.json()
    assert body == {"status": "ERROR", "message": body["message"]}
    return response.status_code, body["message"]


def test_a_contact_has_every_field_of_the_document(api: httpx.Client, document: dict[str, Any]) -> None:
    """Creating returns 200 (older pages document 201) with all fields; one without a value is null or empty."""
    response = api.post(PATH, json={"number": ADA})
    assert (response.status_code, response.json()["status"]) == (200, "OK")
    assert response.json()["contact"] == {
        **dict.fromkeys(document["components"]["schemas"]["Contact"]["properties"]),
        "phone": ADA,
        "tags": [],
        "custom_variables": {},
        "created_at": "2024-01-15T10:30:00.123Z",
        "verified": False,
        "opt_out": False,
        "contact_id": "c_00000001",
    }


def test_an_existing_number(api: httpx.Client) -> None:
    """It is refused, and nothing changes; with `update_if_exists` the sent fields change, never the identity."""
    sent: dict[str, Any] = {"first_name": "Ada", "tags": ["VIP"], "custom_variables": {"Plan": "Free", "Source": "Web"}}
    made = create(api, **sent, update_if_exists=True)
    response = api.post(PATH, json={"number": ADA, "first_name": "Eve", "update_if_exists": False})
    assert error(response) == (409, "Contact already exists")
    contact = create(api, tags=["New"], custom_variables={"Plan": "Pro"}, update_if_exists=True)
    assert contact == {**made, "tags": ["New"], "custom_variables": {"Plan": "Pro", "Source": "Web"}}


def test_null_clears(api: httpx.Client) -> None:
    """`null` in an update empties a field, and the response still contains the field."""
    lists: dict[str, Any] = {"tags": ["VIP"], "custom_variables": {"Plan": "Pro"}}
    sent: dict[str, Any] = {"first_name": "Ada", "sendblue_number": BOB, **lists}
    cleared: dict[str, Any] = {"first_name": None, "tags": [], "custom_variables": {}, "sendblue_number": None}
    create(api, ADA, **sent)
    assert update(api, **dict.fromkeys(sent)).items() >= cleared.items()
    assert api.get(ADA_PATH).json()["contact"].items() >= cleared.items()


def test_update_to_an_existing_number_is_refused(api: httpx.Client) -> None:
    """A new number that belongs to another contact gets 409, and the update changes nothing."""
    create(api)
    create(api, BOB)
    response = api.put(ADA_PATH, json={"phone_number": BOB, "first_name": "Ada", "opt_out": True})
    assert error(response) == (409, "Contact already exists")
    contact = api.get(ADA_PATH).json()["contact"]
    assert (contact["first_name"], contact["opt_out"]) == (None, False)


def test_a_deleted_contact_is_gone(api: httpx.Client) -> None:
    """A deleted number is no longer a contact, and can be created again with a new ID and none of the old fields."""
    first = create(api, first_name="Ada")
    response = api.delete(ADA_PATH)
    assert (response.status_code, response.json()) == (200, {"status": "OK"})
    assert api.get(ADA_PATH).status_code == 404
    second = create(api)
    assert second["contact_id"] != first["contact_id"]
    assert second["first_name"] is None
