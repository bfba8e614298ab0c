"""The settings of a client, checked when it is made: from arguments, else from the environment. Pure."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from .errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .retry import Retry

BASE_URL = "https://api.sendblue.co"
"""The host of the vendor's pages; `https://api.sendblue.com` is in use too (`openapi/contacts.yaml`, servers)."""

KEY_VARIABLES = ("SENDBLUE_API_API_KEY", "SENDBLUE_API_KEY")
SECRET_VARIABLES = ("SENDBLUE_API_API_SECRET", "SENDBLUE_API_SECRET")
URL_VARIABLE = "SENDBLUE_API_BASE_URL"
STORE_VARIABLE = "SENDBLUE_RATE_LIMIT_STORE"

_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")
_PRINTABLE = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The two keys of an account. They are shown nowhere."""

    key: str
    secret: str

    @classmethod
    def find(cls, key: str | None, secret: str | None, environment: Mapping[str, str] = os.environ) -> Self:
        """The keys that are given, else those of the environment.

        Raises:
            CredentialsError: One is missing, or cannot be sent in a header.
        """
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
        message = f"{name} is missing: set the environment variable {variables[0]}, or give {name}= to the client"
        raise CredentialsError(message)
    if not _PRINTABLE.fullmatch(value):
        message = f"{name} holds a space, a line break or a letter that no header can carry: check how it was copied"
        raise CredentialsError(message)
    return value


def find_url(given: str | None, *, allow_http: bool, environment: Mapping[str, str] = os.environ) -> str:
    """Where the API is.

    Raises:
        ValueError: It is no address, or an unencrypted one of another machine.
    """
    url = given or environment.get(URL_VARIABLE) or BASE_URL
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        message = f"base_url must be https:// and a host, and nothing secret; {parts.scheme or 'no'} scheme was found"
        raise ValueError(message)
    if parts.scheme == "http" and not (allow_http or is_loopback(url)):
        message = (
            f"base_url is http:// to {parts.hostname}, which does not hide the secret: use https://, or in a program "
            "allow_http=True"
        )
        raise ValueError(message)
    return url.rstrip("/")


def find_store(given: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Where the slots of the rate limit are kept: what is given, else what the environment says, else in memory."""
    return given or environment.get(STORE_VARIABLE) or "memory"


def host_of(url: str) -> str:
    """The host and port of a URL, alike however they are written."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return f"{(parts.hostname or '').rstrip('.')}:{port}"


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    return bool(_LOOPBACK.fullmatch(urlsplit(url).hostname or ""))


def check_path(path: str) -> None:
    """Refuse what is no path on the API's host: the credentials go with every request.

    Raises:
        ValueError: It is a whole address, or begins like one.
    """
    if not path.startswith("/") or path.startswith("//"):
        message = 'path must begin with one /, such as "/api/v2/contacts/count": it is sent to base_url'
        raise ValueError(message)


def check_seconds(name: str, seconds: Any) -> float:  # noqa: ANN401  # what it is, is what is checked
    """A time in seconds.

    Raises:
        ValueError: It is no positive number.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        message = f"{name} must be a positive number of seconds, not {seconds!r}"
        raise ValueError(message)
    return float(seconds)


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """What can be set for some calls and not for others, with `with_options`."""

    timeout: float
    retry: Retry | None
    extra_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    extra_query: Mapping[str, Any] = field(default_factory=dict[str, Any])
    extra_body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    max_wait: float | None = None
    bulk: bool = False

    def but(self, **changes: Any) -> Self:  # noqa: ANN401  # each has its own type
        """These options with some of them changed; those that are `KEEP` stay."""
        given = {name: value for name, value in changes.items() if value is not KEEP}
        if "timeout" in given:
            given["timeout"] = check_seconds("timeout", given["timeout"])
        if given.get("max_wait"):  # None is no end, and 0 is no wait
            given["max_wait"] = check_seconds("max_wait", given["max_wait"])
        return replace(self, **given)

    def apply(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a request with these options in it.

        Raises:
            TypeError: `extra_body` is set, and the request has no body.
        """
        result = {**kwargs, "timeout": self.timeout}
        if self.extra_headers:
            result["headers"] = {**kwargs.get("headers", {}), **self.extra_headers}
        if self.extra_query:
            result["params"] = {**kwargs.get("params", {}), **self.extra_query}
        if self.extra_body and isinstance(kwargs.get("json"), dict):
            result["json"] = {**kwargs["json"], **self.extra_body}
        elif self.extra_body and not self.bulk:  # what bulk work sends without a body is a look at what became of it
            message = "extra_body is set, and this call sends no body; use with_options only for calls that send one"
            raise TypeError(message)
        return result


class Keep:
    """The type of KEEP."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = Keep()
"""An option that is not given: it stays as it is. None means "none" for `retry`."""
