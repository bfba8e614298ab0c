"""`apply_sync`: lists the account again, and sends what the plan changes. An interrupted run is resumed."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_contacts.bulk.defaults import CONCURRENCY
from sendblue_contacts.errors import check_size

from sendblue_transfer.chunk_sizes import restore_sizes
from sendblue_transfer.errors import JournalError, TransferError
from sendblue_transfer.importing.fingerprint import account_fingerprint, read_lag
from sendblue_transfer.syncing.account_index import AccountIndex, row_pages
from sendblue_transfer.syncing.account_lock import AccountLock
from sendblue_transfer.syncing.change_log import DONE, INCOMPLETE, NOT_SENT, RUNNING, UNCHANGED, UNDOING
from sendblue_transfer.syncing.progress import SyncProgressReporter
from sendblue_transfer.syncing.state import NO_STATE, SyncState

from .change_sender import check_again, send_changes
from .drift import check_drift
from .report import ReportBuilder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator

    from sendblue_contacts import Sendblue

    from sendblue_transfer.syncing.change_log import Result
    from sendblue_transfer.syncing.changes import Change, Kind
    from sendblue_transfer.syncing.progress import OnSyncProgress
    from sendblue_transfer.syncing.sync_plan import SyncPlan

    from .change_sender import Stop
    from .report import SyncReport

_SENT: tuple[Kind, ...] = ("create", "update", "delete")
_KEPT: tuple[Kind, ...] = ("create", "update")


def apply_sync(
    client: Sendblue,
    plan: SyncPlan,
    *,
    state: str | os.PathLike[str] | None = None,
    concurrency: int = CONCURRENCY,
    on_progress: OnSyncProgress = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> SyncReport:
    """Apply a plan, or resume a sync that was interrupted.

    The account is listed again, and contacts that changed since the plan are left alone. Then contacts are created,
    updated and deleted, in this order. Errors that stop the sync half way (no network, invalid credentials) are in the
    report and not raised. The same call resumes it, and so does a new plan with the same state.

    Args:
        client: The client of the account. The slots that its rate limit reserves stay available to other callers.
        plan: The plan.
        state: The path of the state; `none` to keep nothing, so that the sync can be neither resumed nor undone. By
            default the one that the plan was made with.
        concurrency: The maximum number of requests at a time.
        on_progress: Called with the progress ten times a second at most, in this thread.
        clock: Returns the time in seconds; never goes back.
        sleep: Waits for a number of seconds, until reads show what an interrupted run wrote.

    Returns:
        The result, including earlier runs of the same plan.

    Raises:
        TransferError: The plan is one for another account.
        AccountLockedError: Another process synchronizes the account.
        JournalError: The state belongs to another account, is damaged, or has an undo that is not complete.
        JournalLockedError: Another process uses the state.
        IncompleteListError: The account cannot be listed completely. Nothing was written.
        SendblueError: Listing the account failed. Nothing was written.
        OSError: The state cannot be written.
        KeyboardInterrupt: Ctrl-C was pressed; the state was written.

    Example:
        with Sendblue() as client, open_source("crm.csv") as source:
            report = apply_sync(client, plan_sync(client, source))
    """
    check_size("concurrency", concurrency)
    account = account_fingerprint(client)
    if dict(plan.account) != account:
        raise TransferError("the plan is one for another account, or for another base URL; plan again")
    path = plan.state if state is None else None if state == NO_STATE else Path(state)
    progress, started = SyncProgressReporter(on_progress, clock), clock()
    with AccountLock(account), open_state(path) as opened, SyncState() as temporary:
        opened.check_account(account)
        opened.wait_for_reads(read_lag(client), sleep)
        run = _Run(client, plan, opened, progress)
        run.prepare(temporary)
        return run.report(run.send(concurrency), path, clock() - started)


def open_state(path: Path | None) -> SyncState:
    """Open the state with this path, or a temporary one."""
    if path is None:
        return SyncState()
    path.parent.mkdir(parents=True, exist_ok=True)
    return SyncState(path)


class _Run:
    """One run of a sync."""

    def __init__(self, client: Sendblue, plan: SyncPlan, state: SyncState, progress: SyncProgressReporter) -> None:
        self._contacts = client.with_options(bulk=True).contacts
        self._plan = plan
        self._state = state
        self._log = state
        self._progress = progress
        header = state.header()
        restore_sizes(self._contacts, header, plan.account)
        self._resumes = header.get("status") == RUNNING
        self._has_plan = self._resumes and header["plan"] == plan.id

    def prepare(self, temporary: SyncState) -> None:
        """List the account, and write which changes are still to be sent.

        If nothing is to be sent, that is written to a temporary state: the last sync that changed something stays in
        the other one, for an undo.
        """
        if self._state.status == UNDOING:
            raise JournalError(
                f"the undo with the state {self._state.path} is not complete; run it again, or choose another state "
                "with --state (state=)"
            )
        plan = self._plan
        self._progress.start("listing", plan.contacts)
        with AccountIndex.read(row_pages(self._contacts), self._progress.report) as account:
            self._state.untrack_deleted(account.get)
            if self._has_plan:
                check_again(self._state, "sync", account)
            else:
                self._begin(self._checked(account), temporary)

    def _begin(self, checked: Iterator[tuple[Change, Result]], temporary: SyncState) -> None:
        """Write the changes. Those before the first one to send go to the temporary state until it is found."""
        first: list[tuple[Change, Result]] = []

        def before_first() -> Iterator[tuple[Change, Result]]:
            for pair in checked:
                if pair[1].status == NOT_SENT:
                    first.append(pair)
                    return
                yield pair

        plan = self._plan
        if not self._resumes:
            temporary.begin(plan.id, plan.account, before_first())
            if not first:
                self._log = temporary
                return
        before = ((row.change, row.result) for row in temporary.rows("sync"))
        self._log.begin(plan.id, plan.account, chain(before, first, checked))

    def _checked(self, account: AccountIndex) -> Iterator[tuple[Change, Result]]:
        for kind in _SENT:
            for change in self._plan.changes(kind):
                yield change, check_drift(change, account.get(change.phone))

    def send(self, concurrency: int) -> Stop:
        """Send everything that has no final result. Returns why it stopped."""
        chunk_size = self._plan.options.chunk_size
        stop = send_changes(
            self._contacts, self._log, "sync", self._progress, chunk_size=chunk_size, concurrency=concurrency
        )
        if not stop.reason:
            final = (DONE, INCOMPLETE, UNCHANGED)
            deleted = (row.change.phone for row in self._log.rows("sync", *final, kind="delete"))
            found = (row.change.phone for kind in _KEPT for row in self._log.rows("sync", *final, kind=kind))
            self._state.track(chain(self._plan.tracked(), found), deleted, self._plan.source)
            self._log.end()
        return stop

    def report(self, stop: Stop, path: Path | None, seconds: float) -> SyncReport:
        """Return the report."""
        builder = ReportBuilder()
        builder.add_rows(self._log, "sync")
        builder.add_skipped(self._plan.changes("skip"))
        return builder.report(
            unchanged=self._plan.unchanged,
            resumed=self._resumes,
            stopped=stop.reason,
            error=stop.error,
            state=path,
            seconds=seconds,
        )
