"""Numbers that stand in several rows of a file: which row counts, and how rows are merged.

Which row counts is known only when all were read, so the numbers are kept until then: in a database of SQLite's that
nobody else can open, in memory while it is small and on the disk when it grows, and gone with the process.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Self, get_args

from sendblue_contacts.bulk.actions import merge
from sendblue_contacts.bulk.duplicates import Duplicates

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["DUPLICATES", "Duplicates", "Held", "Repeats"]

DUPLICATES: tuple[Duplicates, ...] = get_args(Duplicates)

_BATCH = 10_000
_BEATEN = """
SELECT line, kept FROM numbers
JOIN (SELECT number AS repeated, {}(line) AS kept FROM numbers GROUP BY number HAVING count(*) > 1)
ON number = repeated WHERE line != kept
"""
_KEPT = {"last": "max", "merge": "max", "first": "min", "error": "min"}


class _Private:
    """A database that nobody else can open."""

    def __init__(self, table: str) -> None:
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute(f"CREATE TABLE {table}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()


class Repeats(_Private):
    """The numbers of a file, and the lines on which they stand."""

    def __init__(self) -> None:
        super().__init__("numbers (number INTEGER, line INTEGER)")
        self._batch: list[tuple[int, int]] = []

    def add(self, number: str, line: int) -> None:
        """A number in E.164 form stands on this line."""
        self._batch.append((int(number), line))
        if len(self._batch) >= _BATCH:
            self._write()

    def _write(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO numbers VALUES (?, ?)", self._batch)
        self._database.execute("COMMIT")
        self._batch.clear()

    def beaten(self, policy: Duplicates) -> Iterator[tuple[int, int]]:
        """The lines that do not count, each with the line that does."""
        self._write()
        self._database.execute("CREATE INDEX by_number ON numbers (number, line)")
        return iter(self._database.execute(_BEATEN.format(_KEPT[policy])))


class Held(_Private):
    """Contacts that wait for a later row with the same number, to be merged into it."""

    def __init__(self) -> None:
        super().__init__("held (line INTEGER PRIMARY KEY, contact TEXT)")

    def hold(self, line: int, contact: dict[str, Any]) -> None:
        """Keep a contact for the row on this line, merged with what is kept for it."""
        kept = json.dumps(merge(self.take(line), contact))
        self._database.execute("INSERT OR REPLACE INTO held VALUES (?, ?)", (line, kept))

    def take(self, line: int) -> dict[str, Any]:
        """What is kept for the row on this line; empty if nothing is."""
        with closing(self._database.execute("SELECT contact FROM held WHERE line = ?", (line,))) as found:
            row = found.fetchone()
        return json.loads(row[0]) if row else {}
