"""`plan_sync`: reads a source, lists the account, and finds what has to change. Nothing is written.

The source is read twice or three times: to validate it, to find the numbers of the rows that are skipped, and to
compare its rows with the contacts. Neither the rows nor the contacts are kept in memory.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sendblue_transfer.errors import TransferError
from sendblue_transfer.importing.fingerprint import account_fingerprint
from sendblue_transfer.importing.journal import Journal
from sendblue_transfer.importing.planner import rows_of
from sendblue_transfer.rows.row_status import DUPLICATE, NOT_SENT, REJECTED
from sendblue_transfer.sources.mappings import mapping_source
from sendblue_transfer.sources.source import Source

from .account_index import AccountIndex
from .change_table import ChangeTable
from .changes import Change, flatten
from .diff import TAGS, RowDiff
from .guards import check_deletions, check_rows, describe_source
from .options import SyncOptions
from .plan_file import COUNTED
from .progress import SyncProgressReporter
from .requests import RequestCounter
from .sync_plan import SyncPlan

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from sendblue_contacts.client import Sendblue

    from sendblue_transfer.rows.column_map import ColumnMap
    from sendblue_transfer.rows.duplicates import Duplicates
    from sendblue_transfer.rows.row_status import RowResult
    from sendblue_transfer.rows.validation import ImportRows

    from .changes import Values
    from .options import BlankPolicy, Deletions, TagPolicy
    from .progress import OnSyncProgress

NO_STATE = "none"
"""The value of `state` for a sync that keeps nothing."""
_REPORT_INTERVAL = 1_000


class KnownState(Protocol):
    """What earlier syncs with the same state left."""

    def tracked(self, number: str) -> bool:
        """Whether an earlier sync created a contact with this number, or found it in its source."""
        ...

    def last_source(self) -> Mapping[str, Any] | None:
        """Return the description of the source in the last complete sync."""
        ...


def plan_sync(
    client: Sendblue,
    source: Source | Iterable[Mapping[str, Any]],
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
    chunk_size: int | Literal["auto"] = "auto",
    state: str | os.PathLike[str] | None = None,
    on_progress: OnSyncProgress = None,
    clock: Callable[[], float] = time.monotonic,
) -> SyncPlan:
    """Compare a source with an account, and return what would make the account match. Nothing is written.

    Only fields that the source has are compared, and custom variables label by label.

    Args:
        client: The client of the account.
        source: An open file, or an iterable of mappings, which is read once.
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
        chunk_size: The maximum number of contacts in one bulk request; `auto` for the default.
        state: The path of the state of earlier syncs. By default it is next to the file, or in the user's state folder;
            `none` for no state.
        on_progress: Called with the progress ten times a second at most, in this thread.
        clock: Returns the time in seconds; never goes back.

    Raises:
        SyncRefusedError: The sync would delete too much, or its source may be incomplete.
        TransferError: The source cannot be read as contacts, or an option is invalid.
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
    with _opened(source) as opened, _known_state(state, options) as known:
        progress = SyncProgressReporter(on_progress, clock)
        return make_plan(client, opened, options, columns=columns, known=known, progress=progress)


@contextmanager
def _opened(source: Source | Iterable[Mapping[str, Any]]) -> Generator[Source]:
    """Yield the source; one that is made of mappings is closed afterwards."""
    if isinstance(source, Source):
        yield source
    else:
        with mapping_source(source) as made:
            yield made


@contextmanager
def _known_state(given: str | os.PathLike[str] | None, options: SyncOptions) -> Generator[KnownState | None]:
    """Open the state of earlier syncs, if there is one."""
    if given == NO_STATE and options.delete == "tracked":
        raise TransferError('delete="tracked" needs the state of earlier syncs; choose a path with --state (state=)')
    yield None


def make_plan(
    client: Sendblue,
    source: Source,
    options: SyncOptions,
    *,
    columns: ColumnMap | None,
    known: KnownState | None,
    progress: SyncProgressReporter,
) -> SyncPlan:
    """Make a plan from a source and what is known of earlier syncs; the arguments are those of `plan_sync`."""
    keeps_blanks = options.blank == "clear"
    rows = rows_of(source, columns, "update", options.duplicates, options.default_region, keeps_blanks=keeps_blanks)
    table = ChangeTable()
    with Journal() as results:
        results.write_validation(rows.validate(progress.report))
        progress.report(rows.count, force=True)
        _add_skipped(rows, results, table)
        described = describe_source(source, rows.count)
        check_rows(options, described, unreadable=sum(not change.phone for change in table.changes("skip")))
        progress.start("listing")
        with AccountIndex.read(client.with_options(bulk=True).contacts.list().pages(), progress.report) as account:
            comparison = _Comparison(account, table, options, progress)
            comparison.add_rows(rows.contacts(results.result, NOT_SENT), rows.count)
            comparison.add_deletions(known)
            last = known.last_source() if known else None
            check_deletions(options, described, last, table.counts["delete"], account.contacts)
    return _plan_of(client, rows, comparison, described)


def _plan_of(client: Sendblue, rows: ImportRows, comparison: _Comparison, described: Mapping[str, Any]) -> SyncPlan:
    requests, rate = comparison.requests.finish(), client.rate_limit.rate
    return SyncPlan(
        **{name: comparison.table.counts[kind] for name, kind in COUNTED.items()},
        unchanged=comparison.unchanged,
        requests=requests,
        seconds=round(requests * rate.pace, 3) if rate else 0.0,
        options=comparison.options,
        account=account_fingerprint(client),
        source=described,
        contacts=comparison.account.contacts,
        table=comparison.table,
        columns=rows.columns.report(),
        guessed_encoding=rows.source.guessed_encoding,
    )


def _add_skipped(rows: ImportRows, results: Journal, table: ChangeTable) -> None:
    """Add the rows that are rejected or superseded, with their numbers as far as these can be read."""
    counts = results.counts()
    if counts[REJECTED] or counts[DUPLICATE]:
        for result, number in rows.skipped(results.result):
            table.add(Change("skip", number, reason=_reason(result), line=result.line))


def _reason(result: RowResult) -> str:
    return result.message if result.reason else f"another row has the same number (line {result.duplicate_of})"


class _Comparison:
    """Compares the rows of a source with the contacts of an account, and collects the changes."""

    def __init__(
        self, account: AccountIndex, table: ChangeTable, options: SyncOptions, progress: SyncProgressReporter
    ) -> None:
        self.account = account
        self.table = table
        self.options = options
        self.requests = RequestCounter(options.bulk_chunk_size)
        self.unchanged: int = 0
        self._diff = RowDiff(options)
        self._progress = progress

    def add_rows(self, rows: Iterable[tuple[int, Values]], total: int) -> None:
        """Add what has to change for each row."""
        self._progress.report(self.account.contacts, force=True)
        self._progress.start("comparing", total)
        for skipped in self.table.changes("skip"):
            if skipped.phone:
                self.account.take(skipped.phone)
        for done, (line, row) in enumerate(rows, 1):
            number = self._diff.number(row)
            change = self._diff.change(line, number, row, self.account.take(number))
            if change is None:
                self.unchanged += 1
            else:
                self._add(change)
            if done % _REPORT_INTERVAL == 0:
                self._progress.report(done)
        self._progress.report(total, force=True)

    def add_deletions(self, known: KnownState | None) -> None:
        """Add the deletion of each contact that the source lacks and that may be deleted."""
        for number, values in self._deletable(known):
            fields = {name: (value, None) for name, value in flatten(values).items()}
            self._add(Change("delete", number, fields))

    def _deletable(self, known: KnownState | None) -> Iterator[tuple[str, Values]]:
        if self.options.delete == "none":
            return
        scope = self.options.scope_tag
        for number, values in self.account.rest():
            is_known = self.options.delete == "all" or (known is not None and known.tracked(number))
            if is_known and (scope is None or scope in values.get(TAGS, ())):
                yield number, values

    def _add(self, change: Change) -> None:
        self.table.add(change)
        self.requests.add(change)
