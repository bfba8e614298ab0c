"""The changes of the last sync or upsert import with their results, and those of its undo.

Before a request leaves, its changes are committed as `sending`; a change that is still `sending` may have been applied.
The results are written with the next such commit, or at the end. The log holds personal data: phone numbers, and the
values of contacts before and after.
"""

from __future__ import annotations

import time
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from sendblue_transfer.checked_database import MAX_REASON_CHARACTERS, CheckedDatabase
from sendblue_transfer.errors import JournalError

from .changes import Change

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sendblue_transfer.checked_database import DatabaseKind

    from .changes import Kind

CHANGE_TABLES = {
    "changes": ("position INTEGER PRIMARY KEY", "part TEXT", "kind TEXT", "number INTEGER", "content TEXT"),
    "results": ("position INTEGER PRIMARY KEY", "status TEXT", "reason TEXT", "contact_id TEXT", "after TEXT"),
}

Part = Literal["sync", "undo"]
RUNNING, COMPLETE, UNDOING, UNDONE = "running", "complete", "undoing", "undone"
"""The status of the last sync."""

NOT_SENT, SENDING, PARTIAL, DONE = "", "sending", "partial", "done"
"""Of a change: not sent yet; may have been applied; applied but for the fields that a second request adds; applied."""
INCOMPLETE, UNCHANGED, DRIFTED, REJECTED, KEPT = "incomplete", "unchanged", "drifted", "rejected", "kept"
"""Of a change: the server rejects the second request; the contact has the new values already; it changed since the
plan; the server rejects the change; an undo leaves the contact alone."""
APPLIED = (DONE, PARTIAL, INCOMPLETE, SENDING)
"""Statuses of changes that were applied, or may have been."""
OPEN = (NOT_SENT, SENDING, PARTIAL)
"""Statuses of changes without a final result."""

_PAGE = 500
COLUMNS = "changes.position, content, ifnull(results.status, ''), ifnull(results.reason, ''), contact_id, after"
_ROWS = f"SELECT {COLUMNS} FROM changes LEFT JOIN results USING (position)"  # noqa: S608  # constants


class Result(NamedTuple):
    """What happened to a change.

    Attributes:
        position: The position of the change.
        status: See the constants of this module.
        reason: Why it was not applied.
        contact_id: The ID of the contact, once it is known.
        after: In a creation, the values of the new contact as JSON, which may include defaults of the account.
    """

    position: int
    status: str
    reason: str = ""
    contact_id: str | None = None
    after: str | None = None


class ChangeRow(NamedTuple):
    """A change, with its result."""

    position: int
    change: Change
    result: Result


class ChangeLog(CheckedDatabase):
    """The changes of the last sync or import. Used by the thread that made it.

    Args:
        kind: The kind of the file.
        path: The path of the file; empty for a temporary one, which is deleted when it is closed.

    Attributes:
        more_header: Returns header values that are written with the results.

    Raises:
        JournalError: The file is of another kind, or it is damaged.
        JournalLockedError: Another process uses it.
        OSError: The disk is full.
    """

    more_header: Callable[[], Mapping[str, object]] = dict

    def __init__(self, kind: DatabaseKind, path: str | os.PathLike[str] = "") -> None:
        self._results: list[Result] = []
        super().__init__(kind, path)

    @property
    def status(self) -> str:
        """The status of the last sync; empty if there was none."""
        return self.header().get("status", "")

    def wait_for_reads(self, read_lag: float, sleep: Callable[[float], object] = time.sleep) -> None:
        """Wait until reads show the last write.

        Args:
            read_lag: Seconds by which reads may lag behind writes.
            sleep: Waits for a number of seconds.
        """
        seconds = float(self.header().get("last_write", 0)) + read_lag - time.time()
        if 0 < seconds <= read_lag:
            sleep(seconds)

    def begin_undo(self, changes: Iterable[tuple[Change, Result]]) -> None:
        """Start an undo with these changes: all of it is written, or nothing."""
        with self._transaction():
            self._delete_changes("part = 'undo'")
            self._insert("undo", changes)
            self._write_header({"status": UNDOING, "last_write": time.time()})

    def end_undo(self) -> None:
        """Write that the undo is complete."""
        self.flush()
        self.update_header({"status": UNDONE})

    def _delete_changes(self, condition: str) -> None:
        joined = "changes LEFT JOIN results USING (position)"
        self._database.execute("DROP TABLE IF EXISTS temp.gone")
        self._database.execute(f"CREATE TEMP TABLE gone AS SELECT position FROM {joined} WHERE {condition}")  # noqa: S608  # constants
        for table in ("results", "changes"):
            self._database.execute(f"DELETE FROM {table} WHERE position IN (SELECT position FROM gone)")  # noqa: S608  # a constant

    def _insert(self, part: Part, changes: Iterable[tuple[Change, Result]]) -> int:
        """Add changes, and return the position of the first one."""
        start = int(cast("int", self._value("SELECT ifnull(max(position), 0) FROM changes"))) + 1
        numbered = enumerate(changes, start)
        while batch := list(islice(numbered, _PAGE)):
            rows = ((position, part, each.kind, int(each.phone), each.to_json()) for position, (each, _) in batch)
            self._write("changes", rows)
            known = (result._replace(position=position) for position, (_, result) in batch if result.status != NOT_SENT)
            self._write_results(known)
        return start

    def rows(self, part: Part, *statuses: str, kind: Kind | None = None) -> Iterator[ChangeRow]:
        """Yield the changes with these statuses, or all of them, in their order. Results may be written meanwhile."""
        conditions = "part = ? AND (? IS NULL OR kind = ?)"
        if statuses:
            conditions += f" AND ifnull(status, '') IN ({', '.join('?' * len(statuses))})"
        query = f"{_ROWS} WHERE changes.position > ? AND {conditions} ORDER BY changes.position LIMIT {_PAGE}"
        position = self._before_first(part)
        while page := list(self._select(query, position, part, kind, kind, *statuses)):
            position = page[-1][0]
            yield from map(to_row, page)

    def _before_first(self, part: Part) -> int:
        """Return the position before the first change of the last plan; earlier ones are kept for an undo."""
        return int(self.header().get("start", 1)) - 1 if part == "sync" else 0

    def applied_by_number(self) -> Iterator[ChangeRow]:
        """Yield the changes that were applied, or may have been: by number, and then in their order."""
        query = f"{_ROWS} WHERE part = 'sync' AND status IN {APPLIED} ORDER BY number, changes.position"
        return map(to_row, self._select(query))

    def counts(self, part: Part) -> Counter[tuple[Kind, str]]:
        """Return how many changes of which kind have which status."""
        query = (
            "SELECT kind, ifnull(status, ''), count(*) FROM changes LEFT JOIN results USING (position) "
            "WHERE part = ? AND changes.position > ? GROUP BY 1, 2"
        )
        groups = self._select(query, part, self._before_first(part))
        return Counter({(kind, status): count for kind, status, count in groups})

    def mark_sending(self, positions: Sequence[int]) -> None:
        """Write that these changes are about to be sent, and the results so far. They are on disk when this returns."""
        with self._transaction():
            self._write_results(self._results)
            self._write_results(Result(position, SENDING) for position in positions)
            self._write_header({"last_write": time.time(), **self.more_header()})
        self._results.clear()

    def add(self, result: Result) -> None:
        """Add the result of a change. It is written by the next `mark_sending` or `flush`."""
        self._results.append(result)

    def flush(self) -> None:
        """Write the results that were added."""
        if self._results:
            self.mark_sending(())

    def _write_results(self, results: Iterable[Result]) -> None:
        self._write("results", (each._replace(reason=each.reason[:MAX_REASON_CHARACTERS]) for each in results))

    def check_account(self, account: Mapping[str, str]) -> None:
        """Check that the file belongs to an account, or to none yet.

        Raises:
            JournalError: It belongs to another account.
        """
        header = self.header()
        if any(header.get(name, value) != value for name, value in account.items()):
            raise JournalError(
                f"the {self._kind.noun} {self.path} belongs to another account, or to another base URL; use the "
                f"credentials of that account, or choose another with {self._kind.option}"
            )


def to_row(columns: tuple[Any, ...]) -> ChangeRow:
    """Return a change for the `COLUMNS` of a query."""
    position, content, *result = columns
    return ChangeRow(position, Change.from_json(content), Result(position, *result))
