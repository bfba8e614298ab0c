"""Tables of contacts: the cells, and the widths of the columns that fit into a terminal."""

import datetime as dt

import pytest
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_cli.tables import (
    CONTACT_FIELDS,
    LISTED,
    NAMES,
    display_value,
    field_lines,
    listed_fields,
    row_cells,
)

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


def test_display_value() -> None:
    """Every JSON value can be displayed. An item with a separator is quoted, so that it cannot be read as several."""
    values = [None, True, False, 7, ["a, b", "c"], ["a", 1], ['say "a"'], {"a": "b; c: 1", "d;e": "f, g: h"}]
    texts = ["", "yes", "no", "7", '"a, b", c', "a, 1", r'"say \"a\""', 'a: "b; c: 1"; "d;e": f, g: h']
    assert [display_value(value) for value in values] == texts


def test_row_cells() -> None:
    """There is one cell for each column; times are in UTC."""
    assert row_cells(FULL)[: len(LISTED)] == [
        "+14155551234",
        "Ada Lovelace",
        "Engines",
        "VIP, Lead",
        "2024-01-15 10:30",
        "yes",
        "Lead Source: Web; Plan: Gold",
        "agent@example.com",
    ]


def test_every_other_field_is_a_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that is new in the document is a column after the others."""
    monkeypatch.setitem(CONTACT_FIELDS, "birth_name", CONTACT_FIELDS["phone"])
    assert [name for name, *_ in listed_fields()][: len(LISTED)] == [NAMES.get(name, name) for name, *_ in LISTED]
    assert listed_fields()[-1] == ("birth_name", "Birth name", 16)


def test_field_lines() -> None:
    """Every field with a value is listed, as are custom variables and undocumented fields."""
    found = Contact.from_dict({"phone": "+1", "first_name": None, "custom_variables": {"a": "b"}, "shoe_size": 38})
    assert sorted(field_lines(found)) == [("custom_variables.a", "b"), ("phone", "+1"), ("shoe_size", "38")]
