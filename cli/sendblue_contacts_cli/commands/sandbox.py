"""The command `sandbox`: runs the server of `sendblue_sandbox`, whose settings are its options."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from sendblue_contacts_cli.exit_codes import REJECTED, CommandError

SPELLINGS = ("both", "snake", "camel")
WINDOWS = ("log", "log_all", "fixed", "counters", "bucket")
RETRY_AFTER = ("seconds", "date", "none")
DEFAULT_PORT = 4010
MAX_PORT = 65_535
DEFAULT_LIMIT = 100


def _parse_limit(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "off":
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise click.BadParameter(f"{text!r} is not a positive whole number, or off.")
    return int(text)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, MAX_PORT),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port to listen on; 0 selects a free port.",
)
@click.option("--db", type=click.Path(dir_okay=False), help="File that stores the contacts.  [default: in memory]")
@click.option(
    "--spelling",
    type=click.Choice(SPELLINGS),
    default="both",
    show_default=True,
    help="Field names in responses: first_name, firstName or both.",
)
@click.option(
    "--limit",
    metavar="N|off",
    default=str(DEFAULT_LIMIT),
    show_default=True,
    callback=_parse_limit,
    help="Requests per API key in any 10 seconds.",
)
@click.option(
    "--window", type=click.Choice(WINDOWS), default="log", show_default=True, help="How requests are counted."
)
@click.option(
    "--retry-after",
    type=click.Choice(RETRY_AFTER),
    default="seconds",
    show_default=True,
    help="Form of the Retry-After header of a 429 response.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Number of contacts to start with.")
@click.pass_context
def sandbox(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Run a local sandbox of the Contacts API.

    It runs until Ctrl-C.
    """
    try:
        import_module("sendblue_sandbox").run(**options)
    except ImportError as error:
        raise CommandError(str(error)) from None
    except (OSError, ValueError) as error:
        click.echo(getattr(error, "strerror", None) or str(error), err=True)
        context.exit(REJECTED)
