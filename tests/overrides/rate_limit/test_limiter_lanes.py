"""Two lanes: bulk work is paced and leaves a reserve to other callers; tasks in virtual time, from 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError
from sendblue_contacts.rate_limit.wait_queue import ThreadWaiter

from tests.overrides.rate_limit.virtual_time import BACKENDS, Callers, play, until

if TYPE_CHECKING:
    from collections.abc import Iterable

TEN = RateLimit(10, 10.0, reserve=4)
PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


def most_in_window(times: Iterable[float], per: float = 10.0) -> int:
    """The maximum number of times in any window."""
    times = [*times]
    return max((sum(first <= time < first + per for time in times) for first in times), default=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bulk_work_is_paced(backend: str) -> None:
    """One request in each `per / limit` and 2 %, counted from the last start: an unused pace is not saved up."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("first", "second", bulk=True)
        await until(5)
        await callers.arrive("third", "fourth", bulk=True)
        await until(9)

    served = play(scenario, TEN, backend=backend).served
    assert served == pytest.approx({"first": 0, "second": PACE, "third": 5, "fourth": 5 + PACE})


def test_other_callers_are_not_paced() -> None:
    """They may use all slots in a burst, also while bulk work waits for its pace."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("bulk", "waiting", bulk=True)
        await callers.arrive(*range(9))

    served = play(scenario, TEN).served
    assert served == dict.fromkeys(["bulk", *range(9)], 0)


def test_all_callers_can_be_paced() -> None:
    """With `paced=True` both lanes share one pace."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("first")
        await callers.arrive("bulk", bulk=True)
        await callers.arrive("other")
        await until(9)

    served = play(scenario, RateLimit(10, 10.0, paced=True)).served
    assert served == pytest.approx({"first": 0, "bulk": PACE, "other": 2 * PACE})


async def endless_bulk_work(callers: Callers, seconds: int) -> None:
    """A queue of bulk work that is never empty: 60 callers for each 100 s, of which some always wait."""
    await callers.arrive(*(("bulk", number) for number in range(seconds)), bulk=True)


def test_bulk_work_leaves_the_reserve() -> None:
    """It uses `limit - reserve` slots in any window, and nearly all of them; bursts of the reserve do not wait."""

    async def scenario(callers: Callers) -> None:
        await endless_bulk_work(callers, 100)
        for window in range(10):
            await until(10.5 * window)
            await callers.arrive(*((window, number) for number in range(4)), max_wait=0)

    callers = play(scenario, TEN)
    bulk = [time for (lane, _), time in callers.served.items() if lane == "bulk"]
    assert (callers.errors, most_in_window(bulk), len(bulk) >= 56) == ({}, 6, True)


@pytest.mark.parametrize(("reserve", "second"), [(2, 10), (100, 10), (1, 3.4)])
def test_a_reserve_is_not_for_bulk_work(reserve: int, second: float) -> None:
    """With all its slots in use, bulk work waits although others are free; it always has at least one slot."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("first", "second", bulk=True)
        await until(2)
        assert callers.limiter.statistics().free == 2
        await until(11)

    served = play(scenario, RateLimit(3, 10.0, reserve)).served
    assert served == pytest.approx({"first": 0, "second": second})


def test_bulk_work_is_not_starved() -> None:
    """While it waited for its pace, others acquired all slots, and more wait all the time: it gets the next one."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("bulk", "waiting", bulk=True)
        for second in range(30):
            await callers.arrive((second, 1), (second, 2))
            await until(second + 1)

    assert play(scenario, RateLimit(4, 10.0, 1)).served["waiting"] == 10


@pytest.mark.parametrize("bulk", [False, True])
def test_the_callers_of_a_lane_are_served_in_order(bulk: bool) -> None:  # noqa: FBT001  # a case
    """Each one window after the response to the one before, or one pace."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada", responds=False, bulk=bulk)
        await callers.arrive("Bob", "Eve", "Joe", bulk=bulk)
        await until(5)
        await callers.respond("Ada")
        await until(40)

    served = play(scenario, RateLimit(1, 10.0, 0)).served
    assert list(served) == ["Ada", "Bob", "Eve", "Joe"]
    assert list(served.values()) == pytest.approx([0, 15, 25.2, 35.4] if bulk else [0, 15, 25, 35])


@pytest.mark.parametrize("first_is_bulk", [True, False])
def test_the_first_caller_of_both_lanes_is_served_first(first_is_bulk: bool) -> None:  # noqa: FBT001  # a case
    """If both could use the free slot."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("burst", "longer", responds=False)
        await callers.arrive("first", bulk=first_is_bulk)
        await callers.arrive("second", bulk=not first_is_bulk)
        await callers.respond("burst")
        await until(11)
        await callers.respond("longer")
        await until(19)

    served = play(scenario, RateLimit(2, 10.0, 1)).served
    assert served == {"burst": 0, "longer": 0, "first": 10}


def test_cancelled_bulk_work_wakes_the_other_lane() -> None:
    """A caller that slept because bulk work was first gets the slot at the same time."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada")
        await callers.arrive("bulk", bulk=True)
        await callers.arrive("other")
        await until(9)
        await callers.cancel("bulk")
        await until(11)

    assert play(scenario, RateLimit(1, 10.0)).served == {"Ada": 0, "other": 10}


# `max_wait`.


async def refused_at_once(callers: Callers, max_wait: float, **terms: bool) -> float | None:
    """The time until a slot is free at the earliest, from the error of a caller that does not wait so long."""
    before = anyio.current_time()
    await callers.arrive("refused", max_wait=max_wait, **terms)
    assert anyio.current_time() == before
    error = callers.errors["refused"]
    return getattr(error, "retry_after", None)


@pytest.mark.parametrize("backend", BACKENDS)
def test_too_long_a_wait_is_an_error_at_once(backend: str) -> None:
    """With both times in its message. No slot is taken; a wait of exactly `max_wait` is allowed."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada")
        assert await refused_at_once(callers, 5) == 10
        statistics = callers.limiter.statistics()
        assert (statistics.waiting, statistics.requests, statistics.in_flight) == (0, 1, 0)
        await callers.arrive("patient", max_wait=10)
        await until(10)

    callers = play(scenario, RateLimit(1, 10.0), backend=backend)
    assert callers.served == {"Ada": 0, "patient": 10}
    assert callers.errors["refused"].args[0] == (
        "the next slot of the rate limit is free in 10.0 s at the earliest, but max_wait is 5 s; no request was sent"
    )
    assert vars(callers.errors["refused"])["status_code"] == 429


def test_the_position_in_the_queue_counts() -> None:
    """With two slots in each window and five callers ahead, the wait is three windows."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive(*range(7))
        assert await refused_at_once(callers, 29.9) == 30
        await callers.arrive("patient", max_wait=30)
        await callers.cancel(5)
        await until(30)

    served = play(scenario, RateLimit(2, 10.0)).served
    assert served == {0: 0, 1: 0, 2: 10, 3: 10, 4: 20, 6: 20, "patient": 30}


def test_the_pace_the_freeze_and_slots_in_flight_count() -> None:
    """In the wait that is compared with `max_wait`."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive(*range(3), bulk=True)
        assert await refused_at_once(callers, 3, bulk=True) == pytest.approx(3 * PACE)
        await callers.limiter.async_refused(20)
        assert await refused_at_once(callers, 19) == 20

    play(scenario, TEN)

    async def in_flight(callers: Callers) -> None:
        await callers.arrive("Ada", responds=False)
        assert await refused_at_once(callers, 9.9) == 10

    play(in_flight, RateLimit(1, 10.0))


def test_a_freeze_ends_waits_that_become_too_long() -> None:
    """Waiting callers get the error at once, not when their time is over."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada")
        await callers.arrive("patient", max_wait=60)
        await callers.arrive("impatient", max_wait=25)
        await until(5)
        await callers.limiter.async_refused(30)
        await until(6)
        assert list(callers.errors) == ["impatient"]
        await until(36)

    assert play(scenario, RateLimit(1, 10.0)).served == {"Ada": 0, "patient": 35}


def test_a_wait_ends_after_max_wait() -> None:
    """If it was not known to be too long; also behind others, without a timer of their own."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("Ada", responds=False)
        await callers.arrive("first", max_wait=12)
        await callers.arrive("second", max_wait=25)
        await until(11.9)
        assert callers.errors == {}
        await until(12)
        assert list(callers.errors) == ["first"]
        await until(25)

    assert list(play(scenario, RateLimit(1, 10.0)).errors) == ["first", "second"]


@pytest.mark.parametrize("bulk", [True, False])
def test_max_wait_zero(bulk: bool) -> None:  # noqa: FBT001  # a case
    """It acquires a slot that is free, and is an error otherwise."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("served", max_wait=0, bulk=bulk)
        assert await refused_at_once(callers, 0, bulk=bulk) == pytest.approx(10, rel=0.03)

    assert play(scenario, RateLimit(1, 10.0)).served == {"served": 0}


class NoWaiting(ThreadWaiter):
    """A thread that must not wait."""

    def wait(self, seconds: float | None) -> None:
        """Fail."""
        raise AssertionError(f"waited for {seconds} s")


def test_max_wait_zero_behind_a_caller_that_is_first() -> None:
    """A slot is free, but belongs to a caller that came first and has not run yet: that is a wait, too."""
    limiter = RateLimiter(RateLimit(1, 10.0), thread_waiter=NoWaiting)
    first = ThreadWaiter()
    first.bulk = True
    limiter._queue.join(first)
    with pytest.raises(RateLimitError) as caught:
        limiter.slot(max_wait=0).__enter__()
    assert caught.value.retry_after == 0
