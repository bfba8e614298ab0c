# Emitted by scripts/regenerate from _async/client.py. Edit that file, then run scripts/regenerate.
"""The client: one httpx client with our transports, and the resources that send through it.

The generated code takes as long to import as httpx. A program that creates a client does not always use it, so the
properties import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from sendblue_contacts._httpx import httpx
from sendblue_contacts.base_client import BaseClient, importing, proxy_for
from sendblue_contacts.config import KEEP, Credentials, Options, resolve_base_url
from sendblue_contacts.errors import (
    APIConnectionError,
    SendblueError,
    check_seconds,
    closed_error,
    request_error,
    safe_cause,
)
from sendblue_contacts.phone import check_region
from sendblue_contacts.rate_limit import RateLimit, RateLimiter
from sendblue_contacts.raw_response import RawResponse, look_ups
from sendblue_contacts.retry import IDEMPOTENT_METHODS, Call, Retry

from .connections import ConnectionTransport
from .transports import RateLimitTransport, RetryTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from sendblue_contacts.operations import Operation
    from sendblue_contacts.request_context import Attempt
    from sendblue_contacts_api import Client as GeneratedClient

    from .contacts import Contacts
    from .listing import Send

T = TypeVar("T")


class Sendblue(BaseClient):
    """A client of the Sendblue Contacts API.

    It never sends more than the account's 100 requests in any 10 seconds: a call waits for a free slot. Clients of one
    account in one process share that limit automatically. It is safe to use from many threads.

    Args:
        api_key: The API key. Defaults to SENDBLUE_API_API_KEY or SENDBLUE_API_KEY of the environment.
        api_secret: The API secret. Defaults to SENDBLUE_API_API_SECRET or SENDBLUE_API_SECRET of the environment.
        base_url: The address of the API. Defaults to SENDBLUE_API_BASE_URL, else to the address of the API.
        timeout: Seconds that one attempt may take to connect, to send or to respond.
        retry: How failed requests are retried, and how long a call may take in total; None turns retries off, and a
            call may take 60 seconds, or twice `timeout` if that is longer.
        rate_limit: The rate limit, or a `RateLimiter` to share; None turns it off.
        default_region: Two letters such as `US`, to accept phone numbers in national format (extra `phone`).
        transport: An httpx transport to send with, for tests and proxies.
        allow_http: Whether `base_url` may be an unencrypted http:// address of another machine.
        on_attempt: Called with an `Attempt` after each HTTP attempt of each call, before the pause that may follow. Its
            exceptions are logged and ignored.

    Raises:
        CredentialsError: The key or the secret is missing, or cannot be sent in a header.
        ValueError: A setting is invalid.

    Example:
        with Sendblue() as client:
            client.contacts.create("+14155551234", first_name="Ada")
    """

    def __init__(
        self,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        base_url: str | None = None,
        timeout: float = 30.0,
        retry: Retry | None = Retry(),  # noqa: B008  # frozen, so that all clients can share one object
        rate_limit: RateLimit | RateLimiter | None = RateLimit(),  # noqa: B008  # frozen, as above
        default_region: str | None = None,
        transport: httpx.BaseTransport | None = None,
        allow_http: bool = False,
        on_attempt: Callable[[Attempt], object] | None = None,
    ) -> None:
        super().__init__(
            Credentials.resolve(api_key, api_secret),
            resolve_base_url(base_url, allow_http=allow_http),
            Options(check_seconds("timeout", timeout), retry),
            check_region(default_region),
            rate_limit,
            on_attempt=on_attempt,
        )
        connections = ConnectionTransport(transport, None if transport else proxy_for(self.base_url))
        limited = RateLimitTransport(connections, self._rate_limiter)
        self._transport = RetryTransport(limited, retry, self._hooks)
        self._http = httpx.Client(transport=self._transport, **self._http_settings())
        self._headers = httpx.Headers([(b"Host", self._http.base_url.netloc), *self._http.headers.raw])

    @property
    def contacts(self) -> Contacts:
        """The contacts of the account.

        Raises:
            SendblueError: It is used for the first time while the interpreter exits.
        """
        if "contacts" not in self._resources:  # no cached_property: Python 3.11 locks it, also in the child of a fork
            with importing("client.contacts"):
                from .contacts import Contacts  # noqa: PLC0415  # see the top of this file
            self._resources["contacts"] = Contacts(
                self._send,
                self._region,
                send_raw=cast("Send", self._send_raw),
                send_bulk=cast("Send", self._copy_with(bulk=True)._send_raw),  # noqa: SLF001  # a copy of this client
                filtered=bool(self._options.extra_query),
                read_lag=self._read_lag,
                account=self._account,
            )
        return cast("Contacts", self._resources["contacts"])

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
        """Return this client with other options for its calls.

        The returned client shares the connection pool and the rate limiter. Closing one closes both.

        Args:
            timeout: Seconds that one attempt may take.
            retry: How failed requests are retried; None turns retries off.
            extra_headers: Additional headers: ASCII strings without line breaks.
            extra_query: Additional query parameters.
            extra_body: Additional fields of a JSON body.
            max_wait: Seconds that a call may wait for a free slot of the rate limit; a longer wait raises
                `RateLimitError` without a request. None waits as long as necessary.
            bulk: Whether these calls are bulk work: paced, and leaving some slots of the rate limit to other callers.
                `contacts.bulk` always is.

        Example:
            client.with_options(timeout=5).contacts.count()
        """
        return self._copy_with(
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
        """The generated client, for its endpoint functions. Its requests are limited, retried and logged too.

        So are those of its copies: `client.generated.with_headers({"x-trace": "7"})`.
        """
        from sendblue_contacts_api import Client as GeneratedClient  # noqa: PLC0415  # see the top of this file

        arguments = {"transport": self._transport}  # a copy makes an httpx client of its own
        settings: dict[str, Any] = {**self._http_settings(), "cookies": {}, "httpx_args": arguments}
        return GeneratedClient(**settings)

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:  # noqa: ANN401  # httpx's arguments
        """Send any request, limited, retried and logged like all others: for endpoints that this library lacks.

        Args:
            method: The HTTP method. GET, PUT and DELETE are retried when the response is lost, POST is not.
            path: The path, such as `/api/v2/contacts/count`.
            kwargs: As for `httpx.Client.request`: `params`, `json`, `headers`, `extensions` and so on. The headers, the
                query and the body of `with_options` are added, and take precedence.

        Returns:
            The response, whatever its status.

        Raises:
            APIConnectionError: No response was received.
            TypeError: `extra_body` of `with_options` is set, and the request has no JSON object as its body.
            ValueError: A header cannot be sent, or `path` is not a path: a request to another host would disclose the
                credentials.
        """
        call = self._new_call(repeatable=method.upper() in IDEMPOTENT_METHODS)
        settings = self._request_settings(call, path, kwargs)
        if self._http.is_closed:
            raise closed_error()
        with self._hooks.trace(method, path):
            try:
                return self._http.request(method, **settings)
            except (httpx.TransportError, httpx.DecodingError) as error:
                made = request_error(error, method, path, call.attempts, maybe_applied=call.maybe_applied)
                raise made from safe_cause(error)

    def _send(self, operation: Operation[T]) -> T:
        with self._hooks.trace(operation.kwargs["method"], operation.kwargs["url"], raises=True):
            return (self._send_and_look_up(operation)).parse()

    def _send_raw(self, operation: Operation[T]) -> RawResponse[T]:
        with self._hooks.trace(operation.kwargs["method"], operation.kwargs["url"]):
            return self._send_and_look_up(operation)

    def _send_and_look_up(self, operation: Operation[T]) -> RawResponse[T]:
        call = self._new_call(repeatable=operation.repeatable, delay=operation.delay)
        try:
            response = self._respond(operation, call)
        except APIConnectionError:
            if shown := self._look_up(operation, None, call):
                return shown
            raise
        shown = self._look_up(operation, response, call) if call.maybe_applied else None
        return shown or RawResponse.of(response, operation, call)

    def _look_up(self, operation: Operation[T], response: httpx.Response | None, call: Call) -> RawResponse[T] | None:
        """Find out what a call did whose response was lost. Returns None if that cannot be found out."""
        steps = look_ups(operation, response, call)
        outcome: httpx.Response | SendblueError | None = None
        try:
            while True:
                look_up, next_call = steps.send(outcome)
                client = self._copy_with(extra_body={})  # an extra body belongs to the call
                try:
                    outcome = client._respond(look_up, next_call)  # noqa: SLF001  # a copy of this client
                except SendblueError as error:
                    outcome = error
        except StopIteration as end:
            return cast("RawResponse[T] | None", end.value)

    def _respond(self, operation: Operation[Any], call: Call) -> httpx.Response:
        """Send the request of an operation, without what `httpx.Client` adds: redirects, cookies and so on."""
        request = self._new_request(operation, call, self._headers)
        try:
            response = self._transport.handle_request(request)
        except (httpx.TransportError, httpx.DecodingError) as error:
            error.request = request  # its values are masked in the text of the error
            path = operation.kwargs["url"]
            made = request_error(error, request.method, path, call.attempts, maybe_applied=call.maybe_applied)
            raise made from safe_cause(error)
        response.request = request
        return response

    def close(self) -> None:
        """Close the connections. A second call does nothing; any other call afterwards is an error.

        Calls that are under way end too. One that waits for a slot or for its next attempt is not sent, and raises
        `SendblueError` at once. One whose response has not arrived raises `APIConnectionError`.
        """
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
