"""Create, retrieve, update, delete and count, as the vendor's pages have them."""

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
    """Create a contact that is accepted."""
    response = api.post(PATH, json={"number": number, **fields})
    assert response.status_code == 200
    contact: dict[str, Any] = response.json()["contact"]
    return contact


def error(response: httpx.Response) -> tuple[int, str]:
    """The status and the message of an error, whose body has nothing else."""
    body = response.json()
    assert body == {"status": "ERROR", "message": body["message"]}
    return response.status_code, body["message"]


def test_a_created_contact_is_answered_with_status_200(api: httpx.Client) -> None:
    """Creating answers 200 `{contact, status: "OK"}` (seen live; older pages say 201)."""
    response = api.post(PATH, json={"number": ADA})
    assert (response.status_code, response.json()["status"]) == (200, "OK")


def test_a_contact_has_every_field_of_the_document(api: httpx.Client) -> None:
    """A contact is answered with all its fields; what nobody gave is null, an empty list or an empty object."""
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


def test_a_created_contact_keeps_what_was_sent(api: httpx.Client) -> None:
    """Names, tags and custom variables come back as they went in, accents and emoji too."""
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
    """Creating a number that exists answers 409 and changes nothing (vendor's page 003)."""
    create(api, first_name="Ada")
    response = api.post(PATH, json={"number": ADA, "first_name": "Eve"})
    assert error(response) == (409, "Contact already exists")
    assert api.get(ADA_PATH).json()["contact"]["first_name"] == "Ada"


def test_update_if_exists_creates_what_does_not_exist(api: httpx.Client) -> None:
    """`update_if_exists` creates the contact when the number is new."""
    assert create(api, update_if_exists=True)["phone"] == ADA


def test_update_if_exists_replaces_tags_and_merges_custom_variables(api: httpx.Client) -> None:
    """`update_if_exists` changes what was sent and nothing else; tags are replaced, custom variables merged."""
    create(api, first_name="Ada", tags=["VIP"], custom_variables={"Plan": "Free", "Source": "Web"})
    contact = create(api, tags=["New"], custom_variables={"Plan": "Pro"}, update_if_exists=True)
    assert (contact["first_name"], contact["tags"]) == ("Ada", ["New"])
    assert contact["custom_variables"] == {"Plan": "Pro", "Source": "Web"}


def test_update_if_exists_keeps_the_contact_itself(api: httpx.Client) -> None:
    """An upsert of a known number is the same contact: its ID and its creation time stay."""
    made = create(api)
    assert create(api, first_name="Ada", update_if_exists=True) == {**made, "first_name": "Ada"}


def test_update_if_exists_false_is_as_if_left_out(api: httpx.Client) -> None:
    """`update_if_exists: false` is the default (vendor's page 003)."""
    create(api)
    response = api.post(PATH, json={"number": ADA, "update_if_exists": False})
    assert response.status_code == 409


def test_create_takes_no_company_name(api: httpx.Client) -> None:
    """`company_name` is in no list of create's parameters (vendor's pages 000 to 003): 400 that names it."""
    response = api.post(PATH, json={"number": ADA, "company_name": "Example Corp"})
    assert error(response) == (400, "Unknown field: company_name")


def test_a_contact_is_retrieved(api: httpx.Client) -> None:
    """Retrieving answers `{contact, status: "OK"}`."""
    made = create(api, first_name="Ada")
    response = api.get(ADA_PATH)
    assert (response.status_code, response.json()) == (200, {"contact": made, "status": "OK"})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_number_is_not_found(api: httpx.Client, method: str) -> None:
    """A number that is no contact answers 404 "Contact not found" (vendor's page 003)."""
    response = api.request(method, ADA_PATH, json={} if method == "PUT" else None)
    assert error(response) == (404, "Contact not found")


def test_an_update_leaves_what_was_not_sent(api: httpx.Client) -> None:
    """An update changes the fields that were sent and no other."""
    made = create(api, first_name="Ada", last_name="Doe", tags=["VIP"])
    response = api.put(ADA_PATH, json={"last_name": "Lovelace", "company_name": "Engines"})
    assert response.json()["contact"] == {**made, "last_name": "Lovelace", "company_name": "Engines"}


def test_an_update_of_nothing_changes_nothing(api: httpx.Client) -> None:
    """An empty object is an update that changes nothing."""
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
    """`null` in an update makes a field as if nobody had given it; the answer still has it."""
    create(api, ADA, **{field: value})
    assert api.put(ADA_PATH, json={field: None}).json()["contact"][field] == cleared
    assert api.get(ADA_PATH).json()["contact"][field] == cleared


def test_an_update_gives_a_new_number(api: httpx.Client) -> None:
    """`phone_number` in an update is the new number (vendor's page 003); the old one is no contact any more."""
    made = create(api, first_name="Ada")
    response = api.put(ADA_PATH, json={"phone_number": BOB})
    assert response.json()["contact"] == {**made, "phone": BOB}
    assert api.get(ADA_PATH).status_code == 404
    assert api.get(f"{PATH}/%2B14155555678").json()["contact"] == {**made, "phone": BOB}


def test_a_new_number_that_is_taken_is_refused(api: httpx.Client) -> None:
    """A new number that belongs to another contact answers 409, and nothing of the update happens."""
    create(api)
    create(api, BOB)
    response = api.put(ADA_PATH, json={"phone_number": BOB, "first_name": "Ada"})
    assert error(response) == (409, "Contact already exists")
    assert api.get(ADA_PATH).json()["contact"]["first_name"] is None


def test_the_own_number_can_be_sent_again(api: httpx.Client) -> None:
    """A contact's own number as its new number is no conflict."""
    create(api)
    assert api.put(ADA_PATH, json={"phone_number": ADA}).status_code == 200


def test_a_deleted_contact_is_gone(api: httpx.Client) -> None:
    """Deleting answers `{status: "OK"}`, and the number is no contact any more."""
    create(api)
    response = api.delete(ADA_PATH)
    assert (response.status_code, response.json()) == (200, {"status": "OK"})
    assert api.get(ADA_PATH).status_code == 404


def test_a_deleted_number_can_be_created_again(api: httpx.Client) -> None:
    """A number that was deleted comes back as another contact, with an ID of its own and none of the old fields."""
    first = create(api, first_name="Ada")
    api.delete(ADA_PATH)
    second = create(api)
    assert second["contact_id"] != first["contact_id"]
    assert second["first_name"] is None


def test_contacts_are_counted(api: httpx.Client) -> None:
    """`count` answers `{count}` and nothing else."""
    create(api)
    create(api, BOB)
    assert api.get(f"{PATH}/count").json() == {"count": 2}


@pytest.mark.parametrize(("number", "count"), [(ADA, 1), (BOB, 0)])
def test_one_number_is_counted(api: httpx.Client, number: str, count: int) -> None:
    """`count` with `phone_number` counts that number alone (vendor's page 003)."""
    create(api)
    assert api.get(f"{PATH}/count", params={"phone_number": number}).json() == {"count": count}
