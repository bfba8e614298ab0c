"""The options that all commands share, and the client settings that they select."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .profiles import ClientSettings

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass
class GlobalOptions:
    """The values of the global options.

    Attributes:
        profile: The profile to read the settings from, or None.
        debug: Whether to log each request, and to print the traceback of an error.
        json: Whether to write JSON Lines.
        quiet: Whether to print no messages except errors, and to write only phone numbers of contacts that are read.
        default_region: The region of --default-region, or None.
        arguments: The command line after the name of the program.
    """

    profile: str | None = None
    debug: bool = False
    json: bool = False
    quiet: bool = False
    default_region: str | None = None
    arguments: tuple[str, ...] = ()


def current_options() -> GlobalOptions:
    """Return the global options of the running command."""
    return click.get_current_context().ensure_object(GlobalOptions)


def current_settings() -> ClientSettings:
    """Return the client settings for the running command.

    Raises:
        CommandError: As for `profiles.load_settings`.
        ValueError: The region is not valid.
    """
    from sendblue_contacts.phone import check_region  # noqa: PLC0415  # not needed for `--help`

    from .profiles import load_settings  # noqa: PLC0415  # as above

    options = current_options()
    settings = load_settings(options.profile)
    if region := check_region(options.default_region):
        return replace(settings, values={**settings.values, "default_region": region})
    return settings


def default_region() -> str | None:
    """Return the region for phone numbers in national format. It needs no credentials.

    Raises:
        CommandError: The configuration file cannot be used.
    """
    from .profiles import find_settings  # noqa: PLC0415  # not needed for `--help`

    return find_settings(current_options().profile).values.get("default_region")


@contextmanager
def log_requests() -> Generator[None]:
    """Log each request to standard error, one line each. The client masks personal data and secrets."""
    import logging  # noqa: PLC0415  # as slow to load as the rest of this module

    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_flush_data)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logger = logging.getLogger("sendblue_contacts")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def _flush_data(_record: object) -> bool:
    """Flush the data before a log line, so that both are in order in a file of both streams."""
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    return True


def _store(context: click.Context, option: click.Parameter, value: Any) -> None:  # noqa: ANN401  # of any option
    if value and option.name:
        setattr(context.ensure_object(GlobalOptions), option.name, value)


def _store_debug(context: click.Context, option: click.Parameter, value: bool) -> None:  # noqa: FBT001  # as click calls
    _store(context, option, value)
    if value:
        context.with_resource(log_requests())


def _complete_profile(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    from .profiles import profile_names  # noqa: PLC0415  # not needed for `--help`

    return [name for name in profile_names() if name.startswith(incomplete)]


_REGION = click.option(
    "--default-region",
    metavar="REGION",
    expose_value=False,
    callback=_store,
    help="Region of numbers in national format, such as US.",
)
_PROFILE = click.option(
    "--profile",
    metavar="NAME",
    envvar="SENDBLUE_PROFILE",
    expose_value=False,
    callback=_store,
    shell_complete=_complete_profile,
    help="Profile of the configuration file to use.",
)
_DEBUG = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    callback=_store_debug,
    help="Log each request, and print the traceback of an error.",
)
_JSON = click.option("--json", is_flag=True, expose_value=False, callback=_store, help="Write JSON Lines.")
_QUIET = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_store,
    help="Print errors only; `list` and `get` write numbers.",
)


def region_option(command: F) -> F:
    """Add `--default-region`, for a command that takes phone numbers."""
    return _REGION(command)


def common_options(command: F) -> F:
    """Add `--json`, `--quiet`, `--profile` and `--debug`, which are also options of the program itself."""
    return _JSON(_QUIET(_PROFILE(_DEBUG(command))))
