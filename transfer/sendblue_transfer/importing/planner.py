"""Plans an import from the file and its journal, without requests: the dry run."""

from __future__ import annotations

import time
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSizeOption, check_chunk_size, size_range
from sendblue_contacts.bulk.requests import bulk_item
from sendblue_contacts.phone import check_region, normalise
from sendblue_contacts.rate_limit import RateLimit
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact_update import ContactUpdate

from sendblue_transfer.errors import TransferError
from sendblue_transfer.progress import ProgressReporter
from sendblue_transfer.reports import ImportPlan, Mode, Problem
from sendblue_transfer.rows.column_map import ColumnMap
from sendblue_transfer.rows.columns import Columns
from sendblue_transfer.rows.duplicates import DUPLICATES, Duplicates
from sendblue_transfer.rows.row_parser import PHONE
from sendblue_transfer.rows.row_status import CREATED, DUPLICATE, NOT_SENT, REJECTED, SENDING, UPDATED
from sendblue_transfer.rows.validation import ImportRows

from .fingerprint import EarlierRun, earlier_run, fingerprint
from .journal import Journal
from .paths import existing_journal
from .standard_input import is_superseded

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from sendblue_transfer.progress import OnImportProgress
    from sendblue_transfer.rows.row_parser import Fields
    from sendblue_transfer.sources.source import Source

MODES: tuple[Mode, ...] = get_args(Mode)
_MAX_PROBLEMS = 10
UPDATE_FIELDS: Fields = {
    PHONE: BulkContact.FIELDS[PHONE],
    **{name: field for name, field in ContactUpdate.FIELDS.items() if name != "phone_number"},
}
"""The fields of a row in the mode `update`: more than the bulk call has, but not a new number."""


def plan_import(
    source: Source,
    *,
    columns: ColumnMap | None = None,
    mode: Mode = "create",
    duplicates: Duplicates = "last",
    default_region: str | None = None,
    rate_limit: RateLimit | None = RateLimit(),  # noqa: B008  # frozen, so that one object can serve all
    journal: str | os.PathLike[str] | None = None,
    restart: bool = False,
    chunk_size: ChunkSizeOption = AUTO,
    preview: int = 5,
    on_progress: OnImportProgress = None,
    clock: Callable[[], float] = time.monotonic,
) -> ImportPlan:
    """Read and validate a whole file, and return what an import would do. Sends nothing and writes nothing.

    If an import of the file was interrupted, the plan is that of resuming it. The account is not compared.

    Args:
        source: The file.
        columns: Which column fills which field, where the titles do not show it.
        mode: `create`, `upsert` or `update`.
        duplicates: Which of several rows with the same number is imported: `last`, `first`, `merge` for all of them
            combined, or `error` for the first, with the others rejected.
        default_region: A region of two letters such as `US`, to accept numbers in national form (extra `phone`).
        rate_limit: The rate limit for the estimated times; None for no limit.
        journal: The path of the journal, as in `run_import`.
        restart: Whether the import would discard an unfinished one.
        chunk_size: The maximum number of contacts per request; `auto` for as many as suit the server, from 100 to
            1,000. Requests with large contacts have fewer.
        preview: How many contacts to include in the plan.
        on_progress: Called with the progress while the file is read.
        clock: Returns the time in seconds; never goes back.

    Raises:
        TransferError: The file cannot be read as contacts.
        ValueError, TypeError: `chunk_size` is neither a positive integer nor `auto`.
        JournalError: The import could not start: the journal belongs to another import, is in use, or is damaged.
    """
    check_chunk_size(chunk_size)
    rows = rows_of(source, columns, mode, duplicates, default_region)
    progress = ProgressReporter(on_progress, clock)
    path = existing_journal(source, journal)
    if path and source.path is None and journal is None:
        restart = restart or is_superseded(path, mode)
    with Journal() as validated, Journal(path) if path else nullcontext() as found:
        wanted = fingerprint(rows, columns, mode)
        earlier = earlier_run(found, wanted, restart=restart) if found else EarlierRun()
        validated.write_validation(rows.validate(progress.report_read))
        progress.report_read(rows.count, force=True)
        results = found if found and earlier.resumes else validated
        contacts = rows.contacts(results.result, NOT_SENT, SENDING)
        counts = results.counts()
        valid, done = rows.count - counts[REJECTED] - counts[DUPLICATE], counts[CREATED] + counts[UPDATED]
        at_least, at_most = _request_counts(mode, valid - done, chunk_size)
        pace = rate_limit.pace if rate_limit else 0.0
        return ImportPlan(
            rows=rows.count,
            valid=valid,
            rejected=counts[REJECTED],
            duplicates=counts[DUPLICATE],
            reasons=results.reasons(),
            problems=first_problems(results),
            preview=tuple(_as_sent(contact, mode, rows.region) for _, contact in islice(contacts, preview)),
            requests=at_least,
            requests_at_most=at_most,
            seconds=at_least * pace,
            seconds_at_most=at_most * pace,
            columns=rows.columns.report(),
            mode=mode,
            done=done,
            last_import=earlier.completed,
            guessed_encoding=source.guessed_encoding,
        )


def _as_sent(contact: dict[str, Any], mode: Mode, region: str | None) -> dict[str, Any]:
    if mode == "update":
        return {**contact, PHONE: normalise(contact[PHONE], default_region=region)}
    return bulk_item(contact, region).to_dict()


def _request_counts(mode: Mode, valid: int, chunk_size: ChunkSizeOption) -> tuple[int, int]:
    least, most = (-(-valid // size) for size in size_range(chunk_size))
    return {"create": (least, most), "upsert": (least, most + valid), "update": (valid, valid)}[mode]


def rows_of(
    source: Source,
    columns: ColumnMap | None,
    mode: Mode,
    duplicates: Duplicates,
    default_region: str | None,
    *,
    keeps_blanks: bool = False,
) -> ImportRows:
    """Return the rows of a file, with the settings of an import.

    Args:
        source: The file.
        columns: Which column fills which field, where the titles do not show it.
        mode: The mode of the import, which decides the fields that a row can have.
        duplicates: Which of several rows with the same number is used.
        default_region: The region of numbers in national form.
        keeps_blanks: Whether the value of a blank cell is None, where it would otherwise be absent.

    Raises:
        TransferError: A setting is invalid, or a required column is missing.
        TypeError: `columns` is not a `ColumnMap`.
    """
    for name, value, allowed in (("mode", mode, MODES), ("duplicates", duplicates, DUPLICATES)):
        if value not in allowed:
            raise TransferError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    fields = UPDATE_FIELDS if mode == "update" else BulkContact.FIELDS
    is_text, escaped = source.titles is not None, source.format == "csv"
    file_columns = Columns(
        _column_map(columns),
        fields,
        is_text=is_text,
        escaped=escaped,
        keeps_blanks=keeps_blanks,
        cell_types=source.cell_types,
    )
    if source.titles is not None:
        file_columns.check(source.titles)
    try:
        return ImportRows(source, file_columns, duplicates, check_region(default_region))
    except ValueError as error:
        raise TransferError(str(error)) from None


def _column_map(columns: object) -> ColumnMap:
    if columns is None:
        return ColumnMap()
    if not isinstance(columns, ColumnMap):
        raise TypeError(
            f"columns must be a ColumnMap, not {type(columns).__name__}; write ColumnMap({{'COLUMN': 'field'}})"
        )
    return columns


def first_problems(journal: Journal) -> tuple[Problem, ...]:
    """Return the first rows that were rejected."""
    return tuple(Problem(result.line, result.message) for result in journal.rejected(_MAX_PROBLEMS))
