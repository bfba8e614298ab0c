"""Batching: chunks as large as configured, and after a rejection as large as the server accepted."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import DeleteAction
from sendblue_contacts.bulk.batching import AdaptiveBatchSize, BatchLimits, Chunker
from sendblue_contacts.bulk.duplicates import Deduplicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_contacts.bulk.types import Entry

LIMITS = BatchLimits(chunk_size=4, max_chunk_bytes=100, concurrency=2)


class SizedAction(DeleteAction):
    """An action whose items are their own size in bytes, comma included; 0 is an invalid item."""

    def payload(self, item: object) -> str:
        """Returns a string of this size."""
        if not item:
            raise ValueError("invalid")
        return "x" * (int(str(item)) - 1)

    def size_bytes(self, payload: str) -> int:
        """Returns the length of the string."""
        return len(payload)


def _chunker(size: AdaptiveBatchSize) -> Chunker[str]:
    return Chunker(SizedAction(None), size, Deduplicator(SizedAction(None), None))


def _items(chunks: list[list[Entry[str]]]) -> list[list[Any]]:
    return [[entry.item for entry in chunk] for chunk in chunks]


@settings(deadline=None)
@given(st.lists(st.integers(0, 150), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_no_item_is_lost_and_no_chunk_is_too_large(sizes: list[int], max_count: int, max_bytes: int) -> None:
    """All items occur once, in order; a chunk is within both limits, or has a single item."""
    chunks = list(_chunker(AdaptiveBatchSize(BatchLimits(max_count, max_bytes, 1))).chunks(sizes))
    entries = list(chain.from_iterable(chunks))
    assert [(entry.index, entry.item) for entry in entries] == list(enumerate(sizes))
    for chunk in chunks:
        assert chunk
        assert len(chunk) <= max_count
        assert len(chunk) == 1 or sum(entry.size_bytes for entry in chunk) <= max_bytes


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_chunks_are_as_large_as_the_limits_allow(sizes: list[int], max_count: int, max_bytes: int) -> None:
    """A chunk ends because the next item would not fit."""
    chunks = _items(list(_chunker(AdaptiveBatchSize(BatchLimits(max_count, max_bytes, 1))).chunks(sizes)))
    for chunk, following in pairwise(chunks):
        assert len(chunk) == max_count or sum(chunk) + following[0] > max_bytes


def test_items_are_read_lazily() -> None:
    """For one chunk, one more item is read, which does not fit into it."""
    read: list[int] = []

    def items() -> Iterator[int]:
        while True:
            read.append(1)
            yield 1

    next(_chunker(AdaptiveBatchSize(LIMITS)).chunks(items()))
    assert len(read) == 5


def test_invalid_items_count_but_have_no_bytes() -> None:
    """So an input with nothing but invalid items yields outcomes too."""
    assert _items(list(_chunker(AdaptiveBatchSize(LIMITS)).chunks([100, 0, 0, 0, 0]))) == [[100, 0, 0, 0], [0]]


# Adaptive size


def test_without_a_rejection_the_size_stays_as_configured() -> None:
    """Small chunks that are accepted do not make the next chunks small."""
    size = AdaptiveBatchSize(LIMITS)
    size.accepted(1, 10)
    assert size.allows(4, 100)


def test_after_a_rejection_chunks_are_at_most_what_was_accepted() -> None:
    """In items and in bytes."""
    size = AdaptiveBatchSize(LIMITS)
    size.rejected(4, 80)
    size.accepted(2, 40)
    assert [size.allows(*asked) for asked in ((2, 40), (3, 40), (2, 41))] == [True, False, False]


def test_the_largest_accepted_request_counts() -> None:
    """Items and bytes are tracked separately: of two halves, the one with more bytes sets the bytes."""
    size = AdaptiveBatchSize(LIMITS)
    size.rejected(4, 80)
    size.accepted(2, 60)
    size.accepted(3, 30)
    assert (size.allows(3, 60), size.allows(4, 60), size.allows(3, 61)) == (True, False, False)


def test_requests_accepted_before_the_rejection_count_too() -> None:
    """Many small items, then large ones: the bytes were too many."""
    size = AdaptiveBatchSize(LIMITS)
    size.accepted(4, 20)
    size.rejected(4, 100)
    size.accepted(2, 50)
    assert (size.allows(4, 50), size.allows(4, 51)) == (True, False)


def test_until_a_request_is_accepted_the_size_stays_as_configured() -> None:
    """A rejection alone does not show how much the server accepts."""
    size = AdaptiveBatchSize(LIMITS)
    size.rejected(4, 80)
    assert size.allows(4, 100)


def test_the_size_adapts_when_the_server_lowers_its_maximum() -> None:
    """A size that was accepted earlier is not tried again."""
    size = AdaptiveBatchSize(LIMITS)
    size.accepted(4, 100)
    size.rejected(4, 100)
    assert (size.allows(2, 50), size.allows(3, 50)) == (True, False)


def test_the_size_never_exceeds_the_configuration() -> None:
    """However much the server accepted."""
    size = AdaptiveBatchSize(LIMITS)
    size.rejected(200, 40_000)
    size.accepted(100, 10_000)
    assert (size.allows(4, 100), size.allows(5, 100), size.allows(4, 101)) == (True, False, False)


@settings(deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=30), st.integers(1, 6), st.integers(20, 90))
def test_after_one_rejection_later_chunks_are_accepted(sizes: list[int], max_count: int, max_bytes: int) -> None:
    """Once the halves of a rejected chunk are accepted, so is every later chunk, whichever limit the server has."""
    size = AdaptiveBatchSize(BatchLimits(8, 400, 1))

    def is_accepted(chunk: list[Entry[str]]) -> bool:
        return len(chunk) <= max_count and _bytes(chunk) <= max_bytes

    def send(chunk: list[Entry[str]]) -> None:
        if is_accepted(chunk):
            size.accepted(len(chunk), _bytes(chunk))
        else:
            size.rejected(len(chunk), _bytes(chunk))
            send(chunk[: len(chunk) // 2])
            send(chunk[len(chunk) // 2 :])

    chunks = _chunker(size).chunks([*sizes, *sizes])
    first = next(chunks)
    was_rejected = not is_accepted(first)
    send(first)
    for chunk in chunks:
        assert not was_rejected or is_accepted(chunk)


def _bytes(chunk: list[Entry[str]]) -> int:
    return sum(entry.size_bytes for entry in chunk)


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        ((0, 1, 1), ValueError, "chunk_size must be 1 or more, not 0"),
        (("9", 1, 1), TypeError, "chunk_size must be an int, not str"),
        ((1, -1, 1), ValueError, "max_chunk_bytes must be 1 or more"),
        ((1, 1, 0), ValueError, "concurrency must be 1 or more"),
        ((1, 1, True), TypeError, "concurrency must be an int, not bool"),
    ],
)
def test_invalid_limits_raise(limits: tuple[Any, Any, Any], error: type[Exception], message: str) -> None:
    """The message names the argument."""
    with pytest.raises(error, match=message):
        BatchLimits.checked(*limits)
