"""Every example in the document validates against its schema, formats included."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.openapi.conftest import Api

# From page 003: a failure repeats the contact of the request, with its invalid phone number.
INVALID_NUMBER = "+invalid"
formats = FormatChecker(formats=())


@formats.checks("e164")
def _e164(value: object) -> bool:
    return not isinstance(value, str) or value == INVALID_NUMBER or re.fullmatch(r"\+[1-9]\d{6,14}", value) is not None


@formats.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@formats.checks("date", raises=ValueError)
def _date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


def examples(api: Api) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place, the schema and the value of every example in the document."""
    for place, node in api.parts():
        where = ".".join(place)
        if not isinstance(node, dict):
            continue
        if "schema" in node:  # a media type, a parameter or a header
            given = [api.resolve(each)["value"] for each in node.get("examples", {}).values()]
            yield from (
                (where, node["schema"], value) for value in [*given, *([node["example"]] if "example" in node else [])]
            )
        elif isinstance(node.get("examples"), list):  # a schema
            yield from ((where, node, value) for value in node["examples"])


def validation_errors(api: Api, schema: Any, value: Any) -> list[str]:
    """Return the validation errors of `value` against `schema`, a schema of the document."""
    whole = {"$ref": "#/schema", "schema": schema, "components": api.root["components"]}
    return [error.message for error in Draft202012Validator(whole, format_checker=formats).iter_errors(value)]


def test_every_example_is_valid(api: Api) -> None:
    """Examples of bodies, parameters, headers and fields match their schemas."""
    found = list(examples(api))
    invalid = {place: errors for place, schema, value in found if (errors := validation_errors(api, schema, value))}
    assert invalid == {}


def test_examples_are_found(api: Api) -> None:
    """The test above finds examples of request bodies, responses, fields, parameters and headers."""
    places = [place for place, _, _ in examples(api)]
    least = {
        r"\.requestBody\.": 10,
        r"\.responses\.": 20,
        r"^components\.schemas": 55,
        r"\.parameters\.": 9,
        r"\.headers\.": 2,
    }
    assert [part for part, many in least.items() if sum(bool(re.search(part, place)) for place in places) < many] == []


def test_every_named_example_is_used(api: Api) -> None:
    """Each example among the components is referenced, and therefore validated."""
    used = {node["$ref"].rsplit("/")[-1] for _, node in api.parts() if isinstance(node, dict) and "$ref" in node}
    assert set(api.root["components"]["examples"]) <= used


@pytest.mark.parametrize(
    ("of", "value"),
    [
        ("Contact", {"phone": "4155551234"}),
        ("Contact", {"created_at": "soon"}),
        ("Contact", {"tags": "VIP"}),
        ("ContactCreate", {}),
        ("BulkCreate", {"contacts": [{"first_name": "Ada"}]}),
    ],
)
def test_an_invalid_example_is_found(api: Api, of: str, value: object) -> None:
    """The validator follows references, and checks formats, types and required fields."""
    assert validation_errors(api, {"$ref": f"#/components/schemas/{of}"}, value)


def test_responses_with_preferred_names_and_aliases(api: Api) -> None:
    """The examples of a contact use preferred names, aliases, and both."""
    responses = [
        api.root["paths"]["/api/v2/contacts"]["get"]["responses"]["200"],
        api.root["components"]["responses"]["OneContact"],
    ]
    examples = [set(response["content"]["application/json"]["examples"]) for response in responses]
    assert [{"snake", "camel", "both"} - each for each in examples] == [set(), set()]
