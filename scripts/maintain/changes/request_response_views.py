"""The two halves of the document, what requests come from and what answers come from, and the spellings in each.

A schema that widens is harmless in one half and breaks the other, so each is compared by itself.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from maintain.changes.names import Data, as_step, at
from maintain.changes.report import ADDED, REMOVED, REQUESTS, RESPONSES, Change
from maintain.openapi_document import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator

# Which property each spelling means, in each schema, by its pointer.
Spellings = dict[str, dict[str, str]]


def half(document: Data, side: str) -> Data:
    """Return the part of a document that requests, or answers, come from, without `x-aliases`."""
    kept: Data = json.loads(json.dumps(document), object_hook=_without_aliases)
    components = kept.setdefault("components", {})
    if side == RESPONSES:
        kept.pop("security", None)
        kept.pop("servers", None)
        components.pop("securitySchemes", None)
    for item in kept.get("paths", {}).values():
        _strip(item, side)
    return _prune(kept)


def _without_aliases(part: Data) -> Data:
    return {key: value for key, value in part.items() if key != "x-aliases"}


def with_security(document: Data, other: Data) -> Data:
    """Return a document that says what secrets it asks for wherever `other` does: what is not said is rated wrongly."""
    paths = {
        path: {
            name: _secured(document, part, other.get("paths", {}).get(path, {}).get(name))
            for name, part in item.items()
        }
        for path, item in document.get("paths", {}).items()
    }
    return {"security": [], **document, "paths": paths}


def _secured(document: Data, part: Any, other: Any) -> Any:  # noqa: ANN401 - an operation, or what else a path has
    is_stated_there = isinstance(other, dict) and "security" in other
    return {"security": document.get("security", []), **part} if is_stated_there else part


def _strip(item: Data, side: str) -> None:
    operations = [operation for method, operation in item.items() if method in METHODS]
    for part in (item, *operations):
        for name in ("parameters", "requestBody", "security", "servers") if side == RESPONSES else ():
            part.pop(name, None)
    for operation in operations if side == REQUESTS else ():
        operation["responses"] = {"default": {"description": "any"}}


def _prune(document: Data) -> Data:
    components: Data = document["components"]
    reached = _reached(document, [{key: value for key, value in document.items() if key != "components"}])
    for kind in set(components) - {"securitySchemes"}:
        components[kind] = {
            name: value for name, value in components[kind].items() if f"#/components/{kind}/{name}" in reached
        }
    return document


def _reached(document: Data, parts: list[Any]) -> set[str]:
    found: set[str] = set()
    while parts:
        new = {reference for part in parts for reference in _references(part)} - found
        found |= new
        parts = [at(document, reference) for reference in new]
    return found


def _references(part: object) -> list[str]:
    return re.findall(r'"\$ref": "(#/[^"]+)"', json.dumps(part))


# --- x-aliases


def spellings(document: Data, part: Data) -> Spellings:
    """Return for each schema of `part`, by its pointer, the property that each spelling means in `document`."""
    return {
        pointer: {
            spelling: name
            for name in found["properties"]
            for spelling in (name, *_aliases_of(at(document, f"{pointer}/properties/{as_step(name)}")))
        }
        for pointer, found in _schemas(part, "#")
    }


def _aliases_of(schema: Any) -> list[str]:  # noqa: ANN401 - whatever stands there
    return list(schema.get("x-aliases", [])) if isinstance(schema, dict) else []


def _schemas(part: object, pointer: str) -> Iterator[tuple[str, Data]]:
    if isinstance(part, dict) and isinstance(part.get("properties"), dict):
        yield pointer, part
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, child in children:
        yield from _schemas(child, f"{pointer}/{as_step(str(key))}")


def compare_aliases(old: Spellings, new: Spellings, side: str) -> Iterator[Change]:
    """Yield what happened to the aliases of the fields that are in both."""
    for pointer in sorted(old.keys() & new.keys()):
        before, after = _by_alias(old[pointer]), _by_alias(new[pointer])
        subject = pointer.rpartition("/")[2]
        for alias, name in sorted(before.items()):
            owner = new[pointer].get(name)
            if owner and new[pointer].get(alias) != owner:
                yield Change(f"{subject}.{name}", REMOVED, f"alias `{alias}` removed", frozenset({side}))
        for alias, name in sorted(after.items()):
            if alias not in old[pointer] and name in old[pointer]:
                yield Change(f"{subject}.{name}", ADDED, f"alias `{alias}` added")


def _by_alias(owners: dict[str, str]) -> dict[str, str]:
    return {spelling: name for spelling, name in owners.items() if spelling != name}
