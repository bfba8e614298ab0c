"""How a command ends: an exit status, and one sentence on standard error that says what happened and what to do."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click
from sendblue_contacts import errors

from . import INSTALL
from .options import Chosen
from .output import complain
from .statuses import BUG, CLOSED, INTERRUPTED, REFUSED, STOPPED, USAGE

if TYPE_CHECKING:
    from collections.abc import Generator


class Ending(NamedTuple):
    """The exit status for a kind of error, and its sentence: `{error}` is the whole text, `{said}` the API's words."""

    status: int
    sentence: str = "{error}"


_CREDENTIALS = "{said}: check the key and the secret; `sendblue-contacts doctor` tells where they come from"
ENDINGS: dict[type[BaseException], Ending] = {
    errors.InvalidPhoneNumberError: Ending(USAGE),
    errors.CredentialsError: Ending(USAGE),
    errors.AuthenticationError: Ending(REFUSED, _CREDENTIALS),
    errors.PermissionDeniedError: Ending(REFUSED, f"{_CREDENTIALS}, and which host is asked"),
    errors.NotFoundError: Ending(REFUSED, "{said}: no contact has this number"),
    errors.ConflictError: Ending(
        REFUSED, "{said}: the number belongs to a contact, and `create --upsert` changes that one"
    ),
    errors.RateLimitError: Ending(REFUSED, "{said}: wait a little; is another program using the same account?"),
    errors.APITimeoutError: Ending(STOPPED, "no answer came in time: look whether it was carried out, then try again"),
    errors.APIConnectionError: Ending(STOPPED, "{error}; `sendblue-contacts doctor` tells what is wrong"),
    errors.RateLimitStoreError: Ending(STOPPED, "{error}; `sendblue-contacts doctor` tells what is wrong"),
    ValueError: Ending(USAGE),
    errors.SendblueError: Ending(REFUSED),
    ModuleNotFoundError: Ending(USAGE),
    OSError: Ending(STOPPED),
    KeyboardInterrupt: Ending(INTERRUPTED),
    click.Abort: Ending(INTERRUPTED),
}
"""The first that fits counts."""
_BUG = Ending(BUG, "a mistake in this program ({kind}: {error}); run it again with --debug, and report what it shows")


@contextmanager
def told(context: click.Context) -> Generator[None]:
    """End the command with one sentence if anything goes wrong inside; with --debug, show the traceback too."""
    try:
        yield
        sys.stdout.flush()  # now, where it can still be told
    except (click.ClickException, click.exceptions.Exit):
        raise
    except BrokenPipeError:
        leave_silently()
        context.exit(CLOSED)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # whatever it is, it ends in a sentence
        if context.ensure_object(Chosen).debug:
            traceback.print_exc()
        status, sentence = ending(error)
        if status == INTERRUPTED and sys.stderr.isatty():
            click.echo(err=True)  # beside ^C
        complain(sentence)
        context.exit(status)


def ending(error: BaseException) -> tuple[int, str]:
    """The exit status for an error, and its sentence."""
    found = next((ending for kind, ending in ENDINGS.items() if isinstance(error, kind)), _BUG)
    if found.status == INTERRUPTED:
        return found.status, "Stopped."
    text = found.sentence.format(error=_text(error), said=getattr(error, "message", ""), kind=type(error).__name__)
    return found.status, f"Error: {text}"


def _text(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return INSTALL.format(error.name)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)


def leave_silently() -> None:
    """Nobody reads standard output any more: what is still in its buffer goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
