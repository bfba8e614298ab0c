"""`read_csv` and `write_csv`: CSV text to rows, and contacts to CSV text."""

import csv
import io
from collections.abc import Mapping
from typing import Any

import pytest
from sendblue_contacts.bulk.requests import bulk_item
from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field
from sendblue_transfer import Row, read_csv, write_csv

NUMBER = "+14155550123"


def rows(text: str, fields: Mapping[str, Field] = BulkContact.FIELDS) -> list[Row]:
    """Read the rows of a CSV file with this text."""
    return list(read_csv(io.StringIO(text, newline=""), fields))


def contact(header: str, cells: str) -> dict[str, Any]:
    """Return the contact of the only row of a file."""
    (row,) = rows(f"{header}\n{cells}\n")
    assert not row.problem
    return row.contact


def written(*contacts: dict[str, Any]) -> str:
    """Return the CSV text of contacts with these responses of the API."""
    file = io.StringIO(newline="")
    write_csv([Contact.from_dict(contact) for contact in contacts], file)
    return file.getvalue()


def test_blank_cells_are_absent() -> None:
    """A cell that is empty, has only spaces or is missing leaves its field out."""
    assert contact("phone,first_name,tags,custom_variables.Plan,company", f"{NUMBER},, ,") == {"phone": NUMBER}


def test_tags_are_separated_by_semicolons() -> None:
    """Quotation marks protect semicolons; a cell with broken quotation marks stays text."""
    expected = {
        "VIP": ["VIP"],
        "VIP; lead ;": ["VIP", "lead"],
        '"VIP;""one; two"""': ["VIP", "one; two"],
        '"""broken"': '"broken',
    }
    assert {cell: contact("phone,tags", f"{NUMBER},{cell}")["tags"] for cell in expected} == expected


def test_cells_are_parsed_by_the_kind_of_their_field() -> None:
    """Text that cannot be parsed stays text, and the call that sends it rejects it."""
    fields = {kind: Field(kind, attribute=kind) for kind in ("boolean", "integer", "number")}
    read = [row.contact for row in rows("boolean,integer,number\nTRUE,-5,2.5\nperhaps,x,NaN\n", fields=fields)]
    assert read == [
        {"boolean": True, "integer": -5, "number": 2.5},
        {"boolean": "perhaps", "integer": "x", "number": "NaN"},
    ]


def test_reads_a_map_from_a_cell_with_json() -> None:
    """A column can hold a whole object, and columns of labels are added to it."""
    read = contact("custom_variables.b,customVariables,phone", f'2,"{{""Plan"": 3}}",{NUMBER}')
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


def test_rows() -> None:
    """A row has its first line, its cells and its contact; or a problem. Its repr shows no personal data."""
    read = rows(f'phone,created_at,,\n{NUMBER},"two\nlines",,\n\n{NUMBER},Acme, Inc.,,x\n{NUMBER}\n')
    assert [(row.line, row.contact) for row in read] == [(2, {"phone": NUMBER}), (5, {}), (6, {"phone": NUMBER})]
    assert read[0].cells == {"phone": NUMBER, "created_at": "two\nlines"}
    problem = "the row has 5 cells for 2 columns; put a cell that contains the delimiter in quotation marks"
    assert [row.problem for row in read] == ["", problem, ""]
    assert repr(read[0]) == "Row(line=2, problem='')"


def test_rows_are_read_lazily() -> None:
    """No line is taken from the file before its row is requested."""
    lines = iter(["phone\n", f"{NUMBER}\n", f"{NUMBER}\n"])
    next(read_csv(lines))
    assert list(lines) == [f"{NUMBER}\n"]


def test_writes_preferred_names() -> None:
    """The number is the first column, and then each field in the order of the document, or its labels as they occur.

    Times are ISO 8601, or as received; booleans are true and false.
    """
    text = written(
        {"phone": NUMBER, "optOut": True, "created_at": "2024-01-15T10:30:00Z", "customVariables": {"b": "1"}},
        {
            "phone": NUMBER,
            "created_at": "last Tuesday",
            "firstName": "Ada",
            "tags": ["VIP", "x; y"],
            "custom_variables": {"a": "2", "b": "3"},
        },
    )
    parts = {name: field.model_class.FIELDS for name, field in Contact.FIELDS.items() if field.kind == "object"}
    titles = {name: [f"{name}.{part}" for part in parts.get(name, ())] or [name] for name in Contact.FIELDS}
    names = [title for name in Contact.FIELDS if name != "phone" for title in titles[name]]
    labels = names.index("custom_variables")
    names[labels : labels + 1] = ["custom_variables.b", "custom_variables.a"]
    header, *cells = csv.reader(text.splitlines())
    assert header == ["phone", *names]
    assert [{title: cell for title, cell in zip(header, row, strict=True) if cell} for row in cells] == [
        {
            "phone": NUMBER,
            "custom_variables.b": "1",
            "created_at": "2024-01-15T10:30:00+00:00",
            "opt_out": "true",
        },
        {
            "phone": NUMBER,
            "first_name": "Ada",
            "tags": 'VIP;"x; y"',
            "custom_variables.b": "3",
            "custom_variables.a": "2",
            "created_at": "last Tuesday",
        },
    ]


ESCAPED = {text: f"'{text}" for text in ("=1+1", "+SUM(A1)", "-2+3", "@home", "\tx", "'=1+1", ' "=1"')}
FULL_WIDTH = {text: f"'{text}" for text in ("\uff1d1+1", "\uff0bSUM(A1)", "\uff0d2", "\uff20home")}
WITHIN_A_CELL = {
    "call\n=1+1": "call\n'=1+1",
    "call\r\n@x\n\r-y": "call\r\n'@x\n'\r'-y",
    "a;=1+1; +SUM(A1);b": "a;'=1+1;' +SUM(A1);b",
    "=1;'=2": "'=1;''=2",
}
NOT_ESCAPED = {text: text for text in (NUMBER, "-5", "'tis", "a=b;c", "O'Brien;x", "1\n2")}


def test_formulas_are_escaped() -> None:
    """Text that a spreadsheet would run gets an apostrophe, which is removed when it is read; a number does not."""
    expected = {**ESCAPED, **FULL_WIDTH, **WITHIN_A_CELL, **NOT_ESCAPED}
    file = written(*({"phone": NUMBER, "first_name": text} for text in expected))
    cells = [row["first_name"] for row in csv.DictReader(io.StringIO(file, newline=""))]
    assert dict(zip(expected, cells, strict=True)) == expected
    assert [row.contact["first_name"] for row in rows(file)] == list(expected)


def test_formulas_in_lists_and_labels_are_escaped() -> None:
    """A tag, or a label in a title, can be a formula too."""
    values = {"phone": NUMBER, "tags": ["VIP", "=1+1", "a;-b"], "custom_variables": {"x;=1": "y"}}
    file = written(values)
    row = next(csv.DictReader(io.StringIO(file, newline="")))
    assert (row["tags"], row["custom_variables.x;'=1"]) == ("VIP;'=1+1;\"a;'-b\"", "y")
    assert rows(file)[0].contact == values
