"""The limiter with a store that other processes share; tasks in virtual time, from 0, with a store in memory.

The stores have tests of their own (`test_stores.py`). These are about the callers of a process, its window, and what
happens to them while the store is slow or unavailable.
"""

import threading
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import anyio
import anyio.to_thread
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError, RateLimitStoreError
from sendblue_contacts.rate_limit.stores.base import Command, Store, StoreReply, StoreRequest

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT
from tests.overrides.rate_limit.virtual_time import (
    BACKENDS,
    TICK,
    Callers,
    VirtualStore,
    most_in_window,
    play,
    run,
    until,
)

RATE = RateLimit(10, 10.0, reserve=4)
ONE = RateLimit(1, 10.0)
TWO = RateLimit(2, 10.0, reserve=1)


class GenerousStore(VirtualStore):
    """A store that has lost everything: it permits all requests."""

    def send(self, request: StoreRequest) -> StoreReply:
        """Permit a request."""
        self.requests.append((anyio.current_time(), request))
        return StoreReply()


@pytest.fixture
def store() -> VirtualStore:
    """A store with ten free slots."""
    return VirtualStore(RATE)


@pytest.fixture
def one() -> VirtualStore:
    """A store with one free slot."""
    return VirtualStore(ONE)


def test_a_slot_is_acquired_and_released_in_the_store(store: VirtualStore) -> None:
    """Each HTTP request sends two requests to the store, with one token; the first one has the lease."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada")
        await callers.arrive("Bob", lease=300)

    play(scenario, RATE, store=store)
    assert store.received() == [Command.ACQUIRE, Command.RELEASE] * 2
    first, second = (requests[1] for requests in (store.requests[0], store.requests[2]))
    assert (first.lease, second.lease) == (60, 300)
    tokens = [request.token for _, request in store.requests]
    assert (tokens[0], tokens[2], tokens[0] == tokens[2]) == (tokens[1], tokens[3], False)


@pytest.mark.parametrize(
    ("rate", "latency", "script", "served"),
    [
        # A caller that waits for the slot of another process asks again after its wait, and is served on time.
        (ONE, 0, "other,held @2 !other Ada Bob @30", {"other": 0, "Ada": 12, "Bob": 22}),
        # When all slots are in flight in other processes, it asks again after one window.
        (ONE, 0, "other,held Ada @7 !other @21", {"other": 0, "Ada": 17}),
        # A request of another process that was abandoned may still be on its way.
        (ONE, 0, "other,held @1 -other Ada @25", {"other": 0, "Ada": 14}),
        # A caller that is canceled while it asks, or waits, takes no slot of the store; the next one continues at once.
        (ONE, 1, "other @2 Ada Bob @2.5 -Ada @15", {"other": 1, "Bob": 13}),
        (ONE, 1, "other @2 Ada Bob @5 -Ada @15", {"other": 1, "Bob": 13}),
        # Bulk work that is canceled counts for its pace only.
        (RateLimit(4, 10.0, reserve=3), 1, "Ada,bulk @0.5 -Ada Bob,bulk @9", {"Bob": 3.55}),
        # While bulk work, which came first, waits for the store, a caller of the other lane is served.
        (TWO, 0, "other,bulk,held bulk,bulk Ada @1", {"other": 0, "Ada": 0}),
        # A caller that holds a slot of the window, and waits for the store, is not counted in the queue.
        (RateLimit(2, 10.0), 0, "other.freeze=4 Ada Bob,max_wait=5 @6", {"Ada": 4, "Bob": 4}),
        # A freeze applies to all processes, also to callers that wait for the store already.
        (RATE, 0, "freeze=3 Ada @1 other.freeze=20 @25", {"Ada": 21}),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_when_callers_of_two_processes_are_served(
    backend: str, rate: RateLimit, latency: float, script: str, served: dict[str, float]
) -> None:
    """Each step of a script is a word, see `perform`."""
    store = VirtualStore(rate)
    store.latency = latency
    callers = play(script, rate, store=store, backend=backend)
    assert callers.served == pytest.approx(served)
    assert callers.errors == {}
    assert callers.limiter.statistics().requests == len(served.keys() - {"other"})


def test_a_wait_for_the_store_beyond_max_wait_is_an_error(one: VirtualStore) -> None:
    """The slot of the store is canceled, and the callers behind it continue."""
    callers = play("other @7 impatient,max_wait=2 Ada @11", ONE, store=one)
    error = callers.errors["impatient"]
    assert isinstance(error, RateLimitError)
    assert (error.retry_after, callers.served) == (3, {"other": 0, "Ada": 10})


def test_each_process_keeps_the_limit_whatever_the_store_replies() -> None:
    """With a store that has lost everything, no process sends more than the limit."""
    assert play("Ada Bob @11", ONE, store=GenerousStore(ONE)).served == {"Ada": 0, "Bob": 10}


def test_a_freeze_applies_to_callers_that_do_not_ask_the_store(store: VirtualStore) -> None:
    """One that waits for the store ends its wait at once if it becomes too long; a reply of the store is for all."""

    async def scenario(callers: Callers) -> None:
        await callers.other.async_refused(5)
        await callers.arrive("Ada", freeze_timeout=10)
        assert callers.limiter.frozen_for() == 5
        await until(1)
        await callers.limiter.async_refused(20)
        await until(1.5)
        assert isinstance(callers.errors["Ada"], RateLimitError)

    play(scenario, RATE, store=store)


def test_a_slow_reply_is_logged(store: VirtualStore, caplog: pytest.LogCaptureFixture) -> None:
    """Its time counts as a wait, also if the slot is free at once."""
    caplog.set_level("INFO", "sendblue_contacts")
    store.latency = 1.5
    assert play("Ada @2", RATE, store=store).limiter.statistics().total_waited == 1.5
    assert [record.message for record in caplog.records] == ["waiting for the rate limit, at least 1.5 s"]


def test_one_caller_of_each_lane_asks_at_a_time(store: VirtualStore) -> None:
    """So they are served in order, and a lane that waits for the store does not delay the other."""
    store.latency = 1

    async def scenario(callers: Callers) -> None:
        await callers.arrive("first")
        await callers.arrive("hurried", max_wait=0)
        await callers.arrive("second")
        await callers.arrive("bulk", bulk=True)
        assert store.received() == [Command.ACQUIRE] * 3
        statistics = callers.limiter.statistics()
        assert (statistics.requests, statistics.in_flight, statistics.waiting) == (0, 0, 1)
        await until(5)

    served = play(scenario, RATE, store=store).served
    assert served == {"first": 1, "bulk": 1, "hurried": 1, "second": 2}


def test_an_unavailable_store_is_retried(store: VirtualStore, caplog: pytest.LogCaptureFixture) -> None:
    """With `block`, with growing pauses, until it replies. It is logged once, with the reason."""
    store.is_available = False

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada")
        await until(8)
        store.is_available = True
        await until(10)

    assert list(play(scenario, RATE, store=store).served) == ["Ada"]
    attempts = [at for at, request in store.requests if request.command is Command.ACQUIRE]
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0])
    own = [each.getMessage() for each in caplog.records if each.name.startswith("sendblue_contacts")]
    assert own == ["the rate limit store is unavailable (no reply); retrying"]


@pytest.mark.parametrize(
    ("setting", "limits", "ended"),
    [("block", {"max_wait": 0.25}, 0.1), ("block", {"freeze_timeout": 0.25}, 0.1), ("raise", {}, 0)],
)
def test_an_outage_that_lasts_too_long_is_an_error(setting: Any, limits: dict[str, Any], ended: float) -> None:
    """At once with `raise`; when the next pause would be too long with `block`. No slot is lost."""
    rate = RateLimit(1, 10.0, on_unavailable=setting)
    store = VirtualStore(rate)
    store.is_available = False

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada", **limits)
        await until(1)
        error = callers.errors["Ada"]
        assert isinstance(error, RateLimitStoreError)
        assert str(error) == (
            "the rate limit store is unavailable (no reply); no request was sent: check that it is running"
        )
        store.is_available = True
        await callers.arrive("Bob")

    assert play(scenario, rate, store=store).served == {"Bob": 1}
    assert store.requests[-3][0] == 1  # what follows was sent when it was available again
    assert store.received(Command.RELEASE)[-2:] == [Command.CANCEL, Command.ACQUIRE]
    assert max(at for at, _ in store.requests if at < 1) == ended


def test_releases_are_sent_when_the_store_is_available_again(store: VirtualStore) -> None:
    """Before the next request, each once; a caller in an outage waits for one failure only; a late 429 is dropped."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive(1, 2, 3, responds=False)
        store.is_available = False
        await callers.respond(1, 2, 3)
        await callers.limiter.async_refused(0)
        before = len(store.requests)
        await callers.arrive("Ada", max_wait=0)
        assert len(store.requests) == before + 1
        store.is_available = True
        await callers.arrive("Bob", "Eve")

    assert list(play(scenario, RATE, store=store).served)[-2:] == ["Bob", "Eve"]
    commands = store.received()[8:]
    assert commands.count(Command.RELEASE) == 5
    assert (commands.index(Command.ACQUIRE), Command.FREEZE in commands) == (4, False)


def test_the_outbox_is_bounded(one: VirtualStore) -> None:
    """During a long outage it keeps two cancellations for each slot; the others are left to their leases."""

    async def scenario(callers: Callers) -> None:
        one.is_available = False
        await callers.arrive(*range(5), max_wait=0)
        one.is_available = True
        one.requests.clear()
        await callers.arrive("Ada")

    assert play(scenario, ONE, store=one).served == {"Ada": 0}
    assert one.received() == [Command.CANCEL, Command.CANCEL, Command.ACQUIRE, Command.RELEASE]


def test_the_child_of_a_fork_does_not_send_the_outbox_of_its_parent(one: VirtualStore) -> None:
    """The parent sends it."""

    async def scenario(callers: Callers) -> None:
        one.is_available = False
        await callers.arrive("Ada", max_wait=0)
        one.is_available = True
        callers.limiter.after_fork()
        await callers.arrive("Bob")

    play(scenario, ONE, store=one)
    assert one.received() == [Command.ACQUIRE, Command.ACQUIRE, Command.RELEASE]


class HangingStore(VirtualStore):
    """A store in real time, in which a request hangs in its thread."""

    def __init__(self) -> None:
        super().__init__(ONE)
        self.hangs, self.continues, self.is_cancelled = threading.Event(), threading.Event(), threading.Event()

    def send(self, request: StoreRequest) -> StoreReply:
        """Reply to ACQUIRE when the test allows it."""
        if request.command is Command.CANCEL:
            self.is_cancelled.set()
        else:
            self.hangs.set()
            assert self.continues.wait(DEADLOCK_TIMEOUT)
        return StoreReply()

    in_thread = Store.in_thread


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_task_that_asks_can_be_cancelled(backend: str) -> None:
    """It does not wait for the reply, after which its thread cancels the slot."""
    store = HangingStore()
    limiter = RateLimiter(ONE, store=store)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(limiter.slot().__aenter__)
            await anyio.to_thread.run_sync(store.hangs.wait)
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    assert (limiter.statistics().in_flight, store.is_cancelled.is_set()) == (0, False)
    store.continues.set()
    assert store.is_cancelled.wait(DEADLOCK_TIMEOUT)


@pytest.mark.parametrize(("seconds", "warnings"), [(60, 0), (61, 1)])
def test_a_request_that_outlasts_its_lease_is_logged(
    store: VirtualStore, caplog: pytest.LogCaptureFixture, seconds: float, warnings: int
) -> None:
    """Another process may use its slot then, so the limit is not guaranteed; the warning states what to change."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada", responds=False)
        await until(seconds)
        await callers.respond("Ada")

    play(scenario, RATE, store=store)
    text = (
        "a request held its slot of the rate limit for 61 s, longer than its lease of 60 s: another process may have "
        "used the slot, and more requests than the limit may have arrived; pass a longer lease= to slot(), or shorten "
        "the timeout of the request"
    )
    assert [record.getMessage() for record in caplog.records] == warnings * [text]


def test_the_child_of_a_fork_leaves_the_slots_of_its_parent(store: VirtualStore) -> None:
    """It releases none of them, and can ask the store although a thread of the parent was asking."""
    store.latency = 1

    async def scenario(callers: Callers) -> None:
        await callers.arrive("in flight", responds=False)
        await until(1)
        await callers.arrive("asking", "waiting", responds=False)
        callers.limiter.after_fork()
        await callers.respond("in flight")
        await callers.arrive("child", responds=False)
        await until(2.5)
        assert Command.RELEASE not in store.received()

    assert "child" in play(scenario, RATE, store=store).served


@dataclass(frozen=True)
class Request:
    """A request of any process: when its caller comes, gives up waiting, and how late it wakes; its two latencies."""

    comes: int
    gives_up_after: int
    late: float
    out: int
    back: int
    lease: float
    bulk: bool
    killed: bool  # so that the store is not told the end


REQUESTS = st.builds(
    Request,
    comes=st.integers(0, 60),
    gives_up_after=st.integers(1, 300),
    late=st.sampled_from([0.0, 0.0, 0.5, 7.0]),
    out=st.sampled_from([0, 0, 0, 1, 3, 30]),
    back=st.sampled_from([0, 0, 0, 1, 3, 30]),
    lease=st.sampled_from([20.0, 60.0]),
    bulk=st.booleans(),
    killed=st.sampled_from([False, False, True]),
)


@settings(deadline=None, max_examples=60)
@given(
    requests=st.lists(REQUESTS, max_size=25),
    limit=st.sampled_from([1, 2, 4]),
    freezes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 40)), max_size=3),
)
def test_a_store_keeps_the_limit(requests: list[Request], limit: int, freezes: list[tuple[int, int]]) -> None:
    """Of the requests that arrive before their lease expires, whatever happens to their callers; and none starves."""
    rate = RateLimit(limit, 10.0, reserve=1)
    arrivals: dict[bool, list[float]] = {True: [], False: []}
    frozen_until = 0.0

    async def send(store: VirtualStore, token: int, request: Request) -> None:
        await anyio.sleep(request.comes)
        ask = StoreRequest(Command.ACQUIRE, token, request.bulk, request.lease)
        with anyio.move_on_after(request.gives_up_after) as waiting:
            while wait := store.send(ask).wait:  # noqa: ASYNC110  # the time is virtual
                await anyio.sleep(wait + request.late)
        if not waiting.cancelled_caught:
            assert anyio.current_time() >= frozen_until - TICK
            if request.out < request.lease:
                arrivals[request.bulk].append(anyio.current_time() + request.out)
            await anyio.sleep(request.out + request.back)
        if not request.killed:
            store.send(StoreRequest(Command.CANCEL if waiting.cancelled_caught else Command.RELEASE, token))

    async def freeze(store: VirtualStore, at: int, seconds: int) -> None:
        nonlocal frozen_until
        await anyio.sleep(at + 0.5)
        frozen_until = max(frozen_until, anyio.current_time() + seconds)
        store.send(StoreRequest(Command.FREEZE, seconds=seconds))

    async def main() -> None:
        store = VirtualStore(rate)
        async with anyio.create_task_group() as tasks:
            for token, request in enumerate(requests):
                tasks.start_soon(send, store, token, request)
            for at, seconds in freezes:
                tasks.start_soon(freeze, store, at, seconds)
        await anyio.sleep(400)
        replies = [store.send(StoreRequest(Command.ACQUIRE, token, lease=60.0)) for token in range(100, 101 + limit)]
        assert [(reply.wait, reply.held) for reply in replies] == [(0, True)] * limit + [(10, False)]

    run("asyncio", main)
    assert most_in_window(arrivals[True] + arrivals[False]) <= limit
    assert most_in_window(arrivals[True]) <= rate.bulk_slots
