"""A terminal of 80 columns, without colors and cursor movement, that runs the commands of a page one by one.

In a console block, a line that begins with `$ ` is a command, and lines that begin with `> ` continue it. All other
lines are its output. The answer to a prompt follows the prompt on the same line, and `^C` in the output means that
Ctrl-C is pressed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
from sendblue_sandbox import Sandbox

COLUMNS = 80
POLL_INTERVAL, MAX_POLLS = 0.05, 1200
REQUESTS_BEFORE_CTRL_C = 1
_PROMPT = re.compile(r"\[y/N\]: ")
_LINE_END = re.compile(r"\r+\n")  # a terminal adds a carriage return, also to the one that a line of CSV has already
_PROMPTED, _EXITED = 0, 1


@dataclass
class Command:
    """A command of a page, with the output that the page shows."""

    line: str
    output: str = ""

    @property
    def answer(self) -> str:
        """The answer to its prompt."""
        return _PROMPT.split(self.output)[-1].partition("\n")[0]


def commands(code: str) -> list[Command]:
    """Return the commands of a console block.

    Raises:
        ValueError: The block does not begin with a command.
    """
    found: list[Command] = []
    for line in code.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif not found:
            raise ValueError(f"the block begins with {line!r} instead of a command")
        elif line.startswith("> "):
            found[-1].line += f"\n{line[2:]}"
        else:
            found[-1].output += f"{line}\n"
    return found


class Terminal:
    """A terminal whose environment has the credentials and the URL of a sandbox, and no other settings of Sendblue.

    Args:
        home: The working directory, and the home directory of the user.
        sandbox: The sandbox.
    """

    def __init__(self, home: Path, sandbox: Sandbox) -> None:
        self._home = home
        self._sandbox = sandbox
        self._status = 0

    def run(self, command: Command) -> str:
        """Run a command until it exits, and return its output.

        Raises:
            TimeoutError: It did not exit within a minute.
        """
        shell: Any = pexpect.spawn("bash", ["-c", f"(exit {self._status}); {command.line}"], **self._spawn_options())
        output = "".join(self._output(shell, command))
        shell.close()
        self._status = shell.exitstatus
        return _LINE_END.sub("\n", output)

    def _output(self, shell: Any, command: Command) -> Iterator[str]:  # pexpect has no types
        enough = len(self._sandbox.requests) + REQUESTS_BEFORE_CTRL_C
        interrupt = "^C" in command.output
        for _ in range(MAX_POLLS):
            event = shell.expect([_PROMPT, pexpect.EOF, pexpect.TIMEOUT])
            if event == _PROMPTED:
                yield shell.before + shell.after
                shell.sendline(command.answer)
            elif event == _EXITED:
                yield shell.before
                return
            elif interrupt and len(self._sandbox.requests) >= enough:
                shell.sendintr()
                interrupt = False
        raise TimeoutError(f"`{command.line}` did not exit; its output so far: {shell.before}")

    def _spawn_options(self) -> dict[str, Any]:
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
        size = {"dimensions": (24, COLUMNS), "encoding": "utf-8", "timeout": POLL_INTERVAL}
        return {**size, "env": environment, "cwd": str(self._home)}
