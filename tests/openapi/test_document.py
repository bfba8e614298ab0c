"""The OpenAPI document is valid and complete, and each part has a description. scripts/check runs `redocly lint`."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

if TYPE_CHECKING:
    from tests.openapi.conftest import Api, Node

COLLECTION, ITEM = "/api/v2/contacts", "/api/v2/contacts/{phone_number}"
OPERATIONS = {
    "list_contacts": ("get", COLLECTION, "Contacts"),
    "create_contact": ("post", COLLECTION, "Contacts"),
    "count_contacts": ("get", f"{COLLECTION}/count", "Contacts"),
    "verify_contact": ("post", f"{COLLECTION}/verify", "Contacts"),
    "opt_out_contact": ("post", f"{COLLECTION}/opt-out", "Contacts"),
    "retrieve_contact": ("get", ITEM, "Contacts"),
    "update_contact": ("put", ITEM, "Contacts"),
    "delete_contact": ("delete", ITEM, "Contacts"),
    "bulk_delete_contacts": ("delete", COLLECTION, "ContactsBulk"),
    "bulk_create_contacts": ("post", f"{COLLECTION}/bulk", "ContactsBulk"),
}
COMMON_ERRORS = {"400", "401", "403", "422", "429", "5XX"}
# The errors of each operation in addition to COMMON_ERRORS: not found, conflict, and payload too large.
ERRORS = {
    "list_contacts": set[str](),
    "count_contacts": set[str](),
    "create_contact": {"409", "413"},
    "verify_contact": {"404", "413"},
    "opt_out_contact": {"404", "413"},
    "retrieve_contact": {"404"},
    "update_contact": {"404", "409", "413"},
    "delete_contact": {"404"},
    "bulk_delete_contacts": {"404", "413"},
    "bulk_create_contacts": {"409", "413"},
}
DEFAULTS = {
    "list_contacts.limit": 100,
    "list_contacts.offset": 0,
    "list_contacts.order_by": "created_at",
    "list_contacts.order_direction": "desc",
    "ContactCreate.update_if_exists": False,
    "ContactOptOut.opted_out": True,
}


def test_is_valid(api: Api) -> None:
    """openapi-spec-validator accepts the document as OpenAPI 3.1."""
    assert [error.message for error in OpenAPIV31SpecValidator(api.root).iter_errors()] == []


def test_operations(api: Api) -> None:
    """The document has exactly these operations, each with its method, path, operationId and tag."""
    found = {
        each["operationId"]: (method, path, *each["tags"])
        for path, item in api.root["paths"].items()
        for method, each in item.items()
        if method != "parameters"
    }
    assert found == OPERATIONS


def test_operation_id_is_a_python_name(operation: Node) -> None:
    """Each operationId is a valid Python name in snake_case."""
    name = operation["operationId"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    assert not keyword.iskeyword(name)


def test_operation_is_described(operation: Node) -> None:
    """Each operation has a summary, and a description that ends with a period."""
    assert all(operation[key].strip() for key in ("summary", "description"))
    assert operation["description"].rstrip().endswith(".")


def test_operation_has_a_described_tag(operation: Node, api: Api) -> None:
    """Each operation has one tag, and the document describes that tag."""
    described = [[tag["name"]] for tag in api.root["tags"] if tag["description"].strip()]
    assert operation["tags"] in described


def test_errors_of_an_operation(operation: Node) -> None:
    """Each operation lists the common errors and its own errors, and no others."""
    listed = {status for status in operation["responses"] if status[0] in "45"}
    assert listed == COMMON_ERRORS | ERRORS[operation["operationId"]]


def test_operation_has_a_success_response(operation: Node) -> None:
    """Each operation has a 200 response."""
    assert "200" in operation["responses"]


def test_error_is_described(error: Node, api: Api) -> None:
    """Each error response has a description, and its body is an Error."""
    schema = error["content"]["application/json"]["schema"]
    assert (bool(error["description"].strip()), schema) == (True, {"$ref": "#/components/schemas/Error"})
    assert api.resolve(schema)["type"] == "object"


def test_error_has_an_example(error: Node) -> None:
    """Each example of an error response has a message."""
    examples = error["content"]["application/json"]["examples"].values()
    assert [bool(example["value"]["message"]) for example in examples] == [True] * max(1, len(examples))


def test_too_many_requests_has_retry_after(api: Api) -> None:
    """The 429 response has the header `Retry-After`."""
    assert "Retry-After" in api.root["components"]["responses"]["TooManyRequests"]["headers"]


def test_errors_are_components(operation: Node) -> None:
    """Operations refer to error responses by `$ref`; each is defined once."""
    assert [status for status, each in operation["responses"].items() if status[0] in "45" and "$ref" not in each] == []


def test_schema_is_described(schema: Node) -> None:
    """Each schema has a description and a type."""
    assert (bool(schema["description"].strip()), schema["type"]) == (True, schema["type"])


def test_objects_are_open(schema: Node) -> None:
    """Every object schema accepts additional properties, so that a new field does not break validation."""
    assert schema["type"] != "object" or schema["additionalProperties"] in (True, {"type": "string"})


def test_field_is_described(field: Node) -> None:
    """Each property has a description."""
    assert field["description"].strip()


def test_field_has_a_type(field: Node) -> None:
    """Each property has a type or refers to another schema."""
    assert field.keys() & {"type", "$ref", "anyOf", "allOf"}


def test_field_has_an_example(field: Node, api: Api) -> None:
    """Each property has an example, directly or through the schema it refers to."""
    branches = [field, field.get("items", {}), *field.get("anyOf", []), *field.get("allOf", [])]
    assert any("examples" in each or "$ref" in each for each in branches)
    assert all(api.resolve(each) for each in branches if "$ref" in each)


def test_response_fields_are_nullable(api: Api) -> None:
    """Each property of a response schema allows null."""
    responses = {"ContactResponse", "ContactCount", "StatusResponse", "ContactOptOutResponse", "BulkCreateFailure"}
    responses |= {"Contact", "BulkCreateResponse", "BulkDeleteItem", "BulkDeleteResponse", "Error"}
    not_nullable = [
        place
        for place, field in api.properties()
        if place.split(".")[0] in responses
        and "null" not in field.get("type", [])
        and {"type": "null"} not in field.get("anyOf", [])
    ]
    assert not_nullable == []


def test_parameter_is_described(parameter: Node, api: Api) -> None:
    """Each parameter has a description, a type and an example."""
    schema = api.resolve(parameter["schema"])
    parts = [schema, *map(api.resolve, schema.get("allOf", []))]
    found = [any(key in part for part in parts) for key in ("type", "examples")]
    assert (bool(parameter["description"].strip()), found) == (True, [True, True])


def test_defaults(api: Api) -> None:
    """These parameters and fields have a `default`, the value that the server applies, and no others."""
    schemas = [*api.properties(), *((place, parameter["schema"]) for place, parameter in api.parameters())]
    assert {place: schema["default"] for place, schema in schemas if "default" in schema} == DEFAULTS
    assert len([node for _, node in api.parts() if isinstance(node, dict) and "default" in node]) == len(DEFAULTS)


def test_defaults_are_valid(api: Api) -> None:
    """Each default is a valid value of its own schema."""
    schemas = [node for _, node in api.parts() if isinstance(node, dict) and "default" in node]
    documents = [{**schema, "components": api.root["components"]} for schema in schemas]
    validators = map(Draft202012Validator, documents)
    assert [validator.is_valid(schema["default"]) for validator, schema in zip(validators, schemas, strict=True)] == [
        True
    ] * len(DEFAULTS)


def test_phone_numbers_have_a_format(api: Api) -> None:
    """Each field and parameter that holds a phone number has `format: e164`."""
    named = {
        place: node for place, node in [*api.properties(), *api.parameters()] if re.search(r"phone|number$", place)
    }
    formats = {place: node.get("schema", node).get("format") for place, node in named.items()}
    assert (len(formats) >= 14, set(formats.values())) == (True, {"e164"})


def test_path_accepts_only_phone_numbers(api: Api) -> None:
    """The pattern of the phone number in a path matches no segment of another route."""
    pattern = api.root["components"]["parameters"]["PhoneNumber"]["schema"]["pattern"]
    candidates = [
        "+14155551234",
        "",
        ".",
        "..",
        "count",
        "bulk",
        "verify",
        "opt-out",
        "14155551234",
        "+0155551234",
        "+1415",
    ]
    assert [each for each in candidates if re.fullmatch(pattern, each)] == ["+14155551234"]


def test_credentials(api: Api) -> None:
    """Every operation requires both headers together."""
    schemes = api.root["components"]["securitySchemes"]
    required = [{(schemes[name]["in"], schemes[name]["name"]) for name in each} for each in api.root["security"]]
    assert required == [{("header", "sb-api-key-id"), ("header", "sb-api-secret-key")}]


def test_operation_has_no_security_of_its_own(operation: Node) -> None:
    """No operation overrides the security requirement of the document."""
    assert "security" not in operation


def test_servers(api: Api) -> None:
    """The host that the vendor documents is the first server."""
    assert [server["url"] for server in api.root["servers"]] == ["https://api.sendblue.co", "https://api.sendblue.com"]


def test_general_rules_are_in_the_description(api: Api) -> None:
    """The description of the API covers the rate limit, phone numbers, tags and custom variables."""
    description = api.root["info"]["description"]
    rules = ["100 requests in any 10 seconds", "E.164", "%2B", "replaces all `tags`", "merges `custom_variables`"]
    assert [rule for rule in rules if rule not in description] == []


def aliases(schema: Node) -> dict[str, Any]:
    """Return the aliases of each property of `schema` that has any."""
    return {name: each["x-aliases"] for name, each in schema.get("properties", {}).items() if "x-aliases" in each}


def test_aliases_are_names(schema: Node) -> None:
    """`x-aliases` is a non-empty list of names."""
    found = aliases(schema)
    assert {
        name: bool(each) and all(re.fullmatch(r"\w+", alias) for alias in each) for name, each in found.items()
    } == (dict.fromkeys(found, True))


def test_aliases_are_unambiguous(schema: Node) -> None:
    """Within a schema, no alias occurs twice or equals the name of a property."""
    names = [*schema.get("properties", {}), *(alias for each in aliases(schema).values() for alias in each)]
    assert sorted(names) == sorted(set(names))


def test_aliases_are_on_properties_only(api: Api) -> None:
    """The extension `x-aliases` occurs only on properties."""
    places = [place[:-1] for place, _ in api.parts() if place and place[-1] == "x-aliases"]
    assert [place for place in places if place[:2] != ("components", "schemas") or place[-2] != "properties"] == []


def test_aliases_are_in_the_description(field: Node) -> None:
    """The description of a property names each of its aliases."""
    assert [alias for alias in field.get("x-aliases", []) if f"`{alias}`" not in field["description"]] == []
