"""Window models in virtual time: what each one counts and admits, and that its wait is sufficient."""

import math
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sendblue_sandbox.rate_limit.window_models import (
    WINDOW_MODELS,
    FixedWindow,
    SlidingCounters,
    TokenBucket,
    WindowModel,
    WindowName,
)

NAMES: tuple[WindowName, ...] = get_args(WindowName)


def admitted(window: WindowModel, *times: float) -> list[bool]:
    """Return which of these requests are admitted."""
    return [window.arrive(time) is None for time in times]


def burst(window: WindowModel, now: float) -> int:
    """Return how many of 100 simultaneous requests are admitted."""
    return sum(admitted(window, *[now] * 100))


# After a burst at the first time: how many of 100 requests are admitted at the second.
ADMITTED_AFTER_A_BURST: dict[tuple[float, float], dict[WindowName, int]] = {
    (1_009.9, 1_010.1): {"log": 0, "log_all": 0, "fixed": 10, "counters": 0, "bucket": 0},
    (1_001.0, 1_006.0): {"log": 0, "log_all": 0, "fixed": 0, "counters": 0, "bucket": 5},
    (1_009.0, 1_020.0): dict.fromkeys(NAMES, 10),
    (1_000.0, 1_015.0): {"log": 10, "log_all": 10, "fixed": 10, "counters": 5, "bucket": 10},
}


@pytest.mark.parametrize(("first", "second"), ADMITTED_AFTER_A_BURST)
def test_burst(first: float, second: float) -> None:
    """All slots are free at once; only a fixed window admits twice the limit around its edge."""
    for name, expected in ADMITTED_AFTER_A_BURST[first, second].items():
        window = WINDOW_MODELS[name](10, 10.0)
        assert (name, burst(window, first), burst(window, second)) == (name, 10, expected)


def test_fixed_window_restarts() -> None:
    """A fixed window counts from one multiple of its length to the next, wherever the first request was."""
    assert admitted(FixedWindow(1, 10.0), 9.0, 10.0, 19.9, 20.0) == [True, True, False, True]


def test_the_two_counters_estimate() -> None:
    """The previous window counts for the share of it that a sliding window would still cover."""
    window = SlidingCounters(4, 10.0)
    assert burst(window, 0.0) == 4
    assert [window.used(now) for now in (10.0, 12.5, 15.0, 17.5, 20.0)] == [4, 3, 2, 1, 0]


def test_the_bucket_fills_evenly() -> None:
    """A bucket of 10 in 10 seconds gets one token per second, up to 10."""
    window = TokenBucket(10, 10.0)
    assert burst(window, 0.0) == 10
    assert [window.used(now) for now in (0.5, 1.0, 5.0, 10.0, 100.0)] == [10, 9, 5, 0, 0]


def test_used_is_the_limit_when_it_is_full() -> None:
    """The used slots are between 0 and the limit, and equal to it after a burst."""
    for name in NAMES:
        window = WINDOW_MODELS[name](10, 10.0)
        assert [(window.used(1_000.0), window.arrive(1_000.0)) for _ in range(10)] == [(n, None) for n in range(10)]
        assert window.used(1_000.0) == 10


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 12), st.floats(0.01, 60))
def test_the_wait_is_enough(name: WindowName, pauses: list[float], limit: int, per: float) -> None:
    """A request after the returned wait, or a second later, is admitted; the wait is at most two windows."""
    window, now = WINDOW_MODELS[name](limit, per), 1_700_000_000.0
    for pause in pauses:
        now += pause
        wait = window.arrive(now)
        if wait is not None:
            assert 0 < wait <= 2 * per + 1e-6
            now += math.ceil(wait)
            assert window.arrive(now) is None


@pytest.mark.parametrize(("name", "most"), [("log", 1), ("log_all", 1), ("fixed", 2), ("counters", 2), ("bucket", 2)])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([0.0, 0.01, 0.7, 2.5, 9.9]), max_size=150))
def test_no_window_holds_more_than_the_table_says(name: WindowName, most: int, pauses: list[float]) -> None:
    """The logs admit at most the limit in any window, and no model more than twice the limit."""
    window, now = WINDOW_MODELS[name](5, 10.0), 1_000.0
    times: list[float] = []
    for pause in pauses:
        now += pause
        if window.arrive(now) is None:
            times.append(now)
    assert all(sum(start <= time < start + 10 for time in times) <= most * 5 for start in times)
