"""The columns of a table of contacts: one per field, also of an object, and per label of a map that occurs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sendblue_transfer.rows.cells import as_mapping, escape_formula, format_cell
from sendblue_transfer.rows.row_parser import PHONE, ColumnTarget

if TYPE_CHECKING:
    from sendblue_transfer.rows.row_parser import Fields

Values = Mapping[str, Any]


class TableLayout:
    """The columns of a table of contacts: the number, then the other fields in the order of the document.

    The labels of maps are added contact by contact.
    """

    def __init__(self, fields: Fields) -> None:
        self._labels: dict[str, dict[str, None]] = {name: {} for name, field in fields.items() if field.kind == "map"}
        objects = {name: field.model_class for name, field in fields.items() if field.kind == "object"}
        self._labels |= {name: dict.fromkeys(model.FIELDS) for name, model in objects.items()}
        self._names = sorted(fields, key=PHONE.__ne__)

    def add_labels(self, values: Values) -> None:
        """Add the labels of a contact."""
        for name, labels in self._labels.items():
            labels.update(dict.fromkeys(as_mapping(values.get(name))))

    def targets(self) -> list[ColumnTarget]:
        """Return the columns, with labels in the order in which they first occurred."""
        return [ColumnTarget(name, label) for name in self._names for label in self._labels.get(name, [None])]

    def titles(self) -> list[str]:
        """Return the titles of the columns."""
        return [target.title for target in self.targets()]

    def cells(self, values: Values) -> list[str]:
        """Return the cells of a contact."""
        return [format_cell(_value(values, *target)) for target in self.targets()]

    def escaped_cells(self, values: Values) -> list[str]:
        """Return the cells of a contact, with formulas escaped as in CSV."""
        return [escape_formula(cell) for cell in self.cells(values)]


def _value(values: Values, name: str, label: str | None) -> object:
    value = values.get(name)
    return value if label is None else as_mapping(value).get(label)
