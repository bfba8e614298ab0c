"""A row of a file, whatever its format."""

from __future__ import annotations

import json
import re
from functools import cached_property
from itertools import compress, repeat
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from sendblue_transfer.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINE, REASON, TEXT = "_line", "_reason", "_text"
CellType = Literal["text", "list", "other"]
"""What the cells of a column are: text, which may be blank; lists of text, or None; or any values."""
RESERVED = (LINE, REASON, TEXT)
"""Columns that a rejects file adds: the line of the row, why it was rejected, and the text that is not valid JSON."""


class Record(NamedTuple):
    """One row of a file, not interpreted yet.

    Attributes:
        line: The line on which it begins, counted from 1; in XLSX the row of the sheet, in a JSON array
            and in Parquet the position.
        titles: The titles of its cells.
        cells: Its cells: text in CSV and XLSX, values of any type in JSON, both in Parquet.
        problem: Why the row cannot be read; empty if it can.
    """

    line: int
    titles: tuple[str, ...]
    cells: Sequence[Any]
    problem: str = ""


class RecordBatch:
    """Rows of a table that are read together: row by row or column by column, whichever the format has.

    Args:
        titles: The titles of the columns.
        lines: The lines of the rows.
        rows: The cells row by row; None if they are given column by column.
        columns: The cells column by column.
        problems: Why each row cannot be read; empty if all can.
    """

    def __init__(
        self,
        titles: tuple[str, ...],
        lines: Sequence[int],
        rows: Sequence[Sequence[Any]] | None = None,
        columns: Sequence[Sequence[Any]] = (),
        problems: Sequence[str] = (),
    ) -> None:
        self.titles = titles
        self.lines = lines
        self._rows = rows
        self._columns = columns
        self.problems = problems

    @classmethod
    def of(cls, titles: tuple[str, ...], records: Sequence[Record]) -> Self:
        """Return a batch of these rows."""
        problems = [record.problem for record in records]
        rows = [record.cells for record in records]
        return cls(titles, [record.line for record in records], rows, problems=problems if any(problems) else ())

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def columns(self) -> Sequence[Sequence[Any]]:
        """The cells column by column. Blank cells that follow the last column of a row are left out."""
        return self._columns if self._rows is None else [*zip(*self._rows, strict=False)]

    def records(self) -> Iterator[Record]:
        """Yield the rows one by one."""
        rows = zip(*self._columns, strict=True) if self._rows is None else self._rows
        return map(Record, self.lines, repeat(self.titles), rows, self.problems or repeat(""))

    def select(self, chosen: Sequence[object]) -> RecordBatch:
        """Return the rows for which an item is true."""
        rows = None if self._rows is None else [*compress(self._rows, chosen)]
        columns = [[*compress(column, chosen)] for column in self._columns]
        return RecordBatch(
            self.titles, [*compress(self.lines, chosen)], rows, columns, [*compress(self.problems, chosen)]
        )

    def halves(self) -> tuple[RecordBatch, RecordBatch]:
        """Return the first half of the rows, and the second."""
        half = len(self) // 2
        first = [True] * half + [False] * (len(self) - half)
        return self.select(first), self.select([not each for each in first])


_MAX_NUMBER_CHARACTERS = 40
_PHONE_NUMBER = re.compile(r"[\s\"']*\+?(?:[\s().-]*\d){7,15}[\s\"']*")
_INVALID_BYTE = re.compile(r"[\udc80-\udcff]")
"""What `surrogateescape` makes of a byte that is not valid UTF-8."""

_INVALID = "not valid UTF-8; correct it, or name the encoding of the file with --encoding (encoding=)"


def looks_like_phone_number(text: str) -> bool:
    """Whether a text is 7 to 15 digits with the punctuation of phone numbers."""
    return bool(_PHONE_NUMBER.fullmatch(text[:_MAX_NUMBER_CHARACTERS]))


def reject_invalid_bytes(record: Record) -> Record:
    """Return a record with a problem if its text has a byte that is not valid UTF-8."""
    try:
        "".join((*record.titles, *record.cells)).encode()  # much faster than JSON, and enough for most rows
    except (TypeError, UnicodeEncodeError):  # the former: cells from JSON that are not text
        return _reject_invalid_text(record)
    return record


def reject_invalid_cells(record: Record) -> Record:
    """Do the same for a row of a table, whose titles were checked once and whose cells are text."""
    try:
        "".join(record.cells).encode()
    except UnicodeEncodeError:
        return _reject_invalid_text(record)
    return record


def _reject_invalid_text(record: Record) -> Record:
    text = json.dumps([record.titles, record.cells], ensure_ascii=False)
    if record.problem or not _INVALID_BYTE.search(text):
        return record
    return record._replace(problem=f"the row has a byte that is {_INVALID}")


def check_titles(titles: tuple[str, ...]) -> None:
    """Check that the titles of a table have no byte that is not valid UTF-8.

    Raises:
        TransferError: They have one.
    """
    if _INVALID_BYTE.search(" ".join(titles)):
        raise TransferError(f"the titles in the first row have a byte that is {_INVALID}")
