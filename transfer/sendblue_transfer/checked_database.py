"""SQLite files that survive a power loss, belong to one process at a time, and are not believed if they are damaged.

With a rollback journal and synchronous=EXTRA, a commit returns only when it is on disk (Macs need `fullfsync`), so what
was committed before a request survives a power loss, and an incomplete write is undone when the file is opened. The
locking mode is EXCLUSIVE: a second process is refused until this one ends, whether normally or by a signal. The mode
of the file is 0600.

A damaged file must not be believed: a record that is lost would be sent again. Each record has a checksum, triggers
keep the number of records and the sum of their checksums, and all of it is verified when a file is opened.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from abc import abstractmethod
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import JournalError, JournalLockedError
from .holder import HolderFile
from .temporary_database import Closing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

MAX_REASON_CHARACTERS = 10_000
"""A longer reason of a result is cut off."""
HEADER = {"header": ("name TEXT PRIMARY KEY", "value TEXT")}
"""The table of values about the whole file, which every kind of file has."""
_TRIGGER = (
    "CREATE TRIGGER {table}_{event} AFTER {event} ON {table} "
    "BEGIN UPDATE total SET records = records + {records}, checksums = checksums + {checksums}; END"
)
_EVENTS = (
    ("INSERT", 1, "NEW.checksum"),
    ("UPDATE", 0, "NEW.checksum - OLD.checksum"),
    ("DELETE", -1, "-OLD.checksum"),
)
_MAX_RECORD_BYTES = 1 << 25
_MAX_BYTES = 1 << 36
"""Sizes that no record and no file has. In a damaged file, a larger one would be a request for memory."""
_PRIMARY_CODE = 0xFF
"""The bits of an SQLite error code that hold the kind of the error; the others hold details."""
_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_LOCK_ERRORS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_HEADER_BYTES, _APPLICATION_ID_AT = 100, 68
_OTHERS = 0o077
"""The permissions of users other than the owner."""


@dataclass(frozen=True, slots=True)
class DatabaseKind:
    """A kind of file: its schema, and the words for it in messages.

    Attributes:
        application_id: Identifies the files; it changes with their schema.
        tables: The columns of each table besides the checksum. The first one is the primary key.
        noun: What the file is, in a short form: `journal`.
        name: The same in full: `import journal`.
        user: What uses the file: `import`.
        option: The option that names another file.
        if_damaged: What to do in addition to naming another file if it is damaged.
    """

    application_id: int
    tables: Mapping[str, tuple[str, ...]]
    noun: str
    name: str
    user: str
    option: str
    if_damaged: str = ""

    @property
    def schema(self) -> tuple[str, ...]:
        """The statements that create the tables and the triggers."""
        return (
            "CREATE TABLE total (records INTEGER, checksums INTEGER)",
            *(
                f"CREATE TABLE {table} ({', '.join(columns)}, checksum INTEGER)"
                + (" WITHOUT ROWID" if "TEXT" in columns[0] else "")
                for table, columns in self.tables.items()
            ),
            *(
                _TRIGGER.format(table=table, event=event, records=records, checksums=checksums)
                for table in self.tables
                for event, records, checksums in _EVENTS
            ),
        )

    def upsert(self, table: str) -> str:
        """The statement that writes a record of a table, and replaces the one with the same key."""
        key, *names = (column.split()[0] for column in (*self.tables[table], "checksum"))
        values = ", ".join("?" * (len(names) + 1))
        changes = ", ".join(f"{name} = excluded.{name}" for name in names)
        return f"INSERT INTO {table} VALUES ({values}) ON CONFLICT ({key}) DO UPDATE SET {changes}"  # noqa: S608  # constants


class CheckedDatabase(Closing):
    """A file of one kind. Used by the thread that made it.

    Args:
        kind: The kind of the file.
        path: The path of the file; empty for a temporary one, which is deleted when it is closed.
    """

    def __init__(self, kind: DatabaseKind, path: str | os.PathLike[str] = "") -> None:
        self.path = path
        self._kind = kind
        self._holder = HolderFile(path)
        with self._errors():
            _create_private(path)
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            with self._errors():
                self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_RECORD_BYTES)
                self._database.text_factory = _decode
                self._prepare()
            _sync_folder(path)
            self._holder.write()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=DELETE", "synchronous=EXTRA", "fullfsync=1"):
            self._database.execute(f"PRAGMA {pragma}")
        application_id = self._kind.application_id
        with self._transaction():
            if self._value("PRAGMA application_id") == application_id:
                self._verify()
                _make_private(self.path)
                return
            if self._value("SELECT count(*) FROM sqlite_master"):
                kind = self._kind
                raise JournalError(
                    f"{self.path} is not {_article(kind.name)} of this version; choose another with {kind.option}"
                )
            statements = ("INSERT INTO total VALUES (0, 0)", f"PRAGMA application_id={application_id}")
            for statement in (*self._kind.schema, *statements):
                self._database.execute(statement)
            _make_private(self.path)  # an empty file may have been there

    def _verify(self) -> None:
        """Verify that the file is as it was written."""
        if int(f"{self._value('PRAGMA page_count')}") * int(f"{self._value('PRAGMA page_size')}") > _MAX_BYTES:
            raise self._damaged("its size is impossible")
        if (found := self._value("PRAGMA integrity_check(1)")) != "ok":
            raise self._damaged(str(found).splitlines()[-1])
        if tuple(sql for (sql,) in self._select("SELECT sql FROM sqlite_master WHERE sql != ''")) != self._kind.schema:
            raise self._damaged("its tables are different")
        records = checksums = 0
        for table in self._kind.tables:
            for *values, checksum in self._select(f"SELECT * FROM {table}"):  # noqa: S608  # a constant
                if checksum != _checksum(values):
                    raise self._damaged("a checksum is wrong")
                records, checksums = records + 1, checksums + checksum
        if list(self._select("SELECT records, checksums FROM total")) != [(records, checksums)]:
            raise self._damaged("records are missing")

    def _damaged(self, detail: object) -> JournalError:
        kind = self._kind
        return JournalError(
            f"{self.path} is damaged or not {_article(kind.name)} ({detail}); choose another with {kind.option}"
            f"{kind.if_damaged}"
        )

    def header(self) -> dict[str, str]:
        """Return the values about the whole file; empty for a new one."""
        return dict(self._select("SELECT name, value FROM header"))

    def update_header(self, values: Mapping[str, object]) -> None:
        """Write values about the whole file."""
        with self._transaction():
            self._write_header(values)

    def _write_header(self, values: Mapping[str, object]) -> None:
        self._write("header", ((name, str(value)) for name, value in values.items()))

    def _write(self, table: str, records: Iterable[tuple[object, ...]]) -> None:
        """Write records within a transaction."""
        with_checksums = ((*record, _checksum(record)) for record in records)
        self._database.executemany(self._kind.upsert(table), with_checksums)

    def _select(self, query: str, *parameters: object) -> Iterator[tuple[Any, ...]]:
        with self._errors():
            yield from self._database.execute(query, parameters)

    def _value(self, query: str, *parameters: object) -> object:
        ((value,),) = self._select(query, *parameters)
        return value

    @contextmanager
    def _transaction(self) -> Generator[None]:
        with self._errors():
            if self._database.in_transaction:  # KeyboardInterrupt was raised right after BEGIN
                self._database.execute("ROLLBACK")
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # SQLite itself rolls back when the disk is full
                    self._database.execute("ROLLBACK")
                raise

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Raise the errors of SQLite as errors with a hint."""
        noun, user, option = self._kind.noun, self._kind.user, self._kind.option
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE  # Python's own errors have none
            if code in _DISK_ERRORS:
                message = f"the {noun} {self.path} cannot be written ({error}); free space on its disk, and run the"
                raise OSError(f"{message} same command again to resume") from None
            if code in _LOCK_ERRORS:
                raise JournalLockedError(
                    f"the {noun} {self.path} is in use by another {user} ({self._holder.describe()}); wait until that "
                    "has ended"
                ) from None
            raise JournalError(
                f"the {noun} {self.path} cannot be used ({error}); choose another with {option}"
            ) from None
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: a damaged name in SQLite's message
            raise self._damaged(error if isinstance(error, sqlite3.Error) else "a name is not text") from None

    @abstractmethod
    def flush(self) -> None:
        """Write the results that were added."""

    def close(self) -> None:
        """Write the results that were added, and close the file."""
        try:
            self.flush()
        finally:
            self._holder.remove()  # before another process can write its own
            self._database.close()


def application_id(path: Path) -> int:
    """Return the application ID in the header of an SQLite file, without SQLite.

    Raises:
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        return int.from_bytes(file.read(_HEADER_BYTES)[_APPLICATION_ID_AT:][:4], "big")


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _decode(text: bytes) -> str:
    """Decode text that may be damaged; its checksum is wrong then."""
    return text.decode("utf-8", "replace")


def _checksum(values: Sequence[object]) -> int:
    return zlib.crc32(repr(tuple(values)).encode())


def _create_private(path: str | os.PathLike[str]) -> None:
    """Create the file with the owner's permissions only. If that fails, SQLite states why."""
    if path:
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _make_private(path: str | os.PathLike[str]) -> None:
    """Take the permissions of others away, without opening the file: closing it would release the lock."""
    if path and Path(path).stat().st_mode & _OTHERS:
        with suppress(OSError):
            Path(path).chmod(0o600)


def _sync_folder(path: str | os.PathLike[str]) -> None:
    """Write the folder entry of the file to disk: SQLite only does that for the content."""
    if path:
        folder = os.open(Path(path).parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
