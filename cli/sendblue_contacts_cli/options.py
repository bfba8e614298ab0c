"""The options that many commands have, and what was chosen with them. They stand before the command's name or after."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass
class Chosen:
    """What holds for the whole run.

    Attributes:
        profile: The profile to take the account from, if one is named.
        debug: Whether to show each request, and the traceback of an error.
        json: Whether to write JSON Lines.
        quiet: Whether to write numbers alone, and to talk of errors alone.
        typed: The command line after the program's name.
    """

    profile: str | None = None
    debug: bool = False
    json: bool = False
    quiet: bool = False
    typed: tuple[str, ...] = ()


def chosen() -> Chosen:
    """What was chosen for the command that runs now."""
    return click.get_current_context().ensure_object(Chosen)


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:  # noqa: ANN401  # of any option
    if value and option.name:
        setattr(context.ensure_object(Chosen), option.name, value)


@contextmanager
def requests_shown() -> Generator[None]:
    """Write a line for each request to standard error; the library masks what is personal or secret."""
    import logging  # noqa: PLC0415  # as slow as the rest of this room

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    log = logging.getLogger("sendblue_contacts")
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


def _keep_debug(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001  # as click calls
    _keep(context, option, value)
    if value:
        context.with_resource(requests_shown())


def _profiles(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    from .accounts import names  # noqa: PLC0415  # reads a file, for shells alone

    return [name for name in names() if name.startswith(incomplete)]


_PROFILE = click.option(
    "--profile",
    metavar="NAME",
    envvar="SENDBLUE_PROFILE",
    expose_value=False,
    callback=_keep,
    shell_complete=_profiles,
    help="Take the account from this section of the settings file.",
)
_DEBUG = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_keep_debug,
    help="Show each request, and tracebacks of errors.",
)
_JSON = click.option("--json", is_flag=True, expose_value=False, callback=_keep, help="Write JSON Lines.")
_QUIET = click.option(
    "-q", "--quiet", is_flag=True, expose_value=False, callback=_keep, help="Write only numbers, and errors."
)


def account_options(command: F) -> F:
    """Add `--profile` and `--debug`."""
    return _PROFILE(_DEBUG(command))


def all_options(command: F) -> F:
    """Add `--json`, `--quiet`, `--profile` and `--debug`."""
    return _JSON(_QUIET(account_options(command)))
