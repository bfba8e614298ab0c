"""`plan_sync`: reads a source, lists the account, and finds what has to change. Nothing is written."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSizeOption

from sendblue_transfer.errors import TransferError
from sendblue_transfer.importing.fingerprint import account_fingerprint, read_lag
from sendblue_transfer.importing.planner import rows_of
from sendblue_transfer.rows.named_fields import TAGS
from sendblue_transfer.sources.source import Source, mapping_source
from sendblue_transfer.syncing.account_index import row_pages
from sendblue_transfer.syncing.change_table import ChangeTable
from sendblue_transfer.syncing.changes import Change, flatten
from sendblue_transfer.syncing.options import SyncOptions
from sendblue_transfer.syncing.plan_file import COUNTED
from sendblue_transfer.syncing.progress import SyncProgressReporter
from sendblue_transfer.syncing.requests import RequestCounter
from sendblue_transfer.syncing.state import NO_STATE, SyncState, state_path
from sendblue_transfer.syncing.sync_plan import SyncPlan

from .comparison import Comparison
from .diff import RowDiff
from .guards import check_deletions, check_rows, describe_source

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable, Mapping
    from pathlib import Path

    from sendblue_contacts import Sendblue
    from sendblue_contacts.bulk.types import ArrowTable

    from sendblue_transfer.rows.column_map import ColumnMap
    from sendblue_transfer.rows.duplicates import Duplicates
    from sendblue_transfer.rows.validation import ImportRows
    from sendblue_transfer.syncing.options import BlankPolicy, Deletions, TagPolicy
    from sendblue_transfer.syncing.progress import OnSyncProgress

_BATCH_SIZE = 1_000
"""Rows that are read at a time."""


def plan_sync(
    client: Sendblue,
    source: Source | Iterable[Mapping[str, Any]] | ArrowTable,
    *,
    columns: ColumnMap | None = None,
    default_region: str | None = None,
    duplicates: Duplicates = "last",
    delete: Deletions = "none",
    max_delete: int | str = "5%",
    tags: TagPolicy = "replace",
    blank: BlankPolicy = "keep",
    scope_tag: str | None = None,
    allow_opt_in: bool = False,
    allow_unreadable: bool = False,
    chunk_size: ChunkSizeOption = AUTO,
    state: str | os.PathLike[str] | None = None,
    on_progress: OnSyncProgress = None,
    clock: Callable[[], float] = time.monotonic,
) -> SyncPlan:
    """Compare a source with an account, and return what would make the account match. Nothing is written.

    Only fields that the source has are compared, and custom variables label by label.

    Args:
        client: The client of the account.
        source: An open file, an iterable of mappings, which is read once, or a table of pandas, polars or pyarrow.
        columns: Which column fills which field, where the titles do not show it.
        default_region: A region of two letters such as `US`, to accept numbers in national form (extra `phone`).
        duplicates: Which of several rows with the same number is used: `last`, `first`, `merge` for all of them
            combined, or `error` for the first, with the others rejected.
        delete: Which contacts that the source lacks are deleted: `none`; `tracked`, those that an earlier sync with
            the same state created or found in its source; or `all`.
        max_delete: The maximum number of deletions: a count, or a percentage of the account such as `5%`.
        tags: `replace`: a contact gets exactly the tags of its row. `add`: it keeps the tags that its row lacks.
        blank: `keep`: a blank cell leaves a field alone. `clear`: it clears the field, except `opt_out`.
        scope_tag: With a tag, only contacts that have it are deleted, and every contact of the source gets it.
        allow_opt_in: Whether a row may opt a contact in that has opted out. Otherwise such a row is skipped.
        allow_unreadable: Whether contacts may be deleted although the source seems to be incomplete: the number of a
            row cannot be read, or the source is much smaller than in the last sync, or ends without a newline.
        chunk_size: The maximum number of contacts in one bulk request; `auto` for as many as suit the server, from 100
            to 1,000.
        state: The path of the state of earlier syncs. By default it is next to the file, or in the user's state folder;
            `none` for no state.
        on_progress: Called with the progress ten times a second at most, in this thread.
        clock: Returns the time in seconds; never goes back.

    Raises:
        SyncRefusedError: The sync would delete too much, or its source may be incomplete.
        TransferError: The source cannot be read as contacts, or an option is invalid.
        JournalError: The state belongs to another account, or it is damaged or in use.
        IncompleteListError: The account cannot be listed completely.
        SendblueError: A request failed.
        TypeError, ValueError: An argument has the wrong type, or `chunk_size` is not positive.

    Example:
        with Sendblue() as client, open_source("crm.csv") as source:
            print(plan_sync(client, source, delete="tracked"))
    """
    options = SyncOptions(
        delete=delete,
        max_delete=max_delete,
        tags=tags,
        blank=blank,
        scope_tag=scope_tag,
        allow_opt_in=allow_opt_in,
        allow_unreadable=allow_unreadable,
        duplicates=duplicates,
        default_region=default_region,
        chunk_size=chunk_size,
    )
    if state == NO_STATE and delete == "tracked":
        raise TransferError('delete="tracked" needs the state of earlier syncs; choose a path with --state (state=)')
    account = account_fingerprint(client)
    with _opened(source) as opened:
        path = state_path(state, opened.path, opened.sheet, account)
        with _opened_state(path, account) as known:
            rows = _rows(opened, columns, options)
            return _Planner(client, rows, options, SyncProgressReporter(on_progress, clock)).plan(account, path, known)


@contextmanager
def _opened(source: Source | Iterable[Mapping[str, Any]] | ArrowTable) -> Generator[Source]:
    """Yield the source; one that is made of mappings is closed afterwards."""
    if isinstance(source, Source):
        yield source
    else:
        with mapping_source(source) as made:
            yield made


@contextmanager
def _opened_state(path: Path | None, account: Mapping[str, str]) -> Generator[SyncState | None]:
    """Open the state of earlier syncs, if there is one."""
    if path is None or not path.exists():
        yield None
        return
    with SyncState(path) as state:
        state.check_account(account)
        yield state


def _rows(source: Source, columns: ColumnMap | None, options: SyncOptions) -> ImportRows:
    """Return the rows of a source, with all the fields of an update."""
    keeps_blanks = options.blank == "clear"
    return rows_of(source, columns, "update", options.duplicates, options.default_region, keeps_blanks=keeps_blanks)


class _Planner:
    """Makes one plan.

    Args:
        client: The client of the account.
        rows: The rows of the source.
        options: The options of the plan.
        progress: Reports the progress.
    """

    def __init__(
        self, client: Sendblue, rows: ImportRows, options: SyncOptions, progress: SyncProgressReporter
    ) -> None:
        self._client = client
        self._rows = rows
        self._options = options
        self._progress = progress
        self._table = ChangeTable()
        self._requests = RequestCounter(options.chunk_size)
        self._unchanged = 0

    def plan(self, fingerprint: Mapping[str, str], path: Path | None, state: SyncState | None) -> SyncPlan:
        """Return the plan.

        Args:
            fingerprint: The fingerprint of the account.
            path: The path of the state; None for a sync that keeps none.
            state: The state of earlier syncs; None before the first one.
        """
        with Comparison(self._rows, RowDiff(self._options)) as comparison:
            source = self._read_source(comparison)
            if state:
                state.wait_for_reads(read_lag(self._client))
                comparison.mark_tracked(state.tracked_numbers())
            self._list(comparison)
            self._compare(comparison, source["rows"])
            self._delete(comparison)
            last = state.last_source() if state else None
            check_deletions(self._options, source, last, self._table.counts["delete"], comparison.contacts)
            if path:
                self._table.track(comparison.newly_tracked())
            return self._result(fingerprint, path, source, comparison.contacts)

    def _read_source(self, comparison: Comparison) -> dict[str, Any]:
        """Read the rows, add those that are skipped, and return what identifies the source."""
        rows, count = iter(self._rows.source), 0
        while batch := list(islice(rows, _BATCH_SIZE)):
            comparison.add_rows(batch)
            count += len(batch)
            self._progress.report(count)
        self._progress.report(count, force=True)
        comparison.resolve_duplicates(self._options.duplicates)
        unreadable = 0
        for change in comparison.skipped():
            self._table.add(change)
            unreadable += not change.phone
        source = describe_source(self._rows.source, count)
        check_rows(self._options, source, unreadable)
        return source

    def _list(self, comparison: Comparison) -> None:
        self._progress.start("listing")
        contacts = self._client.with_options(bulk=True).contacts
        # A contact that this listing lacks is created: then the listing of `apply_sync`, or the API, reports it.
        comparison.fill(row_pages(contacts, trusts_count=True), self._progress.report)
        self._progress.report(comparison.contacts, force=True)

    def _compare(self, comparison: Comparison, rows: int) -> None:
        """Add what has to change for each row."""
        self._progress.start("comparing", rows)
        self._unchanged = comparison.unchanged()
        for done, change in enumerate(comparison.changes(), self._unchanged + 1):
            if change is None:
                self._unchanged += 1
            else:
                self._add(change)
            if done % _BATCH_SIZE == 0:
                self._progress.report(done)
        self._progress.report(rows, force=True)

    def _delete(self, comparison: Comparison) -> None:
        """Add the deletion of each contact that the source lacks and that may be deleted."""
        if self._options.delete == "none":
            return
        scope = self._options.scope_tag
        for number, values in comparison.rest(tracked=self._options.delete == "tracked"):
            if scope is None or scope in values.get(TAGS, ()):
                self._add(Change("delete", number, {name: (value, None) for name, value in flatten(values).items()}))

    def _add(self, change: Change) -> None:
        self._table.add(change)
        self._requests.add(change)

    def _result(
        self, fingerprint: Mapping[str, str], path: Path | None, source: Mapping[str, Any], contacts: int
    ) -> SyncPlan:
        (least, most), rate = self._requests.finish(), self._client.rate_limit.rate
        least_seconds, most_seconds = (round(count * rate.pace, 3) if rate else 0.0 for count in (least, most))
        return SyncPlan(
            **{name: self._table.counts[kind] for name, kind in COUNTED.items()},
            unchanged=self._unchanged,
            requests=least,
            requests_at_most=most,
            seconds=least_seconds,
            seconds_at_most=most_seconds,
            options=self._options,
            account=fingerprint,
            source=source,
            contacts=contacts,
            id=uuid4().hex,
            state=path,
            table=self._table,
            columns=self._rows.columns.report(),
            guessed_encoding=self._rows.source.guessed_encoding,
        )
