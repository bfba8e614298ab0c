"""The command `export`: every format, standard output, and the filters."""

from __future__ import annotations

import csv
import json
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.command_line import COMMAND

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Process, Run


@pytest.fixture
def numbers(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers of twelve contacts; the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    return account.seed(12)


def test_csv(numbers: list[str], run: Run, tmp_path: Path) -> None:
    """The file has all contacts, and the message is on standard error."""
    done = run("export", "contacts.csv")
    with (tmp_path / "contacts.csv").open(encoding="utf-8", newline="") as file:
        assert [row["phone"] for row in csv.DictReader(file)] == numbers
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith("Exported 12 contacts to contacts.csv in ")


@pytest.mark.parametrize("name", ["contacts.xlsx", "contacts.json", "contacts.jsonl"])
def test_format_from_file_name(numbers: list[str], run: Run, account: Sandbox, name: str) -> None:
    """A file in each format can be imported again."""
    run("export", name)
    account.reset()
    assert run("import", name, "--quiet").exit_code == 0
    assert [contact["phone"] for contact in account.contacts()] == numbers


def test_standard_output(numbers: list[str], process: Process) -> None:
    """`-` writes to standard output, as CSV unless a format is given; the message is not part of the data."""
    done = process("export", "-", "--format", "jsonl")
    assert [json.loads(line)["phone"] for line in done.stdout.splitlines()] == numbers
    assert done.stderr.startswith("Exported 12 contacts to standard output in ")


def test_delimiter_and_encoding(numbers: list[str], run: Run, tmp_path: Path) -> None:
    """The delimiter and the encoding of CSV are options."""
    run("export", "contacts.csv", "--delimiter", "tab", "--encoding", "utf-8-sig")
    written = (tmp_path / "contacts.csv").read_bytes()
    assert (written.startswith(b"\xef\xbb\xbfphone\tfirst_name"), written.count(b"\n")) == (True, len(numbers) + 1)


def test_filters(numbers: list[str], run: Run, tmp_path: Path) -> None:
    """The filters of `list` are available."""
    run("export", "contacts.jsonl", "--limit", "3", "--order-direction", "desc")
    lines = (tmp_path / "contacts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["phone"] for line in lines] == numbers[:-4:-1]


def test_as_json(numbers: list[str], run: Run) -> None:
    """`--json` writes a report."""
    report = json.loads(run("export", "contacts.csv", "--json").stdout)
    assert report == {"contacts": len(numbers), "path": "contacts.csv", "format": "csv"}


def test_quietly(numbers: list[str], run: Run) -> None:
    """There is no message, and no request to count contacts for a progress bar."""
    _ = numbers
    assert run("export", "contacts.csv", "--quiet").output == ""


def test_failed_export_leaves_no_file(numbers: list[str], run: Run, account: Sandbox, tmp_path: Path) -> None:
    """If the listing fails there is no file, and the exit code is 1."""
    _ = numbers
    account.faults.add(what="status", operation="list_contacts", status=401, times=99)
    assert (run("export", "contacts.csv").exit_code, list(tmp_path.glob("*.csv*"))) == (1, [])


@pytest.mark.parametrize("arguments", [["contacts.doc"], ["nowhere/contacts.csv"], ["c.csv", "--encoding", "klingon"]])
def test_file_that_cannot_be_written(numbers: list[str], run: Run, arguments: list[str]) -> None:
    """The message is one line, and not an internal error."""
    _ = numbers
    done = run("export", *arguments)
    assert (done.exit_code in {2, 3}, done.stderr.splitlines()[-1].startswith("Error: ")) == (True, True)


@pytest.mark.parametrize("command", ["export", "import"])
@pytest.mark.parametrize("encoding", ["rot13", "zlib", "undefined"])
def test_codec_that_is_not_for_text(tmp_path: Path, run: Run, command: str, encoding: str) -> None:
    """Python has codecs that are not for text; they are rejected like unknown ones."""
    (tmp_path / "contacts.csv").write_text("phone\n", encoding="utf-8")
    done = run(command, str(tmp_path / "contacts.csv"), "--encoding", encoding)
    output = (
        f"Error: Invalid value for '--encoding': '{encoding}' is not a text encoding, such as utf-8, utf-16 or cp1252."
    )
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (2, output)


@pytest.mark.parametrize(("form", "begins"), [("csv", "ph"), ("xlsx", "PK")])
def test_closed_pipe(account: Sandbox, form: str, begins: str) -> None:
    """`export - | head` prints no traceback in any format, and exits with 141 like other tools."""
    account.seed(3000)
    pipe = f"{COMMAND} export - --format {form} --quiet | head -c 2; printf '\\n%s' ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", pipe], capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert (done.stdout.splitlines(), done.stderr) == ([begins, "141"], "")


def test_sigterm(account: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM leaves no file, and the exit code is that of the signal in a shell."""
    _ = account
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        command = [COMMAND, "export", str(tmp_path / "contacts.csv"), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            files_before = len(list(tmp_path.iterdir()))
            process.send_signal(signal.SIGTERM)
            output = process.communicate(timeout=30)
    assert (files_before, process.returncode, output, list(tmp_path.iterdir())) == (1, 143, ("", ""), [])
