"""A terminal of 80 columns, without colours and cursor moves, on which the commands of a page are typed one by one.

A command is a line that begins with `$ `, and lines that begin with `> ` go on with it. All else is what it shows. An
answer to a question stands behind the question, and Ctrl-C is pressed where the page shows `^C`.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sendblue_sandbox import Sandbox

COLUMNS = 80
GLANCE, GLANCES = 0.05, 1200
REQUESTS_BEFORE_CTRL_C = 1
_QUESTION = re.compile(r"\[y/N\]: ")
_LINE_END = re.compile(r"\r+\n")  # a terminal adds a carriage return to the one that files of CSV have already
_ASKED, _ENDED = 0, 1


@dataclass
class Command:
    """A command of a page: what is typed, and what the page says that it shows."""

    typed: str
    shown: str = ""

    @property
    def answer(self) -> str:
        """What is answered if it asks."""
        return _QUESTION.split(self.shown)[-1].partition("\n")[0]


def commands(code: str) -> list[Command]:
    """The commands of a block.

    Raises:
        ValueError: It begins with something else.
    """
    found: list[Command] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif not found:
            raise ValueError(f"the block begins with {line!r}, and not with a command")
        elif line.startswith("> "):
            found[-1].typed += f"\n{line[2:]}"
        else:
            found[-1].shown += f"{line}\n"
    return found


class Terminal:
    """A terminal whose environment names a sandbox, and nothing else of Sendblue's.

    Args:
        home: The folder in which commands run; the home of the person too.
        sandbox: The sandbox.
    """

    def __init__(self, home: Path, sandbox: Sandbox) -> None:
        self._home = home
        self._sandbox = sandbox
        self._status = 0

    def type(self, command: Command) -> str:
        """Run a command to its end; returns what it showed.

        Raises:
            TimeoutError: It comes to no end.
        """
        shell: Any = pexpect.spawn("bash", ["-c", f"(exit {self._status}); {command.typed}"], **self._settings())
        shown = "".join(self._seen(shell, command))
        shell.close()
        self._status = shell.exitstatus
        return _LINE_END.sub("\n", shown)

    def _seen(self, shell: Any, command: Command) -> Iterator[str]:  # noqa: ANN401  # pexpect has no types
        enough = len(self._sandbox.requests) + REQUESTS_BEFORE_CTRL_C
        interrupts = "^C" in command.shown
        for _ in range(GLANCES):
            event = shell.expect([_QUESTION, pexpect.EOF, pexpect.TIMEOUT])
            if event == _ASKED:
                yield shell.before + shell.after
                shell.sendline(command.answer)
            elif event == _ENDED:
                yield shell.before
                return
            elif interrupts and len(self._sandbox.requests) >= enough:
                shell.sendintr()
                interrupts = False
        raise TimeoutError(f"`{command.typed}` comes to no end; it shows: {shell.before}")

    def _settings(self) -> dict[str, Any]:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "SENDBLUE_API_API_KEY": "key",
            "SENDBLUE_API_API_SECRET": "secret",
            "SENDBLUE_API_BASE_URL": self._sandbox.url,
        }
        size = {"dimensions": (24, COLUMNS), "encoding": "utf-8", "timeout": GLANCE}
        return {**size, "env": environment, "cwd": str(self._home)}
