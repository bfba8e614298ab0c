"""Two views of the document, one with what requests need and one with what responses need, and the aliases in each.

A schema that becomes wider is harmless in requests and breaks responses, so the views are compared separately.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from maintain.changes.report import ADDED, REMOVED, REQUESTS, RESPONSES, Change
from maintain.json_pointer import as_step, at
from maintain.openapi_document import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maintain.changes.names import Data

# For each schema, by its pointer: the property that each spelling stands for.
Spellings = dict[str, dict[str, str]]


def view(document: Data, side: str) -> Data:
    """Return the part of `document` that requests or responses need, without `x-aliases`."""
    kept: Data = json.loads(json.dumps(document), object_hook=_simplified)
    components = kept.setdefault("components", {})
    if side == RESPONSES:
        for holder, name in ((kept, "security"), (kept, "servers"), (components, "securitySchemes")):
            holder.pop(name, None)
    for item in kept.get("paths", {}).values():
        _strip(item, side)
    reached = _reached(document, [{key: value for key, value in kept.items() if key != "components"}])
    for kind in set(components) - {"securitySchemes"}:
        names = [name for name in components[kind] if f"#/components/{kind}/{name}" in reached]
        components[kind] = {name: components[kind][name] for name in names}
    return kept


def _simplified(part: Data) -> Data:
    """Return a part without `x-aliases`, and a reference alone, also in `allOf`, as an `anyOf` of one schema."""
    properties: Data = part["properties"] if isinstance(part.get("properties"), dict) else {}
    for name, schema in properties.items():
        if _is_reference(schema):
            properties[name] = {"anyOf": [schema]}
    for name in ("allOf", "oneOf"):
        members = part.get(name)
        if isinstance(members, list) and len(members) == 1 and _is_reference(members[0]):
            part["anyOf"] = part.pop(name)
    return {key: value for key, value in part.items() if key != "x-aliases"}


def _is_reference(schema: object) -> bool:
    return isinstance(schema, dict) and schema.keys() == {"$ref"}


def _strip(item: Data, side: str) -> None:
    operations = [operation for method, operation in item.items() if method in METHODS]
    for part in (item, *operations):
        for name in ("parameters", "requestBody", "security", "servers") if side == RESPONSES else ():
            part.pop(name, None)
    for operation in operations if side == REQUESTS else ():
        operation["responses"] = {"default": {"description": "any"}}


def _reached(document: Data, parts: list[Any]) -> set[str]:
    found: set[str] = set()
    while parts:
        new = {name for part in parts for name in re.findall(r'"\$ref": "(#/[^"]+)"', json.dumps(part))} - found
        found |= new
        parts = [at(document, pointer) for pointer in new]
    return found


def with_inherited(document: Data, other: Data) -> Data:
    """Return `document` with explicit `security` and `servers` where `other` has them, as redocly needs it."""
    paths = {}
    for path, item in document.get("paths", {}).items():
        there = other.get("paths", {}).get(path, {})
        parts = {name: _explicit({**document, **item}, part, there.get(name)) for name, part in item.items()}
        paths[path] = _explicit(document, parts, there)
    return {"security": [], **document, "paths": paths}


def _explicit(holder: Data, part: Any, other: Any) -> Any:  # noqa: ANN401 - an operation, or another part of a path
    names = [name for name in ("security", "servers") if isinstance(other, dict) and name in other]
    return {**{name: holder.get(name, []) for name in names}, **part} if isinstance(part, dict) else part


def spellings(document: Data, part: Data) -> Spellings:
    """Return, for each schema of the view `part`, the property of `document` that each spelling stands for."""
    return {
        pointer: {
            spelling: name
            for name in schema["properties"]
            for spelling in (name, *_aliases_of(at(document, f"{pointer}/properties/{as_step(name)}")))
        }
        for pointer, schema in _schemas(part, "#")
    }


def _aliases_of(schema: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    return list(schema.get("x-aliases", [])) if isinstance(schema, dict) else []


def _schemas(part: object, pointer: str) -> Iterator[tuple[str, Data]]:
    if isinstance(part, dict) and isinstance(part.get("properties"), dict):
        yield pointer, part
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, child in children:
        yield from _schemas(child, f"{pointer}/{as_step(str(key))}")


def compare_aliases(old: Spellings, new: Spellings, side: str) -> Iterator[Change]:
    """Yield the aliases that were added or removed, for the fields that exist in both."""
    for pointer in sorted(old.keys() & new.keys()):
        before, after = old[pointer], new[pointer]
        subject = pointer.rpartition("/")[2]
        for alias, name in sorted(before.items()):
            if alias != name and name in after and after.get(alias) != after[name]:
                yield Change(f"{subject}.{name}", REMOVED, f"alias `{alias}` removed", frozenset({side}))
        for alias, name in sorted(after.items()):
            if alias != name and name in before and alias not in before:
                yield Change(f"{subject}.{name}", ADDED, f"alias `{alias}` added")
