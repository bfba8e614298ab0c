"""Opening a file: its format, its encoding and its delimiter are found out, and its rows come again and again."""

from __future__ import annotations

import datetime as dt
import io
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it has no types
from sendblue_transfer import Record, TransferError, open_source

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = "+14155550123"


def records(path: Path, **how: Any) -> list[Record]:  # noqa: ANN401  # as open_source takes them
    """The rows of a file."""
    with open_source(path, **how) as source:
        return list(source)


def cells(path: Path, **how: Any) -> list[list[Any]]:  # noqa: ANN401  # as open_source takes them
    """The cells of its rows."""
    return [list(record.cells) for record in records(path, **how)]


TEXT = f"phone,first_name\r\n{NUMBER},Zoë\r\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TEXT.encode(), "utf-8"),
        (TEXT.encode("utf-8-sig"), "utf-8-sig"),
        (TEXT.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-32"), "utf-32"),
        (TEXT.encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found_out(write_text: Callable[..., Path], content: bytes, encoding: str) -> None:
    """By the mark at the beginning; else it is UTF-8 if all of it is; else cp1252."""
    with open_source(write_text(content)) as source:
        assert (source.encoding, source.titles) == (encoding, ("phone", "first_name"))
        assert [record.cells for record in source] == [[NUMBER, "Zoë"]]


def test_one_letter_at_the_very_end_tells(write_text: Callable[..., Path]) -> None:
    """Megabytes of ASCII before a letter that is no UTF-8 make no difference."""
    content = b"phone,first_name\n" + f"{NUMBER},Ada\n".encode() * 100_000 + f"{NUMBER},Zoë\n".encode("cp1252")
    assert cells(write_text(content))[-1] == [NUMBER, "Zoë"]


@pytest.mark.parametrize(
    ("content", "how", "said"),
    [
        (TEXT.encode("utf-16-le"), {}, "UTF-16 without a byte order mark.*--encoding utf-16-le"),
        (TEXT.encode() + b"\x81\x8d", {}, "not valid utf-8 or cp1252.*--encoding"),
        (TEXT.encode("cp1252"), {"encoding": "utf-8"}, "is not valid utf-8"),
        (TEXT.encode(), {"encoding": "klingon"}, "unknown text encoding 'klingon'; common encodings are utf-8"),
        (TEXT.encode(), {"format": "xls"}, "unknown format 'xls'; the formats are csv, jsonl, json, xlsx"),
        (b"PK\x03\x04 and no workbook", {}, "the workbook cannot be read"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_a_way_out(
    write_text: Callable[..., Path], content: bytes, how: dict[str, Any], said: str
) -> None:
    """It is raised when the file is opened."""
    with pytest.raises(TransferError, match=said):
        open_source(write_text(content, "contacts"), **how)


@pytest.mark.parametrize("encoding", ["utf-16-le", "latin-1"])
def test_an_encoding_can_be_given(write_text: Callable[..., Path], encoding: str) -> None:
    """What is given is not guessed."""
    with open_source(write_text(TEXT.encode(encoding)), encoding=encoding) as source:
        assert (source.encoding, [record.cells for record in source]) == (encoding, [[NUMBER, "Zoë"]])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(write_text: Callable[..., Path], delimiter: str) -> None:
    """It is what divides the first line into the most cells, outside quotation marks."""
    content = delimiter.join(["phone", '"a,b;c,d;e"', "tags"]) + "\n" + delimiter.join([NUMBER, '"x,y"', "t"])
    with open_source(write_text(content)) as source:
        assert source.delimiter == delimiter
        assert [record.cells for record in source] == [[NUMBER, "x,y", "t"]]


def test_a_single_column_needs_no_delimiter(write_text: Callable[..., Path]) -> None:
    """A list of numbers is a table too."""
    assert cells(write_text(f"phone\n{NUMBER}\n")) == [[NUMBER]]


def test_a_delimiter_can_be_given(write_text: Callable[..., Path]) -> None:
    """What is given is not guessed."""
    assert cells(write_text(f"phone:a,b,c\n{NUMBER}:x,y,z\n"), delimiter=":") == [[NUMBER, "x,y,z"]]


def test_excel_says_the_delimiter_itself(write_text: Callable[..., Path]) -> None:
    """A first line `sep=;` is no header, and is counted."""
    (record,) = records(write_text(f"sep=;\nphone;note\n{NUMBER};a,b,c,d\n"))
    assert (record.line, record.cells) == (3, [NUMBER, "a,b,c,d"])


def test_a_row_has_the_line_on_which_it_begins(write_text: Callable[..., Path]) -> None:
    """Line breaks inside quotation marks are counted; blank rows are none."""
    found = records(write_text(f'phone,note\r\n{NUMBER},"two\r\nlines"\r\n\r\n,  \r\n{NUMBER},one\r\n'))
    assert [(record.line, record.cells[1]) for record in found] == [(2, "two\r\nlines"), (6, "one")]


def test_short_rows_are_filled_and_long_ones_have_a_problem(write_text: Callable[..., Path]) -> None:
    """Missing cells are blank; a cell too many may have moved all others."""
    short, even, long = records(write_text(f"phone,a,b\n{NUMBER}\n{NUMBER},,,\n{NUMBER},1,2,3\n"))
    assert (short.cells, short.problem, even.problem) == ([NUMBER, "", ""], "", "")
    assert long.problem.startswith("the row has 4 cells for 3 columns")


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("a.csv", "phone\n", "csv"),
        ("a.TSV", "phone\n", "csv"),
        ("a.csv", "[phone]\n", "csv"),
        ("a", "phone\n", "csv"),
        ("a.jsonl", '{"phone": "1"}\n', "jsonl"),
        ("a.ndjson", '{"phone": "1"}\n', "jsonl"),
        ("a", '\ufeff {"phone": "1"}\n', "jsonl"),
        ("a.json", '{"phone": "1"}\n', "jsonl"),
        ("a.json", "\n[]", "json"),
        ("a", "[]", "json"),
    ],
)
def test_the_format_is_found_out(write_text: Callable[..., Path], name: str, content: str, form: str) -> None:
    """By the first character, where the name does not say CSV."""
    with open_source(write_text(content, name)) as source:
        assert source.format == form


def test_rows_come_again(write_text: Callable[..., Path]) -> None:
    """Each iteration begins with the first row, also after one that was not finished."""
    with open_source(write_text(f"phone\n{NUMBER}\n{NUMBER}\n")) as source:
        next(iter(source))
        assert list(source) == list(source)
        assert len(list(source)) == 2


def test_a_file_that_changes_meanwhile(write_text: Callable[..., Path]) -> None:
    """What was found out may not be true any more, so that nothing is read from it."""
    path = write_text(f"phone\n{NUMBER}\n")
    with open_source(path) as source:
        write_text(f"phone\n{NUMBER}0\n{NUMBER}\n")
        with pytest.raises(TransferError, match=r"contacts.csv changed after it was opened"):
            iter(source)


def test_an_open_file_is_read_to_its_end() -> None:
    """It need not be a file of the disk, and it is read once."""
    with open_source(io.BytesIO(TEXT.encode())) as source:
        assert (source.name, source.path, list(source)) == ("standard input", None, list(source))


def test_standard_input() -> None:
    """`-` is standard input, which can be read as often as a file."""
    script = (
        "from sendblue_transfer import open_source\n"
        "with open_source('-') as source: print(len(list(source)), len(list(source)), source.name)"
    )
    done = subprocess.run([sys.executable, "-c", script], input=TEXT, capture_output=True, text=True, check=True)
    assert done.stdout == "1 1 standard input\n"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The error is Python's own."""
    with pytest.raises(FileNotFoundError):
        open_source(tmp_path / "nothing.csv")


def open_files() -> list[str]:
    """The descriptors of this process."""
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_no_file_stays_open(write_text: Callable[..., Path]) -> None:
    """Neither after all rows nor after some, nor after an error."""
    path = write_text("phone\n" + f"{NUMBER}\n" * 5)
    before = open_files()
    with open_source(path) as source:
        list(source)
        next(iter(source))
    with pytest.raises(TransferError):
        open_source(path, encoding="klingon")
    assert open_files() == before


def test_its_repr_shows_the_name_only(write_text: Callable[..., Path]) -> None:
    """Its rows are personal data."""
    with open_source(write_text(TEXT)) as source:
        assert repr(source) == "Source('contacts.csv', format='csv')"


# --- XLSX


DAY = dt.datetime(2024, 1, 15)  # noqa: DTZ001  # a spreadsheet knows no zones


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A workbook as people have them: an empty sheet, then one with numbers, dates and a blank row."""
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


def test_cells_of_a_workbook_are_texts(workbook: Path) -> None:
    """A number has no `.0` that nobody typed, a date is ISO 8601; rows have their numbers, and blank ones are none."""
    with open_source(workbook) as source:
        found = list(source)
        assert (source.format, source.encoding, source.delimiter) == ("xlsx", None, None)
        assert source.titles == ("phone", "score", "vip", "since", "at")
    assert [(record.line, list(record.cells)) for record in found] == [
        (3, ["14155550123", "1.5", "true", "2024-01-15", "2024-01-15T10:30:00"]),
        (5, [NUMBER, "", "", "", ""]),
    ]


def test_a_workbook_without_anything(tmp_path: Path) -> None:
    """It has no titles."""
    path = tmp_path / "contacts.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet()
    with open_source(path) as source:
        assert (source.titles, list(source)) == ((), [])


def test_without_the_extra_it_is_named(workbook: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where calamine is not installed, the error says what to install."""

    def missing(name: str) -> object:
        if name == "python_calamine":
            raise ModuleNotFoundError(name)
        return import_module(name)

    monkeypatch.setattr("sendblue_transfer.sources.table_reader.import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "sendblue-contacts\[xlsx\]"'):
        open_source(workbook)
