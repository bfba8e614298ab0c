# Emitted by scripts/regenerate from _async/transports.py. Edit that file, then run scripts/regenerate.
"""The transports between the httpx client and the network, each one an httpx transport of its own.

    retry → rate limit → log → connections

Retry comes first, so that every attempt takes a slot of its own. The log comes last, so that it records every attempt.
`retry` and `rate_limit` decide; the transports only send and wait.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from sendblue_contacts._httpx import httpx
from sendblue_contacts.errors import retry_after
from sendblue_contacts.rate_limit import forks
from sendblue_contacts.rate_limit.lease import WaitEndedError
from sendblue_contacts.rate_limit.live_objects import LiveObjects
from sendblue_contacts.request_context import (
    cap_timeout,
    log_attempt,
    record_wait,
    request_in_errors,
    slot_arguments,
    start_call,
)
from sendblue_contacts.retry import THROTTLING_STATUSES, Attempts, Quota, Retry, failure_of
from sendblue_contacts.sleep import Pauses

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit import RateLimiter, Slot


class RetryTransport(httpx.BaseTransport):
    """Retries requests as `retry` decides."""

    def __init__(
        self,
        transport: httpx.BaseTransport,
        retry: Retry | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        random: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._retry = retry
        self._pauses = Pauses()
        self._sleep = sleep or self._pauses.sleep
        self._clock = clock
        self._random = random
        self.after_fork()
        forks.reset_after_fork(self)

    def after_fork(self) -> None:
        """In the child: a new retry quota, because another thread of the parent may hold the lock of the old one."""
        self._attempts = Attempts(Quota(), self._clock, self._random)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it succeeds or no further attempt is allowed."""
        pauses = self._attempts.pauses(start_call(request, self._retry))
        pause = next(pauses, None)
        while True:
            if pause:
                self._sleep(pause)
            outcome = self._attempt(request)
            try:
                pause = pauses.send(failure_of(outcome))
            except StopIteration:
                break
        if isinstance(outcome, httpx.Response):
            return outcome
        raise outcome

    def _attempt(self, request: httpx.Request) -> httpx.Response | httpx.TransportError:
        cap_timeout(request)
        try:
            return self._transport.handle_request(request)
        except httpx.TransportError as error:
            return error

    def close(self) -> None:
        """End all pauses, and close the inner transport, which sends nothing more."""
        self._pauses.end()
        self._transport.close()


class RateLimitTransport(httpx.BaseTransport):
    """Holds a slot of the limiter until the response is complete, and freezes the limiter after a 429."""

    def __init__(self, transport: httpx.BaseTransport, limiter: RateLimiter) -> None:
        self._transport = transport
        self._limiter = limiter
        self._slots: LiveObjects[Slot] = LiveObjects()
        self._closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request in a slot of its own."""
        with request_in_errors(request):
            slot = self._limiter.slot(**slot_arguments(request))
            self._slots.add(slot)
            if self._closed:
                raise WaitEndedError
            with slot:
                record_wait(request, slot)
                response = self._transport.handle_request(request)
                if response.status_code in THROTTLING_STATUSES:
                    self._limiter.refused(retry_after(response))
        return response

    def close(self) -> None:
        """End the waits for slots, and close the inner transport."""
        self._closed = True
        self._limiter.end_waits(self._slots)
        self._transport.close()


class LogTransport(httpx.BaseTransport):
    """Logs one line for each attempt, without a phone number, a header or a body."""

    def __init__(self, transport: httpx.BaseTransport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and log its outcome."""
        started = self._clock()
        try:
            response = self._transport.handle_request(request)
        except httpx.TransportError as error:
            log_attempt(request, type(error).__name__, self._clock() - started)
            raise
        log_attempt(request, response.status_code, self._clock() - started)
        return response

    def close(self) -> None:
        """Close the inner transport."""
        self._transport.close()
