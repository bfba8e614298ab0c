"""Imports a file: all rows are validated, then they are sent, and the rejected ones are written to a file.

The journal holds the result of each row, so that an import resumes after any interruption.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSizeOption, check_chunk_size
from sendblue_contacts.bulk.defaults import CONCURRENCY
from sendblue_contacts.errors import SendblueError, check_size

from sendblue_transfer.chunk_sizes import learned_sizes, restore_sizes
from sendblue_transfer.errors import TransferError
from sendblue_transfer.progress import ProgressReporter
from sendblue_transfer.reports import ImportReport, Mode
from sendblue_transfer.rows.row_status import CREATED, DUPLICATE, NOT_SENT, REJECTED, SENDING, UPDATED, RowResult
from sendblue_transfer.sending import RequestPool, SendingStoppedError

from .fingerprint import COMPLETED, ROW_COUNT, EarlierRun, account_fingerprint, earlier_run, fingerprint
from .journal import SECONDS, Journal
from .page_sender import PageSender
from .paths import back_up, check_rejects_path, journal_path, rejects_path
from .planner import first_problems, rows_of
from .previous_values import PreviousValues
from .rejects import write_rejects
from .sender import RowUpdate, send_update
from .standard_input import is_superseded, prune

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sendblue_contacts import Sendblue
    from sendblue_contacts.bulk.requests import EncodedContact

    from sendblue_transfer.progress import OnImportProgress
    from sendblue_transfer.rows.column_map import ColumnMap
    from sendblue_transfer.rows.duplicates import Duplicates
    from sendblue_transfer.rows.validation import ImportRows
    from sendblue_transfer.sources.source import Source


def run_import(
    client: Sendblue,
    source: Source,
    *,
    columns: ColumnMap | None = None,
    mode: Mode = "create",
    duplicates: Duplicates = "last",
    default_region: str | None = None,
    journal: str | os.PathLike[str] | None = None,
    restart: bool = False,
    rejects: str | os.PathLike[str] | None = None,
    chunk_size: ChunkSizeOption = AUTO,
    concurrency: int = CONCURRENCY,
    on_progress: OnImportProgress = None,
    clock: Callable[[], float] = time.monotonic,
) -> ImportReport:
    """Import a file of contacts, or resume an import that was interrupted.

    Errors that stop the import half way (no network, invalid credentials) are in the report and not raised. The same
    call resumes it. After a complete import, the same call imports all rows again.

    Args:
        client: The client of the account. The slots that its rate limit reserves stay available to other callers.
        source: The file.
        columns: Which column fills which field, where the titles do not show it.
        mode: `create`: existing contacts are rejected. `upsert`: they are updated, with a request each. `update`: every
            row is an update, and numbers without a contact are rejected.
        duplicates: Which of several rows with the same number is imported: `last`, `first`, `merge` for all of them
            combined, or `error` for the first, with the others rejected.
        default_region: A region of two letters such as `US`, to accept numbers in national form (extra `phone`).
        journal: The path of the journal. By default it is next to the file, or in the user's state folder.
        restart: Whether to discard an unfinished import and start over.
        rejects: The path for rejected rows; an existing file is overwritten. By default next to the input, where an
            existing file is kept with the suffix `.bak`.
        chunk_size: The maximum number of contacts per request; `auto` for as many as suit the server, up to 1,000.
        concurrency: The maximum number of requests at a time.
        on_progress: Called with the progress ten times a second at most, in this thread.
        clock: Returns the time in seconds; never goes back.

    Returns:
        The result, including earlier runs of the same import.

    Raises:
        TransferError: The file cannot be read as contacts.
        ValueError, TypeError: `concurrency` is not a positive integer, or `chunk_size` is neither one nor `auto`.
        JournalError: The journal belongs to another import, is in use, or is damaged.
        OSError: The journal or the rejects file cannot be written.
        KeyboardInterrupt: Ctrl-C was pressed; the journal was written.

    Example:
        with Sendblue() as client, open_source("contacts.csv") as source:
            report = run_import(client, source)
    """
    check_chunk_size(chunk_size)
    check_size("concurrency", concurrency)
    rows = rows_of(source, columns, mode, duplicates, default_region)
    account = account_fingerprint(client)
    wanted = {**fingerprint(rows, columns, mode), **account}
    path = journal_path(source, journal)
    if rejects is not None:
        check_rejects_path(Path(rejects), source, path)
    if journal is None:
        path.parent.mkdir(parents=True, exist_ok=True)
    in_state_folder = source.path is None and journal is None
    restart = restart or (in_state_folder and is_superseded(path, mode))
    with Journal(path) as opened:
        earlier = earlier_run(opened, wanted, restart=restart)
        restore_sizes(client.contacts, opened.header(), account)
        run = _Run(client, rows, opened, ProgressReporter(on_progress, clock), earlier)
        if not earlier.resumes:
            run.validate(wanted)
        report = run.run(mode, Path(rejects) if rejects else None, chunk_size=chunk_size, concurrency=concurrency)
    if in_state_folder and report.complete:
        prune(path)
    return report


class _Run:
    """One run of an import."""

    def __init__(
        self, client: Sendblue, rows: ImportRows, journal: Journal, progress: ProgressReporter, earlier: EarlierRun
    ) -> None:
        self._contacts = client.with_options(bulk=True).contacts
        self._rows = rows
        self._journal = journal
        journal.more_header = lambda: {SECONDS: self._seconds(), **learned_sizes(self._contacts)}
        self._progress = progress
        self._earlier = earlier
        self._counts: Counter[str] = Counter()
        self._total = 0

    def validate(self, header: dict[str, str]) -> None:
        """Validate the rows of a new import. If the source cannot be read, the journal of the last one remains."""
        self._journal.write_validation(self._rows.validate(self._progress.report_read), header)
        self._progress.report_read(self._rows.count, force=True)
        self._journal.update_header({ROW_COUNT: self._rows.count})

    def run(self, mode: Mode, rejects: Path | None, *, chunk_size: ChunkSizeOption, concurrency: int) -> ImportReport:
        """Do everything that is not done yet."""
        self._load_counts()
        try:
            self._send(mode, chunk_size=chunk_size, concurrency=concurrency)
        except SendingStoppedError as stopped:
            return self._report(stopped=str(stopped), error=stopped.error)
        except TransferError:
            raise
        except SendblueError as error:
            return self._report(stopped=str(error), error=error)
        return self._complete(rejects)

    def _load_counts(self) -> None:
        self._total = int(self._journal.header()[ROW_COUNT])
        self._counts = self._journal.counts()
        del self._counts[SENDING]
        self._progress.start_sending(self._total, self._counts)

    def _send(self, mode: Mode, *, chunk_size: ChunkSizeOption, concurrency: int) -> None:
        updates = RequestPool(
            partial(send_update, self._contacts),
            on_result=self._on_updated,
            on_failure=lambda update, reason: self._on_updated(RowResult(update.line, REJECTED, reason)),
            concurrency=concurrency,
        )
        with updates:
            if mode == "update":
                for line_contact in self._rows.contacts(self._journal.result, NOT_SENT):
                    self._check_source()
                    updates.add(RowUpdate(*line_contact))
            else:
                self._create(updates, upserts=mode == "upsert", chunk_size=chunk_size, concurrency=concurrency)
            updates.finish()

    def _create(
        self,
        updates: RequestPool[RowUpdate, RowResult],
        *,
        upserts: bool,
        chunk_size: ChunkSizeOption,
        concurrency: int,
    ) -> None:
        """Look up what an earlier run had in flight, send the rest, and look up what is still unknown.

        Looking up comes first because it is cheap while those contacts are among the newest.
        """
        with PreviousValues(self._contacts, self._journal, records=upserts) as previous:
            creator = PageSender(
                partial(
                    self._contacts.bulk._stream_chunks,  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # faster
                    with_contacts=upserts,
                    chunk_size=chunk_size,
                    concurrency=concurrency,
                ),
                previous,
                on_created=partial(self._count, CREATED),
                on_failure=self._on_rejected,
                on_rejected=(
                    (lambda row, reason: updates.add(previous.record_update(_update(row, reason))))
                    if upserts
                    else (lambda row, reason: self._on_rejected(row[0], reason))
                ),
                before_request=self._check_source,
            )
            self._look_up_unknown(creator, previous)
            creator.send(previous.remember(self._rows.pages(self._journal, NOT_SENT)))
            updates.finish()
            if unknown := self._look_up_unknown(creator, previous):
                raise SendingStoppedError(unknown)

    def _look_up_unknown(self, creator: PageSender, previous: PreviousValues) -> str:
        self._journal.flush()
        if not self._journal.counts()[SENDING]:
            return ""
        rows = previous.remember(self._rows.pages(self._journal, SENDING))
        return creator.send(rows, final=True, check_existing=True, since=self._journal.sending_since())

    def _check_source(self) -> None:
        """Stop before sending rows that were added after the validation."""
        if self._rows.source.has_changed():
            raise SendingStoppedError(
                f"{self._rows.source.name} changed during the import, and new rows are not validated; restore the file "
                "to resume, or start over with --restart (restart=True)"
            )

    def _on_result(self, result: RowResult) -> None:
        self._journal.add(result)
        self._count(result.status, 1)

    def _count(self, status: str, rows: int) -> None:
        self._counts[status] += rows
        self._progress.report_sent(self._total, self._counts)

    def _on_updated(self, result: RowResult) -> None:
        self._on_result(result)
        self._journal.flush()  # an update is a request of its own, so a commit for each adds little

    def _on_rejected(self, line: int, reason: str) -> None:
        self._on_result(RowResult(line, REJECTED, reason))

    def _complete(self, rejects: Path | None) -> ImportReport:
        self._journal.flush()
        self._progress.report_sent(self._total, self._counts, force=True)
        path = (rejects or rejects_path(self._rows.source)) if self._counts[REJECTED] else None
        replaced = back_up(path) if path and not rejects else None
        if path:
            write_rejects(self._rows.source, self._journal, path)
        self._journal.update_header({COMPLETED: datetime.now(UTC).isoformat(timespec="seconds")})
        return self._report(rejects=path, replaced_rejects=replaced)

    def _seconds(self) -> float:
        return self._earlier.seconds + self._progress.seconds

    def _report(
        self,
        *,
        stopped: str = "",
        error: Exception | None = None,
        rejects: Path | None = None,
        replaced_rejects: Path | None = None,
    ) -> ImportReport:
        self._journal.flush()
        seconds = self._seconds()
        self._journal.update_header({**self._journal.more_header(), SECONDS: seconds})
        rows, counts = int(self._journal.header()[ROW_COUNT]), self._journal.counts()
        return ImportReport(
            rows=rows,
            created=counts[CREATED],
            updated=counts[UPDATED],
            rejected=counts[REJECTED],
            duplicates=counts[DUPLICATE],
            unknown=counts[SENDING],
            not_sent=rows - counts.total(),
            resumed=self._earlier.resumes,
            last_import=self._earlier.completed,
            stopped=stopped,
            error=error,
            reasons=self._journal.reasons(),
            problems=first_problems(self._journal),
            rejects=rejects,
            journal=Path(self._journal.path),
            seconds=seconds,
            columns=self._rows.columns.report(),
            guessed_encoding=self._rows.source.guessed_encoding,
            replaced_rejects=replaced_rejects,
        )


def _update(row: tuple[int, EncodedContact], reason: str) -> RowUpdate:
    line, contact = row
    return RowUpdate(line, contact.to_dict(), reason)
