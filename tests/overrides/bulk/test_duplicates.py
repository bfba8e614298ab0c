"""Duplicate numbers in a bulk call: which item is sent, the outcome of the others, and the memory that it takes."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from sendblue_contacts.bulk.actions import create_action, delete_action
from sendblue_contacts.bulk.batching import BatchLimits, Chunker
from sendblue_contacts.bulk.requests import EncodedContact
from sendblue_contacts.bulk.types import Duplicates, Entry

A, B = "+14155550001", "+14155550002"


def _entries(rows: list[Any], policy: Duplicates | None) -> list[Entry[EncodedContact]]:
    chunker = Chunker(create_action(None), BatchLimits(2, 1000, 1), policy)
    return [entry for chunk in chunker.chunks(rows) for entry in chunk]


def _shown(entries: list[Entry[EncodedContact]]) -> list[str]:
    return [_name(**entry.payload.to_dict()) if entry.payload else entry.result.status for entry in entries]


def _name(first_name: str, last_name: str = "", **_: object) -> str:
    return f"{first_name} {last_name}".strip()


def _row(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {"phone": number, "first_name": name, **more}


ROWS = [_row(A, "a1", last_name="L"), _row(B, "b1"), _row(A, "a2"), {"phone": "none"}, _row("+1 (415) 555-0001", "a3")]


@pytest.mark.parametrize(
    ("policy", "shown", "named"),
    [
        ("error", ["a1 L", "b1", "failed", "failed", "failed"], {2: 0, 4: 0}),
        ("first", ["a1 L", "b1", "duplicate", "failed", "duplicate"], {2: 0, 4: 0}),
        ("last", ["duplicate", "b1", "duplicate", "failed", "a3"], {0: 4, 2: 4}),
        ("merge", ["duplicate", "b1", "duplicate", "failed", "a3 L"], {0: 4, 2: 4}),
        (None, ["a1 L", "b1", "a2", "failed", "a3"], {}),
    ],
)
def test_policies(policy: Duplicates | None, shown: list[str], named: dict[int, int]) -> None:
    """A number is sent once, however it is written. Reasons name the index of the item that is used, not its number."""
    entries = _entries(ROWS, policy)
    assert _shown(entries) == shown
    reasons = {entry.index: entry.result.reason for entry in entries if "item" in entry.result.reason}
    assert {index: int(re.split("[;,]", reason.split("item ")[1])[0]) for index, reason in reasons.items()} == named
    assert not any("415" in reason for reason in reasons.values())
    assert [entry.item is row for entry, row in zip(entries, ROWS, strict=True)][:4] == [True] * 4


def _count_read_before_the_third_chunk(policy: Duplicates | None) -> int:
    read = list[int]()

    def numbers() -> Iterator[str]:
        while len(read) < 100:
            read.append(1)
            yield f"+1415{len(read):07}"

    chunker = Chunker(delete_action(None), BatchLimits(10, 1000, 1), policy)
    assert len(list(islice(chunker.chunks(numbers()), 3))) == 3
    return len(read)


@pytest.mark.parametrize(("policy", "read"), [("error", 31), ("first", 31), (None, 31), ("last", 100), ("merge", 100)])
def test_only_policies_that_need_later_items_read_the_whole_input(policy: Duplicates | None, read: int) -> None:
    """The others work on an infinite input."""
    assert _count_read_before_the_third_chunk(policy) == read


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
        ([{"first_name": "a"}, {"first_name": ""}], {"first_name": "a"}),
        ([{"first_name": "a"}, {"first_name": None}], {"first_name": "a"}),
        ([{"first_name": "a"}, {"first_name": "b"}, {"first_name": "c"}], {"first_name": "c"}),
        ([{"tags": ["x", "y"]}, {"tags": ["z", "x"]}], {"tags": ["x", "y", "z"]}),
        ([{}, {"tags": ["x"]}, {"tags": ["y"]}], {"tags": ["x", "y"]}),
        (
            [{"customVariables": {"a": "1", "b": "1", "d": "1"}}, {"custom_variables": {"b": "2", "c": "2", "d": ""}}],
            {"custom_variables": {"a": "1", "b": "2", "c": "2", "d": "1"}},
        ),
    ],
)
def test_merging(rows: list[dict[str, Any]], merged: dict[str, Any]) -> None:
    """Later values replace earlier ones, a blank replaces nothing; tags and custom variables are combined."""
    assert _merged(*rows) == merged


def test_a_merged_contact_is_as_large_as_its_values_and_the_input_is_unchanged() -> None:
    """Chunks are cut by the size of what is sent."""
    rows: list[dict[str, Any]] = [{"phone": A, "tags": ["x" * 50]}, {"phone": A, "tags": ["y" * 50]}]
    entry = _entries(rows, "merge")[-1]
    assert entry.size_bytes == create_action(None).entry(0, {"phone": A, "tags": ["x" * 50, "y" * 50]}).size_bytes
    assert [row["tags"] for row in rows] == [["x" * 50], ["y" * 50]]
