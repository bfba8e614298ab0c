"""The form of the document for the generator, of which it would otherwise ignore or multiply a part."""

from typing import Any

import pytest
import yaml
from maintain.openapi_document import Document
from maintain.regenerate.generator_input import generator_input

DOCUMENT = """\
paths:
  /pets:
    parameters:
    - {name: old, in: query, deprecated: true, description: Old., schema: {type: string}}
    get:
      operationId: list_pets
      deprecated: true
      description: List the pets.
      parameters:
      - {name: tag, in: query, explode: false, description: The tags., schema: {type: array}}
      - {name: word, in: query, explode: false, description: The word., schema: {type: string}}
components:
  schemas:
    Cat:
      properties:
        mood: {type: [string, 'null'], enum: [wild, calm, null], description: The mood., x-aliases: [catMood]}
        size: {enum: [1, 2]}
        color: {type: string, enum: [red]}
        cat: {type: string, enum: [one]}
        name: {type: string, deprecated: true}
    Dog:
      properties:
        mood: {type: string, enum: [wild, calm]}
        color: {type: string, enum: [blue]}
        toys: {type: array, items: {type: string, enum: [ball]}}
"""
MOOD, OR_NULL = {"$ref": "#/components/schemas/Mood"}, {"type": "null"}


@pytest.fixture
def prepared() -> Any:
    """The document in the form for the generator."""
    return generator_input(Document("pets.yaml", DOCUMENT, yaml.safe_load(DOCUMENT)))


def test_an_enum_is_one_type(prepared: Any) -> None:
    """Equal enums of one name are one schema, nullable or not; others are named after the schema too."""
    schemas = prepared["components"]["schemas"]
    cat, dog = schemas["Cat"]["properties"], schemas["Dog"]["properties"]
    values = {"x-choices": ["wild", "calm"]}
    assert cat["mood"] == {"description": "The mood.", "x-aliases": ["catMood"], "anyOf": [MOOD, OR_NULL], **values}
    assert dog["mood"] == {"allOf": [MOOD], **values}
    assert dog["toys"]["items"]["allOf"] == [{"$ref": "#/components/schemas/Toys"}]
    assert {name: each["enum"] for name, each in schemas.items() if "enum" in each} == {
        "Mood": ["wild", "calm"],
        "Size": [1, 2],
        "CatColor": ["red"],
        "DogColor": ["blue"],
        "CatCat": ["one"],
        "Toys": ["ball"],
    }
    assert schemas["Size"]["type"] == "integer"


def test_what_is_deprecated_is_described_as_deprecated(prepared: Any) -> None:
    """The descriptions of deprecated operations, parameters and fields end with a sentence."""
    pets = prepared["paths"]["/pets"]
    assert pets["get"]["description"] == "List the pets. Deprecated."
    assert pets["parameters"][0]["description"] == "Old. Deprecated."
    assert prepared["components"]["schemas"]["Cat"]["properties"]["name"]["description"] == "Deprecated."


def test_separated_values_are_described(prepared: Any) -> None:
    """The description of an array with `explode: false` says how it is sent."""
    descriptions = [each["description"] for each in prepared["paths"]["/pets"]["get"]["parameters"]]
    assert descriptions == ["The tags. Sent as one value, separated by commas.", "The word."]
