"""The command on a terminal: tables, colors, questions and progress bars. It runs in this process."""

import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from sendblue_contacts_cli.app import app
from sendblue_contacts_cli.tables import COLUMNS
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, GRACE, Run

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOR = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")


Terminal: TypeAlias = Callable[..., str]
"""Runs the command on a terminal after some text was typed, and returns all output."""


def read_to_end(descriptor: int) -> str:
    """Read until the terminal is closed."""
    received = b""
    try:
        while chunk := os.read(descriptor, 65_536):
            received += chunk
    except OSError:  # on Linux, the end
        pass
    return received.decode()


@pytest.fixture
def terminal(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Run the command in this process, with a pseudo-terminal as its standard streams."""
    _ = account

    def terminal(*arguments: str, width: int = 80, typed: str = "", term: str = "xterm-256color") -> str:
        screen, keyboard = os.openpty()
        with monkeypatch.context() as patch, ExitStack() as stack, ThreadPoolExecutor(1) as pool:
            stack.callback(os.close, screen)
            output = pool.submit(read_to_end, screen)
            with open(keyboard, "w", encoding="utf-8") as stdout, open(keyboard, closefd=False) as stdin:  # noqa: PTH123 - a terminal has no path
                for name, stream in {"stdin": stdin, "stdout": stdout, "stderr": stdout}.items():
                    patch.setattr(sys, name, stream)
                for name, value in {"TERM": term, "COLUMNS": str(width), "PAGER": "cat"}.items():
                    patch.setenv(name, value)
                os.write(screen, typed.encode())
                with pytest.raises(SystemExit) as ended:
                    app(args=list(arguments), prog_name="sendblue-contacts")
                stdout.write(f"exit code {ended.value.code or 0}\n")
            return output.result()

    return terminal


def plain_lines(text: str) -> list[str]:
    """Return the lines before the exit code, without escape sequences."""
    return ESCAPE.sub("", text).splitlines()[:-1]


@pytest.fixture
def long_contact(account: Sandbox, run: Run) -> None:
    """A contact with long values among others."""
    account.seed(30)
    names = ("--first-name", "Bartholomew Maximilian", "--last-name", "Featherstonehaugh-Cholmondeley")
    run("create", ADA, *names, "--tag", "x" * 50, "--var", f"Lead Source={'y' * 90}")


@pytest.mark.parametrize(("width", "titles"), [(80, 5), (120, 7), (200, len(COLUMNS))])
@pytest.mark.usefixtures("long_contact")
def test_table_fits_terminal(terminal: Terminal, width: int, titles: int) -> None:
    """No line is longer than the terminal is wide, and a wider one shows more columns; the last line is the number."""
    lines = plain_lines(terminal("list", width=width))
    assert (len(re.split(r"\s{2,}", lines[0].strip())), lines[1].strip("─ "), len(lines)) == (titles, "", 34)
    assert max(map(len, lines)) <= width
    assert lines[-1] == "31 contacts"
    assert plain_lines(terminal("list", "--limit", "12", width=width))[-1] == "first 12 contacts"


@pytest.mark.usefixtures("long_contact")
def test_long_values(terminal: Terminal) -> None:
    """A long cell of a table ends with an ellipsis; numbers, times, and the values of one contact are complete."""
    (row,) = (line for line in plain_lines(terminal("list")) if line.startswith(ADA))
    assert (row.count("…"), "Bartholomew" in row) == (2, True)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d$", row.strip())
    assert re.sub(r"\s", "", "".join(plain_lines(terminal("get", ADA)))).count("y" * 90) == 1


def test_colors(account: Sandbox, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal shows colors if it supports them and NO_COLOR is not set."""
    account.seed(1)
    assert [ESCAPE.search(terminal("list", term=term)) is None for term in ("xterm-256color", "dumb")] == [False, True]
    assert [COLOR.search(terminal(command)) is None for command in ("doctor", "--help")] == [False, False]
    monkeypatch.setenv("NO_COLOR", "1")
    assert [COLOR.search(terminal(command)) for command in ("list", "doctor", "--help")] == [None] * 3


def test_control_sequence_in_a_name(terminal: Terminal, run: Run) -> None:
    """A control sequence in a name does not reach the terminal, and is visible."""
    run("create", ADA, "--first-name", "\x1b]0;title\x07Ada")
    for output in (terminal("list"), terminal("get", ADA), terminal("delete", "--where", "name=", typed="n\n")):
        assert "\x1b]0;" not in output
    assert r"\x1b]0;title\x07Ada" in terminal("list")


def test_long_message_is_wrapped(terminal: Terminal) -> None:
    """An error message is wrapped between words; a wider terminal gets longer lines of help."""
    lines = plain_lines(terminal("get", "12", width=40))
    assert (len(lines) > 1, max(map(len, lines)) <= 40, lines[0][:19]) == (True, True, "Error: phone_number")
    assert 120 < max(map(len, plain_lines(terminal("sync", "--help", width=140)))) <= 140


def test_confirm_deletion(account: Sandbox, terminal: Terminal, run: Run) -> None:
    """The question has the number of contacts; only `y` deletes them, and the exit code of other input is 1."""
    for number in (ADA, GRACE):
        run("create", number)
    for typed, message, code, left in (
        ("n\n", "Nothing was deleted.", "1", 2),
        ("\n", "Nothing was deleted.", "1", 2),
        ("y\n", "Deleted 2 of 2 contacts.", "0", 0),
    ):
        output = terminal("delete", ADA, GRACE, typed=typed)
        assert "Delete 2 contacts? This cannot be undone. [y/N]" in output
        assert (message in output, output.split()[-1], len(account.contacts())) == (True, code, left)
    account.seed(5)
    asked = re.sub(r"\s+", " ", ESCAPE.sub("", terminal("delete", "--phone", "+1", typed="n\n", width=200)))
    assert re.search(r"Delete 5 contacts: [^?]+\), [^?]+\), [^?]+\) and 2 others\? This", asked)


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 1), ("n\n", 1, 2)])
def test_confirm_deletions_of_a_sync(
    account: Sandbox, terminal: Terminal, run: Run, tmp_path: Path, typed: str, code: int, left: int
) -> None:
    """The question follows the difference, and has the number of contacts and who the first ones are."""
    for number, name in ((ADA, "Ada"), (GRACE, "Grace")):
        run("create", number, "--first-name", name)
    file = tmp_path / "crm.csv"
    file.write_text(f"phone,first_name\n{ADA},Augusta\n", encoding="utf-8")
    options = ("--delete", "all", "--max-delete", "50%", "--state", str(tmp_path / "state"))
    output = terminal("sync", str(file), *options, typed=typed, width=200)
    changes = [line for line in output.splitlines() if re.match(r"\S*[~-] ", line)]
    assert [COLOR.match(line) is None for line in changes] == [False, False]
    lines = plain_lines(output)
    assert f"~ {ADA}  first_name: Ada → Augusta" in lines
    question = f"Delete 1 contact: Grace ({GRACE})? `undo` creates it again, with a new contact ID. [y/N]: "
    assert question in "".join(lines)
    assert (output.split()[-1], len(account.contacts())) == (str(code), left)
    fields = [line.split() for line in lines if line.startswith("first_name ")]
    assert fields == ([] if code else [["first_name", "0", "1", "0"]])


@pytest.mark.parametrize("width", [60, 140])
def test_progress_bars(account: Sandbox, terminal: Terminal, tmp_path: Path, width: int) -> None:
    """The bar of an import shows its rows in the whole width; the summary replaces it. An export shows all contacts."""
    file = tmp_path / "contacts.csv"
    file.write_text("phone\n" + "".join(f"+141555501{number:02}\n" for number in range(20)))
    output = terminal("import", str(file), width=width)
    bars = [line.rstrip() for line in ESCAPE.sub("", output).split("\r") if "━" in line]
    assert max(map(len, bars)) in {width - 1, width}
    assert all(bar.startswith(("Reading ", "Sending ")) for bar in bars)
    assert ("━" in output, "20 of 20 rows" in output, len(account.contacts())) == (True, True, 20)
    assert "20 of 20 rows imported (20 created)" in re.sub(r"\s+", " ", output)
    assert " of 20 contacts" in terminal("export", str(tmp_path / "exported.csv"), width=width)
