"""The command `sendblue-contacts`: reads the command line and calls plain functions, which load what they need.

click comes with the extra `cli`, so nothing here imports it before `main` is called. Exit status: 0 done, 1 it did not
work, 2 it was called wrongly or an extra is missing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import click

INSTALL = 'The command line needs a package that is not installed ({}): pip install "sendblue-contacts[cli]"'
SPELLINGS = ("both", "snake", "camel")
WINDOWS = ("log", "log_all", "fixed", "counters", "bucket")
RETRY_AFTER = ("seconds", "date", "none")
PORT = 4010
HIGHEST_PORT = 65_535
REQUESTS = 100


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with its exit status.

    Args:
        arguments: The arguments; None takes those of this process.
    """
    try:
        program = _program()
    except ModuleNotFoundError as error:
        _end(INSTALL.format(error.name), 2)
    program(args=arguments, prog_name="sendblue-contacts")


def _end(sentence: str, status: int) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    sys.exit(status)


def _program() -> click.Group:
    import click  # noqa: PLC0415  # comes with the extra

    @click.group(context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(package_name="sendblue-contacts")
    def program() -> None:
        """Contacts of a Sendblue account, from the command line."""

    program.add_command(_sandbox())
    return program


def _sandbox() -> click.Command:
    import click  # noqa: PLC0415  # comes with the extra

    def sandbox(**options: Any) -> None:  # noqa: ANN401  # click has checked them
        """Serve the Contacts API on this machine, until Ctrl-C."""
        _serve(options)

    for name, settings in reversed(_sandbox_options().items()):
        shown: dict[str, Any] = {"show_default": "default" in settings, **settings}
        sandbox = click.option(name, **shown)(sandbox)
    return click.command()(sandbox)


def _sandbox_options() -> dict[str, dict[str, Any]]:
    """Each option of the sandbox and how click takes it."""
    from click import Choice, IntRange, Path  # noqa: PLC0415  # comes with the extra

    return {
        "--host": {"default": "127.0.0.1", "help": "Address to listen on."},
        "--port": {
            "type": IntRange(0, HIGHEST_PORT),
            "default": PORT,
            "help": "Port to listen on; 0 takes a free one.",
        },
        "--db": {"type": Path(dir_okay=False), "help": "File to keep contacts in.  [default: in memory]"},
        "--spelling": {
            "type": Choice(SPELLINGS),
            "default": "both",
            "help": "Names of fields in answers: first_name, firstName or both.",
        },
        "--limit": {
            "metavar": "N|off",
            "default": str(REQUESTS),
            "callback": _limit,
            "help": "Requests that one API key may send in any 10 seconds.",
        },
        "--window": {"type": Choice(WINDOWS), "default": "log", "help": "How requests are counted."},
        "--retry-after": {
            "type": Choice(RETRY_AFTER),
            "default": "seconds",
            "help": "How a refused request is told when to come again.",
        },
        "--seed": {"type": IntRange(0), "default": 0, "help": "Add so many contacts at the start."},
    }


def _limit(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    import click  # noqa: PLC0415  # comes with the extra

    if text == "off":
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise click.BadParameter(f"{text!r} is neither a whole number from 1 on nor off.")
    return int(text)


def _serve(options: dict[str, Any]) -> None:
    try:
        import_module("sendblue_sandbox").run(**options)
    except ImportError as error:
        _end(str(error), 2)
    except (OSError, ValueError) as error:
        _end(getattr(error, "strerror", None) or str(error), 1)
