"""The file of a store: opened, known as one of ours and found whole, or refused with a sentence."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sendblue_sandbox.config import PathLike

# SQLite's own mark for "whose file is this", in the header of the file; and the version of the tables.
APPLICATION = int.from_bytes(b"SBLU")
VERSION = 2


def opened(path: PathLike | None, schema: str) -> sqlite3.Connection:
    """Open a database, and make its tables if it is new.

    Args:
        path: The file; None for memory.
        schema: What makes the tables.

    Raises:
        ValueError: The file cannot be used.
    """
    try:
        return _opened(path, schema)
    except sqlite3.Error as error:
        message = f"db={path!s} cannot hold contacts ({error}): give another path, or none to keep them in memory."
        raise ValueError(message) from error


def _opened(path: PathLike | None, schema: str) -> sqlite3.Connection:
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
    # With WAL a commit is written before the answer goes out: a killed process loses nothing. FULL is for power cuts.
    sqlite.execute("PRAGMA synchronous = NORMAL")
    if new:
        marks = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
        sqlite.executescript(f"BEGIN; {schema}; {marks} COMMIT;")


def _is_new(sqlite: sqlite3.Connection) -> bool:
    whose, version = (_pragma(sqlite, name) for name in ("application_id", "user_version"))
    if whose == version == 0 and _count(sqlite) == 0:
        return True
    if whose != APPLICATION:
        raise sqlite3.DatabaseError("it is a database of something else")
    if version != VERSION:
        raise sqlite3.DatabaseError(f"it was made by another version of the sandbox: {version}, this one has {VERSION}")
    whole = _pragma(sqlite, "quick_check(1)")
    if whole != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {whole}")
    return False


def _pragma(sqlite: sqlite3.Connection, name: str) -> object:
    value: object = sqlite.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _count(sqlite: sqlite3.Connection) -> int:
    tables: int = sqlite.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return tables
