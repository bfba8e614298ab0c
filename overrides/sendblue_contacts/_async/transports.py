"""The transports between the httpx client and the network, each one an httpx transport of its own.

    retry → rate limit → connections

Retry comes first, so that every attempt takes a slot of its own. `connections` sends, and logs every attempt. `retry`
and `rate_limit` decide; the transports only send and wait.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from sendblue_contacts._httpx import httpx
from sendblue_contacts.errors import retry_after
from sendblue_contacts.rate_limit import forks
from sendblue_contacts.rate_limit.lease import WaitEndedError
from sendblue_contacts.rate_limit.wait_queue import LiveObjects
from sendblue_contacts.request_context import Hooks, call_of, cap_timeout, request_in_errors, slot_for, start_call
from sendblue_contacts.retry import THROTTLING_STATUSES, Quota, Retry, attempt_pauses, failure_of
from sendblue_contacts.sleep import Pauses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sendblue_contacts.rate_limit import RateLimiter, Slot
    from sendblue_contacts.retry import Call


class AsyncRetryTransport(httpx.AsyncBaseTransport):
    """Retries requests as `retry` decides."""

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        retry: Retry | None,
        hooks: Hooks | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._retry = retry
        self._hooks = hooks or Hooks()
        self._pauses = Pauses()
        self._sleep = sleep or self._pauses.async_sleep
        self._clock = clock
        self._random = random
        self.after_fork()
        forks.reset_after_fork(self)

    def after_fork(self) -> None:
        """In the child: a new retry quota, because another thread of the parent may hold the lock of the old one."""
        self._quota = Quota()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it succeeds or no further attempt is allowed."""
        with self._hooks.trace(request.method, request.url):
            outcome = await self._last_outcome(request, start_call(request, self._retry))
        if isinstance(outcome, httpx.Response):
            return outcome
        raise outcome

    async def _last_outcome(self, request: httpx.Request, call: Call) -> httpx.Response | httpx.TransportError:
        pauses = attempt_pauses(call, self._quota, self._clock, self._random)
        pause = next(pauses, None)
        while True:
            if pause:
                await self._sleep(pause)
            number, waited, started = call.attempts, call.waited, self._clock()
            outcome = await self._attempt(request)
            waited = call.waited - waited
            times = self._clock() - started - waited, waited
            try:
                pause = pauses.send(failure_of(outcome))
            except StopIteration:
                pause = None
            if attempt := self._hooks.attempt(request, outcome, number, times, pause):
                await self._hooks.async_report(attempt)
            if pause is None:
                return outcome

    async def _attempt(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        cap_timeout(request)
        try:
            return await self._transport.handle_async_request(request)
        except httpx.TransportError as error:
            return error

    async def aclose(self) -> None:
        """Close the inner transport, which sends nothing more, and end all pauses: a call that they hold up raises."""
        try:
            await self._transport.aclose()
        finally:
            self._pauses.end()


class AsyncRateLimitTransport(httpx.AsyncBaseTransport):
    """Holds a slot of the limiter until the response is complete, and freezes the limiter after a 429."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limiter: RateLimiter) -> None:
        self._transport = transport
        self._limiter = limiter
        self._slots: LiveObjects[Slot] = LiveObjects()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request in a slot of its own."""
        with request_in_errors(request):
            slot = slot_for(request, self._limiter)
            self._slots.add(slot)
            if self._closed:
                raise WaitEndedError
            async with slot:
                call_of(request).waited += slot.waited  # the deadline does not count it
                response = await self._transport.handle_async_request(request)
                if response.status_code in THROTTLING_STATUSES:
                    await self._limiter.async_refused(retry_after(response))
        return response

    async def aclose(self) -> None:
        """End the waits for slots, and close the inner transport."""
        self._closed = True
        self._limiter.end_waits(self._slots)
        await self._transport.aclose()
