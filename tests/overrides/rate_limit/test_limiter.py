"""The limiter and threads, in a time that the tests control: no test waits for the clock."""

from __future__ import annotations

import logging
import math
import pickle
import threading
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT, FakeWaiting, acquired, release

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit import Slot

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

    def arrive(self, name: str, **terms: Any) -> float | None:  # noqa: ANN401  # those of `slot`
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
        if waiter := self._limiter._queue._lanes[bulk].first():
            waiter.wake()

    def wait_for_one(self) -> None:
        """Wait until one more caller has its slot, or an error."""
        assert self.came.acquire(timeout=DEADLOCK_TIMEOUT)

    def wait_for_all(self) -> None:
        """Wait until the threads have ended."""
        for thread in self._threads:
            thread.join(DEADLOCK_TIMEOUT)
            assert not thread.is_alive()


def test_a_block_holds_its_slot(one: RateLimiter) -> None:
    """From its start, without a wait while a slot is free, until its end, also if it raises."""
    with suppress(ZeroDivisionError), one.slot() as slot:
        assert (slot.waited, one.statistics().in_flight) == (0, 1)
        raise ZeroDivisionError
    assert one.statistics().in_flight == 0


def test_a_caller_waits_for_the_end_of_the_window(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Without a free slot it waits until one window after the last response, and not longer."""
    with one.slot():
        waiting.now += 2
    waiting.now += 3
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") == 7
    waiting.now += 7
    callers.wake_first()
    callers.wait_for_all()
    assert callers.slots["Ada"].waited == 7


def test_a_caller_waits_for_a_response(waiting: FakeWaiting, one: RateLimiter) -> None:
    """While all slots are in flight there is no timer, until one of them is released."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") is None
    release(slot)
    turn, seconds = waiting.next_waiter()
    assert seconds == 10
    waiting.expire(turn, seconds)
    callers.wait_for_all()
    assert callers.served == ["Ada"]


def test_first_come_first_served(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Threads are served in the order of their arrival, each one window after the one before."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    names = ["Ada", "Bob", "Eve", "Joe"]
    for name in names:
        callers.arrive(name)
    for name in names:
        release(slot)
        turn, seconds = waiting.next_waiter()
        while seconds is None:
            turn, seconds = waiting.next_waiter()
        waiting.expire(turn, seconds)
        callers.wait_for_one()
        slot = callers.slots[name]
    callers.wait_for_all()
    assert (callers.served, waiting.now) == (names, 1040.0)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_new_caller_does_not_overtake(waiting: FakeWaiting, one: RateLimiter, bulk: bool) -> None:  # noqa: FBT001  # a case
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


def test_one_waiter_has_a_timer(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Only the head of the queue has a timer; all others wait to be woken."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    assert [callers.arrive(name) for name in ("Ada", "Bob", "Eve")] == [10, None, None]


def test_the_next_waiter_gets_the_timer(waiting: FakeWaiting) -> None:
    """When the head is served, the next one has a timer, set to the next slot."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    first, second = acquired(limiter), acquired(limiter)
    release(first)
    waiting.now += 3
    release(second)
    callers = ThreadCallers(waiting, limiter)
    assert [callers.arrive(name) for name in ("Ada", "Bob")] == [7, None]
    waiting.now += 7
    callers.wake_first()
    callers.wait_for_one()
    assert waiting.next_wait() == 3


def test_an_interrupted_wait_has_no_effect(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A thread whose wait is interrupted leaves the queue, takes no slot, and the next one has the timer."""
    with one.slot():
        pass
    waiting.on_wait = _interrupt
    with pytest.raises(KeyboardInterrupt):
        acquired(one)
    waiting.next_wait()
    waiting.on_wait = lambda: None
    statistics = one.statistics()
    assert (statistics.waiting, statistics.in_flight, statistics.requests) == (0, 0, 1)
    assert ThreadCallers(waiting, one).arrive("Ada") == 10


def _interrupt() -> None:
    raise KeyboardInterrupt


# 429.


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


def test_a_freeze_applies_to_waiting_callers(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A waiter whose timer expires during a freeze waits for its end."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    one.refused(25.0)
    waiting.now += 10
    callers.wake_first()
    assert waiting.next_wait() == 15


# Without a limit.


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


def test_a_slot_is_released_once(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A second release adds no slot, and neither does one without a slot."""
    slot = acquired(one)
    for released in (slot, slot, one.slot()):
        release(released)
    waiting.now += 10
    assert (one.statistics().in_flight, one.statistics().free) == (0, 1)


# Statistics and the log.


def test_statistics_of_a_new_limiter() -> None:
    """All slots are free and all totals are zero; the default limit is 100. They cannot be changed."""
    statistics = RateLimiter().statistics()
    assert (statistics.limit, statistics.free, statistics.in_flight, statistics.waiting) == (100, 100, 0, 0)
    assert (statistics.frozen_until, statistics.requests, statistics.refusals) == (None, 0, 0)
    assert (statistics.total_waited, statistics.longest_wait) == (0, 0)
    with pytest.raises(FrozenInstanceError):
        statistics.requests = 5  # type: ignore[misc]  # that is what is tested


def test_statistics(waiting: FakeWaiting) -> None:
    """Slots in flight, free and acquired, waiting callers, the lengths of waits, refusals and the freeze."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    release(acquired(limiter))
    held = acquired(limiter)
    callers = ThreadCallers(waiting, limiter)
    callers.arrive("Ada")
    limiter.refused(3.0)
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.free) == (1, 1, 0)
    assert (statistics.requests, statistics.refusals) == (2, 1)
    waiting.now += 10
    callers.wake_first()
    callers.wait_for_all()
    statistics = limiter.statistics()
    assert (statistics.requests, statistics.waiting, statistics.in_flight) == (3, 0, 2)
    assert (statistics.total_waited, statistics.longest_wait) == (10, 10)
    release(held)


def test_statistics_contain_the_end_of_a_freeze(waiting: FakeWaiting) -> None:
    """A time of the wall clock after a 429; None when it has passed."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    before = datetime.now(UTC)
    limiter.refused(3600.0)
    until = limiter.statistics().frozen_until
    assert until is not None
    assert timedelta(hours=1) <= until - before < timedelta(hours=1, minutes=1)
    waiting.now += 3600
    assert limiter.statistics().frozen_until is None


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
    """A copy would be a second limiter, which admits twice as many requests."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(RateLimiter())


def test_the_repr_of_a_limiter_contains_its_rate() -> None:
    """And nothing else."""
    assert repr(RateLimiter(RateLimit(5, 2.0))) == (
        "RateLimiter(RateLimit(limit=5, per=2.0, reserve=10, paced=False, on_unavailable='block', hold_abandoned=3.0))"
    )
