"""Writers for CSV, JSON Lines, JSON arrays and XLSX. What they write is read back as the same contacts.

A table has a column per field, and one per label of a map that occurs in any contact. The labels are known only after
the last contact, so a table is written from a private temporary file. JSON is written directly.
"""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from sendblue_transfer.errors import TransferError
from sendblue_transfer.rows.cells import escape_formula
from sendblue_transfer.sources.formats import check_encoding
from sendblue_transfer.sources.table_reader import DELIMITERS

from .parquet_writer import write_parquet
from .table_layout import TableLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from sendblue_transfer.rows.row_parser import Fields

    from .table_layout import Values

XLSX_ROWS, XLSX_COLUMNS, XLSX_CHARACTERS = 1_048_576, 16_384, 32_767
"""The limits of an XLSX sheet: rows, columns, and characters per cell."""


def write_json_lines(contacts: Iterable[Values], file: BinaryIO, **_: object) -> None:
    """Write contacts as JSON Lines, in UTF-8."""
    file.writelines(f"{_to_json(values)}\n".encode() for values in contacts)


def write_json_array(contacts: Iterable[Values], file: BinaryIO, **_: object) -> None:
    """Write contacts as a JSON array with one contact per line, in UTF-8."""
    file.write(b"[")
    file.writelines(f"{',' if number else ''}\n{_to_json(values)}".encode() for number, values in enumerate(contacts))
    file.write(b"\n]\n")


def write_csv_table(
    contacts: Iterable[Values], file: BinaryIO, *, fields: Fields, encoding: str = "utf-8", delimiter: str = ","
) -> None:
    """Write contacts as CSV.

    Raises:
        TransferError: The encoding is unknown, or cannot encode a character.
    """
    check_encoding(encoding)
    text = TextIOWrapper(file, encoding, newline="")
    with _spooled(contacts, TableLayout(fields)) as (layout, spool):
        try:
            quoting: Literal[0, 1] = csv.QUOTE_ALL if _is_ambiguous(layout) else csv.QUOTE_MINIMAL
            csv.writer(text, delimiter=delimiter, quoting=quoting).writerow(map(escape_formula, layout.titles()))
            csv.writer(text, delimiter=delimiter).writerows(map(layout.escaped_cells, spool))
            text.flush()
        except UnicodeEncodeError:  # its message contains the characters, so it is not shown
            raise TransferError(
                f"the encoding {encoding} cannot represent all characters of the contacts; use utf-8"
            ) from None
        finally:
            text.detach()


def _is_ambiguous(layout: TableLayout) -> bool:
    """Whether a title contains a delimiter, and must be quoted for readers that detect the delimiter."""
    return any(delimiter in title for title in layout.titles() for delimiter in DELIMITERS)


def write_workbook(contacts: Iterable[Values], file: BinaryIO, *, fields: Fields, **_: object) -> None:
    """Write contacts as XLSX, with every cell as text, so that values such as postcodes do not become numbers.

    Raises:
        TransferError: The contacts do not fit into a sheet.
        OSError: The file cannot be written.
        ModuleNotFoundError: The extra `xlsx` is not installed.
    """
    library = _xlsxwriter()
    # The workbook is complete before any of it is written to the target, because xlsxwriter also writes after an error
    # and reports a broken pipe twice. Its own temporary files hold contacts, so their folder is deleted.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as complete:
        with _spooled(contacts, TableLayout(fields)) as (layout, spool), _workbook(library, complete, folder) as book:
            sheet = book.add_worksheet("Contacts")
            for row, cells in enumerate(chain([layout.titles()], map(layout.cells, spool))):
                _write_row(sheet, row, cells)
        complete.seek(0)
        shutil.copyfileobj(complete, file)


@contextmanager
def _workbook(library: Any, file: object, folder: str) -> Generator[Any]:  # noqa: ANN401  # an optional library
    try:
        with library.Workbook(file, {"constant_memory": True, "tmpdir": folder}) as book:
            yield book
    except library.exceptions.FileCreateError as error:
        raise error.args[0] from None  # the OSError that the library wraps


def _write_row(sheet: Any, row: int, cells: list[str]) -> None:  # noqa: ANN401  # an object of an optional library
    if row >= XLSX_ROWS or len(cells) > XLSX_COLUMNS or any(len(cell) > XLSX_CHARACTERS for cell in cells):
        raise TransferError(
            f"the contacts do not fit into an XLSX sheet ({XLSX_ROWS:,} rows, {XLSX_COLUMNS:,} columns, "
            f"{XLSX_CHARACTERS:,} characters per cell); export them as csv or jsonl"
        )
    for column, cell in enumerate(cells):
        if cell:
            sheet.write_string(row, column, cell)


def _xlsxwriter() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("xlsxwriter")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'writing XLSX requires the library xlsxwriter: pip install "sendblue-contacts[xlsx]"'
        ) from None


@contextmanager
def _spooled(contacts: Iterable[Values], layout: TableLayout) -> Generator[tuple[TableLayout, Iterator[Values]]]:
    """Write the contacts to a temporary file, and yield them again once the layout has all labels."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as spool:
        for values in contacts:
            layout.add_labels(values)
            spool.write(f"{_to_json(values)}\n")
        spool.seek(0)
        yield layout, map(json.loads, spool)


def _to_json(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False)


WRITERS: dict[str, Callable[..., object]] = {
    "csv": write_csv_table,
    "jsonl": write_json_lines,
    "json": write_json_array,
    "xlsx": write_workbook,
    "parquet": write_parquet,
}
