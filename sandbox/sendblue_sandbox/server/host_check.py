"""The check of `Host` and `Origin`: pages of other sites cannot reach a sandbox.

A page of another site can let its own host name resolve to the address of the sandbox (DNS rebinding). The browser then
treats the sandbox as a part of that site, and the page could read and delete contacts. But `Host` still has the name of
the site, so a name must be known. An IP address in `Host` is safe, because no site can let it resolve to another one.

Only requests over a connection are checked: a request in this process does not come from a browser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sendblue_sandbox.api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[^:/@\s\[\]]+)(:\d{1,5})?")
LOCAL_NAME = "localhost"
MAX_SHOWN_LENGTH = 100
INVALID_HOST = ApiError(400, "A request needs exactly one valid Host header")


@dataclass(frozen=True, slots=True)
class HostCheck:
    """The host names of a sandbox, in lower case. IP addresses, `localhost` and its subdomains are always valid."""

    names: frozenset[str]

    def error(self, headers: Iterable[tuple[bytes, bytes]]) -> ApiError | None:
        """Return the error for a request that is not addressed to this sandbox, or comes from a page of another site.

        Args:
            headers: The headers of the request, with names in lower case.
        """
        values = [(name, value.decode("latin-1").lower()) for name, value in headers if name in {b"host", b"origin"}]
        hosts = [value for name, value in values if name == b"host"]
        match = HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if match is None:
            return INVALID_HOST
        if not self._is_known(match["name"].removesuffix(".")):
            return _unknown_host(match["name"])
        origins = [value for name, value in values if name == b"origin"]
        return next((_other_origin(origin) for origin in origins if _host_of(origin) != hosts[0]), None)

    def _is_known(self, name: str) -> bool:
        return name in self.names or f".{name}".endswith(f".{LOCAL_NAME}") or _is_ip_address(name)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _unknown_host(name: str) -> ApiError:
    return ApiError(
        403,
        f"{name[:MAX_SHOWN_LENGTH]} is not a host name of this sandbox (header Host). Use its IP address or localhost, "
        "or start it with allowed_hosts=, on the command line --allowed-hosts",
    )


def _other_origin(origin: str) -> ApiError:
    return ApiError(403, f"Pages of other sites cannot use the sandbox (header Origin: {origin[:MAX_SHOWN_LENGTH]})")
