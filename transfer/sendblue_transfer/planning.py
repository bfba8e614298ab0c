"""What an import would do, from the file alone: the dry run."""

from __future__ import annotations

import time
from itertools import islice
from typing import TYPE_CHECKING, Any, get_args

from sendblue_contacts.bulk.batching import CHUNK_SIZE
from sendblue_contacts.operations import bulk_item
from sendblue_contacts.phone import check_region, normalise
from sendblue_contacts.rate_limit import RateLimit
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact_update import ContactUpdate

from .checking import Rows
from .columns import Columns
from .errors import TransferError
from .fates import DUPLICATE, REJECTED
from .journal import Journal
from .layouts import PHONE
from .mapping import ColumnMap
from .meter import Meter
from .repeats import DUPLICATES, Duplicates
from .reports import ImportPlan, Mode, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from .layouts import Fields
    from .meter import Told
    from .sources import Source

MODES: tuple[Mode, ...] = get_args(Mode)
_PROBLEMS = 10
UPDATED: Fields = {
    PHONE: BulkContact.FIELDS[PHONE],
    **{name: field for name, field in ContactUpdate.FIELDS.items() if name != "phone_number"},
}
"""What a row can change: an update takes fields that the bulk call does not. Its new number is not one of them."""


def plan_import(
    source: Source,
    *,
    columns: ColumnMap | None = None,
    mode: Mode = "create",
    duplicates: Duplicates = "last",
    default_region: str | None = None,
    rate_limit: RateLimit | None = RateLimit(),  # noqa: B008  # frozen, so that one object can serve all
    chunk_size: int = CHUNK_SIZE,
    preview: int = 5,
    on_progress: Told = None,
    clock: Callable[[], float] = time.monotonic,
) -> ImportPlan:
    """Read all of a file and say what an import would do. No request is made, and nothing is written.

    Args:
        source: The file.
        columns: Which column is which field, where titles do not tell.
        mode: `create`, `upsert` or `update`.
        duplicates: Which of several rows with one number counts: `last`, `first`, `merge` for all of them as one, or
            `error` for the first with the others rejected.
        default_region: Two letters such as `US`; then numbers in national form are read too (extra `phone`).
        rate_limit: The limit that the times are worked out for; None for none.
        chunk_size: The most contacts of one request. Requests with large contacts carry fewer.
        preview: How many contacts to show.
        on_progress: Called now and then while the file is read.
        clock: Tells the time in seconds, and never goes back.

    Raises:
        TransferError: The file cannot be read as contacts.
    """
    rows = rows_of(source, columns, mode, duplicates, default_region)
    meter = Meter(on_progress, clock)
    with Journal() as journal:
        total = rows.check(journal, meter.read)
        meter.read(total, now=True)
        counts = journal.counts()
        contacts = islice(rows.contacts(journal), preview)
        first = tuple(_as_sent(contact, mode, rows.region) for _, contact in contacts)
        rejected, repeated = counts.get(REJECTED, 0), counts.get(DUPLICATE, 0)
        valid = total - rejected - repeated
        at_least, at_most = _requests(mode, valid, chunk_size)
        pace = rate_limit.pace if rate_limit else 0.0
        return ImportPlan(
            rows=total,
            valid=valid,
            rejected=rejected,
            duplicates=repeated,
            reasons=journal.reasons(),
            problems=first_problems(journal),
            first=first,
            requests=at_least,
            requests_at_most=at_most,
            seconds=at_least * pace,
            seconds_at_most=at_most * pace,
            columns=rows.columns.report(),
            mode=mode,
        )


def _as_sent(contact: dict[str, Any], mode: Mode, region: str | None) -> dict[str, Any]:
    if mode == "update":
        return {**contact, PHONE: normalise(contact[PHONE], default_region=region)}
    return bulk_item(contact, region).to_dict()


def _requests(mode: Mode, valid: int, chunk_size: int) -> tuple[int, int]:
    chunks = -(-valid // chunk_size)
    return {"create": (chunks, chunks), "upsert": (chunks, chunks + valid), "update": (valid, valid)}[mode]


def rows_of(
    source: Source, columns: ColumnMap | None, mode: Mode, duplicates: Duplicates, default_region: str | None
) -> Rows:
    """The rows of a file, and how they become contacts.

    Raises:
        TransferError: A setting is none, or the file's columns cannot be those of contacts.
    """
    for name, value, known in (("mode", mode, MODES), ("duplicates", duplicates, DUPLICATES)):
        if value not in known:
            raise TransferError(f"{name} must be one of {', '.join(known)}, not {value!r}")
    fields = UPDATED if mode == "update" else BulkContact.FIELDS
    found = Columns(columns or ColumnMap(), fields, is_text=source.titles is not None, escaped=source.format == "csv")
    if source.titles is not None:
        found.check(source.titles)
    try:
        return Rows(source, found, duplicates, check_region(default_region))
    except ValueError as error:
        raise TransferError(str(error)) from None


def first_problems(journal: Journal) -> tuple[Problem, ...]:
    """The first rows that were rejected."""
    return tuple(Problem(fate.line, fate.said) for fate in islice(journal.rejected(), _PROBLEMS))
