"""Credentials, base URL and options of a client, from arguments or from the environment. Pure."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from sendblue_contacts_api.operation_table import SERVERS

from ._masking import mask
from .errors import CredentialsError, check_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .retry import Retry

BASE_URL = SERVERS[0]
KEY_VARIABLES = ("SENDBLUE_API_API_KEY", "SENDBLUE_API_KEY")
SECRET_VARIABLES = ("SENDBLUE_API_API_SECRET", "SENDBLUE_API_SECRET")
URL_VARIABLE = "SENDBLUE_API_BASE_URL"
STORE_VARIABLE = "SENDBLUE_RATE_LIMIT_STORE"

_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")
_PRINTABLE = re.compile(r"[!-~]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([!-~]([ \t]*[!-~])*)?")
FRAMING_HEADERS = frozenset({"content-length", "transfer-encoding", "connection", "host"})
"""A wrong value makes the server wait for a body, or read the next request as one."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The API key and secret of an account. No repr, error or log contains them."""

    key: str
    secret: str

    @classmethod
    def resolve(cls, key: str | None, secret: str | None, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the given credentials; the default is those of the environment. They are checked."""
        return cls(
            _credential("api_key", key, KEY_VARIABLES, environment),
            _credential("api_secret", secret, SECRET_VARIABLES, environment),
        )

    @property
    def headers(self) -> dict[str, str]:
        """The two headers of every request."""
        return {"sb-api-key-id": self.key, "sb-api-secret-key": self.secret}


def _credential(name: str, given: str | None, variables: tuple[str, ...], environment: Mapping[str, str]) -> str:
    found = next((environment[variable] for variable in variables if environment.get(variable)), "")
    value = found if given is None else given
    if not value:
        raise CredentialsError(
            f"{name} is missing: set the environment variable {variables[0]}, or pass {name}= to the client"
        )
    if not _PRINTABLE.fullmatch(value):
        raise CredentialsError(f"{name} has a space, line break or non-ASCII letter; copy it again from your account")
    return value


def resolve_base_url(given: str | None, *, allow_http: bool, environment: Mapping[str, str] = os.environ) -> str:
    """Return the base URL of the API without a trailing slash: the argument, the environment, or the default.

    An http:// URL of another machine raises a ValueError unless it is allowed.
    """
    url = given or environment.get(URL_VARIABLE) or BASE_URL
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        raise ValueError(
            f"base_url must be https:// and a host without credentials; the scheme is {parts.scheme or 'missing'}"
        )
    if parts.scheme == "http" and not (allow_http or is_loopback(url)):
        raise ValueError(
            f"base_url is http:// to {parts.hostname}, which sends the API secret unencrypted; use https://, "
            "or in Python pass allow_http=True"
        )
    return url.rstrip("/")


def host_of(url: str) -> str:
    """Return the host and port of a URL in a canonical form."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return f"{(parts.hostname or '').rstrip('.')}:{port}"


def account_host(base_url: str) -> str:
    """Return the host of a server on this machine, which has accounts of its own; an empty string for all others."""
    return host_of(base_url) if is_loopback(base_url) else ""  # api.sendblue.co and api.sendblue.com are one account


def is_loopback(url: str) -> bool:
    """Whether a URL refers to this machine."""
    return bool(_LOOPBACK.fullmatch(urlsplit(url).hostname or ""))


def check_path(path: str) -> None:
    """Reject a complete URL, or what begins like one, because every request carries the credentials."""
    if not path.startswith("/") or path.startswith("//"):
        raise ValueError("path must begin with a single /, as /api/v2/contacts/count does; it is relative to base_url")


def check_headers(headers: Mapping[Any, Any]) -> dict[str, str]:
    """Return the headers if they are strings that a header can carry, and none is set by the client itself."""
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"the header {mask(str(name)[:40])!r} must be a str, not {type(value).__name__}")
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("the name of a header contains a character that a header cannot carry, or is empty")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the header {name!r} contains a line break or a non-ASCII letter, and cannot be sent")
        if name.lower() in FRAMING_HEADERS:
            raise ValueError(f"the header {name!r} is set by the client; remove it")
    return dict(headers)


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """The options that `with_options` can change for some calls."""

    timeout: float
    retry: Retry | None
    extra_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    extra_query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extra_body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_wait: float | None = None
    bulk: bool = False

    def replace(self, **changes: Any) -> Self:  # noqa: ANN401  # each option has a type of its own
        """Return a copy with changes, which are checked. An option whose value is `KEEP` stays as it is."""
        changes = {name: value for name, value in changes.items() if value is not KEEP}
        if "timeout" in changes:
            changes["timeout"] = check_seconds("timeout", changes["timeout"])
        if changes.get("max_wait") is not None:
            changes["max_wait"] = check_seconds("max_wait", changes["max_wait"], positive=False)
        if changes.get("extra_headers"):
            changes["extra_headers"] = check_headers(changes["extra_headers"])
        return replace(self, **changes)

    def apply(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a request, with these options. An `extra_body` needs a request with a body."""
        result = {"timeout": self.timeout, **kwargs}
        if self.extra_headers:
            replaced = {name.lower() for name in self.extra_headers}
            kept = {name: value for name, value in kwargs.get("headers", {}).items() if name.lower() not in replaced}
            result["headers"] = {**kept, **self.extra_headers}
        if self.extra_query:
            result["params"] = {**kwargs.get("params", {}), **self.extra_query}
        if self.extra_body and isinstance(kwargs.get("json"), dict):
            result["json"] = {**kwargs["json"], **self.extra_body}
        elif self.extra_body and not self.bulk:  # bulk calls without a body are look-ups of the reconciler
            raise TypeError("extra_body is set, but this call has no body; use it with calls that send a JSON body")
        return result


class Keep:
    """The type of `KEEP`."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = Keep()
"""The default of an option that stays as it is. None cannot be the default: `retry=None` disables retries."""
