"""The changes of a plan in a temporary database, which is deleted with the process."""

from __future__ import annotations

import sqlite3
import weakref
from collections import Counter
from typing import TYPE_CHECKING

from .changes import KINDS, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .changes import Kind

_BATCH_SIZE = 1_000


class ChangeTable:
    """The changes of a plan. Used by one thread at a time.

    Attributes:
        counts: The number of changes of each kind.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._batch: list[tuple[str, str]] = []
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.execute("CREATE TABLE changes (position INTEGER PRIMARY KEY, kind TEXT, content TEXT)")

    def add(self, change: Change) -> None:
        """Add a change."""
        self.add_json(change.kind, change.to_json())

    def add_json(self, kind: Kind, text: str) -> None:
        """Add a change of this kind that is JSON already."""
        self.counts[kind] += 1
        self._batch.append((kind, text))
        if len(self._batch) >= _BATCH_SIZE:
            self._write()

    def _write(self) -> None:
        self._database.execute("BEGIN")
        self._database.executemany("INSERT INTO changes (kind, content) VALUES (?, ?)", self._batch)
        self._database.execute("COMMIT")
        self._batch.clear()

    def lines(self, kind: Kind | None = None) -> Iterator[str]:
        """Yield changes as lines of JSON: all in the order of `KINDS`, or those of one kind."""
        if self._batch:
            self._write()
        for each in KINDS if kind is None else (kind,):
            query = "SELECT content FROM changes WHERE kind = ? ORDER BY position"
            for (content,) in self._database.execute(query, (each,)):
                yield content

    def changes(self, kind: Kind | None = None) -> Iterator[Change]:
        """Yield changes: all in the order of `KINDS`, or those of one kind."""
        return map(Change.from_json, self.lines(kind))
