"""What is said of an import and of an export: before, while it goes on, at its end. Only `first` is personal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from .columns import ColumnsReport
    from .formats import Format

Mode = Literal["create", "upsert", "update"]
Reasons = tuple[tuple[str, int], ...]


class Problem(NamedTuple):
    """A row that is refused.

    Attributes:
        line: Its line.
        reason: Why.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. Nothing was sent.

    Attributes:
        rows: Rows of the file.
        valid: Those of them that would be sent.
        rejected: Those that would not, because of `reasons`.
        duplicates: Those that would not, because another row with the same number counts.
        reasons: Why rows are rejected, and how many, most frequent first.
        problems: The first rows that are rejected.
        first: The first contacts as they would be sent. Personal data, and not in the repr.
        requests: Requests that it takes; with `upsert`, if no contact exists yet.
        requests_at_most: The same, with `upsert` if every contact exists already.
        seconds: How long `requests` take at the limit.
        seconds_at_most: How long `requests_at_most` take.
        columns: What becomes of the columns.
        mode: What would be done.
    """

    rows: int
    valid: int
    rejected: int
    duplicates: int
    reasons: Reasons
    problems: tuple[Problem, ...]
    first: tuple[dict[str, Any], ...] = field(repr=False)
    requests: int
    requests_at_most: int
    seconds: float
    seconds_at_most: float
    columns: ColumnsReport
    mode: Mode


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is.

    Attributes:
        phase: `reading` all rows, to check them; then `sending`.
        done: Rows read, or rows whose fate is known, those of an earlier run among them.
        total: How many there are; None while that is not known.
        created: Contacts created so far.
        updated: Contacts updated so far.
        rejected: Rows rejected so far.
        duplicates: Rows that do not count, because another one has the same number.
        rate: Rows per second in this phase of this run.
        eta: Seconds that this phase will still take, if that can be told.
    """

    phase: Literal["reading", "sending"]
    done: int
    total: int | None
    created: int = 0
    updated: int = 0
    rejected: int = 0
    duplicates: int = 0
    rate: float = 0.0
    eta: float | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of an import.

    Attributes:
        rows: Rows of the file.
        created: Rows whose contacts were created, in all runs.
        updated: Rows whose contacts were updated, in all runs.
        rejected: Rows that were refused, by us or by the server.
        duplicates: Rows that did not count, because another one has the same number.
        unsettled: Rows whose answers were lost. The same import, begun again, looks for them.
        left: Rows that were not sent yet.
        resumed: Whether an earlier run was gone on with.
        already: Whether an earlier run had done everything, so that nothing was left to do.
        stopped: Why it stopped before its end; empty if it did not.
        error: The error behind that, if there was one.
        reasons: Why rows were rejected, and how many, most frequent first.
        problems: The first rows that were rejected.
        rejects: The file with the rejected rows; None if there are none, or before the end.
        journal: Where the journal is.
        seconds: How long this run took.
        columns: What became of the columns; None if nothing was left to do.
    """

    rows: int
    created: int
    updated: int
    rejected: int
    duplicates: int
    unsettled: int
    left: int
    resumed: bool
    already: bool
    stopped: str
    error: Exception | None
    reasons: Reasons
    problems: tuple[Problem, ...]
    rejects: Path | None
    journal: Path
    seconds: float
    columns: ColumnsReport

    @property
    def complete(self) -> bool:
        """Whether every row has its fate."""
        return not (self.unsettled or self.left)

    @property
    def ok(self) -> bool:
        """Whether every row went in, or did not count."""
        return self.complete and not self.rejected


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export is.

    Attributes:
        done: Contacts fetched so far.
        total: How many there are, if that was said.
        rate: Contacts per second.
        eta: Seconds that it will still take, if that can be told.
    """

    done: int
    total: int | None
    rate: float
    eta: float | None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What became of an export.

    Attributes:
        contacts: How many were written.
        path: The file; None for standard output and open files.
        format: Its format.
        seconds: How long it took.
    """

    contacts: int
    path: Path | None
    format: Format
    seconds: float
