"""The rejects file: the rejected rows as they were, which can be corrected and imported."""

import csv
import io
import json
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import open_source

from tests.transfer.contact_files import OTHER_VALUES, TITLES, WriteFile, import_file, number, person, row, stored

NATIONAL = ["415 555-0142", "Zoë", "", "", "=1+1"]
TOO_LONG = [number(7), "Acme", " Inc.", "", "", "x"]
TOO_MANY_CELLS = "the row has 6 cells for 5 columns; put a cell that contains the delimiter in quotation marks"
NO_COUNTRY = (
    "phone ('### ###-####') is not a valid phone number in E.164 format: the country code is missing; "
    "write it as +14155551234"
)


def lines(path: Path | None, encoding: str = "utf-8", delimiter: str = ",") -> list[list[str]]:
    """Return the cells of a CSV file."""
    assert path
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_rows_are_unchanged(client: Sendblue, write_rows: WriteFile) -> None:
    """After their line and the reason; a row with too many cells has all of them. Only the owner can read the file."""
    report = import_file(client, write_rows(2, NATIONAL, row(person(2)), TOO_LONG))
    assert lines(report.rejects) == [
        ["_line", "_reason", *TITLES],
        ["4", NO_COUNTRY, *NATIONAL],
        ["6", TOO_MANY_CELLS, *TOO_LONG],
    ]
    assert report.rejects
    assert report.rejects.stat().st_mode & 0o777 == 0o600


def test_rows_that_the_server_rejected(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """With the message of the server, whose contact stays as it is; a superseded row needs no correction."""
    client.contacts.bulk.create([OTHER_VALUES])
    report = import_file(client, write_rows(3, row(person(2))))
    found = lines(report.rejects)
    assert (report.created, report.rejected, report.duplicates) == (2, 1, 1)
    assert (len(found), found[1][0], found[1][2:]) == (2, "3", row(person(1)))
    assert stored(sandbox) == [person(0), OTHER_VALUES, person(2)]
    assert "exists" in found[1][1]


def test_corrected_file_can_be_imported(sandbox: Sandbox, client: Sendblue, write_rows: WriteFile) -> None:
    """Unchanged, with its two columns; rows that are rejected again keep the line of the first file."""
    first = import_file(client, write_rows(2, NATIONAL, TOO_LONG))
    assert first.rejects
    text = first.rejects.read_text(encoding="utf-8")
    first.rejects.write_text(text.replace("415 555-0142", number(2)), encoding="utf-8")
    second = import_file(client, first.rejects)
    assert (second.created, second.rejected, second.columns.unmapped) == (1, 1, ())
    assert {"phone": number(2), "first_name": "Zoë"}.items() <= sandbox.contacts()[-1].items()
    assert second.rejects == first.rejects
    assert second.replaced_rejects == first.rejects.with_name("contacts.rejects.csv.bak")
    assert second.replaced_rejects.read_text(encoding="utf-8") == text.replace("415 555-0142", number(2))
    assert lines(second.rejects)[0] == ["_line", "_reason", *TITLES]
    assert lines(second.rejects)[1][0] == "5"


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("cp1252", ";")])
def test_encoding_and_delimiter_are_those_of_the_input(
    client: Sendblue, write_text: WriteFile, encoding: str, delimiter: str
) -> None:
    """So that the same program can open it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([TITLES, NATIONAL])
    report = import_file(client, write_text(text.getvalue().encode(encoding)))
    assert lines(report.rejects, encoding, delimiter)[1] == ["2", NO_COUNTRY, *NATIONAL]
    assert report.rejects
    with open_source(report.rejects) as source:
        assert (source.encoding, source.delimiter) == (encoding, delimiter)


def test_characters_that_the_encoding_lacks_in_a_reason(
    sandbox: Sandbox, client: Sendblue, write_text: WriteFile
) -> None:
    """They are escaped, and the row itself is unchanged."""
    sandbox.faults.add(operation="bulk_create_contacts", status=400, body={"message": "無効"})
    text = f"phone,first_name\n{number(1)},Zoë\n"
    report = import_file(client, write_text(text.encode("cp1252")))
    found = lines(report.rejects, "cp1252")
    assert (found[1][2:], "\\u7121" in found[1][1]) == ([number(1), "Zoë"], True)


def test_rows_of_a_workbook_are_written_as_csv(sandbox: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """Formulas are escaped, and are imported unchanged."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["phone", "first_name"])
        page.write_string(1, 0, "415 555-0142")
        page.write_string(1, 1, "=1+1")
    report = import_file(client, path)
    assert report.rejects == tmp_path / "contacts.rejects.csv"
    assert lines(report.rejects)[1] == ["2", NO_COUNTRY, "415 555-0142", "'=1+1"]
    report.rejects.write_text(report.rejects.read_text().replace("415 555-0142", number(1)))
    assert import_file(client, report.rejects).ok
    assert sandbox.contacts()[0]["first_name"] == "=1+1"


@pytest.mark.parametrize("name", ["contacts.jsonl", "contacts.json"])
def test_objects_are_written_as_json(sandbox: Sandbox, client: Sendblue, write_text: WriteFile, name: str) -> None:
    """With two keys more."""
    objects = [person(0), {"phone": "415 555-0142", "tags": ["VIP"], "note": None}]
    text = json.dumps(objects) if name.endswith("json") else "\n".join(map(json.dumps, objects))
    report = import_file(client, write_text(text, name))
    assert report.rejects == report.journal.with_name(name.replace(".", ".rejects."))
    written = report.rejects.read_text(encoding="utf-8")
    (refused,) = json.loads(written) if name.endswith("json") else map(json.loads, written.splitlines())
    assert refused == {**objects[1], "_line": 2, "_reason": NO_COUNTRY}
    report.rejects.write_text(written.replace("415 555-0142", number(1)))
    assert import_file(client, report.rejects).ok
    assert {"phone": number(1), "tags": ["VIP"]}.items() <= sandbox.contacts()[1].items()


def test_file_is_complete_or_absent(client: Sendblue, write_rows: WriteFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """If it cannot be written, the same import writes it the next time, and sends nothing."""
    path = write_rows(1, NATIONAL)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space left"):
            import_file(client, path)
    assert sorted(file.name for file in path.parent.iterdir()) == ["contacts.csv", "contacts.csv.sendblue-journal"]
    report = import_file(client, path)
    assert (report.resumed, report.created, len(lines(report.rejects))) == (True, 1, 2)


def test_invalid_lines_are_kept_as_text(sandbox: Sandbox, client: Sendblue, write_text: WriteFile) -> None:
    """A line that was not valid JSON is text in the rejects file, and is imported once it is corrected there."""
    text = f'{{"phone":"{number(1)}" "first_name":"Ada"}}'
    report = import_file(client, write_text(f"{text}\n", "contacts.jsonl"))
    assert report.rejects is not None
    refused = json.loads(report.rejects.read_text())
    assert (refused["_line"], refused["_text"]) == (1, text)
    again = import_file(client, report.rejects)
    assert again.reasons == (("the phone number is missing", 1),)
    assert again.rejects is not None
    again.rejects.write_text(again.rejects.read_text().replace('\\" \\"', '\\", \\"'))
    assert import_file(client, again.rejects).created == 1
    assert [contact["first_name"] for contact in sandbox.contacts()] == ["Ada"]
