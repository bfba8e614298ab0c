"""What the transports read from an httpx request and record on it: its call, its deadline, its slot, its attempts.

An attempt is a log line, an `Attempt` for the hook of the client, and an event of the trace of its call, if there is a
trace. `Hooks` belongs to a client and its copies; `otel` sets what traces their calls.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Protocol, cast
from urllib.parse import urlsplit

from sendblue_contacts_api.operation_table import OPERATION_TABLE, OperationEntry

from ._httpx import httpx
from ._masking import RequestSummary
from .config import FRAMING_HEADERS, check_headers
from .errors import APIConnectionError, RateLimitError, closed_error
from .rate_limit.lease import WaitEndedError, lease_for
from .retry import EXTENSION, IDEMPOTENT_METHODS, Call, Retry, failure_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from .errors import SendblueError
    from .rate_limit import RateLimiter, Slot

_LOG = logging.getLogger("sendblue_contacts")
_DEADLINE: ContextVar[float] = ContextVar("_DEADLINE", default=math.inf)
"""When the attempt that this thread or task sends must end, in monotonic seconds."""
_LEAST_DEADLINE = 60.0
"""The deadline in seconds of a call without a retry policy, or twice its timeout if that is longer."""


def start_call(request: httpx.Request, retry: Retry | None) -> Call:
    """Return the call of a request before its first attempt. Headers of the generated client are checked only here."""
    is_complete = isinstance(request.stream, httpx.ByteStream)
    if EXTENSION not in request.extensions:
        checked = {name: value for name, value in request.headers.items() if name not in FRAMING_HEADERS}
        if is_complete and request.headers.get("content-length", "0") != str(len(request.content)):
            checked["content-length"] = ""
        check_headers(checked)
    call = call_of(request, retry)
    if not is_complete:
        call.retry = None  # a body that can be read only once cannot be sent again
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
    call = call_of(request)
    call.slowest_attempt = max(seconds, call.slowest_attempt)
    if _LOG.isEnabledFor(logging.INFO):
        summary = RequestSummary.of(request.method, request.url.path)
        _LOG.info("%s: %s in %.3f s (attempt %d)", summary, outcome, seconds, call.attempts)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One HTTP attempt of a call, for `on_attempt`. It contains no phone number, no value that was sent, and no key.

    Attributes:
        operation: The operationId in the OpenAPI document, such as `retrieve_contact`; None for an unknown path.
        method: The HTTP method.
        route: The path with the names of its parameters, `/api/v2/contacts/{phone_number}`; None for an unknown path.
        number: 1 for the first attempt of the request.
        status: The status of the response; None without a response.
        error: The name of the exception's class, such as `ReadTimeout`; None if there is a response.
        seconds: How long the attempt took, without the wait for a slot of the rate limit.
        waited: The seconds that this attempt waited for a slot.
        retry_in: The seconds until the next attempt; None if this was the last one.
    """

    operation: str | None
    method: str
    route: str | None
    number: int
    status: int | None
    error: str | None
    seconds: float
    waited: float
    retry_in: float | None


OnAttempt = Callable[[Attempt], object]
"""A hook. The async client awaits what it returns, if that is awaitable."""


class Trace(Protocol):
    """The trace of one call; entered when the call starts, and left when it ends."""

    def __enter__(self) -> object: ...
    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None: ...

    def attempt(self, attempt: Attempt) -> None:
        """Record an attempt of the call."""


class Hooks:
    """The hook of a client, and what traces its calls. A client shares it with its copies."""

    tracer: Callable[..., Trace] | None = None
    """Returns the trace of a call; see `otel`. The attribute of the class is the tracer of all clients."""

    def __init__(
        self, on_attempt: OnAttempt | None = None, base_url: str = "", limiter: RateLimiter | None = None
    ) -> None:
        self.on_attempt = on_attempt
        self.base_url = base_url
        self.limiter = limiter
        self._prefix = urlsplit(base_url).path

    def trace(self, method: str, path: str | httpx.URL, *, raises: bool = False) -> AbstractContextManager[object]:
        """Return a context for a call, which traces it unless it is part of a call that is traced.

        The generic instrumentation of httpx does not see the requests of a call: their URLs contain phone numbers.
        """
        if self.tracer is None or _TRACE.get()[0] is self:
            return _hidden_from_instrumentations()
        operation = self._operation_at(method.upper(), path if isinstance(path, str) else path.raw_path.decode())
        return self._traced(self.tracer(self, operation.call, operation.method, operation.route, raises=raises))

    @contextmanager
    def _traced(self, trace: Trace) -> Generator[None]:
        with trace, _hidden_from_instrumentations():
            token = _TRACE.set((self, trace))
            try:
                yield
            finally:
                _TRACE.reset(token)

    def attempt(
        self, request: httpx.Request, outcome: object, number: int, times: tuple[float, float], retry_in: float | None
    ) -> Attempt | None:
        """Return an attempt for the hook, after it was added to the trace; None if there is neither."""
        owner, trace = _TRACE.get()
        if self.on_attempt is None and owner is not self:
            return None
        operation = self._operation_at(request.method, request.url.raw_path.decode())
        status = outcome.status_code if isinstance(outcome, httpx.Response) else None
        error = type(outcome).__name__ if status is None else None
        attempt = Attempt(
            operation.operation_id, operation.method, operation.route, number, status, error, *times, retry_in
        )
        if trace and owner is self:
            trace.attempt(attempt)
        return attempt

    def report(self, attempt: Attempt) -> None:
        """Call the hook. An exception of it is logged."""
        try:
            if self.on_attempt:
                self.on_attempt(attempt)
        except Exception:  # noqa: BLE001  # of the caller's code
            _LOG.exception(_HOOK_FAILED)

    async def async_report(self, attempt: Attempt) -> None:
        """As `report`, and await what the hook returns."""
        try:
            result = self.on_attempt and self.on_attempt(attempt)
            if result is not None and isawaitable(result):
                await result
        except Exception:  # noqa: BLE001  # of the caller's code
            _LOG.exception(_HOOK_FAILED)

    def _operation_at(self, method: str, path: str) -> OperationEntry:
        pattern, operations = _operations(self._prefix).get(method, _NO_OPERATIONS)
        if match := pattern.fullmatch(path):
            return operations[(match.lastindex or 1) - 1]
        method = method if method in _METHODS else "_OTHER"  # it can be any text of the caller
        return OperationEntry(method, None, None, method)


_TRACE: ContextVar[tuple[Hooks | None, Trace | None]] = ContextVar("_TRACE", default=(None, None))
"""The client of the call that this thread or task makes, and the trace of the call."""
_HOOK_FAILED = "on_attempt raised an exception, which is ignored"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"})


_Operations = tuple[re.Pattern[str], list[OperationEntry]]
_NO_OPERATIONS: _Operations = (re.compile(r"(?!)"), [])


@cache
def _operations(prefix: str) -> dict[str, _Operations]:
    """Return, by method, a pattern with a group for each route below a path, and the operations of these groups."""
    by_method: dict[str, list[OperationEntry]] = {}
    for entry in OPERATION_TABLE:  # a fixed path comes before one with a parameter that matches it too
        by_method.setdefault(entry.method, []).append(entry)
    return {method: (_pattern(prefix, entries), entries) for method, entries in by_method.items()}


def _pattern(prefix: str, entries: list[OperationEntry]) -> re.Pattern[str]:
    groups = "|".join(f"({re.sub('{.*?}', '[^/?]+', entry.route or '')})" for entry in entries)
    return re.compile(rf"{re.escape(prefix)}(?:{groups})(?:\?.*)?", re.DOTALL)


class _Hidden:
    """A context in which the instrumentations of HTTP clients record nothing."""

    def __init__(self, context: Any, key: str) -> None:  # noqa: ANN401  # the module `opentelemetry.context`
        self._context, self._key = context, key

    def __enter__(self) -> None:
        self._token = self._context.attach(self._context.set_value(self._key, True))  # noqa: FBT003  # the value

    def __exit__(self, *_: object) -> None:
        self._context.detach(self._token)


def _hidden_from_instrumentations() -> AbstractContextManager[object]:
    """Return such a context if a program uses OpenTelemetry: instrumentations suppress each other with this key."""
    context = sys.modules.get("opentelemetry.context")
    key: str | None = getattr(context, "_SUPPRESS_HTTP_INSTRUMENTATION_KEY", None)
    return _NOTHING if context is None or key is None or context.get_value(key) else _Hidden(context, key)


_NOTHING = nullcontext()


def check_hook(on_attempt: Any, *, awaited: bool) -> OnAttempt | None:  # noqa: ANN401  # checked here
    """Return the hook of a client, which awaits what it returns or does not."""
    if on_attempt is None:
        return None
    if not callable(on_attempt):
        raise TypeError(f"on_attempt must be a callable or None, not {type(on_attempt).__name__}")
    if not awaited and (iscoroutinefunction(on_attempt) or iscoroutinefunction(on_attempt.__call__)):
        raise TypeError("on_attempt is an async function, which this client cannot await; use AsyncSendblue")
    return cast("OnAttempt", on_attempt)
