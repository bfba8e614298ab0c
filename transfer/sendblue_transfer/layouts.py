"""A layout: which cells of a row fill which fields. Made once for each header, it reads every row below. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sendblue_contacts.fields import check
from sendblue_contacts.phone import normalise

from .cells import label_text, read, unescape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sendblue_contacts_api.types import Field

    Fields = Mapping[str, Field]

PHONE = "phone"
_NEVER_WRONG = {"string", "enum"}
"""Kinds that any text is right for."""


class Target(NamedTuple):
    """What a column fills: a field, or one label of a map."""

    name: str
    label: str | None = None

    @property
    def title(self) -> str:
        """How it is written."""
        return self.name if self.label is None else f"{self.name}.{self.label}"


class Slot(NamedTuple):
    """One thing to fill.

    Attributes:
        target: What it is.
        kind: The kind of its field.
        positions: Where its cells are, in the order of preference.
    """

    target: Target
    kind: str
    positions: tuple[int, ...]


class Layout:
    """Reads the rows of one header.

    Args:
        slots: What is filled, and from where.
        fields: What the contacts can have.
        is_text: Whether every cell is text, as in a table; in JSON it can be anything.
        escaped: Whether cells have an apostrophe where a spreadsheet would run them.
    """

    def __init__(self, slots: Sequence[Slot], fields: Fields, *, is_text: bool, escaped: bool) -> None:
        self._slots = slots
        self._fields = fields
        self._escaped = escaped
        self._required = [name for name, field in fields.items() if field.required]
        sound = [slot for slot in slots if is_text and (slot.kind in _NEVER_WRONG or slot.target.label is not None)]
        self._to_check = [slot for slot in slots if slot not in sound or slot.target.name in self._required]

    def contact(self, cells: Sequence[Any]) -> dict[str, Any]:
        """The contact of a row, under preferred names. A value that cannot be read stays text."""
        return self._read(self._slots, cells)

    def _read(self, slots: Sequence[Slot], cells: Sequence[Any]) -> dict[str, Any]:
        contact: dict[str, Any] = {}
        for (name, label), kind, positions in slots:
            cell = cells[positions[0]]
            # A text that begins with a letter or a digit of ASCII is neither blank nor escaped, and most are such.
            if cell.__class__ is not str or not cell or not "'" < cell[0] < "\x7f":
                cell = self._cell(cells, positions)
            if cell is None:
                continue
            if label is None:
                contact[name] = cell if kind == "string" and cell.__class__ is str else read(kind, cell)
            else:
                _put(contact, name, label, cell)
        return contact

    def _cell(self, cells: Sequence[Any], positions: tuple[int, ...]) -> object:
        """The first of these that is not blank."""
        for position in positions:
            cell = cells[position]
            if cell.__class__ is not str:
                if cell is not None:
                    return cast("object", cell)
            elif cell and not cell.isspace():
                return unescape(cell) if self._escaped and cell[0] == "'" else cell
        return None

    def checked(self, cells: Sequence[Any], region: str | None = None) -> dict[str, Any]:
        """The contact of a row as it would be sent.

        Raises:
            TypeError, ValueError: It cannot be sent; the sentence says why, without the value.
        """
        return self._check(self.contact(cells), region)

    def number(self, cells: Sequence[Any], region: str | None = None) -> str:
        """The number of a row, if all of the row can be sent. What cannot be wrong is not looked at.

        Raises:
            TypeError, ValueError: It cannot be sent; the sentence says why, without the value.
        """
        return cast("str", self._check(self._read(self._to_check, cells), region)[PHONE])

    def sound(self, cells: Sequence[Any], region: str | None = None) -> dict[str, Any]:
        """The contact of a row that was checked before, for a call that checks it once more; its number can be sent."""
        contact = self.contact(cells)
        if region:
            contact[PHONE] = normalise(contact[PHONE], default_region=region)
        return contact

    def _check(self, contact: dict[str, Any], region: str | None) -> dict[str, Any]:
        for name in self._required:
            if name not in contact:
                raise TypeError(f"the {said(name)} is missing")
        fields = self._fields
        return {name: check(name, fields[name], value, region) for name, value in contact.items()}


def _put(contact: dict[str, Any], name: str, label: str, cell: object) -> None:
    labels = contact.setdefault(name, {})
    if isinstance(labels, dict):  # else the map was given as a whole, and cannot be read: that will be said of it
        cast("dict[str, object]", labels)[label] = cell if isinstance(cell, str) else label_text(cell)


def said(name: str) -> str:
    """How people call a field."""
    return "phone number" if name == PHONE else name
