"""Opening a file: its format, encoding and delimiter are detected, and its rows can be read repeatedly."""

import datetime as dt
import io
import os
import random
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox
from sendblue_transfer import Record, TransferError, open_source

from tests.transfer.contact_files import TITLES, WriteFile, import_file, person, plan_file, row, stored

NUMBER = "+14155550123"


def records(path: Path, **options: Any) -> list[Record]:
    """The rows of a file."""
    with open_source(path, **options) as source:
        return list(source)


def cells(path: Path, **options: Any) -> list[list[Any]]:
    """The cells of its rows."""
    return [list(record.cells) for record in records(path, **options)]


TEXT = f"phone,first_name\r\n{NUMBER},Zoë\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_detects_the_encoding(write_text: WriteFile, content: bytes, encoding: str) -> None:
    """By the byte order mark, else UTF-8 if the file is valid UTF-8, else cp1252."""
    with open_source(write_text(content)) as source:
        assert (source.encoding, source.titles) == (encoding, ("phone", "first_name"))
        assert [record.cells for record in source] == [[NUMBER, "Zoë"]]


def test_the_whole_file_is_checked_for_utf_8(write_text: WriteFile) -> None:
    """A megabyte of ASCII before a character that is not UTF-8 makes no difference."""
    content = b"phone,first_name\n" + f"{NUMBER},{'x' * 1_000}\n".encode() * 1_100 + f"{NUMBER},Zoë\n".encode("cp1252")
    with open_source(write_text(content)) as source:
        assert (source.guessed_encoding, list(source)[-1].cells) == ("cp1252", [NUMBER, "Zoë"])


BROKEN = b"\xc3"
"""The first byte of an umlaut in UTF-8, without the second."""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"phone,first_name\n{NUMBER},Zoë\n{NUMBER},Zo?\n{NUMBER},Ada\n"),
        (
            "a.jsonl",
            f'{{"phone":"{NUMBER}","first_name":"Zoë"}}\n{{"phone":"{NUMBER}","tags":["Zo?"]}}\n{{"phone":"1"}}',
        ),
        ("a.json", f'[{{"phone":"{NUMBER}","first_name":"Zoë"}}, {{"phone":"{NUMBER}","Zo?":1}}, {{"phone":"1"}}]'),
    ],
)
def test_a_broken_byte_in_utf_8(client: Sendblue, write_text: WriteFile, name: str, content: str) -> None:
    """Only its row is rejected, and is in the rejects file with this byte. Without `encoding`, it is a guess."""
    path = write_text(content.encode().replace(b"?", BROKEN), name)
    marked = path.with_name(f"marked-{name}")
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    for file, given, expected in ((path, None, "utf-8"), (path, "utf-8", None), (marked, None, None)):
        with open_source(file, encoding=given) as source:
            assert source.guessed_encoding == expected
            found = list(source)
        assert [record.problem[:47] for record in found] == ["", "the row has a byte that is not valid UTF-8; cor", ""]
    assert "Zoë" in found[0].cells
    report = import_file(client, path)
    assert report.rejects
    assert (report.guessed_encoding, b"Zo" + BROKEN in report.rejects.read_bytes()) == ("utf-8", True)


def test_a_broken_byte_in_a_title(write_text: WriteFile) -> None:
    """No row can be read then."""
    path = write_text(b"phone,Zo" + BROKEN + "\nZoë\n".encode())
    with pytest.raises(TransferError, match=r"the titles in the first row .* not valid UTF-8.*--encoding"):
        open_source(path)


QUOTATIONS = {
    "until another one": ('{n},"Ada,x\n{n},Bob,x\n{n},Eve",x\n', [(2, True)]),
    "within the next row": ('{n},"Ada,x\n{n},Bob",x\n{n},Eve,x\n', [(2, True), (4, False)]),
    "in the last cell": ('{n},Ada,"x\n{n},Bob,"\n{n},Eve,x\n', [(2, True), (4, False)]),
    "in many rows with other cells": (
        '{n},"Ada,x\n' + '{n},""Bob, Jr."",x\n' * 20 + '{n},Eve",x\n',
        [(2, True)],
    ),
    "a note with line breaks": ('{n},Ada,"Mon: called, no answer\nTue: call {n}, then Bob, then Eve"\n', [(2, False)]),
    "a note with a line for a number": ('{n},Ada,"Assistant:\n{n}"\n', [(2, False)]),
    "a note with a number": ('{n},Ada,"Assistant\nBob, {n}, at noon"\n', [(2, False)]),
    "a note with a line like a row": ('{n},Ada,"Mon\nTue\nWed\n{n}, Bob, x\nThu"\n', [(2, False)]),
    "a note with numbers": ('{n},Ada,"Others:\n' + "Bob, {n}, home\n" * 5 + 'Eve, {n}, work"\n', [(2, False)]),
    "a cell of a row with line breaks": ('{n},"Ada\nKing","x\n{n},Bob,"\n', [(2, True)]),
    "an address": ('{n},"12 Main St, Springfield\nIllinois, 62701, USA",x\n', [(2, False)]),
    "a very long cell": ('{n},Ada,"' + "x\n" * 50_001 + '"\n', [(2, True)]),
}


@pytest.mark.parametrize(("text", "expected"), QUOTATIONS.values(), ids=QUOTATIONS)
def test_a_quotation_mark_too_many(write_text: WriteFile, text: str, expected: list[tuple[int, bool]]) -> None:
    """The row whose cell contains other rows is rejected, with the line on which the cell begins; a note is not."""
    found = records(write_text("phone,first_name,note\n" + text.replace("{n}", NUMBER)))
    assert [(record.line, record.problem != "") for record in found] == expected
    if found[0].problem:
        assert re.match(
            r"the cell that begins on line [23] has .* looks like several rows; a quotation", found[0].problem
        )


def test_an_unclosed_quotation_mark_does_not_fill_the_memory(write_text: WriteFile) -> None:
    """A row of several lines has a maximum length, but a file has none. The error names the line of the row."""
    long = "y" * 999
    path = write_text("phone,note\n" + f"{NUMBER},{long}\n" * 10_000 + f'{NUMBER},"x\n' + f"{long}\n" * 11_000)
    with (
        open_source(path) as source,
        pytest.raises(TransferError, match=r"line 10002: .* has more than 10,000,000 characters in several lines"),
    ):
        list(source)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (TEXT.encode("utf-16-le"), {}, "UTF-16 without a byte order mark.*--encoding utf-16-le"),
        (TEXT.encode() + b"\x81\x8d", {}, "not valid utf-8 or cp1252.*--encoding"),
        (TEXT.encode("cp1252"), {"encoding": "utf-16"}, "is not valid utf-16"),
        (TEXT.encode(), {"encoding": "klingon"}, "unknown text encoding 'klingon'; common encodings are utf-8"),
        (TEXT.encode(), {"format": "xls"}, "unsupported format 'xls'; the formats are csv, jsonl, json, xlsx"),
        (TEXT.encode(), {"sheet": "US"}, "is not a workbook and has no sheets"),
        (b"PK\x03\x04 and no workbook", {}, "the workbook cannot be read"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), {}, r"save it as \.xlsx"),
        (b"\x1f\x8b" + bytes(600), {}, "decompress it"),
    ],
)
def test_unreadable_files_are_an_error_with_a_hint(
    write_text: WriteFile, content: bytes, options: dict[str, Any], message: str
) -> None:
    """It is raised when the file is opened."""
    with pytest.raises(TransferError, match=message):
        open_source(write_text(content, "contacts"), **options)


ROWS: list[tuple[str, dict[str, Any], list[tuple[int, list[str]]]]] = [
    # The delimiter is the one that occurs most often in the first line, outside quotation marks.
    *((f'phone{each}"a,b;c,d;e"{each}tags\n{NUMBER}{each}"x,y"{each}t', {}, [(2, ["x,y", "t"])]) for each in ",;\t|"),
    # A list of numbers is a table too; a delimiter that is given is used without detection.
    (f"phone\n{NUMBER}\n", {}, [(2, [])]),
    (f"phone:a,b,c\n{NUMBER}:x,y,z\n", {"delimiter": ":"}, [(2, ["x,y,z"])]),
    # A first line `sep=;`, as Excel writes it, is not the header, but counts as a line.
    (f"sep=;\nphone;note\n{NUMBER};a,b,c,d\n", {}, [(3, ["a,b,c,d"])]),
    # Line breaks inside quotation marks are counted; blank rows are skipped.
    (f'phone,note\r\n{NUMBER},"a\r\nb"\r\n\r\n,  \r\n{NUMBER},one\r\n', {}, [(2, ["a\r\nb"]), (6, ["one"])]),
    # Missing cells are blank.
    (f"phone,a,b\n{NUMBER}\n", {}, [(2, ["", ""])]),
]


@pytest.mark.parametrize(("content", "options", "expected"), ROWS)
def test_rows_of_a_table(
    write_text: WriteFile, content: str, options: dict[str, Any], expected: list[tuple[int, list[str]]]
) -> None:
    """Each row has the line on which it begins, and its cells."""
    found = records(write_text(content), **options)
    assert [(record.line, list(record.cells)) for record in found] == [(n, [NUMBER, *rest]) for n, rest in expected]


SALESFORCE = """Contacts of the year
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
Confidential Information - Do Not Distribute
Generated By:  Ada Lovelace  11/30/2026 7:00 AM
Acme Corp
"""


@pytest.mark.parametrize(
    ("text", "cells", "footer"),
    [
        (f"phone,name\n1,Ada\n\n\n{SALESFORCE}", [["1", "Ada"]], (5, 9)),
        ("phone,name\n" + "+14155551234,\n" * 20 + SALESFORCE, [["+14155551234", ""]] * 20, (22, 26)),
        (f"phone\n+14155551234\n{SALESFORCE[21:]}", [["+14155551234"]], (3, 6)),
        ("phone,name\n1,Ada\nAcme Corp\n", [["1", "Ada"], ["Acme Corp", ""]], None),
    ],
)
def test_footer_of_salesforce(
    write_text: WriteFile, text: str, cells: list[list[str]], footer: tuple[int, int] | None
) -> None:
    """It is not read, and its lines are known after all rows were read."""
    with open_source(write_text(text)) as source:
        assert [list(record.cells) for record in source] == cells
        assert source.footer == footer


FORMATS = [
    ("a.TSV", "phone\n", "csv"),
    ("a.csv", "[phone]\n", "csv"),
    ("a", "phone\n", "csv"),
    ("a", "PK,phone\n1,2\n", "csv"),
    ("a.ndjson", '{"phone": "1"}\n', "jsonl"),
    ("a", '\ufeff {"phone": "1"}\n', "jsonl"),
    ("a.json", '{"phone": "1"}\n', "jsonl"),
    ("a.json", '{\n  "phone": "1"\n}\n', "json"),
    ("a", '{"phone": "1",\n "tags": []}', "json"),
    ("a.json", "\n[]", "json"),
    ("a", "[]", "json"),
]


def test_detects_the_format(write_text: WriteFile) -> None:
    """By the first characters, unless the name says CSV."""

    def found(name: str, content: str) -> str:
        with open_source(write_text(content, name)) as source:
            return source.format

    assert [(name, content, found(name, content)) for name, content, _ in FORMATS] == FORMATS


def test_rows_can_be_read_repeatedly(write_text: WriteFile) -> None:
    """Each iteration begins with the first row, also after an incomplete one. The repr shows no rows."""
    with open_source(write_text(f"phone\n{NUMBER}\n{NUMBER}\n")) as source:
        assert repr(source) == "Source('contacts.csv', format='csv')"
        next(iter(source))
        assert list(source) == list(source)
        assert len(list(source)) == 2


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` is standard input, which can be read as often as a file."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    with open_source("-") as source:
        assert (source.name, source.path, list(source)) == ("standard input", None, list(source))


def descriptors(path: Path) -> list[Path]:
    """Return the descriptors of this process that are open on a file; others may close at any time."""
    found = Path("/proc/self/fd").iterdir()
    return [each for each in found if each.is_symlink() and each.readlink() == path]


def test_closes_all_files(write_text: WriteFile) -> None:
    """After all rows, after some, and after an error."""
    path = write_text("phone\n" + f"{NUMBER}\n" * 5)
    with open_source(path) as source:
        list(source)
        rows = iter(source)
        next(rows)
        assert descriptors(path)
        del rows
    with pytest.raises(TransferError):
        open_source(path, encoding="klingon")
    assert descriptors(path) == []


DAY = dt.datetime(2024, 1, 15)  # noqa: DTZ001  # a spreadsheet has no time zones


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A typical workbook: an empty sheet, then one with numbers, dates and a blank row."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Empty")
        page = book.add_worksheet("Contacts")
        page.write_row(1, 0, ["phone", "score", "vip", "since", "at"])
        page.write_row(2, 0, [14155550123, 1.5, True])
        page.write_datetime(2, 3, DAY, book.add_format({"num_format": "yyyy-mm-dd"}))
        page.write_datetime(
            2, 4, DAY + dt.timedelta(hours=10, minutes=30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        )
        page.write_string(4, 0, NUMBER)
    return path


def test_workbook_cells_are_text(workbook: Path) -> None:
    """Numbers have no `.0` and dates are ISO 8601; blank rows are skipped, but counted."""
    with open_source(workbook) as source:
        found = list(source)
        assert (source.format, source.encoding, source.delimiter) == ("xlsx", None, None)
        assert source.titles == ("phone", "score", "vip", "since", "at")
    assert [(record.line, list(record.cells)) for record in found] == [
        (3, ["14155550123", "1.5", "true", "2024-01-15", "2024-01-15T10:30:00"]),
        (5, [NUMBER, "", "", "", ""]),
    ]


def test_named_pipe(tmp_path: Path) -> None:
    """It is copied first, like standard input."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(TEXT))
    writer.start()
    assert cells(pipe) == [[NUMBER, "Zoë"]]
    writer.join()


@pytest.mark.parametrize("content", ["", "sep=\n", "\n"])
def test_empty_file(write_text: WriteFile, content: str) -> None:
    """The error says that it is empty, not that a column is missing."""
    with pytest.raises(TransferError, match="the file is empty"):
        plan_file(write_text(content))


@pytest.fixture
def two_sheets(tmp_path: Path) -> Path:
    """A workbook with two sheets of contacts, and an empty one."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, people in (("US", [1]), ("Empty", []), ("UK EU", [2, 3])):
            sheet = book.add_worksheet(name)
            for line, cells in enumerate([TITLES, *(row(person(index)) for index in people)] if people else []):
                sheet.write_row(line, 0, cells)
    return path


def test_each_sheet_is_an_import_of_its_own(sandbox: Sandbox, client: Sendblue, two_sheets: Path) -> None:
    """The first sheet that is not empty, or the named one, with a journal each; the others are reported."""
    with open_source(two_sheets) as source:
        assert source.other_sheets == ("UK EU",)
    assert import_file(client, two_sheets).created == 1
    report = import_file(client, two_sheets, "UK EU")
    assert (report.created, report.journal.name) == (2, "contacts.xlsx.UK_EU.sendblue-journal")
    assert stored(sandbox) == [person(index) for index in (1, 2, 3)]
    with pytest.raises(TransferError, match=r"the workbook has no sheet 'FR'; its sheets are 'US', 'Empty', 'UK EU'"):
        open_source(two_sheets, sheet="FR")


def test_hidden_sheets_are_not_read_unasked(tmp_path: Path) -> None:
    """The first sheet that is visible is read, and the hidden ones are reported; or named, if no other has rows."""
    path = tmp_path / "contacts.xlsx"

    def write(*names: str) -> None:
        with xlsxwriter.Workbook(path) as book:
            for name in names:
                sheet = book.add_worksheet(name)
                sheet.write_column(0, 0, ["phone", name] if name != "Empty" else [])
                {"Hidden": sheet.hide, "Very hidden": sheet.very_hidden}.get(name, sheet.activate)()

    write("Hidden", "Very hidden", "Visible")
    with open_source(path) as source:
        assert (cells(path), source.other_sheets) == ([["Visible"]], ("Hidden", "Very hidden"))
    assert cells(path, sheet="Hidden") == [["Hidden"]]
    write("Hidden", "Empty")
    with pytest.raises(TransferError, match=r"all sheets .* that have rows are hidden: 'Hidden'; .*--sheet"):
        open_source(path)


LINES = (
    "+14155550123,Ada",
    "",
    ",",
    " ,",
    '+1,"a',
    'b"',
    "+1,a,b",
    "+1",
    '"+1",""',
    "+1,Z\udcf6",
    '"+1,a\r\n"',
    "+1,a,",
    "x,y\n\nz,",
)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("start", ["", "\ufeff", "sep=,\n"])
def test_csv_is_read_block_by_block_as_it_is_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, start: str
) -> None:
    """Wherever cells continue on the next line, rows are blank or too long, or bytes are invalid."""
    monkeypatch.setattr("sendblue_transfer.sources.table_reader._BLOCK_LINES", 3)
    choose = random.Random(seed)  # noqa: S311  # a reproducible choice
    lines = ["phone,name", *(choose.choice(LINES) for _ in range(40))]
    path = tmp_path / "contacts.csv"
    path.write_bytes((start + "\n".join(lines)).encode("utf-8", "surrogateescape"))
    with open_source(path, encoding="utf-8") as source:
        expected = _records_or_error(source)
        found = _records_or_error(record for batch in source.batches() for record in batch.records())
    assert found == expected


def _records_or_error(records: Iterable[Record]) -> object:
    """Return the rows, or the error if the file cannot be read."""
    try:
        return [(record.line, list(record.cells), record.problem) for record in records]
    except TransferError as error:
        return str(error)
