"""The SQLite file of a store: opened, and checked to be an undamaged sandbox database."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sendblue_sandbox.config import PathLike

# SQLite's application ID in the header of the file, and the version of the tables.
APPLICATION_ID = int.from_bytes(b"SBLU")
VERSION = 4
TIMEOUT_MS = 5_000


def open_database(path: PathLike | None, schema: str) -> sqlite3.Connection:
    """Open a database, and create its tables if it is new.

    Args:
        path: The file; None for memory.
        schema: The SQL statements that create the tables.

    Raises:
        ValueError: The file cannot be used.
    """
    try:
        return _open(path, schema)
    except sqlite3.Error as error:
        message = f"db={path!s} cannot hold contacts ({error}). Use another path, or none to keep contacts in memory."
        raise ValueError(message) from error


def _open(path: PathLike | None, schema: str) -> sqlite3.Connection:
    sqlite = sqlite3.connect(":memory:" if path is None else path, isolation_level=None, check_same_thread=False)
    try:
        _prepare(sqlite, schema)
    except BaseException:
        sqlite.close()
        raise
    return sqlite


def _prepare(sqlite: sqlite3.Connection, schema: str) -> None:
    new = _is_new(sqlite)
    sqlite.execute("PRAGMA journal_mode = WAL")
    # With WAL a commit is written before the response is sent, so a killed process loses nothing. FULL would also
    # protect against power failure.
    sqlite.execute("PRAGMA synchronous = NORMAL")
    if new:
        header = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        sqlite.executescript(f"BEGIN; {schema}; {header} COMMIT;")


def check_sole_use(sqlite: sqlite3.Connection, path: PathLike | None) -> None:
    """Raise `ValueError` if the file of this connection has another connection."""
    sqlite.execute("PRAGMA busy_timeout = 0")
    try:
        # SQLite leaves the mode WAL only if there is no other connection.
        alone = sqlite.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    except sqlite3.OperationalError:
        alone = False
    if not alone:
        message = (
            f"db={path!s} is in use by a sandbox with another spelling or another document, and a file holds contacts "
            "in one form. Stop that sandbox, use its settings, or use another path."
        )
        raise ValueError(message)
    sqlite.execute(f"PRAGMA busy_timeout = {TIMEOUT_MS}")
    sqlite.execute("PRAGMA journal_mode = WAL")


def _is_new(sqlite: sqlite3.Connection) -> bool:
    application_id, version = (_pragma(sqlite, name) for name in ("application_id", "user_version"))
    if application_id == version == 0 and _table_count(sqlite) == 0:
        return True
    if application_id != APPLICATION_ID:
        raise sqlite3.DatabaseError("it is not a sandbox database")
    if version != VERSION:
        raise sqlite3.DatabaseError(f"its version is {version}, and this version of the sandbox needs {VERSION}")
    check = _pragma(sqlite, "quick_check(1)")
    if check != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {check}")
    return False


def _pragma(sqlite: sqlite3.Connection, name: str) -> object:
    value: object = sqlite.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _table_count(sqlite: sqlite3.Connection) -> int:
    count: int = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return count
