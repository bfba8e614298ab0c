"""The installed command as a process: what it loads, missing extras, and closed streams."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from sendblue_contacts_cli.app import COMMANDS
from sendblue_sandbox import Sandbox

from tests.cli.command_line import ADA, COMMAND, Process

VERSION = f"sendblue-contacts, version {version('sendblue-contacts')}\n"
# Modules that are slow to import, or come with another extra.
SLOW_MODULES = (
    *("httpx", "rich", "starlette", "uvicorn", "jsonschema", "sqlite3", "sendblue_sandbox.factory", "attrs"),
    *("sendblue_contacts_api.client", "sendblue_contacts_api.models", "sendblue_contacts_api.types"),
)
MODULES = sorted({f"sendblue_contacts_cli.commands.{place.partition(':')[0]}" for place, _ in COMMANDS.values()})
# Runs the command, and prints which of the modules in its first argument are loaded at the end.
LOADED = """
import atexit, sys
names = sys.argv[1].split()
atexit.register(lambda: print([name for name in names if name in sys.modules]))
from sendblue_contacts_cli import main
main(sys.argv[2:])
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as a process."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)


def test_version(process: Process) -> None:
    """The installed command and `python -m sendblue_contacts_cli` are the same."""
    for command in ([COMMAND], [sys.executable, "-m", "sendblue_contacts_cli"]):
        assert process("--version", command=command).stdout == VERSION


def test_messages_and_data_are_in_order(process: Process) -> None:
    """If both streams are one pipe, a message stands after the data that was written before it."""
    done = process("import", "-", "--dry-run", input=f"phone\n{ADA}\n", merged=True)
    assert done.stdout.splitlines()[-2:] == [ADA, "Nothing was sent."]


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)], ids=["", *COMMANDS])
def test_help_loads_no_slow_module(arguments: list[str]) -> None:
    """No `--help` imports a slow module, such as httpx, and that of the program imports no module of a command."""
    unwanted = SLOW_MODULES if arguments else (*SLOW_MODULES, *MODULES)
    done = python(LOADED, " ".join(unwanted), *arguments, "--help")
    assert (done.returncode, done.stdout.splitlines()[-1], len(MODULES) > 5) == (0, "[]", True)


def test_output_to_a_pipe_does_not_need_rich(account: Sandbox) -> None:
    """A command that writes to a pipe does not import rich itself (httpx imports it if it is installed)."""
    _ = account
    code = "import sys; sys.modules['rich'] = None; from sendblue_contacts_cli import main; main(['count'])"
    assert python(code).stdout == "0\n"


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [("click", "--help", "cli"), ("starlette", "sandbox", "sandbox"), ("platformdirs", "count", "cli")],
)
def test_missing_extra_is_one_line(
    no_settings: Path, monkeypatch: pytest.MonkeyPatch, module: str, arguments: str, extra: str
) -> None:
    """The message names the missing package and how to install it; the exit code is 2."""
    _ = no_settings
    monkeypatch.delenv("SENDBLUE_CONFIG")
    code = f"import sys; sys.modules[{module!r}] = None; from sendblue_contacts_cli import main; main(sys.argv[1:])"
    done = python(code, arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert module in done.stderr
    assert f'pip install "sendblue-contacts[{extra}]"' in done.stderr


@pytest.mark.parametrize("command", ["count", "list", "doctor"])
def test_closed_pipe(account: Sandbox, command: str) -> None:
    """If no process reads the output, even the last line of it, the exit code is 141 and there is no message."""
    account.seed(3)
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as closed:  # noqa: PTH123 - a pipe has no path
        done = subprocess.run([COMMAND, command], stdout=closed, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(("option", "number", "requests"), [("--json", 2500, 1), ("--quiet", 9000, None)])
def test_closed_pipe_stops_listing(account: Sandbox, option: str, number: int, requests: int | None) -> None:
    """`list | head -1` exits with 141 like other tools, without a message, after one page of long lines."""
    account.seed(number)
    pipe = f"{COMMAND} list {option} | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["/bin/bash", "-c", pipe], capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert (done.stdout.splitlines()[1:], done.stderr) == (["141"], "")
    assert requests in {None, len(account.requests)}


@pytest.mark.parametrize(
    ("closed", "output"),
    [
        (">&-", "Error: standard output is closed, so nothing was done; redirect it to /dev/null to discard it\n"),
        ("2>&-", ""),
    ],
)
def test_closed_standard_stream(no_settings: Path, closed: str, output: str) -> None:
    """Closed standard output is one message; closed standard error keeps the exit code."""
    _ = no_settings
    command = ["/bin/sh", "-c", f"exec {COMMAND} count {closed}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", output)
