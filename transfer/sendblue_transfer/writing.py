"""Writing contacts as CSV, JSON Lines, a JSON array or XLSX. What is written is read back as the same contacts.

A table has a column for each field, and one for each label of a map that any contact has. Those are known when the last
contact is, so that a table is written from a spool: a temporary file that nobody else can open. JSON needs none.
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

from . import cells
from .errors import TransferError
from .formats import check_encoding
from .layouts import Target
from .tables import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from .layouts import Fields

    Values = Mapping[str, Any]

XLSX_ROWS, XLSX_COLUMNS, XLSX_CHARACTERS = 1_048_576, 16_384, 32_767
"""What one sheet can hold: rows, columns, and characters in a cell."""


class Sheet:
    """The columns of a table of contacts, which it learns from the contacts."""

    def __init__(self, fields: Fields) -> None:
        self._labels: dict[str, dict[str, None]] = {name: {} for name, field in fields.items() if field.kind == "map"}
        self._fields = fields

    def learn(self, values: Values) -> None:
        """Learn the labels of a contact."""
        for name, labels in self._labels.items():
            labels.update(dict.fromkeys(cells.variables(values.get(name))))

    def targets(self) -> list[Target]:
        """The columns, labels in the order in which they were first seen."""
        return [Target(name, label) for name in self._fields for label in self._labels.get(name, [None])]

    def titles(self) -> list[str]:
        """What the columns are called."""
        return [target.title for target in self.targets()]

    def texts(self, values: Values) -> list[str]:
        """The cells of a contact."""
        return [cells.text(_value(values, *target)) for target in self.targets()]

    def escaped(self, values: Values) -> list[str]:
        """The same, as they stand in CSV."""
        return [cells.escape(text) for text in self.texts(values)]


def _value(values: Values, name: str, label: str | None) -> object:
    value = values.get(name)
    return value if label is None else cells.variables(value).get(label)


def write_lines(contacts: Iterable[Values], file: BinaryIO, **_: object) -> None:
    """As JSON Lines, in UTF-8."""
    file.writelines(f"{_json(values)}\n".encode() for values in contacts)


def write_array(contacts: Iterable[Values], file: BinaryIO, **_: object) -> None:
    """As a JSON array with a contact on each line, in UTF-8."""
    file.write(b"[")
    file.writelines(f"{',' if number else ''}\n{_json(values)}".encode() for number, values in enumerate(contacts))
    file.write(b"\n]\n")


def write_table(
    contacts: Iterable[Values], file: BinaryIO, *, fields: Fields, encoding: str = "utf-8", delimiter: str = ","
) -> None:
    """As CSV.

    Raises:
        TransferError: There is no such encoding, or it lacks a letter.
    """
    check_encoding(encoding)
    text = TextIOWrapper(file, encoding, newline="")
    with spooled(contacts, Sheet(fields)) as (sheet, spool):
        try:
            quoting: Literal[0, 1] = csv.QUOTE_ALL if _misleads(sheet) else csv.QUOTE_MINIMAL
            csv.writer(text, delimiter=delimiter, quoting=quoting).writerow(sheet.titles())
            csv.writer(text, delimiter=delimiter).writerows(map(sheet.escaped, spool))
            text.flush()
        except UnicodeEncodeError:  # its text holds the letters, and is not shown
            raise TransferError(f"{encoding} lacks letters that the contacts have: export them in utf-8") from None
        finally:
            text.detach()


def _misleads(sheet: Sheet) -> bool:
    """Whether a label holds what may divide cells, and has to be quoted for those who find out what does."""
    return any(mark in title for title in sheet.titles() for mark in DELIMITERS)


def write_workbook(contacts: Iterable[Values], file: BinaryIO, *, fields: Fields, **_: object) -> None:
    """As XLSX, every cell a text: a number that is a text, such as a postcode, stays as it is.

    Raises:
        TransferError: It does not fit into a sheet.
        OSError: It cannot be written.
        ModuleNotFoundError: The extra `xlsx` is not installed.
    """
    library = _xlsxwriter()
    # Whole at first: xlsxwriter also writes what an error left, and cries twice over a pipe that nobody reads. And in a
    # folder that goes away, where it leaves its own files with the contacts when it cannot go on.
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as whole:
        with spooled(contacts, Sheet(fields)) as (sheet, spool), _workbook(library, whole, folder) as book:
            page = book.add_worksheet("Contacts")
            for row, texts in enumerate(chain([sheet.titles()], map(sheet.texts, spool))):
                _write_row(page, row, texts)
        whole.seek(0)
        shutil.copyfileobj(whole, file)


@contextmanager
def _workbook(library: Any, file: object, folder: str) -> Generator[Any]:  # noqa: ANN401  # an optional library
    try:
        with library.Workbook(file, {"constant_memory": True, "tmpdir": folder}) as book:
            yield book
    except library.exceptions.FileCreateError as error:
        raise error.args[0] from None  # the OSError that the library wraps


def _write_row(page: Any, row: int, texts: list[str]) -> None:  # noqa: ANN401  # an object of an optional library
    if row >= XLSX_ROWS or len(texts) > XLSX_COLUMNS or any(len(text) > XLSX_CHARACTERS for text in texts):
        raise TransferError(
            f"the contacts do not fit into a sheet of XLSX ({XLSX_ROWS:,} rows, {XLSX_COLUMNS:,} columns, "
            f"{XLSX_CHARACTERS:,} characters in a cell): export them as csv or jsonl"
        )
    for column, text in enumerate(texts):
        if text:
            page.write_string(row, column, text)


def _xlsxwriter() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("xlsxwriter")
    except ModuleNotFoundError:
        raise ModuleNotFoundError('XLSX needs the library xlsxwriter: pip install "sendblue-contacts[xlsx]"') from None


@contextmanager
def spooled(contacts: Iterable[Values], sheet: Sheet) -> Generator[tuple[Sheet, Iterator[Values]]]:
    """The contacts once more, when the sheet has learned all labels."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as spool:
        for values in contacts:
            sheet.learn(values)
            spool.write(f"{_json(values)}\n")
        spool.seek(0)
        yield sheet, map(json.loads, spool)


def _json(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False)


WRITERS: dict[str, Callable[..., object]] = {
    "csv": write_table,
    "jsonl": write_lines,
    "json": write_array,
    "xlsx": write_workbook,
}
