"""The changes of a plan, and the numbers that it tracks, in a temporary database, which is deleted with the process."""

from __future__ import annotations

import json
import weakref
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from sendblue_transfer.temporary_database import TemporaryDatabase

from .changes import KINDS, Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .changes import Kind

_BATCH_SIZE = 1_000
TRACKED = "tracked"
"""The key of a line that lists numbers."""


class ChangeTable(TemporaryDatabase):
    """The changes of a plan. Used by one thread at a time.

    Attributes:
        counts: The number of changes of each kind.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._batch: list[tuple[str, str]] = []
        super().__init__("CREATE TABLE changes (position INTEGER PRIMARY KEY, kind TEXT, content TEXT)")
        weakref.finalize(self, self._database.close)

    def add(self, change: Change) -> None:
        """Add a change."""
        self._add(change.kind, change.to_json())

    def track(self, numbers: Iterable[str]) -> None:
        """Add numbers to track."""
        rest = iter(numbers)
        while batch := list(islice(rest, _BATCH_SIZE)):
            self._add(TRACKED, json.dumps({TRACKED: batch}))

    def add_line(self, line: str) -> None:
        """Add a line that `lines` has yielded.

        Raises:
            ValueError: It is neither a change nor a list of numbers.
        """
        if not line.startswith(f'{{"{TRACKED}": '):
            self._add(Change.from_json(line).kind, line)
            return
        numbers: Any = json.loads(line)[TRACKED]
        if not isinstance(numbers, list):
            raise ValueError("not a list of numbers")  # noqa: TRY004  # the text is invalid, not an argument
        self._add(TRACKED, line)

    def _add(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        self._batch.append((kind, text))
        if len(self._batch) >= _BATCH_SIZE:
            self._write()

    def _write(self) -> None:
        self._write_all("INSERT INTO changes (kind, content) VALUES (?, ?)", self._batch)
        self._batch.clear()

    def lines(self, *kinds: str) -> Iterator[str]:
        """Yield lines of JSON: those of these kinds, or all: changes in the order of `KINDS`, and numbers to track."""
        if self._batch:
            self._write()
        for kind in kinds or (*KINDS, TRACKED):
            query = "SELECT content FROM changes WHERE kind = ? ORDER BY position"
            for (content,) in self._database.execute(query, (kind,)):
                yield content

    def changes(self, kind: Kind | None = None) -> Iterator[Change]:
        """Yield changes: all in the order of `KINDS`, or those of one kind."""
        return map(Change.from_json, self.lines(*(KINDS if kind is None else (kind,))))

    def tracked(self) -> Iterator[str]:
        """Yield the numbers to track."""
        for line in self.lines(TRACKED):
            yield from json.loads(line)[TRACKED]
