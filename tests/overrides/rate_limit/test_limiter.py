"""The limiter and threads, in a time that the tests control: no test waits for the clock."""

import logging
import math
import pickle
import threading
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError
from sendblue_contacts.rate_limit import Slot

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT, FakeWaiting, acquired, release

URL = "http://127.0.0.1:9"


@pytest.fixture
def one(waiting: FakeWaiting) -> RateLimiter:
    """A limiter with one slot, and windows of 10 s."""
    return waiting.limiter(RateLimit(1, 10.0))


class ThreadCallers:
    """Threads that arrive one after another, each when the one before it waits."""

    def __init__(self, waiting: FakeWaiting, limiter: RateLimiter) -> None:
        self._hall = waiting
        self._limiter = limiter
        self._threads: list[threading.Thread] = []
        self.slots: dict[str, Slot] = {}
        self.errors: dict[str, RateLimitError] = {}
        self.came = threading.Semaphore(0)

    @property
    def served(self) -> list[str]:
        """The names of the callers that hold their slot, in the order in which they got it."""
        return list(self.slots)

    def arrive(self, name: str, **terms: Any) -> float | None:
        """One more caller; returns for how long it waits."""
        self._threads.append(self._hall.thread(partial(self._call, name, terms)))
        return self._hall.next_wait()

    def _call(self, name: str, terms: dict[str, Any]) -> None:
        try:
            self.slots[name] = acquired(self._limiter, **terms)
        except RateLimitError as error:
            self.errors[name] = error
        self.came.release()

    def wake_first(self, *, bulk: bool = False) -> None:
        """The timer of the caller of this lane expires that arrived first, unless it was woken and served already."""
        if slot := self._limiter._queue._lanes[bulk].first():
            slot.waiter.wake()

    def wait_for_one(self) -> None:
        """Wait until one more caller has its slot, or an error."""
        assert self.came.acquire(timeout=DEADLOCK_TIMEOUT)

    def wait_for_all(self) -> None:
        """Wait until the threads have ended."""
        for thread in self._threads:
            thread.join(DEADLOCK_TIMEOUT)
            assert not thread.is_alive()


def test_a_block_holds_its_slot(waiting: FakeWaiting, one: RateLimiter) -> None:
    """From its start, without a wait while a slot is free, until its end, also if it raises; it is released once."""
    with suppress(ZeroDivisionError), one.slot() as slot:
        assert (slot.waited, one.statistics().in_flight) == (0, 1)
        raise ZeroDivisionError
    for released in (slot, one.slot()):
        release(released)
    waiting.now += 13  # the request of a block that raised may arrive for 3 s
    assert (one.statistics().in_flight, one.statistics().free) == (0, 1)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_new_caller_does_not_overtake(waiting: FakeWaiting, one: RateLimiter, bulk: bool) -> None:
    """A caller that arrives when a slot has just become free queues behind those that wait already, in any lane."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada", bulk=bulk)
    waiting.now += 10
    assert callers.arrive("Bob") is None
    with pytest.raises(RateLimitError):
        acquired(one, max_wait=0)
    callers.wake_first(bulk=bulk)
    callers.wait_for_one()
    assert callers.served == ["Ada"]


@pytest.mark.parametrize(
    ("retry_after", "frozen"), [(7.0, 7), (None, 10), (0.0, 0), (1764240000000.0, 86_400), (math.inf, 86_400)]
)
def test_a_429_freezes_all_callers(waiting: FakeWaiting, retry_after: float | None, frozen: float) -> None:
    """For the time of `Retry-After`, by default one window, and at most one day: a server may send milliseconds."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(retry_after)
    assert limiter.frozen_for() == frozen
    if frozen:
        with pytest.raises(RateLimitError):
            acquired(limiter, max_wait=frozen - 0.1)
    waiting.now += frozen
    assert (limiter.frozen_for(), acquired(limiter).waited) == (0, 0)


def test_without_a_limit_no_caller_waits(waiting: FakeWaiting) -> None:
    """`RateLimiter(None)` admits all requests, also after a 429, and counts them."""
    limiter = waiting.limiter(None)
    limiter.refused(100.0)
    held = [acquired(limiter, bulk=True, max_wait=0) for _ in range(500)]
    assert {slot.waited for slot in held} == {0}
    with limiter.slot():
        pass
    statistics = limiter.statistics()
    assert (statistics.limit, statistics.free, limiter.frozen_for(), statistics.refusals) == (None, None, 0, 1)
    assert (statistics.in_flight, statistics.requests) == (500, 501)


@pytest.mark.parametrize("jump", [-30, 10_000])
def test_a_clock_that_jumps(waiting: FakeWaiting, one: RateLimiter, jump: float) -> None:
    """Back: callers wait longer, and no slot is free before its time. Forward, when a process was stopped: at once."""
    release(acquired(one))
    waiting.now += jump
    if jump < 0:
        with pytest.raises(RateLimitError) as caught:
            acquired(one, max_wait=9.9 - jump)
        assert caught.value.retry_after == 10 - jump
        waiting.now += 10 - jump
    assert acquired(one, max_wait=0).waited == 0


def test_statistics(waiting: FakeWaiting) -> None:
    """Slots in flight, free and acquired, waiting callers, the lengths of waits, refusals and the freeze. Immutable."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    new = limiter.statistics()
    assert (new.limit, new.free, new.in_flight, new.waiting, new.requests, new.refusals) == (2, 2, 0, 0, 0, 0)
    assert (new.frozen_until, new.total_waited, new.longest_wait) == (None, 0, 0)
    release(acquired(limiter))
    held = acquired(limiter)
    callers = ThreadCallers(waiting, limiter)
    callers.arrive("Ada")
    limiter.refused(3.0)
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.free) == (1, 1, 0)
    assert (statistics.requests, statistics.refusals) == (2, 1)
    assert statistics.frozen_until
    assert 0 < (statistics.frozen_until - datetime.now(UTC)).total_seconds() <= 3
    waiting.now += 10
    callers.wake_first()
    callers.wait_for_all()
    statistics = limiter.statistics()
    assert (statistics.requests, statistics.waiting, statistics.in_flight) == (3, 0, 2)
    assert (statistics.total_waited, statistics.longest_wait, statistics.frozen_until) == (10, 10, None)
    with pytest.raises(FrozenInstanceError):
        statistics.requests = 5  # type: ignore[misc]  # that is what is tested
    release(held)


def test_statistics_add_up_the_waits(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Also those that ended in an error; the longest is recorded."""
    release(acquired(one))
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada", max_wait=60.0)
    callers.arrive("Bob", max_wait=25.0)
    waiting.now += 5
    one.refused(30.0)
    callers.wait_for_one()
    waiting.now += 30
    callers.wake_first()
    callers.wait_for_all()
    statistics = one.statistics()
    assert (sorted(callers.errors), statistics.total_waited, statistics.longest_wait) == (["Bob"], 40, 35)


@pytest.mark.parametrize(
    ("later", "per", "messages"),
    [
        (0.0, 10.0, ["waiting for the rate limit, at least 10.0 s"]),
        (9.5, 10.0, ["waiting for the rate limit, at least 4.0 s"]),  # its length was not known at its beginning
        (0.0, 1.0, []),
    ],
)
def test_a_long_wait_is_logged_once(
    waiting: FakeWaiting, caplog: pytest.LogCaptureFixture, later: float, per: float, messages: list[str]
) -> None:
    """A wait of more than a second, however often the waiter checks."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    limiter = waiting.limiter(RateLimit(1, per))
    with limiter.slot():
        pass
    waiting.now += later
    callers = ThreadCallers(waiting, limiter)
    callers.arrive("Ada")
    waiting.now += 4 if messages else per
    callers.wake_first()
    if later or not messages:
        callers.wait_for_all()
    else:
        waiting.next_wait()
    assert [record.getMessage() for record in caplog.records] == messages


def test_a_limiter_cannot_be_pickled() -> None:
    """A copy would be a second limiter, which admits twice as many requests. Its repr contains the rate only."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(RateLimiter())
    assert repr(RateLimiter(RateLimit(5, 2.0))).startswith("RateLimiter(RateLimit(limit=5, per=2.0, reserve=10, ")
