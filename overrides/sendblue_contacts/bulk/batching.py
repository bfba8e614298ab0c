"""Cuts the input of a bulk call into chunks, lazily, and finds items that have the same phone number. Pure.

Items are checked one by one. An invalid item becomes an entry with a reason, and the other items are not affected. A
chunk is as large as `chunk_size` allows; an item that exceeds the maximum number of bytes alone has a chunk of its own.

`bulk.create` describes the policies for items with the same number; invalid items have none. `error` and `first` keep
each number and its position, so they work on an infinite input. `last` and `merge` keep all items, and read the whole
input before the first request. The outcome of a merged item is at the position of the last item, and has the merged
contact as its `item`, for retries.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterable
from dataclasses import dataclass, replace
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sendblue_contacts.errors import check_size

from .actions import merge
from .chunk_size import ChunkSize, check_chunk_size
from .requests import EncodedPage
from .types import NOT_SENT, Entry, ItemResult

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from .actions import BulkAction
    from .chunk_size import ChunkSizeOption, LearnedSize
    from .requests import EncodedContact
    from .types import BulkStatus, Chunk, Duplicates

P = TypeVar("P")

_REPLACED = "same phone number as item {}, which is used instead"
_LATER: dict[str | None, tuple[BulkStatus, str]] = {
    "error": ("failed", "same phone number as item {}; remove one of them, or set duplicates="),
    "first": ("duplicate", _REPLACED),
}
_READ_ALL = ("last", "merge")


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """The size of a chunk, and the maximum number of requests in flight, which it checks."""

    chunk_size: ChunkSizeOption
    max_chunk_bytes: int
    concurrency: int

    def __post_init__(self) -> None:
        check_chunk_size(self.chunk_size)
        for name in ("max_chunk_bytes", "concurrency"):
            check_size(name, getattr(self, name))


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
        first, second = cast("EncodedContact", earlier.payload), cast("EncodedContact", later.payload)
        return self._action.entry(later.index, merge(first.to_dict(), second.to_dict()))


def _not_sent(entry: Entry[P], status: BulkStatus, reason: str, other_index: int) -> Entry[P]:
    result = ItemResult[Any](status, None, reason.format(other_index))
    return replace(entry, payload=None, result=result, size_bytes=0)


class Chunker(Generic[P]):
    """Cuts items into chunks. `size` has to learn how the server responds to requests."""

    def __init__(
        self,
        action: BulkAction[P, Any],
        limits: BatchLimits,
        duplicates: Duplicates | None = None,
        learned: LearnedSize | None = None,
    ) -> None:
        self.size: ChunkSize = ChunkSize(limits.chunk_size, limits.max_chunk_bytes, learned)
        self._action = action
        self._duplicates = _Deduplicator(action, duplicates)
        self._chunk: Chunk[P] = []
        self._chunk_bytes = 0
        self._index = 0

    def chunks(self, items: Iterable[object]) -> Generator[Chunk[P]]:
        """Yields the chunks of these items, lazily."""
        for item in items:
            if isinstance(item, EncodedPage):
                yield from self._add_page(item)
            elif full := self.add(item):
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

    def _add_page(self, page: EncodedPage) -> Iterator[Chunk[P]]:
        """Add contacts that were checked, and whose numbers differ. Yields the chunks that are full."""
        indices = range(self._index, self._index + len(page))
        self._index = indices.stop
        sizes = [len(contact.json) + 1 for contact in page]
        entries: Chunk[Any] = [
            *map(Entry, indices, page, page, repeat(NOT_SENT), [contact.phone for contact in page], sizes)
        ]
        return self._extend(entries, sum(sizes))

    def _extend(self, entries: Chunk[P], size_bytes: int) -> Iterator[Chunk[P]]:
        half = len(entries) // 2
        if self.size.allows(len(self._chunk) + len(entries), self._chunk_bytes + size_bytes):
            self._chunk += entries
            self._chunk_bytes += size_bytes
        elif half:
            first = sum(entry.size_bytes for entry in entries[:half])
            yield from self._extend(entries[:half], first)
            yield from self._extend(entries[half:], size_bytes - first)
        elif full := self._append(entries[0]):
            yield full

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
