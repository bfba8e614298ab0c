"""The transports over a server with a list of outcomes, and a clock of their own: no test waits.

The sync transports are emitted from the async ones, so most cases run with one of the two, in turn.
"""

import gzip
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sendblue_contacts import (
    InternalServerError,
    RateLimit,
    RateLimitError,
    Retry,
)
from sendblue_contacts.retry import EXTENSION, Call
from sendblue_contacts_api.api.contacts import count_contacts, verify_contact
from sendblue_contacts_api.models.contact_verify import ContactVerify

from tests.overrides.clients import WITHOUT_PAUSES, each_with_one_kind, generated, run_client
from tests.overrides.transport_harness import (
    OK,
    BrokenBody,
    Clock,
    Outcome,
    Server,
    TransportHarness,
    throttled,
)

PHONE = "+14155551234"
KINDS = ("sync", "asyncio")


each_kind = pytest.mark.parametrize("kind", KINDS)


def call_of(**settings: Any) -> dict[str, Any]:
    """Return the arguments of a request that belongs to a call with these settings."""
    return {"extensions": {EXTENSION: Call(**{"repeatable": True, "retry": Retry(), **settings})}}


def lost() -> httpx.ReadTimeout:
    """Return the error of a lost response."""
    return httpx.ReadTimeout("too slow")


REFUSED = httpx.ConnectError("refused")
# The outcomes, the request, the result (a status or an error), the number of requests, and the pauses.
RETRIES: list[tuple[Any, ...]] = [
    ([500, httpx.ReadError("reset"), 200], {}, 200, 3, [0.05, 0.1]),
    ([500, 502, 503], {}, 503, 3, [0.05, 0.1]),
    ([500, 500, lost()], {}, httpx.ReadTimeout, 3, [0.05, 0.1]),
    ([200], {}, 200, 1, []),
    ([404], {}, 404, 1, []),
    ([500], {"method": "POST"}, 500, 1, []),
    *(([500, 200], {"method": method}, 200, 2, [0.05]) for method in ("HEAD", "OPTIONS", "PUT", "DELETE")),
    ([429, 200], {"method": "POST", "json": {}}, 200, 2, [1.0]),
    ([REFUSED, 200], {"method": "POST", "json": {}}, 200, 2, [0.05]),
    ([500, 500], {"method": "POST", **call_of(retry=Retry(attempts=2))}, 500, 2, [0.05]),
    ([500], call_of(retry=None), 500, 1, []),
    ([throttled("7"), 200], {}, 200, 2, [7.0]),
    ([throttled("61")], {}, 429, 1, []),  # beyond the deadline
]


@each_with_one_kind("outcomes,request_sent,result,requests,pauses", RETRIES)
def test_attempts(
    kind: str,
    outcomes: list[Outcome],
    request_sent: dict[str, Any],
    result: int | type[Exception],
    requests: int,
    pauses: list[float],
) -> None:
    """Requests are retried as the policy says; then the last response is returned, or the last error raised."""
    harness = TransportHarness(kind, *outcomes)
    if isinstance(result, int):
        assert harness.send(**request_sent).status_code == result
    else:
        with pytest.raises(result):
            harness.send(**request_sent)
    assert (len(harness.server.requests), harness.clock.pauses) == (requests, pauses)


@each_kind
def test_the_body_of_a_request(kind: str) -> None:
    """One in memory is sent again; a stream is consumed by the first attempt, so the request is not repeated."""
    harness = TransportHarness(kind)
    bodies: list[bytes] = []

    def respond(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(500)

    harness.server.transport = httpx.MockTransport(respond)
    harness.send("PUT", json={"first_name": "Ada"})
    assert bodies == [b'{"first_name":"Ada"}'] * 3
    streaming = TransportHarness(kind, REFUSED)
    with pytest.raises(httpx.ConnectError):
        streaming.send("PUT", content=iter([b"{}"]) if kind == "sync" else _parts())
    assert len(streaming.server.requests) == 1


async def _parts() -> AsyncIterator[bytes]:
    yield b"{}"


@each_kind
def test_the_body_of_a_response(kind: str) -> None:
    """It is read whole and decoded once; one that ends early is a lost response whose connection is closed."""
    broken = BrokenBody()
    assert TransportHarness(kind, httpx.Response(200, stream=broken), 200).send().json() == OK
    assert broken.closed
    compressed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b'{"count": 3}'))
    assert TransportHarness(kind, compressed).send().json() == {"count": 3}


# The deadline, the timeout, and the timeouts of two attempts.
TIMEOUTS: list[tuple[float, float | None, list[float]]] = [
    (10.0, 30.0, [10.0, 9.95]),
    (60.0, 2.0, [2.0, 2.0]),
    (10.0, None, [10.0, 9.95]),
]


@each_with_one_kind("deadline,timeout,found", TIMEOUTS)
def test_the_deadline_limits_the_timeout(kind: str, deadline: float, timeout: float | None, found: list[float]) -> None:
    """The timeout of an attempt is at most the time until the deadline."""
    harness = TransportHarness(kind, 500, 200, retry=Retry(deadline=deadline))
    harness.send(timeout=timeout)
    for edge in (min, max):
        assert [edge(timeouts.values()) for timeouts in harness.server.timeouts] == pytest.approx(found)


@each_kind
def test_each_attempt_takes_one_slot(kind: str) -> None:
    """Three attempts are three requests and three slots; all slots are released, also after an unexpected error."""
    harness = TransportHarness(kind, 500, httpx.ReadError("reset"), 200, RuntimeError("a bug somewhere"))
    harness.send()
    with pytest.raises(RuntimeError):
        harness.send()
    statistics = harness.limiter.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free) == (4, 0, 96)


@each_with_one_kind("retry_after,end", [("7", 1007.0), (None, 1010.0)])
def test_a_429_freezes_all_clients(kind: str, retry_after: str | None, end: float) -> None:
    """Another client of the same limiter waits for the `Retry-After` too, or for one window."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(100, 10.0))
    TransportHarness(kind, throttled(retry_after), limiter=limiter, clock=clock, retry=None).send()
    TransportHarness(kind, limiter=limiter, clock=clock).send()
    assert clock.now == end


@each_kind
def test_a_freeze_beyond_the_deadline_raises(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """At once, without a request, a slot or a log line; a shorter one is waited for."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    harness = TransportHarness(kind)
    harness.limiter.refused(100.0)
    with pytest.raises(
        RateLimitError, match=r"GET /api/v2/contacts: .* for another 100 s; no request was sent"
    ) as caught:
        harness.send()
    assert (caught.value.retry_after, caught.value.status_code, harness.server.requests) == (100.0, 429, [])
    statistics = harness.limiter.statistics()
    assert (harness.clock.now, statistics.requests, statistics.waiting, lines(caplog)) == (1000.0, 0, 0, [])
    short = TransportHarness(kind)
    short.limiter.refused(59.0)
    assert (short.send().status_code, short.clock.now) == (200, 1059.0)


@each_kind
def test_a_wait_beyond_max_wait_raises_without_a_request(kind: str) -> None:
    """The error names the request, the wait and the maximum, and says that no request was sent."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    harness = TransportHarness(kind, clock=clock, limiter=limiter)
    harness.send()
    with pytest.raises(RateLimitError) as caught:
        harness.send("PUT", f"/api/v2/contacts/{PHONE}", json={}, **call_of(max_wait=5.0))
    assert str(caught.value) == (
        "PUT /api/v2/contacts/+…: the next slot of the rate limit is free in 10.0 s at the earliest, "
        "but max_wait is 5 s; no request was sent"
    )
    assert (caught.value.request.method, caught.value.attempts, caught.value.maybe_applied) == ("PUT", 0, False)
    assert (len(harness.server.requests), clock.now, limiter.statistics().requests) == (1, 1000.0, 1)


@each_with_one_kind("freeze,settings", [(0.0, call_of(max_wait=5.0)), (3600.0, call_of())])
def test_an_error_of_the_limiter_keeps_maybe_applied(kind: str, freeze: float, settings: dict[str, Any]) -> None:
    """If the response of the first attempt was lost, the error of the second one says so."""
    clock = Clock()
    harness = TransportHarness(kind, clock=clock, limiter=clock.limiter(RateLimit(1, 10.0)))

    def lose_and_freeze(_: httpx.Request) -> httpx.Response:
        if freeze:
            harness.limiter.refused(freeze)
        raise lost()

    harness.server.transport = httpx.MockTransport(lose_and_freeze)
    with pytest.raises(RateLimitError) as caught:
        harness.send(**settings)
    assert (caught.value.attempts, caught.value.maybe_applied) == (1, True)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the logger of this library."""
    return [record.getMessage() for record in caplog.records if record.name == "sendblue_contacts"]


@each_kind
def test_each_attempt_is_one_log_line(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A line has the method, the masked path, the status or error, and the duration without pauses and waits."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    clock = Clock()
    truncated = httpx.Response(200, stream=BrokenBody())
    outcomes: list[Outcome] = [500, httpx.ReadTimeout(f"no response for {PHONE}"), truncated, 200]
    harness = TransportHarness(kind, *outcomes, clock=clock, limiter=clock.limiter(RateLimit(1, 0.5, hold_abandoned=0)))
    harness.server.before = lambda: setattr(clock, "now", clock.now + 0.25)
    harness.send(
        "PUT", "/api/v2/contacts/%2B14155551234", json={"first_name": "Ada"}, **call_of(retry=Retry(attempts=4))
    )
    assert [line for line in lines(caplog) if "attempt" in line] == [
        "PUT /api/v2/contacts/+…: 500 in 0.250 s (attempt 1)",
        "PUT /api/v2/contacts/+…: ReadTimeout in 0.250 s (attempt 2)",
        "PUT /api/v2/contacts/+…: RemoteProtocolError in 0.250 s (attempt 3)",
        "PUT /api/v2/contacts/+…: 200 in 0.250 s (attempt 4)",
    ]


@each_kind
def test_the_generated_client_retries_by_method(kind: str) -> None:
    """A generated function on `client.generated` retries a GET; a POST may have been applied, and is not sent again."""
    server = Server(500, 200, httpx.ReadError("reset"))
    counted = run_client(kind, generated(count_contacts), transport=server.transport, retry=WITHOUT_PAUSES)
    assert (counted.count, len(server.requests)) == (3, 2)
    call = generated(verify_contact, body=ContactVerify(PHONE))
    with pytest.raises(httpx.ReadError):
        run_client(kind, call, transport=server.transport, retry=WITHOUT_PAUSES)
    assert len(server.requests) == 3


def test_the_quota_is_shared_by_the_calls_of_a_client() -> None:
    """In an outage, a client adds 35 requests, however many calls it makes."""
    server = Server(*[500] * 1000)

    def outage(client: Any) -> None:
        for _ in range(30):
            with pytest.raises(InternalServerError):
                client.contacts.count()

    run_client("sync", outage, transport=server.transport, retry=WITHOUT_PAUSES)
    assert len(server.requests) == 65
