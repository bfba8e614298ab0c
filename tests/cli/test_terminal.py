"""What a person sees: the command on a real terminal of a given size, with its tables, questions, bar and Ctrl-C."""

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

# The sandbox is a thread of this process; the child runs another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(Protocol):
    """What pexpect gives, as far as it is used here."""

    exitstatus: int

    before: str

    def expect(self, pattern: object, timeout: float = 60) -> int:
        """Wait until one of these is seen."""
        ...

    def read(self) -> str:
        """Everything until the command ends."""
        ...

    def send(self, text: str) -> int:
        """Type this."""
        ...

    def sendintr(self) -> None:
        """Press Ctrl-C."""
        ...

    def close(self) -> None:
        """Wait for the end."""
        ...


@contextmanager
def terminal(*arguments: str, width: int = 80, **variables: str) -> Iterator[Terminal]:
    """The command on a terminal."""
    variables = {**os.environ, "TERM": "xterm-256color", **variables}
    settings = {"dimensions": (24, width), "env": variables, "encoding": "utf-8", "timeout": 60}
    child: Terminal = pexpect.spawn(COMMAND, list(arguments), **settings)  # type: ignore[arg-type, assignment]  # a stub
    try:
        yield child
    finally:
        child.close()


def shown(*arguments: str, width: int = 80, **variables: str) -> str:
    """Everything that the command shows."""
    with terminal(*arguments, width=width, **variables) as child:
        return child.read()


def plain(text: str) -> list[str]:
    """The lines without colours."""
    return ESCAPE.sub("", text).splitlines()


@pytest.fixture
def long(account: Sandbox, run: Run) -> Sandbox:
    """A sandbox with a contact that has much to show."""
    account.seed(30)
    names = ("--first-name", "Bartholomew Maximilian", "--last-name", "Featherstonehaugh-Cholmondeley")
    run("create", ADA, *names, "--tag", "x" * 50, "--var", f"Lead Source={'y' * 90}")
    return account


# --- tables


@pytest.mark.parametrize(("width", "titles"), [(80, 5), (120, 7), (200, 8)])
def test_a_table_fits_the_terminal(long: Sandbox, width: int, titles: int) -> None:
    """No line is wider than the terminal, none is broken, and a wider one has more columns."""
    _ = long
    lines = plain(shown("list", width=width))
    assert (len(re.split(r"\s{2,}", lines[0].strip())), lines[1].strip("─ "), len(lines)) == (titles, "", 34)
    assert max(map(len, lines)) <= width


def test_a_long_cell_is_cut(long: Sandbox) -> None:
    """It ends in an ellipsis, and numbers and moments are whole."""
    _ = long
    (row,) = (line for line in plain(shown("list")) if line.startswith(ADA))
    assert (row.count("…"), "Bartholomew" in row, bool(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d$", row.strip()))) == (
        2,
        True,
        True,
    )


def test_how_many_are_said(long: Sandbox) -> None:
    """Below the table, for a person."""
    _ = long
    assert plain(shown("list"))[-1] == "31 contacts"


def test_one_contact_in_full(long: Sandbox) -> None:
    """A long value goes on in the next line rather than to be cut."""
    _ = long
    text = "".join(plain(shown("get", ADA)))
    assert re.sub(r"\s", "", text).count("y" * 90) == 1


def test_colours(account: Sandbox) -> None:
    """A terminal gets some, unless it asks for none."""
    account.seed(1)
    found = [ESCAPE.search(shown("list", TERM=kind)) is not None for kind in ("xterm-256color", "dumb")]
    assert found == [True, False]


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_no_color(account: Sandbox, command: str) -> None:
    """NO_COLOR takes the colours away."""
    account.seed(1)
    colours = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
    assert colours.search(shown(command, NO_COLOR="1")) is None


def test_a_control_sequence_in_a_name(account: Sandbox, run: Run) -> None:
    """It does not reach the terminal."""
    _ = account
    run("create", ADA, "--first-name", "\x1b]0;title\x07Ada")
    assert "\x1b]0;" not in shown("list") + shown("get", ADA)


def test_a_long_sentence_is_broken_between_words(account: Sandbox) -> None:
    """An error fits into the terminal as well."""
    _ = account
    lines = plain(shown("get", "12", width=40))
    assert (len(lines) > 1, max(map(len, lines)) <= 40, lines[0].startswith("Error: phone_number")) == (
        True,
        True,
        True,
    )


# --- questions


def test_yes(account: Sandbox, run: Run) -> None:
    """The question has the number of contacts, and `y` deletes them."""
    run("create", ADA)
    run("create", GRACE)
    with terminal("delete", ADA, GRACE) as child:
        child.expect(r"Delete 2 contacts\? This cannot be undone\. \[y/N\]")
        child.send("y\n")
        assert "Deleted 2 of 2 contacts." in child.read()
    assert (child.exitstatus, account.contacts()) == (0, [])


@pytest.mark.parametrize("answer", ["n", ""])
def test_no(account: Sandbox, run: Run, answer: str) -> None:
    """Anything but yes deletes nothing, and what depends on it does not go on."""
    run("create", ADA)
    with terminal("delete", ADA) as child:
        child.expect(r"\[y/N\]: ")
        child.send(f"{answer}\n")
        assert "Nothing was deleted." in child.read()
    assert (child.exitstatus, len(account.contacts())) == (1, 1)


def test_ctrl_c_at_the_question(account: Sandbox, run: Run) -> None:
    """It deletes nothing and is one line."""
    run("create", ADA)
    with terminal("delete", ADA) as child:
        child.expect(r"\[y/N\]: ")
        child.sendintr()
        # Python does not notice a Ctrl-C between the question and its own waiting for the answer.
        while child.expect([pexpect.EOF, pexpect.TIMEOUT], timeout=1):
            child.sendintr()
    assert (child.exitstatus, child.before.split()[-1], len(account.contacts())) == (130, "Interrupted.", 1)


# --- an import


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of twenty contacts."""
    path = tmp_path / "contacts.csv"
    path.write_text("phone\n" + "".join(f"+141555501{number:02}\n" for number in range(20)))
    return path


def test_a_bar(account: Sandbox, file: Path) -> None:
    """It shows how far the import is, and then gives way to the summary."""
    said = shown("import", str(file))
    assert ("━" in said, "20 of 20 rows" in said, len(account.contacts())) == (True, True, 20)
    assert "20 of 20 rows imported (20 created)" in re.sub(r"\s+", " ", said)


def test_a_bar_of_an_export(account: Sandbox, tmp_path: Path) -> None:
    """It knows how many contacts there are."""
    account.seed(150)
    assert " of 150 contacts" in shown("export", str(tmp_path / "contacts.csv"))


def test_ctrl_c_and_the_same_command_again(account: Sandbox, tmp_path: Path) -> None:
    """Ctrl-C is exit status 3 and names the command that goes on, which sends nothing a second time."""
    many = tmp_path / "many.csv"
    many.write_text("phone\n" + "".join(f"+1415555{number:04}\n" for number in range(300)))
    account.faults.add(what="delay", operation="bulk_create_contacts", delay=0.1)
    options = ("--chunk-size", "20", "--concurrency", "1")
    with terminal("import", str(many), *options, width=200) as child:
        child.expect("Sending .* [1-9][0-9]* of 300 rows")
        child.sendintr()
        said = plain(child.read())
    assert (child.exitstatus, said[-1]) == (3, f"    sendblue-contacts import {many} {' '.join(options)}")
    account.faults.clear()
    assert "300 of 300 rows imported" in re.sub(r"\s+", " ", shown("import", str(many)))
    sent = [request for request in account.requests if request.path.endswith("/bulk")]
    assert (len(account.contacts()), b"".join(each.body for each in sent).count(b'"phone"')) == (300, 300)


def test_the_terminal_program_is_there() -> None:
    """What these tests run is what is installed."""
    assert shutil.which(COMMAND)
