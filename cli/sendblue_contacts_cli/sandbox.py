"""`sandbox`: the server of the package `sendblue_sandbox`, whose settings are its options."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from .statuses import REFUSED, Refusal

SPELLINGS = ("both", "snake", "camel")
WINDOWS = ("log", "log_all", "fixed", "counters", "bucket")
RETRY_AFTER = ("seconds", "date", "none")
PORT = 4010
HIGHEST_PORT = 65_535
REQUESTS = 100


def _limit(_context: click.Context, _option: click.Parameter, text: str) -> int | None:
    if text == "off":
        return None
    if not (text.isascii() and text.isdigit() and int(text)):
        raise click.BadParameter(f"{text!r} is neither a whole number from 1 on nor off.")
    return int(text)


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
@click.option(
    "--window", type=click.Choice(WINDOWS), default="log", show_default=True, help="How requests are counted."
)
@click.option(
    "--retry-after",
    type=click.Choice(RETRY_AFTER),
    default="seconds",
    show_default=True,
    help="How a refused request is told when to come again.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Add so many contacts at the start.")
@click.pass_context
def sandbox(context: click.Context, /, **options: Any) -> None:  # noqa: ANN401  # click has checked them
    """Serve the Contacts API on this machine, until Ctrl-C."""
    try:
        import_module("sendblue_sandbox").run(**options)
    except ImportError as error:
        raise Refusal(str(error)) from None
    except (OSError, ValueError) as error:
        click.echo(getattr(error, "strerror", None) or str(error), err=True)
        context.exit(REFUSED)
