"""`read_csv` and `write_csv`: CSV text to rows, and contacts to CSV text."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
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
    """Read the rows of a CSV file with this text."""
    return list(read_csv(io.StringIO(text, newline=""), fields))


def contact(header: str, cells: str) -> dict[str, Any]:
    """Return the contact of the only row of a file."""
    (row,) = rows(f"{header}\n{cells}\n")
    assert not row.problem
    return row.contact


def written(*contacts: dict[str, Any], fields: Mapping[str, Field] = Contact.FIELDS) -> str:
    """Return the CSV text of contacts with these responses of the API."""
    file = io.StringIO(newline="")
    write_csv([Contact.from_dict(contact) for contact in contacts], file, fields)
    return file.getvalue()


SPELLINGS = [(name, spelling) for name, field in BulkContact.FIELDS.items() for spelling in (name, *field.aliases)]


@pytest.mark.parametrize(("name", "spelling"), [pair for pair in SPELLINGS if pair[0] not in {"phone", "tags"}])
def test_reads_every_spelling(name: str, spelling: str) -> None:
    """A column in any spelling of the OpenAPI document fills the preferred name."""
    is_map = BulkContact.FIELDS[name].kind == "map"
    title, expected = (f"{spelling}.Plan", {"Plan": "x"}) if is_map else (spelling, "x")
    assert contact(f"phone,{title}", f"{NUMBER},x") == {"phone": NUMBER, name: expected}


@pytest.mark.parametrize("title", ["First Name", "FIRSTNAME", "first-name", " first name ", "First_Name"])
def test_titles_ignore_case_and_punctuation(title: str) -> None:
    """Case, spaces and punctuation of a title do not matter."""
    assert contact(f"Phone Number,{title}", f"{NUMBER},Ada") == {"phone": NUMBER, "first_name": "Ada"}


def test_labels_are_kept_as_they_are() -> None:
    """What follows the first dot of a map's column is the label, unchanged."""
    read = contact("phone,Custom Variables.Lead Source v1.0 ", f"{NUMBER},Website")
    assert read["custom_variables"] == {"Lead Source v1.0 ": "Website"}


def test_blank_cells_are_absent() -> None:
    """A cell that is empty, has only spaces or is missing leaves its field out."""
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
def test_tags_are_separated_by_semicolons(cell: str, tags: object) -> None:
    """Quotation marks protect semicolons; a cell with broken quotation marks stays text."""
    assert contact("phone,tags", f"{NUMBER},{cell}")["tags"] == tags


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [("boolean", "TRUE", True), ("boolean", "perhaps", "perhaps"), ("integer", "-5", -5), ("number", "NaN", "NaN")],
)
def test_cells_are_parsed_by_the_kind_of_their_field(kind: str, cell: str, value: object) -> None:
    """Text that cannot be parsed stays text, and the call that sends it rejects it."""
    (row,) = rows(f"score\n{cell}\n", fields={"score": Field(kind, attribute="score")})
    assert row.contact == {"score": value}


def test_unknown_column_error_names_the_nearest_field() -> None:
    """The error names the column, the nearest field, and all fields."""
    with pytest.raises(
        TransferError, match=r"'frist_name' \(did you mean first_name\?\).*are phone, first_name, .*<label>"
    ):
        rows("phone,frist_name\n")


def test_missing_header_error_shows_no_number() -> None:
    """If the first line is data, only its shape is shown."""
    with pytest.raises(TransferError, match="no column matches the phone number") as caught:
        rows(f"{NUMBER}\n")
    assert NUMBER not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "message"), [("", "the file is empty"), ("tags", "no column matches the phone number")]
)
def test_header_is_checked_before_rows_are_read(header: str, message: str) -> None:
    """A header without a number column raises at once."""
    with pytest.raises(TransferError, match=message):
        read_csv(io.StringIO(f"{header}\n"))


@pytest.mark.parametrize("title", ["custom_variables", "customVariables"])
def test_reads_a_map_from_a_cell_with_json(title: str) -> None:
    """A column can hold a whole object, and columns of labels are added to it."""
    read = contact(f"custom_variables.b,{title},phone", f'2,"{{""Plan"": 3}}",{NUMBER}')
    assert read["custom_variables"] == {"Plan": "3", "b": "2"}


@pytest.mark.parametrize(
    "header", ["phone,custom_variables,custom_variables.b", "phone,custom_variables.b,custom_variables"]
)
def test_invalid_map_stays_text(header: str) -> None:
    """Columns of labels do not change a map that is not an object, and the call rejects it."""
    cells = {"custom_variables": "no object", "custom_variables.b": "2", "phone": NUMBER}
    read = contact(header, ",".join(cells[title] for title in header.split(",")))
    with pytest.raises(TypeError, match="custom_variables must be a mapping"):
        bulk_item(read)


def test_read_only_columns_are_only_in_the_cells() -> None:
    """The row keeps the cell of `created_at`, and the contact does not get it."""
    (row,) = rows(f"phone,created_at\n{NUMBER},2024-01-15\n")
    assert (row.contact, row.cells["created_at"]) == ({"phone": NUMBER}, "2024-01-15")


def test_row_with_too_many_cells_has_a_problem() -> None:
    """It has no contact, and the rows around it are read."""
    before, bad, after = rows(f"phone,company\n{NUMBER},A\n{NUMBER},Acme, Inc.\n{NUMBER},B\n")
    assert (before.problem, after.problem, bad.contact) == ("", "", {})
    assert bad.problem == "the row has 3 cells for 2 columns; put a cell that contains the delimiter in quotation marks"


def test_empty_columns_at_the_end_are_ignored() -> None:
    """Spreadsheets leave delimiters at the end of lines."""
    assert contact("phone,tags,,", f"{NUMBER},VIP,,") == {"phone": NUMBER, "tags": ["VIP"]}


def test_line_is_where_the_row_begins() -> None:
    """Line breaks in cells and blank lines are counted."""
    read = rows(f'phone,company\n{NUMBER},"two\nlines"\n\n{NUMBER},one\n')
    assert [row.line for row in read] == [2, 5]


def test_unclosed_quotation_mark_is_an_error() -> None:
    """The error names the line on which the row begins; the rows before it are read."""
    read = read_csv(io.StringIO(f'phone,company\n{NUMBER},ok\n{NUMBER},"oh\n{NUMBER},no\n'))
    assert next(read).contact["company_name"] == "ok"
    with pytest.raises(ValueError, match="line 3: the row that begins here cannot be read"):
        next(read)


def test_rows_are_read_lazily() -> None:
    """No line is taken from the file before its row is requested."""
    lines = iter(["phone\n", f"{NUMBER}\n", f"{NUMBER}\n"])
    next(read_csv(lines))
    assert list(lines) == [f"{NUMBER}\n"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_is_skipped(mark: str) -> None:
    """Also before a title in quotation marks."""
    (row,) = rows(f'{mark}"phone"\n{NUMBER}\n')
    assert row.contact == {"phone": NUMBER}


def test_repr_of_a_row_shows_no_personal_data() -> None:
    """It has only the line and the problem."""
    assert repr(rows(f"phone\n{NUMBER}\n")[0]) == "Row(line=2, problem='')"


def test_writes_preferred_names() -> None:
    """Times are ISO 8601, booleans are true and false, labels are in the order of their first occurrence."""
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


def test_unparsed_values_are_written_as_received() -> None:
    """A `created_at` that is not a time is not lost."""
    assert "last Tuesday" in written({"phone": NUMBER, "created_at": "last Tuesday"})


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@home", "\tx", "'=1+1"])
def test_formulas_are_escaped(text: str) -> None:
    """Text that a spreadsheet would run gets an apostrophe, which is removed when it is read."""
    file = written({"phone": NUMBER, "first_name": text})
    assert f"'{text}" in file
    assert rows(file)[0].contact["first_name"] == text


@pytest.mark.parametrize("text", [NUMBER, "-5", "'tis"])
def test_numbers_are_not_escaped(text: str) -> None:
    """Phone numbers, negative numbers and harmless apostrophes are written unchanged."""
    assert f",{text}," in written({"phone": NUMBER, "first_name": text})


def test_new_fields_are_written_and_read() -> None:
    """A field that is added to the OpenAPI document needs no change here."""
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
contacts_with_any_fields = st.fixed_dictionaries(
    {"phone": KINDS["e164"]},
    optional={name: KINDS[field.kind] for name, field in Contact.FIELDS.items() if name != "phone"},
)


@settings(deadline=None)  # the time depends on the load of the machine
@given(st.lists(contacts_with_any_fields))
def test_written_contacts_are_read_back(contacts: list[dict[str, Any]]) -> None:
    """The same contacts are read back, whatever texts, tags and labels they have."""
    read = rows(written(*contacts), fields=Contact.FIELDS)
    assert [Contact.from_dict(row.contact) for row in read] == [Contact.from_dict(contact) for contact in contacts]


@settings(deadline=None)  # the time depends on the load of the machine
@given(st.lists(contacts_with_any_fields, min_size=1))
def test_written_contacts_can_be_created(contacts: list[dict[str, Any]]) -> None:
    """Every contact is one that a bulk call accepts, without what only the server sets."""
    items = [bulk_item(row.contact).to_dict() for row in rows(written(*contacts))]
    assert items == [{name: values[name] for name in BulkContact.FIELDS if name in values} for values in contacts]
