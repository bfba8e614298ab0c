"""The command on a terminal: tables, questions, the progress bar and Ctrl-C."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pexpect
import pytest

from tests.cli.command_line import ADA, COMMAND, GRACE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sendblue_sandbox import Sandbox

    from tests.cli.command_line import Run

# The sandbox is a thread of this process. The fork is safe, because the child calls exec at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(Protocol):
    """The part of the interface of pexpect that these tests use."""

    exitstatus: int

    before: str

    def expect(self, pattern: object, timeout: float = 60) -> int:
        """Wait until one of the patterns appears."""
        ...

    def read(self) -> str:
        """Return all output until the command exits."""
        ...

    def send(self, text: str) -> int:
        """Type text."""
        ...

    def sendintr(self) -> None:
        """Press Ctrl-C."""
        ...

    def close(self) -> None:
        """Wait for the command to exit."""
        ...


@contextmanager
def terminal(*arguments: str, width: int = 80, **variables: str) -> Iterator[Terminal]:
    """Run the command on a terminal."""
    variables = {**os.environ, "TERM": "xterm-256color", **variables}
    settings = {"dimensions": (24, width), "env": variables, "encoding": "utf-8", "timeout": 60}
    child: Terminal = pexpect.spawn(COMMAND, list(arguments), **settings)  # type: ignore[arg-type, assignment]  # incomplete stubs
    try:
        yield child
    finally:
        child.close()


def output_of(*arguments: str, width: int = 80, **variables: str) -> str:
    """Return all output of the command."""
    with terminal(*arguments, width=width, **variables) as child:
        return child.read()


def plain_lines(text: str) -> list[str]:
    """Return the lines without escape sequences."""
    return ESCAPE.sub("", text).splitlines()


@pytest.fixture
def long_contact(account: Sandbox, run: Run) -> Sandbox:
    """A sandbox that has a contact with long values."""
    account.seed(30)
    names = ("--first-name", "Bartholomew Maximilian", "--last-name", "Featherstonehaugh-Cholmondeley")
    run("create", ADA, *names, "--tag", "x" * 50, "--var", f"Lead Source={'y' * 90}")
    return account


# --- tables


@pytest.mark.parametrize(("width", "titles"), [(80, 5), (120, 7), (200, 8)])
def test_table_fits_terminal(long_contact: Sandbox, width: int, titles: int) -> None:
    """No line is longer than the terminal is wide, and a wider terminal shows more columns."""
    _ = long_contact
    lines = plain_lines(output_of("list", width=width))
    assert (len(re.split(r"\s{2,}", lines[0].strip())), lines[1].strip("─ "), len(lines)) == (titles, "", 34)
    assert max(map(len, lines)) <= width


def test_long_cell_is_truncated(long_contact: Sandbox) -> None:
    """A long cell ends with an ellipsis; phone numbers and times are complete."""
    _ = long_contact
    (row,) = (line for line in plain_lines(output_of("list")) if line.startswith(ADA))
    assert (row.count("…"), "Bartholomew" in row, bool(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d$", row.strip()))) == (
        2,
        True,
        True,
    )


def test_number_of_contacts(long_contact: Sandbox) -> None:
    """The number of contacts is below the table."""
    _ = long_contact
    assert plain_lines(output_of("list"))[-1] == "31 contacts"


def test_long_value_is_wrapped(long_contact: Sandbox) -> None:
    """A long value of a single contact is wrapped, not truncated."""
    _ = long_contact
    text = "".join(plain_lines(output_of("get", ADA)))
    assert re.sub(r"\s", "", text).count("y" * 90) == 1


def test_colours(account: Sandbox) -> None:
    """A terminal shows colours if it supports them."""
    account.seed(1)
    found = [ESCAPE.search(output_of("list", TERM=kind)) is not None for kind in ("xterm-256color", "dumb")]
    assert found == [True, False]


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_no_color(account: Sandbox, command: str) -> None:
    """NO_COLOR turns colours off."""
    account.seed(1)
    colours = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
    assert colours.search(output_of(command, NO_COLOR="1")) is None


def test_control_sequence_in_a_name(account: Sandbox, run: Run) -> None:
    """A control sequence in a name does not reach the terminal."""
    _ = account
    run("create", ADA, "--first-name", "\x1b]0;title\x07Ada")
    assert "\x1b]0;" not in output_of("list") + output_of("get", ADA)


def test_long_message_is_wrapped(account: Sandbox) -> None:
    """An error message is wrapped between words."""
    _ = account
    lines = plain_lines(output_of("get", "12", width=40))
    assert (len(lines) > 1, max(map(len, lines)) <= 40, lines[0].startswith("Error: phone_number")) == (
        True,
        True,
        True,
    )


# --- questions


def test_confirm_deletion(account: Sandbox, run: Run) -> None:
    """The question has the number of contacts, and `y` deletes them."""
    run("create", ADA)
    run("create", GRACE)
    with terminal("delete", ADA, GRACE) as child:
        child.expect(r"Delete 2 contacts\? This cannot be undone\. \[y/N\]")
        child.send("y\n")
        assert "Deleted 2 of 2 contacts." in child.read()
    assert (child.exitstatus, account.contacts()) == (0, [])


@pytest.mark.parametrize("answer", ["n", ""])
def test_decline_deletion(account: Sandbox, run: Run, answer: str) -> None:
    """Any other input deletes nothing, and the exit code is not 0."""
    run("create", ADA)
    with terminal("delete", ADA) as child:
        child.expect(r"\[y/N\]: ")
        child.send(f"{answer}\n")
        assert "Nothing was deleted." in child.read()
    assert (child.exitstatus, len(account.contacts())) == (1, 1)


def test_ctrl_c_at_the_question(account: Sandbox, run: Run) -> None:
    """Ctrl-C deletes nothing and prints one line."""
    run("create", ADA)
    with terminal("delete", ADA) as child:
        child.expect(r"\[y/N\]: ")
        child.sendintr()
        # A Ctrl-C between the question and the call that reads the answer can be lost.
        while child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1):
            child.sendintr()
    assert (child.exitstatus, child.before.split()[-1], len(account.contacts())) == (130, "Interrupted.", 1)


# --- an import


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with twenty contacts."""
    path = tmp_path / "contacts.csv"
    path.write_text("phone\n" + "".join(f"+141555501{number:02}\n" for number in range(20)))
    return path


def test_progress_bar_of_import(account: Sandbox, file: Path) -> None:
    """The bar shows the progress of the import; then the summary replaces it."""
    output = output_of("import", str(file))
    assert ("━" in output, "20 of 20 rows" in output, len(account.contacts())) == (True, True, 20)
    assert "20 of 20 rows imported (20 created)" in re.sub(r"\s+", " ", output)


def test_progress_bar_of_export(account: Sandbox, tmp_path: Path) -> None:
    """The bar of an export shows the total number of contacts."""
    account.seed(150)
    assert " of 150 contacts" in output_of("export", str(tmp_path / "contacts.csv"))


def test_ctrl_c_and_resume(account: Sandbox, tmp_path: Path) -> None:
    """Ctrl-C is exit code 3 and prints the command that resumes the import, which sends no contact twice."""
    many = tmp_path / "many.csv"
    many.write_text("phone\n" + "".join(f"+1415555{number:04}\n" for number in range(300)))
    account.faults.add(what="delay", operation="bulk_create_contacts", delay=0.1)
    options = ("--chunk-size", "20", "--concurrency", "1")
    with terminal("import", str(many), *options, width=200) as child:
        child.expect("Sending .* [1-9][0-9]* of 300 rows")
        child.sendintr()
        output = plain_lines(child.read())
    assert (child.exitstatus, output[-1]) == (3, f"    sendblue-contacts import {many} {' '.join(options)}")
    account.faults.clear()
    assert "300 of 300 rows imported" in re.sub(r"\s+", " ", output_of("import", str(many)))
    sent = [request for request in account.requests if request.path.endswith("/bulk")]
    assert (len(account.contacts()), b"".join(request.body for request in sent).count(b'"phone"')) == (300, 300)


def test_command_is_installed() -> None:
    """These tests run the installed command."""
    assert shutil.which(COMMAND)
