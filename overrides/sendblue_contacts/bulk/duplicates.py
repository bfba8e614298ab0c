"""Finds items of a bulk call that have the same phone number. Pure. Invalid items have no number and are skipped.

`bulk.create` describes the policies. `error` and `first` keep each number and its position, so they work on an infinite
input. `last` and `merge` keep all items, and read the whole input before the first request. The outcome of a merged
item is at the position of the last item, and has the merged contact as its `item`, for retries.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .actions import merge
from .types import ItemResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_contacts_api.models.bulk_contact import BulkContact

    from .actions import BulkAction
    from .types import BulkStatus, Duplicates, Entry

P = TypeVar("P")

_REPLACED = "same phone number as item {}, which is used instead"
_LATER: dict[str | None, tuple[BulkStatus, str]] = {
    "error": ("failed", "same phone number as item {}; remove one of them, or set duplicates="),
    "first": ("duplicate", _REPLACED),
}
_READ_ALL = ("last", "merge")


class Deduplicator(Generic[P]):
    """Applies a policy to items that have the same phone number."""

    def __init__(self, action: BulkAction[P, Any], policy: Duplicates | None) -> None:
        if policy is not None and policy not in (*_LATER, *_READ_ALL):
            raise ValueError(f"duplicates must be 'error', 'first', 'last', 'merge' or None, not {policy!r}")
        self._action = action
        self._later = _LATER.get(policy)
        self._reads_all = policy in _READ_ALL
        self._merges = policy == "merge"
        self._first_index: dict[int, int] = {}
        self._held: deque[Entry[P]] = deque()

    def add(self, entry: Entry[P]) -> Entry[P] | None:
        """Add an entry. Returns it, or its replacement; None if it is held until the input ends."""
        if self._reads_all:
            self._held.append(entry)
            return None
        if self._later is None or entry.payload is None:
            return entry
        first = self._first_index.setdefault(int(entry.number), entry.index)  # half the memory of the string
        return entry if first == entry.index else _not_sent(entry, *self._later, first)

    def flush(self) -> Iterator[Entry[P]]:
        """Yields the entries that were held, in input order."""
        sent: dict[str, Entry[P]] = {}
        for entry in filter(attrgetter("number"), self._held):
            earlier = sent.get(entry.number)
            sent[entry.number] = self._merged(earlier, entry) if earlier and self._merges else entry
        while self._held:
            entry = self._held.popleft()
            last = sent.get(entry.number, entry)
            yield last if last.index == entry.index else _not_sent(entry, "duplicate", _REPLACED, last.index)

    def _merged(self, earlier: Entry[P], later: Entry[P]) -> Entry[P]:
        first, second = cast("BulkContact", earlier.payload), cast("BulkContact", later.payload)
        return self._action.entry(later.index, merge(first.to_dict(), second.to_dict()))


def _not_sent(entry: Entry[P], status: BulkStatus, reason: str, other_index: int) -> Entry[P]:
    result = ItemResult[Any](status, None, reason.format(other_index))
    return replace(entry, payload=None, result=result, size_bytes=0)
