"""Bulk calls, the cutting: chunks of what was asked, and after a refusal of what got through."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import DeleteJob
from sendblue_contacts.bulk.batching import Chunker, Entry, Limits, Size
from sendblue_contacts.bulk.duplicates import Repeats

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = Limits(chunk_size=4, max_chunk_bytes=100, concurrency=2)


class Lengths(DeleteJob):
    """A job whose items are their own weight, without a comma; 0 is a bad one."""

    def check(self, item: object) -> str:
        """The item, if it is good."""
        if not item:
            raise ValueError("bad")
        return "x" * (int(str(item)) - 1)

    def weigh(self, ready: str) -> int:
        """Its length."""
        return len(ready)


def _chunker(size: Size) -> Chunker[str]:
    return Chunker(Lengths(None), size, Repeats(Lengths(None), None))


def _entries(count: int, weight: int) -> list[Entry[str]]:
    return [Entry(index, "", "", weight=weight) for index in range(count)]


def _lengths(chunks: list[list[Entry[str]]]) -> list[list[Any]]:
    return [[entry.item for entry in chunk] for chunk in chunks]


@settings(deadline=None)
@given(st.lists(st.integers(0, 150), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_no_item_is_lost_and_no_chunk_is_too_large(weights: list[int], count: int, most: int) -> None:
    """All items come once, in order and with their places; no chunk is larger than asked, or it has a single item."""
    chunks = list(_chunker(Size(Limits(count, most, 1))).chunks(weights))
    entries = list(chain.from_iterable(chunks))
    assert [(entry.index, entry.item) for entry in entries] == list(enumerate(weights))
    for chunk in chunks:
        assert chunk
        assert len(chunk) <= count
        assert len(chunk) == 1 or sum(entry.weight for entry in chunk) <= most


@settings(deadline=None)
@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 9), st.integers(1, 200))
def test_chunks_are_as_large_as_they_may_be(weights: list[int], count: int, most: int) -> None:
    """A chunk ends because the next item would not have fitted."""
    chunks = _lengths(list(_chunker(Size(Limits(count, most, 1))).chunks(weights)))
    for chunk, after in pairwise(chunks):
        assert len(chunk) == count or sum(chunk) + after[0] > most


def test_items_are_read_as_chunks_are_asked_for() -> None:
    """One item more than the chunk has, which shows that it is full."""
    read: list[int] = []

    def items() -> Iterator[int]:
        while True:
            read.append(1)
            yield 1

    next(_chunker(Size(LIMITS)).chunks(items()))
    assert len(read) == 5


def test_a_bad_item_takes_a_place_and_no_bytes() -> None:
    """So that outcomes come out of an input that is bad throughout."""
    assert _lengths(list(_chunker(Size(LIMITS)).chunks([100, 0, 0, 0, 0]))) == [[100, 0, 0, 0], [0]]


# The size is remembered.


def test_nothing_is_learned_without_a_refusal() -> None:
    """Small chunks that get through do not make the next ones small."""
    size = Size(LIMITS)
    size.got_through(_entries(1, 10))
    assert size.holds(4, 100)


def test_after_a_refusal_chunks_are_no_larger_than_what_got_through() -> None:
    """Neither in number nor in bytes."""
    size = Size(LIMITS)
    size.refused(_entries(4, 20))
    size.got_through(_entries(2, 20))
    assert [size.holds(*asked) for asked in ((2, 40), (3, 40), (2, 41))] == [True, False, False]


def test_the_largest_of_what_got_through_counts() -> None:
    """In each measure by itself: of two halves the heavier one says how heavy a chunk may be."""
    size = Size(LIMITS)
    size.refused(_entries(4, 20))
    size.got_through(_entries(2, 30))
    size.got_through(_entries(3, 10))
    assert (size.holds(3, 60), size.holds(4, 60), size.holds(3, 61)) == (True, False, False)


def test_what_got_through_before_the_refusal_counts_too() -> None:
    """Small items by hundreds and then large ones: it was the bytes."""
    size = Size(LIMITS)
    size.got_through(_entries(4, 5))
    size.refused(_entries(4, 25))
    size.got_through(_entries(2, 25))
    assert (size.holds(4, 50), size.holds(4, 51)) == (True, False)


def test_until_something_got_through_chunks_are_as_asked() -> None:
    """A refusal by itself does not say how much would do."""
    size = Size(LIMITS)
    size.refused(_entries(4, 20))
    assert size.holds(4, 100)


def test_a_server_that_has_become_stricter_is_believed() -> None:
    """What got through once is not tried for ever."""
    size = Size(LIMITS)
    size.got_through(_entries(4, 25))
    size.refused(_entries(4, 25))
    assert (size.holds(2, 50), size.holds(3, 50)) == (True, False)


def test_never_larger_than_asked() -> None:
    """However much got through."""
    size = Size(LIMITS)
    size.refused(_entries(200, 200))
    size.got_through(_entries(100, 100))
    assert (size.holds(4, 100), size.holds(5, 100), size.holds(4, 101)) == (True, False, False)


@settings(deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=30), st.integers(1, 6), st.integers(20, 90))
def test_a_server_that_refuses_is_learned(weights: list[int], most: int, heaviest: int) -> None:
    """With halves that get through, whatever is cut after them gets through too, be it number or bytes that count."""
    size = Size(Limits(8, 400, 1))

    def accepted(chunk: list[Entry[str]]) -> bool:
        return len(chunk) <= most and sum(entry.weight for entry in chunk) <= heaviest

    def send(chunk: list[Entry[str]]) -> None:
        if accepted(chunk):
            size.got_through(chunk)
        else:
            size.refused(chunk)
            send(chunk[: len(chunk) // 2])
            send(chunk[len(chunk) // 2 :])

    chunks = _chunker(size).chunks([*weights, *weights])
    first = next(chunks)
    refused = not accepted(first)
    send(first)
    for chunk in chunks:
        assert not refused or accepted(chunk)


@pytest.mark.parametrize(
    ("limits", "error", "says"),
    [
        ((0, 1, 1), ValueError, "chunk_size must be 1 or more, not 0"),
        (("9", 1, 1), TypeError, "chunk_size must be a whole number, not str"),
        ((1, -1, 1), ValueError, "max_chunk_bytes must be 1 or more"),
        ((1, 1, 0), ValueError, "concurrency must be 1 or more"),
        ((1, 1, True), TypeError, "concurrency must be a whole number, not bool"),
    ],
)
def test_a_wrong_limit_is_an_error(limits: tuple[Any, Any, Any], error: type[Exception], says: str) -> None:
    """The error names the argument."""
    with pytest.raises(error, match=says):
        Limits.check(*limits)
