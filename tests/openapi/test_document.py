"""The document: valid, complete, and every part of it described. `redocly lint` is run by scripts/check."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any

from openapi_spec_validator import OpenAPIV31SpecValidator

if TYPE_CHECKING:
    from tests.openapi.conftest import Api, Node

PLURAL, ONE = "/api/v2/contacts", "/api/v2/contacts/{phone_number}"
OPERATIONS = {
    "list_contacts": ("get", PLURAL, "Contacts"),
    "create_contact": ("post", PLURAL, "Contacts"),
    "count_contacts": ("get", f"{PLURAL}/count", "Contacts"),
    "verify_contact": ("post", f"{PLURAL}/verify", "Contacts"),
    "opt_out_contact": ("post", f"{PLURAL}/opt-out", "Contacts"),
    "retrieve_contact": ("get", ONE, "Contacts"),
    "update_contact": ("put", ONE, "Contacts"),
    "delete_contact": ("delete", ONE, "Contacts"),
    "bulk_delete_contacts": ("delete", PLURAL, "ContactsBulk"),
    "bulk_create_contacts": ("post", f"{PLURAL}/bulk", "ContactsBulk"),
}
ALWAYS = {"400", "401", "403", "422", "429", "5XX"}
# Beside those that every operation has: who can miss a contact, meet one that exists, or send too much.
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


def test_is_valid(api: Api) -> None:
    """openapi-spec-validator accepts it as OpenAPI 3.1."""
    assert [error.message for error in OpenAPIV31SpecValidator(api.root).iter_errors()] == []


def test_operations(api: Api) -> None:
    """These operations are there, each with its method, path, name and tag, and no other."""
    found = {
        each["operationId"]: (method, path, *each["tags"])
        for path, item in api.root["paths"].items()
        for method, each in item.items()
        if method != "parameters"
    }
    assert found == OPERATIONS


def test_operation_gives_a_python_name(operation: Node) -> None:
    """An operationId is a name in Python as it stands, in snake case."""
    name = operation["operationId"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name)
    assert not keyword.iskeyword(name)


def test_operation_is_described(operation: Node) -> None:
    """Each operation has a summary, and says in a sentence what it does."""
    assert all(operation[key].strip() for key in ("summary", "description"))
    assert operation["description"].rstrip().endswith(".")


def test_operation_has_a_described_tag(operation: Node, api: Api) -> None:
    """Each operation has one tag, which the document describes."""
    described = [[tag["name"]] for tag in api.root["tags"] if tag["description"].strip()]
    assert operation["tags"] in described


def test_errors_of_an_operation(operation: Node) -> None:
    """Each operation lists the errors that every request can meet, and those that its own kind can."""
    listed = {status for status in operation["responses"] if status[0] in "45"}
    assert listed == ALWAYS | ERRORS[operation["operationId"]]


def test_operation_answers(operation: Node) -> None:
    """Each operation has an answer for when all went well."""
    assert "200" in operation["responses"]


def test_error_is_described(error: Node, api: Api) -> None:
    """Each error response has a description, and a body that is an Error."""
    schema = error["content"]["application/json"]["schema"]
    assert (bool(error["description"].strip()), schema) == (True, {"$ref": "#/components/schemas/Error"})
    assert api.resolve(schema)["type"] == "object"


def test_error_has_an_example(error: Node) -> None:
    """Each error response shows a message."""
    examples = error["content"]["application/json"]["examples"].values()
    assert [bool(example["value"]["message"]) for example in examples] == [True] * max(1, len(examples))


def test_too_many_requests_tells_when_to_come_back(api: Api) -> None:
    """429 has the header `Retry-After`."""
    assert "Retry-After" in api.root["components"]["responses"]["TooManyRequests"]["headers"]


def test_errors_are_components(operation: Node) -> None:
    """An error response is written once and referred to."""
    assert [status for status, each in operation["responses"].items() if status[0] in "45" and "$ref" not in each] == []


def test_schema_is_described(schema: Node) -> None:
    """Each schema says what it is."""
    assert (bool(schema["description"].strip()), schema["type"]) == (True, schema["type"])


def test_objects_are_open(schema: Node) -> None:
    """A new key of the server breaks nobody's validation."""
    assert schema["type"] != "object" or schema["additionalProperties"] in (True, {"type": "string"})


def test_field_is_described(field: Node) -> None:
    """Each property says what it holds."""
    assert field["description"].strip()


def test_field_has_a_type(field: Node) -> None:
    """Each property has a type, or is another schema."""
    assert field.keys() & {"type", "$ref", "anyOf", "allOf"}


def test_field_has_an_example(field: Node, api: Api) -> None:
    """Each property has an example, or is made of what has one."""
    branches = [field, field.get("items", {}), *field.get("anyOf", []), *field.get("allOf", [])]
    assert any("examples" in each or "$ref" in each for each in branches)
    assert all(api.resolve(each) for each in branches if "$ref" in each)


def test_field_of_an_answer_may_be_null(api: Api) -> None:
    """A property of an answer admits null."""
    answers = {"ContactResponse", "ContactCount", "StatusResponse", "ContactOptOutResponse", "BulkCreateFailure"}
    answers |= {"Contact", "BulkCreateResponse", "BulkDeleteItem", "BulkDeleteResponse", "Error"}
    closed = [
        place
        for place, field in api.properties()
        if place.split(".")[0] in answers
        and "null" not in field.get("type", [])
        and {"type": "null"} not in field.get("anyOf", [])
    ]
    assert closed == []


def test_parameter_is_described(parameter: Node, api: Api) -> None:
    """Each parameter says what it is for, and has a type and an example."""
    schema = api.resolve(parameter["schema"])
    assert (bool(parameter["description"].strip()), "type" in schema, bool(schema["examples"])) == (True, True, True)


def test_no_default(api: Api) -> None:
    """No schema has a `default`: clients made from the document would send it."""
    assert [place for place, node in api.parts() if isinstance(node, dict) and "default" in node] == []


def test_numbers_have_their_format(api: Api) -> None:
    """Every field and parameter that holds a phone number says so."""
    named = {
        place: node for place, node in [*api.properties(), *api.parameters()] if re.search(r"phone|number$", place)
    }
    formats = {place: node.get("schema", node).get("format") for place, node in named.items()}
    assert (len(formats) >= 14, set(formats.values())) == (True, {"e164"})


def test_path_takes_a_number_only(api: Api) -> None:
    """The number in a path has a pattern that no other route fits."""
    pattern = api.root["components"]["parameters"]["PhoneNumber"]["schema"]["pattern"]
    tried = ["+14155551234", "", ".", "..", "count", "bulk", "verify", "opt-out", "14155551234", "+0155551234", "+1415"]
    assert [each for each in tried if re.fullmatch(pattern, each)] == ["+14155551234"]


def test_credentials(api: Api) -> None:
    """Both headers are needed together, on every operation."""
    schemes = api.root["components"]["securitySchemes"]
    needed = [{(schemes[name]["in"], schemes[name]["name"]) for name in each} for each in api.root["security"]]
    assert needed == [{("header", "sb-api-key-id"), ("header", "sb-api-secret-key")}]


def test_no_operation_goes_without(operation: Node) -> None:
    """No operation has a rule of its own."""
    assert "security" not in operation


def test_servers(api: Api) -> None:
    """The host of the vendor's pages comes first."""
    assert [server["url"] for server in api.root["servers"]] == ["https://api.sendblue.co", "https://api.sendblue.com"]


def test_rules_stand_where_a_reader_looks(api: Api) -> None:
    """The limit, the form of numbers, the escaped plus sign, tags and custom variables are in the first description."""
    said = api.root["info"]["description"]
    rules = ["100 requests in any 10 seconds", "E.164", "%2B", "`tags` are replaced", "`custom_variables` are merged"]
    assert [rule for rule in rules if rule not in said] == []


def aliases(schema: Node) -> dict[str, Any]:
    """Return what each property of `schema` has as its aliases."""
    return {name: each["x-aliases"] for name, each in schema.get("properties", {}).items() if "x-aliases" in each}


def test_aliases_are_texts(schema: Node) -> None:
    """`x-aliases` is a list of names, not empty."""
    found = aliases(schema)
    assert {
        name: bool(each) and all(re.fullmatch(r"\w+", alias) for alias in each) for name, each in found.items()
    } == (dict.fromkeys(found, True))


def test_aliases_are_of_one_field(schema: Node) -> None:
    """A spelling stands for one field of a schema: no alias is there twice, or is another field."""
    spellings = [*schema.get("properties", {}), *(alias for each in aliases(schema).values() for alias in each)]
    assert sorted(spellings) == sorted(set(spellings))


def test_aliases_stand_nowhere_else(api: Api) -> None:
    """The extension is on properties only."""
    places = [place[:-1] for place, _ in api.parts() if place and place[-1] == "x-aliases"]
    assert [place for place in places if place[:2] != ("components", "schemas") or place[-2] != "properties"] == []


def test_aliases_are_in_the_description(field: Node) -> None:
    """Who reads the description learns every spelling."""
    assert [alias for alias in field.get("x-aliases", []) if f"`{alias}`" not in field["description"]] == []
