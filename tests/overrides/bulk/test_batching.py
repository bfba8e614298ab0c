"""Batching: chunks as large as the limits allow."""

from dataclasses import replace
from itertools import chain, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import delete_action
from sendblue_contacts.bulk.batching import BatchLimits, Chunker
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
