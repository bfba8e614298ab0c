"""Batching: chunks as large as configured, and after a rejection as large as the server accepted."""

from dataclasses import replace
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import delete_action
from sendblue_contacts.bulk.batching import AdaptiveBatchSize, BatchLimits, Chunker
from sendblue_contacts.bulk.types import Entry


def _payload(item: object) -> str:
    """Returns a string whose size is the item, in bytes, with quotation marks and a comma; 0 is an invalid item."""
    if not item:
        raise ValueError("invalid")
    return "x" * (int(str(item)) - 3)


def _bytes(chunk: list[Entry[str]]) -> int:
    return sum(entry.size_bytes for entry in chunk)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.just(0) | st.integers(3, 150), max_size=30), st.integers(1, 9), st.integers(1, 200))
def test_chunks_are_as_large_as_the_limits_allow(sizes: list[int], max_count: int, max_bytes: int) -> None:
    """All items occur once, in order. A chunk is within both limits, or has a single item; the next would not fit."""
    action = replace(delete_action(None), payload=_payload)
    chunks = list(Chunker(action, BatchLimits(max_count, max_bytes, 1)).chunks(sizes))
    entries = list(chain.from_iterable(chunks))
    assert [(entry.index, entry.item) for entry in entries] == list(enumerate(sizes))
    for chunk in chunks:
        assert len(chunk) == 1 or (1 < len(chunk) <= max_count and _bytes(chunk) <= max_bytes)
    for chunk, following in pairwise(chunks):
        assert len(chunk) == max_count or _bytes(chunk) + following[0].size_bytes > max_bytes


@pytest.mark.parametrize(
    ("responses", "largest"),
    [
        pytest.param([("accepted", 1, 10)], (4, 100), id="without a rejection the size stays as configured"),
        pytest.param([("rejected", 4, 80)], (4, 100), id="a rejection alone does not show what is accepted"),
        pytest.param([("rejected", 4, 80), ("accepted", 2, 40)], (2, 40), id="in items and in bytes"),
        pytest.param([("rejected", 4, 80), ("accepted", 2, 60), ("accepted", 3, 30)], (3, 60), id="each maximum alone"),
        pytest.param(
            [("accepted", 4, 20), ("rejected", 4, 100), ("accepted", 2, 50)], (4, 50), id="what was accepted before"
        ),
        pytest.param([("accepted", 4, 100), ("rejected", 4, 100)], (2, 50), id="the server lowered its maximum"),
        pytest.param([("rejected", 200, 40_000), ("accepted", 100, 10_000)], (4, 100), id="never above the limits"),
    ],
)
def test_after_a_rejection_chunks_are_at_most_what_was_accepted(
    responses: list[tuple[str, int, int]], largest: tuple[int, int]
) -> None:
    """The configured maximum is 4 items and 100 bytes."""
    size = AdaptiveBatchSize(BatchLimits(chunk_size=4, max_chunk_bytes=100, concurrency=2))
    for outcome, items, size_bytes in responses:
        getattr(size, outcome)(items, size_bytes)
    items, size_bytes = largest
    allowed = [size.allows(items, size_bytes), size.allows(items + 1, size_bytes), size.allows(items, size_bytes + 1)]
    assert allowed == [True, False, False]
