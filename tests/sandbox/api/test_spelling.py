"""Field names: requests accept every spelling, responses use the configured one, and labels never change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_sandbox.api.document import Document, ObjectSchema
from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.api.spelling import to_preferred, to_spelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    from sendblue_sandbox import Sandbox

PATH = "/api/v2/contacts"
ADA = "+14155551234"
DOCUMENT = Document()
BODIES = {operation.name: operation.body for operation in DOCUMENT.operations if operation.body}
TWINS = {"first_name": "firstName", "last_name": "lastName", "custom_variables": "customVariables"}


def spellings() -> list[tuple[str, str, str]]:
    """Return each operation with the preferred name of each field and each of its spellings."""
    shapes = {**BODIES, "bulk item": BODIES["bulk_create_contacts"].children["contacts"]}
    return [(name, field, key) for name, shape in shapes.items() for key, field in shape.preferred.items()]


def body_schema(name: str) -> ObjectSchema:
    """Return the schema of the body of an operation."""
    return BODIES["bulk_create_contacts"].children["contacts"] if name == "bulk item" else BODIES[name]


def test_the_document_has_the_spellings_of_the_vendors_pages() -> None:
    """The document has all spellings on pages 000 to 003, so that these tests use them."""
    found = {(name, spelling) for name, _, spelling in spellings()}
    assert found >= {("create_contact", "phoneNumber"), ("update_contact", "companyName"), ("bulk item", "company")}
    assert len(found) > 50


@pytest.mark.parametrize(("operation", "field", "spelling"), spellings())
def test_every_spelling_means_its_field(operation: str, field: str, spelling: str) -> None:
    """Each alias in the document is accepted for its field (vendor's page 003, note 3)."""
    assert to_preferred({spelling: "value"}, body_schema(operation)) == {field: "value"}


@pytest.mark.parametrize("value", ["Eve", None, ["Ada"], True])
def test_two_spellings_with_two_values_are_refused(value: object) -> None:
    """Two spellings of a field with different values get a 400 that names the field."""
    with pytest.raises(ApiError, match="first_name") as caught:
        to_preferred({"first_name": "Ada", "firstName": value}, BODIES["create_contact"])
    assert caught.value.status == 400


def test_true_is_not_one() -> None:
    """`true` and `1` are different values, although they are equal in Python."""
    with pytest.raises(ApiError, match="update_if_exists"):
        to_preferred({"update_if_exists": True, "updateIfExists": 1}, BODIES["create_contact"])


def test_two_spellings_with_one_value_are_one_field() -> None:
    """Two spellings of a field with the same value are one field."""
    assert to_preferred({"first_name": "Ada", "firstName": "Ada"}, BODIES["create_contact"]) == {"first_name": "Ada"}


def test_both_spellings_over_http(api: httpx.Client) -> None:
    """A request in camelCase does the same as in snake_case."""
    sent = {"phoneNumber": ADA, "firstName": "Ada", "customVariables": {"Plan": "Pro"}, "updateIfExists": True}
    contact = api.post(PATH, json=sent).json()["contact"]
    assert (contact["phone"], contact["first_name"], contact["custom_variables"]) == (ADA, "Ada", {"Plan": "Pro"})


@given(st.dictionaries(st.text(), st.text()))
def test_labels_in_requests_do_not_change(labels: dict[str, str]) -> None:
    """The keys of custom variables are labels, even if they look like fields."""
    sent = {"customVariables": {**labels, "firstName": "a", "first_name": "b"}}
    assert to_preferred(sent, BODIES["create_contact"]) == {"custom_variables": sent["customVariables"]}


@pytest.mark.parametrize("spelling", ["both", "snake", "camel"])
def test_labels_in_responses_do_not_change(spelling: Any) -> None:  # noqa: ANN401 - one of three words
    """The keys of custom variables are returned as sent, in every spelling of the fields."""
    labels = {"first_name": "a", "firstName": "b", "Lead Source": "c"}
    response = to_spelling([{"custom_variables": labels}], DOCUMENT.contact, spelling)
    names = {
        "both": ["custom_variables", "customVariables"],
        "snake": ["custom_variables"],
        "camel": ["customVariables"],
    }
    assert response == [dict.fromkeys(names[spelling], labels)]


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("both", {*TWINS, *TWINS.values()}), ("snake", {*TWINS}), ("camel", {*TWINS.values()})],
)
def test_spelling_of_responses(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], spelling: str, expected: set[str]
) -> None:
    """Responses have both spellings, or snake_case (pages 000 to 002, 004), or camelCase (page 003, note 3)."""
    api = connect(serve(spelling=spelling))
    contact = api.post(PATH, json={"number": ADA, "first_name": "Ada"}).json()["contact"]
    assert contact.keys() & {*TWINS, *TWINS.values()} == expected
    assert {contact[name] for name in expected if name in {"first_name", "firstName"}} == {"Ada"}


def test_both_spellings_by_default(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A field with an alias appears twice; `phone`, `tags`, `created_at` and `verified` once (as in the live API)."""
    contact = connect(serve()).post(PATH, json={"number": ADA}).json()["contact"]
    single = {"phone", "tags", "created_at", "verified"}
    assert contact.keys() >= single
    assert len(contact) == len(single) + 2 * 8


def test_spelling_of_other_fields(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """Lists, bulk responses, failures and opt-outs use the setting; `numberOfContactsCreated` has one spelling."""
    api = connect(serve(spelling="camel"))
    bulk = api.post(f"{PATH}/bulk", json={"contacts": [{"phone": ADA}, {"phone": "x", "first_name": "Eve"}]}).json()
    assert "firstName" in bulk["contacts"][0]
    assert bulk["failures"][0]["contact"] == {"phone": "x", "firstName": "Eve"}
    assert bulk["numberOfContactsCreated"] == 1
    assert "firstName" in api.get(PATH).json()[0]
    assert api.post(f"{PATH}/opt-out", json={"number": ADA}).json().keys() == {"number", "optedOut", "status"}
    deleted = api.request("DELETE", PATH, json={"contactIds": [ADA]}).json()
    assert deleted["results"] == [{"phoneNumber": ADA, "success": True}]


def test_alias_from_another_document(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client], edited: Callable[..., Path]
) -> None:
    """Spellings come from the document at start-up, not from the code."""

    def rename(document: dict[str, Any]) -> None:
        for schema in ("Contact", "ContactCreate"):
            document["components"]["schemas"][schema]["properties"]["first_name"]["x-aliases"] = ["vorname"]

    api = connect(serve(document=edited(rename)))
    contact = api.post(PATH, json={"number": ADA, "vorname": "Ada"}).json()["contact"]
    assert (contact["first_name"], contact["vorname"], "firstName" in contact) == ("Ada", "Ada", False)
