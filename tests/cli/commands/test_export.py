"""The command `export`: every format, standard output, and the filters."""

import csv
import json
from pathlib import Path

import pytest
from sendblue_sandbox import Sandbox

from tests.cli.command_line import Run


@pytest.fixture
def numbers(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers of twelve contacts; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    return account.seed(12)


def test_csv(numbers: list[str], run: Run, tmp_path: Path) -> None:
    """The file has all contacts; the message is on standard error, and a report with `--json` on standard output."""
    done = run("export", "contacts.csv")
    with (tmp_path / "contacts.csv").open(encoding="utf-8", newline="") as file:
        assert [row["phone"] for row in csv.DictReader(file)] == numbers
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("Exported 12 contacts to contacts.csv in ")
    report = json.loads(run("export", "contacts.csv", "--json").stdout)
    assert report.pop("seconds") >= 0
    assert report == {"contacts": 12, "path": "contacts.csv", "format": "csv"}
    assert run("export", "contacts.csv", "--quiet").output == ""


def test_standard_output(numbers: list[str], run: Run) -> None:
    """`-` writes to standard output, and the message is not part of the data."""
    done = run("export", "-", "--format", "jsonl")
    assert [json.loads(line)["phone"] for line in done.stdout.splitlines()] == numbers
    assert done.stderr.startswith("Exported 12 contacts to standard output in ")


def test_format_from_file_name(numbers: list[str], run: Run, account: Sandbox) -> None:
    """The file can be imported again."""
    run("export", "contacts.xlsx")
    account.reset()
    assert run("import", "contacts.xlsx", "--quiet").exit_code == 0
    assert [contact["phone"] for contact in account.contacts()] == numbers


def test_options(numbers: list[str], run: Run, tmp_path: Path) -> None:
    """The delimiter and the encoding of CSV are options, and so are the filters of `list`."""
    run("export", "a.csv", "--delimiter", "tab", "--encoding", "utf-8-sig", "--limit", "3", "--order-direction", "desc")
    written = (tmp_path / "a.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbfphone\t")
    assert [line.split("\t")[0] for line in written.decode().splitlines()[1:]] == numbers[:-4:-1]


def test_failed_export_leaves_no_file(numbers: list[str], run: Run, account: Sandbox, tmp_path: Path) -> None:
    """If the listing fails there is no file, and the exit code is 1."""
    _ = numbers
    account.faults.add(what="status", operation="list_contacts", status=401, times=99)
    assert (run("export", "contacts.csv").exit_code, list(tmp_path.glob("*.csv*"))) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("contacts.doc", 2, "unsupported format .doc; change the suffix, or name one of csv, jsonl, json, xlsx,"),
        ("nowhere/c.csv", 2, "nowhere/c.csv cannot be written, because the folder nowhere does not exist"),
        ("/proc/contacts.csv", 3, "No such file or directory: /proc/contacts.csv"),
        ("c.csv --encoding klingon", 2, "Invalid value for '--encoding': 'klingon' is not a text encoding"),
        ("c.csv --encoding rot13", 2, "Invalid value for '--encoding': 'rot13' is not a text encoding"),
    ],
)
def test_file_that_cannot_be_written(numbers: list[str], run: Run, arguments: str, code: int, message: str) -> None:
    """The message is one line, and names the file as it was given."""
    _ = numbers
    done = run("export", *arguments.split())
    assert (done.exit_code, done.stderr.splitlines()[-1].startswith(f"Error: {message}")) == (code, True)
