"""Notices a quotation mark too many in a CSV file: a cell then continues until the next one, and contains whole rows.

Cells may have line breaks, so this is a judgment: a cell contains rows if most of its lines have as many cells as rows
have, and a phone number in the same column as the row that the cell is in.
"""

from __future__ import annotations

from .record import looks_like_phone_number

MAX_CHARACTERS = 100_000
"""The maximum length of a cell with line breaks. A longer one is hardly a note."""


def unclosed_quotation(line: int, cells: list[str], delimiter: str, width: int) -> str:
    """Return why a row of several lines cannot be read; empty if it can.

    Args:
        line: The line on which the row begins.
        cells: Its cells.
        delimiter: The delimiter of the file.
        width: The number of columns.
    """
    for position, cell in enumerate(cells):
        lines = cell.splitlines()
        if len(lines) > 1 and (len(cell) > MAX_CHARACTERS or _contains_rows(lines, cells, position, delimiter, width)):
            return (
                f"the cell that begins on line {line} has {len(lines) - 1:,} line breaks and looks like several rows; "
                "a quotation mark in it is missing or left over"
            )
        line += max(len(lines) - 1, 0)
    return ""


def _contains_rows(lines: list[str], cells: list[str], position: int, delimiter: str, width: int) -> bool:
    """Whether the lines of a cell at this position are the end of its row, other rows, and the beginning of a row."""
    first, *inner, last = (line.split(delimiter) for line in lines)
    own, *others = [*cells[:position], *first], *inner, [*last, *cells[position + 1 :]]
    own_numbers = [column for column, cell in enumerate(own[:width]) if looks_like_phone_number(cell)]
    whole = [row for row in others if len(row) >= width]
    return any(2 * sum(looks_like_phone_number(row[column]) for row in whole) > len(others) for column in own_numbers)
