"""Window models, in virtual time: what each counts, what each lets through, and that its wait is enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sendblue_sandbox.rate_limit.window_models import MODELS, Bucket, Counters, Fixed, Log, Model

if TYPE_CHECKING:
    from sendblue_sandbox.rate_limit.window_models import Window

NAMES: tuple[Model, ...] = get_args(Model)


def admitted(window: Window, *times: float) -> list[bool]:
    """Which of these arrivals are admitted."""
    return [window.arrive(time) is None for time in times]


def burst(window: Window, now: float) -> int:
    """How many of 100 arrivals at once are admitted."""
    return sum(admitted(window, *[now] * 100))


def test_every_model_has_a_name() -> None:
    """The models that can be asked for are those that there are."""
    assert set(MODELS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_is_admitted_at_once(name: Model) -> None:
    """A client that was silent has all of its places."""
    assert burst(MODELS[name](10, 10.0), 1_000.0) == 10


@pytest.mark.parametrize(
    ("name", "passing"), [("log", 0), ("log_all", 0), ("fixed", 10), ("counters", 0), ("bucket", 0)]
)
def test_a_burst_at_the_edge(name: Model, passing: int) -> None:
    """Right before and right after a multiple of the window: only the fixed window lets twice the limit through."""
    window = MODELS[name](10, 10.0)
    assert (burst(window, 1_009.9), burst(window, 1_010.1)) == (10, passing)


@pytest.mark.parametrize(
    ("name", "passing"), [("log", 0), ("log_all", 0), ("fixed", 0), ("counters", 0), ("bucket", 5)]
)
def test_half_a_window_after_a_burst(name: Model, passing: int) -> None:
    """A bucket has half its tokens again after half a window; the others remember the burst."""
    window = MODELS[name](10, 10.0)
    assert (burst(window, 1_001.0), burst(window, 1_006.0)) == (10, passing)


@pytest.mark.parametrize(
    ("name", "passing"), [("log", 10), ("log_all", 10), ("fixed", 10), ("counters", 5), ("bucket", 10)]
)
def test_half_a_window_after_the_next_edge(name: Model, passing: int) -> None:
    """One and a half windows after a burst the two counters still count half of it; the others have forgotten it."""
    window = MODELS[name](10, 10.0)
    assert burst(window, 1_000.0) == 10
    assert burst(window, 1_015.0) == passing


def test_the_log_forgets_after_exactly_one_window() -> None:
    """Two arrivals exactly one window apart are not in one window."""
    assert admitted(Log(1, 10.0), 0.0, 9.999, 10.0) == [True, False, True]


def test_a_refused_arrival_can_take_a_place() -> None:
    """Who knocks on during the window is refused for ever, and admitted one window after the last knock."""
    window = Log(1, 10.0, count_refused=True)
    assert admitted(window, 0.0, 5.0, 10.0, 15.0, 24.9, 34.9) == [True, False, False, False, False, True]


def test_the_fixed_window_starts_anew() -> None:
    """A fixed window counts from one multiple of its length to the next, wherever the first request was."""
    assert admitted(Fixed(1, 10.0), 9.0, 10.0, 19.9, 20.0) == [True, True, False, True]


def test_the_two_counters_estimate() -> None:
    """The last window counts for the share of it that a sliding one would still cover."""
    window = Counters(4, 10.0)
    assert burst(window, 0.0) == 4
    assert [window.used(now) for now in (10.0, 12.5, 15.0, 17.5, 20.0)] == [4, 3, 2, 1, 0]


def test_two_empty_windows_are_forgotten_by_the_counters() -> None:
    """After a whole window without requests nothing of the burst before it counts."""
    window = Counters(4, 10.0)
    assert (burst(window, 9.0), burst(window, 20.0)) == (4, 4)


def test_the_bucket_fills_evenly() -> None:
    """A bucket of 10 in 10 seconds has a token more each second, and no more than 10."""
    window = Bucket(10, 10.0)
    assert burst(window, 0.0) == 10
    assert [window.used(now) for now in (0.5, 1.0, 5.0, 10.0, 100.0)] == [10, 9, 5, 0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_used_is_the_limit_when_it_is_full(name: Model) -> None:
    """Between none and all places are taken, and all of them after a burst."""
    window = MODELS[name](10, 10.0)
    assert window.used(1_000.0) == 0
    window.arrive(1_000.0)
    assert window.used(1_000.0) == 1
    for _ in range(9):
        window.arrive(1_000.0)
    assert window.used(1_000.0) == 10


@pytest.mark.parametrize("name", NAMES)
@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 12), st.floats(0.01, 60))
def test_the_wait_is_enough(name: Model, pauses: list[float], limit: int, per: float) -> None:
    """Whoever waits as long as it is told, or a second longer, is admitted; and is told no more than two windows."""
    window, now = MODELS[name](limit, per), 1_700_000_000.0
    for pause in pauses:
        now += pause
        wait = window.arrive(now)
        if wait is not None:
            assert 0 < wait <= 2 * per + 1e-6
            now += math.ceil(wait)
            assert window.arrive(now) is None


@pytest.mark.parametrize(("name", "most"), [("log", 1), ("log_all", 1), ("fixed", 2), ("counters", 2), ("bucket", 2)])
@given(st.lists(st.sampled_from([0.0, 0.01, 0.7, 2.5, 9.9]), max_size=150))
def test_no_window_holds_more_than_the_table_says(name: Model, most: int, pauses: list[float]) -> None:
    """Whatever the arrivals, the log lets no more than the limit into one window, and no model more than twice that."""
    window, now = MODELS[name](5, 10.0), 1_000.0
    times: list[float] = []
    for pause in pauses:
        now += pause
        if window.arrive(now) is None:
            times.append(now)
    assert all(sum(start <= time < start + 10 for time in times) <= most * 5 for start in times)
