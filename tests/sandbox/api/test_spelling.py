"""Field names: requests accept every spelling, responses use the configured one, and labels never change."""

import pytest
from sendblue_sandbox.api.document import Document
from sendblue_sandbox.api.errors import ApiError
from sendblue_sandbox.api.spelling import to_preferred

from tests.sandbox.contacts_api import ADA, PATH, Connect, Serve

DOCUMENT = Document()
BODIES = {operation.name: operation.body for operation in DOCUMENT.operations if operation.body}
SCHEMAS = {**BODIES, "bulk item": BODIES["bulk_create_contacts"].children["contacts"]}
TWINS = {"first_name": "firstName", "last_name": "lastName", "custom_variables": "customVariables"}


def test_every_spelling_means_its_field() -> None:
    """Each alias in the document is accepted for its field; it has those of the vendor's pages 000 to 003."""
    spellings = [(name, key) for name, schema in SCHEMAS.items() for key in schema.preferred]
    documented = {("create_contact", "phoneNumber"), ("update_contact", "companyName"), ("bulk item", "company")}
    assert documented <= set(spellings)
    assert len(spellings) > 50
    assert {(name, key): to_preferred({key: "value"}, SCHEMAS[name]) for name, key in spellings} == {
        (name, key): {SCHEMAS[name].preferred[key]: "value"} for name, key in spellings
    }


def test_two_spellings() -> None:
    """Two spellings of a field with one value are one field; with different values they get a 400 that names it."""
    pairs = [*(("Ada", value) for value in ("Eve", None, ["Ada"], True)), (1, True)]  # 1 and True are equal in Python
    for first, second in pairs:
        with pytest.raises(ApiError, match="first_name") as caught:
            to_preferred({"first_name": first, "firstName": second}, BODIES["create_contact"])
        assert caught.value.status == 400
    assert to_preferred({"first_name": "Ada", "firstName": "Ada"}, BODIES["create_contact"]) == {"first_name": "Ada"}


@pytest.mark.parametrize(
    ("spelling", "expected"), [("both", {*TWINS, *TWINS.values()}), ("snake", {*TWINS}), ("camel", {*TWINS.values()})]
)
def test_spelling_of_responses(serve: Serve, connect: Connect, spelling: str, expected: set[str]) -> None:
    """Responses have both spellings, or snake_case (pages 000 to 002, 004), or camelCase (page 003, note 3)."""
    api = connect(serve(spelling=spelling))
    labels = {"first_name": "a", "firstName": "b", "Lead Source": "c", "": "ü"}
    sent = {"phoneNumber": ADA, "firstName": "Ada", "customVariables": labels, "updateIfExists": True}
    contact = api.post(PATH, json=sent).json()["contact"]
    assert contact.keys() & {*TWINS, *TWINS.values()} == expected
    assert {contact[name] for name in expected if name in {"first_name", "firstName"}} == {"Ada"}
    assert [contact[name] for name in expected if name in {"custom_variables", "customVariables"}] in (
        [labels],
        [labels, labels],
    )


def test_spelling_of_other_fields(serve: Serve, connect: Connect) -> None:
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
