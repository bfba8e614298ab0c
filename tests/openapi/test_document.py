"""The OpenAPI document is valid and complete, and each part has a description. scripts/check runs `redocly lint`."""

import keyword
import re

from tests.openapi.conftest import Api

COMMON_ERRORS = {"400", "401", "403", "422", "429", "5XX"}


def test_operations_are_described(api: Api) -> None:
    """Each operation has a summary, a description that ends with a period, a 200 response and a name for Python."""
    for name, operation in api.operations():
        assert (bool(operation["summary"].strip()), operation["description"].rstrip()[-1]) == (True, "."), name
        assert (re.fullmatch(r"[a-z]+(_[a-z]+)*", name) is not None, keyword.iskeyword(name)) == (True, False), name
        assert "200" in operation["responses"], name
    used = {tag for _, operation in api.operations() for tag in operation["tags"]}
    assert used == {tag["name"] for tag in api.root["tags"] if tag["description"].strip()}


def test_errors_of_an_operation(api: Api) -> None:
    """Each operation lists the common errors, 404 for a contact in its path, and 413 for a body, all by `$ref`."""
    for path, item in api.root["paths"].items():
        for node in (each for method, each in item.items() if method != "parameters"):
            listed = {status: "$ref" in each for status, each in node["responses"].items() if status[0] in "45"}
            own = ["404"] * path.endswith("{phone_number}") + ["413"] * ("requestBody" in node)
            assert (listed.keys() >= {*COMMON_ERRORS, *own}, all(listed.values())) == (True, True), node["operationId"]


def test_errors_are_described(api: Api) -> None:
    """Each error response has a description and examples with a message, and its body is an Error."""
    for place, error in api.errors():
        content = error["content"]["application/json"]
        examples = content["examples"].values()
        assert (bool(error["description"].strip()), content["schema"]) == (True, {"$ref": "#/components/schemas/Error"})
        assert examples, place
        assert all(example["value"]["message"] for example in examples), place
    assert "Retry-After" in api.root["components"]["responses"]["TooManyRequests"]["headers"]


def test_schemas_are_described_and_open(api: Api) -> None:
    """Each schema has a description and a type, and an object accepts additional properties."""
    for name, schema in api.schemas():
        assert (bool(schema["description"].strip()), bool(schema["type"])) == (True, True), name
        assert schema["type"] != "object" or schema["additionalProperties"] in (True, {"type": "string"}), name


def test_fields_are_described(api: Api) -> None:
    """Each property has a description that names its aliases, a type, and an example (perhaps in a nested schema)."""
    for place, field in api.properties():
        branches = [field, field.get("items", {}), *field.get("anyOf", []), *field.get("allOf", [])]
        assert [name for name in field.get("x-aliases", []) if f"`{name}`" not in field["description"]] == [], place
        assert field["description"].strip(), place
        assert field.keys() & {"type", "$ref", "anyOf", "allOf"}, place
        assert any("examples" in each or "$ref" in each for each in branches), place


def test_response_fields_are_nullable(api: Api) -> None:
    """Each property of a response schema allows null."""
    responses = {"ContactResponse", "ContactCount", "StatusResponse", "ContactOptOutResponse", "BulkCreateFailure"}
    responses |= {"Contact", "BulkCreateResponse", "BulkDeleteItem", "BulkDeleteResponse", "Error"}
    fields = {place: field for place, field in api.properties() if place.split(".")[0] in responses}
    nullable = {
        place
        for place, field in fields.items()
        if "null" in field.get("type", []) or {"type": "null"} in field.get("anyOf", [])
    }
    assert nullable == fields.keys()


def test_parameters_are_described(api: Api) -> None:
    """Each parameter has a description, a type and an example."""
    for place, parameter in api.parameters():
        schema = api.resolve(parameter["schema"])
        parts = [schema, *map(api.resolve, schema.get("allOf", []))]
        found = [any(key in part for part in parts) for key in ("type", "examples")]
        assert (bool(parameter["description"].strip()), found) == (True, [True, True]), place


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
    others = ("", ".", "..", "count", "bulk", "verify", "opt-out", "14155551234", "+0155551234", "+14")
    assert [each for each in ("+14155551234", *others) if re.fullmatch(pattern, each)] == ["+14155551234"]


def test_credentials(api: Api) -> None:
    """Every operation requires both headers together; none overrides the security requirement of the document."""
    schemes = api.root["components"]["securitySchemes"]
    required = [{(schemes[name]["in"], schemes[name]["name"]) for name in each} for each in api.root["security"]]
    assert required == [{("header", "sb-api-key-id"), ("header", "sb-api-secret-key")}]
    assert [name for name, operation in api.operations() if "security" in operation] == []
