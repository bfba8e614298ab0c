"""`undo_sync`: puts the last sync, or the last import in the mode `upsert`, back."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_contacts.bulk.chunk_size import AUTO
from sendblue_contacts.bulk.defaults import CONCURRENCY
from sendblue_contacts.errors import check_size

from sendblue_transfer.checked_database import application_id
from sendblue_transfer.errors import TransferError
from sendblue_transfer.importing.fingerprint import account_fingerprint, read_lag
from sendblue_transfer.importing.journal import KIND
from sendblue_transfer.syncing.account_index import AccountIndex, row_pages
from sendblue_transfer.syncing.account_lock import AccountLock
from sendblue_transfer.syncing.change_log import DONE, UNCHANGED, UNDOING, UNDONE
from sendblue_transfer.syncing.progress import SyncProgressReporter
from sendblue_transfer.syncing.state import SyncState

from .change_sender import Stop, check_again, send_changes
from .import_log import ImportLog
from .inverse import Current, inverse_changes
from .report import ReportBuilder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sendblue_contacts import Sendblue

    from sendblue_transfer.syncing.change_log import ChangeLog
    from sendblue_transfer.syncing.progress import OnSyncProgress

    from .report import SyncReport


def undo_sync(
    client: Sendblue,
    state: str | os.PathLike[str],
    *,
    dry_run: bool = False,
    concurrency: int = CONCURRENCY,
    on_progress: OnSyncProgress = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> SyncReport:
    """Put the last sync back: what it created is deleted, and what it updated or deleted is restored.

    A contact that was edited since is kept, and the report names it. A contact that is created again gets a new
    `contact_id` and a new `created_at`. A sync that never finished can be undone too, and so can the last import in the
    mode `upsert`. An undo that was interrupted is resumed by the same call; after a complete one, it does nothing.

    Args:
        client: The client of the account.
        state: The path of the state of the sync, or of the journal of the import.
        dry_run: Whether to change nothing. The report says what would be done.
        concurrency: The maximum number of requests at a time.
        on_progress: Called with the progress ten times a second at most, in this thread.
        clock: Returns the time in seconds; never goes back.
        sleep: Waits for a number of seconds, until reads show what the sync wrote.

    Returns:
        The result: `created`, `updated` and `deleted` count what the undo did.

    Raises:
        TransferError: There is no such state, or the import was not in the mode `upsert`.
        AccountLockedError: Another process synchronizes the account.
        JournalError: The state belongs to another account, or is damaged.
        JournalLockedError: Another process uses the state.
        SendblueError: Listing the account failed. Nothing was written.
        OSError: The state cannot be written.
        KeyboardInterrupt: Ctrl-C was pressed; the state was written.

    Example:
        with Sendblue() as client:
            print(undo_sync(client, "crm.csv.sendblue-sync", dry_run=True).deleted)
    """
    check_size("concurrency", concurrency)
    account, started = account_fingerprint(client), clock()
    progress = SyncProgressReporter(on_progress, clock)
    with AccountLock(account), open_log(Path(state)) as log, SyncState() as temporary:
        log.check_account(account)
        run = _Undo(client, log, temporary if dry_run else log, progress)
        if log.status not in ("", UNDONE):
            log.wait_for_reads(read_lag(client), sleep)
            run.plan()
            if not dry_run:
                run.send(concurrency)
        return run.report(clock() - started)


def open_log(path: Path) -> ChangeLog:
    """Open the state of a sync, or the journal of an import in the mode `upsert`.

    Raises:
        TransferError: There is no such file, or the import was in another mode.
        JournalError: It is neither, or it is damaged.
        JournalLockedError: Another process uses it.
    """
    if not path.is_file():
        raise TransferError(f"there is no state of a sync and no journal of an import at {path}; nothing can be undone")
    return ImportLog(path) if application_id(path) == KIND.application_id else SyncState(path)


class _Undo:
    """One run of an undo.

    Args:
        client: The client of the account.
        log: The log of the sync.
        target: Where the undo is written: the log, or for a dry run a temporary one.
        progress: Reports the progress.
    """

    def __init__(self, client: Sendblue, log: ChangeLog, target: ChangeLog, progress: SyncProgressReporter) -> None:
        self._contacts = client.with_options(bulk=True).contacts
        self._log = log
        self._target = target
        self._progress = progress
        self._resumes = log.status == UNDOING
        self._stop = Stop()
        self._planned = False

    def plan(self) -> None:
        """List the account, and write what is to be put back."""
        self._planned = True
        self._progress.start("listing")
        with AccountIndex.read(row_pages(self._contacts), self._progress.report) as account:
            if not self._resumes:
                inverse = inverse_changes(self._log.applied_by_number(), partial(_current, account))
                self._target.begin_undo(inverse)
                return
            if self._target is not self._log:
                self._target.begin_undo((row.change, row.result) for row in self._log.rows("undo"))
            check_again(self._target, "undo", account)

    def send(self, concurrency: int) -> None:
        """Send everything that has no final result."""
        self._stop = send_changes(
            self._contacts, self._log, "undo", self._progress, chunk_size=AUTO, concurrency=concurrency
        )
        if not self._stop.reason:
            if isinstance(self._log, SyncState):
                deletions = self._log.rows("undo", DONE, UNCHANGED, kind="delete")
                self._log.track((), (row.change.phone for row in deletions))
            self._log.end_undo()

    def report(self, seconds: float) -> SyncReport:
        """Return the report."""
        builder = ReportBuilder(planned=self._target is not self._log)
        if self._planned:
            builder.add_rows(self._target, "undo")
        return builder.report(
            resumed=self._resumes,
            stopped=self._stop.reason,
            error=self._stop.error,
            state=Path(self._log.path),
            seconds=seconds,
        )


def _current(account: AccountIndex, number: str) -> Current | None:
    values = account.get(number)
    return None if values is None else Current(values, account.contact_id(number))
