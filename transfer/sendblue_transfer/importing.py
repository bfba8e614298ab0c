"""Importing a file: all of it is checked, then it is sent, and what was refused is written down.

The journal knows the fate of each row, so that an import which was ended in whatever way goes on where it was.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_contacts.bulk.batching import CHUNK_SIZE, CONCURRENCY
from sendblue_contacts.errors import SendblueError

from .errors import TransferError
from .fates import CREATED, DUPLICATE, REJECTED, SENDING, UPDATED, Fate
from .identity import ROWS, begin, identity
from .journal import Journal
from .mapping import ColumnMap
from .meter import Meter
from .places import check_rejects, journal_path, rejects_path
from .planning import first_problems, rows_of
from .rejects import write_rejects
from .reports import ImportReport, Mode
from .sending import Creation, StoppedError, Updates

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sendblue_contacts.client import Sendblue

    from .checking import Rows
    from .meter import Told
    from .repeats import Duplicates
    from .sending import Numbered
    from .sources import Source

_ENDED = "ended"


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
    chunk_size: int = CHUNK_SIZE,
    concurrency: int = CONCURRENCY,
    on_progress: Told = None,
    clock: Callable[[], float] = time.monotonic,
) -> ImportReport:
    """Bring a file of contacts in, or go on with an import of it that was ended in whatever way.

    What stops it half way (no network, wrong credentials) is in the report and not raised. The same call goes on.

    Args:
        client: The client of the account. Its other callers keep some slots of the limit.
        source: The file.
        columns: Which column is which field, where titles do not tell.
        mode: `create`: a number that exists is rejected. `upsert`: it is updated, by a request of its own. `update`:
            all are, and a number that does not exist is rejected.
        duplicates: Which of several rows with one number counts: `last`, `first`, `merge` for all of them as one, or
            `error` for the first with the others rejected.
        default_region: Two letters such as `US`; then numbers in national form are read too (extra `phone`).
        journal: Where to keep the journal; else beside the file, or in the user's state folder.
        restart: Whether to forget an earlier run and to begin anew.
        rejects: Where to write rejected rows, over what is there; else beside the file, under a free name.
        chunk_size: The most contacts of one request.
        concurrency: The most requests at one time.
        on_progress: Called now and then, in this thread.
        clock: Tells the time in seconds, and never goes back.

    Returns:
        What became of it, earlier runs included.

    Raises:
        TransferError: The file cannot be read as contacts.
        JournalError: The journal is of another input, or another program has it.
        OSError: The journal or the rejects file cannot be written.
        KeyboardInterrupt: Somebody pressed Ctrl-C; the journal was written.

    Example:
        with Sendblue() as client, open_source("contacts.csv") as source:
            report = run_import(client, source)
    """
    rows = rows_of(source, columns, mode, duplicates, default_region)
    wanted = identity(client, rows, columns or ColumnMap(), mode)
    place = journal_path(source, journal)
    if rejects is not None:
        check_rejects(Path(rejects), source, place)
    with Journal(place) as opened:
        resumed = begin(opened, wanted, restart=restart)
        run = _Run(client, rows, opened, Meter(on_progress, clock), resumed=resumed)
        return run.go(mode, Path(rejects) if rejects else None, chunk_size=chunk_size, concurrency=concurrency)


class _Run:
    """One run of an import."""

    def __init__(self, client: Sendblue, rows: Rows, journal: Journal, meter: Meter, *, resumed: bool) -> None:
        self._contacts = client.with_options(bulk=True).contacts
        self._rows = rows
        self._journal = journal
        self._meter = meter
        self._resumed = resumed
        self._counts: Counter[str] = Counter()
        self._total = 0

    def go(self, mode: Mode, rejects: Path | None, **options: int) -> ImportReport:
        """Do all that is left to do."""
        known = self._journal.identity()
        if _ENDED in known:
            return self._report(already=True, rejects=Path(known[_ENDED]) if known[_ENDED] else None)
        if ROWS not in known:
            rows = self._rows.check(self._journal, self._meter.read)
            self._meter.read(rows, now=True)
            self._journal.note({ROWS: rows})
        self._take_stock()
        try:
            self._send(mode, **options)
        except StoppedError as stopped:
            return self._report(stopped=str(stopped), error=stopped.error)
        except TransferError:
            raise
        except SendblueError as error:
            return self._report(stopped=str(error), error=error)
        return self._end(rejects)

    def _take_stock(self) -> None:
        counts = self._journal.counts()
        self._total = int(self._journal.identity()[ROWS])
        self._counts = Counter({status: count for status, count in counts.items() if status != SENDING})
        self._meter.start_sending(self._total, self._counts)

    def _send(self, mode: Mode, *, chunk_size: int, concurrency: int) -> None:
        with Updates(self._contacts, self._updated, concurrency) as updates:
            if mode == "update":
                for numbered in self._rows.contacts(self._journal):
                    self._look_at_source()
                    updates.add(numbered)
            else:
                refused = updates.add if mode == "upsert" else self._rejected
                creation = Creation(
                    self._contacts,
                    self._journal,
                    self._settled,
                    refused,
                    self._look_at_source,
                    chunk_size=chunk_size,
                    concurrency=concurrency,
                )
                self._create(creation, updates)
            updates.finish()

    def _create(self, creation: Creation, updates: Updates) -> None:
        """First what an earlier run had in flight is looked for, while it is among the newest contacts, which is cheap.

        Then what was not sent yet is sent, and at last what is still not known of is looked for once more.
        """
        self._look_for_lost(creation)
        creation.send(self._rows.contacts(self._journal), look_first=False)
        updates.finish()
        if unknown := self._look_for_lost(creation):
            raise StoppedError(unknown)

    def _look_for_lost(self, creation: Creation) -> str:
        self._journal.flush()
        if not self._journal.counts()[SENDING]:
            return ""
        return creation.send(self._rows.contacts(self._journal, in_flight=True), look_first=True)

    def _look_at_source(self) -> None:
        """Stop before anything is sent that was not there when the file was checked."""
        if self._rows.source.has_changed():
            raise StoppedError(f"{self._rows.source.changed}, and what was added was not checked")

    def _settled(self, fate: Fate) -> None:
        self._journal.settle(fate)
        self._counts[fate.status] += 1
        self._meter.sent(self._total, self._counts)

    def _updated(self, fate: Fate) -> None:
        self._settled(fate)
        self._journal.flush()  # an update is one request, so that this costs little beside it

    def _rejected(self, numbered: Numbered, reason: str) -> None:
        self._settled(Fate(numbered[0], REJECTED, reason))

    def _end(self, rejects: Path | None) -> ImportReport:
        self._journal.flush()
        self._meter.sent(self._total, self._counts, now=True)
        path = (rejects or rejects_path(self._rows.source)) if self._counts[REJECTED] else None
        if path:
            write_rejects(self._rows.source, self._journal, path)
        self._journal.note({_ENDED: path or ""})
        return self._report(rejects=path)

    def _report(
        self,
        *,
        already: bool = False,
        stopped: str = "",
        error: Exception | None = None,
        rejects: Path | None = None,
    ) -> ImportReport:
        self._journal.flush()
        rows, counts = int(self._journal.identity()[ROWS]), self._journal.counts()
        return ImportReport(
            rows=rows,
            created=counts.get(CREATED, 0),
            updated=counts.get(UPDATED, 0),
            rejected=counts.get(REJECTED, 0),
            duplicates=counts.get(DUPLICATE, 0),
            unsettled=counts.get(SENDING, 0),
            left=rows - sum(counts.values()),
            resumed=self._resumed,
            already=already,
            stopped=stopped,
            error=error,
            reasons=self._journal.reasons(),
            problems=first_problems(self._journal),
            rejects=rejects,
            journal=Path(self._journal.path),
            seconds=self._meter.seconds,
            columns=self._rows.columns.report(),
        )
