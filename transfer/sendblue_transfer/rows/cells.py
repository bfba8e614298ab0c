"""Conversion between the text of a cell and the value of a field, without I/O.

A list is one cell with its items separated by semicolons (`VIP;"one; with a semicolon"`). A blank cell means that the
field is absent. Text that cannot be parsed is returned unchanged, so that the validation of the contact rejects it with
a reason.

In CSV files, an apostrophe precedes text that a spreadsheet would run as a formula: at the beginning of a cell, after a
line break, where some programs begin a cell, and after a semicolon, where European spreadsheets split a line.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, cast

from sendblue_contacts.phone import number_text

from .names import split_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_START = r"(?:^|(?<=[\n\r;]))"
_FORMULA = r"(?=['\" ]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])"
_CELL_STARTS = re.compile(_START + _FORMULA)
"""Where a spreadsheet may begin a cell with a formula, which begins with = + - @ or the full-width form of one."""
_ESCAPED_STARTS = re.compile(f"{_START}'{_FORMULA}")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
TEXT_KINDS = {"string", "e164", "enum", "date", "date-time"}
"""Kinds of fields that are text in JSON."""
TEXT_LISTS = {"array[string]", "array[enum]"}
"""Kinds of fields that are one cell with several texts."""
_VALUE_SEPARATOR = " ::: "
"""Google Contacts writes it between several values in one cell; the first number, and all labels, are used."""
_SYSTEM_LABEL = "* "
"""Labels of Google Contacts that the user did not choose begin with it, such as `* myContacts`."""
LABELS, FIRST_PART, OTHER_PARTS = "labels", "first part of a name", "other parts of a name"
"""Kinds of cells besides those of the fields: labels of other products, and the parts of a full name."""


def parse_cell(kind: str, cell: object) -> object:
    """Return the value of a cell; None if it has no value.

    Args:
        kind: The kind of the field, as in the OpenAPI document.
        cell: The text of the cell; or a value of any type from JSON or Parquet, which is returned unchanged, except
            that a number becomes text if the field is text, and a phone number a `NumberText`.
    """
    if kind in {FIRST_PART, OTHER_PARTS}:
        return split_name(str(scalar_text(cell)))[kind == OTHER_PARTS] or None
    if not isinstance(cell, str):
        return _convert_json_value(kind, cell)
    if kind == LABELS:
        return _split_labels(cell) or None
    if kind == "e164":
        return cell.partition(_VALUE_SEPARATOR)[0]
    return cell if kind in TEXT_KINDS else _parse_text(kind, cell)


def _parse_text(kind: str, cell: str) -> object:
    try:
        if kind in TEXT_LISTS:
            return _split(cell)
        return _convert_json_value(kind, json.loads(cell.lower() if kind == "boolean" else cell, parse_constant=str))
    except (csv.Error, ValueError, RecursionError):
        return cell


def _convert_json_value(kind: str, value: object) -> object:
    if kind == "map" and isinstance(value, dict):
        return {label: scalar_text(item) for label, item in cast("dict[str, object]", value).items()}
    if isinstance(value, tuple):
        return list(cast("tuple[object, ...]", value))
    if kind == "e164":
        return number_text(value)
    return scalar_text(value) if kind in TEXT_KINDS else value


def scalar_text(value: object) -> object:
    """Return the text of a number or a boolean, and any other value unchanged."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _split_labels(cell: str) -> list[str]:
    separator = next((each for each in (_VALUE_SEPARATOR.strip(), ";") if each in cell), ",")
    labels = (label.strip() for label in cell.split(separator))
    return [label for label in labels if label and not label.startswith(_SYSTEM_LABEL)]


def _split(cell: str) -> list[str]:
    if '"' not in cell:
        return [item.strip() for item in cell.split(";") if item.strip()]
    items = next(csv.reader([cell], delimiter=";", skipinitialspace=True, strict=True))
    return [item.strip() for item in items if item.strip()]


def format_cell(value: object) -> str:
    """Return the text of a cell for a value; `parse_cell` is the inverse."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[object]", value)):
        return json.dumps(value, ensure_ascii=False)
    return _join(cast("list[str]", value))


def _join(items: list[str]) -> str:
    joined = io.StringIO(newline="")
    csv.writer(joined, delimiter=";").writerow(items)
    return joined.getvalue().removesuffix("\r\n")


def escape_formula(cell: str) -> str:
    """Put an apostrophe before each text that a spreadsheet would run as a formula; a number is not one."""
    return cell if _NUMBER.fullmatch(cell) else _CELL_STARTS.sub("'", cell)


def unescape_formula(cell: str) -> str:
    """Remove the apostrophes that `escape_formula` added."""
    return _ESCAPED_STARTS.sub("", cell)


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return the value if it is a mapping, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
