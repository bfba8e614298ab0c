"""The document as the generator reads it: what the generator ignores is written in a form that it supports.

| in the document                          | for the generator                                                 |
|------------------------------------------|-------------------------------------------------------------------|
| an enum in a property, perhaps with null | a schema of its own: one type for all properties with this name   |
|                                          | and these values, instead of several for each of them             |
| `deprecated: true`                       | the sentence DEPRECATED at the end of the description             |
| `explode: false` of an array parameter   | the sentence COMMAS at the end of the description                 |
| the description of a parameter           | the description of its schema, which the docstrings show          |
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from openapi_python_client.strings import ClassName

from maintain.openapi_document import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maintain.openapi_document import Document

DEPRECATED = "Deprecated."
COMMAS = "Sent as one value, separated by commas."
CHOICES = "x-choices"
"""The key of a property under which the templates find the values of its enum in the order of the document."""
NULL = {"type": "null"}
_VALUES = ("type", "enum")


def generator_input(document: Document) -> dict[str, Any]:
    """Return a copy of the data of a document, in the form for the generator."""
    data = copy.deepcopy(document.data)
    for described in _described(data):
        if described.get("deprecated") is True:
            _add_sentence(described, DEPRECATED)
        if described.get("explode") is False and described.get("schema", {}).get("type") == "array":
            _add_sentence(described, COMMAS)
        if "schema" in described and "description" in described:
            schema = described["schema"]
            schema = {"allOf": [schema]} if "$ref" in schema else schema
            described["schema"] = {**schema, "description": described["description"]}
    _name_enums(data.get("components", {}).get("schemas", {}))
    return data


def _add_sentence(described: dict[str, Any], sentence: str) -> None:
    text = described.get("description", "").rstrip()
    described["description"] = f"{text} {sentence}".strip()


def _described(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Find the operations, the parameters and the properties of the schemas."""
    components = data.get("components", {})
    holders = [*data.get("paths", {}).values()]
    operations = [operation for item in holders for method, operation in item.items() if method in METHODS]
    yield from operations
    yield from components.get("parameters", {}).values()
    for holder in (*holders, *operations):
        yield from holder.get("parameters", [])
    for _, _, field in _properties(components.get("schemas", {})):
        yield field


def _properties(schemas: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Find the properties of the schemas, with the names of both."""
    for schema_name, schema in schemas.items():
        for name, field in schema.get("properties", {}).items():
            if isinstance(field, dict):
                yield schema_name, name, field


def _name_enums(schemas: dict[str, Any]) -> None:
    """Move the enums of properties, and of the items of arrays, into schemas of their own, and refer to them."""
    single = [*_properties(schemas)]
    items = [(schema, name, field["items"]) for schema, name, field in single if isinstance(field.get("items"), dict)]
    found = [each for each in (*single, *items) if "enum" in each[2]]
    values: dict[str, list[list[object]]] = defaultdict(list)
    for _, name, field in found:
        if (each := _non_null(field)) not in values[_class_name(name)]:
            values[_class_name(name)].append(each)
    taken = {_class_name(name) for name in schemas}
    for schema_name, name, field in found:
        own = _class_name(name)
        is_unique = len(values[own]) == 1 and own not in taken
        target = own if is_unique else _class_name(f"{schema_name}_{name}")
        if _non_null(field):
            schemas[target] = {"type": _type(field), "enum": _non_null(field)}
            _refer(field, target)


def _refer(field: dict[str, Any], target: str) -> None:
    is_nullable = None in field["enum"] or "null" in field.get("type", ())
    reference = {"$ref": f"#/components/schemas/{target}"}
    values = _non_null(field)
    for key in _VALUES:
        field.pop(key, None)
    field |= {"anyOf": [reference, NULL]} if is_nullable else {"allOf": [reference]}
    field[CHOICES] = values  # the generator sorts those of the schema


def _non_null(field: dict[str, Any]) -> list[object]:
    return [value for value in field["enum"] if value is not None]


def _type(field: dict[str, Any]) -> str:
    return "integer" if isinstance(_non_null(field)[0], int) else "string"


def _class_name(name: str) -> str:
    return str(ClassName(name, "Field"))
