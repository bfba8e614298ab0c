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

    @click.command()
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    @click.option(
        "--port",
        type=click.IntRange(0, HIGHEST_PORT),
        default=PORT,
        show_default=True,
        help="Port to listen on; 0 takes a free one.",
    )
    @click.option("--db", type=click.Path(dir_okay=False), help="File to keep contacts in.  [default: in memory]")
    @click.option(
        "--spelling",
        type=click.Choice(SPELLINGS),
        default="both",
        show_default=True,
        help="Names of fields in answers: first_name, firstName or both.",
    )
    @click.option(
        "--limit",
        metavar="N|off",
        default=str(REQUESTS),
        show_default=True,
        callback=_limit,
        help="Requests that one API key may send in any 10 seconds.",
    )
    def sandbox(**options: Any) -> None:  # noqa: ANN401  # click has checked them
        """Serve the Contacts API on this machine, until Ctrl-C."""
        _serve(options)

    return sandbox


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
