"""What stands between the httpx client and the wire, each part one httpx transport, sync and async side by side.

    retry → rate limit → log → wire

Retries are outermost, so that every attempt takes a slot of its own; the log is innermost, so that it sees every
attempt. What they decide is decided elsewhere (`retry`, `limits`); here it is only carried out.
"""

from __future__ import annotations

import logging
import math
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict, cast

from ._httpx import httpx
from .errors import RateLimitError, RequestSummary, retry_after
from .retry import EXTENSION, IDEMPOTENT, Attempts, Call, Failure, Quota, Retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from .rate_limit import RateLimiter, Slot

_LOG = logging.getLogger("sendblue_contacts")
_TIMEOUT = 408
_TOO_MANY = 429
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
_FINAL = Failure(arrived=False, final=True)


def failure_of(outcome: httpx.Response | httpx.TransportError) -> Failure | None:
    """Why an attempt did not succeed; None if it did."""
    if isinstance(outcome, httpx.Response):
        status = outcome.status_code
        if outcome.is_success:
            return None
        if status == _TOO_MANY:
            return Failure(arrived=False, throttled=True, retry_after=retry_after(outcome))
        transient = status == _TIMEOUT or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED)
        return Failure(arrived=True, retry_after=retry_after(outcome)) if transient else _FINAL
    return Failure(arrived=not isinstance(outcome, _NEVER_SENT))


def call_of(request: httpx.Request, retry: Retry | None) -> Call:
    """The call that a request belongs to. One that brings none, from the generated client, is judged by its method."""
    call = request.extensions.get(EXTENSION)
    if not isinstance(call, Call):
        call = Call(request.method in IDEMPOTENT, retry)
        request.extensions = {**request.extensions, EXTENSION: call}
    if not isinstance(request.stream, httpx.ByteStream):
        call.retry = None  # a body that can be read only once cannot be sent again
    return call


def cap_timeout(request: httpx.Request) -> None:
    """Let no attempt last beyond the deadline of its call."""
    left = call_of(request, None).left
    timeouts = request.extensions.get("timeout", {})
    if left < math.inf:
        request.extensions["timeout"] = {kind: left if t is None else min(t, left) for kind, t in timeouts.items()}


class RetryTransport(httpx.BaseTransport):
    """Repeats requests as `retry` says."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        retry: Retry | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._retry = retry
        self._sleep = sleep
        self._attempts = Attempts(Quota(), clock, random)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it succeeds or nothing more may be tried."""
        flow = self._attempts.flow(call_of(request, self._retry))
        pause = next(flow, None)
        while True:
            if pause:
                self._sleep(pause)
            outcome = self._attempt(request)
            try:
                pause = flow.send(failure_of(outcome))
            except StopIteration:
                return _result(outcome)
            if isinstance(outcome, httpx.Response):
                outcome.close()

    def _attempt(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        cap_timeout(request)
        try:
            return self._transport.handle_request(request)
        except httpx.TransportError as error:
            return error

    def close(self) -> None:
        """Close the transport beneath."""
        self._transport.close()


class AsyncRetryTransport(httpx.AsyncBaseTransport):
    """Repeats requests as `retry` says."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        retry: Retry | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        import anyio  # noqa: PLC0415  # only the async client pays for it

        self._transport = transport
        self._retry = retry
        self._sleep = sleep or anyio.sleep
        self._attempts = Attempts(Quota(), clock, random)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it succeeds or nothing more may be tried."""
        flow = self._attempts.flow(call_of(request, self._retry))
        pause = next(flow, None)
        while True:
            if pause:
                await self._sleep(pause)
            outcome = await self._attempt(request)
            try:
                pause = flow.send(failure_of(outcome))
            except StopIteration:
                return _result(outcome)
            if isinstance(outcome, httpx.Response):
                await outcome.aclose()

    async def _attempt(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        cap_timeout(request)
        try:
            return await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            return error

    async def aclose(self) -> None:
        """Close the transport beneath."""
        await self._transport.aclose()


def _result(outcome: httpx.Response | httpx.TransportError) -> httpx.Response:
    if isinstance(outcome, httpx.Response):
        return outcome
    raise outcome


class RateLimitTransport(httpx.BaseTransport):
    """Holds a slot of the limiter until the response has come, and freezes the limiter after a 429."""

    def __init__(self, transport: httpx.BaseTransport, limiter: RateLimiter) -> None:
        self._transport = transport
        self._limiter = limiter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request in a slot of its own."""
        with _told(request), self._limiter.slot(**_terms(request)) as slot:
            _note_wait(request, slot)
            response = self._transport.handle_request(request)
            if response.status_code == _TOO_MANY:
                self._limiter.refused(retry_after(response))
        return response

    def close(self) -> None:
        """Close the transport beneath."""
        self._transport.close()


class AsyncRateLimitTransport(httpx.AsyncBaseTransport):
    """Holds a slot of the limiter until the response has come, and freezes the limiter after a 429."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limiter: RateLimiter) -> None:
        self._transport = transport
        self._limiter = limiter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request in a slot of its own."""
        with _told(request):
            async with self._limiter.slot(**_terms(request)) as slot:
                _note_wait(request, slot)
                response = await self._transport.handle_async_request(request)
                if response.status_code == _TOO_MANY:
                    await self._limiter.async_refused(retry_after(response))
        return response

    async def aclose(self) -> None:
        """Close the transport beneath."""
        await self._transport.aclose()


class _Terms(TypedDict):
    bulk: bool
    max_wait: float | None
    patience: float | None


def _terms(request: httpx.Request) -> _Terms:
    """On which terms a request waits for its slot.

    It waits for its turn as long as it may. For a server that refuses everybody and a store that is away it waits no
    longer than its deadline allows: then the error comes at once, and nothing is sent.
    """
    call = call_of(request, None)
    return {"bulk": call.bulk, "max_wait": call.max_wait, "patience": call.retry.deadline if call.retry else None}


def _note_wait(request: httpx.Request, slot: Slot) -> None:
    call_of(request, None).waited += slot.waited


@contextmanager
def _told(request: httpx.Request) -> Generator[None]:
    """Tell an error of the limiter which request it is about."""
    try:
        yield
    except RateLimitError as error:
        error.request = RequestSummary.of(request.method, request.url.path)
        call = call_of(request, None)
        error.attempts, error.lost = call.attempts - 1, call.lost  # of which this one is none
        raise


class LogTransport(httpx.BaseTransport):
    """Writes one line for each attempt, without a phone number, a header or a body.

    Takes the answer in whole: one that breaks off halfway is an attempt that failed.
    """

    def __init__(self, transport: httpx.BaseTransport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and write down what became of it."""
        started = self._clock()
        try:
            response = _whole(self._transport.handle_request(request))
        except httpx.TransportError as error:
            _log(request, type(error).__name__, self._clock() - started)
            raise
        _log(request, response.status_code, self._clock() - started)
        return response

    def close(self) -> None:
        """Close the transport beneath."""
        self._transport.close()


class AsyncLogTransport(httpx.AsyncBaseTransport):
    """Writes one line for each attempt, without a phone number, a header or a body.

    Takes the answer in whole: one that breaks off halfway is an attempt that failed.
    """

    def __init__(self, transport: httpx.AsyncBaseTransport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and write down what became of it."""
        started = self._clock()
        try:
            response = await _async_whole(await self._transport.handle_async_request(request))
        except httpx.TransportError as error:
            _log(request, type(error).__name__, self._clock() - started)
            raise
        _log(request, response.status_code, self._clock() - started)
        return response

    async def aclose(self) -> None:
        """Close the transport beneath."""
        await self._transport.aclose()


def _whole(response: httpx.Response) -> httpx.Response:
    stream = cast("httpx.SyncByteStream", response.stream)
    try:
        response.stream = httpx.ByteStream(b"".join(stream))
    finally:
        stream.close()
    return response


async def _async_whole(response: httpx.Response) -> httpx.Response:
    stream = cast("httpx.AsyncByteStream", response.stream)
    try:
        response.stream = httpx.ByteStream(b"".join([part async for part in stream]))
    finally:
        await stream.aclose()
    return response


def _log(request: httpx.Request, outcome: object, seconds: float) -> None:
    if _LOG.isEnabledFor(logging.INFO):
        summary = RequestSummary.of(request.method, request.url.path)
        _LOG.info("%s: %s in %.3f s (attempt %d)", summary, outcome, seconds, call_of(request, None).attempts)
