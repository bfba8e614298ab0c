"""`sendblue_contacts.otel`, and the generic instrumentation of httpx: what they record, and no personal data.

Both instrumentations are the real packages. All spans, events and metrics are searched for planted texts.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sendblue_contacts import RateLimit, RateLimiter, SendblueError
from sendblue_contacts.otel import instrument
from sendblue_contacts.request_context import Hooks
from sendblue_contacts_api.api.contacts import retrieve_contact

from tests.overrides.clients import WITHOUT_PAUSES, Runner, each_choice, generated
from tests.overrides.raw_http import RawHttpServer
from tests.overrides.test_personal_data import (
    CALLS,
    CALLS_AND_FAILURES,
    CREDENTIALS,
    FAILURES,
    NUMBER,
    ON_A_SOCKET,
    PLANTED,
    body_for,
)
from tests.overrides.transport_harness import Clock, Outcome, Server

GENERIC = "opentelemetry.instrumentation.httpx"
OURS = "sendblue_contacts"
SETTINGS: dict[str, Any] = {"api_key": CREDENTIALS[0], "api_secret": CREDENTIALS[1]}


@dataclass
class Telemetry:
    """What both instrumentations export."""

    exporter: InMemorySpanExporter = field(default_factory=InMemorySpanExporter)
    reader: InMemoryMetricReader = field(default_factory=InMemoryMetricReader)

    def __post_init__(self) -> None:
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader], shutdown_on_exit=False)

    @property
    def providers(self) -> dict[str, Any]:
        """The arguments of both instrumentations."""
        return {"tracer_provider": self.tracers, "meter_provider": self.meters}

    def spans(self, scope: str = OURS) -> list[ReadableSpan]:
        """Return the finished spans of an instrumentation, in the order in which they ended."""
        finished = self.exporter.get_finished_spans()
        return [span for span in finished if span.instrumentation_scope and span.instrumentation_scope.name == scope]

    def metrics(self) -> dict[str, list[tuple[dict[str, Any], Any]]]:
        """Return the attributes and the value (of a histogram: the count) of each point, by the name of the metric."""
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {
            metric.name: [
                (dict(point.attributes or {}), getattr(point, "value", getattr(point, "count", None)))
                for point in metric.data.data_points
            ]
            for scope in scopes
            for metric in scope.metrics
        }

    def shown(self) -> str:
        """Return all that is exported, as text."""
        data = self.reader.get_metrics_data()
        return "".join(span.to_json() for span in self.exporter.get_finished_spans()) + (data.to_json() if data else "")

    def found(self) -> list[str]:
        """Return the planted texts in it."""
        shown = self.shown()
        return [planted for planted in (*PLANTED, NUMBER[1:], '"Lead', "%2B") if planted in shown]


@pytest.fixture
def telemetry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telemetry]:
    """Activate the generic instrumentation, which records all headers."""
    for direction in ("REQUEST", "RESPONSE"):
        monkeypatch.setenv(f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_{direction}", ".*")
    telemetry = Telemetry()
    HTTPXClientInstrumentor().instrument(**telemetry.providers)
    yield telemetry
    HTTPXClientInstrumentor().uninstrument()


def traced(telemetry: Telemetry, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return an action that instruments the client, and makes a call."""

    def action(client: Any) -> Any:
        instrument(client, **telemetry.providers)
        return call(client)

    return action


def run(runner: Runner, telemetry: Telemetry, call: Callable[[Any], Any], *handler: Any, **settings: Any) -> Any:
    """Make a call in a span of the caller, which records an error of the call. Returns the value or the error."""
    tracer = telemetry.tracers.get_tracer("caller")
    try:
        with tracer.start_as_current_span("caller"):
            return runner.run(traced(telemetry, call), *handler, **{**SETTINGS, **settings})
    except (SendblueError, httpx.HTTPError) as error:
        return error


# --- no personal data


@pytest.mark.parametrize(("runner", "call", "failure"), CALLS_AND_FAILURES, indirect=["runner"])
def test_a_failure_exports_no_personal_data(runner: Runner, telemetry: Telemetry, call: str, failure: str) -> None:
    """Even if the server or httpx quotes the request, and the span of the caller records the exception."""
    run(runner, telemetry, CALLS[call], FAILURES[failure])
    assert (len(telemetry.spans()) > 0, telemetry.found()) == (True, [])


SOCKET_CALLS: dict[str, Callable[[Any], Any]] = {
    "retrieve": CALLS["retrieve"],
    "create": CALLS["create"],
    "bulk.delete": CALLS["bulk.delete"],
    "list": CALLS["list"],
    "request": CALLS["request"],
    "generated": generated(retrieve_contact, NUMBER),
}


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(
    ("runner", "call", "response"),
    each_choice(["sync", "async", "async"], SOCKET_CALLS, ON_A_SOCKET),
    indirect=["runner"],
)
def test_the_generic_instrumentation_sees_no_request(  # fixtures and cases
    runner: Runner, telemetry: Telemetry, raw: RawHttpServer, call: str, response: str, ours: bool
) -> None:
    """Whether ours is active or not: it records the URL and all headers of each request that it sees."""
    raw.response = ON_A_SOCKET[response]
    action = traced(telemetry, SOCKET_CALLS[call]) if ours else SOCKET_CALLS[call]
    try:
        runner.run(action, base_url=raw.url, **SETTINGS)
    except (SendblueError, httpx.HTTPError):
        assert response != "success" or call != "retrieve"
    assert (len(telemetry.spans()) > 0, telemetry.spans(GENERIC), telemetry.found()) == (ours, [], [])


def test_an_instrumented_httpx_client_sees_no_request(runner: Runner, telemetry: Telemetry) -> None:
    """The generic instrumentation can also wrap the transport of one httpx client, outside of ours."""

    def action(client: Any) -> Any:
        HTTPXClientInstrumentor.instrument_client(client._http, **telemetry.providers)
        return client.request("GET", f"/api/v2/contacts/{NUMBER}")

    runner.run(action, lambda request: httpx.Response(200, json=body_for(request)), **SETTINGS)
    assert (telemetry.spans(GENERIC), telemetry.found()) == ([], [])


def test_other_requests_are_still_traced(telemetry: Telemetry, raw: RawHttpServer) -> None:
    """A check of these tests: the generic instrumentation records the number in a URL, before and after our calls."""
    raw.response = ON_A_SOCKET["success"]
    with httpx.Client(trust_env=False) as client:
        for _ in range(2):
            client.get(f"{raw.url}/{NUMBER}", headers={"x-key": CREDENTIALS[0]})
            Runner("sync").run(SOCKET_CALLS["retrieve"], base_url=raw.url, **SETTINGS)
    assert len(telemetry.spans(GENERIC)) == 2
    assert {CREDENTIALS[0], NUMBER[1:]} <= set(telemetry.found())


# --- what is recorded


LOST = httpx.ReadTimeout("lost")
METHOD, ROUTE = "http.request.method", "url.template"
STATUS, ERROR, RESENT = "http.response.status_code", "error.type", "http.request.resend_count"
SERVER = {"server.address": "api.example.test", "server.port": 443}
RETRIEVAL = {METHOD: "GET", ROUTE: "/api/v2/contacts/{phone_number}", **SERVER}
CREATION = {METHOD: "POST", ROUTE: "/api/v2/contacts", **SERVER}
COUNT = {METHOD: "GET", ROUTE: "/api/v2/contacts/count", **SERVER}

RECORDED: dict[str, tuple[Callable[[Any], Any], list[Outcome], str, dict[str, Any]]] = {
    "success": (CALLS["retrieve"], [200], "contacts.retrieve", {**RETRIEVAL, STATUS: 200}),
    "retried": (CALLS["retrieve"], [LOST, 503, 200], "contacts.retrieve", {**RETRIEVAL, STATUS: 200, RESENT: 2}),
    "error": (CALLS["retrieve"], [404], "contacts.retrieve", {**RETRIEVAL, STATUS: 404, ERROR: "404"}),
    "expected": (CALLS["get"], [404], "contacts.retrieve", {**RETRIEVAL, STATUS: 404}),
    "lost": (CALLS["get"], [503, LOST, LOST], "contacts.retrieve", {**RETRIEVAL, ERROR: "ReadTimeout", RESENT: 2}),
    "read back": (
        lambda client: client.contacts.create(NUMBER),
        [LOST, 409, 200],
        "contacts.create",
        {**CREATION, STATUS: 409, RESENT: 2},
    ),
    "raw": (CALLS["with_raw_response"], [404], "contacts.retrieve", {**RETRIEVAL, STATUS: 404, ERROR: "404"}),
    "request": (CALLS["request"], [400], "contacts.retrieve", {**RETRIEVAL, STATUS: 400, ERROR: "400"}),
    "unknown path": (lambda c: c.request("GET", f"/{NUMBER}"), [200], "GET", {METHOD: "GET", **SERVER, STATUS: 200}),
    "generated": (SOCKET_CALLS["generated"], [200], "contacts.retrieve", {**RETRIEVAL, STATUS: 200}),
    "no body": (
        CALLS["count"],
        [httpx.Response(204)],
        "contacts.count",
        {**COUNT, STATUS: 204, ERROR: "APIResponseError"},
    ),
}


@pytest.mark.parametrize(("runner", "case"), each_choice(["sync", "async"], RECORDED), indirect=["runner"])
def test_each_call_is_one_span(runner: Runner, telemetry: Telemetry, case: str) -> None:
    """Named by its operation, with the attributes of the semantic conventions, retries and look-ups included.

    Nothing that is exported has personal data, from the path, the query, the headers, the body or the response.
    """
    call, statuses, name, attributes = RECORDED[case]
    run(runner, telemetry, call, Server(*statuses).respond, retry=WITHOUT_PAUSES)
    (span,) = telemetry.spans()
    (caller,) = telemetry.spans("caller")
    assert (span.name, span.kind, dict(span.attributes or {})) == (name, SpanKind.CLIENT, attributes)
    expected = StatusCode.ERROR if ERROR in attributes else StatusCode.UNSET
    assert (span.status.status_code, span.status.description) == (expected, None)
    assert span.parent is not None
    assert span.parent.span_id == caller.context.span_id
    assert [event.name for event in span.events].count("sendblue.attempt") == len(statuses)
    assert telemetry.found() == []


def test_retries_and_waits_are_events(runner: Runner, telemetry: Telemetry) -> None:
    """Each attempt is an event; so are the wait for a slot before it, and the retry after it."""
    limiter = Clock().limiter(RateLimit(1, 10.0, reserve=0))
    run(runner, telemetry, CALLS["retrieve"], Server(503, 200).respond, retry=WITHOUT_PAUSES, rate_limit=limiter)
    events = [(event.name.removeprefix("sendblue."), event.attributes or {}) for event in telemetry.spans()[0].events]
    assert [name for name, _ in events] == ["attempt", "retry", "rate_limit.wait", "attempt"]
    first, retry, wait, second = (dict(attributes) for _, attributes in events)
    retry_in, operation = first["sendblue.retry_in"], {"sendblue.operation": "retrieve_contact"}
    assert retry == {"sendblue.retry_in": retry_in}
    assert wait == {"sendblue.waited": 10.0}
    times = {"sendblue.seconds", "sendblue.waited", "sendblue.retry_in"}
    assert [{name: value for name, value in each.items() if name not in times} for each in (first, second)] == [
        {**operation, STATUS: 503, ERROR: "503", "sendblue.outcome": "retried"},
        {**operation, STATUS: 200, RESENT: 1, "sendblue.outcome": "success"},
    ]


def test_metrics(runner: Runner, telemetry: Telemetry) -> None:
    """The duration of calls, waits, attempts by outcome, 429s, and free slots."""
    limiter = Clock().limiter(RateLimit(7, per=10.0, reserve=0))
    run(runner, telemetry, CALLS["retrieve"], Server(429, LOST, 404).respond, retry=WITHOUT_PAUSES, rate_limit=limiter)
    request = {name: RETRIEVAL[name] for name in (METHOD, ROUTE)}
    metrics = telemetry.metrics()
    free = metrics.pop("sendblue.client.rate_limit.free_slots")
    assert metrics == {
        "sendblue.client.duration": [({**RETRIEVAL, STATUS: 404, ERROR: "404"}, 1)],
        "sendblue.client.attempts": [
            ({**request, STATUS: 429, ERROR: "429", "sendblue.outcome": "retried"}, 1),
            ({**request, ERROR: "ReadTimeout", "sendblue.outcome": "retried"}, 1),
            ({**request, STATUS: 404, ERROR: "404", "sendblue.outcome": "failed"}, 1),
        ],
        "sendblue.client.rate_limit.wait": [(request, 3)],
        "sendblue.client.rate_limit.refusals": [(request, 1)],
    }
    ((attributes, value),) = free
    assert (attributes, value) == ({"sendblue.rate_limit.limiter": 1}, limiter.statistics().free)


def test_a_call_that_sends_nothing_is_a_failed_span(runner: Runner, telemetry: Telemetry) -> None:
    """The wait for a slot was longer than allowed."""
    limiter = RateLimiter(RateLimit(1, reserve=0))

    def action(client: Any) -> Any:
        with limiter.slot():
            pass
        return client.with_options(max_wait=0).contacts.retrieve(NUMBER)

    run(runner, telemetry, action, Server(200).respond, rate_limit=limiter)
    (span,) = telemetry.spans()
    assert (dict(span.attributes or {}), span.events) == ({**RETRIEVAL, ERROR: "RateLimitError"}, ())
    assert (runner.sent, telemetry.found()) == ([], [])


def test_bulk_calls_are_part_of_the_trace_of_the_caller(runner: Runner, telemetry: Telemetry) -> None:
    """Each of their requests is a span, although threads and tasks send them."""
    rows = [{"phone": f"+1415555{number}"} for number in range(1000, 1006)]
    run(runner, telemetry, lambda c: c.contacts.bulk.create(rows, chunk_size=2), lambda _: httpx.Response(400))
    (caller,) = telemetry.spans("caller")
    parents = [(span.name, span.parent and span.parent.span_id) for span in telemetry.spans()]
    assert set(parents) == {("contacts.bulk.create", caller.context.span_id)}
    assert len(parents) == len(runner.sent) >= 3


# --- which clients


def test_all_clients_can_be_instrumented(runner: Runner, telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """With None: those that exist and later ones, each call with one span."""
    monkeypatch.setattr(Hooks, "tracer", None)

    def action(client: Any) -> Any:
        instrument(None, **telemetry.providers)
        instrument(client, **telemetry.providers)
        instrument(None, **telemetry.providers)
        return client.contacts.retrieve(NUMBER)

    for _ in range(2):
        runner.run(action, Server(200).respond)
    assert [span.name for span in telemetry.spans()] == ["contacts.retrieve"] * 2


def test_instrumenting_again_changes_nothing(runner: Runner, telemetry: Telemetry) -> None:
    """Neither the spans nor where they are exported. Copies of the client, also earlier ones, are instrumented too."""

    def action(client: Any) -> Any:
        earlier = client.with_options(timeout=5)
        instrument(client, **telemetry.providers)
        instrument(client, **Telemetry().providers)
        return earlier.contacts.retrieve(NUMBER)

    runner.run(action, Server(200).respond)
    assert len(telemetry.spans()) == 1


def test_the_global_providers_are_the_default(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the moment at which the client is instrumented."""
    monkeypatch.setattr("opentelemetry.trace._TRACER_PROVIDER", telemetry.tracers)
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", telemetry.meters)

    def action(client: Any) -> Any:
        instrument(client)
        return client.contacts.retrieve(NUMBER)

    Runner("sync").run(action, Server(200).respond)
    assert (len(telemetry.spans()), len(telemetry.metrics()["sendblue.client.duration"])) == (1, 1)


def test_a_missing_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what to install. A client works without it."""
    for name in [*sys.modules]:
        if name.split(".")[0] == "opentelemetry":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        Runner("sync").run(instrument, Server(200).respond)
    assert (
        str(caught.value) == 'sendblue_contacts.otel requires opentelemetry-api: pip install "sendblue-contacts[otel]"'
    )
    assert Runner("sync").run(lambda client: client.contacts.count(), Server(200).respond) == 3


def test_only_a_client_can_be_instrumented() -> None:
    """The error names the type."""
    with pytest.raises(TypeError, match=r"^client must be a Sendblue, an AsyncSendblue or None, not Client$"):
        instrument(httpx.Client())  # type: ignore[arg-type]  # what the test is about
