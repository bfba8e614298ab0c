"""The window of the rate limit: the rule alone, in virtual time, against a model of the server that counts arrivals.

What is promised, exactly: a request arrives no later than its response, and the request that takes over its slot leaves
a window after that. So of the requests that arrive before they are answered or given up, never more than `limit` arrive
in any `per` seconds. One that the network delivers after it was given up (it was late) is beyond what a client can
know; each adds at most itself, and where none is late by more than `d`, no `per - d` seconds see more than `limit`.

Times are whole numbers here, so that nothing depends on how a sum is rounded.
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
LEG = st.integers(0, 300)
"""How long a request is on its way, or its response."""


def window_of(limit: int, per: float = 10.0) -> Window:
    """A window at rest."""
    return Window(RateLimit(limit, per))


def acquired(window: Window, now: float) -> bool:
    """Take a slot, if one is free."""
    return window.acquire(now) is not None


# The rule, piece by piece.


def test_a_burst_is_free() -> None:
    """A window at rest has all its slots, and not one more."""
    window = window_of(3)
    assert [acquired(window, 0) for _ in range(4)] == [True, True, True, False]


def test_a_slot_is_free_a_window_after_the_response() -> None:
    """What counts is when the response was there, not when the request left."""
    window = window_of(1)
    acquired(window, 0)
    window.release(5)
    assert [acquired(window, now) for now in (10, 14.9, 15)] == [False, False, True]


def test_nobody_knows_when_a_slot_in_flight_is_free() -> None:
    """While every slot is in flight, the next one is free at no known time."""
    window = window_of(1)
    acquired(window, 0)
    assert (window.free_from(), window.free(1e9)) == (math.inf, 0)


def test_slots_come_back_one_by_one() -> None:
    """Each slot has a time of its own."""
    window = window_of(2)
    acquired(window, 0)
    acquired(window, 0)
    window.release(1)
    window.release(4)
    assert [window.free(now) for now in (10.9, 11, 13.9, 14)] == [0, 1, 1, 2]


def test_a_slot_that_was_not_used_is_as_it_was() -> None:
    """A slot that was taken, and in which nothing was sent, is free at its old time and before all others."""
    window = window_of(2)
    acquired(window, 0)
    window.release(1)
    since = window.acquire(2)
    assert since is not None
    window.cancel(since)
    assert (window.in_flight, window.free_from(), window.free(2)) == (0, -math.inf, 1)


def test_a_freeze_holds_every_slot() -> None:
    """Until the freeze ends no slot is free, however many are idle."""
    window = window_of(3)
    window.freeze(7)
    assert (window.free(6.9), window.free_from(), window.free(7)) == (0, 7, 3)
    assert [acquired(window, now) for now in (6.9, 7)] == [False, True]


def test_the_longest_freeze_counts() -> None:
    """A shorter freeze that is heard of later ends no longer one."""
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
    """A window of 10 s at rest, with a reserve."""
    return Window(RateLimit(limit, 10.0, reserve, paced))


def bulk_taken(window: Window, now: float) -> bool:
    """Take a slot for bulk work, if there is one for it."""
    return window.acquire(now, bulk=True) is not None


def test_the_pace_is_a_little_slower_than_the_limit() -> None:
    """So a server that estimates its window finds nothing to refuse: one request in each 1/9.8 s."""
    assert RateLimit().pace == pytest.approx(1 / 9.8, rel=1e-3)


def test_bulk_work_starts_one_by_one() -> None:
    """The next is free when the pace lets it, however many slots are idle."""
    window = lanes_of(10, 4)
    assert bulk_taken(window, 0)
    assert (window.free_from(bulk=True), window.free_from()) == (1.02, -math.inf)
    assert [bulk_taken(window, now) for now in (1.01, 1.02)] == [False, True]


def test_bulk_work_has_so_many_slots_and_no_more() -> None:
    """Its slots in flight count, and those that it gave back less than a window ago."""
    window = lanes_of(4, 2)
    assert [bulk_taken(window, now) for now in (0, 3, 6)] == [True, True, False]
    assert window.free_from(bulk=True) == math.inf
    window.release(7, bulk=True)
    assert (window.free_from(bulk=True), window.free(7)) == (17, 2)
    assert [bulk_taken(window, now) for now in (16.9, 17)] == [False, True]


def test_slots_of_others_are_not_those_of_bulk_work() -> None:
    """What others use takes nothing away from bulk work, as long as slots are free."""
    window = lanes_of(4, 2)
    assert acquired(window, 0)
    window.release(0)
    assert acquired(window, 0)
    assert [bulk_taken(window, now) for now in (0, 3)] == [True, True]


def test_a_reserve_larger_than_the_limit_leaves_one_slot() -> None:
    """Bulk work never stands still for good."""
    window = lanes_of(4, 10)
    assert [bulk_taken(window, now) for now in (0, 5)] == [True, False]


def test_everybody_can_be_paced() -> None:
    """Then the pace is one for both lanes."""
    window = lanes_of(10, 4, paced=True)
    assert [acquired(window, 0), acquired(window, 1), bulk_taken(window, 1), acquired(window, 1.02)] == [
        *(True, False, False, True),
    ]


def test_a_slot_of_bulk_work_that_was_not_used_is_as_it_was() -> None:
    """It counts for the reserve no more; the pace has passed."""
    window = lanes_of(4, 3)
    since = window.acquire(0, bulk=True)
    assert since is not None
    window.cancel(since, bulk=True)
    assert (window.in_flight, window.free(0)) == (0, 4)
    assert window.free_from(bulk=True) == pytest.approx(2.55)


def test_all_that_is_in_flight_can_be_given_up() -> None:
    """Each slot is free a window later, and those of bulk work count for that long; nothing is in flight."""
    window = lanes_of(4, 2)
    assert [bulk_taken(window, 0), bulk_taken(window, 3), acquired(window, 3)] == [True, True, True]
    window.release_all(5)
    assert (window.in_flight, window.free(14.9), window.free(15)) == (0, 1, 4)
    assert window.free_from(bulk=True) == 15


@pytest.mark.parametrize("in_flight", [0, 2])
def test_giving_up_all_sets_a_torn_state_right(in_flight: int) -> None:
    """A fork may have come between two steps of another thread, and what is in flight is one off."""
    window = window_of(3)
    assert acquired(window, 0)
    window.in_flight = in_flight
    window.release_all(5)
    assert (window.in_flight, len(window._free_at)) == (0, 3)


# What a place in the queue means.


def test_the_place_in_the_queue_tells_the_earliest_time() -> None:
    """The free slots first, then those on their way back, then those in flight; and a window more for each round."""
    window = window_of(3)
    assert [acquired(window, 0) for _ in range(3)] == [True] * 3
    window.release(2)
    window.release(4)
    assert [window.earliest(place, 5) for place in range(7)] == [12, 14, 15, 22, 24, 25, 32]


def test_nothing_is_earlier_than_now_and_than_the_end_of_a_freeze() -> None:
    """A slot that has long been free is free now."""
    window = window_of(2)
    assert [window.earliest(place, 5) for place in range(3)] == [5, 5, 15]
    window.freeze(9)
    assert [window.earliest(place, 5) for place in range(3)] == [9, 9, 19]


def test_the_pace_tells_the_earliest_time() -> None:
    """Bulk work comes one by one, and others in a burst."""
    window = lanes_of(10, 4)
    assert bulk_taken(window, 0)
    assert [window.earliest(place, 0, bulk=True) for place in range(3)] == pytest.approx([1.02, 2.04, 3.06])
    assert window.earliest(3, 0) == 0


def test_where_everybody_is_paced_the_pace_tells_it_for_all() -> None:
    """Both lanes alike."""
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
def test_nobody_is_served_before_the_earliest_time(
    before: list[tuple[int, bool]],
    limit: int,
    reserve: int,
    paced: bool,  # noqa: FBT001  # drawn by hypothesis
    bulk: bool,  # noqa: FBT001  # drawn by hypothesis
) -> None:
    """Not even where each is served as early as he may, and answered at once."""
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
    """A caller who always sends as early as he may sends `limit` requests in every `per + latency`."""
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


# The rule, whole.


@dataclass(order=True)
class Request:
    """One caller's request: how long each leg takes, and after how long he gives it up."""

    number: int
    out: int = field(compare=False)
    back: int = field(compare=False)
    gives_up_after: int = field(compare=False)


def worst(arrivals: list[int], per: int) -> int:
    """The most arrivals in any window: two that are exactly one window apart are not in one."""
    times, most, inside = sorted(arrivals), 0, deque[int]()
    for time in times:
        inside.append(time)
        while inside[0] + per <= time:
            inside.popleft()
        most = max(most, len(inside))
    return most


def within(times: list[int], start: int) -> int:
    """How many of these sorted times are in the window that starts there."""
    return bisect_left(times, start + PER) - bisect_left(times, start)


class Account(RuleBasedStateMachine):
    """Callers, a network that does what it likes, and a server that counts what arrives."""

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
        """An account at rest."""
        self.limit = limit
        self.window = Window(RateLimit(limit, PER))

    @rule(out=LEG, back=LEG, gives_up_after=st.integers(1, 700), callers=st.integers(1, 8))
    def ask(self, out: int, back: int, gives_up_after: int, callers: int) -> None:
        """Callers come, and are served in their order."""
        self.waiting.extend(Request(next(self.numbers), out, back, gives_up_after) for _ in range(callers))
        self._serve()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A caller who waits is cancelled, and leaves no trace."""
        before = (self.window.in_flight, self.window.free_from())
        del self.waiting[data.draw(st.integers(0, len(self.waiting) - 1))]
        assert (self.window.in_flight, self.window.free_from()) == before

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """A caller whose request is under way is cancelled; the request may still arrive."""
        self._abandon(self.in_flight[data.draw(st.sampled_from(sorted(self.in_flight)))])

    @rule()
    def take_for_nothing(self) -> None:
        """A slot is taken, nothing is sent, and it is given back as it was."""
        before = (self.window.in_flight, self.window.free_from(), self.window.free(self.now))
        since = self.window.acquire(self.now)
        if since is not None:
            self.window.cancel(since)
        assert (self.window.in_flight, self.window.free_from(), self.window.free(self.now)) == before

    @rule(seconds=st.integers(0, 400))
    def freeze(self, seconds: int) -> None:
        """The server answers 429 to somebody."""
        self.window.freeze(self.now + seconds)

    @rule(seconds=st.integers(0, 500))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self._run(until=self.now + seconds)

    @invariant()
    def the_server_counts_no_more_than_the_limit(self) -> None:
        """Of the arrivals in time, no window holds more than the limit."""
        if self.in_time:
            assert worst(self.in_time, PER) <= self.limit

    @invariant()
    def each_late_arrival_adds_itself_alone(self) -> None:
        """Whole windows hold at most the limit, and the late arrivals in them."""
        late = sorted(self.late.values())
        everything = sorted([*self.in_time, *late])
        for start in everything if late else ():
            assert within(everything, start) <= self.limit + within(late, start)

    @invariant()
    def slots_are_conserved(self) -> None:
        """What is in flight and what is idle make up the limit."""
        if hasattr(self, "window"):
            assert self.window.in_flight == len(self.in_flight)
            assert self.window.in_flight + len(self.window._free_at) == self.limit

    @invariant()
    def nobody_waits_for_a_free_slot(self) -> None:
        """While somebody waits, no slot is free."""
        if self.waiting:
            assert self.window.free(self.now) == 0

    @invariant()
    def first_come_first_served(self) -> None:
        """Requests are sent in the order in which their callers came."""
        assert self.order == sorted(self.order)

    def teardown(self) -> None:
        """Nobody starves: when no one else comes, everybody who waits is served, in so many windows at most."""
        if not hasattr(self, "window"):
            return
        rounds = math.ceil(len(self.waiting) / self.limit) + 1
        frozen = max(0, self.window.frozen_until - self.now)
        self._run(until=int(self.now + frozen + rounds * (700 + PER)))
        assert not self.waiting
        self._run(until=self.now + 1000)
        assert (self.in_flight, self.window.free(self.now)) == ({}, self.limit)
        self.the_server_counts_no_more_than_the_limit()
        self.where_none_is_very_late_no_shorter_window_is_exceeded()

    def where_none_is_very_late_no_shorter_window_is_exceeded(self) -> None:
        """Where nothing arrives more than `d` after it was given up, no window of `per - d` holds too much."""
        latest = max((time - self.given_up[number] for number, time in self.late.items()), default=0)
        if latest < PER:
            assert worst([*self.in_time, *self.late.values()], PER - latest) <= self.limit

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
