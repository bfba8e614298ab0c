"""Formatting of text, counts and durations."""

from __future__ import annotations

import pytest
from sendblue_contacts_cli.formatting import format_duration, kebab_case, pluralize, printable, wrap


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("Ada", "Ada"),
        ("\x1b[31mred", "[31mred"),
        ("a\tb\nc\r\nd", "a b c  d"),
        ("\x9b31m\x07", "31m"),
        ("a\u2028b", "a b"),
        ("王小明 🥐", "王小明 🥐"),
    ],
)
def test_printable_removes_control_characters(text: str, shown_as: str) -> None:
    """A name may contain anything; neither a control sequence nor a line break reaches the terminal."""
    assert printable(text) == shown_as


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (100_860, "28 h 1 min")],
)
def test_format_duration(seconds: float, expected: str) -> None:
    """A duration has at most two units."""
    assert format_duration(seconds) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 contacts"), (1, "1 contact"), (1234, "1,234 contacts")])
def test_pluralize(number: int, expected: str) -> None:
    """The noun is plural unless the number is 1."""
    assert pluralize(number, "contact") == expected


def test_wrap_breaks_between_words() -> None:
    """The continuation lines are indented."""
    assert wrap("  one two three", 9) == "  one two\n    three"


def test_wrap_keeps_commands() -> None:
    """A command to copy is not wrapped, whatever its length."""
    assert wrap("    sendblue-contacts import a.csv", 9) == "    sendblue-contacts import a.csv"


@pytest.mark.parametrize(
    ("name", "expected"), [("first_name", "first-name"), ("firstName", "first-name"), ("tags", "tags"), ("V", "V")]
)
def test_kebab_case(name: str, expected: str) -> None:
    """Every spelling of a field is the same option; an option of one letter is unchanged."""
    assert kebab_case(name) == expected
