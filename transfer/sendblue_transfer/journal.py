"""The journal of an import: the fate of each row, so that the same command can go on where another one ended.

SQLite, in WAL mode with synchronous=FULL: a commit returns when the log is on the disk (`fullfsync` for the drives of
Macs), so that what was written before a request is there after a power loss, and a torn write is undone on opening. The
locking mode is EXCLUSIVE: a second process is refused for as long as this one lives, however it ends, and the log needs
no shared memory, which network drives do not have.

That a row is on its way is written before its request leaves; what became of it, with the next such note or at the end.
So a row that is on its way in a journal was sent or was not, and has to be looked for. It is a log of numbers of lines,
and what was noted last of a line counts; in memory there is a byte for each. Nothing is personal: there are numbers of
lines, reasons that show no values, and hashes of the input and of the account.
"""

from __future__ import annotations

import os
import re
import sqlite3
from array import array
from collections import Counter, defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from .errors import JournalError
from .fates import CODES, DUPLICATE, LINES, REJECTED, SENDING, STATUSES, Fate, Statuses, packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from types import TracebackType

_OURS = 0x5B10_0002
"""The `application_id` of our journals, which changes with their form."""
_SCHEMA = (
    "CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE log (place INTEGER PRIMARY KEY, status INTEGER, lines BLOB)",
    "CREATE TABLE reasons (line INTEGER PRIMARY KEY, reason TEXT, counts INTEGER)",
)
_REASON = "INSERT OR REPLACE INTO reasons VALUES (?, ?, ?)"
_PRIMARY = 0xFF
"""SQLite's codes tell the kind of an error in these bits, and more of it in the others."""
_NO_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_GO_ON = "see to its disk, and the same command goes on where it was"
_SHAPE = re.compile(r" \('[^']*'\)")
"""What a reason shows of a phone number that is none."""


def _keep_name(path: str | os.PathLike[str]) -> None:
    """Have it on the disk that there is such a file: SQLite sees to the content alone."""
    if path:
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _reason(fate: Fate) -> tuple[int, str, int | None]:
    return fate.line, fate.reason, fate.counts


def _noted(fate: Fate, lines: array[int]) -> tuple[int, str, int | None]:
    lines.append(fate.line)
    return _reason(fate)


class Journal:
    """The fates of the rows of one input. For the thread that made it.

    Args:
        path: Where it is; empty for one that is nobody's, on the disk if it grows, and gone when it is closed.
    """

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        self.path = path
        self._statuses = Statuses()
        self._settled: list[Fate] = []
        with self._usable():
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with self._usable():
                self._prepare()
            _keep_name(path)
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "fullfsync=1"):
            self._database.execute(f"PRAGMA {pragma}")
        with self._transaction():
            found = self._one("PRAGMA application_id")
            if found != _OURS and self._one("SELECT count(*) FROM sqlite_master"):
                raise JournalError(f"{self.path} is no journal of this version: give another --journal (journal=)")
            if found != _OURS:
                self._create()
        log = self._database.execute("SELECT status, lines FROM log ORDER BY place")
        for code, lines in cast("Iterable[tuple[int, bytes]]", log):
            self._statuses.set(unpacked(lines), STATUSES[code])

    def _create(self) -> None:
        for statement in _SCHEMA:
            self._database.execute(statement)
        self._database.execute(f"PRAGMA application_id={_OURS}")

    # --- whose it is

    def identity(self) -> dict[str, str]:
        """What the import is of, as it was begun; empty before."""
        return dict(self._database.execute("SELECT name, value FROM identity").fetchall())

    def begin(self, identity: Mapping[str, str]) -> None:
        """Forget everything, and begin an import of this."""
        with self._transaction():
            for table in ("log", "reasons", "identity"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608  # one of three
            self._statuses = Statuses()
        self.note(identity)

    def note(self, values: Mapping[str, object]) -> None:
        """Keep values about the import as a whole."""
        with self._transaction():
            self._many(
                "INSERT OR REPLACE INTO identity VALUES (?, ?)", ((name, str(each)) for name, each in values.items())
            )

    # --- fates

    def plan(self, fates: Iterable[Fate]) -> None:
        """Write the fates that are known before anything is sent: all of them, or none if that is interrupted."""
        noted = {REJECTED: array(LINES), DUPLICATE: array(LINES)}
        with self._transaction():
            self._many(_REASON, (_noted(fate, noted[fate.status]) for fate in fates))
            self._log(noted)
        for status, lines in noted.items():
            self._statuses.set(lines, status)

    def sending(self, lines: Iterable[int]) -> None:
        """Write that these rows are on their way now, and what was settled before. On the disk when this returns."""
        noted: defaultdict[str, array[int]] = defaultdict(lambda: array(LINES))
        for fate in self._settled:
            noted[fate.status].append(fate.line)
        noted[SENDING] = array(LINES, lines)
        with self._transaction():
            self._many(_REASON, (_reason(fate) for fate in self._settled if fate.reason))
            self._log(noted)
        self._settled.clear()
        self._statuses.set(noted[SENDING], SENDING)

    def settle(self, fate: Fate) -> None:
        """Say what became of a row. It is written with the next rows that are sent, or by `flush`."""
        self._settled.append(fate)
        self._statuses[fate.line] = fate.status

    def flush(self) -> None:
        """Write what was settled."""
        if self._settled:
            self.sending(())

    def status(self, line: int) -> str:
        """What is known of a row; empty if it was not sent yet."""
        return self._statuses[line]

    def fate(self, line: int) -> Fate:
        """The fate of a row that was rejected, or is a duplicate."""
        query = "SELECT reason, counts FROM reasons WHERE line = ?"
        return Fate(line, self.status(line), *self._database.execute(query, (line,)).fetchone())

    def rejected(self) -> Iterator[Fate]:
        """The fates of rows that were rejected, in the order of lines."""
        return map(self.fate, self._statuses.lines(REJECTED))

    def counts(self) -> Counter[str]:
        """How many rows have which status."""
        return self._statuses.counts()

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why rows were rejected, and how many, most frequent first; whatever their values look like."""
        found: Counter[str] = Counter()
        query = "SELECT reason, count(*) FROM reasons WHERE reason != '' GROUP BY reason ORDER BY min(line)"
        for reason, count in self._database.execute(query):
            found[_SHAPE.sub("", reason)] += count
        return tuple(found.most_common())

    # --- how

    def _log(self, noted: Mapping[str, array[int]]) -> None:
        rows = [(CODES[status], packed(lines)) for status, lines in noted.items() if lines]
        self._many("INSERT INTO log (status, lines) VALUES (?, ?)", rows)

    def _one(self, query: str) -> object:
        return self._database.execute(query).fetchone()[0]

    def _many(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        self._database.executemany(statement, rows)

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._usable():
            if self._database.in_transaction:  # Ctrl-C came right when one had begun
                self._database.execute("ROLLBACK")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it already
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _usable(self) -> Generator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY in _NO_DISK:
                raise OSError(f"the journal {self.path} cannot be written ({error}); {_GO_ON}") from None
            busy = error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
            why = "another import has it: wait until that has ended" if busy else f"{error}: give another --journal"
            raise JournalError(f"the journal {self.path} cannot be used; {why}") from None
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{self.path} is no journal ({error}); give another --journal (journal=)") from None

    def close(self) -> None:
        """Write what was settled, and let the journal go."""
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
