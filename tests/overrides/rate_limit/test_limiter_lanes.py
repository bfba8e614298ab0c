"""Two lanes, pacing, cancellation and the clock: a test resumes callers one by one, in a time that it controls."""

from __future__ import annotations

import gc
import math
from collections import deque
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.wait_queue import ThreadWaiter, WaitQueue

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT
from tests.overrides.rate_limit.stepped_callers import Callers, CancelledError, SteppedCaller, SteppedWaiter

if TYPE_CHECKING:
    from collections.abc import Callable

PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


def make_callers(limit: int = 10, reserve: int = 4, *, paced: bool = False) -> Callers:
    """A limiter with windows of 10 s, at 1000.0."""
    return Callers(RateLimit(limit, 10.0, reserve, paced))


def names(callers: Callers, through: list[SteppedCaller], **suspended: SteppedCaller) -> list[str]:
    """The names of the callers that finished."""
    assert not [caller for caller in callers.suspended if caller in through]
    return [name for one in through for name, caller in suspended.items() if caller is one]


# Pacing.


def test_bulk_work_is_paced() -> None:
    """One request in each `per / limit` and 2 %: the first at once, the next after one pace."""
    callers = make_callers()
    callers.arrive_served(bulk=True)
    following = callers.arrive(bulk=True)
    assert (callers.run_until(1000 + PACE - 0.001), callers.run_until(1000 + PACE + 0.001)) == ([], [following])


def test_other_callers_are_not_paced() -> None:
    """They may use all slots in a burst."""
    callers = make_callers()
    assert all(callers.arrive().is_served for _ in range(10))


def test_all_callers_can_be_paced() -> None:
    """With `paced=True` both lanes share one pace."""
    callers = make_callers(paced=True)
    callers.arrive_served()
    bulk, other = callers.arrive(bulk=True), callers.arrive()
    assert names(callers, callers.run_until(1000 + 1.5 * PACE), bulk=bulk, other=other) == ["bulk"]
    assert names(callers, callers.run_until(1000 + 2.5 * PACE), bulk=bulk, other=other) == ["other"]


def test_the_pace_is_kept_from_the_last_start() -> None:
    """A caller that starts late delays those after it; unused paces are not saved up."""
    callers = make_callers()
    callers.arrive_served(bulk=True)
    callers.now += 5
    callers.arrive_served(bulk=True)
    assert callers.arrive(bulk=True).due == pytest.approx(1005 + PACE)


def test_bulk_work_that_waits_for_its_pace_delays_no_other_caller() -> None:
    """A slot is free that the head of the queue may not use yet, and others may."""
    callers = make_callers()
    callers.arrive_served(bulk=True)
    callers.arrive(bulk=True)
    assert callers.arrive().is_served


# The reserve.


class Workload:
    """Endless work in one lane: one of its callers waits at any time, and each response arrives after 0.3 s.

    Attributes:
        starts: When its requests were sent.
    """

    def __init__(self, callers: Callers, *, bulk: bool) -> None:
        self.starts: list[float] = []
        self._callers = callers
        self._bulk = bulk
        self._working: deque[tuple[float, SteppedCaller]] = deque()

    def run(self, until: float) -> None:
        """Work until this time."""
        self._come()
        while self._callers.now < until:
            done = self._working[0][0] if self._working else math.inf
            through = self._callers.run_until(min(done, self._callers.next_due(), until))
            mine = [caller for caller in through if caller.slot.bulk is self._bulk]
            for caller in mine:
                self._work(caller)
            if mine:
                self._come()
            while self._working and self._working[0][0] <= self._callers.now:
                self._working.popleft()[1].release()

    def _come(self) -> None:
        while (caller := self._callers.arrive(bulk=self._bulk)).is_served:
            self._work(caller)

    def _work(self, caller: SteppedCaller) -> None:
        self.starts.append(self._callers.now)
        self._working.append((self._callers.now + 0.3, caller))


def test_bulk_work_leaves_the_reserve() -> None:
    """However much of it waits, it never uses more than `limit - reserve` slots; the others stay free."""
    callers = make_callers(limit=10, reserve=4)
    workload = Workload(callers, bulk=True)
    workload.run(until=1100)
    windows = [sum(first <= start < first + 10 for start in workload.starts) for first in workload.starts]
    assert (max(windows), len(workload.starts) >= 56, callers.limiter.statistics().free) == (6, True, 4)


def test_other_callers_find_the_reserve_in_every_window() -> None:
    """While endless bulk work runs, bursts of `reserve` in each window do not wait."""
    callers = make_callers(limit=10, reserve=4)
    workload = Workload(callers, bulk=True)
    for window in range(10):
        working = [callers.arrive_served() for _ in range(4)]
        for caller in working:
            caller.release()
        workload.run(until=1010.0 + 10 * window)
    assert len(workload.starts) >= 56


def test_the_reserve_is_not_for_bulk_work() -> None:
    """With all its slots in use, bulk work waits although others are free."""
    callers = make_callers(limit=3, reserve=2)
    callers.arrive_served(bulk=True)
    callers.now += 5
    waiting = callers.arrive(bulk=True)
    assert (waiting.is_served, waiting.due, callers.limiter.statistics().free) == (False, math.inf, 2)


def test_a_reserve_of_everything_leaves_bulk_work_one_slot() -> None:
    """It may be slow, but it makes progress."""
    callers = make_callers(limit=3, reserve=100)
    callers.arrive_served(bulk=True).release()
    waiting = callers.arrive(bulk=True)
    assert callers.run_until(1010) == [waiting]


def test_bulk_work_is_not_starved() -> None:
    """While it waited for its pace, others acquired all slots, and more arrive without end: it gets the next one."""
    callers = make_callers(limit=4, reserve=1)
    callers.arrive_served(bulk=True).release()
    waiting = callers.arrive(bulk=True)
    workload = Workload(callers, bulk=False)
    workload.run(until=1009)
    assert (len(workload.starts), waiting.is_served) == (3, False)
    workload.run(until=1030)
    assert (waiting.is_served, waiting.slot.waited, len(workload.starts)) == (True, 10, 9)


# First come, first served.


def test_callers_of_one_lane_are_served_in_order() -> None:
    """In each of the two lanes."""
    for bulk in (False, True):
        callers = make_callers(limit=1, reserve=0)
        working = callers.arrive_served(bulk=bulk)
        waiting = [callers.arrive(bulk=bulk) for _ in range(3)]
        for following in waiting:
            working.release()
            assert callers.run_until(callers.now + 11) == [following]
            working = following


@pytest.mark.parametrize("first_is_bulk", [True, False])
def test_the_first_caller_of_both_lanes_is_served_first(first_is_bulk: bool) -> None:  # noqa: FBT001  # a case
    """If both could use the free slot, whichever of the two checks first."""
    for looks_first in (0, 1):
        callers = make_callers(limit=2, reserve=1)
        burst = [callers.arrive_served() for _ in range(2)]
        first, second = callers.arrive(bulk=first_is_bulk), callers.arrive(bulk=not first_is_bulk)
        burst[0].release()
        callers.now += 10
        assert callers.run_ready(lambda able, looks=looks_first: able[min(looks, len(able) - 1)]) == [first]  # type: ignore[misc]  # a default binds it
        assert not second.is_served


def test_a_new_caller_does_not_overtake_the_other_lane() -> None:
    """A slot has just become free, and the bulk work that waits for it has not been resumed yet."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    waiting = callers.arrive(bulk=True)
    callers.now += 10
    assert (callers.arrive().is_served, callers.run_ready()) == (False, [waiting])


def test_each_lane_has_one_timer() -> None:
    """Only the head of each lane has one."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    for bulk in (False, False, True, True):
        callers.arrive(bulk=bulk)
    assert [caller.due for caller in callers.suspended] == [1010, math.inf, 1010, math.inf]


# All slots in flight.


def test_while_all_slots_are_in_flight_there_is_no_timer() -> None:
    """The time of a response is unknown; the first one sets the timers."""
    callers = make_callers(limit=1)
    working = callers.arrive_served()
    waiting = [callers.arrive(), callers.arrive(bulk=True)]
    assert [caller.due for caller in waiting] == [math.inf, math.inf]
    callers.run_until(1500)
    working.release()
    callers.run_ready()
    assert [caller.due for caller in waiting] == [1510, 1510]


def test_a_request_without_a_response_holds_its_slot() -> None:
    """Until it is abandoned, and for one more window."""
    callers = make_callers(limit=1)
    working, waiting = callers.arrive_served(), callers.arrive()
    assert callers.run_until(1030) == []
    working.release()
    assert (callers.run_until(1039.9), callers.run_until(1040)) == ([], [waiting])


# Cancellation.


def test_a_cancelled_caller_has_no_effect() -> None:
    """It takes no slot, and the next one has the timer."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    leaving, following = callers.arrive(), callers.arrive()
    leaving.cancel()
    callers.suspended.remove(leaving)
    callers.run_ready()
    assert (isinstance(leaving.error, CancelledError), following.due) == (True, 1010)
    assert callers.run_until(1010) == [following]


def test_a_caller_that_is_cancelled_when_it_is_next_wakes_another() -> None:
    """It was woken, and cancelled before it was resumed: the next one gets the slot at once."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    leaving, following = callers.arrive(), callers.arrive()
    callers.now += 10
    leaving.cancel()
    callers.suspended.remove(leaving)
    assert callers.run_ready() == [following]


def test_cancelled_bulk_work_wakes_the_other_lane() -> None:
    """A caller that slept because bulk work was first is woken."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    leaving, other = callers.arrive(bulk=True), callers.arrive()
    callers.now += 10
    other.resume()
    assert other.due == math.inf
    leaving.cancel()
    callers.suspended.remove(leaving)
    assert callers.run_ready() == [other]


def test_an_interrupt_while_joining_the_queue_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread may be interrupted at any time."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    join = callers.limiter._queue.join

    def interrupted(turn: SteppedWaiter) -> None:
        join(turn)
        raise KeyboardInterrupt

    monkeypatch.setattr(callers.limiter._queue, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        callers.arrive()
    monkeypatch.undo()
    statistics = callers.limiter.statistics()
    assert (statistics.waiting, statistics.in_flight, callers.arrive().due) == (0, 0, 1010)


def test_an_interrupt_after_acquiring_returns_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request was sent: the slot is free as before, and the next caller gets it."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    leave = callers.limiter._leave

    def interrupted(turn: SteppedWaiter) -> None:
        leave(turn)
        raise KeyboardInterrupt

    caller, following = callers.arrive(), callers.arrive()
    callers.now += 10
    monkeypatch.setattr(callers.limiter, "_leave", interrupted)
    with pytest.raises(KeyboardInterrupt):
        caller.resume()
    monkeypatch.undo()
    callers.suspended.remove(caller)
    assert (callers.limiter.statistics().requests, callers.run_ready()) == (1, [following])


# Giving back.


def test_a_slot_is_released_once() -> None:
    """A second release has no effect: it adds no slot."""
    callers = make_callers(limit=1)
    working = callers.arrive_served()
    working.release()
    working.release()
    statistics = callers.limiter.statistics()
    assert (statistics.in_flight, len(callers.limiter._window._free_at)) == (0, 1)


def test_a_slot_that_was_not_acquired_is_not_released() -> None:
    """Also if its wait was cancelled."""
    callers = make_callers(limit=1)
    callers.limiter.release(callers.limiter.slot())
    callers.arrive_served()
    leaving = callers.arrive()
    leaving.cancel()
    callers.suspended.remove(leaving)
    leaving.release()
    assert callers.limiter.statistics().in_flight == 1


# The clock.


def test_a_clock_that_goes_back_makes_callers_wait_longer() -> None:
    """No caller is served sooner than one window of true time after the last response."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    callers.clock_offset = -30.0
    waiting = callers.arrive()
    assert (callers.run_until(1039.9), callers.run_until(1040)) == ([], [waiting])


def test_a_clock_that_goes_back_while_a_request_is_in_flight() -> None:
    """The slot that is released then is free before others, and the order is kept."""
    callers = make_callers(limit=2)
    first, second = callers.arrive_served(), callers.arrive_served()
    first.release()
    callers.clock_offset = -5.0
    second.release()
    assert [*callers.limiter._window._free_at] == [1005, 1010]


def test_a_clock_that_jumps_forward_is_trusted() -> None:
    """A process that was stopped continues at once, and waiting callers are served."""
    callers = make_callers(limit=1)
    callers.arrive_served().release()
    first, second = callers.arrive(), callers.arrive()
    callers.now += 10_000
    assert callers.run_ready() == [first]
    first.release()
    assert callers.run_until(callers.now + 10) == [second]


def test_the_default_clock_is_monotonic() -> None:
    """It cannot be set."""
    from time import monotonic  # noqa: PLC0415  # only here

    assert make_callers().limiter.__class__()._clock is monotonic


# The garbage collector, which may end an abandoned wait at any time, also while a waiter is being woken.


class AbandonedWaiter(SteppedWaiter):
    """A waiter whose task is garbage-collected just when it is woken."""

    def __init__(self, line: WaitQueue) -> None:
        super().__init__()
        self._queue = line

    def wake(self) -> None:
        """The task leaves the queue, and its event loop is closed."""
        self._queue.leave(self)
        raise RuntimeError("Event loop is closed")


@pytest.mark.parametrize("wake", [WaitQueue.wake_next, WaitQueue.wake_all])
def test_a_waiter_that_leaves_while_it_is_woken_affects_no_other(wake: Callable[[WaitQueue], None]) -> None:
    """The one behind it is still in the queue, and is woken."""
    line = make_callers().limiter._queue
    following = SteppedWaiter()
    for turn in (AbandonedWaiter(line), following, SteppedWaiter()):
        line.join(turn)
    wake(line)
    assert (line.length, line.position(following), following.woken) == (2, 0, True)


def test_a_thread_can_wake_itself() -> None:
    """The garbage collector may run inside the wait of a thread and wake it, without a deadlock."""
    turn = ThreadWaiter()

    def wake_too(*_: object) -> None:
        turn.wake()

    def wake_often() -> None:
        for _ in range(100):
            turn.clear()
            turn.wait(0.001)
            turn.wake()

    threshold = gc.get_threshold()
    gc.callbacks.append(wake_too)
    gc.set_threshold(1)
    try:
        thread = Thread(target=wake_often, daemon=True)
        thread.start()
        thread.join(DEADLOCK_TIMEOUT)
        assert not thread.is_alive()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(wake_too)
