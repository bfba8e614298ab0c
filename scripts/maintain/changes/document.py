"""Changes of the OpenAPI document, and whether each breaks requests or responses.

`redocly diff` finds and rates the changes, separately in the view of requests and in that of responses. RATINGS
contains what this project rates differently.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maintain.changes.names import Data, name_of
from maintain.changes.report import ADDED, CHANGED, REMOVED, REQUESTS, RESPONSES, WORDING, Change, shown
from maintain.changes.request_response_views import Spellings, compare_aliases, spellings, view, with_inherited
from maintain.json_pointer import steps_of
from maintain.venvs import node_tool, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

BATCH = Path(__file__).with_name("redocly_batch.mjs")
KINDS = {"added": ADDED, "removed": REMOVED}
# What only people read: attributes, and the parts of the document that redocly reports as a whole.
TEXT_ATTRIBUTES = frozenset({"description", "summary", "title", "example", "examples"})
TEXT_PARTS = frozenset({"Info", "Contact", "License", "Tag", "TagList", "ExternalDocs", "ExamplesMap", "Example"})
# Attributes that rename a part; the part is reported under its old name.
NAMING = frozenset({"key", "name", "in"})
# Attributes that are sets, and how additions and removals read.
SETS = {
    "required": ("now requires", "no longer requires"),
    "enum": ("value added:", "value removed:"),
    "type": ("type added:", "type removed:"),
}
# The attribute that removes a field from each side.
EXCLUDES = {REQUESTS: "readOnly", RESPONSES: "writeOnly"}


class View:
    """The changes between two documents that concern requests, or those that concern responses."""

    def __init__(self, old: Data, new: Data, side: str) -> None:
        """Compute the parts of both documents that this side needs."""
        self.side = side
        self.before, self.after = (view(with_inherited(*pair), side) for pair in ((old, new), (new, old)))
        self.old_spellings, self.new_spellings = spellings(old, self.before), spellings(new, self.after)

    def changes(self, entries: Iterable[Data]) -> Iterator[Change]:
        """Yield the changes, given what `redocly diff` reports."""
        yield from compare_aliases(self.old_spellings, self.new_spellings, self.side)
        yield from _order_of_servers(self.before, self.after)
        for entry in entries:
            if _is_used(entry) and (self.side == REQUESTS or "/responses/" in entry["path"]):
                yield _change(entry, (self.before, self.after), self.new_spellings, self.side)


def compare(old: Data, new: Data) -> list[Change]:
    """Return how the document `new` differs from `old`. The same change on both sides is one change."""
    return compare_all([(old, new)])[0]


def compare_all(pairs: Iterable[tuple[Data, Data]]) -> list[list[Change]]:
    """Return the result of `compare` for each pair of documents. Node runs once for all of them."""
    views = [tuple(View(old, new, side) for side in (REQUESTS, RESPONSES)) for old, new in pairs]
    reports = iter(diff([(each.before, each.after) for both in views for each in both]))
    return [_merged(change for each in both for change in each.changes(next(reports))) for both in views]


def _merged(changes: Iterable[Change]) -> list[Change]:
    breaks: dict[tuple[str, str, str], frozenset[str]] = {}
    for change in changes:
        key = (change.subject, change.kind, change.text)
        breaks[key] = breaks.get(key, frozenset()) | change.breaks
    return [Change(*key, sides) for key, sides in breaks.items()]


def _order_of_servers(old: Data, new: Data) -> Iterator[Change]:
    """Yield a new order of the same servers, which redocly does not report."""
    before, after = ([server["url"] for server in document.get("servers", [])] for document in (old, new))
    kept = [url for url in before if url in after]
    if after[: len(kept)] != kept:
        yield Change("servers", CHANGED, f"new order: {', '.join(map(shown, after))}")


def _is_used(entry: Data) -> bool:
    """Whether a request or response uses the part: a component is reported where it is used."""
    return entry["path"].startswith("#/components/securitySchemes") or not entry["path"].startswith("#/components/")


def diff(pairs: Sequence[tuple[Data, Data]]) -> list[list[Data]]:
    """Return the changes that `redocly diff` reports for each pair of documents; equal documents are not compared."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        commands = [_command(folder, number, *pair) for number, pair in enumerate(pairs) if pair[0] != pair[1]]
        (folder / "commands.json").write_text(json.dumps(commands), encoding="utf-8")
        if commands:
            node, redocly = node_tool("redocly")
            run([node, str(BATCH), redocly, "commands.json"], cwd=folder)
        return [[] if old == new else _reported(folder, number) for number, (old, new) in enumerate(pairs)]


def _command(folder: Path, number: int, old: Data, new: Data) -> list[str]:
    """Write two documents, and return the arguments that make redocly compare them."""
    names = [f"{number}-{age}.json" for age in ("old", "new")]
    for name, document in zip(names, (old, new), strict=True):
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return ["diff", *names, "--format=json", "--fail-on=none", f"--output={number}.report"]


def _reported(folder: Path, number: int) -> list[Data]:
    report: Data = json.loads((folder / f"{number}.report").read_text(encoding="utf-8"))
    return [{"base": None, "revision": None, "property": None, **entry} for entry in report["changes"]]


def _change(entry: Data, documents: tuple[Data, Data], after: Spellings, side: str) -> Change:
    is_old = entry["kind"] == "removed" or entry["property"] in NAMING
    document, place = (documents[0], entry["base"]) if is_old else (documents[1], entry["revision"])
    # If only this place lost the field, the place is the subject: the schema still has the field elsewhere.
    is_local = _is_field(entry) and _stays(entry, after)
    subject = name_of(document, entry["path"] if is_local else _holder(place["pointer"], entry["property"]))
    owner = _owner(entry, after) if _is_field(entry) else None
    kind, text = (CHANGED, f"became an alias of `{owner}`") if owner else _text(entry)
    rating = RATINGS.get("field" if _is_field(entry) else entry["property"], _rated_by_redocly)
    return Change(subject, kind, text, frozenset({side} if rating(entry, after, side) else ()))


def _holder(pointer: str, attribute: str | None) -> str:
    """Return the pointer of the part with the attribute; redocly reports either that or the attribute's own."""
    return pointer.removesuffix(f"/{attribute}") if attribute not in {None, "key"} else pointer


def _text(entry: Data) -> tuple[str, str]:
    attribute, before, after = entry["property"], _value(entry["base"]), _value(entry["revision"])
    if attribute in TEXT_ATTRIBUTES or entry["typeName"] in TEXT_PARTS:
        return WORDING, f"{attribute or 'wording'} changed"
    if entry["typeName"] == "SecurityRequirement":
        secrets = attribute or ", ".join(before or after) or "nothing"
        return KINDS.get(entry["kind"], CHANGED), f"{'no longer' if after is None else 'now'} requires {secrets}"
    if attribute is None:
        return KINDS[entry["kind"]], KINDS[entry["kind"]]
    return _attribute_text(attribute, before, after)


def _attribute_text(attribute: str, before: Any, after: Any) -> tuple[str, str]:  # noqa: ANN401 - any JSON value
    if attribute == "key":
        return CHANGED, f"renamed to {shown(after)}"
    if attribute in SETS and (attribute == "required" or None not in (before, after)) and not isinstance(after, bool):
        return _members(attribute, _listed(before), _listed(after))
    if before is None:
        return CHANGED, f"{attribute} added: {shown(after)}"
    if after is None:
        return CHANGED, f"{attribute} removed, was {shown(before)}"
    return CHANGED, f"{attribute} changed from {shown(before)} to {shown(after)}"


def _value(place: Data | None) -> Any:  # noqa: ANN401 - any JSON value
    return (place or {}).get("value")


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    return list(map(str, value)) if isinstance(value, list) else [str(value)] * (value is not None)


def _members(attribute: str, before: list[str], after: list[str]) -> tuple[str, str]:
    added, removed = SETS[attribute]
    new = [member for member in after if member not in before]
    gone = [member for member in before if member not in after]
    texts = [f"{added} {shown(new)}"] * bool(new) + [f"{removed} {shown(gone)}"] * bool(gone)
    kind = ADDED if new and not gone and attribute != "required" else CHANGED
    return kind, ", ".join(texts) or f"new order of {attribute}"


def _is_field(entry: Data) -> bool:
    """Whether a property of a schema was removed or renamed."""
    is_property = steps_of(entry["path"])[-2:-1] == ["properties"] and entry["typeName"] == "Schema"
    return is_property and (entry["kind"] == "removed" or entry["property"] == "key")


def _rated_by_redocly(entry: Data, _after: Spellings, _side: str) -> bool:
    return bool(entry["impact"] == "major")


def _field(entry: Data, after: Spellings, _side: str) -> bool:
    """A removed field breaks both sides, although schemas are open, unless its name remains as an alias."""
    return _owner(entry, after) is None


def _owner(entry: Data, after: Spellings) -> str | None:
    """Return the field of which the name of a removed field is now an alias, if any."""
    schema, _, name = entry["base"]["pointer"].rpartition("/properties/")
    return None if _stays(entry, after) else after.get(schema, {}).get(name)


def _stays(entry: Data, after: Spellings) -> bool:
    """Whether the schema still has a field that was removed here: this place now has another schema."""
    schema, _, name = entry["base"]["pointer"].rpartition("/properties/")
    return bool(after.get(schema, {}).get(name) == name)


def _default(entry: Data, _after: Spellings, side: str) -> bool:
    """Callers that omit the field get another value. A default that was not documented before changes nothing."""
    return side == REQUESTS and _value(entry["base"]) is not None


def _required(entry: Data, after: Spellings, side: str) -> bool:
    """A renamed required field breaks nothing while its old name remains as an alias."""
    if side == RESPONSES or not isinstance(_value(entry["revision"]), list):
        return _rated_by_redocly(entry, after, side)
    old, new = (set(_listed(_value(entry[place]))) for place in ("base", "revision"))
    owners = after.get(_holder(entry["revision"]["pointer"], "required"), {})
    return bool(new - old - {owners.get(name) for name in old})


def _excluded(entry: Data, _after: Spellings, side: str) -> bool:
    """A field that became read-only cannot be sent any more, and a write-only one is not in responses any more."""
    return bool(_value(entry["revision"])) and entry["property"] == EXCLUDES[side]


RATINGS: dict[str | None, Callable[[Data, Spellings, str], bool]] = {
    "field": _field,
    "default": _default,
    "required": _required,
    # It is not sent. If it affects Python callers, the comparison of the packages reports it.
    "operationId": lambda _entry, _after, _side: False,
    "readOnly": _excluded,
    "writeOnly": _excluded,
}
