"""The two reads of a file: the first validates all rows before anything is sent, the second yields contacts to send.

No rows are kept in memory between the two.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sendblue_contacts.bulk.actions import merge
from sendblue_contacts.bulk.requests import EncodedPage, encoded_item

from .contact_encoder import ColumnValidator, ContactEncoder
from .duplicates import DuplicateFinder, MergeBuffer
from .row_status import DUPLICATE, REJECTED, RowResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sendblue_transfer.sources.record import Record, RecordBatch
    from sendblue_transfer.sources.source import Source

    from .columns import Columns
    from .duplicates import Duplicates

    RowPage = tuple[Sequence[int], EncodedPage]
    """The lines of rows, and their contacts."""

T = TypeVar("T")

_BATCH_SIZE = 1_000
_TOO_FEW = 16
"""So few rows are validated row by row if one of them is invalid."""
DUPLICATE_IS_REJECTED = "another row has the same number, and only the first one is imported"


class RowResults(Protocol):
    """The results of rows, as the journal has them."""

    def result(self, line: int, /) -> RowResult:
        """Return the result of the row on a line."""
        ...

    def statuses(self, lines: Sequence[int], /) -> list[str]:
        """Return the statuses of the rows on these lines, in the order of lines."""
        ...


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items, a thousand at a time."""
    iterator = iter(items)
    return iter(lambda: list(islice(iterator, _BATCH_SIZE)), [])


class ImportRows:
    """The rows of a file, and how they become contacts.

    Attributes:
        source: The file.
        columns: Its columns.
        duplicates: What happens to rows with the same number.
        region: The region of numbers in national form.
        count: How many rows the file has, once `validate` has read all of them.
    """

    def __init__(self, source: Source, columns: Columns, duplicates: Duplicates, region: str | None) -> None:
        self.source = source
        self.columns = columns
        self.duplicates: Duplicates = duplicates
        self.region = region
        self.count: int = 0

    def validate(self, on_read: Callable[[int], object]) -> Iterator[RowResult]:
        """Read all rows, and yield the results of those that will not be sent.

        Args:
            on_read: Called with the number of rows that were read, once per thousand rows.
        """
        self.count = 0
        with DuplicateFinder() as finder:
            titles = self.source.titles
            if titles is None:
                for records in batches(self.source):
                    yield from self._validate_each(records, finder)
                    self._count_rows(len(records), on_read)
            else:
                parser = self.columns.parser(titles)
                validator = ColumnValidator(parser, self.region)
                for batch in self.source.batches(parser.validated_positions):
                    yield from self._validate(batch, finder, validator)
                    self._count_rows(len(batch), on_read)
            for line, kept_line in finder.superseded(self.duplicates):
                yield self._duplicate(line, kept_line)

    def _count_rows(self, rows: int, on_read: Callable[[int], object]) -> None:
        self.count += rows
        if self.count // _BATCH_SIZE > (self.count - rows) // _BATCH_SIZE:
            on_read(self.count)

    def _validate(self, batch: RecordBatch, finder: DuplicateFinder, validator: ColumnValidator) -> Iterator[RowResult]:
        """Validate rows together; if one of them is invalid, find it by halving."""
        try:
            if any(batch.problems):
                raise ValueError  # noqa: TRY301  # handled like the error of an invalid value
            finder.add_all(validator.numbers(batch.columns) if batch.lines else (), batch.lines)
        except (TypeError, ValueError):
            if len(batch) < _TOO_FEW:
                yield from self._validate_each(batch.records(), finder)
                return
            for half in batch.halves():
                yield from self._validate(half, finder, validator)

    def _validate_each(self, records: Iterable[Record], finder: DuplicateFinder) -> Iterator[RowResult]:
        for record in records:
            try:
                finder.add_all([self._number(record)], [record.line])
            except (TypeError, ValueError) as error:
                yield RowResult(record.line, REJECTED, str(error))

    def _number(self, record: Record) -> str:
        if record.problem:
            raise ValueError(record.problem)
        return self.columns.parser(record.titles).validated_number(record.cells, self.region)

    def _duplicate(self, line: int, kept_line: int) -> RowResult:
        if self.duplicates == "error":
            return RowResult(line, REJECTED, DUPLICATE_IS_REJECTED, kept_line)
        return RowResult(line, DUPLICATE, duplicate_of=kept_line)

    def pages(self, journal: RowResults, *statuses: str) -> Iterator[RowPage]:
        """Read the rows again, and yield the contacts of those that have a status, encoded for bulk requests.

        Args:
            journal: Has the results of the rows.
            statuses: The statuses of the rows to yield.
        """
        titles = self.source.titles
        if titles is None or self.duplicates == "merge":
            for rows in batches(self.contacts(journal.result, *statuses)):
                yield [line for line, _ in rows], EncodedPage(encoded_item(contact, self.region) for _, contact in rows)
            return
        parser = self.columns.parser(titles)
        encoder = ContactEncoder(parser, self.region)
        for batch in self.source.batches(parser.positions):
            wanted = [status in statuses for status in journal.statuses(batch.lines)]
            found = batch if all(wanted) else batch.select(wanted)
            if found.lines:
                yield found.lines, encoder.encode(found.columns)

    def contacts(self, result_of: Callable[[int], RowResult], *statuses: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Read the rows again, and yield the contacts of those that have a status, each with its line.

        Args:
            result_of: Returns the result of the row on a line.
            statuses: The statuses of the rows to yield.
        """
        merges, titles = self.duplicates == "merge", self.source.titles
        with MergeBuffer() as buffer:
            for record in self.source.records(self.columns.parser(titles).positions if titles else None):
                result = result_of(record.line)
                if result.status in statuses:
                    contact = self._contact(record)
                    yield record.line, merge(buffer.take(record.line), contact) if merges else contact
                elif merges and result.status == DUPLICATE and result.duplicate_of:
                    buffer.add(result.duplicate_of, self._contact(record))

    def _contact(self, record: Record) -> dict[str, Any]:
        return self.columns.parser(record.titles).parse_validated(record.cells, self.region)
