"""The query parameters of an operation: arguments of `contacts.list()`, and options of the command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from openapi_python_client.strings import PythonIdentifier

from maintain.json_pointer import at

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = {
    "boolean": ("boolean", "bool"),
    "date": ("date", "date | str"),
    "date-time": ("date-time", "datetime | str"),
    "e164": ("e164", "str"),
    "integer": ("integer", "int"),
    "number": ("number", "float"),
    "string": ("string", "str"),
}
"""The kind of a parameter, and the type of its argument, by the format or the type of its schema."""


class Parameter(NamedTuple):
    """A query parameter."""

    kind: str
    type: str
    description: str
    choices: tuple[str | int, ...]
    required: bool
    deprecated: bool


def query_parameters(operation: Any, data: Any) -> dict[str, Parameter]:  # noqa: ANN401 - any JSON
    """Return the query parameters of an operation of the document `data`, by the name of their argument."""
    given = [_resolved(each, data) for each in operation.get("parameters", [])]
    return {PythonIdentifier(each["name"], "field_"): _parameter(each, data) for each in given if each["in"] == "query"}


def _parameter(each: Any, data: Any) -> Parameter:  # noqa: ANN401 - any JSON
    schema = _resolved(each["schema"], data)
    text = each.get("description", "").removeprefix("Return ")
    return Parameter(
        *_kind(schema, data),
        text[:1].upper() + text[1:],
        tuple(_resolved(schema.get("items", schema), data).get("enum", ())),
        each.get("required", False),
        each.get("deprecated", False),
    )


def _kind(schema: Any, data: Any) -> tuple[str, str]:  # noqa: ANN401 - any JSON
    if "items" in schema:
        kind, type_ = _kind(_resolved(schema["items"], data), data)
        return f"array[{kind}]", f"Sequence[{type_}]"
    return KINDS.get(schema.get("format"), KINDS.get(str(schema.get("type")), ("any", "Any")))


def _resolved(part: Any, data: Any) -> Any:  # noqa: ANN401 - any JSON
    if "$ref" in part:
        return _resolved(at(data, part["$ref"]), data)
    return _resolved(part["allOf"][0], data) if len(part.get("allOf", ())) == 1 else part


def query_values(data: Any) -> dict[str, dict[str, tuple[str, ...]]]:  # noqa: ANN401 - any JSON
    """Return the values of query parameters by operationId: the default and the examples of each text with several."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for item in data["paths"].values():
        for operation in (each for each in item.values() if isinstance(each, dict)):
            for name, schema in _query_texts(operation):
                values = dict.fromkeys([schema.get("default", schema["examples"][0]), *schema["examples"]])
                found.setdefault(operation["operationId"], {})[name] = (*values,)
    return found


def _query_texts(operation: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON
    """Yield the name and the schema of each query parameter that is a text with several examples."""
    for parameter in operation.get("parameters", ()):
        schema = parameter.get("schema", {})
        if parameter.get("in") == "query" and schema.get("type") == "string" and len(schema.get("examples", ())) > 1:
            yield parameter["name"], schema
