"""Bulk calls, numbers that come more than once: what counts, what becomes of the others, and what it costs."""

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
def test_what_counts(policy: Duplicates | None, shown: list[str]) -> None:
    """Each policy sends each number once, however it is written; a bad item is none; without a policy all are sent."""
    assert _shown(_entries(ROWS, policy)) == shown


@pytest.mark.parametrize(
    ("policy", "places"),
    [("error", {2: 0, 4: 0}), ("first", {2: 0, 4: 0}), ("last", {0: 4, 2: 4}), ("merge", {0: 4, 2: 4})],
)
def test_the_reason_names_the_item_that_counts(policy: Duplicates, places: dict[int, int]) -> None:
    """By its place in the input, never by its number."""
    reasons = {entry.index: entry.reason for entry in _entries(ROWS, policy) if "item" in entry.reason}
    assert {index: int(re.split("[;,]", reason.split("item ")[1])[0]) for index, reason in reasons.items()} == (places)
    assert not any("415" in reason for reason in reasons.values())


def test_what_is_superseded_keeps_its_item() -> None:
    """It can be looked at, and given again."""
    assert _entries(ROWS, "last")[0].item is ROWS[0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), max_size=30), st.sampled_from(["error", "first", "last", "merge"]))
def test_each_number_is_sent_once(numbers: list[int], policy: Duplicates) -> None:
    """All items come once and in order; of each number the first, or the last, is sent."""
    entries = _entries([_row(f"+1415555000{number}", "x") for number in numbers], policy)
    assert [entry.index for entry in entries] == list(range(len(numbers)))
    sent = {entry.index for entry in entries if entry.payload}
    order = list(enumerate(numbers))
    kept = dict((number, index) for index, number in (order if policy in {"last", "merge"} else reversed(order)))  # noqa: C402  # a later key wins
    assert sent == set(kept.values())


@pytest.mark.parametrize("policy", ["error", "first", None])
def test_an_input_without_end_is_read_as_it_is_needed(policy: Duplicates | None) -> None:
    """These policies need not know what comes."""
    action = DeleteAction(None)
    read: list[int] = []

    def endless() -> Iterator[str]:
        while True:
            read.append(1)
            yield f"+1415{len(read):07}"

    chunker = Chunker(action, AdaptiveBatchSize(BatchLimits(10, 1000, 1)), Deduplicator(action, policy))
    assert (len(list(islice(chunker.chunks(endless()), 3))), len(read)) == (3, 31)


@pytest.mark.parametrize("policy", ["last", "merge"])
def test_others_read_all_of_it_first(policy: Duplicates) -> None:
    """Nothing can be sent before the last item is known."""
    action = DeleteAction(None)
    chunker = Chunker(action, AdaptiveBatchSize(BatchLimits(1, 1000, 1)), Deduplicator(action, policy))
    assert ([chunker.add(f"+1415555000{n}") for n in range(5)], len(list(chunker.flush()))) == ([None] * 5, 5)


@pytest.mark.parametrize(("policy", "remembered"), [("error", 3), ("first", 3), (None, 0)])
def test_what_is_remembered(policy: Duplicates | None, remembered: int) -> None:
    """A number for each item, and nothing where the caller has seen to it."""
    repeats = Deduplicator(CreateAction(None), policy)
    for index in range(3):
        repeats.add(CreateAction(None).entry(index, {"phone": f"+1415555000{index}"}))
    assert (len(repeats._first_index), len(repeats._held)) == (remembered, 0)


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
    """Later values win, a blank over nothing; tags are added up, and variables label by label.

    The merged contact is the item of the outcome, so that nothing is lost when it is given again.
    """
    assert _merged(*rows) == merged


def test_merging_leaves_what_was_given_alone() -> None:
    """The caller's lists and mappings are not changed."""
    first, second = {"phone": A, "tags": ["x"], "custom_variables": {"a": "1"}}, {"phone": A, "tags": ["y"]}
    _entries([first, second], "merge")
    assert (first, second) == (
        {"phone": A, "tags": ["x"], "custom_variables": {"a": "1"}},
        {"phone": A, "tags": ["y"]},
    )


def test_a_merged_contact_has_the_weight_of_all() -> None:
    """Chunks are cut by what is sent."""
    action = CreateAction(None)
    rows: list[dict[str, Any]] = [{"phone": A, "first_name": "x" * 50}, {"phone": A, "last_name": "y" * 50}]
    entry = _entries(rows, "merge")[-1]
    assert entry.size_bytes == action.entry(0, {**rows[0], **rows[1]}).size_bytes


@pytest.mark.parametrize("policy", ["none", "", 0, True])
def test_what_is_no_policy(policy: Any) -> None:  # noqa: ANN401  # what it is, is what is checked
    """The error says which there are."""
    with pytest.raises(ValueError, match="duplicates must be 'error', 'first', 'last', 'merge' or None, not"):
        Deduplicator(CreateAction(None), policy)
