"""What `doctor` looks at, from this machine outwards: each check is one finding, and what hangs on a failed one waits.

One request serves three checks: whether the host answers, whether it takes the credentials, and what time it is there.
No finding shows a secret.
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

from . import accounts
from .statuses import Refusal
from .texts import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx
    from sendblue_contacts.client import Sendblue
    from sendblue_contacts.raw_response import RawResponse

DISTRIBUTION = "sendblue-contacts"
NEXT = ("limit store", "host", "credentials", "clock")
TIMEOUT = 10.0
"""Seconds for which the host may keep us waiting."""
PATIENCE = 1.0
"""Seconds for which the store of the limit may."""
APART = 60.0
"""Seconds by which two clocks may differ."""

State = Literal["ok", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: What was looked at.
        state: Whether it is as it should be; `skipped` if something before it has to be mended first.
        says: What was found.
        mend: What to do about it; empty if there is nothing to do.
    """

    check: str
    state: State
    says: str
    mend: str = ""


def examine(profile: str | None, *, now: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Every finding, one by one.

    Args:
        profile: The profile that was named, if one was.
        now: Tells the time in seconds since 1970.
    """
    yield Finding("versions", "ok", ", ".join(versions()))
    yield extras()
    try:
        account = accounts.find(profile)
        client = account.client()
    except (Refusal, ValueError, ModuleNotFoundError, SendblueError, OSError) as error:
        yield unusable(error)
        yield from skipped(NEXT, "settings")
        return
    yield Finding("settings", "ok", f"from {account.source}: {', '.join(account.settings)}")
    with client:
        yield from _with_client(client, now)


def unusable(error: Exception) -> Finding:
    """Why no client can be made of the settings."""
    if isinstance(error, OSError) and not isinstance(error, SendblueError):
        mend = "SSL_CERT_FILE and SSL_CERT_DIR too must name what is there, or nothing"
        return Finding("settings", "wrong", f"what they name cannot be read: {error}", mend)
    text = error.message if isinstance(error, Refusal) else str(error)
    return Finding("settings", "wrong", "there is no account to work with", text)


def versions() -> Iterator[str]:
    """Python, and the packages without which nothing works."""
    yield f"Python {sys.version.split()[0]}"
    for package in (DISTRIBUTION, "httpx"):
        yield f"{package} {metadata.version(package)}"


def extras() -> Finding:
    """Which extras are there. One that is not is no mistake: somebody may have no use for it."""
    needed: dict[str, list[str]] = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        if found := re.match(r"([\w.-]+).*extra == ['\"](\w+)['\"]", line):
            needed.setdefault(found[2], []).append(found[1])
    needed.pop("all", None)
    missing = sorted(extra for extra, packages in needed.items() if not all(map(_is_there, packages)))
    there = ", ".join(sorted(needed.keys() - set(missing))) or "none"
    if not missing:
        return Finding("extras", "ok", there)
    hint = f'to have {"it" if len(missing) == 1 else "them"}: pip install "{DISTRIBUTION}[{",".join(missing)}]"'
    return Finding("extras", "ok", f"{there}; not there: {', '.join(missing)}", hint)


def _is_there(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def skipped(checks: tuple[str, ...], first: str) -> Iterator[Finding]:
    """The checks that wait for another."""
    return (Finding(check, "skipped", f"not checked: mend {first} first") for check in checks)


def _with_client(client: Sendblue, now: Callable[[], float]) -> Iterator[Finding]:
    store = limit_store(client)
    yield store
    if store.state == "wrong":
        yield from skipped(NEXT[1:], store.check)
        return
    start = time.perf_counter()
    asking = client.with_options(retry=None, timeout=TIMEOUT).contacts.with_raw_response
    try:
        response = asking.count()
    except APIConnectionError as error:
        yield unreachable(error, client.base_url)
        yield from skipped(NEXT[2:], "host")
        return
    took = time.perf_counter() - start
    yield Finding("host", "ok", f"{client.base_url} answered in {took * 1000:,.0f} ms")
    yield credentials(response)
    yield clock(response, now())


def limit_store(client: Sendblue, patience: float = PATIENCE) -> Finding:
    """Whether the store of the limit can be used, found out by taking a slot.

    Args:
        client: Whose limit it is.
        patience: Seconds for which it may keep us waiting.
    """
    rate = client.rate_limit.rate
    store = (rate and rate.store) or "memory"
    kind = urlsplit(store).scheme or store
    shared = f"{kind}: shared by {SHARED.get(kind, 'all that use it')}"
    try:
        with client.rate_limit.slot(max_wait=patience):
            return Finding("limit store", "ok", shared)
    except RateLimitError as error:
        return Finding("limit store", "ok", f"{shared}; the next slot is free in {error.retry_after or 0:.0f} s")
    except SendblueError as error:
        return Finding("limit store", "wrong", f"{kind}: {error}", _MEND_STORE)


_MEND_STORE = "mend it, or do without: SENDBLUE_RATE_LIMIT_STORE names it, or rate_limit_store in the profile"
SHARED = {"memory": "this process alone", "file": "the processes of this machine"}


class Cause(NamedTuple):
    """Why no answer came: what is said of the host, and what to do."""

    says: str
    mend: str


_NETWORK = "check the network, a VPN, a firewall, and SENDBLUE_API_BASE_URL"
CAUSES: dict[type[BaseException], Cause] = {
    socket.gaierror: Cause("the name {host} is not known (DNS)", "check its spelling, the network and a VPN"),
    ssl.SSLCertVerificationError: Cause(
        "the certificate of {host} is not trusted (TLS): {error}",
        "is a proxy in between? SSL_CERT_FILE can name the certificates to trust; check the clock of this machine too",
    ),
    ssl.SSLError: Cause("{host} speaks no TLS that we understand: {error}", "is the port right, and https?"),
    ConnectionRefusedError: Cause("{host} refuses the connection (TCP): nothing listens there", _NETWORK),
    ConnectionError: Cause("{host} ended the connection (TCP): {error}", _NETWORK),
    TimeoutError: Cause("{host} does not answer in time", _NETWORK),
    OSError: Cause("{host} cannot be reached (TCP): {error}", _NETWORK),
}
"""The first that stands behind the error counts."""


def unreachable(error: BaseException, base_url: str) -> Finding:
    """Why no answer came, from what stands behind the error."""
    chain = list(_chain(error))
    found = ((each, cause) for kind, cause in CAUSES.items() for each in chain if isinstance(each, kind))
    root, cause = next(found, (error, Cause("{host} gives no answer: {error}", _NETWORK)))
    return Finding("host", "wrong", cause.says.format(host=urlsplit(base_url).netloc, error=root), cause.mend)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def credentials(response: RawResponse[int]) -> Finding:
    """Whether the account is known there."""
    try:
        return Finding("credentials", "ok", f"accepted; the account has {counted(response.parse(), 'contact')}")
    except AuthenticationError as error:
        return Finding("credentials", "wrong", f"{error.status_code}, {error.message}", "check the key and the secret")
    except PermissionDeniedError as error:
        mend = "check the key and the secret, and base_url: the API has two hosts, api.sendblue.co and api.sendblue.com"
        return Finding("credentials", "wrong", f"{error.status_code}, {error.message}", mend)
    except SendblueError as error:
        return Finding("credentials", "wrong", str(error), "check SENDBLUE_API_BASE_URL, or try again later")


def clock(response: httpx.Response, now: float) -> Finding:
    """How far the clock here is from the one there. TLS and `--created-after` need both to agree."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # next to its only use

    try:
        apart = now - parsedate_to_datetime(response.headers.get("date", "")).timestamp()
    except ValueError:
        return Finding("clock", "ok", "the host does not tell its time")
    if abs(apart) <= APART:
        return Finding("clock", "ok", f"within {APART:.0f} s of the host's")
    way = "ahead of" if apart > 0 else "behind"
    return Finding("clock", "wrong", f"{abs(apart):,.0f} s {way} the host's", "set the clock of this machine")
