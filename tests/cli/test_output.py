"""What is written: texts that a terminal can show, tables that fit, and what a person and a pipe get."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_cli.formatting import format_duration, pluralize, printable, wrap
from sendblue_contacts_cli.tables import COLUMNS, GAP, HEADERS, column_widths, display_value, field_lines, row_cells

CREATED = dt.datetime(2024, 1, 15, 5, 30, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
FULL = Contact(
    phone="+14155551234",
    first_name="Ada",
    last_name="Lovelace",
    company_name="Engines",
    tags=["VIP", "Lead"],
    custom_variables={"Lead Source": "Web", "Plan": "Gold"},
    created_at=CREATED,
    opt_out=True,
    assigned_to_email="agent@example.com",
)


# --- texts


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
def test_what_a_terminal_would_obey_is_not_shown(text: str, shown_as: str) -> None:
    """A name may hold anything; neither a control sequence nor a line break reaches the terminal."""
    assert printable(text) == shown_as


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (100_860, "28 h 1 min")],
)
def test_duration(seconds: float, said: str) -> None:
    """A person is told in the units that matter."""
    assert format_duration(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 contacts"), (1, "1 contact"), (1234, "1,234 contacts")])
def test_counted(number: int, said: str) -> None:
    """One is not many."""
    assert pluralize(number, "contact") == said


def test_a_long_line_is_broken_between_words() -> None:
    """Its further lines stand a little to the right."""
    assert wrap("  one two three", 9) == "  one two\n    three"


def test_a_command_to_be_copied_is_not_broken() -> None:
    """Whatever its length."""
    assert wrap("    sendblue-contacts import a.csv", 9) == "    sendblue-contacts import a.csv"


# --- cells


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        ("", ""),
        (7, "7"),
        (["a", 1], "a, 1"),
        ({"a": "b", "c": 1}, "a: b; c: 1"),
    ],
)
def test_a_value_as_a_person_reads_it(value: object, said: str) -> None:
    """Whatever JSON the server sends."""
    assert display_value(value) == said


def test_the_cells_of_a_contact() -> None:
    """One for each column; moments are in UTC."""
    assert row_cells(FULL) == [
        "+14155551234",
        "Ada Lovelace",
        "Engines",
        "VIP, Lead",
        "2024-01-15 10:30",
        "yes",
        "Lead Source: Web; Plan: Gold",
        "agent@example.com",
    ]


def test_the_cells_of_nobody() -> None:
    """A contact without values has as many cells."""
    assert row_cells(Contact()) == [""] * len(COLUMNS)


def test_one_contact_in_full() -> None:
    """Every field that has a value, and each custom variable; a field that nobody knows, too."""
    found = Contact.from_dict({"phone": "+1", "first_name": None, "custom_variables": {"a": "b"}, "shoe_size": 38})
    assert sorted(field_lines(found)) == [("custom_variables.a", "b"), ("phone", "+1"), ("shoe_size", "38")]


# --- widths

NATURAL = [12, 40, 20, 30, 16, 9, 60, 20]
ROW = ["x" * width for width in NATURAL]


def test_everything_where_there_is_room() -> None:
    """No column is narrower than it wants to be."""
    assert column_widths(HEADERS, [ROW], 400) == [12, 40, 20, 30, 16, 9, 60, 20]


@pytest.mark.parametrize(("room", "columns"), [(80, 5), (200, 8), (120, 7), (20, 1), (1, 1)])
def test_the_first_columns_that_fit(room: int, columns: int) -> None:
    """A narrow terminal gets the most important columns."""
    assert len(column_widths(HEADERS, [ROW], room)) == columns


def test_the_phone_number_is_never_cut() -> None:
    """At eighty columns numbers and moments are whole."""
    widths = column_widths(HEADERS, [["+123456789012345", *ROW[1:]]], 80)
    assert (widths[0], widths[4]) == (16, 16)


def test_an_empty_page_has_widths() -> None:
    """Those of the titles."""
    assert column_widths(HEADERS, [], 400) == [len(title) for title, _ in HEADERS]


@given(st.lists(st.tuples(*[st.text("x", max_size=60)] * len(HEADERS)), max_size=5), st.integers(20, 300))
def test_a_table_is_never_wider_than_the_terminal(rows: list[tuple[str, ...]], room: int) -> None:
    """Whatever the cells are: the columns and the gaps between them fit, and none is wider than its cells."""
    widths = column_widths(HEADERS, rows, room)
    wanted = [max([len(title), *(len(row[index]) for row in rows)]) for index, (title, _) in enumerate(HEADERS)]
    assert sum(widths) + GAP * (len(widths) - 1) <= room
    assert all(width <= want for width, want in zip(widths, wanted, strict=False))


@given(st.lists(st.tuples(*[st.text("x", max_size=60)] * len(HEADERS)), max_size=5), st.integers(80, 300))
def test_no_room_is_wasted(rows: list[tuple[str, ...]], room: int) -> None:
    """Where a cell is cut, the table is as wide as the terminal."""
    widths = column_widths(HEADERS, rows, room)
    wanted = [max([len(title), *(len(row[index]) for row in rows)]) for index, (title, _) in enumerate(HEADERS)]
    cut = any(width < want for width, want in zip(widths, wanted, strict=False))
    assert not cut or sum(widths) + GAP * (len(widths) - 1) == room
