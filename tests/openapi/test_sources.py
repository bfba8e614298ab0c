"""The document has every field and parameter of the vendor's pages, which openapi/README.md lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.openapi.conftest import Api

CONTACT = (
    "assigned_to_email company_name created_at custom_variables first_name last_name phone "
    "sendblue_number tags verified"
)
CAMEL = "assignedToEmail firstName lastName sendblueNumber"

# The fields by page (or other source) and schema. Each name is a property or an alias.
FIELDS = {
    ("000", "ContactCreate"): (
        f"number assigned_to_email custom_variables first_name last_name sendblue_number tags {CAMEL} "
        "phone_number phoneNumber update_if_exists"
    ),
    ("000", "Contact"): CONTACT,
    ("000", "ContactResponse"): "contact status",
    ("001", "ContactCreate"): (
        f"number assigned_to_email first_name last_name sendblue_number tags update_if_exists {CAMEL} "
        "phone_number phoneNumber"
    ),
    ("001", "Contact"): CONTACT.replace("custom_variables ", ""),
    ("002", "ContactCreate"): f"number custom_variables phone_number phoneNumber update_if_exists {CAMEL}",
    ("002", "ContactUpdate"): (
        f"assigned_to_email company_name custom_variables first_name last_name sendblue_number tags companyName {CAMEL}"
    ),
    ("002", "ContactVerify"): "number",
    ("002", "ContactCount"): "count",
    ("002", "StatusResponse"): "status",
    ("002", "BulkDelete"): "contact_ids",
    ("002", "BulkDeleteResponse"): "amount status",
    ("002", "BulkContact"): "phone company_name custom_variables first_name last_name tags",
    ("002", "BulkCreate"): "contacts",
    ("002", "BulkCreateResponse"): "contacts status",
    ("002", "Contact"): CONTACT,
    ("003", "Contact"): (
        "firstName lastName phone companyName tags sendblueNumber created_at assignedToEmail customVariables"
    ),
    ("003", "ContactCreate"): (
        "number first_name last_name sendblue_number tags assigned_to_email update_if_exists "
        "custom_variables customVariables firstName"
    ),
    ("003", "BulkContact"): "phone firstName lastName company tags customVariables",
    ("003", "BulkCreateResponse"): "status contacts numberOfContactsCreated failures",
    ("003", "BulkCreateFailure"): "contact error",
    ("003", "ContactUpdate"): (
        "first_name last_name sendblue_number assigned_to_email tags custom_variables phone_number"
    ),
    ("003", "BulkDeleteResponse"): "status amount total successes failures",
    ("003", "Error"): "status message",
    ("004", "Contact"): f"{CONTACT} opt_out",
    ("004", "ContactOptOutResponse"): "number opted_out status",
    ("004", "BulkDeleteResponse"): "amount status",
    ("004", "BulkCreateResponse"): "contacts status",
    # The vendor's client library, and observed responses of the live API.
    ("library", "Contact"): "contact_id",
    ("library", "ContactUpdate"): "opt_out optOut",
    ("library", "ContactOptOut"): "number opted_out",
    ("live", "BulkDeleteResponse"): "results",
    ("live", "BulkDeleteItem"): "phone_number phoneNumber success error",
}
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


def test_fields_of_each_page(api: Api) -> None:
    """Each field that a page documents for a request body or a response is a property or an alias."""
    known = {
        of: {key for name, each in schema.get("properties", {}).items() for key in (name, *each.get("x-aliases", []))}
        for of, schema in api.schemas()
    }
    missing = {place: set(names.split()) - known[place[1]] for place, names in FIELDS.items()}
    assert {place: names for place, names in missing.items() if names} == {}


def test_parameters_of_each_page(api: Api) -> None:
    """Each query parameter that a page documents is in the document."""
    operations = dict(api.operations())
    for page, operation_id, names in QUERIES:
        known = {each["name"] for each in operations[operation_id]["parameters"] if each["in"] == "query"}
        assert (page, names - known) == (page, set())


def test_messages_of_page_003(api: Api) -> None:
    """Each error message of page 003 is an example of the response with its status."""
    for response, message in MESSAGES.items():
        content = api.root["components"]["responses"][response]["content"]["application/json"]
        assert message in [example["value"]["message"] for example in content["examples"].values()]


def test_orders_of_pages_002_and_003(api: Api) -> None:
    """The description names each sort field, and no `enum` excludes others; there are two directions."""
    parameters = dict(api.operations())["list_contacts"]["parameters"]
    order = next(parameter for parameter in parameters if parameter["name"] == "order_by")
    unnamed = [
        each for each in ("created_at", "firstName", "lastName", "phone") if f"`{each}`" not in order["description"]
    ]
    assert (unnamed, "enum" in order["schema"]) == ([], False)
    assert api.root["components"]["schemas"]["OrderDirection"]["enum"] == ["asc", "desc"]


def test_create_has_no_company_name(api: Api) -> None:
    """No page lists a company name among the fields of create."""
    assert "company_name" not in api.root["components"]["schemas"]["ContactCreate"]["properties"]
