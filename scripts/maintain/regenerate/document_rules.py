"""The rules of this project for the document, beyond those of OpenAPI: mistakes that the generator would not explain.

Each rule describes the mistake and how to fix it. The generator runs only on a document without mistakes, so that a
maintainer never has to look for one in generated code.
"""

from __future__ import annotations

from difflib import get_close_matches
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from openapi_python_client.strings import PythonIdentifier

from maintain.openapi_document import MAX_PROBLEMS, Document, DocumentError, Path
from maintain.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = dict[str, Any]

ALIASES = "x-aliases"
MEMBERS = frozenset({"additional_properties", "fields_set", "from_dict", "to_dict"})
"""The members of every generated model. The table `FIELDS` is in capitals, and so the attribute of no field."""
REMOVE = "remove the field: its value is in additional_properties"
EXAMPLES = frozenset({"default", "enum", "example", "examples", "const"})
"""The keywords whose values are data and not schemas."""
COMBINATIONS = ("allOf", "anyOf", "oneOf")
NULL = {"type": "null"}


def check_rules(document: Document) -> None:
    """Raise DocumentError, with a line for each mistake, unless the document follows the rules of this project."""
    problems = [
        ((*path, *place), text)
        for path, schema in _schemas(document.data, ())
        for rule in RULES
        for place, text in rule(schema)
    ]
    problems += [
        ((*path, *place), text)
        for path, parameter in _parameters(document.data, ())
        for place, text in _form_of_parameter(parameter)
    ]
    if problems:
        lines = [f"{document.location(path)}: {text}" for path, text in problems]
        raise DocumentError("\n".join(shortened(lines, MAX_PROBLEMS)))


# --- where the schemas are


def _schemas(value: object, path: Path) -> Iterator[tuple[Path, Schema]]:
    """Find every schema below a part of the document that is not a schema."""
    for step, child in _children(value):
        place = (*path, step)
        if isinstance(child, dict) and (step == "schema" or path == ("components", "schemas")):
            yield from _nested(child, place)
        elif step not in EXAMPLES:
            yield from _schemas(child, place)


def _parameters(value: object, path: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Find every parameter of an operation."""
    for step, child in _children(value):
        if path[-1:] == ("parameters",) and isinstance(child, dict):
            yield (*path, step), child
        elif step not in EXAMPLES:
            yield from _parameters(child, (*path, step))


def _nested(schema: Schema, path: Path) -> Iterator[tuple[Path, Schema]]:
    """Return a schema and those inside it."""
    yield path, schema
    inner: list[tuple[Path, object]] = [
        (("properties", name), field) for name, field in schema.get("properties", {}).items()
    ]
    inner += [((word, index), part) for word in COMBINATIONS for index, part in enumerate(schema.get(word, []))]
    inner += [((word,), schema.get(word)) for word in ("items", "additionalProperties", "not")]
    for place, part in inner:
        if isinstance(part, dict):
            yield from _nested(part, (*path, *place))


def _children(value: object) -> list[tuple[str | int, object]]:
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


# --- the rules: each returns the place in the schema and what to do


def _unknown_extension(schema: Schema) -> Iterator[tuple[Path, str]]:
    for key in schema:
        if key.startswith("x-") and key != ALIASES:
            nearest = (
                f"did you mean {ALIASES}?" if get_close_matches(key, [ALIASES]) else f"only {ALIASES} is; remove it"
            )
            yield (key,), f"{key} is not an extension that this project reads; {nearest}"


def _form_of_aliases(schema: Schema) -> Iterator[tuple[Path, str]]:
    for name, field in _fields(schema):
        given = field.get(ALIASES, [])
        if not isinstance(given, list) or not all(isinstance(alias, str) for alias in given):
            yield ("properties", name, ALIASES), f"the aliases must be a list of names; write [{given}]"
        for alias in _aliases(field):
            if not alias.isidentifier() or iskeyword(alias):
                text = (
                    f"{alias!r} is not a name in Python, where an alias is an argument; remove it or choose another one"
                )
                yield ("properties", name, ALIASES), text


def _collisions(schema: Schema) -> Iterator[tuple[Path, str]]:
    owners = {name: f"field {name}" for name, _ in _fields(schema)}
    for name, field in _fields(schema):
        for alias in _aliases(field):
            if alias == name:
                yield ("properties", name, ALIASES), f"the alias {alias} is the name of the field itself; remove it"
            elif alias in owners:
                text = f"the alias {alias} is already the name of the {owners[alias]}; remove one of them"
                yield ("properties", name, ALIASES), text
            owners.setdefault(alias, f"alias of {name}")


def _attributes(schema: Schema) -> Iterator[tuple[Path, str]]:
    owners: dict[str, str] = {}
    for name, _ in _fields(schema):
        attribute = PythonIdentifier(name, "field_")
        owner = owners.setdefault(attribute, name)
        if attribute in MEMBERS:
            problem = f"every generated model has a member {attribute}; {REMOVE}"
        elif not name.isidentifier():
            problem = f"{name!r} is not a name in Python; {REMOVE}"
        elif owner != name:
            problem = f"{owner} and {name} are both the attribute {attribute} in Python; make one an alias of the other"
        else:
            continue
        yield ("properties", name), problem


def _binary(schema: Schema) -> Iterator[tuple[Path, str]]:
    if schema.get("format") == "binary":
        yield ("format",), "JSON has no binary values; remove the format, or write contentEncoding: base64"


def _combination(schema: Schema) -> Iterator[tuple[Path, str]]:
    for word in COMBINATIONS:
        parts = schema.get(word, [])
        nullable = word != "allOf" and NULL in parts
        if parts and len(parts) - nullable != 1:
            yield (
                (word,),
                f"the client cannot represent this {word}; write one schema"
                + ("" if word == "allOf" else ", or one schema and `type: 'null'`")
                + ", or leave the type out and describe the values in the description",
            )


def _mixed_enum(schema: Schema) -> Iterator[tuple[Path, str]]:
    types = {type(value) for value in schema.get("enum", []) if value is not None}
    if len(types) > 1 or not types <= {str, int}:
        names = ", ".join(sorted(each.__name__ for each in types))
        yield ("enum",), f"the values of an enum must all be strings or all integers, not {names}; write one type"


def _form_of_parameter(parameter: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    style = parameter.get("style", "form")
    if style not in {"form", "simple"}:
        text = f"the client cannot send the style {style}; remove it: an array repeats the name of the parameter, or is"
        yield ("style",), f"{text} one value, separated by commas, with explode: false"
    if parameter.get("schema", {}).get("type") == "object":
        yield ("schema", "type"), "a parameter cannot be an object; write a parameter for each of its fields"


def _fields(schema: Schema) -> list[tuple[str, Schema]]:
    return [(name, field) for name, field in schema.get("properties", {}).items() if isinstance(field, dict)]


def _aliases(field: Schema) -> list[str]:
    given = field.get(ALIASES)
    return [alias for alias in given if isinstance(alias, str)] if isinstance(given, list) else []


RULES: tuple[Callable[[Schema], Iterator[tuple[Path, str]]], ...] = (
    _unknown_extension,
    _form_of_aliases,
    _collisions,
    _attributes,
    _binary,
    _combination,
    _mixed_enum,
)
