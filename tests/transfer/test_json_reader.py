"""Reading JSON Lines and JSON arrays, object by object."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_transfer import TransferError, open_source
from sendblue_transfer.sources.json_reader import json_records

from tests.transfer.contact_files import WriteFile, plan_file

NUMBER = "+14155550123"
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=4)


class SmallReads(io.StringIO):
    """A text file that returns at most sixteen characters at a time."""

    def read(self, size: int | None = -1, /) -> str:
        """Return at most sixteen characters."""
        return super().read(min(16, size or 16))


def objects(text: str, file: type[io.StringIO] = io.StringIO) -> list[dict[str, Any]]:
    """Return the objects of an array."""
    return [dict(zip(record.titles, record.cells, strict=True)) for record in json_records(file(text))]


@settings(max_examples=15, deadline=None)  # large examples take longer than the deadline
@given(
    st.lists(st.dictionaries(st.text(), values, max_size=3), max_size=3),
    st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}]),
)
def test_an_array_is_read_in_blocks(content: list[dict[str, Any]], style: dict[str, Any]) -> None:
    """However it is formatted, and wherever a block ends, the objects are those of `json.loads`."""
    assert objects(json.dumps(content, **style), SmallReads) == content


def test_an_array_is_read_lazily() -> None:
    """The first object is yielded before the last one is read."""
    file = io.StringIO(json.dumps([{"phone": "x" * 100}] * 10_000))
    next(json_records(file))
    assert file.tell() < 100_000


def test_work_for_a_large_object_is_linear() -> None:
    """Blocks grow with the object, so that it is not parsed again for each small block."""
    reads: list[int] = []

    class Counting(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            reads.append(size or 0)
            return super().read(size)

    assert objects(json.dumps([{"note": "x" * 3_000_000}]), Counting)
    assert len(reads) < 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phone,tags", "the file is not JSON, which begins with"),
        ("", "the file is not JSON"),
        ('{"phone":\n"1"', "contact 1 of the JSON file cannot be read"),
        ('[{"phone": "1"}', "ends after 1 contacts"),
        ('[{"phone": "1"}, {"pho', "contact 2 of the JSON file cannot be read"),
        ("[" * 100_000, "contact 1 of the JSON file cannot be read .nested too deeply"),
        ('[{"phone": nope}]', "contact 1 of the JSON file cannot be read .Expecting value"),
    ],
)
def test_an_invalid_array_is_an_error(text: str, message: str) -> None:
    """The error has the position, and none of the content."""
    with pytest.raises(TransferError, match=message):
        objects(text)


def test_objects_that_span_lines() -> None:
    """One object that is formatted for people, or several, as `jq` prints them, is read like an array of them."""
    contacts = [{"phone": NUMBER, "tags": ["a", "b"]}, {"phone": "x" * 50}, {}]
    assert objects(json.dumps(contacts[0], indent=2)) == contacts[:1]
    for separator in ("\n", "\r\n\r\n", ",\n"):
        assert objects(separator.join(json.dumps(each, indent=2) for each in contacts), SmallReads) == contacts


def test_values_that_are_not_objects_have_a_problem() -> None:
    """The objects around them are read."""
    found = list(json_records(io.StringIO('[{"a": 1}, 12, "x", null, {"b": 2}]')))
    assert [record.line for record in found if record.problem] == [2, 3, 4]
    assert [record.titles for record in found if not record.problem] == [("a",), ("b",)]


def test_lines_are_independent(write_text: WriteFile) -> None:
    """A line that is not an object is a row with a problem; blank lines are skipped, but counted."""
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


def test_lists_and_objects_are_values(write_text: WriteFile) -> None:
    """In either spelling, and with keys such as `custom_variables.<label>`; only CSV escapes formulas."""
    contact = {
        "phoneNumber": NUMBER,
        "firstName": "'=Ada",
        "last_name": None,
        "tags": ["VIP", "a;b"],
        "customVariables": {"Plan": "Plus"},
        "custom_variables.Source": "Web",
    }
    assert plan_file(write_text(json.dumps(contact), "contacts.jsonl")).preview == (
        {
            "phone": NUMBER,
            "first_name": "'=Ada",
            "tags": ["VIP", "a;b"],
            "custom_variables": {"Plan": "Plus", "Source": "Web"},
        },
    )


def test_numbers_become_text_in_text_fields(write_text: WriteFile) -> None:
    """Other programs write numbers where the API expects text."""
    contact = {"phone": NUMBER, "first_name": 7, "custom_variables": {"a": 1.0, "b": True, "c": 2.5}}
    found = plan_file(write_text(json.dumps(contact), "contacts.jsonl"))
    assert found.preview[0]["first_name"] == "7"
    assert found.preview[0]["custom_variables"] == {"a": "1", "b": "true", "c": "2.5"}


@pytest.mark.parametrize(
    "bad",
    [{"tags": 7}, {"tags": [7]}, {"custom_variables": [1]}, {"custom_variables": {"a": []}}, {"first_name": "\ud800"}],
)
def test_invalid_values_are_rejected(write_text: WriteFile, bad: dict[str, Any]) -> None:
    """The reason names the field."""
    found = plan_file(write_text(json.dumps({"phone": NUMBER, **bad}), "contacts.jsonl"))
    assert (found.rejected, found.valid) == (1, 0)
    assert next(iter(bad)) in found.problems[0].reason


@pytest.mark.parametrize("rest", ['[{"phone":"+14155550002"}]', "rubbish", "]"])
def test_content_after_an_array_is_an_error(write_text: WriteFile, rest: str) -> None:
    """It may be more contacts. Editors leave whitespace there, which is ignored."""
    path = write_text(f'[{{"phone":"{NUMBER}"}}]\n \n', "contacts.json")
    assert plan_file(path).valid == 1
    path.write_text(path.read_text() + rest)
    with pytest.raises(TransferError, match="continues after its JSON array of 1 contacts"):
        plan_file(path)
