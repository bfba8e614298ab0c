"""The limiter, in a time that the tests control: no test waits for the clock."""

import logging
import math
import pickle
from contextlib import suppress
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError

from tests.overrides.rate_limit.fake_waiting import FakeWaiting, acquired, release
from tests.overrides.rate_limit.virtual_time import Callers, play, until

ONE = RateLimit(1, 10.0)


@pytest.fixture
def one(waiting: FakeWaiting) -> RateLimiter:
    """A limiter with one slot, and windows of 10 s."""
    return waiting.limiter(ONE)


def test_a_block_holds_its_slot(waiting: FakeWaiting, one: RateLimiter) -> None:
    """From its start, without a wait while a slot is free, until its end, also if it raises; it is released once."""
    with suppress(ZeroDivisionError), one.slot() as slot:
        assert (slot.waited, one.statistics().in_flight) == (0, 1)
        raise ZeroDivisionError
    for released in (slot, one.slot()):
        release(released)
    waiting.now += 13  # the request of a block that raised may arrive for 3 s
    assert (one.statistics().in_flight, one.statistics().free) == (0, 1)


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


def test_statistics() -> None:
    """Slots in flight, free and acquired, waiting callers, the lengths of waits, refusals and the freeze. Immutable."""

    async def scenario(callers: Callers) -> None:
        new = callers.limiter.statistics()
        assert (new.limit, new.free, new.in_flight, new.waiting, new.requests, new.refusals) == (2, 2, 0, 0, 0, 0)
        assert (new.frozen_until, new.total_waited, new.longest_wait) == (None, 0, 0)
        await callers.arrive("answered")
        await callers.arrive("in flight", "Ada", responds=False)
        callers.limiter.refused(3.0)
        frozen = callers.limiter.statistics()
        assert (frozen.in_flight, frozen.waiting, frozen.free, frozen.requests, frozen.refusals) == (1, 1, 0, 2, 1)
        assert frozen.frozen_until
        assert 0 < (frozen.frozen_until - datetime.now(UTC)).total_seconds() <= 3
        await until(10)
        served = callers.limiter.statistics()
        assert (served.requests, served.waiting, served.in_flight) == (3, 0, 2)
        assert (served.total_waited, served.longest_wait, served.frozen_until) == (10, 10, None)
        with pytest.raises(FrozenInstanceError):
            new.requests = 5  # type: ignore[misc]  # that is what is tested

    play(scenario, RateLimit(2, 10.0))


def test_statistics_add_up_the_waits() -> None:
    """Also those that ended in an error; the longest is recorded."""
    callers = play("a Ada,max_wait=60 Bob,max_wait=25 @5 freeze=30 @35", ONE)
    statistics = callers.limiter.statistics()
    assert ([*callers.errors], statistics.total_waited, statistics.longest_wait) == (["Bob"], 40, 35)


@pytest.mark.parametrize(
    ("rate", "script", "messages"),
    [
        (ONE, "a Ada @5 freeze=30 @40", ["waiting for the rate limit, at least 10.0 s"]),
        # Its length was not known at its beginning.
        (ONE, "a @9.5 Ada @9.6 freeze=3.9 @14", ["waiting for the rate limit, at least 3.5 s"]),
        (RateLimit(1, 1.0), "a Ada @1", []),
    ],
)
def test_a_long_wait_is_logged_once(
    caplog: pytest.LogCaptureFixture, rate: RateLimit, script: str, messages: list[str]
) -> None:
    """A wait of more than a second, however often the waiter checks."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    assert "Ada" in play(script, rate).served
    assert [record.getMessage() for record in caplog.records] == messages


def test_a_limiter_cannot_be_pickled() -> None:
    """A copy would be a second limiter, which admits twice as many requests. Its repr contains the rate only."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(RateLimiter())
    assert repr(RateLimiter(RateLimit(5, 2.0))).startswith("RateLimiter(RateLimit(limit=5, per=2.0, reserve=10, ")
