"""The transports over a server with a list of outcomes, and a clock of their own: no test waits."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from sendblue_contacts import (
    APIConnectionError,
    APITimeoutError,
    AsyncSendblue,
    InternalServerError,
    RateLimit,
    RateLimiter,
    RateLimitError,
    Retry,
    Sendblue,
)
from sendblue_contacts._async.transports import AsyncRateLimitTransport
from sendblue_contacts.retry import EXTENSION, Call
from sendblue_contacts_api.api.contacts import count_contacts, verify_contact
from sendblue_contacts_api.models.contact_verify import ContactVerify

from tests.overrides.clients import WITHOUT_PAUSES, run_client
from tests.overrides.transport_harness import (
    OK,
    BrokenBody,
    Clock,
    Outcome,
    Server,
    StreamedBody,
    TransportHarness,
    throttled,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PHONE = "+14155551234"


@pytest.fixture(params=["sync", "asyncio"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of client."""
    return str(request.param)


# Retries.


def test_a_failed_attempt_is_retried_after_a_pause(kind: str) -> None:
    """Failures are retried, with the pauses of the policy, until an attempt succeeds."""
    harness = TransportHarness(kind, 500, httpx.ReadError("reset"), 200)
    assert harness.send().status_code == 200
    assert (len(harness.server.requests), harness.clock.pauses) == (3, [0.05, 0.1])


def test_the_last_response_is_returned(kind: str) -> None:
    """When no retry is left, the caller gets the last response."""
    harness = TransportHarness(kind, 500, 502, 503)
    assert (harness.send().status_code, len(harness.server.requests)) == (503, 3)


def test_the_last_error_is_raised(kind: str) -> None:
    """If the last attempt had no response, its httpx error is raised."""
    harness = TransportHarness(kind, 500, 500, httpx.ReadTimeout("too slow"))
    with pytest.raises(httpx.ReadTimeout, match="too slow"):
        harness.send()


def test_a_success_is_not_retried(kind: str) -> None:
    """One request, no pause."""
    harness = TransportHarness(kind, 200)
    harness.send()
    assert (len(harness.server.requests), harness.clock.pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_final_status_is_not_retried(kind: str, status: int) -> None:
    """The response is returned after one request."""
    harness = TransportHarness(kind, status)
    assert (harness.send().status_code, len(harness.server.requests)) == (status, 1)


@pytest.mark.parametrize(
    ("method", "requests"), [("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1)]
)
def test_a_request_without_a_call_is_retried_by_method(kind: str, method: str, requests: int) -> None:
    """Requests of the generated client are retried if their method is idempotent."""
    harness = TransportHarness(kind, 500)
    harness.send(method)
    assert len(harness.server.requests) == requests


@pytest.mark.parametrize("outcome", [429, httpx.ConnectError("refused")])
def test_a_request_that_never_arrived_is_always_retried(kind: str, outcome: Outcome) -> None:
    """A POST too is sent again after a 429, and if there was no connection."""
    harness = TransportHarness(kind, outcome, 200)
    assert harness.send("POST", json={}).status_code == 200


def test_a_streamed_request_body_is_not_retried(kind: str) -> None:
    """A stream is consumed by the first attempt."""
    harness = TransportHarness(kind, httpx.ConnectError("refused"))
    with pytest.raises(httpx.ConnectError):
        harness.send("PUT", content=_once(kind))
    assert len(harness.server.requests) == 1


def _once(kind: str) -> Any:  # noqa: ANN401  # httpx accepts both kinds of iterables
    if kind == "sync":
        return iter([b"{}"])

    async def parts() -> AsyncIterator[bytes]:
        yield b"{}"

    return parts()


def test_a_body_in_memory_is_sent_again(kind: str) -> None:
    """Each attempt has the same body."""
    bodies: list[bytes] = []
    harness = TransportHarness(kind)

    def respond(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(500)

    harness.server.transport = httpx.MockTransport(respond)
    harness.send("PUT", json={"first_name": "Ada"})
    assert bodies == [b'{"first_name":"Ada"}'] * 3


def test_a_truncated_response_is_retried(kind: str) -> None:
    """A response without its whole body is a lost response."""
    harness = TransportHarness(kind, httpx.Response(200, stream=BrokenBody()), 200)
    assert harness.send().json() == OK


def test_the_connection_of_a_truncated_response_is_closed(kind: str) -> None:
    """It is not lost to the connection pool."""
    broken = BrokenBody()
    TransportHarness(kind, httpx.Response(200, stream=broken), 200).send()
    assert broken.closed


def test_a_response_has_its_elapsed_time(kind: str) -> None:
    """Reading the body early does not remove `elapsed`."""
    assert TransportHarness(kind, httpx.Response(200, stream=StreamedBody())).send().elapsed.total_seconds() > 0


def test_a_compressed_response_is_decompressed_once(kind: str) -> None:
    """The body is passed on as it came, and httpx decodes it."""
    import gzip  # noqa: PLC0415  # only here

    compressed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b'{"count": 3}'))
    assert TransportHarness(kind, compressed).send().json() == {"count": 3}


def test_the_policy_of_the_call_wins(kind: str) -> None:
    """An operation with a policy of its own is retried by that one, not by the policy of the client."""
    harness = TransportHarness(kind, 500, 500)
    harness.send("POST", json={}, extensions={EXTENSION: Call(repeatable=True, retry=Retry(attempts=2))})
    assert len(harness.server.requests) == 2


# Timeouts.


def test_the_deadline_limits_the_timeout(kind: str) -> None:
    """The timeout of an attempt is at most the time until the deadline."""
    harness = TransportHarness(kind, 500, 200, retry=Retry(deadline=10.0))
    harness.send()
    assert harness.server.timeouts == [
        dict.fromkeys(("connect", "read", "write", "pool"), pytest.approx(seconds)) for seconds in (10.0, 9.95)
    ]


def test_a_distant_deadline_does_not_change_the_timeout(kind: str) -> None:
    """The timeout of an attempt stays."""
    harness = TransportHarness(kind)
    harness.send(timeout=2.0)
    assert harness.server.timeouts == [dict.fromkeys(("connect", "read", "write", "pool"), 2.0)]


def test_the_deadline_limits_an_attempt_without_a_timeout(kind: str) -> None:
    """Without a timeout, an attempt ends with the deadline."""
    harness = TransportHarness(kind, retry=Retry(deadline=10.0))
    harness.send(timeout=None)
    assert set(harness.server.timeouts[0].values()) == {10.0}


def test_retry_after_is_kept_in_full(kind: str) -> None:
    """The pause is the time in `Retry-After`."""
    harness = TransportHarness(kind, throttled("7"), 200)
    harness.send()
    assert harness.clock.pauses == [7.0]


def test_retry_after_beyond_the_deadline_is_returned_at_once(kind: str) -> None:
    """A 429 whose `Retry-After` is longer than the deadline is returned without a pause."""
    harness = TransportHarness(kind, throttled("61"))
    assert (harness.send().status_code, harness.clock.pauses) == (429, [])


# Rate limit.


def test_each_attempt_takes_one_slot(kind: str) -> None:
    """Three attempts are three requests and three slots; all slots are released."""
    harness = TransportHarness(kind, 500, httpx.ReadError("reset"), 200)
    harness.send()
    statistics = harness.limiter.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free) == (3, 0, 97)


def test_attempts_wait_for_slots(kind: str) -> None:
    """With two slots, the third attempt waits for the first slot."""
    clock = Clock()
    harness = TransportHarness(kind, 500, 500, 200, clock=clock, limiter=clock.limiter(RateLimit(2, 10.0)))
    harness.send()
    assert clock.now == pytest.approx(1010.0)


def test_waiting_for_a_slot_does_not_count_towards_the_deadline(kind: str) -> None:
    """With one slot, three attempts take two windows, and a deadline of one window holds."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    harness = TransportHarness(kind, 500, 500, 200, clock=clock, limiter=limiter, retry=Retry(deadline=9.0))
    assert harness.send().status_code == 200
    assert clock.now == pytest.approx(1020.0)


def test_a_429_freezes_all_clients_for_its_retry_after(kind: str) -> None:
    """Another client of the same limiter waits too."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(100, 10.0))
    TransportHarness(kind, throttled("7"), limiter=limiter, clock=clock, retry=None).send()
    other = TransportHarness(kind, limiter=limiter, clock=clock)
    other.send()
    assert clock.now == 1007.0


def test_a_429_without_retry_after_freezes_all_clients_for_a_window(kind: str) -> None:
    """The default is one window."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(100, 10.0))
    TransportHarness(kind, throttled(), limiter=limiter, clock=clock, retry=None).send()
    TransportHarness(kind, limiter=limiter, clock=clock).send()
    assert clock.now == 1010.0


def test_a_long_freeze_raises_at_once(kind: str) -> None:
    """During a freeze beyond the deadline, calls fail without a request and without a wait."""
    harness = TransportHarness(kind)
    harness.limiter.refused(100.0)
    with pytest.raises(
        RateLimitError, match=r"GET /api/v2/contacts: .* for another 100 s; no request was sent"
    ) as caught:
        harness.send()
    assert (caught.value.retry_after, caught.value.status_code, harness.server.requests) == (100.0, 429, [])
    assert harness.clock.now == 1000.0


def test_a_call_that_fails_during_a_freeze_takes_no_slot(kind: str) -> None:
    """The slots stay free."""
    harness = TransportHarness(kind)
    harness.limiter.refused(100.0)
    with pytest.raises(RateLimitError):
        harness.send()
    assert (harness.limiter.statistics().requests, harness.limiter.statistics().waiting) == (0, 0)


def test_a_freeze_within_the_deadline_is_waited_for(kind: str) -> None:
    """A call waits for a freeze that ends before its deadline."""
    harness = TransportHarness(kind)
    harness.limiter.refused(59.0)
    assert (harness.send().status_code, harness.clock.now) == (200, 1059.0)


def test_a_long_freeze_ends_waiting_calls(kind: str) -> None:
    """A freeze beyond the deadline that starts while a call waits for a slot ends its wait."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    TransportHarness(kind, limiter=limiter, clock=clock).send()
    clock.meanwhile = lambda: limiter.refused(3600.0)
    with pytest.raises(RateLimitError):
        TransportHarness(kind, limiter=limiter, clock=clock).send()


# Calls.


def extensions_of(**settings: Any) -> dict[str, Call]:  # noqa: ANN401  # attributes of Call
    """Return the extensions of a request that belongs to a call with these settings."""
    return {EXTENSION: Call(repeatable=True, retry=Retry(), **settings)}


def test_a_wait_beyond_max_wait_raises_without_a_request(kind: str) -> None:
    """The error names the request, the wait and the maximum, and says that no request was sent."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    harness = TransportHarness(kind, clock=clock, limiter=limiter)
    harness.send()
    with pytest.raises(RateLimitError) as caught:
        harness.send("PUT", f"/api/v2/contacts/{PHONE}", json={}, extensions=extensions_of(max_wait=5.0))
    assert str(caught.value) == (
        "PUT /api/v2/contacts/+…: the next slot of the rate limit is free in 10.0 s at the earliest, "
        "but max_wait is 5 s; no request was sent"
    )
    assert (caught.value.request.method, caught.value.attempts, caught.value.maybe_applied) == ("PUT", 0, False)
    assert (len(harness.server.requests), clock.now, limiter.statistics().requests) == (1, 1000.0, 1)


def test_a_wait_within_max_wait_is_allowed(kind: str) -> None:
    """`max_wait` limits the wait for one slot, not the wait of the whole call."""
    clock = Clock()
    harness = TransportHarness(kind, 500, 500, 200, clock=clock, limiter=clock.limiter(RateLimit(1, 10.0)))
    assert harness.send(extensions=extensions_of(max_wait=10.0)).status_code == 200
    assert clock.now == pytest.approx(1020.0)


def test_a_wait_beyond_max_wait_keeps_maybe_applied(kind: str) -> None:
    """The response of the first attempt was lost, and the error says so."""
    clock = Clock()
    harness = TransportHarness(
        kind, httpx.ReadTimeout("too slow"), clock=clock, limiter=clock.limiter(RateLimit(1, 10.0))
    )
    with pytest.raises(RateLimitError) as caught:
        harness.send(extensions=extensions_of(max_wait=5.0))
    assert (caught.value.attempts, caught.value.maybe_applied, len(harness.server.requests)) == (1, True, 1)


def test_a_long_freeze_keeps_maybe_applied(kind: str) -> None:
    """Another client got a 429 in the meantime."""
    harness = TransportHarness(kind, httpx.ReadTimeout("too slow"))
    harness.server.transport = httpx.MockTransport(_lose_and_freeze(harness))
    with pytest.raises(RateLimitError, match="rejects requests") as caught:
        harness.send()
    assert (caught.value.attempts, caught.value.maybe_applied) == (1, True)


def _lose_and_freeze(harness: TransportHarness) -> Callable[[httpx.Request], httpx.Response]:
    def respond(_: httpx.Request) -> httpx.Response:
        harness.limiter.refused(3600.0)
        raise httpx.ReadTimeout("too slow")

    return respond


def test_bulk_work_is_paced(kind: str) -> None:
    """The second bulk request waits for the pace although slots are free; other requests do not."""
    clock = Clock()
    harness = TransportHarness(kind, clock=clock, limiter=clock.limiter(RateLimit(100, 10.0)))
    for settings in ({"bulk": True}, {}, {}, {"bulk": True}):
        harness.send(extensions=extensions_of(**settings))
    assert clock.now == pytest.approx(1000.102)


def test_bulk_work_leaves_the_reserve(kind: str) -> None:
    """With its only slot taken it waits for a window, while the reserved slot stays free."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(2, 10.0, reserve=1))
    harness = TransportHarness(kind, clock=clock, limiter=limiter)
    for _ in range(2):
        harness.send(extensions=extensions_of(bulk=True))
    assert (clock.now, limiter.statistics().free) == (1010.0, 1)


def test_an_error_releases_the_slot(kind: str) -> None:
    """The slot is free again one window after any end of an attempt."""
    harness = TransportHarness(kind, RuntimeError("a bug somewhere"))
    with pytest.raises(RuntimeError):
        harness.send()
    assert (harness.limiter.statistics().in_flight, harness.limiter.statistics().free) == (0, 99)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_request_releases_its_slot(backend: str) -> None:
    """Cancelling a task during its request keeps no slot in flight."""
    limiter = RateLimiter(RateLimit(1, 10.0))

    async def never(_: httpx.Request) -> httpx.Response:
        await anyio.sleep_forever()
        raise AssertionError

    async def main() -> None:
        transport = AsyncRateLimitTransport(httpx.MockTransport(never), limiter)
        async with httpx.AsyncClient(transport=transport) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(client.get, "https://api.example")
            await anyio.wait_all_tasks_blocked()
            assert limiter.statistics().in_flight == 1
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    assert (limiter.statistics().in_flight, limiter.statistics().free) == (0, 0)


# Log.


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines of the logger of this library."""
    return [record.getMessage() for record in caplog.records if record.name == "sendblue_contacts"]


def test_each_attempt_is_one_log_line(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A line has the method, the masked path, the status or error, the duration, and the number of the attempt."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    harness = TransportHarness(kind, 500, httpx.ReadTimeout(f"no response for {PHONE}"), 200)
    harness.send("PUT", "/api/v2/contacts/%2B14155551234", json={"first_name": "Ada"})
    assert lines(caplog) == [
        "PUT /api/v2/contacts/+…: 500 in 0.000 s (attempt 1)",
        "PUT /api/v2/contacts/+…: ReadTimeout in 0.000 s (attempt 2)",
        "PUT /api/v2/contacts/+…: 200 in 0.000 s (attempt 3)",
    ]


def test_a_truncated_response_is_logged_as_an_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A status whose body never came is not logged as one."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    TransportHarness(kind, httpx.Response(200, stream=BrokenBody()), 200).send()
    assert [line.split(": ")[1].split(" in ")[0] for line in lines(caplog)] == ["RemoteProtocolError", "200"]


def test_the_logged_duration_is_that_of_the_attempt(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """It excludes pauses and waits for slots."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    clock = Clock()
    harness = TransportHarness(kind, clock=clock, limiter=clock.limiter(RateLimit(1, 0.5)))

    def slow(_: httpx.Request) -> httpx.Response:
        clock.now += 0.25
        return httpx.Response(200 if len(lines(caplog)) else 500)

    harness.server.transport = httpx.MockTransport(slow)
    harness.send()
    assert [line.split(" in ")[1] for line in lines(caplog)] == ["0.250 s (attempt 1)", "0.250 s (attempt 2)"]


def test_nothing_is_logged_for_a_request_that_was_not_sent(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A call that fails during a freeze is not an attempt."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    harness = TransportHarness(kind)
    harness.limiter.refused(100.0)
    with pytest.raises(RateLimitError):
        harness.send()
    assert lines(caplog) == []


# Clients.


def test_an_error_has_the_number_of_attempts(kind: str) -> None:
    """As an attribute and in its text."""
    server = Server(500, 500, 500)
    with pytest.raises(InternalServerError, match="after 3 attempts") as caught:
        run_client(kind, lambda client: client.contacts.count(), transport=server.transport, retry=WITHOUT_PAUSES)
    assert (caught.value.attempts, len(server.requests)) == (3, 3)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [(httpx.ConnectError("refused"), APIConnectionError), (httpx.ReadTimeout(""), APITimeoutError)],
)
def test_a_connection_error_has_the_number_of_attempts(
    kind: str, outcome: Exception, error: type[APIConnectionError]
) -> None:
    """As an attribute and in its text."""
    server = Server(outcome, outcome, outcome)
    with pytest.raises(error, match="after 3 attempts") as caught:
        run_client(kind, lambda client: client.contacts.count(), transport=server.transport, retry=WITHOUT_PAUSES)
    assert caught.value.attempts == 3


def test_a_429_beyond_the_deadline_is_raised_at_once(kind: str) -> None:
    """The error has the `Retry-After` of the server, after one request."""
    server = Server(throttled("3600"))
    with pytest.raises(RateLimitError) as caught:
        run_client(kind, lambda client: client.contacts.count(), transport=server.transport)
    assert (caught.value.retry_after, caught.value.attempts, len(server.requests)) == (3600.0, 1, 1)


def test_retries_can_be_disabled(kind: str) -> None:
    """A client with `retry=None` sends one request."""
    server = Server(500)
    with pytest.raises(InternalServerError):
        run_client(kind, lambda client: client.contacts.count(), transport=server.transport, retry=None)
    assert len(server.requests) == 1


def test_retries_can_be_disabled_for_some_calls(kind: str) -> None:
    """`with_options(retry=None)` sends one request, with the same limiter."""
    server = Server(500)

    def call(client: Any) -> Any:  # noqa: ANN401  # either client
        other = client.with_options(retry=None)
        assert other.rate_limit is client.rate_limit
        return other.contacts.count()

    with pytest.raises(InternalServerError):
        run_client(kind, call, transport=server.transport, retry=WITHOUT_PAUSES)
    assert len(server.requests) == 1


def test_retries_can_be_enabled_for_some_calls(kind: str) -> None:
    """The options of a call take precedence over those of its client."""
    server = Server(500, 500, 200)
    retrying = WITHOUT_PAUSES
    assert (
        run_client(
            kind,
            lambda client: client.with_options(retry=retrying).contacts.count(),
            transport=server.transport,
            retry=None,
        )
        == 3
    )


def test_the_generated_client_retries_a_get(kind: str) -> None:
    """A generated function on `client.generated` uses the same transports."""
    server = Server(500, 200)
    counted = run_client(kind, _generated(kind, count_contacts), transport=server.transport, retry=WITHOUT_PAUSES)
    assert (counted.count, len(server.requests)) == (3, 2)


def test_the_generated_client_does_not_retry_a_post(kind: str) -> None:
    """A POST may have been applied, and is not sent again."""
    server = Server(httpx.ReadError("reset"))
    call = _generated(kind, verify_contact, body=ContactVerify(PHONE))
    with pytest.raises(httpx.ReadError):
        run_client(kind, call, transport=server.transport, retry=WITHOUT_PAUSES)
    assert len(server.requests) == 1


def _generated(kind: str, endpoint: Any, **arguments: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # a generated module
    function = endpoint.sync if kind == "sync" else endpoint.asyncio
    return lambda client: function(client=client.generated, **arguments)


class ClosableTransport(httpx.MockTransport):
    """A transport that counts how often it is closed."""

    def __init__(self) -> None:
        super().__init__(lambda _: httpx.Response(200, json=OK))
        self.closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1

    async def aclose(self) -> None:
        """Count."""
        self.closed += 1


def test_closing_a_client_closes_its_connections(kind: str) -> None:
    """All transports pass it on."""
    transport = ClosableTransport()
    run_client(kind, lambda client: client.contacts.count(), transport=transport)
    assert transport.closed == 1


def test_the_quota_is_shared_by_the_calls_of_a_client(kind: str) -> None:
    """In an outage, a client adds 35 requests, however many calls it makes."""
    server = Server(*[500] * 1000)
    if kind == "sync":
        with Sendblue("key", "secret", transport=server.transport, rate_limit=None, retry=WITHOUT_PAUSES) as client:
            for _ in range(100):
                with pytest.raises(InternalServerError):
                    client.contacts.count()
    else:
        anyio.run(_outage, server, backend=kind)
    assert len(server.requests) == 135


async def _outage(server: Server) -> None:
    client = AsyncSendblue("key", "secret", transport=server.transport, rate_limit=None, retry=WITHOUT_PAUSES)
    async with aclosing(client):
        for _ in range(100):
            with pytest.raises(InternalServerError):
                await client.contacts.count()
