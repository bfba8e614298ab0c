"""The command group: help, import time, the list of commands, shell completion, and missing extras."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import click
import pytest
from sendblue_contacts_cli.app import COMMANDS, app
from sendblue_contacts_cli.exit_codes import EXIT_CODES

if TYPE_CHECKING:
    from tests.cli.command_line import Process, Run

NAMES = [
    *("list", "get", "create", "update", "delete", "count", "verify", "opt-out"),
    *("import", "export", "sandbox", "doctor", "completion"),
]
# Modules that are slow to import, or come with another extra.
SLOW_MODULES = (
    *("httpx", "rich", "starlette", "uvicorn", "jsonschema", "sqlite3", "sendblue_sandbox.factory", "attrs"),
    *("sendblue_contacts_api.client", "sendblue_contacts_api.models", "sendblue_contacts_api.types"),
)


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code as a process."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)


def get_command(name: str) -> click.Command:
    """Return a command."""
    found = app.get_command(click.Context(app), name)
    assert found
    return found


# --- help


def test_version(process: Process) -> None:
    """`--version` shows the version of the distribution."""
    assert process("--version").stdout == f"sendblue-contacts, version {version('sendblue-contacts')}\n"


def test_run_as_module() -> None:
    """`python -m sendblue_contacts_cli` runs the command."""
    command = [sys.executable, "-m", "sendblue_contacts_cli", "--version"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, f"sendblue-contacts, version {version('sendblue-contacts')}\n")


def test_help_lists_commands(process: Process) -> None:
    """`--help` of the installed command shows every command with the first line of its help."""
    done = process("--help")
    lines = [f"  {name:<12}{line}" for name, (_, line) in COMMANDS.items()]
    assert (done.returncode, done.stderr, [line for line in lines if line not in done.stdout]) == (0, "", [])


def test_commands_are_the_documented_ones() -> None:
    """There are no other commands: a change of this list is a change for users."""
    assert list(COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_summary_is_first_line_of_command_help(name: str) -> None:
    """`--help` shows the first line of the help of the command, which it does not load."""
    assert COMMANDS[name][1] == inspect.cleandoc(get_command(name).help or "").splitlines()[0]


@pytest.mark.parametrize("name", NAMES)
def test_command_has_its_name(name: str) -> None:
    """Each entry of the table leads to the command of this name."""
    assert get_command(name).name == name


@pytest.mark.parametrize("status", EXIT_CODES)
def test_help_explains_exit_codes(run: Run, status: int) -> None:
    """Every exit code is in `--help`."""
    assert f"  {status:>3}  {EXIT_CODES[status]}\n" in run("--help").stdout


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_eighty_columns(run: Run, name: str) -> None:
    """No line of any help is longer than 80 characters, including those that click does not wrap."""
    done = run(*filter(None, [name]), "--help")
    assert (done.exit_code, [line for line in done.stdout.splitlines() if len(line) > 80]) == (0, [])


@pytest.mark.parametrize("arguments", [[], *([name] for name in NAMES)], ids=["", *NAMES])
def test_help_loads_no_slow_module(arguments: list[str]) -> None:
    """No `--help` imports a slow module, such as httpx, rich or the generated models."""
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {SLOW_MODULES!r} if m in sys.modules]))"
    done = run_python(f"{code}; from sendblue_contacts_cli import main; main(sys.argv[1:])", *arguments, "--help")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")


def test_help_loads_no_command() -> None:
    """`--help` of the program imports no module of a command."""
    modules = sorted({f"sendblue_contacts_cli.commands.{place.partition(':')[0]}" for place, _ in COMMANDS.values()})
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {modules!r} if m in sys.modules]))"
    done = run_python(f"{code}; from sendblue_contacts_cli import main; main(['--help'])")
    assert (len(modules) > 5, done.stdout.splitlines()[-1]) == (True, "[]")


def test_output_to_a_pipe_does_not_need_rich(account: object) -> None:
    """A command that writes to a pipe does not import rich itself (httpx imports it if it is installed)."""
    _ = account
    code = "import sys; sys.modules['rich'] = None; from sendblue_contacts_cli import main; main(['count'])"
    assert run_python(code).stdout == "0\n"


# --- commands and options


@pytest.mark.parametrize("spelling", ["--phone-number", "--phone_number", "--phoneNumber"])
def test_options_in_every_spelling(account: object, run: Run, spelling: str) -> None:
    """An option can be spelled like a field as well."""
    _ = account
    assert run("count", spelling, "+14155551234").stdout == "0\n"


def test_unknown_command(run: Run) -> None:
    """An unknown command is a usage error."""
    done = run("lst")
    assert (done.exit_code, "lst" in done.stderr, done.stdout) == (2, True, "")


def test_unknown_option_suggests_a_similar_one(run: Run) -> None:
    """A misspelled option is a usage error with a suggestion."""
    done = run("create", "+14155551234", "--first-nam", "Ada")
    assert (done.exit_code, "--first-name" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["api-key", "api-secret", "key", "secret", "password", "token"])
@pytest.mark.parametrize("of", NAMES)
def test_no_option_takes_a_secret(of: str, name: str) -> None:
    """No command accepts a secret as an option: the process list would show it."""
    assert f"--{name}" not in {spelling for option in get_command(of).params for spelling in option.opts}


# --- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(run: Run, shell: str) -> None:
    """The script calls this command for completions."""
    done = run("completion", shell)
    assert (done.exit_code, f"_SENDBLUE_CONTACTS_COMPLETE={shell}_complete" in done.stdout) == (0, True)


def complete(words: str, place: int, monkeypatch: pytest.MonkeyPatch, process: Process) -> list[str]:
    """Return the completions at a position."""
    monkeypatch.setenv("_SENDBLUE_CONTACTS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(place))
    return [line.partition(",")[2] for line in process().stdout.splitlines()]


def test_commands_are_completed(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """The first letters of a command are completed."""
    assert complete("sendblue-contacts co", 1, monkeypatch, process) == ["count", "completion"]


def test_fields_are_completed(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """The first letters of a field option are completed."""
    assert complete("sendblue-contacts create --fi", 2, monkeypatch, process) == ["--first-name"]


def test_profiles_are_completed(no_settings: object, monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """The names of profiles come from the configuration file."""
    from pathlib import Path  # noqa: PLC0415  # used by this test only

    file = Path(str(no_settings))
    file.parent.mkdir()
    file.write_text('[work]\napi_key = "k"\n[wide]\n[home]\n')
    file.chmod(0o600)
    assert complete("sendblue-contacts count --profile w", 3, monkeypatch, process) == ["work", "wide"]


# --- missing extras


def run_without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without an installed module."""
    code = f"import sys; sys.modules[{module!r}] = None; from sendblue_contacts_cli import main; main(sys.argv[1:])"
    return run_python(code, *arguments)


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("click", ["--help"], "cli"),
        ("starlette", ["sandbox"], "sandbox"),
        ("uvicorn", ["sandbox"], "sandbox"),
        ("platformdirs", ["count"], "cli"),
    ],
)
def test_missing_extra_is_one_line(
    no_settings: object, monkeypatch: pytest.MonkeyPatch, module: str, arguments: list[str], extra: str
) -> None:
    """The message names the missing package and how to install it; the exit code is 2."""
    _ = no_settings
    monkeypatch.delenv("SENDBLUE_CONFIG")
    done = run_without(module, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert module in done.stderr
    assert f'pip install "sendblue-contacts[{extra}]"' in done.stderr
