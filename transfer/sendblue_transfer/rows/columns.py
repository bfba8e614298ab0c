"""Which column fills which field. No I/O.

The explicit column map comes first, then the spellings of the field, then synonyms. Titles are compared without case,
spaces and punctuation: `first_name`, `firstName` and `First Name` are equal. A map has a column per label, such as
`custom_variables.Lead Source`, and the label is kept as it is; an object has a column per field of it. The fields come
from the tables of the generated models, so a field that is added to the OpenAPI document needs no change here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from sendblue_contacts._masking import mask
from sendblue_contacts.responses import shown_fields
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from sendblue_transfer.errors import TransferError
from sendblue_transfer.sources.record import RESERVED

from .cells import FIRST_PART, LABELS, OTHER_PARTS, unescape_formula
from .column_synonyms import (
    LABEL_TITLES,
)
from .named_fields import FIRST_NAME, LAST_NAME, OPT_OUT, TAGS, synonyms
from .names import find_name_column
from .opt_outs import KIND_OF_TITLE
from .row_parser import ColumnTarget, FieldCells, RowParser, field_label
from .titles import normalise_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sendblue_contacts_api.types import Field

    from sendblue_transfer.sources.record import CellType

    from .column_map import ColumnMap
    from .row_parser import Fields

_DIGITS_OF_A_NUMBER = 7  # no title has as many
_MAX_PARSERS = 256  # these bound the memory for JSON in which every object has other keys
_MAX_TITLES = 1_000
_MAX_TITLE_CHARACTERS = 100
MAX_SHOWN = 20
"""Titles that an error shows."""
_USED, _READ_ONLY, _UNMAPPED, _IGNORED = "used", "read only", "unmapped", "ignored"
_NAME = "name"
"""The usage of a column of names that depends on the other columns: with a target it has one name, else both."""
_LABEL_TITLES = {*map(normalise_title, LABEL_TITLES)}


class _Match(NamedTuple):
    """How a title is used, which field it fills, and its rank among the titles for that field (lower is preferred)."""

    usage: str
    target: ColumnTarget | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class ColumnsReport:
    """How the columns of a file are used.

    Attributes:
        used: Each field that is filled, with its columns in order of preference.
        unmapped: Columns that match no field. They are not imported, or become custom variables. Of the keys of JSON
            objects, at most a thousand are listed here and in `used`.
        as_variables: Whether unmapped columns become custom variables.
        read_only: Columns that only the server sets, such as `created_at`. They are not imported.
        split: Columns of full names, of which the first word becomes `first_name` and the others `last_name`.
    """

    used: tuple[tuple[str, tuple[str, ...]], ...]
    unmapped: tuple[str, ...]
    as_variables: bool
    read_only: tuple[str, ...]
    split: tuple[str, ...] = ()


class Columns:
    """The columns of one file.

    Args:
        column_map: The explicit mapping of columns to fields.
        fields: The fields that a contact can have.
        is_text: Whether every cell is text, or has the type of its column.
        cell_types: The types of the cells of columns that are not text.
        escaped: Whether an apostrophe precedes cells that a spreadsheet would run as formulas.
        keeps_blanks: Whether the value of a blank cell is None, where it would otherwise be absent.

    Raises:
        TransferError: The map names an unknown field.
    """

    def __init__(
        self,
        column_map: ColumnMap,
        fields: Fields = BulkContact.FIELDS,
        *,
        is_text: bool = True,
        escaped: bool = False,
        keeps_blanks: bool = False,
        cell_types: Mapping[str, CellType] | None = None,
    ) -> None:
        self._cell_types = cell_types or {}
        self._rest_as_variables = column_map.rest_as_variables
        self._fields = fields
        self._is_text = is_text
        self._escaped = escaped
        self._keeps_blanks = keeps_blanks
        self._known_titles = {**_titles_in_exports(fields), **_known_titles(fields)}
        self._read_only = {*_known_titles(Contact.FIELDS)} - {*self._known_titles}
        self._mapped = {title.strip(): self._mapped_target(name) for title, name in column_map.columns.items()}
        self._matches: dict[str, _Match] = {}
        self._parsers: dict[tuple[str, ...], RowParser] = {}

    def parser(self, titles: tuple[str, ...]) -> RowParser:
        """Return the parser for rows with these titles."""
        parser = self._parsers.get(titles)
        if parser is None:
            parser = RowParser(
                self._field_cells(titles),
                self._fields,
                is_text=self._is_text,
                escaped=self._escaped,
                keeps_blanks=self._keeps_blanks,
            )
            if len(self._parsers) < _MAX_PARSERS:
                self._parsers[titles] = parser
        return parser

    def check(self, titles: tuple[str, ...]) -> None:
        """Check that a header has the required fields, and the columns that the column map names.

        Raises:
            TransferError: The header is empty, or a column is missing.
        """
        if not titles:
            raise TransferError("the file is empty; its first row must contain the column titles")
        missing = self._mapped.keys() - {title.strip() for title in titles}
        if missing:
            raise TransferError(f"the file has no column {_quoted(sorted(missing))}; {self._described(titles)}")
        filled = {each.target.name for each in self._field_cells(titles)}
        for name, field in self._fields.items():
            if field.required and name not in filled:
                raise TransferError(
                    f"no column matches the {field_label(name)}; {self._described(titles)}; "
                    f"name the column with --map 'COLUMN={name}' (ColumnMap({{'COLUMN': '{name}'}}))"
                )

    def _described(self, titles: tuple[str, ...]) -> str:
        """Return the titles, or none of them if the row may be a contact: no error shows personal data."""
        if any(map(_is_number_or_email, titles)):
            return "the first row contains a contact instead of column titles; add a row with the titles"
        if not any(map(self._is_known, titles)):
            return (
                "the first row has no known title and is not shown, because it may be a contact; add a row with the "
                "titles if it is one"
            )
        return f"the columns are {_quoted(titles)}"

    def _is_known(self, title: str) -> bool:
        target, _ = self._find_target(title)
        return target is not None or title.strip() in self._mapped or normalise_title(title) in self._read_only

    def report(self) -> ColumnsReport:
        """Report how the titles that were read so far are used."""
        used: dict[str, list[tuple[int, str]]] = {}
        for title, match in self._matches.items():
            if match.target and match.usage in {_USED, _NAME}:
                used.setdefault(match.target.title, []).append((match.rank, title))
        return ColumnsReport(
            used=tuple((target, tuple(title for _, title in sorted(ranked))) for target, ranked in used.items()),
            unmapped=self._titles(_UNMAPPED),
            as_variables=self._rest_as_variables,
            read_only=self._titles(_READ_ONLY),
            split=tuple(
                title for title, match in self._matches.items() if (match.usage, match.target) == (_NAME, None)
            ),
        )

    def _titles(self, usage: str) -> tuple[str, ...]:
        return tuple(title for title, match in self._matches.items() if match.usage == usage)

    def _field_cells(self, titles: Sequence[str]) -> list[FieldCells]:
        ranked: dict[ColumnTarget, list[tuple[int, int]]] = {}
        matches = self._match_names({title: self._known_match(title) or self._match(title) for title in titles})
        full_names: list[FieldCells] = []
        for position, title in enumerate(titles):
            match = matches[title]
            if title in self._matches or self._is_text or len(self._matches) < _MAX_TITLES:
                self._matches[title] = match
            if match.target:
                ranked.setdefault(match.target, []).append((match.rank, position))
            elif match.usage == _NAME:
                parts = {FIRST_NAME: FIRST_PART, LAST_NAME: OTHER_PARTS}
                full_names += [FieldCells(ColumnTarget(name), kind, (position,)) for name, kind in parts.items()]
        return full_names + [
            cells
            # A map that is one cell comes before its labels, which are added to it.
            for target in sorted(ranked, key=lambda target: target.label is not None)
            for cells in self._cells_of(target, [position for _, position in sorted(ranked[target])], titles)
        ]

    def _known_match(self, title: str) -> _Match | None:
        match = self._matches.get(title)
        return None if match and match.usage == _NAME else match

    def _match_names(self, matches: dict[str, _Match]) -> dict[str, _Match]:
        """Decide how a column such as `Name` is used, which depends on the other columns."""
        names = {FIRST_NAME, LAST_NAME}
        if names & {each.name for each in self._mapped.values() if each} or not names <= self._fields.keys():
            return matches
        found: dict[str, list[str]] = {}
        for title, match in matches.items():
            if match.target and match.target.name in names:
                found.setdefault(match.target.name, []).append(normalise_title(title))
        unused = {normalise_title(title) for title, match in matches.items() if match.usage == _UNMAPPED}
        if (column := find_name_column(found, unused)) is None:
            return matches
        name_match = _Match(_NAME, ColumnTarget(column[1]) if column[1] else None)
        return {
            title: name_match if normalise_title(title) == column[0] and match.usage != _IGNORED else match
            for title, match in matches.items()
        }

    def _cells_of(self, target: ColumnTarget, positions: Sequence[int], titles: Sequence[str]) -> Iterator[FieldCells]:
        """Yield the cells for a target: columns about opt-outs one by one, since each of them can opt a contact out."""
        kinds = KIND_OF_TITLE if target.name == OPT_OUT else {}
        found = [(position, titles[position], kinds.get(normalise_title(titles[position]))) for position in positions]
        if ordinary := tuple(position for position, _, kind in found if kind is None):
            names = {titles[position] for position in ordinary}
            has_labels = target.name == TAGS and {*map(normalise_title, names)} <= _LABEL_TITLES
            types: set[CellType] = {self._cell_types.get(name, "text") for name in names}
            kind, cell_type = self._kind(target), types.pop() if len(types) == 1 else "other"
            yield FieldCells(target, LABELS if has_labels else kind, ordinary, cell_type=cell_type)
        yield from (FieldCells(target, kind, (position,), title) for position, title, kind in found if kind)

    def _kind(self, target: ColumnTarget) -> str:
        field = self._fields[target.name]
        if target.label is None:
            return field.kind
        return "string" if field.kind == "map" else _fields_of(field)[target.label].kind

    def _match(self, title: str) -> _Match:
        title = unescape_formula(title) if self._escaped else title
        stripped = title.strip()
        if stripped in self._mapped:
            target = self._mapped[stripped]
            return _Match(_USED if target else _IGNORED, target, list(self._mapped).index(stripped))
        if stripped in {*RESERVED, ""}:
            return _Match(_IGNORED)
        target, rank = self._find_target(title)
        if target and target not in self._mapped.values():
            return _Match(_USED, target, rank)
        if target is None and normalise_title(title) in self._read_only:
            return _Match(_READ_ONLY)
        return _Match(_UNMAPPED, self._variable(title), len(self._known_titles))

    def _variable(self, title: str) -> ColumnTarget | None:
        name = next((name for name, field in self._fields.items() if field.kind == "map"), None)
        return ColumnTarget(name, title) if name and self._rest_as_variables else None

    def _find_target(self, title: str) -> tuple[ColumnTarget | None, int]:
        prefix, dot, label = title.partition(".")
        owner, rank = self._known_titles.get(normalise_title(prefix), (None, 0))
        if dot and owner and self._fields[owner].kind == "map":
            return ColumnTarget(owner, label), rank
        if dot and owner and self._fields[owner].kind == "object":
            name, _ = _known_titles(_fields_of(self._fields[owner])).get(normalise_title(label), (None, 0))
            return ColumnTarget(owner, name) if name else None, rank
        name, rank = self._known_titles.get(normalise_title(title), (None, 0))
        return ColumnTarget(name) if name else None, rank

    def _mapped_target(self, name: str) -> ColumnTarget | None:
        """Return the field that the column map names; None for an empty name, which leaves the column out."""
        target, _ = self._find_target(name)
        if name and target is None:
            raise TransferError(unknown_name_message(name, self._fields, "field"))
        return target


def unknown_name_message(name: str, fields: Fields, what: str = "column") -> str:
    """Return the error message for a column title or a field name that matches no field."""
    name = name[:_MAX_TITLE_CHARACTERS]
    similar = get_close_matches(name.partition(".")[0], [spelling for _, spelling in _spellings(fields)], n=1)
    hint = f" (did you mean {similar[0]}?)" if similar else ""
    known = ", ".join(
        name + {"map": ".<label>", "object": ".<field>"}.get(field.kind, "") for name, field in fields.items()
    )
    return f"unknown {what} {mask(repr(name))}{hint}; the fields, in any spelling, are {known}"


def _fields_of(field: Field) -> Fields:
    found: Fields = field.model_class.FIELDS
    return found


def _spellings(fields: Fields) -> Iterator[tuple[str, str]]:
    return ((name, spelling) for name, field in fields.items() for spelling in (name, *field.aliases))


def _known_titles(fields: Fields) -> Mapping[str, tuple[str, int]]:
    """Return each known title in normalised form, with its field and its rank among the titles of that field."""
    ranked = [
        (normalise_title(title), name, rank, synonym not in fields)
        for name in fields
        for rank, synonym in enumerate(synonyms(name, fields))
        for title in _titles_of(name, synonym, fields)
    ]
    known: dict[str, tuple[str, int]] = {}
    for title, name, rank, _ in sorted(ranked, key=lambda entry: entry[3]):  # spellings of fields before synonyms
        known.setdefault(title, (name, rank))
    return known


def _titles_in_exports(fields: Fields) -> Mapping[str, tuple[str, int]]:
    """Return the titles of the fields of a contact that show these fields, which may have other names there."""
    names = {shown: name for name, shown in shown_fields(fields).items()}
    titles = _known_titles(Contact.FIELDS).items()
    return {title: (names[name], rank) for title, (name, rank) in titles if name in names}


def _titles_of(name: str, synonym: str, fields: Fields) -> Iterable[str]:
    return (name, *fields[name].aliases) if synonym == name else (synonym,)


def _is_number_or_email(title: str) -> bool:
    return "@" in title or len(re.findall(r"\d", title)) >= _DIGITS_OF_A_NUMBER


def _quoted(titles: Sequence[str]) -> str:
    shown = ", ".join(mask(repr(title[:_MAX_TITLE_CHARACTERS])) for title in titles[:MAX_SHOWN])
    return f"{shown} and {len(titles) - MAX_SHOWN:,} more" if len(titles) > MAX_SHOWN else shown
