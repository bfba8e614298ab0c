"""Cuts the input of a bulk call into chunks, lazily. Pure.

Items are checked one by one. An invalid item becomes an entry with a reason, and the other items are not affected. A
chunk exceeds neither the maximum number of items nor the maximum number of bytes; an item that exceeds the bytes alone
has a chunk of its own.

After the server has rejected a request as too large, later chunks are no larger than the requests it accepted, in items
and in bytes: the response does not state which of the two was too large.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sendblue_contacts.pagination import check_size

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterable, Iterator

    from .actions import BulkAction
    from .duplicates import Deduplicator
    from .types import Chunk, Entry

P = TypeVar("P")


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


class Chunker(Generic[P]):
    """Cuts items into chunks."""

    def __init__(self, action: BulkAction[P, Any], size: AdaptiveBatchSize, duplicates: Deduplicator[P]) -> None:
        self._action = action
        self._size = size
        self._duplicates = duplicates
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
        fits = not self._chunk or self._size.allows(len(self._chunk) + 1, self._chunk_bytes + entry.size_bytes)
        full = None if fits else self._cut()
        self._chunk.append(entry)
        self._chunk_bytes += entry.size_bytes
        return full

    def _cut(self) -> Chunk[P]:
        chunk, self._chunk, self._chunk_bytes = self._chunk, [], 0
        return chunk
