"""Cells: what the text in one stands for, and what text stands for a value. Pure.

A list is one cell, its items between semicolons (`VIP;"one; with a semicolon"`). A blank cell is as absent. What cannot
be read stays text, so that whoever checks the contact refuses it and says why. In CSV, what a spreadsheet would take
for a formula has an apostrophe before it, in the file only.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_TEXTS = {"string", "e164", "enum", "date", "date-time"}
_SEVERAL = " ::: "
"""Google puts it between several values in one cell; the first counts."""


def is_blank(cell: object) -> bool:
    """Whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read(kind: str, cell: object) -> object:
    """The value that a cell stands for.

    Args:
        kind: The kind of its field, as the document has it.
        cell: Its text; or from JSON a value of any type, which is taken as it is, but a number as text where text is
            wanted.
    """
    if not isinstance(cell, str):
        return _plain(kind, cell)
    if kind == "e164":
        return cell.partition(_SEVERAL)[0]
    return cell if kind in _TEXTS else _parsed(kind, cell)


def _parsed(kind: str, cell: str) -> object:
    try:
        if kind == "array[string]":
            return _split(cell)
        return _plain(kind, json.loads(cell.lower() if kind == "boolean" else cell, parse_constant=str))
    except (csv.Error, ValueError, RecursionError):
        return cell


def _plain(kind: str, value: object) -> object:
    if kind == "map" and isinstance(value, dict):
        return {label: label_text(item) for label, item in cast("dict[str, object]", value).items()}
    return label_text(value) if kind in _TEXTS else value


def label_text(value: object) -> object:
    """The text of a number or of true and false; anything else as it is."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _split(cell: str) -> list[str]:
    if '"' not in cell:
        return [item.strip() for item in cell.split(";") if item.strip()]
    items = next(csv.reader([cell], delimiter=";", skipinitialspace=True, strict=True))
    return [item.strip() for item in items if item.strip()]


def text(value: object) -> str:
    """The text that stands for a value."""
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[object]", value)):
        return json.dumps(value, ensure_ascii=False)
    return _joined(cast("list[str]", value))


def _joined(items: list[str]) -> str:
    joined = io.StringIO(newline="")
    csv.writer(joined, delimiter=";").writerow(items)
    return joined.getvalue().removesuffix("\r\n")


def escape(cell: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it; `unescape` takes it away."""
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell


def unescape(cell: str) -> str:
    """The text without the apostrophe of `escape`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def variables(value: object) -> Mapping[str, Any]:
    """The value of a map, empty where it is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
