"""The journal of an import: the result of each row, so that the same command can resume after an interruption.

The journal is an SQLite database with a table of results, one per row, and a table of values about the whole import.
With a rollback journal and synchronous=EXTRA, a commit returns only when it is on disk (Macs need `fullfsync`), so what
was committed before a request survives a power loss, and an incomplete write is undone when the journal is opened. The
locking mode is EXCLUSIVE: a second process is refused until this one ends, whether normally or by a signal.

Before a request leaves, its rows are committed as `sending`. Their results are written with the next such commit, or at
the end. A row that is still `sending` in a journal may have been created, and must be looked up. The journal holds no
personal data: only line numbers, reasons without values, and hashes of the input and of the account.

A damaged journal must not be believed: a record that is lost would be sent again. Each record has a checksum, triggers
keep the number of records and the sum of their checksums, and all of it is verified when a journal is opened.
"""

from __future__ import annotations

import os
import re
import sqlite3
import zlib
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sendblue_transfer.errors import JournalError
from sendblue_transfer.rows.row_status import NOT_SENT, REJECTED, SENDING, RowResult

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType

_APPLICATION_ID = 0x5B10_0004
"""Identifies our journals; it changes with their schema."""
_TRIGGER = (
    "CREATE TRIGGER {table}_{event} AFTER {event} ON {table} "
    "BEGIN UPDATE total SET records = records + {records}, checksums = checksums + {checksums}; END"
)
_TABLES = ("header", "rows")
_SCHEMA = (
    "CREATE TABLE total (records INTEGER, checksums INTEGER)",
    "CREATE TABLE header (name TEXT PRIMARY KEY, value TEXT, checksum INTEGER) WITHOUT ROWID",
    "CREATE TABLE rows (line INTEGER PRIMARY KEY, status TEXT, reason TEXT, duplicate_of INTEGER, checksum INTEGER)",
    *(
        _TRIGGER.format(table=table, event=event, records=records, checksums=checksums)
        for table in _TABLES
        for event, records, checksums in (
            ("INSERT", 1, "NEW.checksum"),
            ("UPDATE", 0, "NEW.checksum - OLD.checksum"),
            ("DELETE", -1, "-OLD.checksum"),
        )
    ),
)
_WRITE_ROW = (
    "INSERT INTO rows VALUES (?, ?, ?, ?, ?) ON CONFLICT (line) DO UPDATE SET status = excluded.status, "
    "reason = excluded.reason, duplicate_of = excluded.duplicate_of, checksum = excluded.checksum"
)
_WRITE_HEADER = (
    "INSERT INTO header VALUES (?, ?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value, checksum = excluded.checksum"
)
_RESULT = "SELECT line, status, reason, duplicate_of FROM rows"
_MAX_REASON_CHARACTERS = 10_000
_MAX_RECORD_BYTES = 100_000
_MAX_BYTES = 1 << 36
"""Sizes that no record and no journal has. In a damaged journal, a larger one would be a request for memory."""
_CACHE_SIZE = 200
"""Rows that `result` reads at a time, because files are read from the first line to the last."""
_PRIMARY_CODE = 0xFF
"""The bits of an SQLite error code that hold the kind of the error; the others hold details."""
_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_LOCK_ERRORS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NUMBER_SHAPE = re.compile(r" \('[^']*'\)")
"""The masked phone number in a reason; without it, equal reasons of several rows are counted together."""


class Journal:
    """The results of the rows of one input. Used by the thread that made it.

    Args:
        path: The path of the journal; empty for a temporary one, which is deleted when it is closed.
    """

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        self.path = path
        self._results: list[RowResult] = []
        self._cached_lines = range(0)
        self._cache: dict[int, RowResult] = {}
        with self._errors():
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with self._errors():
                self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_RECORD_BYTES)
                self._database.text_factory = _decode
                self._prepare()
            _sync_folder(path)
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=DELETE", "synchronous=EXTRA", "fullfsync=1"):
            self._database.execute(f"PRAGMA {pragma}")
        with self._transaction():
            if self._value("PRAGMA application_id") == _APPLICATION_ID:
                self._verify()
                return
            if self._value("SELECT count(*) FROM sqlite_master"):
                raise JournalError(
                    f"{self.path} is not an import journal of this version; choose another with --journal (journal=)"
                )
            for statement in (*_SCHEMA, "INSERT INTO total VALUES (0, 0)", f"PRAGMA application_id={_APPLICATION_ID}"):
                self._database.execute(statement)

    def _verify(self) -> None:
        """Verify that the journal is as it was written."""
        if int(f"{self._value('PRAGMA page_count')}") * int(f"{self._value('PRAGMA page_size')}") > _MAX_BYTES:
            raise self._damaged("its size is impossible")
        if (found := self._value("PRAGMA integrity_check(1)")) != "ok":
            raise self._damaged(str(found).splitlines()[-1])
        if tuple(sql for (sql,) in self._select("SELECT sql FROM sqlite_master WHERE sql != ''")) != _SCHEMA:
            raise self._damaged("its tables are different")
        records = checksums = 0
        for table in _TABLES:
            for *values, checksum in self._select(f"SELECT * FROM {table}"):  # noqa: S608  # a constant
                if checksum != _checksum(values):
                    raise self._damaged("a checksum is wrong")
                records, checksums = records + 1, checksums + checksum
        if list(self._select("SELECT records, checksums FROM total")) != [(records, checksums)]:
            raise self._damaged("records are missing")

    def _damaged(self, detail: object) -> JournalError:
        return JournalError(
            f"{self.path} is damaged or not an import journal ({detail}); choose another with --journal (journal=), "
            "and the mode upsert, because it does not show which contacts exist already"
        )

    # --- the import as a whole

    def header(self) -> dict[str, str]:
        """Return the values about the whole import; empty for a new journal."""
        return dict(self._select("SELECT name, value FROM header"))

    def update_header(self, values: Mapping[str, object]) -> None:
        """Write values about the whole import."""
        with self._transaction():
            self._write_header(values)

    def reset(self, header: Mapping[str, object]) -> None:
        """Delete everything, and start with this header."""
        with self._transaction():
            self._database.execute("DELETE FROM rows")
            self._database.execute("DELETE FROM header")
            self._write_header(header)

    def _write_header(self, values: Mapping[str, object]) -> None:
        records = (_with_checksum(name, str(value)) for name, value in values.items())
        self._database.executemany(_WRITE_HEADER, records)

    # --- rows

    def write_validation(self, results: Iterable[RowResult]) -> None:
        """Write the results that are known before anything is sent: all of them, or none if the iterable raises."""
        with self._transaction():
            self._write_results(results)

    def _write_results(self, results: Iterable[RowResult]) -> None:
        records = (
            _with_checksum(line, status, reason[:_MAX_REASON_CHARACTERS], duplicate_of)
            for line, status, reason, duplicate_of in results
        )
        self._database.executemany(_WRITE_ROW, records)

    def mark_sending(self, lines: Iterable[int]) -> None:
        """Write that these rows are about to be sent, and the results so far. They are on disk when this returns."""
        with self._transaction():
            self._write_results(self._results)
            self._write_results(RowResult(line, SENDING) for line in lines)
        self._results.clear()

    def add(self, result: RowResult) -> None:
        """Add the result of a row. It is written by the next `mark_sending` or `flush`."""
        self._results.append(result)

    def flush(self) -> None:
        """Write the results that were added."""
        if self._results:
            self.mark_sending(())

    def result(self, line: int) -> RowResult:
        """Return the written result of a row, with the status `NOT_SENT` if nothing was written."""
        if line not in self._cached_lines:
            self._cached_lines = range(line, line + _CACHE_SIZE)
            rows = self._select(f"{_RESULT} WHERE line BETWEEN ? AND ?", line, self._cached_lines[-1])
            self._cache = {row[0]: RowResult(*row) for row in rows}
        return self._cache.get(line) or RowResult(line, NOT_SENT)

    def rejected(self, limit: int = -1) -> Iterator[RowResult]:
        """Yield the rows that were rejected, in the order of lines, at most `limit` of them."""
        query = f"{_RESULT} WHERE status = ? ORDER BY line LIMIT ?"
        return (RowResult(*row) for row in self._select(query, REJECTED, limit))

    def counts(self) -> Counter[str]:
        """Return how many rows have which status."""
        return Counter(dict(self._select("SELECT status, count(*) FROM rows GROUP BY status")))

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Return the reasons for rejected rows, without the shapes of numbers, and how many rows each has."""
        counts: Counter[str] = Counter()
        query = "SELECT reason, count(*) FROM rows WHERE reason != '' GROUP BY reason ORDER BY min(line)"
        for reason, count in self._select(query):
            counts[_NUMBER_SHAPE.sub("", reason)] += count
        return tuple(counts.most_common())

    # --- the database

    def _select(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        with self._errors():
            yield from self._database.execute(query, parameters)

    def _value(self, query: str) -> object:
        ((value,),) = self._select(query)
        return value

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._errors():
            if self._database.in_transaction:  # KeyboardInterrupt was raised right after BEGIN
                self._database.execute("ROLLBACK")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._cached_lines = range(0)
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Raise the errors of SQLite as errors with a hint."""
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE  # Python's own errors have none
            if code in _DISK_ERRORS:
                message = f"the journal {self.path} cannot be written ({error}); free space on its disk, and run the"
                raise OSError(f"{message} same command again to resume") from None
            if code in _LOCK_ERRORS:
                raise JournalError(
                    f"the journal {self.path} is in use by another import; wait until that has ended"
                ) from None
            raise JournalError(
                f"the journal {self.path} cannot be used ({error}); choose another with --journal (journal=)"
            ) from None
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: a damaged name in SQLite's message
            raise self._damaged(error if isinstance(error, sqlite3.Error) else "a name is not text") from None

    def close(self) -> None:
        """Write the results that were added, and close the journal."""
        try:
            self.flush()
        finally:
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _decode(text: bytes) -> str:
    """Decode text that may be damaged; its checksum is wrong then."""
    return text.decode("utf-8", "replace")


def _checksum(values: Sequence[object]) -> int:
    return zlib.crc32(repr(tuple(values)).encode())


def _with_checksum(*values: object) -> tuple[object, ...]:
    return (*values, _checksum(values))


def _sync_folder(path: str | os.PathLike[str]) -> None:
    """Write the folder entry of the journal to disk: SQLite only does that for the content."""
    if path:
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
