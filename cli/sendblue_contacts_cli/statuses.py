"""The exit statuses, and the refusal of a command that cannot work."""

from __future__ import annotations

import click

DONE, REFUSED, USAGE, STOPPED, BUG, INTERRUPTED, CLOSED = 0, 1, 2, 3, 70, 130, 141

STATUSES = {
    DONE: "done",
    REFUSED: "the API said no: not found, there already, rejected; doctor: a fault",
    USAGE: "called wrongly, no credentials, not a phone number: nothing was sent",
    STOPPED: "stopped early: no answer, or an import was interrupted and can go on",
    BUG: "a mistake in this program: --debug shows where",
    INTERRUPTED: "ended by Ctrl-C",
    CLOSED: "nobody reads the output any more, as in `list | head`",
}
"""Every exit status and what it means."""


class Refusal(click.ClickException):
    """The command was called in a way that cannot work. Nothing was sent."""

    exit_code = USAGE
