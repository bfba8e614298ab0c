"""The OpenAPI document: the source of every operation, field, alias and type of the sandbox.

Nothing in this module refers to a field or an operation by name. After a field is added to the document, the sandbox
supports it at the next start.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match  # pyright: ignore[reportUnknownVariableType] - its stub names no return type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema.exceptions import ValidationError

    from sendblue_sandbox.config import PathLike

SchemaNode: TypeAlias = dict[str, Any]

DOCUMENT_VARIABLE = "SENDBLUE_SANDBOX_DOCUMENT"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# A body can have a hundred thousand errors; a few are enough to select one to report.
MAX_ERRORS = 10
# Messages for keywords of JSON Schema.
KEYWORD_MESSAGES = {"enum": "must be one of {1}", "minimum": "must be at least {1}"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """The fields of one object schema.

    Attributes:
        names: The preferred names, in the order of the document.
        preferred: From each spelling in the document to the preferred name.
        camel: From the preferred name to the first alias, for fields that have aliases.
        empty_values: From the preferred name to the value of an empty field: a list, a map or None, by its type.
        children: The schemas of fields that are objects, or arrays of objects.
        properties: The schema of each field, without references and alternatives; `type` is a list without `null`.
        required: The required fields.
        defaults: From the preferred name to the default, for fields that have one.
        validator: The JSON Schema validator.
    """

    names: tuple[str, ...]
    preferred: Mapping[str, str]
    camel: Mapping[str, str]
    empty_values: Mapping[str, object]
    children: Mapping[str, ObjectSchema]
    properties: Mapping[str, SchemaNode]
    required: tuple[str, ...]
    defaults: Mapping[str, object]
    validator: Any

    def named(self, spelling: str) -> str:
        """Return the preferred name of a field for any of its spellings; an unknown spelling is returned unchanged."""
        return self.preferred.get(spelling, spelling)

    def renamed(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return values under the preferred names of their fields."""
        return {self.named(name): value for name, value in values.items()}

    def violation(self, body: Mapping[str, object]) -> str | None:
        """Describe a field that does not match the schema; None if all fields match.

        Args:
            body: The values by preferred name.
        """
        return describe_violation(self.validator, body)


@dataclass(frozen=True, slots=True)
class QuerySchema:
    """The query parameters of one operation.

    Attributes:
        parameters: The schema of each parameter, by name.
        defaults: The default of each parameter that has one, by name.
        separated: The array parameters whose items are one value, separated by commas (`explode: false`).
        validator: The JSON Schema validator.
    """

    parameters: Mapping[str, SchemaNode]
    defaults: Mapping[str, object]
    separated: frozenset[str]
    validator: Any

    def is_array(self, name: str) -> bool:
        """Return whether a parameter is an array."""
        return "items" in self.parameters[name]

    def item_type(self, name: str) -> str:
        """Return the JSON type of a parameter, or of each of its items."""
        schema = self.parameters[name]
        item: SchemaNode = schema.get("items", schema)
        return str(item.get("type"))

    def violation(self, values: Mapping[str, object]) -> str | None:
        """Describe a parameter that does not match its schema, maximums aside; None if all parameters match."""
        return describe_violation(self.validator, values)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its route, its parameters, and its request and response bodies."""

    name: str
    method: str
    path: str
    query: QuerySchema
    body: ObjectSchema | None
    response: ObjectSchema


class Document:
    """An OpenAPI document, read once when a sandbox is created.

    Args:
        path: The YAML file; None uses the default, see `find_document`.

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file is not a valid OpenAPI document.
    """

    def __init__(self, path: PathLike | None = None) -> None:
        found = find_document(path)
        try:
            self._read(load_document(found))
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, StopIteration, re.error) as error:
            message = f"{found} is not a valid OpenAPI document ({error!r}). Correct it, or pass another as document=."
            raise ValueError(message) from error

    def _read(self, root: SchemaNode) -> None:
        self._root = root
        self._components: SchemaNode = root["components"]
        self.operations: tuple[Operation, ...] = tuple(self._operations())
        self.contact: ObjectSchema = self._object_schema({"$ref": "#/components/schemas/Contact"})
        self.credential_headers: tuple[str, ...] = tuple(self._credential_headers())
        self.phone_number: re.Pattern[str] = re.compile(self._phone_pattern(), re.ASCII)

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method])

    def _operation(self, path: str, method: str, node: SchemaNode) -> Operation:
        parameters = [self._resolve(parameter) for parameter in node.get("parameters", [])]
        query = self._query_schema([item for item in parameters if item["in"] == "query"])
        body = self._content_schema(node["requestBody"]) if "requestBody" in node else None
        response = self._content_schema(node["responses"].get("200", {}))
        return Operation(node["operationId"], method.upper(), path, query, body, response)

    def _query_schema(self, parameters: list[SchemaNode]) -> QuerySchema:
        resolved = {item["name"]: self._with_items(self._resolve(item["schema"])) for item in parameters}
        # A setting decides about values above the maximum, so the validator must not refuse them.
        unbounded = {
            name: {key: schema[key] for key in schema.keys() - {"maximum"}} for name, schema in resolved.items()
        }
        validator = Draft202012Validator({"properties": unbounded, "components": self._components})
        one_value = {item["name"] for item in parameters if item.get("explode") is False}
        separated = frozenset(name for name in one_value if "items" in resolved[name])
        return QuerySchema(resolved, _defaults(resolved), separated, validator)

    def _with_items(self, schema: SchemaNode) -> SchemaNode:
        return {**schema, "items": self._resolve(schema["items"])} if "items" in schema else schema

    def _content_schema(self, node: SchemaNode) -> ObjectSchema:
        content: SchemaNode = self._resolve(node).get("content", {})
        return self._object_schema(content["application/json"]["schema"] if content else {})

    def _object_schema(self, node: SchemaNode) -> ObjectSchema:
        properties = self._properties(node)
        aliases = {name: tuple(schema.get("x-aliases", ())) for name, schema in properties.items()}
        return ObjectSchema(
            names=tuple(properties),
            preferred={spelling: name for name in properties for spelling in (*aliases[name], name)},
            camel={name: spellings[0] for name, spellings in aliases.items() if spellings},
            empty_values={name: self._empty_value(schema) for name, schema in properties.items()},
            children={
                name: self._object_schema(self._item(schema))
                for name, schema in properties.items()
                if self._properties(schema)
            },
            properties={name: self._flattened(schema) for name, schema in properties.items()},
            required=tuple(self._resolve(node).get("required", ())),
            defaults=_defaults(properties),
            validator=Draft202012Validator({**node, "components": self._components}),
        )

    def _properties(self, node: SchemaNode) -> dict[str, SchemaNode]:
        resolved = self._resolve(node)
        found: dict[str, SchemaNode] = dict(resolved.get("properties", {}))
        for branch in (*_branches(resolved), *_items(resolved)):
            found.update(self._properties(branch))
        return found

    def _item(self, node: SchemaNode) -> SchemaNode:
        resolved = self._resolve(node)
        item: SchemaNode = resolved.get("items", node)
        return item

    def _empty_value(self, node: SchemaNode) -> object:
        types = set(self._types(node))
        is_map = "object" in types and not self._properties(node)
        return [] if "array" in types else {} if is_map else None

    def _flattened(self, node: SchemaNode) -> SchemaNode:
        resolved = {**self._resolve(node), **node}
        flat: SchemaNode = {}
        for branch in _branches(resolved):
            flat.update(self._flattened(branch))
        types = [name for name in dict.fromkeys(self._types(node)) if name != "null"]
        items = {"items": self._flattened(resolved["items"])} if "items" in resolved else {}
        return {**flat, **resolved, "type": types, **items}

    def _types(self, node: SchemaNode) -> Iterator[str]:
        resolved = self._resolve(node)
        types = resolved.get("type", [])
        yield from [types] if isinstance(types, str) else types
        for branch in _branches(resolved):
            yield from self._types(branch)

    def _resolve(self, node: SchemaNode) -> SchemaNode:
        while "$ref" in node:
            target: SchemaNode = self._root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _credential_headers(self) -> Iterator[str]:
        for requirement in self._root["security"]:
            for name in requirement:
                yield self._components["securitySchemes"][name]["name"]

    def _phone_pattern(self) -> str:
        parameters: dict[str, SchemaNode] = self._components["parameters"]
        pattern: str = next(item["schema"]["pattern"] for item in parameters.values() if item["in"] == "path")
        return pattern


def load_document(path: Path) -> SchemaNode:
    """Parse a document."""
    loaded: SchemaNode = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader, in C if available
    return loaded


def find_document(path: PathLike | None = None) -> Path:
    """Return the path of the document: the argument, the environment variable, in this package, or in the source tree.

    Args:
        path: The path, or None for the other places in this order.

    Raises:
        FileNotFoundError: The document does not exist.
    """
    given = path or os.environ.get(DOCUMENT_VARIABLE)
    package = Path(__file__).resolve().parents[1]
    places = [Path(given)] if given else [package / "contacts.yaml", package.parents[1] / "openapi" / "contacts.yaml"]
    for place in places:
        if place.is_file():
            return place
    tried = " or ".join(map(str, places))
    message = f"The OpenAPI document does not exist at {tried}. Pass its path as document= or in {DOCUMENT_VARIABLE}."
    raise FileNotFoundError(message)


def _defaults(schemas: Mapping[str, SchemaNode]) -> dict[str, object]:
    return {name: schema["default"] for name, schema in schemas.items() if "default" in schema}


def _branches(node: SchemaNode) -> list[SchemaNode]:
    return [branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, [])]


def _items(node: SchemaNode) -> list[SchemaNode]:
    return [node["items"]] if "items" in node else []


def describe_violation(validator: Any, values: Mapping[str, object]) -> str | None:  # noqa: ANN401 - its stub has no usable type
    """Describe an error in values; None if they are valid."""
    errors: Iterator[ValidationError] = validator.iter_errors(values)
    error = cast("ValidationError | None", best_match(islice(errors, MAX_ERRORS)))
    return None if error is None else _describe(error)


def _describe(error: ValidationError) -> str:
    # Not error.message, which repeats the value: it can be a megabyte long or a phone number.
    field = ".".join(map(str, error.absolute_path)) or "the request body"
    types = [name for cause in (error, *(error.context or ())) for name in _expected_types(cause)]
    if types:
        return f"{field} must be {' or '.join(types)}"
    template = KEYWORD_MESSAGES.get(str(error.validator), "violates {0!r} in the document")
    return f"{field} {template.format(error.validator, _joined(error.validator_value))}"


def _joined(value: object) -> str:
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def _expected_types(error: ValidationError) -> list[str]:
    if error.validator != "type":
        return []
    expected: Any = error.validator_value
    return [expected] if isinstance(expected, str) else expected
