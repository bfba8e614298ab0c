"""The documentation shows what happens: each command of a page is typed, in order, and shows what the page says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts_cli.app import COMMANDS
from sendblue_sandbox import Sandbox

from tests.docs.blocks import ADDRESS, PAGES, blocks, lay_out
from tests.docs.terminal import Command, Terminal, commands

if TYPE_CHECKING:
    from pathlib import Path

# The sandbox is a thread of this process; the child runs another program at once.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

VARYING = {
    r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d(:\d\d)?(\.\d+)?": r"DATE\1TIME",
    r"\b\d\d:\d\d:\d\d\b": "TIME",
    r"\bin [\d.]+ (ms|s)\b": r"in SOME \1",
    r"\b(Python|sendblue-contacts|httpx) \d+(\.\d+)+\w*": r"\1 VERSION",
    r"http://127\.0\.0\.1:\d+": ADDRESS,
    r"\^C\n?": "^C\n",  # what comes next is on the same line where the cursor cannot move
    r" +$": "",
    r"\A\n+|\n+\Z": "",  # a progress bar leaves an empty line where the cursor cannot move
}
"""What differs from run to run, or from terminal to terminal, and what it is taken for."""
SHOWN = [page for page in PAGES if blocks(page, "console")]


def settled(shown: str, home: Path | None = None) -> str:
    """What was shown, without what differs from run to run."""
    shown = shown.replace(str(home), "HOME") if home else shown
    for pattern, stands in VARYING.items():
        shown = re.sub(pattern, stands, shown, flags=re.MULTILINE)
    return shown


def on_page(page: str) -> list[Command]:
    """The commands of a page."""
    return [command for block in blocks(page, "console") for command in commands(block.code)]


@pytest.mark.parametrize("page", SHOWN)
def test_commands_show_what_the_page_says(page: str, tmp_path: Path) -> None:
    """In the order of the page, in one folder, on one sandbox that was empty."""
    with Sandbox(limit=None) as sandbox:
        lay_out(page, tmp_path, sandbox.url)
        terminal = Terminal(tmp_path, sandbox)
        shown = [(command.typed, settled(terminal.type(command), tmp_path)) for command in on_page(page)]
    assert shown == [(command.typed, settled(command.shown)) for command in on_page(page)]


def test_there_are_commands_to_type() -> None:
    """The guides to files and to the command line show real output."""
    assert {"guides/import.md", "guides/command-line.md"} <= set(SHOWN)


def test_the_command_line_is_shown_whole() -> None:
    """Each command is typed somewhere, but those that serve, or that only a shell reads."""
    typed = {word for page in SHOWN for command in on_page(page) for word in command.typed.split()}
    assert COMMANDS.keys() - typed == {"sandbox", "completion"}


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("created 2 contacts", "created 3 contacts"),
        ("exit status 1", "exit status 2"),
        ("rows imported in 3 s.", "rows rejected in 3 s."),
        ("a\nb", "a b"),
    ],
)
def test_a_difference_is_seen(shown: str, said: str) -> None:
    """Only what must differ is taken for the same."""
    assert settled(shown) != settled(said)


def test_a_block_without_a_command_is_refused() -> None:
    """It would be shown as typed, and never be."""
    with pytest.raises(ValueError, match="not with a command"):
        commands("3 contacts\n$ sendblue-contacts count\n")
