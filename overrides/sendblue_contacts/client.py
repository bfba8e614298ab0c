"""`Sendblue` and `AsyncSendblue`: settings in, one httpx client with our transports, and the resources that use it.

What is imported inside a property is the generated code and what builds on it. It is as slow to load as httpx itself,
and a program that makes a client does not always use it.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ._httpx import httpx, mask_httpx_log
from .config import (
    KEEP,
    Credentials,
    Options,
    check_path,
    check_seconds,
    find_store,
    find_url,
    host_of,
    is_loopback,
)
from .errors import SendblueError, cause_of, no_answer, unpackable
from .phone import check_region
from .rate_limit import RateLimit, RateLimiter, shared
from .raw_response import RawResponse
from .retry import EXTENSION, IDEMPOTENT, Call, Retry
from .transports import (
    AsyncLogTransport,
    AsyncRateLimitTransport,
    AsyncRetryTransport,
    LogTransport,
    RateLimitTransport,
    RetryTransport,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from sendblue_contacts_api import Client as GeneratedClient

    from .contacts import AsyncContacts, Contacts
    from .operations import Operation

T = TypeVar("T")


class _Base:
    """What the two clients share: everything that does not send."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        base_url: str,
        rate_limit: RateLimit | RateLimiter | None,
        default_region: str | None,
        options: Options,
    ) -> None:
        self.base_url = base_url
        self._options = options
        self._region = check_region(default_region)
        self._rate_limiter = _limiter(rate_limit, credentials.key, base_url)
        self._http_settings: dict[str, Any] = {
            "base_url": base_url,
            "headers": {**credentials.headers, "accept": "application/json"},
            "timeout": options.timeout,
            "follow_redirects": False,
        }
        mask_httpx_log()

    def _but(self, **changes: object) -> Self:
        other = copy.copy(self)
        vars(other).pop("contacts", None)  # the resources are made anew, with the new options
        vars(other)["_options"] = self._options.but(**changes)
        return other

    def __repr__(self) -> str:
        return f"{type(self).__name__}(base_url={self.base_url!r})"

    @property
    def rate_limit(self) -> RateLimiter:
        """The limiter of this client; `rate_limit.statistics()` tells how it stands."""
        return self._rate_limiter

    def _kwargs(self, operation: Operation[Any], call: Call) -> dict[str, Any]:
        # The whole address, because httpx takes long to join it to a base_url.
        url = self.base_url + operation.kwargs["url"]
        return {**self._options.apply(operation.kwargs), "url": url, "extensions": {EXTENSION: call}}

    def _path(self, url: str) -> str:
        return url.removeprefix(self.base_url)

    def _call(self, *, repeatable: bool) -> Call:
        return Call(repeatable, self._options.retry, bulk=self._options.bulk, max_wait=self._options.max_wait)


class Sendblue(_Base):
    """A client of the Sendblue Contacts API.

    Never sends more than the account's 100 requests in any 10 seconds: a call waits for its turn. Clients of one
    account in one process share that limit by themselves. Safe to use from many threads.

    Args:
        api_key: The API key; else from SENDBLUE_API_API_KEY or SENDBLUE_API_KEY.
        api_secret: The API secret; else from SENDBLUE_API_API_SECRET or SENDBLUE_API_SECRET.
        base_url: Where the API is; else from SENDBLUE_API_BASE_URL; else https://api.sendblue.co.
        timeout: Seconds that one attempt may take to connect, to send or to answer.
        retry: How failed requests are repeated, and how long a call may take in all; None for not at all.
        rate_limit: The limit; a `RateLimiter` to share one; None to turn it off.
        default_region: Two letters such as `US`; then phone numbers in national form are read too (extra `phone`).
        transport: An httpx transport to send with, for tests and proxies.
        allow_http: Allow an unencrypted http:// address of another machine.

    Raises:
        CredentialsError: The key or the secret is missing or cannot be sent.
        ValueError: A setting that makes no sense.

    Example:
        with Sendblue() as client:
            client.contacts.create("+14155551234", firstName="Ada")
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        retry: Retry | None = Retry(),  # noqa: B008  # frozen, so that one object can serve all
        rate_limit: RateLimit | RateLimiter | None = RateLimit(),  # noqa: B008  # frozen, as above
        default_region: str | None = None,
        transport: httpx.BaseTransport | None = None,
        allow_http: bool = False,
    ) -> None:
        super().__init__(
            credentials=Credentials.find(api_key, api_secret),
            base_url=find_url(base_url, allow_http=allow_http),
            rate_limit=rate_limit,
            default_region=default_region,
            options=Options(check_seconds("timeout", timeout), retry),
        )
        wire = LogTransport(transport or httpx.HTTPTransport(proxy=_proxy(self.base_url)))
        limited = RateLimitTransport(wire, self._rate_limiter)
        self._http = httpx.Client(transport=RetryTransport(limited, retry), **self._http_settings)

    @cached_property
    def contacts(self) -> Contacts:
        """The contacts of the account."""
        from .contacts import Contacts  # noqa: PLC0415  # see the top of this file

        return Contacts(self._run, self._run_raw, self._region, self._but(bulk=True)._run)  # noqa: SLF001  # it is a copy of this client

    def with_options(
        self,
        *,
        timeout: float = KEEP,
        retry: Retry | None = KEEP,
        extra_headers: Mapping[str, str] = KEEP,
        extra_query: Mapping[str, Any] = KEEP,
        extra_body: Mapping[str, Any] = KEEP,
        max_wait: float | None = KEEP,
        bulk: bool = KEEP,
    ) -> Self:
        """This client with other options for its calls.

        It shares the connections and the limit; closing one closes both.

        Args:
            timeout: Seconds that one attempt may take.
            retry: How failed requests are repeated; None for not at all.
            extra_headers: Headers to send besides.
            extra_query: Query parameters to send besides.
            extra_body: Fields to send besides in a JSON body.
            max_wait: Seconds that a call may wait for a free slot of the rate limit; beyond that, `RateLimitError`
                without a request. None for however long it takes.
            bulk: Whether these calls are bulk work: paced, and leaving some slots of the rate limit to other callers.
                `contacts.bulk` is so by itself.

        Example:
            client.with_options(timeout=5).contacts.count()
        """
        return self._but(
            timeout=timeout,
            retry=retry,
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            max_wait=max_wait,
            bulk=bulk,
        )

    @property
    def generated(self) -> GeneratedClient:
        """The generated client, for its endpoint functions. It sends as this one does: limited, retried and logged."""
        from sendblue_contacts_api import Client as GeneratedClient  # noqa: PLC0415  # see the top of this file

        return GeneratedClient(base_url=self.base_url).set_httpx_client(self._http)

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:  # noqa: ANN401  # httpx's arguments
        """Send any request, limited, retried and logged like all others: for what this library does not know.

        Args:
            method: The HTTP method. GET, PUT and DELETE are repeated when an answer is lost, POST is not.
            path: The path, such as `/api/v2/contacts/count`.
            kwargs: As for `httpx.Client.request`: `params`, `json`, `headers` …

        Returns:
            The response, whatever its status.

        Raises:
            APIConnectionError: No answer came.
            ValueError: The path is none; an address of another host would get the credentials.
        """
        check_path(path)
        call = self._call(repeatable=method.upper() in IDEMPOTENT)
        settings = {"timeout": self._options.timeout, **kwargs, "extensions": {EXTENSION: call}}
        return self._request(call, method=method, url=path, **settings)

    def _run(self, operation: Operation[T]) -> T:
        return self._run_raw(operation).parse()

    def _run_raw(self, operation: Operation[T]) -> RawResponse[T]:
        call = self._call(repeatable=operation.repeatable)
        response = self._request(call, **self._kwargs(operation, call))
        following = operation.following(response, call)
        if following is None:
            return RawResponse.of(response, operation, call)
        return self._but(extra_body={})._run_raw(following)  # noqa: SLF001  # it is a copy of this client

    def _request(self, call: Call, **kwargs: Any) -> httpx.Response:  # noqa: ANN401  # httpx's arguments
        if self._http.is_closed:
            raise _closed()
        try:
            return self._http.request(**kwargs)
        except httpx.TransportError as error:
            path = self._path(kwargs["url"])
            raise no_answer(error, kwargs["method"], path, call.attempts, lost=call.lost) from cause_of(error)
        except httpx.DecodingError as error:
            raise unpackable(kwargs["method"], self._path(kwargs["url"]), call.attempts) from error

    def close(self) -> None:
        """Close the connections. A second time does nothing; a call after it is an error."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncSendblue(_Base):
    """A client of the Sendblue Contacts API for asyncio and trio.

    The same as `Sendblue`, with the same settings; its calls are awaited, and `contacts.list()` is iterated with
    `async for`. Make it inside the event loop that uses it. Clients of both kinds and of one account share the limit.

    Args:
        api_key: The API key; else from SENDBLUE_API_API_KEY or SENDBLUE_API_KEY.
        api_secret: The API secret; else from SENDBLUE_API_API_SECRET or SENDBLUE_API_SECRET.
        base_url: Where the API is; else from SENDBLUE_API_BASE_URL; else https://api.sendblue.co.
        timeout: Seconds that one attempt may take to connect, to send or to answer.
        retry: How failed requests are repeated, and how long a call may take in all; None for not at all.
        rate_limit: The limit; a `RateLimiter` to share one; None to turn it off.
        default_region: Two letters such as `US`; then phone numbers in national form are read too (extra `phone`).
        transport: An httpx transport to send with, for tests and proxies.
        allow_http: Allow an unencrypted http:// address of another machine.

    Raises:
        CredentialsError: The key or the secret is missing or cannot be sent.
        ValueError: A setting that makes no sense.

    Example:
        async with AsyncSendblue() as client:
            await client.contacts.create("+14155551234", firstName="Ada")
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        retry: Retry | None = Retry(),  # noqa: B008  # frozen, so that one object can serve all
        rate_limit: RateLimit | RateLimiter | None = RateLimit(),  # noqa: B008  # frozen, as above
        default_region: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        allow_http: bool = False,
    ) -> None:
        super().__init__(
            credentials=Credentials.find(api_key, api_secret),
            base_url=find_url(base_url, allow_http=allow_http),
            rate_limit=rate_limit,
            default_region=default_region,
            options=Options(check_seconds("timeout", timeout), retry),
        )
        wire = AsyncLogTransport(transport or httpx.AsyncHTTPTransport(proxy=_proxy(self.base_url)))
        limited = AsyncRateLimitTransport(wire, self._rate_limiter)
        self._http = httpx.AsyncClient(transport=AsyncRetryTransport(limited, retry), **self._http_settings)

    @cached_property
    def contacts(self) -> AsyncContacts:
        """The contacts of the account."""
        from .contacts import AsyncContacts  # noqa: PLC0415  # see the top of this file

        return AsyncContacts(self._run, self._run_raw, self._region, self._but(bulk=True)._run)  # noqa: SLF001  # it is a copy of this client

    def with_options(
        self,
        *,
        timeout: float = KEEP,
        retry: Retry | None = KEEP,
        extra_headers: Mapping[str, str] = KEEP,
        extra_query: Mapping[str, Any] = KEEP,
        extra_body: Mapping[str, Any] = KEEP,
        max_wait: float | None = KEEP,
        bulk: bool = KEEP,
    ) -> Self:
        """This client with other options for its calls.

        It shares the connections and the limit; closing one closes both.

        Args:
            timeout: Seconds that one attempt may take.
            retry: How failed requests are repeated; None for not at all.
            extra_headers: Headers to send besides.
            extra_query: Query parameters to send besides.
            extra_body: Fields to send besides in a JSON body.
            max_wait: Seconds that a call may wait for a free slot of the rate limit; beyond that, `RateLimitError`
                without a request. None for however long it takes.
            bulk: Whether these calls are bulk work: paced, and leaving some slots of the rate limit to other callers.
                `contacts.bulk` is so by itself.

        Example:
            await client.with_options(timeout=5).contacts.count()
        """
        return self._but(
            timeout=timeout,
            retry=retry,
            extra_headers=extra_headers,
            extra_query=extra_query,
            extra_body=extra_body,
            max_wait=max_wait,
            bulk=bulk,
        )

    @property
    def generated(self) -> GeneratedClient:
        """The generated client, for its endpoint functions. It sends as this one does: limited, retried and logged."""
        from sendblue_contacts_api import Client as GeneratedClient  # noqa: PLC0415  # see the top of this file

        return GeneratedClient(base_url=self.base_url).set_async_httpx_client(self._http)

    async def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:  # noqa: ANN401  # as httpx takes
        """Send any request, limited, retried and logged like all others: for what this library does not know.

        Args:
            method: The HTTP method. GET, PUT and DELETE are repeated when an answer is lost, POST is not.
            path: The path, such as `/api/v2/contacts/count`.
            kwargs: As for `httpx.Client.request`: `params`, `json`, `headers` …

        Returns:
            The response, whatever its status.

        Raises:
            APIConnectionError: No answer came.
            ValueError: The path is none; an address of another host would get the credentials.
        """
        check_path(path)
        call = self._call(repeatable=method.upper() in IDEMPOTENT)
        settings = {"timeout": self._options.timeout, **kwargs, "extensions": {EXTENSION: call}}
        return await self._request(call, method=method, url=path, **settings)

    async def _run(self, operation: Operation[T]) -> T:
        return (await self._run_raw(operation)).parse()

    async def _run_raw(self, operation: Operation[T]) -> RawResponse[T]:
        call = self._call(repeatable=operation.repeatable)
        response = await self._request(call, **self._kwargs(operation, call))
        following = operation.following(response, call)
        if following is None:
            return RawResponse.of(response, operation, call)
        return await self._but(extra_body={})._run_raw(following)  # noqa: SLF001  # it is a copy of this client

    async def _request(self, call: Call, **kwargs: Any) -> httpx.Response:  # noqa: ANN401  # httpx's arguments
        if self._http.is_closed:
            raise _closed()
        try:
            return await self._http.request(**kwargs)
        except httpx.TransportError as error:
            path = self._path(kwargs["url"])
            raise no_answer(error, kwargs["method"], path, call.attempts, lost=call.lost) from cause_of(error)
        except httpx.DecodingError as error:
            raise unpackable(kwargs["method"], self._path(kwargs["url"]), call.attempts) from error

    async def aclose(self) -> None:
        """Close the connections. A second time does nothing; a call after it is an error."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _closed() -> SendblueError:
    return SendblueError("this client is closed; make a new one, or make the calls inside its `with` block")


def _limiter(rate_limit: RateLimit | RateLimiter | None, api_key: str, base_url: str) -> RateLimiter:
    if isinstance(rate_limit, RateLimiter):
        return rate_limit
    if rate_limit is None:
        return RateLimiter(None)
    given: Any = rate_limit
    if not isinstance(given, RateLimit):
        message = f"rate_limit must be a RateLimit, a RateLimiter or None, not {type(given).__name__}"
        raise TypeError(message)
    rate = replace(given, store=find_store(given.store))
    return shared(api_key, host_of(base_url), rate)


def _proxy(base_url: str) -> str | None:
    """The proxy of the environment; httpx looks for one by itself only where it is given no transport."""
    parts = urlsplit(base_url)
    if is_loopback(base_url) or proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")
