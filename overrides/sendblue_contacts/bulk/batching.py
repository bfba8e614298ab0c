"""Cuts the input of a bulk call into chunks, lazily, and finds items that have the same phone number. Pure.

Items are checked one by one. An invalid item becomes an entry with a reason, and the other items are not affected. A
chunk exceeds neither the maximum number of items nor the maximum number of bytes; an item that exceeds the bytes alone
has a chunk of its own.

After the server has rejected a request as too large, later chunks are no larger than the requests it accepted, in items
and in bytes: the response does not state which of the two was too large.

`bulk.create` describes the policies for items with the same number; invalid items have none. `error` and `first` keep
each number and its position, so they work on an infinite input. `last` and `merge` keep all items, and read the whole
input before the first request. The outcome of a merged item is at the position of the last item, and has the merged
contact as its `item`, for retries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sendblue_contacts.pagination import check_size

from .actions import merge
from .types import ItemResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from sendblue_contacts_api.models.bulk_contact import BulkContact

    from .actions import BulkAction
    from .types import BulkStatus, Chunk, Duplicates, Entry

P = TypeVar("P")

_REPLACED = "same phone number as item {}, which is used instead"
_LATER: dict[str | None, tuple[BulkStatus, str]] = {
    "error": ("failed", "same phone number as item {}; remove one of them, or set duplicates="),
    "first": ("duplicate", _REPLACED),
}
_READ_ALL = ("last", "merge")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The maximum size of a chunk, and the maximum number of requests in flight: positive integers, which it checks."""

    chunk_size: int
    max_chunk_bytes: int
    concurrency: int

    def __post_init__(self) -> None:
        for limit in fields(self):
            check_size(limit.name, getattr(self, limit.name))


class AdaptiveBatchSize:
    """The size of the next chunk: the configured maximum, and after a rejection at most what the server accepted."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._accepted_count, self._accepted_bytes = 0, 0
        self._was_rejected = False

    def allows(self, count: int, size_bytes: int) -> bool:
        """Whether a chunk may have this many items and bytes."""
        if count > self._limits.chunk_size or size_bytes > self._limits.max_chunk_bytes:
            return False
        return not self._was_rejected or not self._accepted_count or self._was_accepted(count, size_bytes)

    def _was_accepted(self, count: int, size_bytes: int) -> bool:
        return count <= self._accepted_count and size_bytes <= self._accepted_bytes

    def accepted(self, count: int, size_bytes: int) -> None:
        """Record that the server accepted a request with this many items and bytes."""
        self._accepted_count = max(self._accepted_count, count)
        self._accepted_bytes = max(self._accepted_bytes, size_bytes)

    def rejected(self, count: int, size_bytes: int) -> None:
        """Record that the server rejected a request with this many items and bytes as too large."""
        self._was_rejected = True
        if self._was_accepted(count, size_bytes):  # the server has lowered its maximum
            self._accepted_count, self._accepted_bytes = max(1, count // 2), size_bytes // 2


class _Deduplicator(Generic[P]):
    def __init__(self, action: BulkAction[P, Any], policy: Duplicates | None) -> None:
        if policy is not None and policy not in (*_LATER, *_READ_ALL):
            raise ValueError(f"duplicates must be 'error', 'first', 'last', 'merge' or None, not {policy!r}")
        self._action = action
        self._policy = policy
        self._first_index: dict[int, int] = {}
        self._held: deque[Entry[P]] = deque()

    def add(self, entry: Entry[P]) -> Entry[P] | None:
        """Returns the entry, or its replacement; None if it is held until the input ends."""
        if self._policy in _READ_ALL:
            self._held.append(entry)
            return None
        if self._policy is None or entry.payload is None:
            return entry
        first = self._first_index.setdefault(int(entry.number), entry.index)  # half the memory of the string
        return entry if first == entry.index else _not_sent(entry, *_LATER[self._policy], first)

    def flush(self) -> Iterator[Entry[P]]:
        """Yields the entries that were held, in input order."""
        sent: dict[str, Entry[P]] = {}
        for entry in filter(attrgetter("number"), self._held):
            earlier = sent.get(entry.number)
            sent[entry.number] = self._merged(earlier, entry) if earlier and self._policy == "merge" else entry
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


class Chunker(Generic[P]):
    """Cuts items into chunks. `size` has to learn which requests the server accepted."""

    def __init__(self, action: BulkAction[P, Any], limits: BatchLimits, duplicates: Duplicates | None = None) -> None:
        self.size: AdaptiveBatchSize = AdaptiveBatchSize(limits)
        self._action = action
        self._duplicates = _Deduplicator(action, duplicates)
        self._chunk: Chunk[P] = []
        self._chunk_bytes = 0
        self._index = 0

    def chunks(self, items: Iterable[object]) -> Generator[Chunk[P]]:
        """Yields the chunks of these items, lazily."""
        for item in items:
            if full := self.add(item):
                yield full
        yield from self.flush()

    async def async_chunks(self, items: Iterable[object] | AsyncIterable[object]) -> AsyncGenerator[Chunk[P]]:
        """Like `chunks`, also for asynchronous iterables."""
        if isinstance(items, AsyncIterable):
            async for item in items:
                if full := self.add(item):
                    yield full
            for chunk in self.flush():
                yield chunk
        else:
            for chunk in self.chunks(items):
                yield chunk

    def add(self, item: object) -> Chunk[P] | None:
        """Add an item. Returns the previous chunk if the item did not fit into it."""
        entry = self._duplicates.add(self._action.entry(self._index, item))
        self._index += 1
        return None if entry is None else self._append(entry)

    def flush(self) -> Iterator[Chunk[P]]:
        """Yields the remaining chunks, after the last item."""
        for entry in self._duplicates.flush():
            if full := self._append(entry):
                yield full
        if self._chunk:
            yield self._cut()

    def _append(self, entry: Entry[P]) -> Chunk[P] | None:
        fits = not self._chunk or self.size.allows(len(self._chunk) + 1, self._chunk_bytes + entry.size_bytes)
        full = None if fits else self._cut()
        self._chunk.append(entry)
        self._chunk_bytes += entry.size_bytes
        return full

    def _cut(self) -> Chunk[P]:
        chunk, self._chunk, self._chunk_bytes = self._chunk, [], 0
        return chunk
