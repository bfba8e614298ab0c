"""A row of a file, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE, REASON, TEXT = "_line", "_reason", "_text"
RESERVED = (LINE, REASON, TEXT)
"""Columns that a rejects file adds: the line of the row, why it was rejected, and the text that is not valid JSON."""


class Record(NamedTuple):
    """One row of a file, not interpreted yet.

    Attributes:
        line: The line on which it begins, counted from 1; in XLSX the row of the sheet, in a JSON array the position.
        titles: The titles of its cells.
        cells: Its cells: text in CSV and XLSX, values of any type in JSON.
        problem: Why the row cannot be read; empty if it can.
    """

    line: int
    titles: tuple[str, ...]
    cells: Sequence[Any]
    problem: str = ""
