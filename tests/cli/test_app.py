"""The command group: help, the list of commands, options in every spelling, and shell completion."""

import inspect
from pathlib import Path

import click
import pytest
from sendblue_contacts_cli.app import COMMANDS, GROUPS, app
from sendblue_contacts_cli.exit_codes import EXIT_CODES

from tests.cli.command_line import Run

NAMES = [
    *("list", "get", "create", "update", "delete", "count", "verify", "opt-out"),
    *("import", "export", "sync", "undo", "sandbox", "doctor", "completion"),
]


def get_command(name: str) -> click.Command:
    """Return a command."""
    found = app.get_command(click.Context(app), name)
    assert found
    return found


def test_help_lists_commands(run: Run) -> None:
    """`--help` shows every command with the first line of its help, in groups, every exit code, and the documents."""
    done = run("--help")
    lines = [f"  {name:<12}{line}" for name, (_, line) in COMMANDS.items()] + [f"\n{group}:\n" for group in GROUPS]
    lines += ["docs/guides/command-line.md"]
    lines += [f"  {status:>3}  {meaning}\n" for status, meaning in EXIT_CODES.items()]
    assert (done.exit_code, done.stderr, [line for line in lines if line not in done.stdout]) == (0, "", [])


def test_table_of_commands() -> None:
    """There are no other commands, a change for users; the table has the first line of help of each command."""
    assert list(COMMANDS) == NAMES == [get_command(name).name for name in NAMES]
    assert [name for names in GROUPS.values() for name in names] == NAMES
    assert {name: line for name, (_, line) in COMMANDS.items()} == {
        name: inspect.cleandoc(get_command(name).help or "").splitlines()[0] for name in NAMES
    }


def test_help_fits_the_terminal(run: Run) -> None:
    """No line of any help is longer than 80 characters. Each has an example."""
    for arguments in ([], *([name] for name in NAMES)):
        done = run(*arguments, "--help")
        assert (done.exit_code, [line for line in done.stdout.splitlines() if len(line) > 80]) == (0, [])
        assert f"  sendblue-contacts {' '.join(arguments)}".rstrip() in done.stdout.partition("\n")[2]


def test_options_in_every_spelling(account: object, run: Run) -> None:
    """An option can be spelled like a field as well."""
    _ = account
    spellings = ("--phone-number", "--phone_number", "--phoneNumber")
    assert [run("count", spelling, "+14155551234").stdout for spelling in spellings] == ["0\n"] * 3


def test_usage_errors(run: Run) -> None:
    """An unknown command or option is a usage error; the message suggests a similar one, if there is one."""
    suggestions = {
        "lst": "No such command 'lst'. Did you mean 'list'?\n",
        "importt x.csv": "No such command 'importt'. Did you mean 'import'?\n",
        "rm +14155551234": "No such command 'rm'. Did you mean 'delete'?\n",
        "help": "No such command 'help'. Did you mean '--help'?\n",
        "xyzzy": "No such command 'xyzzy'.\n",
        "create +14155551234 --first-nam Ada": "'--first-name'",
    }
    for words, message in suggestions.items():
        done = run(*words.split())
        assert (words, done.exit_code, message in done.stderr, done.stdout) == (words, 2, True, "")


def test_no_option_takes_a_secret() -> None:
    """No command accepts a secret as an option: the process list would show it."""
    secrets = {f"--{name}" for name in ("api-key", "api-secret", "key", "secret", "password", "token")}
    spellings = {name: {text for option in get_command(name).params for text in option.opts} for name in NAMES}
    assert {name: secrets & found for name, found in spellings.items()} == {name: set() for name in NAMES}


def test_completion_script(run: Run) -> None:
    """The script of each shell calls this command for completions."""
    for shell in ("bash", "zsh", "fish"):
        done = run("completion", shell)
        assert (done.exit_code, f"_SENDBLUE_CONTACTS_COMPLETE={shell}_complete" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "completions"),
    [("co", ["count", "completion"]), ("create --va", ["--var"]), ("count --profile w", ["work", "wide"])],
)
def test_completions(no_settings: Path, run: Run, words: str, completions: list[str]) -> None:
    """Commands, options for fields, and the profiles in the configuration file are completed."""
    no_settings.parent.mkdir()
    no_settings.write_text('[work]\napi_key = "k"\n[wide]\n[home]\n')
    no_settings.chmod(0o600)
    variables = {"COMP_WORDS": f"sendblue-contacts {words}", "COMP_CWORD": str(len(words.split()))}
    done = run(env={"_SENDBLUE_CONTACTS_COMPLETE": "bash_complete", **variables})
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == completions
