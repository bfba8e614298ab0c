"""An open file of contacts: its format is detected, and its rows can be read any number of times.

Standard input and pipes are first copied to a temporary file, because an import reads its input several times: to
validate all rows before the first request, to send them, and to write the rejected ones.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sendblue_contacts.bulk.tables import is_table

from sendblue_transfer.errors import TransferError
from sendblue_transfer.temporary_database import Closing

from .formats import check_format, file_digest, find_encoding, find_format
from .json_reader import json_records, line_records
from .mappings import write_rows
from .parquet_reader import ParquetReader
from .record import RecordBatch, check_titles, reject_invalid_bytes, reject_invalid_cells
from .table_reader import (
    FOOTER_BYTES,
    CsvReader,
    csv_rows,
    find_delimiter,
    open_sheet,
    read_header,
    sheet_rows,
    table_records,
    without_blank,
    without_footer,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sendblue_contacts.bulk.types import ArrowTable

    from .formats import Format
    from .record import CellType, Record
    from .table_reader import TableRow

STANDARD_INPUT = "-"
_TABLE_FORMATS = ("csv", "xlsx")
_BINARY_FORMATS = ("xlsx", "parquet")
_MAX_FOOTER_BYTES = 4_096
_BATCH_ROWS = 1_000
_CODE_UNIT_BYTES = {"utf-16": 2, "utf-32": 4}


class Source(Closing):
    """An open file of contacts. Each iteration yields all its rows; only one iteration at a time is possible.

    Attributes:
        name: The name of the file, for messages.
        path: The path of the file; None for standard input, and for a table.
        format: The format.
        encoding: The text encoding; None for XLSX and Parquet.
        guessed_encoding: The text encoding, if the file does not show it for certain; else None.
        delimiter: The delimiter of CSV; None for other formats.
        digest: The SHA-256 of the content.
        titles: The titles of the columns; None for JSON, where each object has its own keys.
        cell_types: The types of the cells that are not text, by the title of their column, in Parquet.
        sheet: The sheet that the caller named; None for the first one that is neither hidden nor empty.
        other_sheets: The sheets of a workbook that are not empty and are not read, hidden ones included.
        encoding_errors: How invalid bytes are read, as in `open`.
        footer: The first and the last line of the footer of a Salesforce report, which is not read. None if there is no
            footer, and before all rows were read.
    """

    def __init__(
        self,
        file: BinaryIO,
        path: Path | None,
        *,
        format: Format | None,  # noqa: A002  # as in open_source
        encoding: str | None,
        delimiter: str | None,
        sheet: str | None,
        name: str = "standard input",
    ) -> None:
        self._file = file
        self._state = _state(file)
        self.name: str = path.name if path else name
        self.path = path
        self.format = format or find_format(file, path.suffix if path else "")
        self.digest: str = file_digest(file)
        found = None if self.format in _BINARY_FORMATS else find_encoding(file, encoding)
        self.encoding: str | None = found.name if found else None
        self.guessed_encoding: str | None = found.name if found and found.guessed else None
        self.encoding_errors: str = found.errors if found else "strict"
        self.delimiter: str | None = (delimiter or self._find_delimiter()) if self.format == "csv" else None
        if sheet is not None and self.format != "xlsx":
            raise TransferError(f"{self.name} is not a workbook and has no sheets; omit --sheet (sheet=)")
        self.sheet = sheet
        self.other_sheets: tuple[str, ...] = ()
        self._sheet: Any = None
        if self.format == "xlsx":
            self._sheet, self.other_sheets = open_sheet(file, sheet)
        self._parquet = ParquetReader(file) if self.format == "parquet" else None
        self.cell_types: dict[str, CellType] = self._parquet.cell_types if self._parquet else {}
        self.footer: tuple[int, int] | None = None
        self._may_have_footer = self._mentions_salesforce()
        self.titles: tuple[str, ...] | None = self._read_titles()
        check_titles(self.titles or ())

    def _read_titles(self) -> tuple[str, ...] | None:
        if self._parquet:
            return self._parquet.titles
        return read_header(self._rows()) if self.format in _TABLE_FORMATS else None

    def has_changed(self) -> bool:
        """Whether the file was written to after it was opened."""
        return _state(self._file) != self._state

    @property
    def size(self) -> int:
        """The size of the content in bytes."""
        return os.fstat(self._file.fileno()).st_size

    @property
    def ends_with_newline(self) -> bool:
        """Whether the last byte is a newline; in UTF-16 and UTF-32, one of the last bytes."""
        self._file.seek(max(0, self.size - 4))
        return b"\n" in self._file.read()[-_CODE_UNIT_BYTES.get(self.encoding or "", 1) :]

    def __iter__(self) -> Iterator[Record]:
        return self.records()

    def records(self, positions: Collection[int] | None = None) -> Iterator[Record]:
        """Read all rows.

        Args:
            positions: The columns whose cells are needed; only Parquet, where they are apart, saves the others.

        Raises:
            TransferError: The file was written to after it was opened, or cannot be read to its end.
        """
        self._check_unchanged()
        if self._parquet:
            return chain.from_iterable(batch.records() for batch in self._parquet.batches(positions))
        records = self._objects() if self.titles is None else self._table(self.titles)
        if self.encoding_errors != "surrogateescape":
            return records
        return map(reject_invalid_bytes if self.titles is None else reject_invalid_cells, records)

    def batches(self, positions: Collection[int] | None = None) -> Iterator[RecordBatch]:
        """Read all rows of a table, many at a time. Arguments and errors are those of `records`."""
        if self.format == "csv" and not self._may_have_footer:
            return self._csv_batches()
        if self._parquet:
            self._check_unchanged()
            return self._parquet.batches(positions)
        records, titles = self.records(positions), self.titles or ()
        return (RecordBatch.of(titles, rows) for rows in iter(lambda: [*islice(records, _BATCH_ROWS)], []))

    def _csv_batches(self) -> Iterator[RecordBatch]:
        self._check_unchanged()
        titles = self.titles or ()
        with self._text() as text:
            reader = CsvReader(text, self.delimiter or ",")
            read_header(reader.rows())
            for batch in reader.batches(titles):
                yield (
                    batch
                    if self._is_valid_text(batch)
                    else RecordBatch.of(titles, [*map(reject_invalid_cells, batch.records())])
                )

    def _is_valid_text(self, batch: RecordBatch) -> bool:
        if self.encoding_errors != "surrogateescape":
            return True
        try:
            "".join(map("".join, batch.columns)).encode()
        except UnicodeEncodeError:
            return False
        return True

    def _check_unchanged(self) -> None:
        if self.has_changed():
            raise TransferError(f"{self.name} changed after it was opened; run the import again")

    def _objects(self) -> Iterator[Record]:
        with self._text() as text:
            yield from (line_records if self.format == "jsonl" else json_records)(text)

    def _table(self, titles: tuple[str, ...]) -> Iterator[Record]:
        rows = self._rows()
        read_header(rows)
        filled = without_blank(rows)
        rows_alone = without_footer(filled, self._set_footer) if self._may_have_footer else filled
        return table_records(rows_alone, titles)

    def _mentions_salesforce(self) -> bool:
        """Whether the end of the file mentions Salesforce; in a workbook, which is compressed, that is not known."""
        self._file.seek(max(0, self.size - _MAX_FOOTER_BYTES))
        return self.format == "xlsx" or FOOTER_BYTES in self._file.read().replace(b"\0", b"").lower()

    def _set_footer(self, first: int, last: int) -> None:
        self.footer = (first, last)

    def _rows(self) -> Iterator[TableRow]:
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
        # A duplicate of the descriptor, because it is closed with the text.
        file = os.fdopen(os.dup(self._file.fileno()), "rb")
        return TextIOWrapper(file, self.encoding, self.encoding_errors, newline="" if self.format == "csv" else None)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __repr__(self) -> str:
        return f"Source({self.name!r}, format={self.format!r})"


def mapping_source(rows: object) -> Source:
    """Return a source with these rows, in the natural forms of JSON. Arguments and errors are those of `write_rows`."""
    file = write_rows(rows)
    try:
        name = "the table" if is_table(rows) else "the source"
        return Source(file, None, format="jsonl", encoding="utf-8", delimiter=None, sheet=None, name=name)
    except BaseException:
        file.close()
        raise


def open_source(
    path: str | os.PathLike[str] | BinaryIO | ArrowTable,
    *,
    format: Format | None = None,  # noqa: A002  # what people call it
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Source:
    """Open a file or a table of contacts, and detect the format of a file.

    Args:
        path: The path of the file; `-` for standard input; or an open binary file, which is read to its end. Or a table
            of pandas, polars or pyarrow, for which the other arguments are not used.
        format: `csv`, `jsonl`, `json`, `xlsx` or `parquet`. By default it is detected from the content and the name.
        encoding: The text encoding. By default it is that of the byte order mark, else UTF-8, or cp1252 if most of the
            file is not valid UTF-8. In UTF-8, rows with invalid bytes are rejected.
        delimiter: The delimiter of CSV. By default it is the one that occurs most often in the first line.
        sheet: The sheet of a workbook. By default it is the first one that is neither hidden nor empty.

    Raises:
        OSError: The file cannot be read.
        TransferError: The content is not valid in the format or the encoding, or the format is not supported.
        ModuleNotFoundError: The extra of the format (`xlsx`, `parquet`) or of tables (`tables`) is not installed.

    Example:
        with open_source("contacts.csv") as source:
            print(plan_import(source))
    """
    if is_table(path):
        return mapping_source(path)
    file, file_path = _open(cast("str | os.PathLike[str] | BinaryIO", path))
    try:
        checked = format and check_format(format)
        return Source(file, file_path, format=checked, encoding=encoding, delimiter=delimiter, sheet=sheet)
    except BaseException:
        file.close()
        raise


def _open(path: str | os.PathLike[str] | BinaryIO) -> tuple[BinaryIO, Path | None]:
    if isinstance(path, str | os.PathLike) and path != STANDARD_INPUT:
        file = Path(path).open("rb")  # noqa: SIM115  # the source closes it
        if file.seekable():
            return file, Path(path)
        with file:  # a pipe, which can be read only once
            return _copy(file), None
    return _copy(sys.stdin.buffer if isinstance(path, str | os.PathLike) else path), None


def _copy(file: BinaryIO) -> BinaryIO:
    """Copy a file to a temporary one, which can be read several times."""
    copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the source closes it
    shutil.copyfileobj(file, copy)
    copy.flush()
    return copy


def _state(file: BinaryIO) -> tuple[int, int]:
    """Return what changes when the file is written to: its size and its modification time."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
