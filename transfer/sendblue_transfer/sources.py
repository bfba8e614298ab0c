"""A file of contacts, opened: what it is has been found out, and its rows can be read as often as needed.

Standard input is copied into a temporary file first, for an import reads its input more than once: to check all of it
before the first request, to send it, and to write down what was refused.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, cast

from . import formats
from .errors import TransferError
from .objects import array_records, line_records
from .tables import csv_rows, find_delimiter, header, open_sheet, records, sheet_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from .formats import Format
    from .tables import Record

STANDARD_INPUT = "-"
_TABLES = ("csv", "xlsx")


class Source:
    """A file of contacts. Iterating over it gives its rows, from the first one each time; one iteration at a time.

    Attributes:
        name: What to call it.
        path: Where it is; None for standard input.
        format: Its format.
        encoding: The encoding of its text; None for XLSX.
        delimiter: What divides its cells; None if it is no CSV.
        digest: The SHA-256 of its bytes.
        titles: Its first row; None for JSON, where each object has its own.
        sheet: The sheet of a workbook that was asked for; None for the first that holds anything.
        other_sheets: The sheets of a workbook that hold something, and are not read.
    """

    def __init__(
        self,
        file: BinaryIO,
        path: Path | None,
        *,
        given: Format | None,
        encoding: str | None,
        delimiter: str | None,
        sheet: str | None,
    ) -> None:
        self._file = file
        self._state = _state(file)
        self.name: str = path.name if path else "standard input"
        self.path = path
        self.format = given or formats.find_format(file, path.suffix if path else "")
        self.digest: str = formats.digest(file)
        self.encoding: str | None = None if self.format == "xlsx" else formats.find_encoding(file, encoding)
        self.delimiter: str | None = (delimiter or self._find_delimiter()) if self.format == "csv" else None
        if sheet is not None and self.format != "xlsx":
            raise TransferError(f"{self.name} is no workbook, and has no sheets: leave --sheet away (sheet=)")
        self.sheet = sheet
        self.other_sheets: tuple[str, ...] = ()
        self._sheet: Any = None
        if self.format == "xlsx":
            self._sheet, self.other_sheets = open_sheet(file, sheet)
        self.titles: tuple[str, ...] | None = header(self._rows()) if self.format in _TABLES else None

    @property
    def changed(self) -> str:
        """What is said of a file that has changed."""
        return f"{self.name} was changed while it was read"

    def has_changed(self) -> bool:
        """Whether somebody has written to the file since it was opened."""
        return _state(self._file) != self._state

    def __iter__(self) -> Iterator[Record]:
        if self.has_changed():
            raise TransferError(f"{self.changed}; begin again with the file as it is now")
        return self._objects() if self.titles is None else self._table(self.titles)

    def _objects(self) -> Iterator[Record]:
        with self._text() as text:
            yield from (line_records if self.format == "jsonl" else array_records)(text)

    def _table(self, titles: tuple[str, ...]) -> Iterator[Record]:
        rows = self._rows()
        header(rows)
        return records((row for row in rows if row[1][0] or any(map(str.strip, row[1]))), titles)

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        if self.format == "xlsx":
            yield from sheet_rows(self._sheet)
            return
        with self._text() as text:
            yield from csv_rows(text, self.delimiter or ",")

    def _find_delimiter(self) -> str:
        with self._text() as text:
            return find_delimiter(text)

    def _text(self) -> TextIOWrapper:
        self._file.seek(0)
        # Another descriptor, for it is closed with the text.
        file = os.fdopen(os.dup(self._file.fileno()), "rb")
        return TextIOWrapper(file, self.encoding, newline="" if self.format == "csv" else None)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Source({self.name!r}, format={self.format!r})"


def open_source(
    path: str | os.PathLike[str] | BinaryIO,
    *,
    format: Format | None = None,  # noqa: A002  # what people call it
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Source:
    """Open a file of contacts, and find out what it is.

    Args:
        path: Where it is; `-` for standard input; or an open binary file, which is read to its end at once.
        format: `csv`, `jsonl`, `json` or `xlsx`; else by its content and its name.
        encoding: The encoding of its text; else by its byte order mark, UTF-8, or cp1252 if it is not UTF-8.
        delimiter: What divides the cells of CSV; else what its first line has most often.
        sheet: The sheet of a workbook; else the first one that holds anything.

    Raises:
        OSError: It cannot be read.
        TransferError: It is not what it is said to be, or nothing that can be read.
        ModuleNotFoundError: It is XLSX, and the extra `xlsx` is not installed.

    Example:
        with open_source("contacts.csv") as source:
            print(plan_import(source))
    """
    file, place = _opened(path)
    try:
        given = format and formats.check_format(format)
        return Source(file, place, given=given, encoding=encoding, delimiter=delimiter, sheet=sheet)
    except BaseException:
        file.close()
        raise


def _opened(path: str | os.PathLike[str] | BinaryIO) -> tuple[BinaryIO, Path | None]:
    if isinstance(path, str | os.PathLike) and path != STANDARD_INPUT:
        file = Path(path).open("rb")  # noqa: SIM115  # the source closes it
        if file.seekable():
            return file, Path(path)
        with file:  # a pipe, which can be read once
            return _spooled(file), None
    return _spooled(sys.stdin.buffer if isinstance(path, str | os.PathLike) else path), None


def _spooled(given: BinaryIO) -> BinaryIO:
    """A copy that can be read as often as needed."""
    spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the source closes it
    shutil.copyfileobj(given, spool)
    spool.flush()
    return spool


def _state(file: BinaryIO) -> tuple[int, int]:
    """What changes when a file is written to."""
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns
