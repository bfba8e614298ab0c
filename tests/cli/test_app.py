"""The program as a whole: its help, what loading it costs, its commands, and what is missing without extras."""

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
# Modules that are slow to import or come with another extra.
HEAVY = (
    *("httpx", "rich", "starlette", "uvicorn", "jsonschema", "sqlite3", "sendblue_sandbox.factory", "attrs"),
    *("sendblue_contacts_api.client", "sendblue_contacts_api.models", "sendblue_contacts_api.types"),
)


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a process of their own."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=30, check=False)


def command(name: str) -> click.Command:
    """The command with this name."""
    found = app.get_command(click.Context(app), name)
    assert found
    return found


# --- help


def test_version(process: Process) -> None:
    """`--version` is that of the distribution."""
    assert process("--version").stdout == f"sendblue-contacts, version {version('sendblue-contacts')}\n"


def test_help_names_the_commands(process: Process) -> None:
    """`--help` of the installed command shows every command with its first line, and nothing goes wrong."""
    done = process("--help")
    lines = [f"  {name:<12}{line}" for name, (_, line) in COMMANDS.items()]
    assert (done.returncode, done.stderr, [line for line in lines if line not in done.stdout]) == (0, "", [])


def test_the_commands_are_the_documented_ones() -> None:
    """These commands and no others; a change of this list is a change for users."""
    assert list(COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_is_that_of_the_command(name: str) -> None:
    """What `--help` says of a command without loading it is the first line of its own help."""
    assert COMMANDS[name][1] == inspect.cleandoc(command(name).help or "").splitlines()[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_is_called_as_it_is_named(name: str) -> None:
    """Each line of the table leads to the command of this name."""
    assert command(name).name == name


@pytest.mark.parametrize("status", EXIT_CODES)
def test_help_explains_the_exit_statuses(run: Run, status: int) -> None:
    """Every exit status stands in `--help`."""
    assert f"  {status:>3}  {EXIT_CODES[status]}\n" in run("--help").stdout


@pytest.mark.parametrize("name", ["", *NAMES])
def test_help_fits_a_terminal_of_eighty_columns(run: Run, name: str) -> None:
    """No line of any help is longer than 80 letters, those that click leaves as they are included."""
    done = run(*filter(None, [name]), "--help")
    assert (done.exit_code, [line for line in done.stdout.splitlines() if len(line) > 80]) == (0, [])


@pytest.mark.parametrize("arguments", [[], *([name] for name in NAMES)], ids=["", *NAMES])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """No `--help` imports anything slow: neither httpx nor rich nor the generated code."""
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {HEAVY!r} if m in sys.modules]))"
    done = python(f"{code}; from sendblue_contacts_cli import main; main(sys.argv[1:])", *arguments, "--help")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]")


def test_help_loads_no_command() -> None:
    """`--help` of the program imports no module of a command."""
    modules = sorted({f"sendblue_contacts_cli.commands.{place.partition(':')[0]}" for place, _ in COMMANDS.values()})
    code = f"import atexit, sys; atexit.register(lambda: print([m for m in {modules!r} if m in sys.modules]))"
    done = python(f"{code}; from sendblue_contacts_cli import main; main(['--help'])")
    assert (len(modules) > 5, done.stdout.splitlines()[-1]) == (True, "[]")


def test_reading_does_not_wait_for_rich(account: object) -> None:
    """A command that writes into a pipe asks rich for nothing of its own (httpx loads what it finds installed)."""
    _ = account
    code = "import sys; sys.modules['rich'] = None; from sendblue_contacts_cli import main; main(['count'])"
    assert python(code).stdout == "0\n"


# --- how things are typed


@pytest.mark.parametrize("spelling", ["--phone-number", "--phone_number", "--phoneNumber"])
def test_options_in_every_spelling(account: object, run: Run, spelling: str) -> None:
    """An option is known in the spellings of fields, too."""
    _ = account
    assert run("count", spelling, "+14155551234").stdout == "0\n"


def test_an_unknown_command(run: Run) -> None:
    """A command that is not there is a usage error."""
    done = run("lst")
    assert (done.exit_code, "lst" in done.stderr, done.stdout) == (2, True, "")


def test_an_unknown_option_names_a_near_one(run: Run) -> None:
    """A typing mistake is a usage error with a proposal."""
    done = run("create", "+14155551234", "--first-nam", "Ada")
    assert (done.exit_code, "--first-name" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["api-key", "api-secret", "key", "secret", "password", "token"])
@pytest.mark.parametrize("of", NAMES)
def test_no_secret_is_an_argument(of: str, name: str) -> None:
    """No command takes a secret as an option: the list of processes would show it."""
    assert f"--{name}" not in {each for option in command(of).params for each in option.opts}


# --- completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_a_shell(run: Run, shell: str) -> None:
    """The script asks this command for what fits."""
    done = run("completion", shell)
    assert (done.exit_code, f"_SENDBLUE_CONTACTS_COMPLETE={shell}_complete" in done.stdout) == (0, True)


def complete(words: str, place: int, monkeypatch: pytest.MonkeyPatch, process: Process) -> list[str]:
    """What a shell is offered at this place."""
    monkeypatch.setenv("_SENDBLUE_CONTACTS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(place))
    return [line.partition(",")[2] for line in process().stdout.splitlines()]


def test_commands_are_completed(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """The beginning of a command is enough."""
    assert complete("sendblue-contacts co", 1, monkeypatch, process) == ["count", "completion"]


def test_fields_are_completed(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """So is the beginning of a field."""
    assert complete("sendblue-contacts create --fi", 2, monkeypatch, process) == ["--first-name"]


def test_profiles_are_completed(nothing_set: object, monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """The names of profiles come from the settings file."""
    from pathlib import Path  # noqa: PLC0415 - for this test alone

    file = Path(str(nothing_set))
    file.parent.mkdir()
    file.write_text('[work]\napi_key = "k"\n[wide]\n[home]\n')
    file.chmod(0o600)
    assert complete("sendblue-contacts count --profile w", 3, monkeypatch, process) == ["work", "wide"]


# --- what is not installed


def without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command where a module is not installed."""
    code = f"import sys; sys.modules[{module!r}] = None; from sendblue_contacts_cli import main; main(sys.argv[1:])"
    return python(code, *arguments)


@pytest.mark.parametrize(
    ("module", "arguments", "extra"),
    [
        ("click", ["--help"], "cli"),
        ("starlette", ["sandbox"], "sandbox"),
        ("uvicorn", ["sandbox"], "sandbox"),
        ("platformdirs", ["count"], "cli"),
    ],
)
def test_a_missing_extra_is_one_sentence(
    nothing_set: object, monkeypatch: pytest.MonkeyPatch, module: str, arguments: list[str], extra: str
) -> None:
    """It says what is missing and how to install it, with exit status 2."""
    _ = nothing_set
    monkeypatch.delenv("SENDBLUE_CONFIG")
    done = without(module, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert module in done.stderr
    assert f'pip install "sendblue-contacts[{extra}]"' in done.stderr
