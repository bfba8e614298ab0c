"""How many write requests a plan takes: counted with the code that cuts bulk calls into chunks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts.bulk.actions import create_action, delete_action
from sendblue_contacts.bulk.chunk_size import ChunkSize, ChunkSizeOption, size_range
from sendblue_contacts.bulk.defaults import MAX_CHUNK_BYTES
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
    """Counts the write requests of a plan: at least and at most.

    Args:
        chunk_size: The maximum number of contacts in one bulk request, or `auto`.
    """

    def __init__(self, chunk_size: ChunkSizeOption) -> None:
        sizes = size_range(chunk_size)
        self._creates, self._deletes = ([_ChunkCounter(size) for size in sizes] for _ in range(2))
        self._create_action, self._delete_action = create_action(None), delete_action(None)
        self._requests = 0

    def add(self, change: Change) -> None:
        """Count what a change takes."""
        if change.kind == "create":
            item, later = split_create(change)
            self._requests += bool(later)
            _add(self._creates, self._create_action.entry(0, item).size_bytes)
        elif change.kind == "delete":
            _add(self._deletes, self._delete_action.entry(0, change.phone).size_bytes)
        elif change.kind == "update":
            self._requests += 1

    def finish(self) -> tuple[int, int]:
        """Return the number of requests, at least and at most, after the last change."""
        least, most = (
            self._requests + sum(each.chunks for each in pair)
            for pair in zip(self._creates, self._deletes, strict=True)
        )
        return least, most


def _add(counters: list[_ChunkCounter], size_bytes: int) -> None:
    for counter in counters:
        counter.add(size_bytes)


class _ChunkCounter:
    """Counts the chunks of items, as bulk calls cut them with a fixed size."""

    def __init__(self, size: int) -> None:
        self._size = ChunkSize(size, MAX_CHUNK_BYTES)
        self._count = self._size_bytes = self.chunks = 0

    def add(self, size_bytes: int) -> None:
        if not self._count or not self._size.allows(self._count + 1, self._size_bytes + size_bytes):
            self.chunks += 1
            self._count = self._size_bytes = 0
        self._count += 1
        self._size_bytes += size_bytes
