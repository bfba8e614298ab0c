"""The window of the rate limit: the rule alone, in virtual time, against a model of a server that counts arrivals.

The guarantee: a request arrives no later than its response, and the request that takes over its slot leaves one window
after that. So of the requests that arrive before they are answered or abandoned, never more than `limit` arrive in any
`per` seconds. A request that the network delivers after it was abandoned (a late one) cannot be taken into account by a
client; each adds at most itself, and if none is late by more than `d`, no `per - d` seconds contain more than `limit`.

Times are integers here, so that nothing depends on rounding.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit import Window

PER = 100
LATENCY = st.integers(0, 300)
"""Seconds until a request arrives, or from then until its response."""


def window_of(limit: int, per: float = 10.0) -> Window:
    """An idle window."""
    return Window(RateLimit(limit, per))


def acquired(window: Window, now: float) -> bool:
    """Acquire a slot, if one is free."""
    return window.acquire(now) is not None


# The parts of the rule.


def test_an_idle_window_admits_a_burst() -> None:
    """It has all its slots, and not one more."""
    window = window_of(3)
    assert [acquired(window, 0) for _ in range(4)] == [True, True, True, False]


def test_a_slot_is_free_one_window_after_the_response() -> None:
    """The time of the response counts, not the time of sending."""
    window = window_of(1)
    acquired(window, 0)
    window.release(5)
    assert [acquired(window, now) for now in (10, 14.9, 15)] == [False, False, True]


def test_the_time_of_a_slot_in_flight_is_unknown() -> None:
    """While all slots are in flight, the next one is free at no known time."""
    window = window_of(1)
    acquired(window, 0)
    assert (window.free_from(), window.free(1e9)) == (math.inf, 0)


def test_slots_become_free_one_by_one() -> None:
    """Each slot has a time of its own."""
    window = window_of(2)
    acquired(window, 0)
    acquired(window, 0)
    window.release(1)
    window.release(4)
    assert [window.free(now) for now in (10.9, 11, 13.9, 14)] == [0, 1, 1, 2]


def test_a_cancelled_slot_is_free_as_before() -> None:
    """At its old time, and before all others."""
    window = window_of(2)
    acquired(window, 0)
    window.release(1)
    since = window.acquire(2)
    assert since is not None
    window.cancel(since)
    assert (window.in_flight, window.free_from(), window.free(2)) == (0, -math.inf, 1)


def test_a_freeze_applies_to_all_slots() -> None:
    """Until it ends no slot is free, however many are idle."""
    window = window_of(3)
    window.freeze(7)
    assert (window.free(6.9), window.free_from(), window.free(7)) == (0, 7, 3)
    assert [acquired(window, now) for now in (6.9, 7)] == [False, True]


def test_the_longest_freeze_applies() -> None:
    """A later, shorter one does not end a longer one."""
    window = window_of(1)
    window.freeze(9)
    window.freeze(3)
    assert window.frozen_until == 9


def test_a_freeze_does_not_make_slots_free_earlier() -> None:
    """After the freeze a slot is still not free before its time."""
    window = window_of(1)
    acquired(window, 0)
    window.freeze(3)
    window.release(5)
    assert window.free_from() == 15


# Bulk work: the pace and the reserve.


def lanes_of(limit: int, reserve: int, *, paced: bool = False) -> Window:
    """An idle window of 10 s, with a reserve."""
    return Window(RateLimit(limit, 10.0, reserve, paced))


def bulk_acquired(window: Window, now: float) -> bool:
    """Acquire a slot for bulk work, if one is free for it."""
    return window.acquire(now, bulk=True) is not None


def test_the_pace_is_slightly_slower_than_the_limit() -> None:
    """One request in each 1/9.8 s, so that a server that estimates its window refuses none."""
    assert RateLimit().pace == pytest.approx(1 / 9.8, rel=1e-3)


def test_bulk_work_starts_one_by_one() -> None:
    """The next slot is free after one pace, however many slots are idle."""
    window = lanes_of(10, 4)
    assert bulk_acquired(window, 0)
    assert (window.free_from(bulk=True), window.free_from()) == (1.02, -math.inf)
    assert [bulk_acquired(window, now) for now in (1.01, 1.02)] == [False, True]


def test_bulk_work_has_a_limited_number_of_slots() -> None:
    """Those in flight count, and those that it released less than one window ago."""
    window = lanes_of(4, 2)
    assert [bulk_acquired(window, now) for now in (0, 3, 6)] == [True, True, False]
    assert window.free_from(bulk=True) == math.inf
    window.release(7, bulk=True)
    assert (window.free_from(bulk=True), window.free(7)) == (17, 2)
    assert [bulk_acquired(window, now) for now in (16.9, 17)] == [False, True]


def test_slots_of_other_callers_do_not_count_as_bulk_work() -> None:
    """As long as slots are free, other callers do not delay bulk work."""
    window = lanes_of(4, 2)
    assert acquired(window, 0)
    window.release(0)
    assert acquired(window, 0)
    assert [bulk_acquired(window, now) for now in (0, 3)] == [True, True]


def test_a_reserve_larger_than_the_limit_leaves_one_slot() -> None:
    """Bulk work always makes progress."""
    window = lanes_of(4, 10)
    assert [bulk_acquired(window, now) for now in (0, 5)] == [True, False]


def test_all_requests_can_be_paced() -> None:
    """Both lanes share one pace."""
    window = lanes_of(10, 4, paced=True)
    assert [acquired(window, 0), acquired(window, 1), bulk_acquired(window, 1), acquired(window, 1.02)] == [
        *(True, False, False, True),
    ]


def test_a_cancelled_slot_of_bulk_work_is_free_as_before() -> None:
    """It does not count as used by bulk work; only the pace has passed."""
    window = lanes_of(4, 3)
    since = window.acquire(0, bulk=True)
    assert since is not None
    window.cancel(since, bulk=True)
    assert (window.in_flight, window.free(0)) == (0, 4)
    assert window.free_from(bulk=True) == pytest.approx(2.55)


def test_all_requests_in_flight_can_be_abandoned() -> None:
    """Each slot is free one window later, and those of bulk work count for that long."""
    window = lanes_of(4, 2)
    assert [bulk_acquired(window, 0), bulk_acquired(window, 3), acquired(window, 3)] == [True, True, True]
    window.release_all(5)
    assert (window.in_flight, window.free(14.9), window.free(15)) == (0, 1, 4)
    assert window.free_from(bulk=True) == 15


@pytest.mark.parametrize("in_flight", [0, 2])
def test_abandoning_all_repairs_an_inconsistent_state(in_flight: int) -> None:
    """A fork may have happened between two steps of another thread, so that `in_flight` is wrong by one."""
    window = window_of(3)
    assert acquired(window, 0)
    window.in_flight = in_flight
    window.release_all(5)
    assert (window.in_flight, len(window._free_at)) == (0, 3)


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
    """Bulk work starts one by one, other requests in a burst."""
    window = lanes_of(10, 4)
    assert bulk_acquired(window, 0)
    assert [window.earliest(place, 0, bulk=True) for place in range(3)] == pytest.approx([1.02, 2.04, 3.06])
    assert window.earliest(3, 0) == 0


def test_the_earliest_time_includes_the_pace_if_all_requests_are_paced() -> None:
    """In both lanes."""
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


# The whole rule.


@dataclass(order=True)
class Request:
    """One request of a caller: both latencies, and after how long it is abandoned."""

    number: int
    out: int = field(compare=False)
    back: int = field(compare=False)
    gives_up_after: int = field(compare=False)


def most_in_window(arrivals: list[int], per: int) -> int:
    """The maximum number of arrivals in any window: two that are exactly one window apart are not in the same one."""
    times, most, inside = sorted(arrivals), 0, deque[int]()
    for time in times:
        inside.append(time)
        while inside[0] + per <= time:
            inside.popleft()
        most = max(most, len(inside))
    return most


def within(times: list[int], start: int) -> int:
    """The number of these sorted times in the window that starts there."""
    return bisect_left(times, start + PER) - bisect_left(times, start)


class Account(RuleBasedStateMachine):
    """Callers, a network with any latency, and a server that counts arrivals."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.numbers = count()
        self.waiting: deque[Request] = deque()
        self.in_flight: dict[int, Request] = {}
        self.events: list[tuple[int, str, Request]] = []
        self.order: list[int] = []
        self.in_time: list[int] = []
        self.late: dict[int, int] = {}
        self.given_up: dict[int, int] = {}

    @initialize(limit=st.integers(1, 5))
    def begin(self, limit: int) -> None:
        """An idle account."""
        self.limit = limit
        self.window = Window(RateLimit(limit, PER))

    @rule(out=LATENCY, back=LATENCY, gives_up_after=st.integers(1, 700), callers=st.integers(1, 8))
    def arrive(self, out: int, back: int, gives_up_after: int, callers: int) -> None:
        """Callers arrive, and are served in order."""
        self.waiting.extend(Request(next(self.numbers), out, back, gives_up_after) for _ in range(callers))
        self._serve()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel_wait(self, data: st.DataObject) -> None:
        """A waiting caller is cancelled, without any effect."""
        before = (self.window.in_flight, self.window.free_from())
        del self.waiting[data.draw(st.integers(0, len(self.waiting) - 1))]
        assert (self.window.in_flight, self.window.free_from()) == before

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        """A caller whose request is in flight is cancelled; the request may still arrive."""
        self._abandon(self.in_flight[data.draw(st.sampled_from(sorted(self.in_flight)))])

    @rule()
    def acquire_and_cancel(self) -> None:
        """A slot is acquired and cancelled: it is free as before."""
        before = (self.window.in_flight, self.window.free_from(), self.window.free(self.now))
        since = self.window.acquire(self.now)
        if since is not None:
            self.window.cancel(since)
        assert (self.window.in_flight, self.window.free_from(), self.window.free(self.now)) == before

    @rule(seconds=st.integers(0, 400))
    def freeze(self, seconds: int) -> None:
        """The server responds with 429."""
        self.window.freeze(self.now + seconds)

    @rule(seconds=st.integers(0, 500))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._run(until=self.now + seconds)

    @invariant()
    def the_server_counts_no_more_than_the_limit(self) -> None:
        """Of the arrivals in time, no window contains more than the limit."""
        if self.in_time:
            assert most_in_window(self.in_time, PER) <= self.limit

    @invariant()
    def each_late_arrival_adds_itself_alone(self) -> None:
        """Any window contains at most the limit and its late arrivals."""
        late = sorted(self.late.values())
        everything = sorted([*self.in_time, *late])
        for start in everything if late else ():
            assert within(everything, start) <= self.limit + within(late, start)

    @invariant()
    def slots_are_conserved(self) -> None:
        """Slots in flight and idle slots add up to the limit."""
        if hasattr(self, "window"):
            assert self.window.in_flight == len(self.in_flight)
            assert self.window.in_flight + len(self.window._free_at) == self.limit

    @invariant()
    def no_caller_waits_while_a_slot_is_free(self) -> None:
        """While a caller waits, no slot is free."""
        if self.waiting:
            assert self.window.free(self.now) == 0

    @invariant()
    def first_come_first_served(self) -> None:
        """Requests are sent in the order in which their callers arrived."""
        assert self.order == sorted(self.order)

    def teardown(self) -> None:
        """No caller starves: without new callers, all that wait are served within a number of windows."""
        if not hasattr(self, "window"):
            return
        rounds = math.ceil(len(self.waiting) / self.limit) + 1
        frozen = max(0, self.window.frozen_until - self.now)
        self._run(until=int(self.now + frozen + rounds * (700 + PER)))
        assert not self.waiting
        self._run(until=self.now + 1000)
        assert (self.in_flight, self.window.free(self.now)) == ({}, self.limit)
        self.the_server_counts_no_more_than_the_limit()
        self.shorter_windows_hold_for_arrivals_that_are_not_very_late()

    def shorter_windows_hold_for_arrivals_that_are_not_very_late(self) -> None:
        """If no request arrives more than `d` after it was abandoned, no window of `per - d` is exceeded."""
        latest = max((time - self.given_up[number] for number, time in self.late.items()), default=0)
        if latest < PER:
            assert most_in_window([*self.in_time, *self.late.values()], PER - latest) <= self.limit

    def _run(self, until: int) -> None:
        while (moment := self._next()) <= until:
            self.now = max(self.now, int(moment))
            if self.events and self.events[0][0] <= self.now:
                self._happen()
            self._serve()
        self.now = until
        self._serve()

    def _next(self) -> float:
        event = self.events[0][0] if self.events else math.inf
        return min(event, self.window.free_from() if self.waiting else math.inf)

    def _happen(self) -> None:
        _, what, request = heapq.heappop(self.events)
        if what == "arrival":
            self._arrive(request)
        elif request.number in self.in_flight:
            self._abandon(request) if what == "gives_up_after" else self._answered(request)

    def _arrive(self, request: Request) -> None:
        if request.number in self.given_up:
            self.late[request.number] = self.now
        else:
            self.in_time.append(self.now)

    def _answered(self, request: Request) -> None:
        del self.in_flight[request.number]
        self.window.release(self.now)

    def _abandon(self, request: Request) -> None:
        del self.in_flight[request.number]
        self.given_up[request.number] = self.now
        self.window.release(self.now)
        self._serve()

    def _serve(self) -> None:
        while self.waiting and self.window.acquire(self.now) is not None:
            assert self.now >= self.window.frozen_until
            request = self.waiting.popleft()
            self.in_flight[request.number] = request
            self.order.append(request.number)
            heapq.heappush(self.events, (self.now + request.out, "arrival", request))
            heapq.heappush(self.events, (self.now + request.out + request.back, "response", request))
            heapq.heappush(self.events, (self.now + request.gives_up_after, "gives_up_after", request))


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
