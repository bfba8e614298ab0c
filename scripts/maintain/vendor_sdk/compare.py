"""Where the vendor's library and our document differ, one line each; the lines are what openapi/upstream.toml lists.

An alias of ours is the same field. In answers aliases are not compared: what the vendor's library leaves out there
comes all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maintain.openapi_document import METHODS
from maintain.vendor_sdk.source import ANSWER, BODY, QUERY, Field, Operation, Operations

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

Data = dict[str, Any]
Fields = dict[str, Field]
# Whose field a spelling stands for.
Owners = dict[str, str]


# --- our side


def ours(document: Data) -> tuple[Operations, dict[tuple[str, str], Owners]]:
    """Return the operations of the document, and for each place of each what its spellings stand for."""
    found: Operations = {}
    owners: dict[tuple[str, str], Owners] = {}
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            name = f"{method.upper()} {path}"
            read = {place: _read(document, schema) for place, schema in _places(document, item[method]).items()}
            found[name] = Operation(item[method].get("deprecated", False), {each: one[0] for each, one in read.items()})
            owners |= {(name, place): one[1] for place, one in read.items()}
    return dict(sorted(found.items())), owners


def _places(document: Data, operation: Data) -> dict[str, Data]:
    """Return the schema of the query, of the body and of the answer of an operation."""
    query = [_followed(document, each) for each in operation.get("parameters", [])]
    properties = {each["name"]: each["schema"] for each in query if each["in"] == "query"}
    required = [each["name"] for each in query if each.get("required")]
    answer = next(
        _followed(document, each) for status, each in operation["responses"].items() if status.startswith("2")
    )
    return {
        QUERY: {"properties": properties, "required": required},
        BODY: _json(operation.get("requestBody", {})),
        ANSWER: _json(answer),
    }


def _json(holder: Data) -> Data:
    found: Data = holder.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _followed(document: Data, part: Data) -> Data:
    while "$ref" in part:
        steps = part["$ref"].split("/")[1:]
        part = document
        for step in steps:
            part = part[step]
    return part


def _read(document: Data, schema: Data, prefix: str = "") -> tuple[Fields, Owners]:
    fields: Fields = {}
    owners: Owners = {}
    for form in _forms(document, schema):
        if "items" in form:
            _merge(_read(document, form["items"], f"{prefix.removesuffix('.')}[]."), fields, owners)
        for name, each in form.get("properties", {}).items():
            full = prefix + name
            fields[full] = _field(document, each, required=name in form.get("required", []))
            owners |= {prefix + spelling: full for spelling in (name, *each.get("x-aliases", []))}
            _merge(_read(document, each, f"{full}."), fields, owners)
    return fields, owners


def _merge(read: tuple[Fields, Owners], fields: Fields, owners: Owners) -> None:
    fields |= read[0]
    owners |= read[1]


def _forms(document: Data, schema: Data) -> list[Data]:
    """Return a schema without references, as the list of the forms that it allows."""
    whole = _followed(document, schema)
    inner = [each for word in ("anyOf", "oneOf", "allOf") for each in whole.get(word, [])]
    return [whole, *(form for each in inner for form in _forms(document, each))]


def _field(document: Data, schema: Data, *, required: bool) -> Field:
    forms = _forms(document, schema)
    types = [each for form in forms for each in _types(form) if each != "null"]
    values = tuple(str(each) for form in forms for each in form.get("enum", []))
    deprecated = any(form.get("deprecated", False) for form in forms)
    return Field(" or ".join(dict.fromkeys(types)), required, deprecated, values, _held(document, forms))


def _held(document: Data, forms: list[Data]) -> str:
    """Return the types of what an array, or an object with keys of one's own, holds."""
    held = [form[word] for form in forms for word in ("items", "additionalProperties") if word in form]
    inner = [form for each in held if isinstance(each, dict) for form in _forms(document, each)]
    return " or ".join(dict.fromkeys(each for form in inner for each in _types(form) if each != "null"))


def _types(form: Data) -> list[str]:
    found = form.get("type", [])
    return [found] if isinstance(found, str) else list(found)


# --- both sides


def differences(vendors: Operations, document: Data) -> list[str]:
    """Return a line for each difference; the same difference always gives the same line."""
    mine, owners = ours(document)
    lines = [f"{name}: the operation is the vendor's alone" for name in vendors if name not in mine]
    lines += [f"{name}: the operation is ours alone" for name in mine if name not in vendors]
    for name in vendors.keys() & mine.keys():
        lines += _deprecations(f"{name}: the operation", vendors[name].deprecated, mine[name].deprecated)
        for place in (QUERY, BODY, ANSWER):
            fields = vendors[name].fields.get(place, {}), mine[name].fields.get(place, {})
            lines += _fields(f"{name}: {place}", *fields, owners.get((name, place), {}), place)
    return sorted(lines)


def _fields(
    start: str, theirs: Mapping[str, Field], mine: Mapping[str, Field], owners: Owners, place: str
) -> Iterator[str]:
    for name in theirs:
        about = f"{start} `{name}`"
        if name in mine:
            yield from _field_differences(about, theirs[name], mine[name], place)
        elif name in owners and place != ANSWER and not theirs[name].deprecated:
            yield f"{about} is no alias for the vendor, and stands for `{owners[name]}` here"
    yield from (f"{start} `{name}` is the vendor's alone" for name in _alone(theirs, owners))
    # In an answer one spelling is enough; in a request each is promised.
    known = {*theirs, *(owners[name] for name in theirs if name in owners)} if place == ANSWER else theirs
    for name in _alone(mine if place == ANSWER else owners, known):
        kind = "" if name in mine else f" (for `{owners[name]}`)"
        yield f"{start} `{name}`{kind} is ours alone"


def _alone(names: Iterable[str], others: Container[str]) -> list[str]:
    """Return those that the other side has not, without what is inside of one."""
    alone = [name for name in names if name not in others]
    holders = tuple(f"{name}{inside}" for name in alone for inside in (".", "[]"))
    return [name for name in alone if not name.startswith(holders)]


def _field_differences(about: str, theirs: Field, mine: Field, place: str) -> Iterator[str]:
    if theirs.type != mine.type:
        yield f"{about} is {theirs.type or 'anything'} for the vendor, {mine.type or 'anything'} here"
    if theirs.items and mine.items and theirs.items != mine.items:
        yield f"{about} holds {theirs.items} for the vendor, {mine.items} here"
    if place != ANSWER and theirs.required != mine.required:
        yield f"{about} is {'required' if theirs.required else 'optional'} for the vendor and not here"
    if set(theirs.values) != set(mine.values):
        yield f"{about} may be {_any(theirs.values)} for the vendor, {_any(mine.values)} here"
    yield from _deprecations(about, theirs.deprecated, mine.deprecated)


def _any(values: tuple[str, ...]) -> str:
    return ", ".join(sorted(values)) or "anything"


def _deprecations(about: str, theirs: bool, mine: bool) -> list[str]:  # noqa: FBT001 - one for each side, in order
    who = "the vendor" if theirs else "us"
    return [f"{about} is deprecated by {who} alone"] if theirs != mine else []
