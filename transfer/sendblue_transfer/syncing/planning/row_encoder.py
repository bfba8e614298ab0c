"""Validates the rows of a source, and encodes them for a comparison by digests. No I/O.

The rows of a table are read column by column, a thousand at a time. A row that cannot be sent is found by halving.
"""

from __future__ import annotations

import marshal
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sendblue_contacts.phone import normalise

from sendblue_transfer.rows.column_reader import ColumnReader
from sendblue_transfer.rows.row_parser import PHONE, ColumnTarget, RowParser
from sendblue_transfer.syncing.contact_values import e164_digits

from .digests import Digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sendblue_transfer.rows.validation import ImportRows
    from sendblue_transfer.sources.record import Record
    from sendblue_transfer.syncing.changes import Values

    from .diff import RowDiff

    Encoded = tuple[int, int, int | None, bytes]
    """The line of a row, the digits of its number, its digest, and its content."""

_dumps, _loads = cast("Callable[[Any], bytes]", marshal.dumps), cast("Callable[[bytes], Any]", marshal.loads)
_TOO_FEW = 16
"""So few rows are read row by row if one of them cannot be sent."""


class Rejected(NamedTuple):
    """A row that cannot be sent.

    Attributes:
        line: Its line.
        number: The digits of its phone number; None if it cannot be read.
        reason: Why it cannot be sent.
    """

    line: int
    number: int | None
    reason: str


class RowEncoder:
    """Encodes the rows of a source, and decodes them.

    Args:
        rows: The rows of the source.
        diff: Decides which tags a contact is to have.

    Attributes:
        digests: The digests of rows, and of their contacts. They compare what the rows of the first batch fill.
    """

    def __init__(self, rows: ImportRows, diff: RowDiff) -> None:
        self._columns = rows.columns
        self._region = rows.region
        self._titles = rows.source.titles
        self._diff = diff
        self._targets: frozenset[ColumnTarget] | None = None
        self._table: _Table | None = None
        self.digests: Digests = Digests((), diff)

    def encode(self, records: Sequence[Record], rejected: list[Rejected]) -> Iterable[Encoded]:
        """Return the rows of a batch that can be sent, once they are iterated over; the others are added to a list."""
        if self._targets is None:
            parsers = {self._columns.parser(record.titles) for record in records}
            self._targets = self._diff.added_targets.union(*(parser.targets for parser in parsers))
            self.digests = Digests(self._targets, self._diff)
            self._table = _Table(parsers.pop(), self.digests, self._region) if self._titles else None
        if self._table is None:
            return self._encode_rows(records, rejected)
        return self._encode_table(self._table, records, rejected)

    def _encode_table(self, table: _Table, records: Sequence[Record], rejected: list[Rejected]) -> Iterable[Encoded]:
        half = len(records) // 2
        try:
            return table.encode(records)
        except (TypeError, ValueError):
            if half < _TOO_FEW:
                return self._encode_rows(records, rejected)
        parts = records[:half], records[half:]
        return chain.from_iterable(self._encode_table(table, part, rejected) for part in parts)

    def _encode_rows(self, records: Sequence[Record], rejected: list[Rejected]) -> Iterator[Encoded]:
        for record in records:
            row = self._encode_row(record)
            if isinstance(row, Rejected):
                rejected.append(row)
            else:
                yield row

    def _encode_row(self, record: Record) -> Encoded | Rejected:
        line, titles, cells, problem = record
        parser = self._columns.parser(titles)
        try:
            if problem:
                raise ValueError(problem)  # noqa: TRY301  # handled like the error of an invalid value
            values = parser.validated(cells, self._region)
        except (TypeError, ValueError) as error:
            readable = "" if problem else parser.readable_number(cells, self._region)  # its cells may be shifted
            return Rejected(line, int(readable) if readable else None, str(error))
        number = int(values.pop(PHONE))
        digest = self.digests.of_row(values) if self._targets and parser.targets <= self._targets else None
        return line, number, digest, _dumps((None if self._titles else titles, cells))

    def decode(self, content: bytes) -> Values:
        """Return the values of a row as they are sent, without its number; or those that `encode_values` encoded."""
        titles, cells = _loads(content)
        if isinstance(cells, dict):
            return cast("Values", cells)
        values = self._columns.parser(titles or self._titles or ()).validated(cells, self._region)
        del values[PHONE]
        return values


def encode_values(values: Values) -> bytes:
    """Return the content of a row into which others are merged."""
    return _dumps((None, values))


class _Table:
    """Reads rows column by column.

    Args:
        parser: The parser of the rows.
        digests: The digests of the rows.
        region: The region of numbers in national form.
    """

    def __init__(self, parser: RowParser, digests: Digests, region: str | None) -> None:
        targets = [*digests.targets, *(parser.targets - set(digests.targets))]
        self._digests = digests
        self._readers = [ColumnReader(parser, each, partial(digests.row_key, each), region) for each in targets]
        self._region = region
        self._normalise = partial(normalise, default_region=region)
        self._positions, phone = parser.part(PHONE, None)
        self._is_text = len(self._positions) == 1 and phone.field_cells[0].cell_type == "text"
        self._other_numbers = ColumnReader(parser, ColumnTarget(PHONE), cast("Any", int), region)

    def encode(self, records: Sequence[Record]) -> Iterable[Encoded]:
        """Return the rows.

        Raises:
            TypeError, ValueError: One of them cannot be sent.
        """
        lines, _, cells, problems = zip(*records, strict=True)
        if any(problems):
            raise ValueError("a row cannot be read")
        columns = [*zip(*cells, strict=False)]  # empty cells may follow the last column
        numbers = self._numbers(columns)
        keys = [reader.read(columns) for reader in self._readers]
        digests = self._digests.of_keys(keys[: len(self._digests.targets)], len(records))
        contents = map(_dumps, zip(repeat(None), cells, strict=False))
        return zip(lines, numbers, digests, contents, strict=False)

    def _numbers(self, columns: Sequence[Sequence[str]]) -> Sequence[Any]:
        if not self._is_text:
            return self._other_numbers.read(columns)
        numbers = columns[self._positions[0]]
        return e164_digits(numbers) if self._region is None else [*map(int, map(self._normalise, numbers))]
