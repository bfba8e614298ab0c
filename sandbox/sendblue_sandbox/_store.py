"""The store: contacts and opt-outs in SQLite. One connection, one lock, one transaction for each request.

A contact's fields are one JSON text, so that a new field of the document needs no new column; columns are only what is
searched and sorted. An opt-out belongs to a number, whether or not that is a contact (the vendor's page 004: "from
recipient opt-out state").
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from ._settings import PathLike

VERSION = 1
SCHEMA = f"""
BEGIN;
CREATE TABLE contacts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    fields TEXT NOT NULL,
    contact_id TEXT AS (printf('c_%08d', sequence)),
    first_name TEXT AS (json_extract(fields, '$.first_name')),
    last_name TEXT AS (json_extract(fields, '$.last_name'))
);
CREATE INDEX contacts_created_at ON contacts (created_at, sequence);
CREATE UNIQUE INDEX contacts_contact_id ON contacts (contact_id);
CREATE TABLE opt_outs (phone TEXT PRIMARY KEY) WITHOUT ROWID;
PRAGMA user_version = {VERSION};
COMMIT;
"""
SORTABLE = frozenset({"created_at", "first_name", "last_name", "phone"})
ROW = "SELECT phone, created_at, contact_id, fields, phone IN (SELECT phone FROM opt_outs) FROM contacts"


@dataclass(frozen=True, slots=True)
class Row:
    """One contact as it is kept. `created_at` is in milliseconds since 1970."""

    phone: str
    created_at: int
    contact_id: str
    fields: dict[str, object]
    opt_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which contacts to list, and how."""

    limit: int
    offset: int
    order_by: str
    descending: bool
    phone: str | None = None
    contact_id: str | None = None
    created_at_gte: float | None = None


class Store:
    """Contacts in memory, or in a file that outlives a kill.

    Args:
        path: The file; None for memory.

    Raises:
        ValueError: The file cannot be used.
    """

    def __init__(self, path: PathLike | None = None) -> None:
        self._lock = RLock()
        try:
            self._sqlite = _open(path)
        except sqlite3.Error as error:
            message = f"db={path!s} cannot hold contacts ({error}): give another path, or none to keep them in memory."
            raise ValueError(message) from error

    @contextmanager
    def reading(self) -> Generator[None]:
        """Keep others out while something is looked up."""
        with self._lock:
            yield

    @contextmanager
    def writing(self) -> Generator[None]:
        """Keep others out, and make all of it happen or nothing; what is done at the end is on disk."""
        with self._lock:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._sqlite.execute("COMMIT")

    def find(self, phone: str) -> Row | None:
        """The contact with this number, or None."""
        found = self._sqlite.execute(f"{ROW} WHERE phone = ?", (phone,)).fetchone()
        return None if found is None else _row(found)

    def insert(self, phone: str, created_at: int, fields: dict[str, object]) -> None:
        """Add a contact."""
        self._sqlite.execute(
            "INSERT INTO contacts (phone, created_at, fields) VALUES (?, ?, ?)",
            (phone, created_at, json.dumps(fields)),
        )

    def change(self, phone: str, new_phone: str, fields: dict[str, object]) -> None:
        """Give a contact other fields and another number, which may be the one it has."""
        self._sqlite.execute(
            "UPDATE contacts SET phone = ?, fields = ? WHERE phone = ?",
            (new_phone, json.dumps(fields), phone),
        )

    def remove(self, phone: str) -> bool:
        """Delete a contact; False if there is none with this number."""
        return self._sqlite.execute("DELETE FROM contacts WHERE phone = ?", (phone,)).rowcount > 0

    def count(self, phone: str | None = None) -> int:
        """How many contacts there are, or how many with this number."""
        where, values = _where({"phone = ?": phone})
        sql = "SELECT count(*) FROM contacts" + where  # noqa: S608 - the clauses are this file's own, values are bound
        found: int = self._sqlite.execute(sql, values).fetchone()[0]
        return found

    def page(self, page: Page) -> list[Row]:
        """Some contacts in an order that is total: those that are equal come in the order in which they were made."""
        where, values = _where(
            {"phone = ?": page.phone, "contact_id = ?": page.contact_id, "created_at >= ?": page.created_at_gte}
        )
        way = "DESC" if page.descending else "ASC"
        order = f" ORDER BY {page.order_by} {way}, sequence {way} LIMIT ? OFFSET ?"
        found = self._sqlite.execute(ROW + where + order, (*values, page.limit, page.offset))
        return [_row(each) for each in found]

    def all(self) -> list[Row]:
        """Every contact, in the order in which they were made."""
        return [_row(each) for each in self._sqlite.execute(f"{ROW} ORDER BY sequence")]

    def set_opt_out(self, phone: str, *, opted_out: bool) -> None:
        """Record whether the owner of a number wants no messages."""
        sql = "INSERT OR IGNORE INTO opt_outs VALUES (?)" if opted_out else "DELETE FROM opt_outs WHERE phone = ?"
        self._sqlite.execute(sql, (phone,))

    def clear(self) -> None:
        """Delete every contact and every opt-out, and count contacts from one again."""
        with self.writing():
            for table in ("contacts", "opt_outs", "sqlite_sequence"):
                self._sqlite.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables are named on the line above

    def close(self) -> None:
        """Close the file, or give up the memory."""
        with self._lock:
            self._sqlite.close()


def _open(path: PathLike | None) -> sqlite3.Connection:
    sqlite = sqlite3.connect(":memory:" if path is None else path, isolation_level=None, check_same_thread=False)
    try:
        _prepare(sqlite)
    except BaseException:
        sqlite.close()
        raise
    return sqlite


def _prepare(sqlite: sqlite3.Connection) -> None:
    version: int = sqlite.execute("PRAGMA user_version").fetchone()[0]
    tables: int = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if version != VERSION and (version or tables):
        message = "it is a database of something else"
        raise sqlite3.DatabaseError(message)
    sqlite.execute("PRAGMA journal_mode = WAL")
    # With WAL a commit is written before the answer goes out: a killed process loses nothing. FULL is for power cuts.
    sqlite.execute("PRAGMA synchronous = NORMAL")
    if version != VERSION:
        sqlite.executescript(SCHEMA)


def _where(conditions: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    asked = {sql: value for sql, value in conditions.items() if value is not None}
    return (" WHERE " + " AND ".join(asked) if asked else "", tuple(asked.values()))


def _row(found: tuple[Any, ...]) -> Row:
    phone, created_at, contact_id, fields, opt_out = found
    return Row(phone, created_at, contact_id, json.loads(fields), bool(opt_out))
