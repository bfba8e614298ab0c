"""The exit codes. `error_messages` chooses the one of an error."""

from __future__ import annotations

import click

from . import INTERRUPTED, USAGE_ERROR

SUCCESS, REJECTED, STOPPED, DIFFERS, INTERNAL_ERROR, LOCKED, OUTPUT_CLOSED = 0, 1, 3, 4, 70, 75, 141

EXIT_CODES = {
    SUCCESS: "success",
    REJECTED: "rejected by the API (not found, already exists), or a failed check",
    USAGE_ERROR: "usage error, no credentials or invalid number; nothing was sent",
    STOPPED: "stopped early: no response, or an import or sync that can be resumed",
    DIFFERS: "the account differs from the file (`sync --dry-run --exit-code`)",
    INTERNAL_ERROR: "internal error; --debug shows the traceback",
    LOCKED: "another sync or import is at work; try again later",
    INTERRUPTED: "interrupted by Ctrl-C",
    OUTPUT_CLOSED: "the reader of the output has exited, as in `list | head`",
}
"""Each exit code and its meaning, as `--help` shows it."""


class CommandError(click.ClickException):
    """The command cannot run with these arguments and settings. Nothing was sent."""

    exit_code = USAGE_ERROR
