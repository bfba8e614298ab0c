"""Create, retrieve, update, delete and count, as documented on the vendor's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

PATH = "/api/v2/contacts"
ADA = "+14155551234"
BOB = "+14155555678"
ADA_PATH = f"{PATH}/%2B14155551234"


def create(api: httpx.Client, number: str = ADA, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Create a contact and return it."""
    response = api.post(PATH, json={"number": number, **fields})
    assert response.status_code == 200
    contact: dict[str, Any] = response.json()["contact"]
    return contact


def error(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the message of an error, and check that its body has nothing else."""
    body = response.json()
    assert body == {"status": "ERROR", "message": body["message"]}
    return response.status_code, body["message"]


def test_create_returns_200(api: httpx.Client) -> None:
    """Creating returns 200 and `{contact, status: "OK"}` (as the live API does; older pages document 201)."""
    response = api.post(PATH, json={"number": ADA})
    assert (response.status_code, response.json()["status"]) == (200, "OK")


def test_a_contact_has_every_field_of_the_document(api: httpx.Client) -> None:
    """A contact in a response has all fields; one without a value is null, an empty list or an empty object."""
    assert create(api) == {
        "phone": ADA,
        "first_name": None,
        "last_name": None,
        "company_name": None,
        "sendblue_number": None,
        "assigned_to_email": None,
        "tags": [],
        "custom_variables": {},
        "created_at": "2024-01-15T10:30:00.123Z",
        "verified": False,
        "opt_out": False,
        "contact_id": "c_00000001",
    }


def test_create_preserves_values(api: httpx.Client) -> None:
    """Names, tags and custom variables are returned as they were sent, accents and emoji included."""
    sent = {
        "first_name": "Zoë 🎈",
        "last_name": "Łuk",
        "tags": ["VIP", "Customer"],
        "custom_variables": {"Lead Source": "Website"},
        "sendblue_number": BOB,
        "assigned_to_email": "agent@example.com",
    }
    assert create(api, ADA, **sent).items() >= sent.items()


def test_an_existing_number_is_refused(api: httpx.Client) -> None:
    """Creating an existing number returns 409 and changes nothing (vendor's page 003)."""
    create(api, first_name="Ada")
    response = api.post(PATH, json={"number": ADA, "first_name": "Eve"})
    assert error(response) == (409, "Contact already exists")
    assert api.get(ADA_PATH).json()["contact"]["first_name"] == "Ada"


def test_update_if_exists_creates_a_new_number(api: httpx.Client) -> None:
    """`update_if_exists` creates the contact if the number is new."""
    assert create(api, update_if_exists=True)["phone"] == ADA


def test_update_if_exists_replaces_tags_and_merges_custom_variables(api: httpx.Client) -> None:
    """`update_if_exists` changes only fields that were sent; tags are replaced, custom variables merged."""
    create(api, first_name="Ada", tags=["VIP"], custom_variables={"Plan": "Free", "Source": "Web"})
    contact = create(api, tags=["New"], custom_variables={"Plan": "Pro"}, update_if_exists=True)
    assert (contact["first_name"], contact["tags"]) == ("Ada", ["New"])
    assert contact["custom_variables"] == {"Plan": "Pro", "Source": "Web"}


def test_update_if_exists_keeps_the_identity(api: httpx.Client) -> None:
    """An upsert of an existing number keeps its ID and its time of creation."""
    made = create(api)
    assert create(api, first_name="Ada", update_if_exists=True) == {**made, "first_name": "Ada"}


def test_update_if_exists_defaults_to_false(api: httpx.Client) -> None:
    """`update_if_exists: false` is the default (vendor's page 003)."""
    create(api)
    response = api.post(PATH, json={"number": ADA, "update_if_exists": False})
    assert response.status_code == 409


def test_create_refuses_company_name(api: httpx.Client) -> None:
    """`company_name` is not a parameter of create (vendor's pages 000 to 003): 400 that names it."""
    response = api.post(PATH, json={"number": ADA, "company_name": "Example Corp"})
    assert error(response) == (400, "Unknown field: company_name")


def test_a_contact_is_retrieved(api: httpx.Client) -> None:
    """Retrieving returns `{contact, status: "OK"}`."""
    made = create(api, first_name="Ada")
    response = api.get(ADA_PATH)
    assert (response.status_code, response.json()) == (200, {"contact": made, "status": "OK"})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_number_is_not_found(api: httpx.Client, method: str) -> None:
    """A number that is not a contact gets 404 "Contact not found" (vendor's page 003)."""
    response = api.request(method, ADA_PATH, json={} if method == "PUT" else None)
    assert error(response) == (404, "Contact not found")


def test_update_keeps_other_fields(api: httpx.Client) -> None:
    """An update changes only the fields that were sent."""
    made = create(api, first_name="Ada", last_name="Doe", tags=["VIP"])
    response = api.put(ADA_PATH, json={"last_name": "Lovelace", "company_name": "Engines"})
    assert response.json()["contact"] == {**made, "last_name": "Lovelace", "company_name": "Engines"}


def test_empty_update(api: httpx.Client) -> None:
    """An update with an empty object changes nothing."""
    made = create(api, first_name="Ada")
    assert api.put(ADA_PATH, json={}).json() == {"contact": made, "status": "OK"}


def test_an_update_replaces_tags(api: httpx.Client) -> None:
    """An update replaces all tags (vendor's page 003, note 4)."""
    create(api, tags=["VIP", "Customer"])
    assert api.put(ADA_PATH, json={"tags": ["VIP", "Enterprise"]}).json()["contact"]["tags"] == ["VIP", "Enterprise"]


def test_an_update_merges_custom_variables(api: httpx.Client) -> None:
    """An update merges custom variables (vendor's page 003, note 4)."""
    create(api, custom_variables={"Lead Source": "Website", "Plan": "Enterprise"})
    contact = api.put(ADA_PATH, json={"custom_variables": {"Plan": "Premium", "New": "label"}}).json()["contact"]
    assert contact["custom_variables"] == {"Lead Source": "Website", "Plan": "Premium", "New": "label"}


@pytest.mark.parametrize(
    ("field", "value", "cleared"),
    [
        ("first_name", "Ada", None),
        ("tags", ["VIP"], []),
        ("custom_variables", {"Plan": "Pro"}, {}),
        ("sendblue_number", BOB, None),
    ],
)
def test_null_clears(api: httpx.Client, field: str, value: object, cleared: object) -> None:
    """`null` in an update empties a field, and the response still contains the field."""
    create(api, ADA, **{field: value})
    assert api.put(ADA_PATH, json={field: None}).json()["contact"][field] == cleared
    assert api.get(ADA_PATH).json()["contact"][field] == cleared


def test_update_changes_the_number(api: httpx.Client) -> None:
    """`phone_number` in an update is the new number (vendor's page 003); the old one is no longer a contact."""
    made = create(api, first_name="Ada")
    response = api.put(ADA_PATH, json={"phone_number": BOB})
    assert response.json()["contact"] == {**made, "phone": BOB}
    assert api.get(ADA_PATH).status_code == 404
    assert api.get(f"{PATH}/%2B14155555678").json()["contact"] == {**made, "phone": BOB}


def test_update_to_an_existing_number_is_refused(api: httpx.Client) -> None:
    """A new number that belongs to another contact gets 409, and the update changes nothing."""
    create(api)
    create(api, BOB)
    response = api.put(ADA_PATH, json={"phone_number": BOB, "first_name": "Ada"})
    assert error(response) == (409, "Contact already exists")
    assert api.get(ADA_PATH).json()["contact"]["first_name"] is None


def test_update_to_the_same_number(api: httpx.Client) -> None:
    """The current number of a contact as its new number is not a conflict."""
    create(api)
    assert api.put(ADA_PATH, json={"phone_number": ADA}).status_code == 200


def test_a_deleted_contact_is_gone(api: httpx.Client) -> None:
    """Deleting returns `{status: "OK"}`, and the number is no longer a contact."""
    create(api)
    response = api.delete(ADA_PATH)
    assert (response.status_code, response.json()) == (200, {"status": "OK"})
    assert api.get(ADA_PATH).status_code == 404


def test_a_deleted_number_can_be_created_again(api: httpx.Client) -> None:
    """A deleted number can be created as a new contact, with a new ID and none of the old fields."""
    first = create(api, first_name="Ada")
    api.delete(ADA_PATH)
    second = create(api)
    assert second["contact_id"] != first["contact_id"]
    assert second["first_name"] is None


def test_contacts_are_counted(api: httpx.Client) -> None:
    """`count` returns `{count}` and nothing else."""
    create(api)
    create(api, BOB)
    assert api.get(f"{PATH}/count").json() == {"count": 2}


@pytest.mark.parametrize(("number", "count"), [(ADA, 1), (BOB, 0)])
def test_one_number_is_counted(api: httpx.Client, number: str, count: int) -> None:
    """`count` with `phone_number` counts only that number (vendor's page 003)."""
    create(api)
    assert api.get(f"{PATH}/count", params={"phone_number": number}).json() == {"count": count}
