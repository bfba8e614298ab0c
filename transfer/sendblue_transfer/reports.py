"""Plans, progress and reports of imports and exports. Only `ImportPlan.preview` contains personal data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from .rows.columns import ColumnsReport
    from .sources.formats import Format

Mode = Literal["create", "upsert", "update"]
Reasons = tuple[tuple[str, int], ...]


class Problem(NamedTuple):
    """A rejected row.

    Attributes:
        line: The line of the row.
        reason: Why it is rejected.
    """

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. Nothing was sent.

    Attributes:
        rows: Number of rows in the file.
        valid: Number of rows that would be sent.
        rejected: Number of rows that would be rejected, for the `reasons`.
        duplicates: Number of rows that would be skipped because another row with the same number is imported.
        reasons: The reasons for rejected rows with the number of rows for each, most frequent first.
        problems: The first rejected rows.
        preview: The first contacts as they would be sent. Personal data, and not in the repr.
        requests: Number of write requests: with `upsert`, if no contact exists yet; with the chunk size `auto`, if each
            request has 1,000 contacts.
        requests_at_most: Number of write requests: with `upsert`, if every contact exists; with the chunk size `auto`,
            if each request has 100 contacts. A server that accepts only smaller requests gets more.
        seconds: How long `requests` take at the rate limit.
        seconds_at_most: How long `requests_at_most` take at the rate limit.
        columns: How the columns are used.
        mode: The mode of the import.
        done: Number of rows that an interrupted import has created or updated; the import resumes after them.
        last_import: When the last import with this journal was completed. The import sends all rows again.
        guessed_encoding: The text encoding, if the file does not show it for certain.
    """

    rows: int
    valid: int
    rejected: int
    duplicates: int
    reasons: Reasons
    problems: tuple[Problem, ...]
    preview: tuple[dict[str, Any], ...] = field(repr=False)
    requests: int
    requests_at_most: int
    seconds: float
    seconds_at_most: float
    columns: ColumnsReport
    mode: Mode
    done: int
    last_import: datetime | None
    guessed_encoding: str | None


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """The progress of an import.

    Attributes:
        phase: `reading` while all rows are validated, then `sending`.
        done: Rows that were read, or rows that have their result, including those of an earlier run.
        total: Number of rows; None while it is not known.
        created: Contacts created so far.
        updated: Contacts updated so far.
        rejected: Rows rejected so far.
        duplicates: Rows skipped because another row with the same number is imported.
        rate: Rows per second in this phase of this run.
        eta: Estimated seconds until this phase ends; None if it is not known.
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
    """The result of an import.

    Attributes:
        rows: Number of rows in the file.
        created: Rows whose contacts were created, in all runs.
        updated: Rows whose contacts were updated, in all runs.
        rejected: Rows that were rejected, by the validation or by the server.
        duplicates: Rows that were skipped because another row with the same number is imported.
        unknown: Rows that were sent, but whose result is not known because the response was lost. When the import
            resumes, it looks these contacts up.
        not_sent: Rows that were not sent yet.
        resumed: Whether this run resumed an earlier one.
        last_import: When the last import with this journal was completed, before this run imported all rows again; None
            if there was none.
        stopped: Why the import stopped before its end; empty if it did not.
        error: The error that stopped it, if any.
        reasons: The reasons for rejected rows with the number of rows for each, most frequent first.
        problems: The first rejected rows.
        rejects: The file of rejected rows; None if no row was rejected, or the import is not complete.
        journal: The path of the journal.
        seconds: How long the import took, in all runs.
        columns: How the columns are used, as far as rows were read in this run.
        guessed_encoding: The text encoding, if the file does not show it for certain.
        replaced_rejects: The copy of an earlier rejects file that the new one replaces; None if there was none.
    """

    rows: int
    created: int
    updated: int
    rejected: int
    duplicates: int
    unknown: int
    not_sent: int
    resumed: bool
    last_import: datetime | None
    stopped: str
    error: Exception | None
    reasons: Reasons
    problems: tuple[Problem, ...]
    rejects: Path | None
    journal: Path
    seconds: float
    columns: ColumnsReport
    guessed_encoding: str | None
    replaced_rejects: Path | None = None

    @property
    def complete(self) -> bool:
        """Whether every row has its result."""
        return not (self.unknown or self.not_sent)

    @property
    def ok(self) -> bool:
        """Whether every row was imported, or skipped as a duplicate."""
        return self.complete and not self.rejected


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """The progress of an export.

    Attributes:
        done: Contacts fetched so far.
        total: Number of contacts; None if it is not known.
        rate: Contacts per second.
        eta: Estimated seconds until the export ends; None if it is not known.
    """

    done: int
    total: int | None
    rate: float
    eta: float | None


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The result of an export.

    Attributes:
        contacts: Number of contacts written.
        path: The path of the file; None for standard output and open files.
        format: The format of the file.
        seconds: How long the export took.
    """

    contacts: int
    path: Path | None
    format: Format
    seconds: float
