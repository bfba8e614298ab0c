"""The window of the rate limit: the rule alone. What follows from it is tested with callers (`test_limiter_*.py`)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit import Window

PER = 100


def window_of(limit: int, per: float = 10.0) -> Window:
    """An idle window."""
    return Window(RateLimit(limit, per))


def acquired(window: Window, now: float) -> bool:
    """Acquire a slot, if one is free."""
    return window.acquire(now) is not None


def lanes_of(limit: int, reserve: int, *, paced: bool = False) -> Window:
    """An idle window of 10 s, with a reserve."""
    return Window(RateLimit(limit, 10.0, reserve, paced))


def bulk_acquired(window: Window, now: float) -> bool:
    """Acquire a slot for bulk work, if one is free for it."""
    return window.acquire(now, bulk=True) is not None


def test_the_pace_is_slightly_slower_than_the_limit() -> None:
    """One request in each 1/9.8 s, so that a server that estimates its window refuses none."""
    assert RateLimit().pace == pytest.approx(1 / 9.8, rel=1e-3)


def test_all_requests_in_flight_can_be_abandoned() -> None:
    """Each slot is free one window later, and those of bulk work count for that long."""
    window = lanes_of(4, 2)
    assert [bulk_acquired(window, 0), bulk_acquired(window, 3), acquired(window, 3)] == [True, True, True]
    window.release_lost(5, held=0)
    assert (window.in_flight, window.free(14.9), window.free(15)) == (0, 1, 4)
    assert window.free_from(bulk=True) == 15


def test_lost_slots_are_released() -> None:
    """Those that no caller holds, and as many of bulk work as it does not hold any more."""
    window = lanes_of(4, 2)
    assert [bulk_acquired(window, 0), bulk_acquired(window, 3), acquired(window, 3)] == [True, True, True]
    window.release_lost(5, held=2, held_by_bulk=1)
    assert (window.in_flight, window.free(14.9), window.free(15), window.free_from(bulk=True)) == (2, 1, 2, 15)
    window.release_lost(6, held=2, held_by_bulk=1)
    assert window.in_flight == 2


# The position in the queue.


def test_the_earliest_time_of_a_position_in_the_queue() -> None:
    """Free slots first, then those on their way back, then those in flight; one more window for each round."""
    window = window_of(3)
    assert [acquired(window, 0) for _ in range(3)] == [True] * 3
    window.release(2)
    window.release(4)
    assert [window.earliest(place, 5) for place in range(7)] == [12, 14, 15, 22, 24, 25, 32]


def test_the_earliest_time_is_not_before_now_or_the_end_of_a_freeze() -> None:
    """A slot that has been free for long is free now."""
    window = window_of(2)
    assert [window.earliest(place, 5) for place in range(3)] == [5, 5, 15]
    window.freeze(9)
    assert [window.earliest(place, 5) for place in range(3)] == [9, 9, 19]


def test_the_earliest_time_of_bulk_work_includes_the_pace() -> None:
    """Bulk work starts one by one, other requests in a burst, unless all are paced."""
    window = lanes_of(10, 4)
    assert bulk_acquired(window, 0)
    assert [window.earliest(place, 0, bulk=True) for place in range(3)] == pytest.approx([1.02, 2.04, 3.06])
    assert window.earliest(3, 0) == 0
    window = lanes_of(10, 4, paced=True)
    assert acquired(window, 0)
    assert window.earliest(1, 0) == pytest.approx(2.04)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=8),
    st.integers(1, 4),
    st.integers(0, 4),
    st.booleans(),
    st.booleans(),
)
def test_no_caller_is_served_before_the_earliest_time(
    before: list[tuple[int, bool]],
    limit: int,
    reserve: int,
    paced: bool,  # noqa: FBT001  # drawn by hypothesis
    bulk: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    """Not even if each is served as early as possible, and answered at once."""
    window, now = Window(RateLimit(limit, PER, reserve, paced)), 0.0
    for pause, is_bulk in before:
        now += pause
        if window.acquire(now, bulk=is_bulk) is not None:
            window.release(now, bulk=is_bulk)
    expected = [window.earliest(place, now, bulk=bulk) for place in range(10)]
    for earliest in expected:
        now = max(now, window.free_from(bulk=bulk))
        assert now >= earliest - 1e-6
        assert window.acquire(now, bulk=bulk) is not None
        window.release(now, bulk=bulk)


@settings(max_examples=20)
@given(st.integers(1, 100), st.integers(0, 1000))
def test_a_loaded_window_wastes_nothing_but_the_latency(limit: int, latency: int) -> None:
    """A caller that always sends as early as possible sends `limit` requests in every `per + latency`."""
    window, now, sent = window_of(limit, PER), 0.0, 0
    while sent < 5 * limit:
        now = max(now, window.free_from())
        burst = window.free(now)
        for _ in range(burst):
            acquired(window, now)
        now += latency
        for _ in range(burst):
            window.release(now)
        sent += burst
    assert now == 4 * (PER + latency) + latency
