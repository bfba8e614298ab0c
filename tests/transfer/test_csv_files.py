"""The small doors: CSV text to rows, contacts to CSV text."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_contacts.operations import bulk_item
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field
from sendblue_transfer import Row, TransferError, read_csv, write_csv

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBER = "+14155550123"
BIRTHDAY = {"birthday": Field("date", aliases=("birthDate",), attribute="birthday")}


def rows(text: str, fields: Mapping[str, Field] = BulkContact.FIELDS) -> list[Row]:
    """The rows of a file with this text."""
    return list(read_csv(io.StringIO(text, newline=""), fields))


def contact(header: str, cells: str) -> dict[str, Any]:
    """The contact of the only row of a file."""
    (row,) = rows(f"{header}\n{cells}\n")
    assert not row.problem
    return row.contact


def written(*contacts: dict[str, Any], fields: Mapping[str, Field] = Contact.FIELDS) -> str:
    """The file for contacts that the API answered so."""
    file = io.StringIO(newline="")
    write_csv([Contact.from_dict(each) for each in contacts], file, fields)
    return file.getvalue()


SPELLINGS = [(name, spelling) for name, field in BulkContact.FIELDS.items() for spelling in (name, *field.aliases)]


@pytest.mark.parametrize(("name", "spelling"), [pair for pair in SPELLINGS if pair[0] not in {"phone", "tags"}])
def test_every_spelling_is_read(name: str, spelling: str) -> None:
    """A column in any spelling that the document knows comes in under the preferred name."""
    is_map = BulkContact.FIELDS[name].kind == "map"
    title, expected = (f"{spelling}.Plan", {"Plan": "x"}) if is_map else (spelling, "x")
    assert contact(f"phone,{title}", f"{NUMBER},x") == {"phone": NUMBER, name: expected}


@pytest.mark.parametrize("title", ["First Name", "FIRSTNAME", "first-name", " first name ", "First_Name"])
def test_a_title_is_matched_loosely(title: str) -> None:
    """Case, spaces and punctuation of a title do not matter."""
    assert contact(f"Phone Number,{title}", f"{NUMBER},Ada") == {"phone": NUMBER, "first_name": "Ada"}


def test_a_label_is_never_respelled() -> None:
    """What follows the first dot of a map's column is the label, to the letter."""
    read = contact("phone,Custom Variables.Lead Source v1.0 ", f"{NUMBER},Website")
    assert read["custom_variables"] == {"Lead Source v1.0 ": "Website"}


def test_a_blank_cell_is_absent() -> None:
    """A cell that is empty, holds only spaces or is not there leaves its field out."""
    assert contact("phone,first_name,tags,custom_variables.Plan,company", f"{NUMBER},, ,") == {"phone": NUMBER}


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("VIP", ["VIP"]),
        ("VIP; lead ;", ["VIP", "lead"]),
        ('"VIP;""one; two"""', ["VIP", "one; two"]),
        ('"""broken"', '"broken'),
    ],
)
def test_tags_stand_between_semicolons(cell: str, tags: object) -> None:
    """Spaces around tags are dropped; one in quotation marks may hold a semicolon; broken quotation stays text."""
    assert contact("phone,tags", f"{NUMBER},{cell}")["tags"] == tags


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [("boolean", "TRUE", True), ("boolean", "perhaps", "perhaps"), ("integer", "-5", -5), ("number", "NaN", "NaN")],
)
def test_a_cell_is_read_by_the_kind_of_its_field(kind: str, cell: str, value: object) -> None:
    """Booleans and numbers are read; what cannot be read stays text, for the call to refuse."""
    (row,) = rows(f"score\n{cell}\n", fields={"score": Field(kind, attribute="score")})
    assert row.contact == {"score": value}


def test_an_unknown_column_is_an_error_that_helps() -> None:
    """The error names the column, the nearest known one, and those that there can be."""
    with pytest.raises(
        TransferError, match=r"'frist_name' \(did you mean first_name\?\).*phone, first_name, .*<label>"
    ):
        rows("phone,frist_name\n")


def test_a_file_without_titles_is_an_error_that_shows_no_number() -> None:
    """A first line that is data already is told by its shape only."""
    with pytest.raises(TransferError, match="no column matches the phone number") as caught:
        rows(f"{NUMBER}\n")
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "told"), [("", "the file is empty"), ("tags", "no column matches the phone number")]
)
def test_a_header_without_a_number_is_refused_at_once(header: str, told: str) -> None:
    """A header is checked before a row is asked for."""
    with pytest.raises(TransferError, match=told):
        read_csv(io.StringIO(f"{header}\n"))


@pytest.mark.parametrize("title", ["custom_variables", "customVariables"])
def test_a_map_can_be_one_cell_of_json(title: str) -> None:
    """A column with all labels holds an object; labels with columns of their own are added to it."""
    read = contact(f"custom_variables.b,{title},phone", f'2,"{{""Plan"": 3}}",{NUMBER}')
    assert read["custom_variables"] == {"Plan": "3", "b": "2"}


@pytest.mark.parametrize(
    "header", ["phone,custom_variables,custom_variables.b", "phone,custom_variables.b,custom_variables"]
)
def test_a_map_that_cannot_be_read_is_not_half_read(header: str) -> None:
    """Labels beside a map that is no object change nothing: the call refuses it."""
    cells = {"custom_variables": "no object", "custom_variables.b": "2", "phone": NUMBER}
    read = contact(header, ",".join(cells[title] for title in header.split(",")))
    with pytest.raises(TypeError, match="custom_variables must be a mapping"):
        bulk_item(read)


def test_a_column_that_only_answers_have_stays_in_the_cells() -> None:
    """`created_at` is known and cannot be created: the row keeps its cell, the contact does not get it."""
    (row,) = rows(f"phone,created_at\n{NUMBER},2024-01-15\n")
    assert (row.contact, row.cells["created_at"]) == ({"phone": NUMBER}, "2024-01-15")


def test_a_row_with_too_many_cells_is_a_row_with_a_problem() -> None:
    """It has no contact, and the rows around it are as they should be."""
    before, bad, after = rows(f"phone,company\n{NUMBER},A\n{NUMBER},Acme, Inc.\n{NUMBER},B\n")
    assert (before.problem, after.problem, bad.contact) == ("", "", {})
    assert bad.problem == "the row has 3 cells for 2 columns; put a cell that contains the delimiter in quotation marks"


def test_empty_columns_at_the_end_do_not_matter() -> None:
    """Spreadsheets leave commas at the end of every line."""
    assert contact("phone,tags,,", f"{NUMBER},VIP,,") == {"phone": NUMBER, "tags": ["VIP"]}


def test_a_row_has_the_line_on_which_it_begins() -> None:
    """Line breaks in cells and blank lines are counted."""
    read = rows(f'phone,company\n{NUMBER},"two\nlines"\n\n{NUMBER},one\n')
    assert [row.line for row in read] == [2, 5]


def test_a_quotation_mark_that_is_never_closed_is_an_error() -> None:
    """It names the line on which the row begins; the rows before it were given."""
    read = read_csv(io.StringIO(f'phone,company\n{NUMBER},ok\n{NUMBER},"oh\n{NUMBER},no\n'))
    assert next(read).contact["company_name"] == "ok"
    with pytest.raises(ValueError, match="line 3: the row that begins here cannot be read"):
        next(read)


def test_rows_are_read_lazily() -> None:
    """No line is taken from the file before its row is asked for."""
    lines = iter(["phone\n", f"{NUMBER}\n", f"{NUMBER}\n"])
    next(read_csv(lines))
    assert list(lines) == [f"{NUMBER}\n"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_byte_order_mark_does_not_matter(mark: str) -> None:
    """Also before a title in quotation marks."""
    (row,) = rows(f'{mark}"phone"\n{NUMBER}\n')
    assert row.contact == {"phone": NUMBER}


def test_a_row_shows_no_personal_data() -> None:
    """Its repr has the line and the problem only."""
    assert repr(rows(f"phone\n{NUMBER}\n")[0]) == "Row(line=2, problem='')"


def test_contacts_are_written_under_preferred_names() -> None:
    """Moments are ISO 8601, booleans true and false, labels stand in the order in which they were first seen."""
    text = written(
        {"phone": NUMBER, "optOut": True, "created_at": "2024-01-15T10:30:00Z", "customVariables": {"b": "1"}},
        {"phone": NUMBER, "firstName": "Ada", "tags": ["VIP", "x; y"], "custom_variables": {"a": "2", "b": "3"}},
    )
    titles = (
        "phone,first_name,last_name,company_name,sendblue_number,assigned_to_email,tags,"
        "custom_variables.b,custom_variables.a,created_at,verified,opt_out,contact_id"
    )
    assert text.splitlines() == [
        titles,
        f"{NUMBER},,,,,,,1,,2024-01-15T10:30:00+00:00,,true,",
        f'{NUMBER},Ada,,,,,"VIP;""x; y""",3,2,,,,',
    ]


def test_a_value_that_nobody_could_read_is_written_as_it_came() -> None:
    """A `created_at` that is no moment is not lost."""
    assert "last Tuesday" in written({"phone": NUMBER, "created_at": "last Tuesday"})


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@home", "\tx", "'=1+1"])
def test_a_formula_is_disarmed(text: str) -> None:
    """What a spreadsheet would run has an apostrophe before it in the file, and not any more when it is read."""
    file = written({"phone": NUMBER, "first_name": text})
    assert f"'{text}" in file
    assert rows(file)[0].contact["first_name"] == text


@pytest.mark.parametrize("text", [NUMBER, "-5", "'tis"])
def test_a_number_is_no_formula(text: str) -> None:
    """A phone number, a negative number and a harmless apostrophe stay as they are."""
    assert f",{text}," in written({"phone": NUMBER, "first_name": text})


def test_a_new_field_travels_both_ways() -> None:
    """What the document adds is written, and read in every spelling, with nothing to change here."""
    text = written({"phone": NUMBER, "birthday": "1815-12-10"}, fields={**Contact.FIELDS, **BIRTHDAY})
    respelled = text.replace("birthday", "birthDate", 1)
    (row,) = rows(respelled, fields={**BulkContact.FIELDS, **BIRTHDAY})
    assert row.contact == {"phone": NUMBER, "birthday": "1815-12-10"}


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
KINDS: dict[str, st.SearchStrategy[object]] = {
    "string": texts,
    "e164": st.integers(10**6, 10**14).map("+{}".format).filter(lambda number: number[1] != "0"),
    "boolean": st.booleans(),
    "date-time": st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.isoformat()),
    "array[string]": st.lists(texts.map(str.strip), min_size=1),
    "map": st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), texts, min_size=1),
}
anybody = st.fixed_dictionaries(
    {"phone": KINDS["e164"]},
    optional={name: KINDS[field.kind] for name, field in Contact.FIELDS.items() if name != "phone"},
)


@given(st.lists(anybody))
def test_contacts_survive_a_file(contacts: list[dict[str, Any]]) -> None:
    """What was written is read back the same, whatever texts, tags and labels people use."""
    read = rows(written(*contacts), fields=Contact.FIELDS)
    assert [Contact.from_dict(row.contact) for row in read] == [Contact.from_dict(each) for each in contacts]


@given(st.lists(anybody, min_size=1))
def test_an_exported_file_can_be_imported(contacts: list[dict[str, Any]]) -> None:
    """Every exported contact is one that a bulk creation takes, without what only the server sets."""
    items = [bulk_item(row.contact).to_dict() for row in rows(written(*contacts))]
    assert items == [{name: each[name] for name in BulkContact.FIELDS if name in each} for each in contacts]
