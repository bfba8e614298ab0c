"""The journal of an import: the result of each row, so that the same command can resume after an interruption.

The journal is an SQLite database (`checked_database`) with a table of results of single rows, a table of chunks, and a
table of values about the whole import. Before a request leaves, its rows are committed as `sending`. Their results are
written with the next such commit, or at the end. A row that is still `sending` in a journal may have been created, and
must be looked up. It holds only line numbers, reasons without values, and hashes of the input and of the account.

A chunk is all rows from its first line to its last, except those with a result of their own. So a request takes one
record, and not one for each row, unless the rows have different results.

In the mode `upsert`, two more tables hold personal data: what each request creates, and the values that it replaces, so
that the import can be undone.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sendblue_transfer.checked_database import HEADER, MAX_REASON_CHARACTERS, CheckedDatabase, DatabaseKind
from sendblue_transfer.rows.row_status import CREATED, NOT_SENT, REJECTED, SENDING, RowResult
from sendblue_transfer.syncing.change_log import CHANGE_TABLES

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sendblue_transfer.syncing.change_log import Result
    from sendblue_transfer.syncing.changes import Change

KIND = DatabaseKind(
    application_id=0x5B10_0006,
    tables={
        **HEADER,
        "rows": ("line INTEGER PRIMARY KEY", "status TEXT", "reason TEXT", "duplicate_of INTEGER"),
        "chunks": ("first INTEGER PRIMARY KEY", "last INTEGER", "covered INTEGER", "status TEXT", "sent_at REAL"),
        **CHANGE_TABLES,
    },
    noun="journal",
    name="import journal",
    user="import",
    option="--journal (journal=)",
    if_damaged=", and the mode upsert, because it does not show which contacts exist already",
)
SECONDS = "seconds"
"""The header value of the time that all runs of the import took."""
_RESULT = "SELECT line, status, reason, duplicate_of FROM rows"
_CACHE_SIZE = 200
"""Rows that `result` reads at a time, because files are read from the first line to the last."""
_NUMBER_SHAPE = re.compile(r" \('[^']*'\)")
"""The masked phone number in a reason; without it, equal reasons of several rows are counted together."""


class _Chunk(NamedTuple):
    """Rows that were sent in one request.

    Attributes:
        first: The line of the first row.
        last: The line of the last row.
        covered: How many rows these are, with those between them that had a result of their own before.
        status: Their status.
        sent_at: When they were marked, in seconds since 1970.
    """

    first: int
    last: int
    covered: int
    status: str
    sent_at: float = 0.0


_CHUNKS_BETWEEN = """
WITH span (start, stop) AS (VALUES (?, ?))
SELECT first, last, covered, status, sent_at FROM span, chunks WHERE last >= start AND first <= stop
AND first >= coalesce((SELECT max(first) FROM chunks WHERE first <= start), start) ORDER BY first
"""
"""Chunks do not overlap, so only the last one that begins before a line can reach it."""
_COUNTS = """
SELECT status, count(*) FROM rows GROUP BY status UNION ALL SELECT status,
covered - (SELECT count(*) FROM rows WHERE line BETWEEN first AND last) FROM chunks
"""


class Journal(CheckedDatabase):
    """The results of the rows of one input. Used by the thread that made it.

    Args:
        path: The path of the journal; empty for a temporary one, which is deleted when it is closed.

    Attributes:
        more_header: Returns header values that are written with the results.
    """

    more_header: Callable[[], Mapping[str, object]] = dict

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        self._results: list[RowResult] = []
        self._changes: dict[int, Change] = {}
        self._change_results: list[Result] = []
        self._cached_lines = range(0)
        self._cache: dict[int, RowResult] = {}
        self._cached_chunks: list[_Chunk] = []
        self._created_chunks: list[_Chunk] = []
        super().__init__(KIND, path)

    def write_validation(self, results: Iterable[RowResult], header: Mapping[str, object] | None = None) -> None:
        """Write the results that are known before anything is sent: all of them, or none if the iterable raises.

        Args:
            results: The results.
            header: The header of a new import, which replaces everything in the journal; None to add the results.
        """
        with self._transaction():
            if header is not None:
                self._cached_lines = range(0)
                for table in KIND.tables:
                    self._database.execute(f"DELETE FROM {table}")  # noqa: S608  # a constant
                self._write_header(header)
            self._write_results(results)

    def _write_results(self, results: Iterable[RowResult]) -> None:
        self._cached_lines = range(0)
        self._write("rows", ((*each[:2], each.reason[:MAX_REASON_CHARACTERS], each.duplicate_of) for each in results))

    def mark_sending(self, lines: Sequence[int], *, whole: bool = False) -> None:
        """Write that these rows are about to be sent, and the results so far. They are on disk when this returns.

        Args:
            lines: The lines of the rows, in ascending order.
            whole: Whether all rows between them have a result already.
        """
        with self._transaction():
            self._write_results(self._results)
            self._write("chunks", self._created_chunks)
            if lines and not (whole and self._write_chunk(lines)):
                known = zip(lines, self.statuses(lines), strict=True)
                self._write_results(RowResult(line, SENDING) for line, status in known if status != SENDING)
            self._write_changes()
            self._write_header(self.more_header())
        for written in (self._results, self._created_chunks, self._changes, self._change_results):
            written.clear()

    def _write_chunk(self, lines: Sequence[int]) -> bool:
        """Write a chunk of rows. Returns False if one of them has a result."""
        first, last = lines[0], lines[-1]
        others = {line for (line,) in self._select("SELECT line FROM rows WHERE line BETWEEN ? AND ?", first, last)}
        if not others.isdisjoint(lines) or self._chunks(first, last):
            return False
        self._write("chunks", [_Chunk(first, last, len(lines) + len(others), SENDING, time.time())])
        self._cached_lines = range(0)
        return True

    def _chunks(self, first: int, last: int) -> list[_Chunk]:
        """Return the chunks with a line between these, in the order of lines."""
        return [_Chunk(*values) for values in self._select(_CHUNKS_BETWEEN, first, last)]

    def add_created(self, lines: Sequence[int], created: Sequence[int]) -> None:
        """Add that some rows of a request were created. It is written like `add`, and must be called before it.

        Args:
            lines: The lines of all rows of the request, in ascending order.
            created: Those of the rows that were created.
        """
        chunks = self._chunks(lines[0], lines[-1]) if created else []
        own = self._value("SELECT count(*) FROM rows WHERE line BETWEEN ? AND ?", lines[0], lines[-1])
        if [_Chunk(lines[0], lines[-1], len(lines) + int(f"{own}"), SENDING)] == [
            each._replace(sent_at=0.0) for each in chunks
        ]:
            others = [] if len(created) == len(lines) else sorted({*lines}.difference(created))
            self._results += [RowResult(line, SENDING) for line in others]
            self._created_chunks.append(chunks[0]._replace(status=CREATED))
        else:
            self._results += [RowResult(line, CREATED) for line in created]

    def _write_changes(self) -> None:
        """Write the changes that were recorded, but no second update of a row, whose old values may be the new ones."""
        updates = {
            line
            for line in self._changes
            for _ in self._select("SELECT 1 FROM changes WHERE position = ? AND kind = 'update'", line)
        }
        changes = ((line, change) for line, change in self._changes.items() if line not in updates)
        self._write(
            "changes", ((line, "sync", change.kind, int(change.phone), change.to_json()) for line, change in changes)
        )
        self._write("results", self._change_results)
        if self._changes:
            self._write_header({"last_write": time.time()})

    def record(self, line: int, change: Change) -> None:
        """Add what the request for a row changes. It is written by the next `mark_sending` or `flush`."""
        self._changes[line] = change

    def record_result(self, result: Result) -> None:
        """Add what is known of a contact after the request for a row. It is written like `record`."""
        self._change_results.append(result)

    def add(self, result: RowResult) -> None:
        """Add the result of a row. It is written by the next `mark_sending` or `flush`."""
        self._results.append(result)

    def flush(self) -> None:
        """Write the results that were added."""
        if self._results or self._created_chunks or self._changes or self._change_results:
            self.mark_sending(())

    def result(self, line: int) -> RowResult:
        """Return the written result of a row, with the status `NOT_SENT` if nothing was written."""
        if line not in self._cached_lines:
            self._cached_lines = range(line, line + _CACHE_SIZE)
            self._cache = self._results_between(line, self._cached_lines[-1])
            self._cached_chunks = self._chunks(line, self._cached_lines[-1])
        return self._cache.get(line) or RowResult(line, _status(line, self._cached_chunks))

    def _results_between(self, first: int, last: int) -> dict[int, RowResult]:
        return {row[0]: RowResult(*row) for row in self._select(f"{_RESULT} WHERE line BETWEEN ? AND ?", first, last)}

    def statuses(self, lines: Sequence[int]) -> list[str]:
        """Return the written statuses of rows, whose lines are in ascending order."""
        if not lines:
            return []
        own = self._results_between(lines[0], lines[-1])
        chunks = self._chunks(lines[0], lines[-1])
        if not own and not chunks:
            return [NOT_SENT] * len(lines)
        return [own[line].status if line in own else _status(line, chunks) for line in lines]

    def rejected(self, limit: int = -1) -> Iterator[RowResult]:
        """Yield the rows that were rejected, in the order of lines, at most `limit` of them."""
        query = f"{_RESULT} WHERE status = ? ORDER BY line LIMIT ?"
        return (RowResult(*row) for row in self._select(query, REJECTED, limit))

    def sending_since(self) -> float | None:
        """Return when the first of the rows that are `sending` was marked; None if that is not known."""
        if self._value("SELECT count(*) FROM rows WHERE status = ?", SENDING):
            return None
        found = self._value("SELECT min(sent_at) FROM chunks WHERE status = ?", SENDING)
        return found if isinstance(found, float) else None

    def counts(self) -> Counter[str]:
        """Return how many rows have which status."""
        counts: Counter[str] = Counter()
        for status, count in self._select(_COUNTS):
            counts[status] += count
        return +counts

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Return the reasons for rejected rows, without the shapes of numbers, and how many rows each has."""
        counts: Counter[str] = Counter()
        query = "SELECT reason, count(*) FROM rows WHERE reason != '' GROUP BY reason ORDER BY min(line)"
        for reason, count in self._select(query):
            counts[_NUMBER_SHAPE.sub("", reason)] += count
        return tuple(counts.most_common())


def _status(line: int, chunks: Iterable[_Chunk]) -> str:
    return next((each.status for each in chunks if each.first <= line <= each.last), NOT_SENT)
