"""Duplicate numbers in a bulk call: which item is sent, the outcome of the others, and the memory that it takes."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import CreateAction, DeleteAction
from sendblue_contacts.bulk.batching import AdaptiveBatchSize, BatchLimits, Chunker
from sendblue_contacts.bulk.duplicates import Deduplicator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_contacts.bulk.types import Duplicates, Entry
    from sendblue_contacts_api.models.bulk_contact import BulkContact

A, B = "+14155550001", "+14155550002"


def _entries(rows: list[Any], policy: Duplicates | None) -> list[Entry[BulkContact]]:
    action = CreateAction(None)
    chunker = Chunker(action, AdaptiveBatchSize(BatchLimits(2, 1000, 1)), Deduplicator(action, policy))
    return [entry for chunk in chunker.chunks(rows) for entry in chunk]


def _shown(entries: list[Entry[BulkContact]]) -> list[str]:
    return [entry.payload.first_name or "" if entry.payload else entry.status for entry in entries]


def _row(number: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any field
    return {"phone": number, "first_name": name, **more}


ROWS = [_row(A, "a1"), _row(B, "b1"), _row(A, "a2"), {"phone": "none"}, _row("+1 (415) 555-0001", "a3")]


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        ("error", ["a1", "b1", "failed", "failed", "failed"]),
        ("first", ["a1", "b1", "duplicate", "failed", "duplicate"]),
        ("last", ["duplicate", "b1", "duplicate", "failed", "a3"]),
        ("merge", ["duplicate", "b1", "duplicate", "failed", "a3"]),
        (None, ["a1", "b1", "a2", "failed", "a3"]),
    ],
)
def test_policies(policy: Duplicates | None, shown: list[str]) -> None:
    """Each policy sends a number once, however it is written; without one all are sent. Invalid items do not count."""
    assert _shown(_entries(ROWS, policy)) == shown


@pytest.mark.parametrize(
    ("policy", "indices"),
    [("error", {2: 0, 4: 0}), ("first", {2: 0, 4: 0}), ("last", {0: 4, 2: 4}), ("merge", {0: 4, 2: 4})],
)
def test_the_reason_names_the_item_that_is_used(policy: Duplicates, indices: dict[int, int]) -> None:
    """By its index, never by its number."""
    reasons = {entry.index: entry.reason for entry in _entries(ROWS, policy) if "item" in entry.reason}
    assert {index: int(re.split("[;,]", reason.split("item ")[1])[0]) for index, reason in reasons.items()} == (indices)
    assert not any("415" in reason for reason in reasons.values())


def test_a_duplicate_keeps_its_item() -> None:
    """It can be inspected, and retried."""
    assert _entries(ROWS, "last")[0].item is ROWS[0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), max_size=30), st.sampled_from(["error", "first", "last", "merge"]))
def test_each_number_is_sent_once(numbers: list[int], policy: Duplicates) -> None:
    """All items occur once, in order; for each number the first, or the last, is sent."""
    entries = _entries([_row(f"+1415555000{number}", "x") for number in numbers], policy)
    assert [entry.index for entry in entries] == list(range(len(numbers)))
    sent = {entry.index for entry in entries if entry.payload}
    order = list(enumerate(numbers))
    kept = dict((number, index) for index, number in (order if policy in {"last", "merge"} else reversed(order)))  # noqa: C402  # a later key wins
    assert sent == set(kept.values())


@pytest.mark.parametrize("policy", ["error", "first", None])
def test_an_infinite_input_is_read_lazily(policy: Duplicates | None) -> None:
    """These policies do not depend on later items."""
    action = DeleteAction(None)
    read: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            read.append(1)
            yield f"+1415{len(read):07}"

    chunker = Chunker(action, AdaptiveBatchSize(BatchLimits(10, 1000, 1)), Deduplicator(action, policy))
    assert (len(list(islice(chunker.chunks(endless()), 3))), len(read)) == (3, 31)


@pytest.mark.parametrize("policy", ["last", "merge"])
def test_other_policies_read_the_whole_input_first(policy: Duplicates) -> None:
    """Nothing can be sent before the last item was read."""
    action = DeleteAction(None)
    chunker = Chunker(action, AdaptiveBatchSize(BatchLimits(1, 1000, 1)), Deduplicator(action, policy))
    assert ([chunker.add(f"+1415555000{n}") for n in range(5)], len(list(chunker.flush()))) == ([None] * 5, 5)


@pytest.mark.parametrize(("policy", "stored"), [("error", 3), ("first", 3), (None, 0)])
def test_memory_of_each_policy(policy: Duplicates | None, stored: int) -> None:
    """A number for each item; nothing without a policy."""
    deduplicator = Deduplicator(CreateAction(None), policy)
    for index in range(3):
        deduplicator.add(CreateAction(None).entry(index, {"phone": f"+1415555000{index}"}))
    assert (len(deduplicator._first_index), len(deduplicator._held)) == (stored, 0)


# Merging.


def _merged(*rows: dict[str, Any]) -> dict[str, Any]:
    last = _entries([{"phone": A, **row} for row in rows], "merge")[-1]
    assert last.payload is not None
    values = last.payload.to_dict()
    assert last.item == values
    assert values.pop("phone") == A
    return values


@pytest.mark.parametrize(
    ("rows", "merged"),
    [
        ([{"firstName": "a"}, {"first_name": "b"}], {"first_name": "b"}),
        ([{"first_name": "a"}, {"last_name": "b"}], {"first_name": "a", "last_name": "b"}),
        ([{"first_name": "a"}, {"first_name": ""}], {"first_name": "a"}),
        ([{"first_name": "a"}, {"first_name": None}], {"first_name": "a"}),
        ([{"first_name": ""}, {"first_name": "b"}], {"first_name": "b"}),
        ([{"first_name": "a"}, {"first_name": "b"}, {"first_name": "c"}], {"first_name": "c"}),
        ([{"tags": ["x", "y"]}, {"tags": ["z", "x"]}], {"tags": ["x", "y", "z"]}),
        ([{"tags": ["x"]}, {"tags": []}], {"tags": ["x"]}),
        ([{}, {"tags": ["x"]}, {"tags": ["y"]}], {"tags": ["x", "y"]}),
        (
            [{"customVariables": {"a": "1", "b": "1"}}, {"custom_variables": {"b": "2", "c": "2"}}],
            {"custom_variables": {"a": "1", "b": "2", "c": "2"}},
        ),
    ],
)
def test_merging(rows: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    """Later values replace earlier ones, a blank replaces nothing; tags and custom variables are combined.

    The merged contact is the item of the outcome, so that no value is lost in a retry.
    """
    assert _merged(*rows) == merged


def test_merging_does_not_change_the_input() -> None:
    """The lists and mappings of the caller stay as they are."""
    first, second = {"phone": A, "tags": ["x"], "custom_variables": {"a": "1"}}, {"phone": A, "tags": ["y"]}
    _entries([first, second], "merge")
    assert (first, second) == (
        {"phone": A, "tags": ["x"], "custom_variables": {"a": "1"}},
        {"phone": A, "tags": ["y"]},
    )


def test_a_merged_contact_has_the_size_of_its_values() -> None:
    """Chunks are cut by the size of what is sent."""
    action = CreateAction(None)
    rows: list[dict[str, Any]] = [{"phone": A, "first_name": "x" * 50}, {"phone": A, "last_name": "y" * 50}]
    entry = _entries(rows, "merge")[-1]
    assert entry.size_bytes == action.entry(0, {**rows[0], **rows[1]}).size_bytes


@pytest.mark.parametrize("policy", ["none", "", 0, True])
def test_an_unknown_policy_raises(policy: Any) -> None:  # noqa: ANN401  # any type is checked
    """The message lists the valid policies."""
    with pytest.raises(ValueError, match="duplicates must be 'error', 'first', 'last', 'merge' or None, not"):
        Deduplicator(CreateAction(None), policy)
