"""The journal of an import: the fate of each row, so that the same command can go on where another one ended.

SQLite, in WAL mode with synchronous=FULL: a commit returns when the log is on the disk (`fullfsync` for the drives of
Macs), so that what was written before a request is there after a power loss, and a torn write is undone on opening. The
locking mode is EXCLUSIVE: a second process is refused for as long as this one lives, however it ends, and the log needs
no shared memory, which network drives do not have.

That a row is on its way is written before its request leaves; what became of it, with the next such note or at the end.
So a row that is on its way in a journal was sent or was not, and has to be looked for. Nothing else is personal: there
are numbers of lines, reasons that show no values, and hashes of the input and of the account.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from .errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from types import TracebackType

SENDING, CREATED, UPDATED, REJECTED, DUPLICATE = "sending", "created", "updated", "rejected", "duplicate"

_OURS = 0x5B10_0001
"""The `application_id` of our journals, which changes with their form."""
_SCHEMA = """
CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE fates (line INTEGER PRIMARY KEY, status TEXT, reason TEXT, counts INTEGER);
"""
_SHAPE = re.compile(r" \('[^']*'\)")
"""What a reason shows of a phone number that is none."""
_PAGE = 1_000
_UPSERT = "INSERT OR REPLACE INTO fates VALUES (?, ?, ?, ?)"


def _keep_name(path: str | os.PathLike[str]) -> None:
    """Have it on the disk that there is such a file: SQLite sees to the content alone."""
    if path:
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Fate(NamedTuple):
    """What became of a row.

    Attributes:
        line: Its line.
        status: `sending`, `created`, `updated`, `rejected` or `duplicate`. A row that was not sent yet has no fate.
        reason: Why it was rejected.
        counts: The line of the row that has the same number and counts, if that is why.
    """

    line: int
    status: str
    reason: str = ""
    counts: int | None = None

    @property
    def said(self) -> str:
        """The reason, with the line that it speaks of."""
        return self.reason if self.counts is None else f"{self.reason} (line {self.counts})"


class Journal:
    """The fates of the rows of one input. For the thread that made it.

    Args:
        path: Where it is; empty for one that is nobody's, on the disk if it grows, and gone when it is closed.
    """

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        self.path = path
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

    def _create(self) -> None:
        for statement in filter(str.strip, _SCHEMA.split(";")):
            self._database.execute(statement)
        self._database.execute(f"PRAGMA application_id={_OURS}")

    # --- whose it is

    def identity(self) -> dict[str, str]:
        """What the import is of, as it was begun; empty before."""
        return dict(self._all("SELECT name, value FROM identity"))

    def begin(self, identity: Mapping[str, str]) -> None:
        """Forget everything, and begin an import of this."""
        with self._transaction():
            self._database.execute("DELETE FROM fates")
            self._database.execute("DELETE FROM identity")
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
        with self._transaction():
            self._many(_UPSERT, fates)

    def sending(self, lines: Iterable[int]) -> None:
        """Write that these rows are on their way now, and what was settled before. On the disk when this returns."""
        with self._transaction():
            self._many(_UPSERT, self._settled)
            self._many(_UPSERT, ((line, SENDING, "", None) for line in lines))
        self._settled.clear()

    def settle(self, fate: Fate) -> None:
        """Say what became of a row. It is written with the next rows that are sent, or by `flush`."""
        self._settled.append(fate)

    def flush(self) -> None:
        """Write what was settled."""
        self.sending(())

    def fates(self, *statuses: str) -> Iterator[Fate]:
        """The fates, in the order of lines, or those of some statuses; lazily, while others may be written."""
        chosen = f"AND status IN ({', '.join('?' * len(statuses))})" if statuses else ""
        query = f"SELECT * FROM fates WHERE line > ? {chosen} ORDER BY line LIMIT {_PAGE}"  # noqa: S608  # question marks
        last = -1
        while page := self._all(query, last, *statuses):
            yield from map(Fate._make, page)
            last = page[-1][0]

    def counts(self) -> dict[str, int]:
        """How many rows have which status."""
        return dict(self._all("SELECT status, count(*) FROM fates GROUP BY status"))

    def reasons(self) -> tuple[tuple[str, int], ...]:
        """Why rows were rejected, and how many, most frequent first; whatever their values look like."""
        found: Counter[str] = Counter()
        query = "SELECT reason, count(*) FROM fates WHERE status = ? GROUP BY reason ORDER BY min(line)"
        for reason, count in self._database.execute(query, (REJECTED,)):
            found[_SHAPE.sub("", reason)] += count
        return tuple(found.most_common())

    # --- how

    def _one(self, query: str) -> object:
        return self._database.execute(query).fetchone()[0]

    def _all(self, query: str, *values: object) -> list[Any]:
        return self._database.execute(query, values).fetchall()

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
            busy = error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
            why = "another import has it: wait until that has ended" if busy else f"{error}: give another --journal"
            raise JournalError(f"the journal {self.path} cannot be used; {why}") from None
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{self.path} is no journal ({error}); give another --journal (journal=)") from None

    def close(self) -> None:
        """Write what was settled, and let the journal go."""
        self.flush()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
