"""OpenTelemetry: a span for each call, an event for each attempt, and metrics. Needs the extra `otel`.

Methods, routes, the host, status codes, names of exceptions and times are recorded, and nothing else: no exception, no
URL and no header, so no personal data and no key.
"""

from __future__ import annotations

import threading
import time
from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from .request_context import Hooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.metrics import MeterProvider, Observation
    from opentelemetry.trace import TracerProvider

    from .base_client import BaseClient
    from .rate_limit import RateLimiter
    from .request_context import Attempt

__all__ = ["instrument"]

_SCOPE = "sendblue_contacts"
_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 30, 60]
"""Of a duration in seconds: those of the semantic conventions, and longer ones for waits and retries."""
_ERROR = 400
_TOO_MANY_REQUESTS = 429


def instrument(
    client: BaseClient | None = None,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> None:
    """Trace and measure the calls of a client with OpenTelemetry. Instrumenting a client again has no effect.

    Args:
        client: The client, a `Sendblue` or an `AsyncSendblue`; None for all clients of the process, later ones too.
        tracer_provider: Creates the spans. Defaults to the current global provider.
        meter_provider: Creates the metrics. Defaults to the current global provider.

    Raises:
        ModuleNotFoundError: The extra `otel` is not installed.
        TypeError: `client` is something else.
    """
    target = Hooks if client is None else getattr(client, "_hooks", None)  # shared by the client and its copies
    if target is None:
        raise TypeError(f"client must be a Sendblue, an AsyncSendblue or None, not {type(client).__name__}")
    trace, metrics = _api("trace"), _api("metrics")
    if target.tracer is None:
        tracer = trace.get_tracer(_SCOPE, version("sendblue-contacts"), tracer_provider)
        target.tracer = _CallTracer(tracer, _metrics(meter_provider or metrics.get_meter_provider()))


def _api(name: str) -> Any:  # noqa: ANN401  # a module of an optional library
    try:
        return import_module(f"opentelemetry.{name}")
    except ModuleNotFoundError:
        message = 'sendblue_contacts.otel requires opentelemetry-api: pip install "sendblue-contacts[otel]"'
        raise ModuleNotFoundError(message) from None


class _Metrics:
    """The metrics of all clients with the same provider."""

    def __init__(self, meter: Any) -> None:  # noqa: ANN401  # of an optional library
        seconds = partial(meter.create_histogram, unit="s", explicit_bucket_boundaries_advisory=_BUCKETS)
        self.duration = seconds("sendblue.client.duration", description="The duration of calls")
        self.wait = seconds("sendblue.client.rate_limit.wait", description="The waits of attempts for a slot")
        self.attempts = meter.create_counter("sendblue.client.attempts", "{attempt}", "HTTP attempts by outcome")
        self.refusals = meter.create_counter("sendblue.client.rate_limit.refusals", "{response}", "429 responses")
        free, text = "sendblue.client.rate_limit.free_slots", "Slots of the rate limit that are free"
        meter.create_observable_gauge(free, [self._free_slots], "{slot}", text)
        self._limiters: WeakKeyDictionary[RateLimiter, int] = WeakKeyDictionary()  # with a number each
        self._lock = threading.Lock()

    def add_limiter(self, limiter: RateLimiter | None) -> None:
        """Include a limiter in the free slots."""
        if limiter is not None and limiter not in self._limiters:
            with self._lock:
                used = set(self._limiters.values())
                self._limiters.setdefault(limiter, next(number for number in count(1) if number not in used))

    def _free_slots(self, _options: object) -> Iterator[Observation]:
        with self._lock:
            limiters = list(self._limiters.items())
        for limiter, number in limiters:
            free = limiter.statistics().free
            if free is not None:
                yield _api("metrics").Observation(free, {"sendblue.rate_limit.limiter": number})


@cache
def _metrics(meter_provider: MeterProvider) -> _Metrics:
    """Return the metrics of a provider, which takes the callback of a gauge only once."""
    return _Metrics(meter_provider.get_meter(_SCOPE, version("sendblue-contacts")))


class _CallTracer:
    """Traces the calls of one or all clients."""

    def __init__(self, tracer: Any, metrics: _Metrics) -> None:  # noqa: ANN401  # of an optional library
        self.tracer = tracer
        self.metrics = metrics

    def __call__(self, hooks: Hooks, name: str, method: str, route: str | None, *, raises: bool) -> _CallTrace:
        self.metrics.add_limiter(hooks.limiter)
        server = urlsplit(hooks.base_url)
        attributes = {
            "http.request.method": method,
            "url.template": route,
            "server.address": server.hostname,
            "server.port": server.port or {"http": 80, "https": 443}.get(server.scheme),
        }
        return _CallTrace(self, name, _without_none(attributes), raises=raises)


class _CallTrace:
    """The span of one call, which is the current span while the call lasts."""

    def __init__(self, owner: _CallTracer, name: str, attributes: dict[str, Any], *, raises: bool) -> None:
        self._metrics = owner.metrics
        self._start_span = owner.tracer.start_span
        self._name = name
        self._raises = raises  # whether the call raises an exception for a response that it does not expect
        self._attributes = attributes
        self._attempts: list[Attempt] = []

    def __enter__(self) -> None:
        trace, context = _api("trace"), _api("context")
        self._started = time.perf_counter()
        self._span = self._start_span(self._name, kind=trace.SpanKind.CLIENT, attributes=self._attributes)
        self._token = context.attach(trace.set_span_in_context(self._span))

    def attempt(self, attempt: Attempt) -> None:
        """Add the events of an attempt, and count it."""
        self._attempts.append(attempt)
        now, outcome = time.time_ns(), _outcome(attempt)
        waited, retry_in = {"sendblue.waited": attempt.waited}, {"sendblue.retry_in": attempt.retry_in}
        if attempt.waited:
            self._span.add_event("sendblue.rate_limit.wait", waited, now - int(attempt.seconds * 1e9))
        details = {"sendblue.operation": attempt.operation, "sendblue.seconds": attempt.seconds, **waited, **retry_in}
        details["http.request.resend_count"] = attempt.number - 1 or None
        self._span.add_event("sendblue.attempt", _without_none({**details, **outcome}), now)
        if attempt.retry_in is not None:
            self._span.add_event("sendblue.retry", retry_in, now)
        request = _without_none({"http.request.method": attempt.method, "url.template": attempt.route})
        self._metrics.attempts.add(1, {**request, **outcome})
        self._metrics.wait.record(attempt.waited, request)
        if attempt.status == _TOO_MANY_REQUESTS:
            self._metrics.refusals.add(1, request)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        _api("context").detach(self._token)
        found = self._result(kind)
        self._metrics.duration.record(time.perf_counter() - self._started, {**self._attributes, **found})
        resent = len(self._attempts) - 1
        self._span.set_attributes({**found, "http.request.resend_count": resent} if resent > 0 else found)
        if "error.type" in found:
            self._span.set_status(_api("trace").StatusCode.ERROR)
        self._span.end()

    def _result(self, kind: type[BaseException] | None) -> dict[str, Any]:
        """Return the attributes for the last attempt of the call, without its look-ups, and for its exception."""
        own = [attempt for attempt in self._attempts if attempt.operation == self._attempts[0].operation]
        result = _result(own[-1]) if own else {}
        if kind:
            result.setdefault("error.type", kind.__name__)
        elif self._raises:
            result.pop("error.type", None)
        return result


def _outcome(attempt: Attempt) -> dict[str, Any]:
    result = _result(attempt)
    retried = attempt.retry_in is not None
    return {**result, "sendblue.outcome": "retried" if retried else "failed" if "error.type" in result else "success"}


def _result(attempt: Attempt) -> dict[str, Any]:
    failed = str(attempt.status) if attempt.status and attempt.status >= _ERROR else None
    return _without_none({"http.response.status_code": attempt.status, "error.type": attempt.error or failed})


def _without_none(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}
