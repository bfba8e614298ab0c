"""Parses rows into contacts. One parser is made per header and reads every row below it. No I/O."""

from __future__ import annotations

import re
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sendblue_contacts.errors import InvalidPhoneNumberError
from sendblue_contacts.fields import check
from sendblue_contacts.phone import E164, normalise

from .cells import FIRST_PART, OTHER_PARTS, parse_cell, unescape_formula
from .opt_outs import is_opted_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sendblue_contacts_api.types import Field

    from sendblue_transfer.sources.record import CellType

    Fields = Mapping[str, Field]

PHONE = "phone"
_ALWAYS_VALID = {"string", FIRST_PART, OTHER_PARTS}
"""Kinds of fields for which every text is valid."""
_LIST = "array[string]"
_OBJECT = "object"
_SCIENTIFIC = re.compile(r"[+-]?\d([.,]\d+)?[eE]\+?\d{1,2}")
_ROUNDED = (
    "a spreadsheet has shortened the phone number, as in 1.41556E+10, so its last digits are lost; in the spreadsheet "
    "format the column as a number without decimal places, and save the file again"
)


class ColumnTarget(NamedTuple):
    """What a column fills: a field, one label of a map, or one field of an object, which is its label here."""

    name: str
    label: str | None = None

    @property
    def title(self) -> str:
        """The title of such a column: `first_name`, `custom_variables.Plan`."""
        return self.name if self.label is None else f"{self.name}.{self.label}"


class FieldCells(NamedTuple):
    """The cells that fill one target.

    Attributes:
        target: The field or label.
        kind: The kind of the field or of the label, or one of the kinds of cells in `cells`.
        positions: The positions of the cells, in order of preference.
        title: The title of a column about opt-outs, whose kind is one of `opt_outs`; else empty.
        cell_type: The type of the cells, if the others of the row are text.
    """

    target: ColumnTarget
    kind: str
    positions: tuple[int, ...]
    title: str = ""
    cell_type: CellType = "text"

    @property
    def is_valid(self) -> bool:
        """Whether every cell is a valid value."""
        if self.cell_type == "list":
            return self.kind == _LIST
        return self.cell_type == "text" and self.kind in _ALWAYS_VALID


class RowParser:
    """Parses the rows of one header.

    Args:
        field_cells: Which cells fill which fields.
        fields: The fields that a contact can have.
        is_text: Whether every cell is text, as in a table, or has the type of its column; in JSON it can have any type.
        escaped: Whether an apostrophe precedes cells that a spreadsheet would run as formulas.
        keeps_blanks: Whether the value of a blank cell is None, where it would otherwise be absent.

    Attributes:
        field_cells: Which cells fill which fields.
        names_to_validate: The fields with a value that may be invalid.
    """

    def __init__(
        self,
        field_cells: Sequence[FieldCells],
        fields: Fields,
        *,
        is_text: bool,
        escaped: bool,
        keeps_blanks: bool = False,
    ) -> None:
        self.field_cells = field_cells
        self._fields = fields
        self._is_text = is_text
        self.escaped = escaped
        self._keeps_blanks = keeps_blanks
        self._required = [name for name, field in fields.items() if field.required]
        self._to_validate = [
            each
            for each in field_cells
            if each.target.name in self._required
            or not (is_text and each.is_valid)
            or fields[each.target.name].kind == _OBJECT  # the field of an object may be missing
        ]
        only = [each for each in self._to_validate if each.target.name == PHONE]
        self._only_number = only[0] if only and only == self._to_validate else None
        self.targets: frozenset[ColumnTarget] = frozenset(
            each.target for each in field_cells if each.target.name not in self._required
        )
        self.names_to_validate: tuple[str, ...] = tuple(dict.fromkeys(each.target.name for each in self._to_validate))

    def parse(self, cells: Sequence[Any]) -> dict[str, Any]:
        """Return the contact of a row, under preferred field names. A value that cannot be parsed stays text.

        Raises:
            ValueError: A column about opt-outs has an unknown value.
        """
        return self._with_blanks(self._parse(self.field_cells, cells))

    def _with_blanks(self, contact: dict[str, Any]) -> dict[str, Any]:
        """Add None for each target that has no value. A map has no value of its own, only its labels have."""
        for (name, label), kind, *_ in self.field_cells if self._keeps_blanks else ():
            if label is not None:
                labels = contact.setdefault(name, {})
                if isinstance(labels, dict):
                    cast("dict[str, object]", labels).setdefault(label, None)
            elif kind != "map" and name not in self._required:
                contact.setdefault(name, None)
        return contact

    def _parse(self, field_cells: Sequence[FieldCells], cells: Sequence[Any]) -> dict[str, Any]:
        contact: dict[str, Any] = {}
        for (name, label), kind, positions, title, _ in field_cells:
            cell = cells[positions[0]]
            # Fast path: text without apostrophes that begins with an ASCII letter or digit is not blank or escaped.
            if cell.__class__ is not str or not cell or not "'" < cell[0] < "\x7f" or "'" in cell:
                cell = self._first_filled(cells, positions)
            if cell is None:
                continue
            if title:
                if is_opted_out(kind, cell, title):
                    contact[name] = True
                continue
            value = cell if kind == "string" and cell.__class__ is str else parse_cell(kind, cell)
            if label is not None:
                _set_label(contact, name, label, value)
            elif value is not None:
                contact[name] = value
        return contact

    def _first_filled(self, cells: Sequence[Any], positions: tuple[int, ...]) -> object:
        """Return the first of these cells that is not blank."""
        for position in positions:
            cell = cells[position]
            if cell.__class__ is not str:
                if cell is not None:
                    return cast("object", cell)
            elif cell and not cell.isspace():
                return unescape_formula(cell) if self.escaped and "'" in cell else cell
        return None

    @property
    def positions(self) -> frozenset[int]:
        """The positions of the cells that fill a field."""
        return frozenset(chain.from_iterable(each.positions for each in self.field_cells))

    @property
    def validated_positions(self) -> frozenset[int]:
        """The positions of the cells that `validated_number` reads."""
        return frozenset(chain.from_iterable(each.positions for each in self._to_validate))

    def validated_number(self, cells: Sequence[Any], region: str | None = None) -> str:
        """Validate a row, and return its phone number in E.164 form. Fields that cannot be invalid are skipped.

        Raises:
            TypeError, ValueError: The row cannot be sent. The message says why, without the value.
        """
        if self._only_number and region is None:  # most numbers are valid as they are
            cell = cells[self._only_number.positions[0]]
            if isinstance(cell, str) and E164.fullmatch(cell):
                return cell
        return cast("str", self._checked(self._parse(self._to_validate, cells), region)[PHONE])

    def validated(self, cells: Sequence[Any], region: str | None = None) -> dict[str, Any]:
        """Validate a row, and return its values as they are sent, with maps as they are.

        Raises:
            TypeError, ValueError: The row cannot be sent. The message says why, without the value.
        """
        return self._with_blanks(self._checked(self._parse(self.field_cells, cells), region))

    def _checked(self, contact: dict[str, Any], region: str | None) -> dict[str, Any]:
        fields = self._fields
        for name in self._required:
            if name not in contact:
                raise TypeError(f"the {field_label(name)} is missing")
        try:
            for name in self.names_to_validate:
                if name in contact:
                    contact[name] = check(name, fields[name], contact[name], region)
        except InvalidPhoneNumberError as error:
            rounded = _SCIENTIFIC.fullmatch(str(contact.get(PHONE)).strip())
            raise ValueError(_ROUNDED) if rounded else error from None
        return contact

    def part(self, name: str, label: str | None) -> tuple[tuple[int, ...], RowParser]:
        """Return the positions of the cells that fill a field or a label, and a parser of only these cells."""
        is_object = self._fields[name].kind == _OBJECT  # whose fields are checked together
        found = [
            each
            for each in self.field_cells
            if each.target.name == name and (is_object or label in (None, each.target.label))
        ]
        positions = tuple(chain.from_iterable(each.positions for each in found))
        places = count()
        cells = [each._replace(positions=tuple(islice(places, len(each.positions)))) for each in found]
        fields = {name: self._fields[name]}
        return positions, RowParser(cells, fields, is_text=self._is_text, escaped=self.escaped)

    def readable_number(self, cells: Sequence[Any], region: str | None = None) -> str:
        """Return the phone number of any row in E.164 form; empty if it cannot be read."""
        contact = self._parse([each for each in self.field_cells if each.target.name == PHONE], cells)
        try:
            return normalise(contact.get(PHONE), default_region=region)
        except (TypeError, ValueError):
            return ""

    def parse_validated(self, cells: Sequence[Any], region: str | None = None) -> dict[str, Any]:
        """Return the contact of a row that passed `validated_number`, for a call that checks the other fields again."""
        contact = self.parse(cells)
        if region or contact[PHONE].__class__ is not str:
            contact[PHONE] = normalise(contact[PHONE], default_region=region)
        return contact


def _set_label(contact: dict[str, Any], name: str, label: str, value: object) -> None:
    labels = contact.setdefault(name, {})
    if isinstance(labels, dict):  # else the whole map is a cell that cannot be parsed, and the validation rejects it
        cast("dict[str, object]", labels)[label] = value


def field_label(name: str) -> str:
    """Return the name of a field in messages."""
    return "phone number" if name == PHONE else name
