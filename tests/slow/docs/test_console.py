"""Console output in the documentation is real: the commands of a page run in order, and print what the page shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sendblue_contacts_cli.app import COMMANDS
from sendblue_sandbox import Sandbox

from tests.slow.docs.blocks import PAGES, SANDBOX_URL, blocks, write_titled_blocks
from tests.slow.docs.terminal import Command, Terminal, commands

# The sandbox is a thread of this process; the child process runs another program immediately.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

REPLACEMENTS = {
    r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?": r"DATE\1TIME",
    r"\b\d\d:\d\d:\d\d\b": "TIME",
    r"\bin [\d.]+ (ms|s)\b": r"in SOME \1",
    r"\b(Python|sendblue-contacts|httpx) \d+(\.\d+)+\w*": r"\1 VERSION",
    r"http://127\.0\.0\.1:\d+": SANDBOX_URL,
    r"\^C\n?": "^C\n",  # a terminal without cursor movement continues on the same line
    r" +$": "",
    r"\A\n+|\n+\Z": "",  # a progress bar leaves an empty line in a terminal without cursor movement
}
"""Patterns for output that differs between runs or terminals, with their replacements."""
CONSOLE_PAGES = [page for page in PAGES if blocks(page, "console")]


def normalized(output: str, home: Path | None = None) -> str:
    """Return the output without what differs between runs."""
    output = output.replace(str(home), "HOME") if home else output
    for pattern, replacement in REPLACEMENTS.items():
        output = re.sub(pattern, replacement, output, flags=re.MULTILINE)
    return output


def commands_of(page: str) -> list[Command]:
    """Return the commands of a page."""
    return [command for block in blocks(page, "console") for command in commands(block.code)]


@pytest.mark.parametrize("page", CONSOLE_PAGES)
def test_commands_print_the_output_on_the_page(page: str, tmp_path: Path) -> None:
    """The commands run in the order of the page, in one folder, against one sandbox that is empty at first."""
    with Sandbox(limit=None) as sandbox:
        write_titled_blocks(page, tmp_path, sandbox.url)
        terminal = Terminal(tmp_path, sandbox)
        actual = [(command.line, normalized(terminal.run(command), tmp_path)) for command in commands_of(page)]
    assert actual == [(command.line, normalized(command.output)) for command in commands_of(page)]


def test_every_command_is_shown() -> None:
    """Every command runs on some page, except the server and the completion script."""
    words = {word for page in CONSOLE_PAGES for command in commands_of(page) for word in command.line.split()}
    assert COMMANDS.keys() - words == {"sandbox", "completion"}


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("created 2 contacts", "created 3 contacts"),
        ("exit status 1", "exit status 2"),
        ("rows imported in 3 s.", "rows rejected in 3 s."),
        ("a\nb", "a b"),
    ],
)
def test_differences_are_found(actual: str, expected: str) -> None:
    """Normalization removes only what differs between runs."""
    assert normalized(actual) != normalized(expected)


def test_a_block_without_a_command_is_invalid() -> None:
    """A console block must begin with a command; otherwise its first lines would never be checked."""
    with pytest.raises(ValueError, match="instead of a command"):
        commands("3 contacts\n$ sendblue-contacts count\n")
