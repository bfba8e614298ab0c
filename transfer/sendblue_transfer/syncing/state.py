"""The state of a sync: what is tracked, and the journal of the last sync with the values before it.

Three tables: the numbers that are tracked; the changes of the last sync, each with the old and the new values; and the
results of these changes. An undo adds its own changes, which have their results in the same table. Before a request
leaves, its changes are committed as `sending`; a change that is still `sending` may have been applied.

    | status of a sync | meaning                                              | the next sync                       |
    |------------------|------------------------------------------------------|-------------------------------------|
    | running          | was interrupted, or is running                       | belongs to it: one undo undoes both |
    | complete         | every change has its result                          | replaces it                         |
    | undoing          | an undo was interrupted, or is running               | is refused until the undo is done   |
    | undone           | the values before the sync are restored              | replaces it                         |

The state holds personal data: phone numbers and the values of contacts. Its mode is 0600 (`checked_database`).
"""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from sendblue_transfer.checked_database import HEADER, CheckedDatabase, DatabaseKind
from sendblue_transfer.errors import JournalError

from .changes import Change, encode_json

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .changes import Kind

KIND = DatabaseKind(
    application_id=0x5B10_5001,
    tables={
        **HEADER,
        "tracked": ("number INTEGER PRIMARY KEY",),
        "changes": ("position INTEGER PRIMARY KEY", "part TEXT", "kind TEXT", "number INTEGER", "content TEXT"),
        "results": (
            "position INTEGER PRIMARY KEY",
            "status TEXT",
            "reason TEXT",
            "contact_id TEXT",
            "after TEXT",
        ),
    },
    noun="state",
    name="sync state",
    user="sync",
    option="--state (state=)",
    if_damaged="; what the damaged one tracked, and the values before its last sync, are lost",
)

Part = Literal["sync", "undo"]
RUNNING, COMPLETE, UNDOING, UNDONE = "running", "complete", "undoing", "undone"

NOT_SENT, SENDING, PARTIAL, DONE = "", "sending", "partial", "done"
"""Of a change: not sent yet; may have been applied; applied but for the fields that a second request adds; applied."""
UNCHANGED, DRIFTED, REJECTED, KEPT = "unchanged", "drifted", "rejected", "kept"
"""Of a change that is not applied: the contact has the new values already; it changed since the plan; the server
rejects it; an undo leaves the contact alone."""
APPLIED = (DONE, PARTIAL, SENDING)
"""Statuses of changes that were applied, or may have been."""
_OPEN = (NOT_SENT, SENDING, PARTIAL)
_PAGE = 500
_MAX_REASON_CHARACTERS = 10_000
_ROWS = (
    "SELECT changes.position, content, ifnull(status, ''), ifnull(results.reason, ''), contact_id, after "
    "FROM changes LEFT JOIN results USING (position)"
)


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


class StateRow(NamedTuple):
    """A change, with its result."""

    position: int
    change: Change
    result: Result


class SyncState(CheckedDatabase):
    """The state of a sync. Used by the thread that made it.

    Args:
        path: The path of the state; empty for a temporary one, which is deleted when it is closed.

    Raises:
        JournalError: The file is not a state, or it is damaged.
        JournalLockedError: Another process uses it.
        OSError: The disk is full.
    """

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        self._results: list[Result] = []
        super().__init__(KIND, path)

    # --- what is tracked, and the last complete sync

    def tracked(self, number: str) -> bool:
        """Whether an earlier sync created the contact with this number, or found it in its source."""
        return bool(self._value("SELECT count(*) FROM tracked WHERE number = ?", int(number)))

    def tracked_numbers(self) -> Iterator[str]:
        """Yield all numbers that are tracked, in numerical order."""
        return (f"+{number}" for (number,) in self._select("SELECT number FROM tracked ORDER BY number"))

    def last_source(self) -> dict[str, Any] | None:
        """Return the fingerprint of the source of the last complete sync; None if there was none."""
        text = self.header().get("source")
        return cast("dict[str, Any]", json.loads(text)) if text else None

    def check_account(self, account: Mapping[str, str]) -> None:
        """Check that the state belongs to an account, or to none yet.

        Raises:
            JournalError: It belongs to another account.
        """
        header = self.header()
        if any(header.get(name, value) != value for name, value in account.items()):
            raise JournalError(
                f"the state {self.path} belongs to another account, or to another base URL; use the credentials of "
                "that account, or choose another state with --state (state=)"
            )

    def wait_for_reads(self, read_lag: float, sleep: Callable[[float], object] = time.sleep) -> None:
        """Wait until reads show the last write of a sync with this state.

        Args:
            read_lag: Seconds by which reads may lag behind writes.
            sleep: Waits for a number of seconds.
        """
        seconds = float(self.header().get("last_write", 0)) + read_lag - time.time()
        if 0 < seconds <= read_lag:
            sleep(seconds)

    # --- the journal of the last sync

    @property
    def status(self) -> str:
        """The status of the last sync; empty if there was none."""
        return self.header().get("status", "")

    def begin(self, plan: str, account: Mapping[str, str], changes: Iterable[tuple[Change, Result]]) -> None:
        """Start a sync, or a further part of one that was interrupted: all of it is written, or nothing.

        Args:
            plan: The ID of the plan.
            account: The fingerprint of the account.
            changes: The changes, each with its result so far, whose position does not matter.
        """
        with self._transaction():
            if self.status == RUNNING:
                self._delete_changes(f"part = 'undo' OR ifnull(status, '') NOT IN {APPLIED}")
            else:
                self._delete_changes("1")
            self._insert("sync", changes)
            self._write_header({**account, "plan": plan, "status": RUNNING, "last_write": time.time()})

    def begin_undo(self, changes: Iterable[tuple[Change, Result]]) -> None:
        """Start an undo with these changes: all of it is written, or nothing."""
        with self._transaction():
            self._delete_changes("part = 'undo'")
            self._insert("undo", changes)
            self._write_header({"status": UNDOING, "last_write": time.time()})

    def _delete_changes(self, condition: str) -> None:
        positions = f"SELECT position FROM changes LEFT JOIN results USING (position) WHERE {condition}"  # noqa: S608  # constants
        self._database.execute("CREATE TEMP TABLE gone AS " + positions)
        for table in ("results", "changes"):
            self._database.execute(f"DELETE FROM {table} WHERE position IN (SELECT position FROM gone)")  # noqa: S608  # constants
        self._database.execute("DROP TABLE gone")

    def _insert(self, part: Part, changes: Iterable[tuple[Change, Result]]) -> None:
        start = int(cast("int", self._value("SELECT ifnull(max(position), 0) FROM changes"))) + 1
        for position, (change, result) in enumerate(changes, start):
            self._write("changes", [(position, part, change.kind, int(change.phone), change.to_json())])
            if result.status != NOT_SENT:
                self._write_results([result._replace(position=position)])

    def rows(self, part: Part, *statuses: str, kind: Kind | None = None) -> Iterator[StateRow]:
        """Yield the changes with these statuses, or all of them, in their order. Results may be written meanwhile."""
        conditions = "part = ? AND (? IS NULL OR kind = ?)"
        if statuses:
            conditions += f" AND ifnull(status, '') IN ({', '.join('?' * len(statuses))})"
        query = f"{_ROWS} WHERE changes.position > ? AND {conditions} ORDER BY changes.position LIMIT {_PAGE}"
        position = 0
        while page := list(self._select(query, position, part, kind, kind, *statuses)):
            position = page[-1][0]
            yield from map(_row, page)

    def applied_by_number(self) -> Iterator[StateRow]:
        """Yield the changes of the sync that were applied, or may have been: by number, and then in their order."""
        query = f"{_ROWS} WHERE part = 'sync' AND status IN {APPLIED} ORDER BY number, changes.position"
        return map(_row, self._select(query))

    def counts(self, part: Part) -> Counter[tuple[str, str]]:
        """Return how many changes of which kind have which status."""
        query = (
            "SELECT kind, ifnull(status, ''), count(*) FROM changes LEFT JOIN results USING (position) "
            "WHERE part = ? GROUP BY 1, 2"
        )
        return Counter({(kind, status): count for kind, status, count in self._select(query, part)})

    def is_open(self, part: Part) -> bool:
        """Whether a change has no final result yet."""
        return any(status in _OPEN for _, status in self.counts(part))

    def mark_sending(self, positions: Iterable[int]) -> None:
        """Write that these changes are about to be sent, and the results so far. They are on disk when this returns."""
        with self._transaction():
            self._write_results(self._results)
            self._write_results(Result(position, SENDING) for position in positions)
            self._write_header({"last_write": time.time()})
        self._results.clear()

    def add(self, result: Result) -> None:
        """Add the result of a change. It is written by the next `mark_sending` or `flush`."""
        self._results.append(result)

    def flush(self) -> None:
        """Write the results that were added."""
        if self._results:
            self.mark_sending(())

    def _write_results(self, results: Iterable[Result]) -> None:
        self._write("results", (each._replace(reason=each.reason[:_MAX_REASON_CHARACTERS]) for each in results))

    def complete(
        self, status: str, *, tracked: Iterable[str], untracked: Iterable[str], source: Mapping[str, Any] | None = None
    ) -> None:
        """End a sync or an undo.

        Args:
            status: The new status.
            tracked: Numbers that are tracked from now on.
            untracked: Numbers that are no longer tracked.
            source: The fingerprint of the source; None to keep that of the last sync.
        """
        self.flush()
        header = {"status": status} | ({"source": encode_json(source)} if source else {})
        with self._transaction():
            self._write("tracked", ((int(number),) for number in tracked))
            self._database.executemany("DELETE FROM tracked WHERE number = ?", ((int(each),) for each in untracked))
            self._write_header(header)

    def close(self) -> None:
        """Write the results that were added, and close the state."""
        try:
            self.flush()
        finally:
            super().close()


def _row(columns: tuple[Any, ...]) -> StateRow:
    position, content, *result = columns
    return StateRow(position, Change.from_json(content), Result(position, *result))
