"""The checks of `doctor`, from this machine to the server. Each check is one finding.

A failed check skips the checks that depend on it. One request is enough for three checks: whether the host responds,
whether it accepts the credentials, and whether its clock agrees with the local one. No finding contains a secret.
"""

from __future__ import annotations

import re
import socket
import ssl
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from sendblue_contacts.errors import (
    APIConnectionError,
    AuthenticationError,
    PermissionDeniedError,
    RateLimitError,
    SendblueError,
)
from sendblue_contacts_api.operation_table import SERVERS

from .exit_codes import CommandError
from .formatting import pluralize
from .profiles import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from sendblue_contacts import Sendblue
    from sendblue_contacts.raw_response import RawResponse

DISTRIBUTION = "sendblue-contacts"
CLIENT_CHECKS = ("limit store", "host", "credentials", "clock")
"""The checks that need a client, each of which depends on the ones before it."""
REQUEST_TIMEOUT = 10.0
"""Seconds to wait for the response."""
STORE_TIMEOUT = 1.0
"""Seconds to wait for a slot of the rate limit."""
MAX_CLOCK_DIFFERENCE = 60.0
"""Seconds by which the clocks may differ."""

Status = Literal["ok", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check.

    Attributes:
        check: The name of the check.
        status: Whether it passed; `skipped` if it depends on a failed check.
        message: What was found.
        fix: What to do about it; empty if there is nothing to do.
    """

    check: str
    status: Status
    message: str
    fix: str = ""


def run_checks(profile: str | None, *, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Run the checks, and yield each finding.

    Args:
        profile: The name of a profile, or None.
        now: Returns the time in seconds since 1970.
    """
    yield Finding("versions", "ok", ", ".join(_versions()))
    yield check_extras()
    try:
        settings = load_settings(profile)
        client = settings.create_client()
    except (CommandError, ValueError, ModuleNotFoundError, SendblueError, OSError) as error:
        yield _explain_settings_error(error)
        yield from _skip(CLIENT_CHECKS, "settings")
        return
    yield Finding("settings", "ok", f"from {settings.source}: {', '.join(settings.values)}")
    with client:
        yield from _run_client_checks(client, now)


def _explain_settings_error(error: Exception) -> Finding:
    if isinstance(error, OSError) and not isinstance(error, SendblueError):
        fix = "check SSL_CERT_FILE and SSL_CERT_DIR as well: each must name an existing path, or be unset"
        return Finding("settings", "failed", f"cannot read a file that the settings name: {error}", fix)
    text = error.message if isinstance(error, CommandError) else str(error)
    return Finding("settings", "failed", "the settings cannot be used", text)


def _versions() -> Iterator[str]:
    yield f"Python {sys.version.split()[0]}"
    for package in (DISTRIBUTION, "httpx"):
        yield f"{package} {metadata.version(package)}"


def check_extras() -> Finding:
    """List the installed extras. A missing one is not a failure: the user may not need it."""
    packages_of: dict[str, list[str]] = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        if found := re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", line):
            packages_of.setdefault(found[2], []).append(found[1])
    packages_of.pop("all", None)
    missing = sorted(extra for extra, packages in packages_of.items() if not all(map(_is_installed, packages)))
    installed = ", ".join(sorted(packages_of.keys() - set(missing))) or "none"
    if not missing:
        return Finding("extras", "ok", installed)
    fix = f'if needed: pip install "{DISTRIBUTION}[{",".join(missing)}]"'
    return Finding("extras", "ok", f"{installed}; not installed: {', '.join(missing)}", fix)


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _skip(checks: tuple[str, ...], failed: str) -> Iterator[Finding]:
    return (Finding(check, "skipped", f"not checked: fix {failed} first") for check in checks)


def _run_client_checks(client: Sendblue, now: Callable[[], float]) -> Iterator[Finding]:
    store = check_limit_store(client)
    yield store
    if store.status == "failed":
        yield from _skip(CLIENT_CHECKS[1:], store.check)
        return
    start = time.perf_counter()
    contacts = client.with_options(retry=None, timeout=REQUEST_TIMEOUT).contacts.with_raw_response
    try:
        response = contacts.count()
    except APIConnectionError as error:
        yield explain_connection_error(error, client.base_url)
        yield from _skip(CLIENT_CHECKS[2:], "host")
        return
    elapsed = time.perf_counter() - start
    yield Finding("host", "ok", f"{client.base_url} responded in {elapsed * 1000:,.0f} ms")
    yield check_credentials(response)
    yield check_clock(response, now())


def check_limit_store(client: Sendblue, max_wait: float = STORE_TIMEOUT) -> Finding:
    """Check the rate limit store by taking a slot.

    Args:
        client: The client whose rate limit is checked.
        max_wait: Seconds to wait for the slot.
    """
    rate = client.rate_limit.rate
    store = (rate and rate.store) or "memory"
    kind = urlsplit(store).scheme or store
    users = f"{kind}: used by {STORE_USERS.get(kind, 'all processes that connect to it')}"
    try:
        with client.rate_limit.slot(max_wait=max_wait):
            return Finding("limit store", "ok", users)
    except RateLimitError as error:
        return Finding("limit store", "ok", f"{users}; the next slot is free in {error.retry_after or 0:.0f} s")
    except SendblueError as error:
        return Finding("limit store", "failed", f"{kind}: {error}", _STORE_FIX)


STORE_USERS = {"memory": "this process only", "file": "all processes on this machine"}
_STORE_FIX = "fix or remove the store that SENDBLUE_RATE_LIMIT_STORE, or rate_limit_store in the profile, names"


class ConnectionFailure(NamedTuple):
    """The message for a kind of connection error, and how to fix it."""

    message: str
    fix: str


_CHECK_NETWORK = "check the network, the VPN, the firewall and SENDBLUE_API_BASE_URL"
CONNECTION_FAILURES: dict[type[BaseException], ConnectionFailure] = {
    socket.gaierror: ConnectionFailure(
        "the host name {host} cannot be resolved (DNS)", "check its spelling, the network and the VPN"
    ),
    ssl.SSLCertVerificationError: ConnectionFailure(
        "the certificate of {host} is not trusted (TLS): {error}",
        "check for a proxy, whose certificate SSL_CERT_FILE can add; check the clock of this machine",
    ),
    ssl.SSLError: ConnectionFailure(
        "the TLS handshake with {host} failed: {error}", "check the port, and whether the server supports https"
    ),
    ConnectionRefusedError: ConnectionFailure(
        "{host} refused the connection (TCP): no server listens on this port", _CHECK_NETWORK
    ),
    ConnectionError: ConnectionFailure("{host} closed the connection (TCP): {error}", _CHECK_NETWORK),
    TimeoutError: ConnectionFailure("{host} did not respond in time", _CHECK_NETWORK),
    OSError: ConnectionFailure("{host} cannot be reached (TCP): {error}", _CHECK_NETWORK),
}
"""The first entry that matches an error in the chain of causes applies."""
_OTHER_FAILURE = ConnectionFailure("no response from {host}: {error}", _CHECK_NETWORK)


def explain_connection_error(error: BaseException, base_url: str) -> Finding:
    """Return the finding for a request without a response, from the chain of causes of the error."""
    chain = list(_causes(error))
    matches = ((cause, kind) for kind in CONNECTION_FAILURES for cause in chain if isinstance(cause, kind))
    cause, kind = next(matches, (error, None))
    failure = CONNECTION_FAILURES[kind] if kind else _OTHER_FAILURE
    message = failure.message.format(host=urlsplit(base_url).netloc, error=cause)
    return Finding("host", "failed", message, failure.fix)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def check_credentials(response: RawResponse[int]) -> Finding:
    """Check whether the API accepted the credentials."""
    try:
        contacts = pluralize(response.parse(), "contact")
    except AuthenticationError as error:
        fix = "check the key and the secret"
        return Finding("credentials", "failed", f"{error.status_code}: {error.message}", fix)
    except PermissionDeniedError as error:
        hosts = " and ".join(url.partition("//")[2] for url in SERVERS)
        fix = f"check the key, the secret and base_url: the API has the hosts {hosts}"
        return Finding("credentials", "failed", f"{error.status_code}: {error.message}", fix)
    except SendblueError as error:
        return Finding("credentials", "failed", str(error), "check SENDBLUE_API_BASE_URL, or retry later")
    return Finding("credentials", "ok", f"accepted; the account has {contacts}")


def check_clock(response: httpx.Response, now: float) -> Finding:
    """Compare the local clock with the server's: TLS and `--created-after` need both to agree."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # next to its only use

    try:
        difference = now - parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return Finding("clock", "ok", "not compared: the response has no date")
    if abs(difference) <= MAX_CLOCK_DIFFERENCE:
        return Finding("clock", "ok", f"within {MAX_CLOCK_DIFFERENCE:.0f} s of the server's clock")
    direction = "ahead of" if difference > 0 else "behind"
    message = f"{abs(difference):,.0f} s {direction} the server's clock"
    return Finding("clock", "failed", message, "set the clock of this machine")
