"""The command `sandbox`: runs the server of `sendblue_sandbox`, with the options in the table of that package."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING, Any

import click
from sendblue_sandbox.cli import OPTIONS, run

from sendblue_contacts_cli.context import current_options
from sendblue_contacts_cli.exit_codes import REJECTED, CommandError
from sendblue_contacts_cli.output import print_error

if TYPE_CHECKING:
    from sendblue_sandbox.cli import CommandOption


def _click_option(option: CommandOption) -> click.Option:
    def parse(_context: click.Context, _parameter: click.Parameter, text: str | None) -> object:
        try:
            return None if text is None else option.parse(text)
        except ArgumentTypeError as error:
            raise click.BadParameter(f"{error}.") from None

    return click.Option(
        [option.flag],
        type=_click_type(option),
        default=option.default,
        show_default=option.default is not None,
        metavar=option.metavar,
        help=option.help,
        callback=parse,
    )


def _click_type(option: CommandOption) -> click.Choice[str] | click.Path | click.ParamType[str]:
    if option.choices:
        return click.Choice(option.choices)
    return click.Path(dir_okay=False) if option.metavar == "FILE" else click.STRING


@click.command(params=[_click_option(option) for option in OPTIONS if not option.secret])
@click.pass_context
def sandbox(context: click.Context, /, *, request_log: bool, **options: Any) -> None:  # noqa: ANN401  # click has parsed them
    """Run a local sandbox of the Contacts API.

    It runs until Ctrl-C. Its page, at the printed address, shows contacts and requests, and has controls for faults,
    the clock and the limit. Each request is a line on standard error, except with --quiet.

    \b
    Examples:
      sendblue-contacts sandbox
      sendblue-contacts sandbox --port 4010 --db contacts.sqlite
    """  # noqa: D301  # click wants a real \b, and leaves the lines after it as they are
    try:
        run(request_log=request_log and not current_options().quiet, **options)
    except ImportError as error:
        raise CommandError(str(error)) from None
    except (OSError, ValueError) as error:
        print_error(getattr(error, "strerror", None) or str(error), "Error: ")
        context.exit(REJECTED)
