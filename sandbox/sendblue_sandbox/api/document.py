"""The document. The one room that reads OpenAPI: every field, alias and type of the sandbox comes from here.

Nothing in this file knows a field or an operation by its name. A field that is added to the document is known to the
sandbox the next time it starts.
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

Node: TypeAlias = dict[str, Any]

VARIABLE = "SENDBLUE_SANDBOX_DOCUMENT"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# A body can hold a hundred thousand errors; the first few are enough to name one.
MOST_ERRORS = 10
# Rules of JSON Schema that have better words than their names.
RULES = {"enum": "must be one of {1}", "minimum": "must be at least {1}"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one schema.

    Attributes:
        names: The preferred names, in the document's order.
        preferred: Every spelling that the document has, to its preferred name.
        camel: Preferred names to their first alias, where they have one.
        empty: Preferred names to the value of a field that nobody gave: a list, an object or None, by its type.
        children: The shapes of fields that are objects, or arrays of objects.
        required: The fields that a request cannot leave out.
    """

    names: tuple[str, ...]
    preferred: Mapping[str, str]
    camel: Mapping[str, str]
    empty: Mapping[str, object]
    children: Mapping[str, Shape]
    required: tuple[str, ...]
    validator: Any

    def complaint(self, body: Mapping[str, object]) -> str | None:
        """Say which field is not as documented, or None if all are.

        Args:
            body: Values by preferred names.
        """
        return complaint(self.validator, body)


@dataclass(frozen=True, slots=True)
class Query:
    """The query parameters of one operation.

    Attributes:
        parameters: The schema of each, by its name.
    """

    parameters: Mapping[str, Node]
    validator: Any

    def is_whole(self, name: str) -> bool:
        """Whether a parameter is a whole number."""
        return self.parameters[name].get("type") == "integer"

    def complaint(self, values: Mapping[str, object]) -> str | None:
        """Say which parameter is not as documented, or None if all are; one above its maximum is."""
        return complaint(self.validator, values)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: where it is, what it takes and what it answers."""

    name: str
    method: str
    path: str
    query: Query
    body: Shape | None
    answer: Shape


class Document:
    """An OpenAPI document, read once when a sandbox is made.

    Args:
        path: The YAML file; None looks for it, see `find`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no OpenAPI document.
    """

    def __init__(self, path: PathLike | None = None) -> None:
        found = find(path)
        try:
            self._read(yaml.load(found.read_bytes(), Loader=_LOADER))  # noqa: S506 - the safe loader, in C if there
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, StopIteration, re.error) as error:
            message = f"{found} is not a document to work from ({error!r}): correct it, or give another with document=."
            raise ValueError(message) from error

    def _read(self, root: Node) -> None:
        self._root = root
        self._components: Node = root["components"]
        self.operations = tuple(self._operations())
        self.contact = self._shape({"$ref": "#/components/schemas/Contact"})
        self.credentials = tuple(self._credentials())
        self.number = re.compile(self._number(), re.ASCII)

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._root["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method])

    def _operation(self, path: str, method: str, node: Node) -> Operation:
        parameters = [self._resolve(parameter) for parameter in node.get("parameters", [])]
        query = self._query({each["name"]: each["schema"] for each in parameters if each["in"] == "query"})
        body = self._schema_of(node["requestBody"]) if "requestBody" in node else None
        answer = self._schema_of(node["responses"].get("200", {}))
        return Operation(node["operationId"], method.upper(), path, query, body, answer)

    def _query(self, schemas: Mapping[str, Node]) -> Query:
        resolved = {name: self._resolve(schema) for name, schema in schemas.items()}
        # What is done about a number above its maximum is a setting, so that is not for the validator to say.
        open_ended = {name: {key: each[key] for key in each.keys() - {"maximum"}} for name, each in resolved.items()}
        return Query(resolved, Draft202012Validator({"properties": open_ended, "components": self._components}))

    def _schema_of(self, node: Node) -> Shape:
        content: Node = self._resolve(node).get("content", {})
        return self._shape(content["application/json"]["schema"] if content else {})

    def _shape(self, node: Node) -> Shape:
        properties = self._properties(node)
        aliases = {name: tuple(each.get("x-aliases", ())) for name, each in properties.items()}
        return Shape(
            names=tuple(properties),
            preferred={spelling: name for name in properties for spelling in (*aliases[name], name)},
            camel={name: spellings[0] for name, spellings in aliases.items() if spellings},
            empty={name: self._empty(each) for name, each in properties.items()},
            children={
                name: self._shape(self._item(each)) for name, each in properties.items() if self._properties(each)
            },
            required=tuple(self._resolve(node).get("required", ())),
            validator=Draft202012Validator({**node, "components": self._components}),
        )

    def _properties(self, node: Node) -> dict[str, Node]:
        resolved = self._resolve(node)
        found: dict[str, Node] = dict(resolved.get("properties", {}))
        for branch in (*_branches(resolved), *_items(resolved)):
            found.update(self._properties(branch))
        return found

    def _item(self, node: Node) -> Node:
        resolved = self._resolve(node)
        item: Node = resolved.get("items", node)
        return item

    def _empty(self, node: Node) -> object:
        types = set(self._types(node))
        return [] if "array" in types else {} if "object" in types else None

    def _types(self, node: Node) -> Iterator[str]:
        resolved = self._resolve(node)
        types = resolved.get("type", [])
        yield from [types] if isinstance(types, str) else types
        for branch in _branches(resolved):
            yield from self._types(branch)

    def _resolve(self, node: Node) -> Node:
        while "$ref" in node:
            target: Node = self._root
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def _credentials(self) -> Iterator[str]:
        for requirement in self._root["security"]:
            for name in requirement:
                yield self._components["securitySchemes"][name]["name"]

    def _number(self) -> str:
        parameters: dict[str, Node] = self._components["parameters"]
        pattern: str = next(each["schema"]["pattern"] for each in parameters.values() if each["in"] == "path")
        return pattern


def find(path: PathLike | None = None) -> Path:
    """Find the document: as given, as the environment says, beside this package (a wheel), or in the source tree.

    Args:
        path: Where it is, if the caller knows.

    Raises:
        FileNotFoundError: It is not there.
    """
    given = path or os.environ.get(VARIABLE)
    here = Path(__file__).resolve().parents[1]
    places = [Path(given)] if given else [here / "contacts.yaml", here.parents[1] / "openapi" / "contacts.yaml"]
    for place in places:
        if place.is_file():
            return place
    looked = " or ".join(map(str, places))
    message = f"The sandbox's OpenAPI document is not at {looked}: give its path with document= or in {VARIABLE}."
    raise FileNotFoundError(message)


def _branches(node: Node) -> list[Node]:
    return [branch for key in ("allOf", "anyOf", "oneOf") for branch in node.get(key, [])]


def _items(node: Node) -> list[Node]:
    return [node["items"]] if "items" in node else []


def complaint(validator: Any, values: Mapping[str, object]) -> str | None:  # noqa: ANN401 - its stub is no type to name
    """Say what is wrong with some values, or None if nothing is."""
    errors: Iterator[ValidationError] = validator.iter_errors(values)
    error = cast("ValidationError | None", best_match(islice(errors, MOST_ERRORS)))
    return None if error is None else _sentence(error)


def _sentence(error: ValidationError) -> str:
    # Not error.message: that repeats the value, which can be a megabyte or a phone number.
    where = ".".join(map(str, error.absolute_path)) or "the request body"
    types = [name for cause in (error, *(error.context or ())) for name in _wanted_types(cause)]
    if types:
        return f"{where} must be {' or '.join(types)}"
    rule = RULES.get(str(error.validator), "breaks the rule {0!r} of the document")
    return f"{where} {rule.format(error.validator, _joined(error.validator_value))}"


def _joined(value: object) -> str:
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def _wanted_types(error: ValidationError) -> list[str]:
    if error.validator != "type":
        return []
    wanted: Any = error.validator_value
    return [wanted] if isinstance(wanted, str) else wanted
