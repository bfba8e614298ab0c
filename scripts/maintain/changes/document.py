"""What changed in the document, and whom it breaks.

`redocly diff` finds the changes and rates them, in each half of the document by itself. RATINGS has what it rates
otherwise than this project means it.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maintain.changes.names import Data, name_of, steps_of
from maintain.changes.report import ADDED, CHANGED, REMOVED, REQUESTS, RESPONSES, WORDING, Change, shown
from maintain.changes.request_response_views import Spellings, compare_aliases, half, spellings, with_security
from maintain.venvs import node_tool, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KINDS = {"added": ADDED, "removed": REMOVED}
# What only people read: attributes, and what redocly calls whole parts.
WORDS = frozenset({"description", "summary", "title", "example", "examples"})
READ = frozenset({"Info", "Contact", "License", "Tag", "TagList", "ExternalDocs", "ExamplesMap", "Example"})
# Attributes that say what a part is called: it is told of under its old name.
NAMING = frozenset({"key", "name", "in"})
# Attributes that are sets, and how it is said that one grew or shrank.
SETS = {
    "required": ("now requires", "no longer requires"),
    "enum": ("value added:", "value dropped:"),
    "type": ("type added:", "type dropped:"),
}
# What takes a field away from requests, and from answers.
UNSENT = {REQUESTS: "readOnly", RESPONSES: "writeOnly"}


def compare(old: Data, new: Data) -> list[Change]:
    """Return how the document `new` differs from `old`; what happens on both sides is one change."""
    breaks: dict[tuple[str, str, str], frozenset[str]] = {}
    for side in (REQUESTS, RESPONSES):
        for change in _compare(old, new, side):
            key = (change.subject, change.kind, change.text)
            breaks[key] = breaks.get(key, frozenset()) | change.breaks
    return [Change(*key, sides) for key, sides in breaks.items()]


def _compare(old: Data, new: Data, side: str) -> Iterator[Change]:
    before, after = (half(with_security(*pair), side) for pair in ((old, new), (new, old)))
    spelled = spellings(old, before), spellings(new, after)
    yield from compare_aliases(*spelled, side)
    yield from _servers(before, after)
    for entry in diff(before, after) if before != after else ():
        if _is_used(entry) and (side == REQUESTS or "/responses/" in entry["path"]):
            yield _change(entry, (before, after), spelled, side)


def _servers(old: Data, new: Data) -> Iterator[Change]:
    """Yield what redocly does not see: another order of the same servers. All of them go on answering."""
    before, after = ([each["url"] for each in document.get("servers", [])] for document in (old, new))
    kept = [each for each in before if each in after]
    if after[: len(kept)] != kept:
        yield Change("servers", CHANGED, f"are in another order: {', '.join(map(shown, after))}")


def _is_used(entry: Data) -> bool:
    """Whether a request or an answer has it: what stands under components is told where it is used."""
    return entry["path"].startswith("#/components/securitySchemes") or not entry["path"].startswith("#/components/")


def diff(old: Data, new: Data) -> list[Data]:
    """Return what `redocly diff` lists."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, document in (("old.json", old), ("new.json", new)):
            (folder / file).write_text(json.dumps(document), encoding="utf-8")
        options = ("--format=json", "--fail-on=none", "--output=report.json")
        run([*node_tool("redocly"), "diff", "old.json", "new.json", *options], cwd=folder)
        report: Data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return [{"base": None, "revision": None, "property": None, **entry} for entry in report["changes"]]


def _change(entry: Data, documents: tuple[Data, Data], spelled: tuple[Spellings, Spellings], side: str) -> Change:
    was = entry["kind"] == "removed" or entry["property"] in NAMING
    document, place = (documents[0], entry["base"]) if was else (documents[1], entry["revision"])
    # What only this place lost is told of by its place: elsewhere the schema has it still.
    is_here = _is_field(entry) and _stays(entry, spelled[1])
    subject = name_of(document, entry["path"] if is_here else _place(place["pointer"], entry["property"]))
    owner = _owner(entry, spelled[1]) if _is_field(entry) else None
    kind, text = (CHANGED, f"is an alias of `{owner}` now") if owner else _told(entry)
    return Change(subject, kind, text, frozenset({side} if _breaks(entry, spelled, side) else ()))


def _place(pointer: str, attribute: str | None) -> str:
    """Return the pointer of what has the attribute; redocly gives now that and now the attribute's own."""
    return pointer.removesuffix(f"/{attribute}") if attribute not in {None, "key"} else pointer


def _told(entry: Data) -> tuple[str, str]:
    attribute, before, after = entry["property"], _value(entry["base"]), _value(entry["revision"])
    if _is_wording(entry):
        return WORDING, f"its {attribute or 'wording'} is another"
    if entry["typeName"] == "SecurityRequirement":
        secrets = attribute or ", ".join(before or after) or "nothing"
        return KINDS.get(entry["kind"], CHANGED), f"{'no longer' if after is None else 'now'} asks for {secrets}"
    if attribute is None:
        return KINDS[entry["kind"]], KINDS[entry["kind"]]
    if attribute == "key":
        return CHANGED, f"renamed to {shown(after)}"
    return _from_to(attribute, before, after)


def _value(place: Data | None) -> Any:  # noqa: ANN401 - whatever stands there
    return (place or {}).get("value")


def _is_wording(entry: Data) -> bool:
    return entry["property"] in WORDS or entry["typeName"] in READ


def _from_to(attribute: str, before: Any, after: Any) -> tuple[str, str]:  # noqa: ANN401 - whatever stands there
    if attribute in SETS and (attribute == "required" or None not in (before, after)) and not isinstance(after, bool):
        return _gained_and_lost(attribute, _listed(before), _listed(after))
    if before is None:
        return CHANGED, f"its {attribute} is {shown(after)} now, and was not stated"
    if after is None:
        return CHANGED, f"its {attribute} is no longer stated, and was {shown(before)}"
    return CHANGED, f"its {attribute} is {shown(after)} now, and was {shown(before)}"


def _listed(value: Any) -> list[str]:  # noqa: ANN401 - whatever stands there
    return list(map(str, value)) if isinstance(value, list) else [str(value)] * (value is not None)


def _gained_and_lost(attribute: str, before: list[str], after: list[str]) -> tuple[str, str]:
    gained, lost = SETS[attribute]
    come, gone = [each for each in after if each not in before], [each for each in before if each not in after]
    told = [f"{gained} {shown(come)}"] * bool(come) + [f"{lost} {shown(gone)}"] * bool(gone)
    kind = ADDED if come and not gone and attribute != "required" else CHANGED
    return kind, ", ".join(told) or f"its {attribute} is in another order"


# --- whom it breaks


def _breaks(entry: Data, spelled: tuple[Spellings, Spellings], side: str) -> bool:
    key = "gone" if _is_field(entry) else entry["property"]
    return RATINGS.get(key, _as_redocly)(entry, spelled, side)


def _is_field(entry: Data) -> bool:
    """Whether a property of a schema went, or has another name now."""
    is_property = steps_of(entry["path"])[-2:-1] == ["properties"] and entry["typeName"] == "Schema"
    return is_property and (entry["kind"] == "removed" or entry["property"] == "key")


def _as_redocly(entry: Data, _spelled: tuple[Spellings, Spellings], _side: str) -> bool:
    return bool(entry["impact"] == "major")


def _gone(entry: Data, spelled: tuple[Spellings, Spellings], _side: str) -> bool:
    """A field that went breaks both sides, though schemas are open; not while its name lives on as an alias."""
    return _owner(entry, spelled[1]) is None


def _owner(entry: Data, spelled: Spellings) -> str | None:
    """Return the field that the name of a field which went is an alias of now; None where it is of none."""
    schema, _, name = entry["base"]["pointer"].rpartition("/properties/")
    return None if _stays(entry, spelled) else spelled.get(schema, {}).get(name)


def _stays(entry: Data, spelled: Spellings) -> bool:
    """Whether a field that went here is still in its schema: this place has another schema now."""
    schema, _, name = entry["base"]["pointer"].rpartition("/properties/")
    return bool(spelled.get(schema, {}).get(name) == name)


def _default(entry: Data, _spelled: tuple[Spellings, Spellings], side: str) -> bool:
    """Who left the field out gets something else now. A default that was not stated before tells what was so."""
    return side == REQUESTS and _value(entry["base"]) is not None


def _required(entry: Data, spelled: tuple[Spellings, Spellings], side: str) -> bool:
    """A required field with a new name is no new demand, while the old name lives on as an alias."""
    if side == RESPONSES or not isinstance(_value(entry["revision"]), list):
        return _as_redocly(entry, spelled, side)
    before, after = (set(_listed(_value(entry[each]))) for each in ("base", "revision"))
    owners = spelled[1].get(_place(entry["revision"]["pointer"], "required"), {})
    return bool(after - before - {owners.get(name) for name in before})


def _never_sent(entry: Data, _spelled: tuple[Spellings, Spellings], side: str) -> bool:
    """A field that only answers have must not be sent now, and one that only requests have is in no answer."""
    return bool(_value(entry["revision"])) and entry["property"] == UNSENT[side]


def _harmless(_entry: Data, _spelled: tuple[Spellings, Spellings], _side: str) -> bool:
    """Nothing of it is sent: Python callers see it, and griffe tells of that."""
    return False


# What redocly rates otherwise, or not at all.
RATINGS: dict[str | None, Callable[[Data, tuple[Spellings, Spellings], str], bool]] = {
    "gone": _gone,
    "default": _default,
    "required": _required,
    "operationId": _harmless,
    "readOnly": _never_sent,
    "writeOnly": _never_sent,
}
