"""What both clients share: settings, the limiter, and how an operation becomes the arguments of an httpx request."""

from __future__ import annotations

import copy
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ._httpx import httpx
from ._masking import mask_http_logs
from .body import write_json
from .config import (
    STORE_VARIABLE,
    Credentials,
    Options,
    account_host,
    check_headers,
    check_path,
    is_loopback,
)
from .errors import SendblueError
from .phone import load_regions
from .rate_limit import RateLimit, RateLimiter, forks, shared_limiter
from .rate_limit.config import account_hash
from .request_context import Hooks, check_hook
from .retry import EXTENSION, Call

if TYPE_CHECKING:
    from collections.abc import Generator

    from .operations import Operation
    from .request_context import OnAttempt

_PROXY_SCHEMES = frozenset({"http", "https", "socks5", "socks5h"})


class BaseClient:
    """Everything of a client that neither sends nor waits. The arguments are those of `Sendblue`, checked."""

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        options: Options,
        region: str | None,
        rate_limit: RateLimit | RateLimiter | None,
        *,
        on_attempt: OnAttempt | None,
    ) -> None:
        self.base_url: str = base_url
        self._credentials = credentials
        self._options = options
        self._region = region
        self._resources: dict[str, Any] = {}  # by name; made when they are first used
        if region:
            forks.add_hooks(before=load_regions)
        self._rate_limiter = _find_limiter(rate_limit, credentials.key, base_url)
        hook = check_hook(on_attempt, awaited=hasattr(self, "aclose"))
        self._hooks = Hooks(hook, base_url, self._rate_limiter)
        mask_http_logs()

    def _http_settings(self) -> dict[str, Any]:
        """Return the settings of the httpx client. They contain the credentials, so no attribute keeps them."""
        return {
            "base_url": self.base_url,
            "headers": {**self._credentials.headers, "accept": "application/json", "accept-encoding": "gzip"},
            "timeout": self._options.timeout,
            "follow_redirects": False,
            "cookies": _NoCookies(),
        }

    def _copy_with(self, **changes: object) -> Self:
        other = copy.copy(self)
        vars(other).update(_resources={}, _options=self._options.replace(**changes))
        return other

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    @property
    def rate_limit(self) -> RateLimiter:
        """The rate limiter of this client. `rate_limit.statistics()` returns its current state."""
        return self._rate_limiter

    @property
    def _read_lag(self) -> float:
        return self._options.retry.read_lag if self._options.retry else 0.0

    @property
    def _account(self) -> str:
        return account_hash(self._credentials.key, account_host(self.base_url))

    def _new_request(self, operation: Operation[Any], call: Call, headers: httpx.Headers) -> httpx.Request:
        """Return the request of an operation. `httpx.Client.build_request` takes several times as long."""
        arguments = self._options.apply(operation.kwargs)
        url, timeout = self.base_url + arguments.pop("url"), arguments.pop("timeout")
        headers = headers.copy()
        headers.update(arguments.pop("headers", None))
        if "json" not in arguments:
            arguments["stream"] = httpx.ByteStream(b"")  # so that httpx looks for no other headers to add
        elif not self._options.extra_body:  # an extra body was not checked
            arguments["content"] = write_json(arguments.pop("json"))
        extensions = {"timeout": httpx.Timeout(timeout).as_dict(), EXTENSION: call}
        request = httpx.Request(url=url, headers=headers, extensions=extensions, **arguments)
        request.read()
        return request

    def _request_settings(self, call: Call, path: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of an httpx request for the arguments of `request`, with the options of this client."""
        check_path(path)
        if settings.get("headers"):
            settings["headers"] = check_headers(dict(settings["headers"]))
        if self._options.extra_query:  # httpx replaces the query of a URL by `params`
            given = settings.get("params")
            params = httpx.QueryParams(httpx.URL(path).params if given is None else given)
            settings["params"] = {name: params.get_list(name) for name in params}
        given_extensions: dict[str, Any] = settings.get("extensions") or {}
        extensions = {**given_extensions, EXTENSION: call}
        return {**self._options.apply(settings), "url": path, "extensions": extensions}

    def _new_call(self, *, repeatable: bool, delay: float = 0.0) -> Call:
        options = self._options
        return Call(repeatable, options.retry, bulk=options.bulk, max_wait=options.max_wait, delay=delay)


@contextmanager
def importing(name: str) -> Generator[None]:
    """Replace the ImportError of a module that is first used while the interpreter exits."""
    try:
        yield
    except ImportError:
        if sys.is_finalizing():
            raise SendblueError(f"the interpreter is exiting; use `{name}` once before that") from None
        raise


class _NoCookies(CookieJar):
    """Keeps no cookies. The API uses none, and the lock of a jar may be held by another thread at a fork."""

    def extract_cookies(self, response: object, request: object) -> None:  # of the base class
        """Ignore the cookies of a response."""

    def add_cookie_header(self, request: object) -> None:  # of the base class
        """Add no cookies to a request."""


def proxy_for(base_url: str) -> str | None:
    """Return the proxy from the environment, checked. httpx looks for one only when it is given no transport."""
    parts = urlsplit(base_url)
    if is_loopback(base_url) or proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    kind = parts.scheme if proxies.get(parts.scheme) else "all"
    url = proxies.get(kind) or None
    if url and "://" not in url:  # curl reads such an address as one of an HTTP proxy
        url = f"http://{url}"
    if url and not _is_proxy(url):
        raise ValueError(
            f"{kind.upper()}_PROXY must be the address of a proxy, such as http://proxy.example.com:3128, or unset"
        )
    return url


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is not a number
        return False


def _find_limiter(rate_limit: object, api_key: str, base_url: str) -> RateLimiter:
    if isinstance(rate_limit, RateLimiter):
        return rate_limit
    if rate_limit is None:
        return RateLimiter(None)
    if not isinstance(rate_limit, RateLimit):
        raise TypeError(f"rate_limit must be a RateLimit, a RateLimiter or None, not {type(rate_limit).__name__}")
    store = rate_limit.store or os.environ.get(STORE_VARIABLE) or "memory"
    return shared_limiter(api_key, account_host(base_url), replace(rate_limit, store=store))
