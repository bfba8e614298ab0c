"""Notices a quotation mark too many in a CSV file: a cell then continues until the next one, and contains whole rows.

Cells may have line breaks, so this is a judgement: a cell holds other rows if its lines have as many delimiters as rows
have, and a phone number among them.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 100_000
"""The maximum length of a cell with line breaks. A longer one is hardly a note."""
_MAX_NUMBER_CHARACTERS = 40
_PHONE_NUMBER = re.compile(r"[\s\"']*\+?(?:[\s().-]*\d){7,15}[\s\"']*")


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
        if len(lines) > 1 and (len(cell) > MAX_CHARACTERS or _contains_rows(lines, delimiter, width, position)):
            return (
                f"the cell that begins on line {line} has {len(lines) - 1:,} line breaks and looks like several rows; "
                "a quotation mark in it is missing or left over"
            )
        line += max(len(lines) - 1, 0)
    return ""


def _contains_rows(lines: list[str], delimiter: str, width: int, position: int) -> bool:
    """Whether the lines of a cell at this position are the end of a row, other rows, and the beginning of a row."""
    first, *inner, last = (line.count(delimiter) for line in lines)
    rows = sum(count >= width - 1 for count in inner)
    ends_fit = first == width - 1 - position and last == position and rows == len(inner)
    return (ends_fit or rows > max(len(inner) // 2, 2)) and any(
        _PHONE_NUMBER.fullmatch(item[:_MAX_NUMBER_CHARACTERS]) for line in lines for item in line.split(delimiter)
    )
