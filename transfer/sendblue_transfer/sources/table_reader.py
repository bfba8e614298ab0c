"""Reads rows of CSV and XLSX lazily: a line number, and the cells under the titles of the first row."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, time
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from sendblue_transfer.errors import TransferError

from .record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t|"
_MAX_CELL_CHARACTERS = 2**31 - 1
_QUOTED = re.compile(r'"[^"]*"?')
_SEPARATOR_LINE = "sep="
"""Excel writes a first line such as `sep=;` to name the delimiter of a CSV file."""


def find_delimiter(lines: Iterable[str]) -> str:
    """Return the delimiter of a CSV file: the one that occurs most often in its first line, outside quotation marks."""
    head = next((line for line in lines if line.strip()), "")
    if head.lower().startswith(_SEPARATOR_LINE) and head[len(_SEPARATOR_LINE) :].strip("\r\n"):
        return head[len(_SEPARATOR_LINE)]
    return max(DELIMITERS, key=_QUOTED.sub("", head).count)


def csv_rows(lines: Iterator[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file that are not blank, each with the number of the line on which it begins.

    Raises:
        TransferError: The quotation marks are broken; the rest of the file cannot be split into rows.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_CHARACTERS))  # a setting of the whole process
    first = next(lines, "").removeprefix("\ufeff")
    skipped = first.lower().startswith(_SEPARATOR_LINE)
    reader = csv.reader(lines if skipped else chain([first], lines), delimiter=delimiter, strict=True)
    line = start = 1 + skipped
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = start + reader.line_num
    except csv.Error as error:
        raise TransferError(
            f"line {line}: the row that begins here cannot be read ({error}); check its quotation marks"
        ) from None


def read_header(rows: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
    """Return the titles in the first row, without the empty ones that spreadsheets leave at its end."""
    _, titles = next(rows, (1, list[str]()))
    while titles and not titles[-1].strip():
        titles.pop()
    return tuple(titles)


def table_records(rows: Iterable[tuple[int, list[str]]], titles: tuple[str, ...]) -> Iterator[Record]:
    """Yield the rows below the header. A row with too many cells has a problem; missing cells are blank."""
    width = len(titles)
    for line, cells in rows:
        if len(cells) > width and any(cells[width:]):
            problem = (
                f"the row has {len(cells)} cells for {width} columns; "
                "put a cell that contains the delimiter in quotation marks"
            )
            yield Record(line, titles, cells, problem)
        else:
            yield Record(line, titles, cells if len(cells) >= width else cells + [""] * (width - len(cells)))


def open_sheet(file: BinaryIO, name: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Open a sheet of a workbook, which is read into memory.

    Args:
        file: The workbook.
        name: The name of the sheet; None for the first one that is not empty.

    Returns:
        The sheet, or None if all are empty; and the names of the other sheets that are not empty.

    Raises:
        TransferError: The file is not a readable workbook, or has no such sheet.
        ModuleNotFoundError: The extra `xlsx` is not installed.
    """
    calamine = _calamine()
    file.seek(0)
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(file)
        return _select_sheet(workbook, name)
    except calamine.CalamineError as error:
        raise TransferError(f"the workbook cannot be read ({error}); save it as .xlsx again") from None


def _select_sheet(workbook: Any, name: str | None) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401  # an object of an optional library
    names: list[str] = workbook.sheet_names
    if name is not None and name not in names:
        raise TransferError(f"the workbook has no sheet {name!r}; its sheets are {', '.join(map(repr, names))}")
    selected, others = None, list[str]()
    for candidate in names:
        sheet = workbook.get_sheet_by_name(candidate)
        if sheet.start is None:
            continue
        if selected is None and name in {None, candidate}:
            selected = sheet
        else:
            others.append(candidate)
    return selected, tuple(others)


def sheet_rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401  # an object of an optional library
    """Yield the rows of a sheet that are not blank, with their numbers and with each cell as text."""
    if sheet is None:
        return
    for line, cells in enumerate(sheet.iter_rows(), 1):
        texts = [cell if cell.__class__ is str else _cell_text(cell) for cell in cells]
        if any(texts):
            yield line, texts


def _cell_text(cell: object) -> str:
    """Return a number without the `.0` that a spreadsheet stores, and a date as ISO 8601."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)


def _calamine() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("python_calamine")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'reading XLSX requires the library python-calamine: pip install "sendblue-contacts[xlsx]"'
        ) from None
