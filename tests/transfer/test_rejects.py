"""The rejects file: the rows that were refused as they stood, which can be mended and imported."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_transfer import open_source, run_import

from tests.transfer.contact_files import TITLES, import_file, number, person, row, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts import Sendblue
    from sendblue_sandbox import Sandbox

BAD = ["415 555-0142", "Zoë", "", "", "=1+1"]
LONG = [number(7), "Acme", " Inc.", "", "", "x"]
NO_COUNTRY = "phone ('### ###-####') has no country code; write it in E.164 form, such as +14155551234"


def lines(path: Path | None, encoding: str = "utf-8", delimiter: str = ",") -> list[list[str]]:
    """The cells of a CSV file."""
    assert path
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_rows_stand_in_it_as_they_were(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """After their line and the reason; a row with too many cells has them all."""
    report = import_file(client, write_rows(2, BAD, row(person(2)), LONG))
    assert lines(report.rejects) == [
        ["_line", "_reason", *TITLES],
        ["4", NO_COUNTRY, *BAD],
        ["6", "the row has 6 cells for 5 columns; put a cell that contains the delimiter in quotation marks", *LONG],
    ]


def test_without_a_rejected_row_there_is_no_file(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Nothing to mend."""
    path = write_rows(2)
    assert import_file(client, path).rejects is None
    assert not path.with_name("contacts.rejects.csv").exists()


def test_what_the_server_refused_is_there_too(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """With what the server said."""
    client.contacts.bulk.create([{**person(1), "first_name": "Grace"}])
    found = lines(import_file(client, write_rows(3)).rejects)
    assert (found[1][0], found[1][2:]) == ("3", row(person(1)))
    assert "exists" in found[1][1]


def test_it_is_mended_and_imported(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """As it is, with its two columns; what is refused again goes into the next one, with the line of the first file."""
    first = import_file(client, write_rows(2, BAD, LONG))
    assert first.rejects
    text = first.rejects.read_text(encoding="utf-8")
    first.rejects.write_text(text.replace("415 555-0142", number(2)), encoding="utf-8")
    second = import_file(client, first.rejects)
    assert (second.created, second.rejected, second.columns.unmapped) == (1, 1, ())
    assert {"phone": number(2), "first_name": "Zoë"}.items() <= sandbox.contacts()[-1].items()
    assert second.rejects == first.rejects.with_name("contacts.rejects-2.csv")
    assert lines(second.rejects)[0] == ["_line", "_reason", *TITLES]
    assert lines(second.rejects)[1][0] == "5"


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t"), ("cp1252", ";"), ("utf-8", "|")]
)
def test_it_is_written_as_the_input_is(
    client: Sendblue, write_text: Callable[..., Path], encoding: str, delimiter: str
) -> None:
    """In its encoding, with its delimiter, so that the same program opens it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([TITLES, BAD])
    report = import_file(client, write_text(text.getvalue().encode(encoding)))
    assert lines(report.rejects, encoding, delimiter)[1] == ["2", NO_COUNTRY, *BAD]
    assert report.rejects
    with open_source(report.rejects) as source:
        assert (source.encoding, source.delimiter) == (encoding, delimiter)


def test_a_reason_that_the_encoding_cannot_hold(
    sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path]
) -> None:
    """The server may say anything; the row is more important."""
    sandbox.faults.add(operation="bulk_create_contacts", status=400, body={"message": "無効"})
    text = f"phone,first_name\n{number(1)},Zoë\n"
    report = import_file(client, write_text(text.encode("cp1252")))
    found = lines(report.rejects, "cp1252")
    assert (found[1][2:], "\\u7121" in found[1][1]) == ([number(1), "Zoë"], True)


def test_of_a_workbook_it_is_csv(sandbox: Sandbox, client: Sendblue, tmp_path: Path) -> None:
    """What a spreadsheet would run when it is opened is disarmed, and comes in as it was."""
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
def test_of_json_it_is_json(sandbox: Sandbox, client: Sendblue, write_text: Callable[..., Path], name: str) -> None:
    """Objects with two keys more."""
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


def test_a_line_that_is_no_json_is_kept(client: Sendblue, write_text: Callable[..., Path]) -> None:
    """As a text, for somebody to see what it was."""
    report = import_file(client, write_text('{"phone": \n', "contacts.jsonl"))
    assert report.rejects
    refused = json.loads(report.rejects.read_text())
    assert (refused["_line"], refused["_text"]) == (1, '{"phone":')
    assert import_file(client, report.rejects).reasons == (("the phone number is missing", 1),)


def test_json_in_another_encoding(client: Sendblue, write_text: Callable[..., Path]) -> None:
    """It is JSON in that encoding too, whatever it holds."""
    text = json.dumps({"phone": "x", "first_name": "Zoë 日本"}, ensure_ascii=False).encode("utf-16")
    report = import_file(client, write_text(text, "contacts.jsonl"))
    assert report.rejects
    assert json.loads(report.rejects.read_text(encoding="utf-16"))["first_name"] == "Zoë 日本"


def test_it_can_be_put_elsewhere(client: Sendblue, write_rows: Callable[..., Path], tmp_path: Path) -> None:
    """A name that is given is written over, for somebody has said so."""
    place = tmp_path / "elsewhere.csv"
    place.write_text("old")
    assert import_file(client, write_rows(1, BAD), rejects=place).rejects == place
    assert len(lines(place)) == 2


def test_it_is_there_as_a_whole_or_not_at_all(
    client: Sendblue, write_rows: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it cannot be written, nothing half is left; the same import writes it the next time, and sends nothing."""
    path = write_rows(1, BAD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space left"):
            import_file(client, path)
    assert sorted(each.name for each in path.parent.iterdir()) == ["contacts.csv", "contacts.csv.sendblue-journal"]
    report = import_file(client, path)
    assert (report.resumed, report.created, len(lines(report.rejects))) == (True, 1, 2)


def test_only_the_owner_can_read_it(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """It holds personal data."""
    report = import_file(client, write_rows(1, BAD))
    assert report.rejects
    assert report.rejects.stat().st_mode & 0o777 == 0o600


def test_standard_input(client: Sendblue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is in the working folder."""
    monkeypatch.chdir(tmp_path)
    with open_source(io.BytesIO(b"phone\nnobody\n")) as source:
        report = run_import(client, source, journal=tmp_path / "journal")
    assert report.rejects
    assert report.rejects.resolve() == tmp_path / "stdin.rejects.csv"


def test_rows_that_do_not_count_are_not_in_it(client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """Nothing is to be mended there."""
    report = import_file(client, write_rows(1, row(person(0)), BAD))
    assert (report.duplicates, len(lines(report.rejects))) == (1, 2)


def test_under_error_they_are(sandbox: Sandbox, client: Sendblue, write_rows: Callable[..., Path]) -> None:
    """With the line of the row that counts."""
    report = import_file(client, write_rows(1, row(person(0))), duplicates="error")
    assert lines(report.rejects)[1][:2] == [
        "3",
        "another row has the same number, and only the first one is imported (line 2)",
    ]
    assert stored(sandbox) == [person(0)]
