"""What the transports read from an httpx request and record on it: its call, its deadline, its slot, its log line."""

from __future__ import annotations

import logging
import math
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ._httpx import httpx
from ._masking import RequestSummary
from .config import FRAMING_HEADERS, check_headers
from .errors import APIConnectionError, RateLimitError, closed_error
from .rate_limit.lease import WaitEndedError, lease_for
from .retry import EXTENSION, IDEMPOTENT_METHODS, Call, Retry, failure_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from .errors import SendblueError
    from .rate_limit import RateLimiter, Slot

_LOG = logging.getLogger("sendblue_contacts")
_DEADLINE: ContextVar[float] = ContextVar("_DEADLINE", default=math.inf)
"""When the attempt that this thread or task sends must end, in monotonic seconds."""
_LEAST_DEADLINE = 60.0
"""The deadline in seconds of a call without a retry policy, or twice its timeout if that is longer."""


def start_call(request: httpx.Request, retry: Retry | None) -> Call:
    """Return the call of a request before its first attempt. Headers of the generated client are checked only here."""
    call = call_of(request, retry)
    checked = {name: value for name, value in request.headers.items() if name not in FRAMING_HEADERS}
    if not isinstance(request.stream, httpx.ByteStream):
        call.retry = None  # a body that can be read only once cannot be sent again
    elif request.headers.get("content-length", "0") != str(len(request.content)):
        checked["content-length"] = ""
    check_headers(checked)
    return call


def call_of(request: httpx.Request, retry: Retry | None = None) -> Call:
    """Return the call that a request belongs to.

    A request without one comes from the generated client: it gets a call, retried if its HTTP method is idempotent.
    """
    extensions: dict[str, Any] = request.extensions
    call = extensions.get(EXTENSION)
    if not isinstance(call, Call):
        call = Call(request.method in IDEMPOTENT_METHODS, retry)
        request.extensions = {**extensions, EXTENSION: call}
    if call.deadline is None:
        timeouts = extensions.get("timeout", {}).values()
        longest = max((math.inf if seconds is None else seconds for seconds in timeouts), default=0.0)
        call.deadline = max(_LEAST_DEADLINE, 2 * longest)
    return call


def cap_timeout(request: httpx.Request) -> None:
    """Lower the timeouts of a request so that the attempt ends by the deadline of its call."""
    left = call_of(request).seconds_left
    timeouts = request.extensions.get("timeout", {})
    if left < math.inf:
        request.extensions["timeout"] = {kind: left if t is None else min(t, left) for kind, t in timeouts.items()}


@contextmanager
def deadline_of(request: httpx.Request) -> Generator[None]:
    """Limit reads and writes in this block to the deadline of a call. Waits for slots, before it, do not count."""
    token = _DEADLINE.set(time.monotonic() + call_of(request).seconds_left)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def seconds_to_deadline(timeout: float | None, error: type[httpx.TimeoutException] = httpx.ReadTimeout) -> float | None:
    """Return the seconds that a read or write may take. An `error` is raised if the deadline has passed."""
    left = _DEADLINE.get() - time.monotonic()
    if left <= 0:
        raise error("the deadline of the call has passed")
    return timeout if left == math.inf else left if timeout is None else min(timeout, left)


def closed_call(request: httpx.Request, error: httpx.TransportError | None = None) -> SendblueError:
    """Return the error for a request of a client that was closed. An `error` ended it if it had been sent."""
    call = call_of(request)
    failure = failure_of(error) if error else None
    if not call.maybe_applied and not (failure and failure.maybe_applied):
        return closed_error()
    summary = RequestSummary.of(request.method, request.url.path)
    text = "the client was closed before a response arrived; check whether the request was applied"
    made = APIConnectionError(text, request=summary, attempts=call.attempts - (error is None))
    made.maybe_applied = True
    return made


def slot_for(request: httpx.Request, limiter: RateLimiter) -> Slot:
    """Return a slot of the limiter for a request, which enters it.

    A request waits for a free slot for up to its `max_wait`. A frozen limiter or an unavailable store is waited for
    only until the deadline of the call: a longer wait raises at once, and no request is sent. The lease of the slot
    covers all timeouts of the request, up to the deadline.
    """
    call = call_of(request)
    timeouts = request.extensions.get("timeout") or {"read": None}
    longest = sum(math.inf if seconds is None else seconds for seconds in timeouts.values())
    lease = lease_for(min(longest, call.seconds_left))
    return limiter.slot(bulk=call.bulk, max_wait=call.max_wait, freeze_timeout=call.deadline, lease=lease)


@contextmanager
def request_in_errors(request: httpx.Request) -> Generator[None]:
    """Add to an error of the limiter which request it belongs to."""
    try:
        yield
    except WaitEndedError:
        raise closed_call(request) from None
    except RateLimitError as error:
        error.request = RequestSummary.of(request.method, request.url.path)
        call = call_of(request)
        error.attempts, error.maybe_applied = call.attempts - 1, call.maybe_applied  # this attempt was not sent
        raise


def log_attempt(request: httpx.Request, outcome: object, seconds: float) -> None:
    """Log one attempt: method, masked path, status or error, duration. No phone number, header or body."""
    if _LOG.isEnabledFor(logging.INFO):
        summary = RequestSummary.of(request.method, request.url.path)
        _LOG.info("%s: %s in %.3f s (attempt %d)", summary, outcome, seconds, call_of(request).attempts)
