"""Which column is which field: first what a person says, then the field's own spellings, then synonyms. Pure.

A title is matched without regard to case, spaces and punctuation: `first_name`, `firstName` and `First Name` are one.
A map has a column for each label, `custom_variables.Lead Source`, and the label is never respelled. Fields come from
the tables of the generated models, so that a new field of the document is known here by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from sendblue_contacts.errors import mask
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from .errors import TransferError
from .layouts import Layout, Slot, Target, said
from .synonyms import SYNONYMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from .layouts import Fields
    from .mapping import ColumnMap

LINE, REASON, TEXT = "_line", "_reason", "_text"
OURS = (LINE, REASON, TEXT)
"""Columns of a rejects file that are no data: where the row stood, why it was refused, and what could not be read."""

_MOST_LAYOUTS = 256  # JSON that invents keys must not fill the memory
_USED, _READ_ONLY, _UNMAPPED, _LEFT_OUT = "used", "read only", "unmapped", "left out"


class _Place(NamedTuple):
    """What became of a title, what it fills, and how much it is preferred (lower is more)."""

    became: str
    target: Target | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class ColumnsReport:
    """What became of the columns of a file.

    Attributes:
        used: Each field that is filled, and its columns in the order of preference.
        unmapped: Columns that are no field. They were left out, or became custom variables.
        as_variables: Whether they became custom variables.
        read_only: Columns that only the server sets, such as `created_at`. They were left out.
    """

    used: tuple[tuple[str, tuple[str, ...]], ...]
    unmapped: tuple[str, ...]
    as_variables: bool
    read_only: tuple[str, ...]


class Columns:
    """The columns of one file, by their titles.

    Args:
        column_map: What a person says about them.
        fields: What the contacts can have.
        is_text: Whether every cell is text.
        escaped: Whether cells have an apostrophe where a spreadsheet would run them.

    Raises:
        TransferError: The map names a field that there is not.
    """

    def __init__(
        self, column_map: ColumnMap, fields: Fields = BulkContact.FIELDS, *, is_text: bool = True, escaped: bool = False
    ) -> None:
        self._rest_as_variables = column_map.rest_as_variables
        self._fields = fields
        self._how = {"is_text": is_text, "escaped": escaped}
        self._known = dict(_known(fields))
        self._read_only = {_loose(spelling) for _, spelling in _spellings(Contact.FIELDS)}
        self._by_hand = {title.strip(): self._named(text) for title, text in column_map.columns.items()}
        self._places: dict[str, _Place] = {}
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def layout(self, titles: tuple[str, ...]) -> Layout:
        """How rows with these titles are read."""
        found = self._layouts.get(titles)
        if found is None:
            found = Layout(self._slots(titles), self._fields, **self._how)
            if len(self._layouts) < _MOST_LAYOUTS:
                self._layouts[titles] = found
        return found

    def check(self, titles: tuple[str, ...]) -> None:
        """Refuse a header that lacks what every contact must have, or a column that the map names.

        Raises:
            TransferError: It does.
        """
        if not titles:
            raise TransferError("the file is empty: its first row must say what its columns are")
        absent = self._by_hand.keys() - {title.strip() for title in titles}
        if absent:
            raise TransferError(f"there is no column {_listed(sorted(absent))}; there are {_listed(titles)}")
        filled = {slot.target.name for slot in self._slots(titles)}
        for name, field in self._fields.items():
            if field.required and name not in filled:
                way_out = f"say which one it is: --map 'COLUMN={name}', ColumnMap({{'COLUMN': '{name}'}})"
                raise TransferError(f"no column is the {said(name)}; there are {_listed(titles)}; {way_out}")

    def report(self) -> ColumnsReport:
        """What became of the titles that were met so far."""
        used: dict[str, list[tuple[int, str]]] = {}
        for title, place in self._places.items():
            if place.target and place.became == _USED:
                used.setdefault(place.target.title, []).append((place.rank, title))
        return ColumnsReport(
            used=tuple((target, tuple(title for _, title in sorted(found))) for target, found in used.items()),
            unmapped=self._titles(_UNMAPPED),
            as_variables=self._rest_as_variables,
            read_only=self._titles(_READ_ONLY),
        )

    def _titles(self, became: str) -> tuple[str, ...]:
        return tuple(title for title, place in self._places.items() if place.became == became)

    def _slots(self, titles: Sequence[str]) -> list[Slot]:
        found: dict[Target, list[tuple[int, int]]] = {}
        for position, title in enumerate(titles):
            place = self._places.get(title) or self._places.setdefault(title, self._find(title))
            if place.target:
                found.setdefault(place.target, []).append((place.rank, position))
        return [
            Slot(target, self._fields[target.name].kind, tuple(position for _, position in sorted(found[target])))
            for target in sorted(found, key=lambda each: each.label is not None)  # labels go into a map that is whole
        ]

    def _find(self, title: str) -> _Place:
        bare = title.strip()
        if bare in self._by_hand:
            target = self._by_hand[bare]
            return _Place(_USED if target else _LEFT_OUT, target, list(self._by_hand).index(bare))
        if bare in {*OURS, ""}:
            return _Place(_LEFT_OUT)
        target, rank = self._target(title)
        if target and target not in self._by_hand.values():
            return _Place(_USED, target, rank)
        if target is None and _loose(title) in self._read_only:
            return _Place(_READ_ONLY)
        return _Place(_UNMAPPED, self._variable(title), len(self._known))

    def _variable(self, title: str) -> Target | None:
        name = next((name for name, field in self._fields.items() if field.kind == "map"), None)
        return Target(name, title) if name and self._rest_as_variables else None

    def _target(self, title: str) -> tuple[Target | None, int]:
        head, dot, label = title.partition(".")
        owner, rank = self._known.get(_loose(head), (None, 0))
        if dot and owner and self._fields[owner].kind == "map":
            return Target(owner, label), rank
        name, rank = self._known.get(_loose(title), (None, 0))
        return Target(name) if name else None, rank

    def _named(self, text: str) -> Target | None:
        """The field that a person names; None for nothing."""
        target, _ = self._target(text)
        if text and target is None:
            raise TransferError(unknown(text, self._fields, "field"))
        return target


def unknown(title: str, fields: Fields, what: str = "column") -> str:
    """A sentence about a title that is no field."""
    near = get_close_matches(title.partition(".")[0], [spelling for _, spelling in _spellings(fields)], n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    there_are = ", ".join(name + (".<label>" if field.kind == "map" else "") for name, field in fields.items())
    return f"unknown {what} {mask(repr(title))}{hint}; there can be, in any spelling, {there_are}"


def _spellings(fields: Fields) -> Iterator[tuple[str, str]]:
    return ((name, spelling) for name, field in fields.items() for spelling in (name, *field.aliases))


def _known(fields: Fields) -> Mapping[str, tuple[str, int]]:
    """Each title that is known, loosely spelled, with its field and its rank among the field's titles."""
    ranked = [
        (_loose(title), name, rank, synonym not in fields)
        for name in fields
        for rank, synonym in enumerate(SYNONYMS.get(name, (name,)))
        for title in _all_spellings(name, synonym, fields)
    ]
    known: dict[str, tuple[str, int]] = {}
    for title, name, rank, _ in sorted(ranked, key=lambda each: each[3]):  # a field's own spelling before any synonym
        known.setdefault(title, (name, rank))
    return known


def _all_spellings(name: str, synonym: str, fields: Fields) -> Iterable[str]:
    return (name, *fields[name].aliases) if synonym == name else (synonym,)


def _loose(title: str) -> str:
    return re.sub(r"[\W_]", "", title).casefold()


def _listed(titles: Iterable[str]) -> str:
    return ", ".join(mask(repr(title)) for title in titles)
