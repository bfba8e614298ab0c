"""How many write requests a plan takes: counted with the code that cuts bulk calls into chunks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts.bulk.actions import create_action, delete_action
from sendblue_contacts.bulk.batching import BatchLimits, Chunker
from sendblue_contacts.bulk.defaults import CONCURRENCY, MAX_CHUNK_BYTES
from sendblue_contacts_api.models.bulk_contact import BulkContact

from sendblue_transfer.rows.row_parser import PHONE

from .changes import nest

if TYPE_CHECKING:
    from .changes import Change, Values


def split_create(change: Change) -> tuple[Values, Values]:
    """Return what a creation sends: the contact for the bulk call, and the fields that an update has to add to it."""
    values = nest(change.new)
    later = {name: value for name, value in values.items() if name not in BulkContact.FIELDS}
    return {PHONE: change.phone} | {name: value for name, value in values.items() if name not in later}, later


class RequestCounter:
    """Counts the write requests of a plan.

    Args:
        chunk_size: The maximum number of contacts in one bulk request.
    """

    def __init__(self, chunk_size: int) -> None:
        limits = BatchLimits(chunk_size, MAX_CHUNK_BYTES, CONCURRENCY)
        self._creates = Chunker(create_action(None), limits)
        self._deletes = Chunker(delete_action(None), limits)
        self._requests = 0

    def add(self, change: Change) -> None:
        """Count what a change takes."""
        if change.kind == "create":
            item, later = split_create(change)
            self._requests += bool(self._creates.add(item)) + bool(later)
        elif change.kind == "delete":
            self._requests += bool(self._deletes.add(change.phone))
        elif change.kind == "update":
            self._requests += 1

    def finish(self) -> int:
        """Return the number of requests, after the last change."""
        rest = [*self._creates.flush(), *self._deletes.flush()]
        return self._requests + len(rest)
