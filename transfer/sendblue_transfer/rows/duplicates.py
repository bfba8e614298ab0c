"""Numbers that occur in several rows of a file: which row is imported, and how rows are merged.

That is known only once all rows were read, so the numbers are kept until then in a temporary database.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any, get_args

from sendblue_contacts.bulk.actions import merge
from sendblue_contacts.bulk.types import Duplicates

from sendblue_transfer.temporary_database import TemporaryDatabase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["DUPLICATES", "DuplicateFinder", "Duplicates", "MergeBuffer"]

DUPLICATES: tuple[Duplicates, ...] = get_args(Duplicates)

_BATCH_SIZE = 10_000
_SUPERSEDED = """
SELECT line, kept FROM {table}
JOIN (SELECT number AS repeated, {kept_line}(line) AS kept FROM {table} GROUP BY number HAVING count(*) > 1)
ON number = repeated WHERE line != kept
"""
_KEPT_LINE = {"last": "max", "merge": "max", "first": "min", "error": "min"}


class DuplicateFinder(TemporaryDatabase):
    """Finds the rows that have the same number."""

    def __init__(self) -> None:
        super().__init__("CREATE TABLE numbers (number INTEGER, line INTEGER)")
        self._batch: list[tuple[int, int]] = []

    def add_all(self, numbers: Iterable[str], lines: Iterable[int]) -> None:
        """Add the numbers of rows, in E.164 form."""
        self._batch += [*zip(map(int, numbers), lines, strict=True)]
        if len(self._batch) >= _BATCH_SIZE:
            self._write()

    def _write(self) -> None:
        self._write_all("INSERT INTO numbers VALUES (?, ?)", self._batch)
        self._batch.clear()

    def superseded(self, policy: Duplicates) -> Iterator[tuple[int, int]]:
        """Yield the lines that are not imported, each with the line that is imported instead."""
        self._write()
        self._database.execute("CREATE INDEX by_number ON numbers (number, line)")
        return iter(self._database.execute(superseded_query(policy, "numbers")))


def superseded_query(policy: Duplicates, table: str) -> str:
    """Return the query for the lines that are not imported, each with the line that is imported instead.

    Args:
        policy: Which of several rows with the same number is imported.
        table: A table with the line and the number of each row.
    """
    return _SUPERSEDED.format(table=table, kept_line=_KEPT_LINE[policy])


class MergeBuffer(TemporaryDatabase):
    """Keeps contacts until a later row with the same number, into which they are merged."""

    def __init__(self) -> None:
        super().__init__("CREATE TABLE contacts (line INTEGER PRIMARY KEY, contact TEXT)")

    def add(self, line: int, contact: dict[str, Any]) -> None:
        """Keep a contact for the row on this line, merged with what is already kept for it."""
        merged = json.dumps(merge(self.take(line), contact))
        self._database.execute("INSERT OR REPLACE INTO contacts VALUES (?, ?)", (line, merged))

    def take(self, line: int) -> dict[str, Any]:
        """Return what is kept for the row on this line; an empty contact if nothing is."""
        with closing(self._database.execute("SELECT contact FROM contacts WHERE line = ?", (line,))) as cursor:
            row = cursor.fetchone()
        return json.loads(row[0]) if row else {}
