"""Rows of CSV and XLSX: a line, and cells under the titles of the first row. A row is read when it is asked for."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, time
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from .errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

DELIMITERS = ",;\t|"
_LARGEST_CELL = 2**31 - 1
_QUOTED = re.compile(r'"[^"]*"?')
_SEPARATOR = "sep="
"""Excel begins a CSV file with `sep=;` where it would not find the delimiter by itself."""


class Record(NamedTuple):
    """One row of a file as it stands there.

    Attributes:
        line: The line on which it begins, from 1; in XLSX its row, in a JSON array its place.
        titles: What its cells are called.
        cells: Its cells; from JSON of any type.
        problem: Why it cannot be read; empty if it can.
    """

    line: int
    titles: tuple[str, ...]
    cells: Sequence[Any]
    problem: str = ""


def find_delimiter(lines: Iterable[str]) -> str:
    """The delimiter of a CSV file: the one that its first line has most often outside quotation marks."""
    head = next((line for line in lines if line.strip()), "")
    if head.lower().startswith(_SEPARATOR) and head[len(_SEPARATOR) :].strip("\r\n"):
        return head[len(_SEPARATOR)]
    return max(DELIMITERS, key=_QUOTED.sub("", head).count)


def csv_rows(lines: Iterator[str], delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file that are not blank, in cells, with the number on which each begins.

    Raises:
        TransferError: The quotation marks are broken; what follows cannot be told apart any more.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _LARGEST_CELL))  # it is one for all of the process
    first = next(lines, "").removeprefix("\ufeff")
    skipped = first.lower().startswith(_SEPARATOR)
    reader = csv.reader(lines if skipped else chain([first], lines), delimiter=delimiter, strict=True)
    line = start = 1 + skipped
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = start + reader.line_num
    except csv.Error as error:
        raise TransferError(
            f"line {line}: the row that begins here cannot be read ({error}); look for a quotation mark too many"
        ) from None


def header(rows: Iterator[tuple[int, list[str]]]) -> tuple[str, ...]:
    """The titles in the first row, without the empty ones that spreadsheets leave at its end."""
    _, titles = next(rows, (1, list[str]()))
    while titles and not titles[-1].strip():
        titles.pop()
    return tuple(titles)


def records(rows: Iterable[tuple[int, list[str]]], titles: tuple[str, ...]) -> Iterator[Record]:
    """The rows below the titles."""
    width = len(titles)
    for line, cells in rows:
        if len(cells) > width and any(cells[width:]):
            problem = f"the row has {len(cells)} cells for {width} columns; a cell with a comma needs quotation marks"
            yield Record(line, titles, cells, problem)
        else:
            yield Record(line, titles, cells if len(cells) >= width else cells + [""] * (width - len(cells)))


def open_sheet(file: BinaryIO, wanted: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """A sheet of a workbook, read as a whole (None if there is none), and the names of others that hold anything.

    Args:
        file: The workbook.
        wanted: The name of the sheet; None for the first one that holds anything.

    Raises:
        TransferError: It is no workbook, or has no such sheet.
        ModuleNotFoundError: The extra `xlsx` is not installed.
    """
    calamine = _calamine()
    file.seek(0)
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(file)
        return _chosen(workbook, wanted)
    except calamine.CalamineError as error:
        raise TransferError(f"the file is no workbook that can be read ({error}); save it as .xlsx again") from None


def _chosen(workbook: Any, wanted: str | None) -> tuple[Any, tuple[str, ...]]:  # noqa: ANN401  # as above
    names: list[str] = workbook.sheet_names
    if wanted is not None and wanted not in names:
        raise TransferError(f"there is no sheet {wanted!r} in the workbook; there are {', '.join(map(repr, names))}")
    chosen, others = None, list[str]()
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        if sheet.start is None:
            continue
        if chosen is None and wanted in {None, name}:
            chosen = sheet
        else:
            others.append(name)
    return chosen, tuple(others)


def sheet_rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:  # noqa: ANN401  # as above
    """The rows of a sheet that are not blank with their numbers, each cell as text."""
    if sheet is None:
        return
    for line, cells in enumerate(sheet.iter_rows(), 1):
        texts = [cell if cell.__class__ is str else _text(cell) for cell in cells]
        if any(texts):
            yield line, texts


def _text(cell: object) -> str:
    """What a cell shows that is no text: a number without the `.0` that a spreadsheet keeps, a date as ISO 8601."""
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
            'XLSX needs the library python-calamine: pip install "sendblue-contacts[xlsx]"'
        ) from None
