"""The exit code and the message of each kind of error. Loaded when a command fails: `--help` needs no errors."""

from __future__ import annotations

from typing import NamedTuple

import click
from sendblue_contacts import errors

from . import INSTALL_HINT, INTERRUPTED, USAGE_ERROR
from .exit_codes import INTERNAL_ERROR, LOCKED, REJECTED, STOPPED


class ErrorRule(NamedTuple):
    """The exit code for a kind of error, and the template of its message.

    In the template, `{error}` is the whole text of the error, and `{message}` the message of the API alone.
    """

    exit_code: int
    template: str = "{error}"


_CHECK_CREDENTIALS = "{message}: check the key and the secret; `sendblue-contacts doctor` shows where they come from"
_RUN_DOCTOR = "{error}; run `sendblue-contacts doctor` to find the cause"
ERROR_RULES: dict[type[BaseException], ErrorRule] = {
    errors.InvalidPhoneNumberError: ErrorRule(USAGE_ERROR),
    errors.CredentialsError: ErrorRule(USAGE_ERROR),
    errors.AuthenticationError: ErrorRule(REJECTED, _CHECK_CREDENTIALS),
    errors.PermissionDeniedError: ErrorRule(REJECTED, f"{_CHECK_CREDENTIALS}, and check the base URL"),
    errors.NotFoundError: ErrorRule(REJECTED, "{message}: no contact has this number"),
    errors.ConflictError: ErrorRule(
        REJECTED, "{message}: a contact with this number exists; `create --if-exists update` updates it"
    ),
    errors.RateLimitError: ErrorRule(
        REJECTED, "{message}: wait, then retry; check whether another program uses the same account"
    ),
    errors.APITimeoutError: ErrorRule(
        STOPPED, "no response in time; check whether the request was applied before you retry it"
    ),
    errors.APIConnectionError: ErrorRule(STOPPED, _RUN_DOCTOR),
    errors.RateLimitStoreError: ErrorRule(STOPPED, _RUN_DOCTOR),
    ValueError: ErrorRule(USAGE_ERROR),
    errors.SendblueError: ErrorRule(REJECTED),
    ModuleNotFoundError: ErrorRule(USAGE_ERROR),
    click.ClickException: ErrorRule(USAGE_ERROR),
    OSError: ErrorRule(STOPPED),
    KeyboardInterrupt: ErrorRule(INTERRUPTED),
    click.Abort: ErrorRule(INTERRUPTED),
}
"""The rule of each kind of error. The first match applies, so a subclass stands before its base class."""
_INTERNAL = ErrorRule(
    INTERNAL_ERROR, "internal error ({kind}: {error}); run the command again with --debug and report the traceback"
)


def describe_error(error: BaseException) -> tuple[int, str]:
    """Return the exit code for an error, and the message that the user sees, without the prefix `Error: `."""
    rule = next((rule for kind, rule in ERROR_RULES.items() if isinstance(error, kind)), _INTERNAL)
    rule = rule._replace(exit_code=LOCKED) if _is_locked(error) else rule
    if rule.exit_code == INTERRUPTED:
        return rule.exit_code, "Interrupted."
    message, kind = getattr(error, "message", ""), type(error).__name__
    return rule.exit_code, rule.template.format(error=_text(error), message=message, kind=kind)


def _is_locked(error: BaseException) -> bool:
    """Whether another process uses the account or the journal."""
    if not (isinstance(error, errors.SendblueError) and isinstance(error, ValueError)):
        return False
    from sendblue_transfer.errors import AccountLockedError, JournalLockedError  # noqa: PLC0415  # slow to load

    return isinstance(error, AccountLockedError | JournalLockedError)


def _text(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, errors.InvalidPhoneNumberError) and "country code is missing" in str(error):
        return f"{error}, or name the region of the number, as in --default-region US"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return INSTALL_HINT.format(error.name)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
