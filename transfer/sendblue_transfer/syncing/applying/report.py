"""`SyncReport`: what a sync or an undo did, with the result of each change."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sendblue_transfer.atomic_file import open_atomic
from sendblue_transfer.syncing.change_log import (
    DONE,
    DRIFTED,
    INCOMPLETE,
    KEPT,
    NOT_SENT,
    PARTIAL,
    REJECTED,
    SENDING,
    UNCHANGED,
)
from sendblue_transfer.syncing.changes import KINDS, Change, encode_json
from sendblue_transfer.syncing.contact_values import is_blank

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from sendblue_transfer.syncing.change_log import ChangeLog, Part

_MAX_BYTES_IN_MEMORY = 1 << 20
_APPLIED = {"create": "created", "update": "updated", "delete": "deleted"}
_OUTCOMES = {
    UNCHANGED: "unchanged",
    DRIFTED: "drifted",
    REJECTED: "rejected",
    INCOMPLETE: "rejected",
    KEPT: "kept",
    SENDING: "unknown",
    PARTIAL: "unknown",
}


class FieldCounts(NamedTuple):
    """How many contacts got a value in a field that was blank, another value, or none."""

    set: int = 0
    changed: int = 0
    cleared: int = 0


class ChangeResult(NamedTuple):
    """The result of one change.

    Attributes:
        change: The change.
        outcome: `created`, `updated` or `deleted`; `unchanged`: the contact had the new values already; `drifted`: it
            changed since the plan, and was left alone; `rejected`: the server rejected the change, or a part of it;
            `skipped`: the plan skips the row; `kept`: the undo left the contact alone; `unknown`: the change may have
            been applied; `planned`: a dry run did not send it; empty if it was not sent.
        reason: Why the change was not applied.
        contact_id: The ID of the contact that was created or updated.
    """

    change: Change
    outcome: str
    reason: str = ""
    contact_id: str | None = None

    def to_json(self) -> str:
        """Return the result as one line of JSON."""
        values = {"outcome": self.outcome, "reason": self.reason, "contact_id": self.contact_id}
        return encode_json({**self.change.to_dict(), **values})  # for a skipped row, the reason is that of the change

    @classmethod
    def from_json(cls, text: str) -> ChangeResult:
        """Read a result that `to_json` wrote."""
        values = json.loads(text)
        rest = {name: values.pop(name) for name in ("outcome", "reason", "contact_id")}
        return cls(Change.from_json(json.dumps(values)), **rest)

    def __repr__(self) -> str:
        """Show no number: a repr is logged."""
        return f"ChangeResult({self.change!r}, outcome={self.outcome!r})"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The result of a sync or of an undo.

    Attributes:
        created: Contacts that were created, in all runs of the same plan.
        updated: Contacts that were updated.
        deleted: Contacts that were deleted.
        unchanged: Rows whose contacts had all their values already.
        skipped: Rows that the plan skips.
        drifted: Contacts that changed since the plan, and were left alone.
        rejected: Changes that the server rejected, completely or in part.
        kept: Contacts that an undo left alone, because they were edited since.
        unknown: Changes that were sent, but whose result is not known because the response was lost. The same call
            looks these contacts up.
        not_sent: Changes that were not sent yet.
        resumed: Whether this run resumed an earlier one.
        planned: Whether this is a dry run. The counts then say what would be done.
        stopped: Why the run stopped before its end; empty if it did not.
        error: The error that stopped it, if any.
        changes_by_field: For each field how many contacts were changed in it.
        state: The path of the state; None if none is kept.
        seconds: How long this run took.
    """

    created: int
    updated: int
    deleted: int
    unchanged: int
    skipped: int
    drifted: int
    rejected: int
    kept: int
    unknown: int
    not_sent: int
    resumed: bool
    planned: bool
    stopped: str
    error: Exception | None
    changes_by_field: Mapping[str, FieldCounts]
    state: Path | None
    seconds: float
    _lines: _Lines = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every change has its result."""
        return not (self.unknown or self.not_sent or self.stopped)

    @property
    def ok(self) -> bool:
        """Whether every change was applied, and nothing was skipped or kept."""
        return self.complete and not (self.rejected or self.drifted or self.kept or self.skipped)

    def results(self) -> Iterator[ChangeResult]:
        """Iterate over the result of each change, in the order of the plan."""
        return map(ChangeResult.from_json, self._lines)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the result of each change as a line of JSON, to a file that only its owner can read.

        Raises:
            OSError: The file cannot be written.
        """
        with open_atomic(Path(path), private=True) as file:
            file.writelines(line.encode() for line in self._lines)


class _Lines:
    """Lines of text: in memory while they are few, then in a temporary file, which is deleted with this object."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY)  # noqa: SIM115  # the object lives longer
        weakref.finalize(self, self._file.close)

    def add(self, line: str) -> None:
        """Add a line, which ends with a newline."""
        self._file.write(line.encode())

    def __iter__(self) -> Iterator[str]:
        position = 0
        while True:
            self._file.seek(position)  # another iteration may have moved it
            line = self._file.readline()
            position = self._file.tell()
            if not line:
                return
            yield line.decode()


class ReportBuilder:
    """Collects the results of a run in a temporary file.

    Args:
        planned: Whether nothing was sent, because it is a dry run.
    """

    def __init__(self, *, planned: bool = False) -> None:
        self._planned = planned
        self._lines = _Lines()
        self._counts: Counter[str] = Counter()
        self._fields: dict[str, Counter[str]] = {}

    def add_rows(self, log: ChangeLog, part: Part) -> None:
        """Add the changes of a log, in the order of `KINDS`."""
        for _, change, result in chain.from_iterable(log.rows(part, kind=kind) for kind in KINDS):
            self.add(ChangeResult(_changed_only(change), self._outcome(change, result.status), *result[2:4]))

    def add_skipped(self, changes: Iterable[Change]) -> None:
        """Add rows that the plan skips."""
        for change in changes:
            self.add(ChangeResult(change, "skipped", change.reason))

    def add(self, result: ChangeResult) -> None:
        """Add a result."""
        change, outcome, *_ = result
        self._lines.add(f"{result.to_json()}\n")
        kind = _APPLIED.get(change.kind, "") if outcome == "planned" else outcome
        self._counts[kind] += 1
        if kind in {"created", "updated"}:
            for name, (old, new) in change.fields.items():
                what = "set" if is_blank(old) else "cleared" if is_blank(new) else "changed"
                self._fields.setdefault(name, Counter())[what] += 1

    def _outcome(self, change: Change, status: str) -> str:
        if status == NOT_SENT:
            return "planned" if self._planned else ""
        return _APPLIED[change.kind] if status == DONE else _OUTCOMES[status]

    def report(
        self,
        *,
        unchanged: int = 0,
        resumed: bool = False,
        stopped: str = "",
        error: Exception | None = None,
        state: Path | None,
        seconds: float,
    ) -> SyncReport:
        """Return the report.

        Args:
            unchanged: The number of rows that the plan found unchanged.
            resumed: Whether this run resumed an earlier one.
            stopped: Why the run stopped.
            error: The error that stopped it.
            state: The path of the state.
            seconds: How long the run took.
        """
        counts = self._counts
        names = ("created", "updated", "deleted", "skipped", "drifted", "rejected", "kept", "unknown")
        return SyncReport(
            **{name: counts[name] for name in names},
            unchanged=unchanged + counts["unchanged"],
            not_sent=counts[""],
            resumed=resumed,
            planned=self._planned,
            stopped=stopped,
            error=error,
            changes_by_field={name: FieldCounts(**each) for name, each in self._fields.items()},
            state=state,
            seconds=seconds,
            _lines=self._lines,
        )


def _changed_only(change: Change) -> Change:
    """Return a change without the labels that an undo lists because they stay."""
    fields = {name: (old, new) for name, (old, new) in change.fields.items() if old != new}
    return change if len(fields) == len(change.fields) else Change(change.kind, change.phone, fields, change.reason)
