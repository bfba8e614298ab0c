"""The limiter with both lanes as a property test: callers in any order, any latency, a server that counts arrivals.

What holds at the server, of the requests that arrive before they are answered or abandoned:

- In any `per` seconds never more than `limit` arrive.
- Of bulk work, in any `per` seconds never more than `limit - reserve` (at least 1) arrive: each counts from its sending
  until `per` after its response, and of those that arrive in one window all count when the last of them is sent.
- If the clock of the limiter jumps forward by `d` in total, this holds for windows of `per - d`. A clock that goes back
  does not affect it: callers then wait longer.
- After a fork, or when a process has ended, its requests in flight count as abandoned.

And among the callers: no wake-up is lost; each lane is served in the order of arrival; of the two heads that can
continue, the one that arrived first is served; no caller starves; a caller that is not bulk work waits only if such
callers have used `reserve` slots, or during a freeze, or if all requests are paced; slots are conserved.
"""

from __future__ import annotations

import heapq
import math
import sys
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from random import Random
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sendblue_contacts import RateLimit, RateLimitError

from tests.slow.rate_limit.stepped_callers import Callers, CancelledError, SteppedCaller, SteppedWaiter

if TYPE_CHECKING:
    from collections.abc import Callable

PER = 100
LATENCY = st.integers(0, 250)
"""Seconds until a request arrives, or from then until its response."""
LONGEST = 700
"""The longest time after which a request is abandoned."""
ORDER = st.integers(0, 99).map(Random)
"""Which of the ready callers is resumed first."""
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Manner:
    """Both latencies of a request, after how long it is abandoned, and how often it fails and is retried."""

    bulk: bool
    out: int
    back: int
    timeout: int
    failures: int


MANNERS = st.builds(
    Manner, bulk=st.booleans(), out=LATENCY, back=LATENCY, timeout=st.integers(1, LONGEST), failures=st.integers(0, 2)
)


@dataclass
class Request:
    """One request of a caller.

    Attributes:
        expected: The earliest time, by the clock of the limiter, at which it was expected to be served on arrival.
        changes: The number of events before its arrival that invalidate such expectations.
    """

    number: int
    manner: Manner
    caller: SteppedCaller | None = field(default=None, repr=False)
    came: float = 0.0
    expected: float = -math.inf
    changes: int = 0


def most_in_window(arrivals: list[float], per: float) -> int:
    """The maximum number of arrivals in any window: two that are exactly one window apart are not in the same one."""
    most, inside = 0, deque[float]()
    for time in sorted(arrivals):
        inside.append(time)
        while inside[0] + per <= time:
            inside.popleft()
        most = max(most, len(inside))
    return most


class Traffic(RuleBasedStateMachine):
    """An account, its callers, the network and the server."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count()
        self.waiting: dict[int, Request] = {}
        self.in_flight: dict[int, Request] = {}
        self.of_a_parent: set[int] = set()
        self.ended: list[SteppedCaller] = []
        self.events: list[tuple[float, int, str, Request]] = []
        self.in_time: dict[bool, list[float]] = {True: [], False: []}
        self.given_up: set[int] = set()
        self.served = 0
        self.starts: list[float] = []
        self.used_until: list[float] = []
        self.jumped = self.gone_back = 0.0
        self.changes = self.dead = 0

    @initialize(limit=st.integers(1, 5), reserve=st.integers(0, 5), paced=st.booleans())
    def begin(self, limit: int, reserve: int, paced: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """An idle account."""
        self.rate = RateLimit(limit, PER, reserve, paced)
        self.bulk_slots = self.rate.bulk_slots
        self.callers = Callers(self.rate)
        self.limiter = self.callers.limiter
        self.window = self.limiter._window
        self.window.acquire = self._watched(self.window.acquire)  # type: ignore[method-assign]  # to look at each taking

    # --- events

    @rule(callers=st.integers(1, 8), manner=MANNERS, max_wait=st.none() | st.integers(0, 300), order=ORDER)
    def arrive(self, callers: int, manner: Manner, max_wait: int | None, order: Random) -> None:
        """Callers arrive, with or without `max_wait`."""
        for _ in range(callers):
            self._begin(Request(next(self.numbers), manner), max_wait)
        self._settle(order)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), order=ORDER)
    def cancel_wait(self, data: st.DataObject, order: Random) -> None:
        """A waiting caller is cancelled."""
        request = self._drawn(data, self.waiting)
        if request.caller is None or (request.caller.waiter and request.caller.waiter.is_dead):
            return
        request.caller.cancel()
        assert isinstance(request.caller.error, CancelledError)
        self._forget(request)
        self._settle(order)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), order=ORDER)
    def abandon(self, data: st.DataObject, order: Random) -> None:
        """A caller whose request is in flight is cancelled; the request may still arrive."""
        self._abandon(self._drawn(data, self.in_flight))
        self._settle(order)

    @rule(bulk=st.booleans(), order=ORDER)
    def acquire_and_cancel(self, bulk: bool, order: Random) -> None:  # noqa: FBT001  # drawn by hypothesis
        """A caller is interrupted after it acquired its slot, which is free as before; only the pace has passed."""
        before, paced_from = self._slots(), self.window._paced_from
        slot = self.limiter.slot(bulk=bulk)
        if self.limiter.acquire_at_once(slot):
            self.limiter.recover(slot)
            slot.__exit__(None, None, None)
        if self.window._paced_from != paced_from:
            self.starts.pop()
        assert self._slots() == before
        self._settle(order)

    @rule(seconds=st.integers(0, 400), order=ORDER)
    def freeze(self, seconds: int, order: Random) -> None:
        """The server responds with 429."""
        self.limiter.refused(seconds)
        self._settle(order)

    @rule(seconds=st.integers(0, 500), order=ORDER)
    def wait(self, seconds: int, order: Random) -> None:
        """Time passes."""
        self._run(self.callers.now + seconds, order)

    @rule(seconds=st.integers(1, 300), order=ORDER)
    def oversleep(self, seconds: int, order: Random) -> None:
        """Time passes without any caller being resumed: the process is stopped, or the machine is busy."""
        self.callers.now += seconds
        self._run(self.callers.now, order)

    @rule(seconds=st.integers(-150, 30), order=ORDER)
    def step(self, seconds: int, order: Random) -> None:
        """The clock of the limiter jumps."""
        self.callers.clock_offset += seconds
        self.jumped += max(seconds, 0)
        self.gone_back -= min(seconds, 0)
        self.changes += 1
        self._settle(order)

    @rule()
    def fork(self) -> None:
        """The process is the child from now on, without the threads of its parent."""
        self.limiter.after_fork()
        self.ended += self.callers.suspended
        self.callers.suspended = []
        self.waiting.clear()
        for request in self.in_flight.values():
            self._note_end(request)
            self.of_a_parent.add(request.number)
        self.given_up |= {*self.in_flight}
        self.in_flight.clear()
        self.changes += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def close_loop(self, data: st.DataObject) -> None:
        """The event loop of a waiting caller is closed."""
        caller = self._drawn(data, self.waiting).caller
        if caller and caller.waiter:
            caller.waiter.is_dead = True
            self.changes += 1  # the waiters behind it move up
            self.dead += 1
            self.changes += 1

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), order=ORDER)
    def collect(self, data: st.DataObject, order: Random) -> None:
        """A caller whose event loop was closed is garbage-collected."""
        self._collect(self._drawn(data, self.waiting))
        self._settle(order)

    # --- invariants

    @invariant()
    def the_server_counts_no_more_than_the_limit(self) -> None:
        """No window contains more than the limit, nor more bulk work than the reserve allows."""
        everything = self.in_time[True] + self.in_time[False]
        if everything and self.jumped < PER:
            assert most_in_window(everything, PER - self.jumped) <= self.rate.limit
            assert most_in_window(self.in_time[True], PER - self.jumped) <= self.bulk_slots

    @invariant()
    def slots_are_conserved(self) -> None:
        """Slots in flight and idle slots add up to the limit, and the statistics agree."""
        if hasattr(self, "window"):
            statistics = self.limiter.statistics()
            assert statistics.in_flight == len(self.in_flight)
            assert statistics.in_flight + len(self.window._free_at) == self.rate.limit
            assert statistics.requests == self.served

    @invariant()
    def no_wake_up_is_lost(self) -> None:
        """No head of a lane could continue now, and a timer is set for the time at which one can."""
        if not hasattr(self, "window") or self.jumped or any(self._is_dead(head) for head in self._heads()):
            return
        clock = self.callers.clock()
        free_from = [self.window.free_from(bulk=head.bulk) for head in self._heads()]
        assert all(at > clock for at in free_from)
        soonest = min(free_from, default=math.inf)
        assert self.callers.next_due() <= self.callers.now + (soonest - clock) + TOLERANCE

    @invariant()
    def the_reserve_is_kept(self) -> None:
        """A caller that is not bulk work waits only if such callers have used the reserve."""
        steady = hasattr(self, "window") and not (self.jumped or self.gone_back)
        if not steady or self.rate.paced or not self.limiter._queue._lanes[False]:
            return
        if not any(self._is_dead(head) for head in self._heads()) and self.limiter.frozen_for() == 0:
            clock = self.callers.clock()
            used = sum(until > clock for until in self.used_until)
            used += sum(not request.manner.bulk for request in self.in_flight.values())
            assert used >= self.rate.limit - self.bulk_slots

    @invariant()
    def bulk_work_is_paced(self) -> None:
        """Two of it cancel_wait no closer to one another than the pace."""
        assert all(first + self.rate.pace <= second for first, second in pairwise(self.starts))

    def teardown(self) -> None:
        """No caller starves: without new callers, all that wait are served, and all slots are free in the end."""
        if not hasattr(self, "window") or sys.exc_info()[0]:
            return
        order = Random(0)  # noqa: S311  # no secret
        for request in [*self.waiting.values()]:
            self._collect(request)
        self._settle(order)
        requests = [*self.waiting.values(), *self.in_flight.values()]
        turns = sum(1 + request.manner.failures for request in requests)
        lasts = self.limiter.frozen_for() + self.gone_back + (turns + 2) * (LONGEST + 3 * PER)
        self._run(self.callers.now + lasts, order)
        assert (self.waiting, self.in_flight) == ({}, {})
        assert self.window.free(self.callers.clock()) == self.rate.limit
        assert self.limiter.statistics().waiting == 0
        self.the_server_counts_no_more_than_the_limit()
        for caller in self.ended:
            caller.garbage_collect()
        self.slots_are_conserved()

    # --- the model

    def _drawn(self, data: st.DataObject, requests: dict[int, Request]) -> Request:
        return requests[data.draw(st.sampled_from(sorted(requests)))]

    def _slots(self) -> object:
        clock, window = self.callers.clock(), self.window
        bulk_until = [until for until in window._bulk_until if until > clock]
        return [*window._free_at], window.in_flight, window._bulk_in_flight, bulk_until, self.limiter._requests

    def _heads(self) -> list[SteppedWaiter]:
        heads = (lane.first() for lane in self.limiter._queue._lanes)
        return [head for head in heads if isinstance(head, SteppedWaiter)]

    def _is_dead(self, turn: SteppedWaiter) -> bool:
        return turn.is_dead

    def _watched(self, acquire: Callable[..., float | None]) -> Callable[..., float | None]:
        """Check on each acquisition that this caller is next."""

        def watched(now: float, *, bulk: bool = False) -> float | None:
            mine, other = (self.limiter._queue._lanes[lane].first() for lane in (bulk, not bulk))
            could = other is not None and self.window.free_from(bulk=not bulk) <= now and self.window.is_contested(now)
            since = acquire(now, bulk=bulk)
            if since is not None:
                assert now >= self.window.frozen_until
                turn = self.callers.running.waiter if self.callers.running else None
                assert mine is turn
                assert not could or (turn is not None and other is not None and turn.ticket < other.ticket)
                if bulk or self.rate.paced:
                    self.starts.append(now)
            return since

        return watched

    def _begin(self, request: Request, max_wait: float | None = None) -> None:
        caller = self.callers.arrive(bulk=request.manner.bulk, max_wait=max_wait)
        request.caller, request.came, request.changes = caller, self.callers.clock(), self.changes
        if caller.suspended is None:
            self._came_through(request)
            return
        self.waiting[request.number] = request
        assert caller.waiter is not None
        place = self.limiter._queue.position(caller.waiter) - self.dead
        request.expected = self.window.earliest(max(0, place), self.callers.clock(), bulk=request.manner.bulk)

    def _came_through(self, request: Request) -> None:
        assert request.caller is not None
        if not request.caller.is_served:
            self._refuse(request, request.caller)
            return
        if request.changes == self.changes and not self.gone_back:
            assert self.callers.clock() >= request.expected - TOLERANCE
        self.served += 1
        self.in_flight[request.number] = request
        manner = request.manner
        happens = {"arrival": manner.out, "response": manner.out + manner.back, "timeout": manner.timeout}
        for what, seconds in happens.items():
            heapq.heappush(self.events, (self.callers.now + seconds, next(self.numbers), what, request))

    def _refuse(self, request: Request, caller: SteppedCaller) -> None:
        """The wait is too long: known at once, or when its time is over."""
        self.changes += 1
        error, max_wait = caller.error, caller.slot.max_wait
        assert isinstance(error, RateLimitError)
        assert max_wait is not None
        assert error.retry_after is not None
        waited = self.callers.clock() - request.came
        assert error.retry_after + waited > max_wait - TOLERANCE or waited >= max_wait - TOLERANCE

    def _forget(self, request: Request) -> None:
        del self.waiting[request.number]
        if request.caller in self.callers.suspended:
            self.callers.suspended.remove(request.caller)
        self.changes += 1

    def _collect(self, request: Request) -> None:
        caller = request.caller
        if caller and caller.waiter and caller.waiter.is_dead:
            self._forget(request)
            caller.garbage_collect()

    def _settle(self, order: Random) -> None:
        by_caller = {id(request.caller): request for request in self.waiting.values()}
        for caller in self.callers.run_ready(order.choice):
            request = by_caller[id(caller)]
            del self.waiting[request.number]
            self._came_through(request)

    def _run(self, until: float, order: Random) -> None:
        self._happen_until(self.callers.now)
        self._settle(order)
        while (moment := self._next()) <= until:
            self.callers.now = max(self.callers.now, moment)
            self._happen_until(self.callers.now)
            self._settle(order)
        self.callers.now = until

    def _next(self) -> float:
        return min(self.events[0][0] if self.events else math.inf, self.callers.next_due())

    def _happen_until(self, now: float) -> None:
        while self.events and self.events[0][0] <= now:
            time, _, what, request = heapq.heappop(self.events)
            if what == "arrival":
                self._arrive(time, request)
            elif request.number in self.in_flight:
                self._answer(request) if what == "response" else self._abandon(request)
            elif what == "response" and request.number in self.of_a_parent:
                self._release(request)

    def _arrive(self, time: float, request: Request) -> None:
        if request.number not in self.given_up:
            self.in_time[request.manner.bulk].append(time)

    def _answer(self, request: Request) -> None:
        self._end(request)
        if failures := request.manner.failures:
            self._begin(Request(next(self.numbers), replace(request.manner, failures=failures - 1)))

    def _abandon(self, request: Request) -> None:
        self.given_up.add(request.number)
        self._end(request)

    def _end(self, request: Request) -> None:
        del self.in_flight[request.number]
        self._note_end(request)
        self._release(request)

    def _note_end(self, request: Request) -> None:
        if not request.manner.bulk:
            self.used_until.append(self.callers.clock() + PER)

    def _release(self, request: Request) -> None:
        assert request.caller is not None
        request.caller.release()


TestTraffic = Traffic.TestCase
TestTraffic.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
