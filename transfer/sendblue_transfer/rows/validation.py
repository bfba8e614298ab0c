"""The two reads of a file: the first validates all rows before anything is sent, the second yields contacts to send.

No rows are kept in memory between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sendblue_contacts.bulk.actions import merge

from .duplicates import DuplicateFinder, MergeBuffer
from .row_status import DUPLICATE, REJECTED, RowResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_transfer.sources.record import Record
    from sendblue_transfer.sources.source import Source

    from .columns import Columns
    from .duplicates import Duplicates

_PROGRESS_INTERVAL = 1_000
DUPLICATE_IS_REJECTED = "another row has the same number, and only the first one is imported"


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
            positions = self.columns.parser(titles).validated_positions if titles else None
            for record in self.source.records(positions):
                self.count += 1
                try:
                    finder.add(self._number(record), record.line)
                except (TypeError, ValueError) as error:
                    yield RowResult(record.line, REJECTED, str(error))
                if self.count % _PROGRESS_INTERVAL == 0:
                    on_read(self.count)
            for line, kept_line in finder.superseded(self.duplicates):
                yield self._duplicate(line, kept_line)

    def _number(self, record: Record) -> str:
        if record.problem:
            raise ValueError(record.problem)
        return self.columns.parser(record.titles).validated_number(record.cells, self.region)

    def _duplicate(self, line: int, kept_line: int) -> RowResult:
        if self.duplicates == "error":
            return RowResult(line, REJECTED, DUPLICATE_IS_REJECTED, kept_line)
        return RowResult(line, DUPLICATE, duplicate_of=kept_line)

    def contacts(self, result_of: Callable[[int], RowResult], *statuses: str) -> Iterator[tuple[int, dict[str, Any]]]:
        """Read the rows again, and yield the contacts of those that have a status, each with its line.

        Args:
            result_of: Returns the result of the row on a line.
            statuses: The statuses of the rows to yield.
        """
        merges = self.duplicates == "merge"
        with MergeBuffer() as buffer:
            for record in self.source:
                result = result_of(record.line)
                if result.status in statuses:
                    contact = self._contact(record)
                    yield record.line, merge(buffer.take(record.line), contact) if merges else contact
                elif merges and result.status == DUPLICATE and result.duplicate_of:
                    buffer.add(result.duplicate_of, self._contact(record))

    def _contact(self, record: Record) -> dict[str, Any]:
        return self.columns.parser(record.titles).parse_validated(record.cells, self.region)
