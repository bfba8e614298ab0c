"""JSON Lines and JSON arrays, object by object."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_transfer import TransferError, open_source, plan_import
from sendblue_transfer.sources.json_reader import array_records

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBER = "+14155550123"
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


class Trickle(io.StringIO):
    """A text of which each reading gives a few characters."""

    def read(self, size: int | None = -1, /) -> str:
        """Sixteen of them at most."""
        return super().read(min(16, size or 16))


def objects(text: str, file: type[io.StringIO] = io.StringIO) -> list[dict[str, Any]]:
    """The objects of an array."""
    return [dict(zip(record.titles, record.cells, strict=True)) for record in array_records(file(text))]


@settings(max_examples=50, deadline=None)  # the larger ones take their time
@given(
    st.lists(st.dictionaries(st.text(), values), max_size=4),
    st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}]),
)
def test_an_array_is_read_as_a_whole_would_be(content: list[dict[str, Any]], style: dict[str, Any]) -> None:
    """However it is written, and wherever the blocks that are read of it end."""
    text = json.dumps(content, **style)
    assert objects(text, Trickle) == content


def test_an_array_is_read_lazily() -> None:
    """The first object is there before the last one was read."""
    file = io.StringIO(json.dumps([{"phone": "x" * 100}] * 10_000))
    next(array_records(file))
    assert file.tell() < 100_000


def test_a_large_object_is_not_read_again_for_each_block() -> None:
    """The work for an object of many blocks grows with its size, and not with the square of it."""
    reads: list[int] = []

    class Counting(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            reads.append(size or 0)
            return super().read(size)

    assert objects(json.dumps([{"note": "x" * 10_000_000}]), Counting)
    assert len(reads) < 12


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"phone": "1"}', "not a JSON array.*jsonl"),
        ("", "not a JSON array"),
        ('[{"phone": "1"}', "ends after 1 contacts"),
        ('[{"phone": "1"}, {"pho', "contact 2 of the JSON array cannot be read"),
        ("[" * 100_000, "contact 1 of the JSON array cannot be read .nested too deeply"),
        ('[{"phone": nope}]', "contact 1 of the JSON array cannot be read .Expecting value"),
    ],
)
def test_a_broken_array_is_an_error(text: str, said: str) -> None:
    """Where it breaks, and nothing of what stands there."""
    with pytest.raises(TransferError, match=said):
        objects(text)


def test_a_number_is_not_cut_where_a_block_ends() -> None:
    """It is one thing that is no object, and not several."""
    assert len(list(array_records(Trickle(f"[{'1' * 100}, 2]")))) == 2


def test_what_is_no_object_is_a_row_with_a_problem() -> None:
    """The objects around it are read."""
    found = list(array_records(io.StringIO('[{"a": 1}, 12, "x", null, {"b": 2}]')))
    assert [record.line for record in found if record.problem] == [2, 3, 4]
    assert [record.titles for record in found if not record.problem] == [("a",), ("b",)]


def test_lines_are_read_one_by_one(write_text: Callable[..., Path]) -> None:
    """A line that is no object is a row with a problem, a blank one is none; lines are counted."""
    content = f'\ufeff{{"phone": "{NUMBER}"}}\n\n{{"phone": \n[1]\n{{"phone": "{NUMBER}", "x": NaN}}\r\n'
    with open_source(write_text(content, "contacts.jsonl")) as source:
        found = list(source)
    assert [record.line for record in found] == [1, 3, 4, 5]
    assert [record.problem for record in found] == [
        "",
        "the line is not valid JSON (Expecting value at character 10)",
        "the value is not a JSON object",
        "",
    ]
    assert found[3].cells == (NUMBER, "NaN")


@pytest.fixture
def planned(write_text: Callable[..., Path]) -> Callable[[object], Any]:
    """What an import of one JSON object would do."""

    def plan(contact: object) -> Any:  # noqa: ANN401  # a plan
        with open_source(write_text(json.dumps(contact), "contacts.jsonl")) as source:
            return plan_import(source)

    return plan


def test_the_natural_forms_are_taken(planned: Callable[[object], Any]) -> None:
    """Lists, objects, either spelling, and labels as keys of their own."""
    given_ = {
        "phoneNumber": NUMBER,
        "firstName": "=Ada",
        "last_name": None,
        "tags": ["VIP", "a;b"],
        "customVariables": {"Plan": "Plus"},
        "custom_variables.Source": "Web",
    }
    assert planned(given_).preview == (
        {
            "phone": NUMBER,
            "first_name": "=Ada",
            "tags": ["VIP", "a;b"],
            "custom_variables": {"Plan": "Plus", "Source": "Web"},
        },
    )


def test_numbers_are_texts_where_texts_are_wanted(planned: Callable[[object], Any]) -> None:
    """People's JSON has numbers where ours has texts."""
    found = planned({"phone": NUMBER, "first_name": 7, "custom_variables": {"a": 1.0, "b": True, "c": 2.5}})
    assert found.preview[0]["first_name"] == "7"
    assert found.preview[0]["custom_variables"] == {"a": "1", "b": "true", "c": "2.5"}


def test_an_apostrophe_is_one(planned: Callable[[object], Any]) -> None:
    """Only in CSV does it stand before what a spreadsheet would run."""
    assert planned({"phone": NUMBER, "first_name": "'=1+1"}).preview[0]["first_name"] == "'=1+1"


def test_text_is_read_as_a_cell_is(planned: Callable[[object], Any]) -> None:
    """Tags between semicolons come from programs that made JSON of a table."""
    assert planned({"phone": NUMBER, "tags": "VIP; lead"}).preview[0]["tags"] == ["VIP", "lead"]


@pytest.mark.parametrize(
    "bad",
    [{"tags": 7}, {"tags": [7]}, {"custom_variables": [1]}, {"custom_variables": {"a": []}}, {"first_name": "\ud800"}],
)
def test_what_no_contact_can_have_is_rejected(planned: Callable[[object], Any], bad: dict[str, Any]) -> None:
    """Each with a reason that names the field."""
    found = planned({"phone": NUMBER, **bad})
    assert (found.rejected, found.valid) == (1, 0)
    assert next(iter(bad)) in found.problems[0].reason
