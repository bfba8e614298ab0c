"""The limiter and tasks, under asyncio and trio, in virtual time; and threads and tasks in one queue."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStatistics
from sendblue_contacts.rate_limit import Slot

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT, FakeWaiting, acquired, release
from tests.overrides.rate_limit.virtual_time import BACKENDS, VirtualStore, limiter_of, most_in_window, run

ONE = RateLimit(1, 10.0)
HOLD = 5.0
"""Seconds for which the slot of an abandoned request is held."""
Abandoned = Callable[..., Callable[[], None]]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each kind of event loop."""
    return str(request.param)


def test_a_task_that_raises_or_is_cancelled_releases_its_slot(backend: str) -> None:
    """However its block ends, the slot is free one window after the time for which the request may still travel."""

    async def main() -> tuple[float, float]:
        limiter = limiter_of(ONE)
        with pytest.raises(ZeroDivisionError):
            async with limiter.slot():
                raise ZeroDivisionError
        with anyio.move_on_after(16):
            async with limiter.slot() as second:
                await anyio.sleep_forever()
        async with limiter.slot() as third:
            return second.waited, third.waited

    assert run(backend, main) == (13, 13)


@dataclass(frozen=True)
class Caller:
    """The times of a caller: its arrival, both latencies, and after how long it cancels its wait or its request."""

    comes: int
    out: int
    back: int
    gives_up_after: int
    timeout: int
    bulk: bool
    process: int


CALLERS = st.lists(
    st.builds(
        Caller,
        comes=st.integers(0, 60),
        out=st.integers(0, 30),
        back=st.integers(0, 30),
        gives_up_after=st.integers(1, 300),
        timeout=st.integers(1, 80),
        bulk=st.booleans(),
        process=st.integers(0, 1),
    ),
    max_size=25,
)


class Simulation:
    """The callers of one process, or of two that share a store.

    Attributes:
        arrivals: When requests arrived, by lane.
        order: When the callers that were served had arrived, in the order in which they were served, by lane.
        left: How many callers left the queue.
    """

    def __init__(self, rate: RateLimit, *, shared: bool) -> None:
        self.store = VirtualStore(rate) if shared else None
        self.limiters = [limiter_of(rate, self.store) for _ in range(2 if shared else 1)]
        self.arrivals: dict[bool, list[float]] = {True: [], False: []}
        self.order: dict[bool, list[int]] = {True: [], False: []}
        self.left = 0

    async def call(self, caller: Caller) -> None:
        """A caller arrives."""
        await anyio.sleep(caller.comes)
        slot = self.limiters[caller.process % len(self.limiters)].slot(bulk=caller.bulk)
        with anyio.move_on_after(caller.gives_up_after) as waiting:
            await slot.__aenter__()
        if waiting.cancelled_caught:
            self.left += 1
        else:
            self.order[caller.bulk].append(caller.comes)
            await self._send(caller, slot)

    async def _send(self, caller: Caller, slot: Slot) -> None:
        assert self.store or self.limiters[0].frozen_for() == 0
        if caller.out <= caller.timeout + HOLD:  # it arrives although it was abandoned
            self.arrivals[caller.bulk].append(anyio.current_time() + caller.out)
        with anyio.move_on_after(caller.timeout) as answering:
            await anyio.sleep(caller.out + caller.back)
        await slot.__aexit__(TimeoutError if answering.cancelled_caught else None, None, None)

    async def freeze(self, at: int, seconds: int) -> None:
        """The server responds with 429."""
        await anyio.sleep(at + 0.5)
        await self.limiters[0].async_refused(seconds)

    async def fail(self, at: int, latency: float) -> None:
        """The store is unavailable for a while, and slow from then on."""
        assert self.store
        await anyio.sleep(at)
        self.store.latency, self.store.is_available = latency, False
        await anyio.sleep(3)
        self.store.is_available = True


@settings(deadline=None, max_examples=60)
@given(
    backend=st.sampled_from(BACKENDS),
    callers=CALLERS,
    limit=st.integers(1, 4),
    freezes=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 40))),
    outage=st.none() | st.tuples(st.integers(0, 20), st.sampled_from([0, 0.5, 3])),
)
def test_the_server_never_counts_more_than_the_limit(
    backend: str, callers: list[Caller], limit: int, freezes: list[tuple[int, int]], outage: tuple[int, float] | None
) -> None:
    """With any latencies, timeouts, cancellations and refusals, no window is exceeded, and no caller starves.

    Neither in one process, nor in two that share a store with an outage.
    """
    simulation = Simulation(RateLimit(limit, 10.0, reserve=1, hold_abandoned=HOLD), shared=outage is not None)

    async def main() -> list[RateLimitStatistics]:
        async with anyio.create_task_group() as tasks:
            for caller in callers:
                tasks.start_soon(simulation.call, caller)
            for at, seconds in freezes:
                tasks.start_soon(simulation.freeze, at, seconds)
            if outage:
                tasks.start_soon(simulation.fail, *outage)
        await anyio.sleep(150)  # the lease of a release that is still in the outbox of the other process
        found = [limiter.statistics() for limiter in simulation.limiters]
        with anyio.fail_after(20):
            for _ in range(limit):
                await simulation.limiters[0].slot().__aenter__()
        return found

    found = run(backend, main)
    arrivals, order = simulation.arrivals, simulation.order
    assert most_in_window(arrivals[True] + arrivals[False]) <= limit
    assert most_in_window(arrivals[True]) <= max(1, limit - 1)
    assert outage or all(lane == sorted(lane) for lane in order.values())
    served = len(order[True]) + len(order[False])
    assert served + simulation.left == len(callers)
    assert sum(each.requests for each in found) == served
    assert {(each.in_flight, each.waiting, each.free) for each in found} == {(0, 0, limit)}


def test_threads_and_tasks_share_one_queue(waiting: FakeWaiting, backend: str) -> None:
    """They are served in the order of their arrival."""
    limiter = waiting.limiter(RateLimit(1, 10.0))
    holders = [acquired(limiter)]
    served: list[str] = []
    came = threading.Semaphore(0)

    def thread(name: str) -> None:
        holders.append(acquired(limiter))
        served.append(name)
        came.release()

    async def task(name: str) -> None:
        slot = limiter.slot()
        await slot.__aenter__()
        holders.append(slot)
        served.append(name)
        came.release()

    with start_blocking_portal(backend) as portal:
        for name in ("Ada", "Bob", "Eve", "Joe"):
            if name in {"Ada", "Eve"}:
                waiting.thread(partial(thread, name))
            else:
                portal.start_task_soon(task, name)
            waiting.next_wait()
        for _ in range(4):
            release(holders[-1])
            turn, seconds = waiting.next_waiter()
            while seconds is None:
                turn, seconds = waiting.next_waiter()
            waiting.expire(turn, seconds)
            assert came.acquire(timeout=DEADLOCK_TIMEOUT)
    assert served == ["Ada", "Bob", "Eve", "Joe"]


# An event loop that is closed while a task of it waits. `asyncio.run` cancels its tasks before; other programs that
# close a loop may not.


@pytest.fixture
def abandoned(waiting: FakeWaiting) -> Iterator[Abandoned]:
    """Let a task wait, and close its event loop; returns what the garbage collector will do to the task."""
    tasks: list[Any] = []

    def end(task: Any) -> None:
        with suppress(RuntimeError):  # anyio misses its event loop
            task.get_coro().close()

    def abandon(limiter: RateLimiter) -> Callable[[], None]:
        loop = asyncio.new_event_loop()
        task: Any = loop.create_task(limiter.slot().__aenter__())
        task._log_destroy_pending = False
        tasks.append(task)
        while waiting.waits.empty():
            loop.run_until_complete(asyncio.sleep(0))
        waiting.next_wait()
        loop.close()
        return partial(end, task)

    yield abandon
    for task in tasks:
        end(task)


def test_a_dead_task_does_not_block_those_behind_it(waiting: FakeWaiting, abandoned: Abandoned) -> None:
    """When a response arrives, the waiter behind it is woken."""
    limiter = waiting.limiter(RateLimit(1, 10.0))
    slot = acquired(limiter)
    abandoned(limiter)
    thread = waiting.thread(partial(acquired, limiter))
    waiting.next_wait()
    release(slot)
    waiting.expire(*waiting.next_waiter())
    thread.join(DEADLOCK_TIMEOUT)
    assert not thread.is_alive()


def test_a_dead_task_does_not_block_a_new_caller(waiting: FakeWaiting, abandoned: Abandoned) -> None:
    """With no request in flight there will be no response; a caller that arrives when a slot is free acquires it."""
    limiter = waiting.limiter(RateLimit(1, 10.0))
    with limiter.slot():
        pass
    abandoned(limiter)
    waiting.now += 10
    thread = waiting.thread(partial(acquired, limiter))
    thread.join(DEADLOCK_TIMEOUT)
    assert not thread.is_alive()


def test_the_end_of_a_dead_task_does_not_stop_the_limiter(waiting: FakeWaiting, abandoned: Abandoned) -> None:
    """The garbage collector may end an abandoned wait at any time, also in a thread that holds the lock."""
    limiter = waiting.limiter(RateLimit(1, 10.0))
    with limiter.slot():
        pass

    end = abandoned(limiter)

    def collect() -> None:
        with limiter._lock:
            end()

    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert limiter.statistics().waiting == 0
