"""Reads rows of CSV and XLSX lazily: a line number, and the cells under the titles of the first row."""

from __future__ import annotations

import csv
import re
from datetime import date, datetime, time
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from sendblue_transfer.errors import TransferError

from .quotation_marks import unclosed_quotation
from .record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DELIMITERS = ",;\t|"
_MAX_CELL_CHARACTERS = 2**31 - 1
_MAX_ROW_CHARACTERS = 10_000_000
_QUOTED = re.compile(r'"[^"]*"?')
_SEPARATOR_LINE = "sep="
"""Excel writes a first line such as `sep=;` to name the delimiter of a CSV file."""


def find_delimiter(lines: Iterable[str]) -> str:
    """Return the delimiter of a CSV file: the one that occurs most often in its first line, outside quotation marks."""
    head = next((line for line in lines if line.strip()), "")
    if head.lower().startswith(_SEPARATOR_LINE) and head[len(_SEPARATOR_LINE) :].strip("\r\n"):
        return head[len(_SEPARATOR_LINE)]
    return max(DELIMITERS, key=_QUOTED.sub("", head).count)


class TableRow(NamedTuple):
    """A row of a table: the line on which it begins, its cells, and why it cannot be read; empty if it can."""

    line: int
    cells: list[str]
    problem: str = ""


def csv_rows(lines: Iterator[str], delimiter: str = ",") -> Iterator[TableRow]:
    """Yield the rows of a CSV file that are not blank.

    Raises:
        TransferError: The quotation marks are broken; the rest of the file cannot be split into rows.
    """
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_CELL_CHARACTERS))  # a setting of the whole process
    first = next(lines, "").removeprefix("\ufeff")
    skipped = first.lower().startswith(_SEPARATOR_LINE)
    row_lines = _RowLines(lines if skipped else chain([first], lines))
    reader = csv.reader(row_lines, delimiter=delimiter, strict=True)
    line = start = 1 + skipped
    width = 0
    try:
        for cells in reader:
            width = width or len(cells)
            if cells:
                several = start + reader.line_num > line + 1
                yield TableRow(line, cells, unclosed_quotation(line, cells, delimiter, width) if several else "")
            line = start + reader.line_num
            row_lines.characters = 0
    except csv.Error as error:
        raise TransferError(
            f"line {line}: the row that begins here cannot be read ({error}); check its quotation marks"
        ) from None


class _RowLines:
    """The lines of a CSV file. A row that takes too many of them ends the file, before it fills the memory."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.characters = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.characters > _MAX_ROW_CHARACTERS:
            raise csv.Error(f"it has more than {_MAX_ROW_CHARACTERS:,} characters in several lines")
        line = next(self._lines)
        self.characters += len(line)
        return line


def read_header(rows: Iterator[TableRow]) -> tuple[str, ...]:
    """Return the titles in the first row, without the empty ones that spreadsheets leave at its end.

    Raises:
        TransferError: The row cannot be read.
    """
    _, titles, problem = next(rows, TableRow(1, []))
    if problem:
        raise TransferError(problem)
    while titles and not titles[-1].strip():
        titles.pop()
    return tuple(titles)


def table_records(rows: Iterable[TableRow], titles: tuple[str, ...]) -> Iterator[Record]:
    """Yield the rows below the header. A row with too many cells has a problem; missing cells are blank."""
    width = len(titles)
    for line, cells, problem in rows:
        if problem:
            yield Record(line, titles, cells + [""] * (width - len(cells)), problem)
        elif len(cells) > width and any(cells[width:]):
            too_many = (
                f"the row has {len(cells)} cells for {width} columns; "
                "put a cell that contains the delimiter in quotation marks"
            )
            yield Record(line, titles, cells, too_many)
        else:
            yield Record(line, titles, cells if len(cells) >= width else cells + [""] * (width - len(cells)))


def open_sheet(file: BinaryIO, name: str | None = None) -> tuple[Any, tuple[str, ...]]:
    """Open a sheet of a workbook, which is read into memory.

    Args:
        file: The workbook.
        name: The name of the sheet; None for the first one that is neither hidden nor empty.

    Returns:
        The sheet, or None if all are empty; and the names of the other sheets that are not empty.

    Raises:
        TransferError: The file is not a readable workbook, has no such sheet, or all its sheets with rows are hidden.
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
    sheets = {candidate: workbook.get_sheet_by_name(candidate) for candidate in names}
    filled = [candidate for candidate, sheet in sheets.items() if sheet.start is not None]
    hidden = {sheet.name for sheet in workbook.sheets_metadata if not str(sheet.visible).endswith(".Visible")}
    selected = name if name is not None else next((each for each in filled if each not in hidden), None)
    if selected is None and filled:
        raise TransferError(
            f"all sheets of the workbook that have rows are hidden: {', '.join(map(repr, filled))}; "
            "name the sheet to read with --sheet (sheet=)"
        )
    return None if selected is None else sheets[selected], tuple(each for each in filled if each != selected)


def sheet_rows(sheet: Any) -> Iterator[TableRow]:  # noqa: ANN401  # an object of an optional library
    """Yield the rows of a sheet that are not blank, with their numbers and with each cell as text."""
    if sheet is None:
        return
    for line, cells in enumerate(sheet.iter_rows(), 1):
        texts = [cell if cell.__class__ is str else _cell_text(cell) for cell in cells]
        if any(texts):
            yield TableRow(line, texts)


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
