"""Bulk calls, the cutting: items are checked one by one and cut into chunks, lazily. Pure.

A bad item is an entry with a reason, and never loses the others. A chunk is neither longer nor larger than was asked;
an item that is too large by itself goes alone. Once the server has refused a chunk as too large, the chunks after it
are no larger than what got through: not in number and not in bytes, for which of the two it was nobody says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sendblue_contacts.pagination import check_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from .actions import Job
    from .duplicates import Repeats
    from .results import Status

R = TypeVar("R")

CHUNK_SIZE = 100
"""Items for each request. What the server takes is stated nowhere (`openapi/README.md`), so the default is small."""
MAX_CHUNK_BYTES = 256 * 1024
CONCURRENCY = 4


@dataclass(slots=True, repr=False)
class Entry(Generic[R]):
    """One given item: ready to be sent, or settled before.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given.
        ready: What is sent; None if nothing is.
        reason: Why nothing is.
        status: What becomes of it if nothing is sent.
        weight: Its bytes in a request.
    """

    index: int
    item: object
    ready: R | None
    reason: str = ""
    status: Status = "failed"
    weight: int = 0


Chunk = list[Entry[R]]


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a chunk may be, and how many requests are on their way at one time."""

    chunk_size: int
    max_chunk_bytes: int
    concurrency: int

    @classmethod
    def check(cls, chunk_size: object, max_chunk_bytes: object, concurrency: object) -> Limits:
        """The limits; TypeError or ValueError if one is no positive whole number."""
        return cls(
            check_size("chunk_size", chunk_size),
            check_size("max_chunk_bytes", max_chunk_bytes),
            check_size("concurrency", concurrency),
        )


class Size:
    """How large a chunk may be: as asked, and after a refusal no larger than what got through."""

    def __init__(self, limits: Limits) -> None:
        self._count, self._weight = limits.chunk_size, limits.max_chunk_bytes
        self._most, self._heaviest = 0, 0
        self._refused = False

    def holds(self, count: int, weight: int) -> bool:
        """Whether a chunk of so many items and bytes is small enough."""
        fits = count <= self._count and weight <= self._weight
        return fits and (not self._refused or not self._most or self._is_known(count, weight))

    def _is_known(self, count: int, weight: int) -> bool:
        return count <= self._most and weight <= self._heaviest

    def got_through(self, entries: Sequence[Entry[Any]]) -> None:
        """The server took a request with these entries."""
        self._most = max(self._most, len(entries))
        self._heaviest = max(self._heaviest, weight_of(entries))

    def refused(self, entries: Sequence[Entry[Any]]) -> None:
        """The server found a request with these entries too large."""
        self._refused = True
        count, weight = len(entries), weight_of(entries)
        if self._is_known(count, weight):  # as large ones got through before: it has become stricter
            self._most, self._heaviest = max(1, count // 2), weight // 2


def weight_of(entries: Iterable[Entry[Any]]) -> int:
    """The bytes of these entries in a request."""
    return sum(entry.weight for entry in entries)


class Chunker(Generic[R]):
    """Cuts items into chunks."""

    def __init__(self, job: Job[R, Any], size: Size, repeats: Repeats[R]) -> None:
        self._job = job
        self._size = size
        self._repeats = repeats
        self._chunk: Chunk[R] = []
        self._weight = 0
        self._index = 0

    def chunks(self, items: Iterable[object]) -> Iterator[Chunk[R]]:
        """All chunks of these items, lazily."""
        for item in items:
            if full := self.add(item):
                yield full
        yield from self.rest()

    def add(self, item: object) -> Chunk[R] | None:
        """Take in an item. Returns the chunk that was full without it."""
        entry = self._repeats.add(self._job.entry(self._index, item))
        self._index += 1
        return None if entry is None else self._put(entry)

    def rest(self) -> Iterator[Chunk[R]]:
        """What is left when there are no more items."""
        for entry in self._repeats.rest():
            if full := self._put(entry):
                yield full
        if self._chunk:
            yield self._cut()

    def _put(self, entry: Entry[R]) -> Chunk[R] | None:
        fits = not self._chunk or self._size.holds(len(self._chunk) + 1, self._weight + entry.weight)
        full = None if fits else self._cut()
        self._chunk.append(entry)
        self._weight += entry.weight
        return full

    def _cut(self) -> Chunk[R]:
        chunk, self._chunk, self._weight = self._chunk, [], 0
        return chunk
