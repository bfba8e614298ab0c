"""The transports, over a server that is a list of answers, in a time of its own: nothing here waits."""

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

from tests.overrides.rigs import OK, Answer, Broken, Clock, Once, Rig, Server, throttled
from tests.overrides.worlds import AT_ONCE, WORLDS, ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PHONE = "+14155551234"


@pytest.fixture(params=WORLDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each world in turn."""
    return str(request.param)


# Retries.


def test_a_failed_attempt_is_repeated_after_a_pause(kind: str) -> None:
    """Errors are tried again, with the pauses of the policy, until one attempt succeeds."""
    rig = Rig(kind, 500, httpx.ReadError("reset"), 200)
    assert rig.send().status_code == 200
    assert (len(rig.server.asked), rig.clock.pauses) == (3, [0.05, 0.1])


def test_the_last_answer_is_given_back(kind: str) -> None:
    """When nothing more may be tried, the caller gets the last answer."""
    rig = Rig(kind, 500, 502, 503)
    assert (rig.send().status_code, len(rig.server.asked)) == (503, 3)


def test_the_last_error_is_raised(kind: str) -> None:
    """When the last attempt had no answer, what httpx said of it is raised."""
    rig = Rig(kind, 500, 500, httpx.ReadTimeout("too slow"))
    with pytest.raises(httpx.ReadTimeout, match="too slow"):
        rig.send()


def test_a_success_is_not_repeated(kind: str) -> None:
    """One request, no pause."""
    rig = Rig(kind, 200)
    rig.send()
    assert (len(rig.server.asked), rig.clock.pauses) == (1, [])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_decision_is_not_repeated(kind: str, status: int) -> None:
    """What the server decided is given back after one request."""
    rig = Rig(kind, status)
    assert (rig.send().status_code, len(rig.server.asked)) == (status, 1)


@pytest.mark.parametrize(
    ("method", "requests"), [("GET", 2), ("HEAD", 2), ("OPTIONS", 2), ("PUT", 2), ("DELETE", 2), ("POST", 1)]
)
def test_a_request_without_a_call_is_judged_by_its_method(kind: str, method: str, requests: int) -> None:
    """What the generated client sends is repeated where HTTP says that it is safe."""
    rig = Rig(kind, 500)
    rig.send(method)
    assert len(rig.server.asked) == requests


@pytest.mark.parametrize("answer", [429, httpx.ConnectError("refused")])
def test_what_never_arrived_is_always_repeated(kind: str, answer: Answer) -> None:
    """A POST too is sent again after a 429, and when there was no connection."""
    rig = Rig(kind, answer, 200)
    assert rig.send("POST", json={}).status_code == 200


def test_a_body_that_can_be_read_only_once_is_not_repeated(kind: str) -> None:
    """A stream is gone after the first attempt, so there is no second."""
    rig = Rig(kind, httpx.ConnectError("refused"))
    with pytest.raises(httpx.ConnectError):
        rig.send("PUT", content=_once(kind))
    assert len(rig.server.asked) == 1


def _once(kind: str) -> Any:  # noqa: ANN401  # httpx takes either kind of iterable
    if kind == "sync":
        return iter([b"{}"])

    async def parts() -> AsyncIterator[bytes]:
        yield b"{}"

    return parts()


def test_a_body_in_memory_is_sent_again_in_whole(kind: str) -> None:
    """Each attempt carries the same body."""
    bodies: list[bytes] = []
    rig = Rig(kind)

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(500)

    rig.server.transport = httpx.MockTransport(answer)
    rig.send("PUT", json={"first_name": "Ada"})
    assert bodies == [b'{"first_name":"Ada"}'] * 3


def test_an_answer_that_breaks_off_is_repeated(kind: str) -> None:
    """An answer counts when its whole body is there; half of one is a lost answer."""
    rig = Rig(kind, httpx.Response(200, stream=Broken()), 200)
    assert rig.send().json() == OK


def test_a_broken_connection_is_given_back(kind: str) -> None:
    """The connection of an answer that breaks off is closed, not lost to the pool."""
    broken = Broken()
    Rig(kind, httpx.Response(200, stream=broken), 200).send()
    assert broken.closed


def test_an_answer_knows_how_long_it_took(kind: str) -> None:
    """That the body was read early does not take `elapsed` away."""
    assert Rig(kind, httpx.Response(200, stream=Once())).send().elapsed.total_seconds() > 0


def test_a_compressed_answer_is_unpacked_once(kind: str) -> None:
    """The body goes on as it came, and httpx decodes it."""
    import gzip  # noqa: PLC0415  # only here

    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b'{"count": 3}'))
    assert Rig(kind, packed).send().json() == {"count": 3}


def test_the_call_of_a_request_decides(kind: str) -> None:
    """An operation that brings its own policy is repeated by that one, not by the client's."""
    rig = Rig(kind, 500, 500)
    rig.send("POST", json={}, extensions={EXTENSION: Call(repeatable=True, retry=Retry(attempts=2))})
    assert len(rig.server.asked) == 2


# Time.


def test_an_attempt_may_take_what_is_left_to_the_deadline(kind: str) -> None:
    """The timeout of an attempt is capped by the deadline of its call."""
    rig = Rig(kind, 500, 200, retry=Retry(deadline=10.0))
    rig.send()
    assert rig.server.timeouts == [
        dict.fromkeys(("connect", "read", "write", "pool"), pytest.approx(seconds)) for seconds in (10.0, 9.95)
    ]


def test_an_attempt_may_not_take_longer_than_its_timeout(kind: str) -> None:
    """Where the deadline is far away the timeout of an attempt stays."""
    rig = Rig(kind)
    rig.send(timeout=2.0)
    assert rig.server.timeouts == [dict.fromkeys(("connect", "read", "write", "pool"), 2.0)]


def test_no_timeout_is_capped_too(kind: str) -> None:
    """Without a timeout of its own an attempt still ends with the deadline."""
    rig = Rig(kind, retry=Retry(deadline=10.0))
    rig.send(timeout=None)
    assert set(rig.server.timeouts[0].values()) == {10.0}


def test_retry_after_is_slept_in_full(kind: str) -> None:
    """The pause is what the server asked for."""
    rig = Rig(kind, throttled("7"), 200)
    rig.send()
    assert rig.clock.pauses == [7.0]


def test_retry_after_beyond_the_deadline_is_given_back_at_once(kind: str) -> None:
    """A 429 that asks for more than the deadline is the answer, and nobody sleeps."""
    rig = Rig(kind, throttled("61"))
    assert (rig.send().status_code, rig.clock.pauses) == (429, [])


# The limit.


def test_each_attempt_takes_a_slot_of_its_own(kind: str) -> None:
    """Three attempts are three requests to the server, and three slots; all are given back."""
    rig = Rig(kind, 500, httpx.ReadError("reset"), 200)
    rig.send()
    stands = rig.limiter.statistics()
    assert (stands.requests, stands.in_flight, stands.free) == (3, 0, 97)


def test_attempts_wait_for_slots(kind: str) -> None:
    """A retry waits for the window as any other request: with two slots, the third attempt waits for the first."""
    clock = Clock()
    rig = Rig(kind, 500, 500, 200, clock=clock, limiter=clock.limiter(RateLimit(2, 10.0)))
    rig.send()
    assert clock.now == pytest.approx(1010.0)


def test_the_wait_for_a_slot_does_not_use_up_the_deadline(kind: str) -> None:
    """With one slot a call of three attempts takes two windows, and its deadline of one window holds."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    rig = Rig(kind, 500, 500, 200, clock=clock, limiter=limiter, retry=Retry(deadline=9.0))
    assert rig.send().status_code == 200
    assert clock.now == pytest.approx(1020.0)


def test_a_429_stops_everybody_for_as_long_as_the_server_says(kind: str) -> None:
    """Another client of the same limiter waits for the `Retry-After` that the first one got."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(100, 10.0))
    Rig(kind, throttled("7"), limiter=limiter, clock=clock, retry=None).send()
    other = Rig(kind, limiter=limiter, clock=clock)
    other.send()
    assert clock.now == 1007.0


def test_a_429_without_a_word_stops_everybody_for_a_window(kind: str) -> None:
    """Where the server does not say how long, one window it is."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(100, 10.0))
    Rig(kind, throttled(), limiter=limiter, clock=clock, retry=None).send()
    Rig(kind, limiter=limiter, clock=clock).send()
    assert clock.now == 1010.0


def test_a_long_freeze_refuses_at_once(kind: str) -> None:
    """While the server wants a longer wait than the deadline, calls fail without a request and without a wait."""
    rig = Rig(kind)
    rig.limiter.refused(100.0)
    with pytest.raises(
        RateLimitError, match=r"GET /api/v2/contacts: .* refuses requests .* for 100 s; no request was sent"
    ) as caught:
        rig.send()
    assert (caught.value.retry_after, caught.value.status_code, rig.server.asked) == (100.0, 429, [])
    assert rig.clock.now == 1000.0


def test_a_refusal_takes_no_slot(kind: str) -> None:
    """A call that is refused during a long freeze leaves the slots alone."""
    rig = Rig(kind)
    rig.limiter.refused(100.0)
    with pytest.raises(RateLimitError):
        rig.send()
    assert (rig.limiter.statistics().requests, rig.limiter.statistics().waiting) == (0, 0)


def test_a_freeze_within_the_deadline_is_waited_for(kind: str) -> None:
    """A freeze that ends before the deadline is sat out."""
    rig = Rig(kind)
    rig.limiter.refused(59.0)
    assert (rig.send().status_code, rig.clock.now) == (200, 1059.0)


def test_a_long_freeze_refuses_those_in_the_queue_too(kind: str) -> None:
    """A freeze longer than the deadline that comes while a call waits for a slot ends its wait."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    Rig(kind, limiter=limiter, clock=clock).send()
    clock.meanwhile = lambda: limiter.refused(3600.0)
    with pytest.raises(RateLimitError):
        Rig(kind, limiter=limiter, clock=clock).send()


# The terms of a call.


def called(**terms: Any) -> dict[str, Call]:  # noqa: ANN401  # those of Call
    """The extensions of a request that belongs to a call on these terms."""
    return {EXTENSION: Call(repeatable=True, retry=Retry(), **terms)}


def test_too_long_a_wait_is_an_error_without_a_request(kind: str) -> None:
    """It is one of the limit, and says which request it is about, how long it would be, and that nothing was sent."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(1, 10.0))
    rig = Rig(kind, clock=clock, limiter=limiter)
    rig.send()
    with pytest.raises(RateLimitError) as caught:
        rig.send("PUT", f"/api/v2/contacts/{PHONE}", json={}, extensions=called(max_wait=5.0))
    assert str(caught.value) == (
        "PUT /api/v2/contacts/+…: the next slot of the rate limit is free in 10.0 s at the earliest, "
        "but max_wait is 5 s; no request was sent"
    )
    assert (caught.value.request.method, caught.value.attempts, caught.value.lost) == ("PUT", 0, False)
    assert (len(rig.server.asked), clock.now, limiter.statistics().requests) == (1, 1000.0, 1)


def test_a_wait_that_the_call_allows_is_waited(kind: str) -> None:
    """`max_wait` is the wait for a slot, not that of the whole call."""
    clock = Clock()
    rig = Rig(kind, 500, 500, 200, clock=clock, limiter=clock.limiter(RateLimit(1, 10.0)))
    assert rig.send(extensions=called(max_wait=10.0)).status_code == 200
    assert clock.now == pytest.approx(1020.0)


def test_too_long_a_wait_for_another_attempt_tells_of_the_first(kind: str) -> None:
    """One was sent and its answer lost: it may have been carried out, and the error does not hide that."""
    clock = Clock()
    rig = Rig(kind, httpx.ReadTimeout("too slow"), clock=clock, limiter=clock.limiter(RateLimit(1, 10.0)))
    with pytest.raises(RateLimitError) as caught:
        rig.send(extensions=called(max_wait=5.0))
    assert (caught.value.attempts, caught.value.lost, len(rig.server.asked)) == (1, True, 1)


def test_a_long_freeze_after_a_lost_answer_tells_of_it(kind: str) -> None:
    """Somebody else was refused in between."""
    rig = Rig(kind, httpx.ReadTimeout("too slow"))
    rig.server.transport = httpx.MockTransport(_lost_and_frozen(rig))
    with pytest.raises(RateLimitError, match="the server refuses requests of this account") as caught:
        rig.send()
    assert (caught.value.attempts, caught.value.lost) == (1, True)


def _lost_and_frozen(rig: Rig) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        rig.limiter.refused(3600.0)
        raise httpx.ReadTimeout("too slow")

    return answer


def test_bulk_work_is_paced(kind: str) -> None:
    """The second request of a bulk call waits for the pace, though slots are free; that of another does not."""
    clock = Clock()
    rig = Rig(kind, clock=clock, limiter=clock.limiter(RateLimit(100, 10.0)))
    for terms in ({"bulk": True}, {}, {}, {"bulk": True}):
        rig.send(extensions=called(**terms))
    assert clock.now == pytest.approx(1000.102)


def test_bulk_work_leaves_the_reserve(kind: str) -> None:
    """With its one slot used it waits for a window, and the other one is free all the time."""
    clock = Clock()
    limiter = clock.limiter(RateLimit(2, 10.0, reserve=1))
    rig = Rig(kind, clock=clock, limiter=limiter)
    for _ in range(2):
        rig.send(extensions=called(bulk=True))
    assert (clock.now, limiter.statistics().free) == (1010.0, 1)


def test_an_error_gives_the_slot_back(kind: str) -> None:
    """Whatever ends an attempt, its slot comes back a window later."""
    rig = Rig(kind, RuntimeError("a bug somewhere"))
    with pytest.raises(RuntimeError):
        rig.send()
    assert (rig.limiter.statistics().in_flight, rig.limiter.statistics().free) == (0, 99)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_request_gives_its_slot_back(backend: str) -> None:
    """A task that is cancelled while its request is under way leaves no slot behind."""
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


# The log.


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What our logger wrote."""
    return [record.getMessage() for record in caplog.records if record.name == "sendblue_contacts"]


def test_each_attempt_is_a_line(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A line has the method, the masked path, the status or the error, the time, and the number of the attempt."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    rig = Rig(kind, 500, httpx.ReadTimeout(f"no answer for {PHONE}"), 200)
    rig.send("PUT", "/api/v2/contacts/%2B14155551234", json={"first_name": "Ada"})
    assert lines(caplog) == [
        "PUT /api/v2/contacts/+…: 500 in 0.000 s (attempt 1)",
        "PUT /api/v2/contacts/+…: ReadTimeout in 0.000 s (attempt 2)",
        "PUT /api/v2/contacts/+…: 200 in 0.000 s (attempt 3)",
    ]


def test_an_answer_that_breaks_off_is_an_error_in_the_log(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A status whose body never came is not written down as one."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    Rig(kind, httpx.Response(200, stream=Broken()), 200).send()
    assert [line.split(": ")[1].split(" in ")[0] for line in lines(caplog)] == ["RemoteProtocolError", "200"]


def test_the_time_of_an_attempt_is_its_own(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A line tells how long the server took, without pauses and waits for slots."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    clock = Clock()
    rig = Rig(kind, clock=clock, limiter=clock.limiter(RateLimit(1, 0.5)))

    def slow(_: httpx.Request) -> httpx.Response:
        clock.now += 0.25
        return httpx.Response(200 if len(lines(caplog)) else 500)

    rig.server.transport = httpx.MockTransport(slow)
    rig.send()
    assert [line.split(" in ")[1] for line in lines(caplog)] == ["0.250 s (attempt 1)", "0.250 s (attempt 2)"]


def test_nothing_is_written_for_what_was_not_sent(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal during a long freeze is no attempt."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    rig = Rig(kind)
    rig.limiter.refused(100.0)
    with pytest.raises(RateLimitError):
        rig.send()
    assert lines(caplog) == []


# The clients.


def test_an_error_counts_its_attempts(kind: str) -> None:
    """An error says how many requests were sent, as a number and in its text."""
    server = Server(500, 500, 500)
    with pytest.raises(InternalServerError, match="after 3 attempts") as caught:
        ask(kind, lambda client: client.contacts.count(), transport=server.transport, retry=AT_ONCE)
    assert (caught.value.attempts, len(server.asked)) == (3, 3)


@pytest.mark.parametrize(
    ("answer", "error"), [(httpx.ConnectError("refused"), APIConnectionError), (httpx.ReadTimeout(""), APITimeoutError)]
)
def test_an_error_without_an_answer_counts_its_attempts(
    kind: str, answer: Exception, error: type[APIConnectionError]
) -> None:
    """It does so too where no answer came."""
    server = Server(answer, answer, answer)
    with pytest.raises(error, match="after 3 attempts") as caught:
        ask(kind, lambda client: client.contacts.count(), transport=server.transport, retry=AT_ONCE)
    assert caught.value.attempts == 3


def test_a_429_beyond_the_deadline_is_raised_at_once(kind: str) -> None:
    """The error carries what the server asked for, after one request."""
    server = Server(throttled("3600"))
    with pytest.raises(RateLimitError) as caught:
        ask(kind, lambda client: client.contacts.count(), transport=server.transport)
    assert (caught.value.retry_after, caught.value.attempts, len(server.asked)) == (3600.0, 1, 1)


def test_retries_can_be_off(kind: str) -> None:
    """A client made with `retry=None` sends one request."""
    server = Server(500)
    with pytest.raises(InternalServerError):
        ask(kind, lambda client: client.contacts.count(), transport=server.transport, retry=None)
    assert len(server.asked) == 1


def test_retries_can_be_off_for_some_calls(kind: str) -> None:
    """`with_options(retry=None)` sends one request, on the same limiter; the client itself goes on retrying."""
    server = Server(500)

    def call(client: Any) -> Any:  # noqa: ANN401  # either client
        other = client.with_options(retry=None)
        assert other.rate_limit is client.rate_limit
        return other.contacts.count()

    with pytest.raises(InternalServerError):
        ask(kind, call, transport=server.transport, retry=AT_ONCE)
    assert len(server.asked) == 1


def test_retries_can_be_on_for_some_calls(kind: str) -> None:
    """The options of a call win over those of its client, this way too."""
    server = Server(500, 500, 200)
    retrying = AT_ONCE
    assert (
        ask(
            kind,
            lambda client: client.with_options(retry=retrying).contacts.count(),
            transport=server.transport,
            retry=None,
        )
        == 3
    )


def test_the_generated_client_retries_a_get(kind: str) -> None:
    """A generated function on `client.generated` is sent as all others are."""
    server = Server(500, 200)
    answer = ask(kind, _generated(kind, count_contacts), transport=server.transport, retry=AT_ONCE)
    assert (answer.count, len(server.asked)) == (3, 2)


def test_the_generated_client_does_not_repeat_a_post(kind: str) -> None:
    """What the generated client posts may have arrived, and is not sent again."""
    server = Server(httpx.ReadError("reset"))
    call = _generated(kind, verify_contact, body=ContactVerify(PHONE))
    with pytest.raises(httpx.ReadError):
        ask(kind, call, transport=server.transport, retry=AT_ONCE)
    assert len(server.asked) == 1


def _generated(kind: str, endpoint: Any, **arguments: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # a generated module
    function = endpoint.sync if kind == "sync" else endpoint.asyncio
    return lambda client: function(client=client.generated, **arguments)


class Closing(httpx.MockTransport):
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


def test_closing_goes_down_to_the_wire(kind: str) -> None:
    """A client that is closed closes the connections beneath all its transports."""
    transport = Closing()
    ask(kind, lambda client: client.contacts.count(), transport=transport)
    assert transport.closed == 1


def test_the_quota_is_shared_by_the_calls_of_a_client(kind: str) -> None:
    """In an outage a client adds 35 requests in all, however many calls it makes."""
    server = Server(*[500] * 1000)
    if kind == "sync":
        with Sendblue("key", "secret", transport=server.transport, rate_limit=None, retry=AT_ONCE) as client:
            for _ in range(100):
                with pytest.raises(InternalServerError):
                    client.contacts.count()
    else:
        anyio.run(_outage, server, backend=kind)
    assert len(server.asked) == 135


async def _outage(server: Server) -> None:
    client = AsyncSendblue("key", "secret", transport=server.transport, rate_limit=None, retry=AT_ONCE)
    async with aclosing(client):
        for _ in range(100):
            with pytest.raises(InternalServerError):
                await client.contacts.count()
