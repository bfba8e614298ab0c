"""The document has every field and parameter of the vendor's pages, which openapi/README.md lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.openapi.conftest import Api

CONTACT = (
    "assigned_to_email company_name created_at custom_variables first_name last_name phone "
    "sendblue_number tags verified"
)
CAMEL = "assignedToEmail firstName lastName sendblueNumber"

# Page, schema, names. Each name is a property or an alias.
FIELDS = [
    (
        "000",
        "ContactCreate",
        f"number assigned_to_email custom_variables first_name last_name sendblue_number tags {CAMEL}",
    ),
    ("000", "ContactCreate", "phone_number phoneNumber update_if_exists"),
    ("000", "Contact", CONTACT),
    ("000", "ContactResponse", "contact status"),
    (
        "001",
        "ContactCreate",
        f"number assigned_to_email first_name last_name sendblue_number tags update_if_exists {CAMEL}",
    ),
    ("001", "ContactCreate", "phone_number phoneNumber"),
    ("001", "Contact", CONTACT.replace("custom_variables ", "")),
    ("002", "ContactCreate", f"number custom_variables phone_number phoneNumber update_if_exists {CAMEL}"),
    (
        "002",
        "ContactUpdate",
        "assigned_to_email company_name custom_variables first_name last_name sendblue_number tags",
    ),
    ("002", "ContactUpdate", f"companyName {CAMEL}"),
    ("002", "ContactVerify", "number"),
    ("002", "ContactCount", "count"),
    ("002", "StatusResponse", "status"),
    ("002", "BulkDelete", "contact_ids"),
    ("002", "BulkDeleteResponse", "amount status"),
    ("002", "BulkContact", "phone company_name custom_variables first_name last_name tags"),
    ("002", "BulkCreate", "contacts"),
    ("002", "BulkCreateResponse", "contacts status"),
    ("002", "Contact", CONTACT),
    (
        "003",
        "Contact",
        "firstName lastName phone companyName tags sendblueNumber created_at assignedToEmail customVariables",
    ),
    ("003", "ContactCreate", "number first_name last_name sendblue_number tags assigned_to_email update_if_exists"),
    ("003", "ContactCreate", "custom_variables customVariables firstName"),
    ("003", "BulkContact", "phone firstName lastName company tags customVariables"),
    ("003", "BulkCreateResponse", "status contacts numberOfContactsCreated failures"),
    ("003", "BulkCreateFailure", "contact error"),
    (
        "003",
        "ContactUpdate",
        "first_name last_name sendblue_number assigned_to_email tags custom_variables phone_number",
    ),
    ("003", "BulkDeleteResponse", "status amount total successes failures"),
    ("003", "Error", "status message"),
    ("004", "Contact", f"{CONTACT} opt_out"),
    ("004", "ContactOptOutResponse", "number opted_out status"),
    ("004", "BulkDeleteResponse", "amount status"),
    ("004", "BulkCreateResponse", "contacts status"),
]
# Fields from other sources: the vendor's client library, and observed responses of the live API.
FIELDS_OF_OTHER_SOURCES = [
    ("library", "Contact", "contact_id"),
    ("library", "ContactUpdate", "opt_out optOut"),
    ("library", "ContactOptOut", "number opted_out"),
    ("live", "BulkDeleteResponse", "results"),
    ("live", "BulkDeleteItem", "phone_number phoneNumber success error"),
]
QUERIES = [
    ("002", "list_contacts", {"cid", "limit", "offset", "order_by", "order_direction", "phone_number"}),
    ("003", "list_contacts", {"limit", "offset", "order_by", "order_direction", "phone_number"}),
    ("003", "count_contacts", {"phone_number"}),
    ("library", "list_contacts", {"created_at_gte"}),
]
MESSAGES = {
    "BadRequest": "Missing fields",
    "Unauthorized": "Unauthorized",
    "NotFound": "Contact not found",
    "Conflict": "Contact already exists",
}


@pytest.mark.parametrize(("page", "of", "names"), [*FIELDS, *FIELDS_OF_OTHER_SOURCES])
def test_fields_of_a_page(api: Api, page: str, of: str, names: str) -> None:
    """Each field that a page documents for a request body or a response is a property or an alias."""
    properties = api.root["components"]["schemas"][of]["properties"]
    known = {key for name, each in properties.items() for key in (name, *each.get("x-aliases", []))}
    assert (page, set(names.split()) - known) == (page, set())


@pytest.mark.parametrize(("page", "operation_id", "names"), QUERIES)
def test_parameters_of_a_page(api: Api, page: str, operation_id: str, names: set[str]) -> None:
    """Each query parameter that a page documents is in the document."""
    operation = dict(api.operations())[operation_id]
    known = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
    assert (page, names - known) == (page, set())


@pytest.mark.parametrize(("response", "message"), MESSAGES.items())
def test_messages_of_page_003(api: Api, response: str, message: str) -> None:
    """Each error message of page 003 is an example of the response with its status."""
    examples = api.root["components"]["responses"][response]["content"]["application/json"]["examples"].values()
    assert message in [example["value"]["message"] for example in examples]


@pytest.mark.parametrize("value", ["created_at", "firstName", "lastName", "phone"])
def test_orders_of_page_003(api: Api, value: str) -> None:
    """The description names each sort field, and no `enum` excludes others."""
    parameters = dict(api.operations())["list_contacts"]["parameters"]
    order = next(parameter for parameter in parameters if parameter["name"] == "order_by")
    assert (f"`{value}`" in order["description"], "enum" in order["schema"]) == (True, False)


def test_directions_of_page_002(api: Api) -> None:
    """There are two sort directions."""
    assert api.root["components"]["schemas"]["OrderDirection"]["enum"] == ["asc", "desc"]


@pytest.mark.parametrize("of", ["ContactCreate", "ContactVerify", "ContactOptOut"])
def test_number_is_required(api: Api, of: str) -> None:
    """`number` is required: by pages 000 to 003 for create, by 002 for verify, and by the library for opt-out."""
    assert api.root["components"]["schemas"][of]["required"] == ["number"]


def test_create_has_no_company_name(api: Api) -> None:
    """No page lists a company name among the fields of create."""
    assert "company_name" not in api.root["components"]["schemas"]["ContactCreate"]["properties"]
