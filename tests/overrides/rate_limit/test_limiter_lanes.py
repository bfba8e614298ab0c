"""Two lanes, pacing, cancellation and the clock: callers whom a test moves one by one, in a time of its own."""

from __future__ import annotations

import gc
import math
from collections import deque
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.line import Line
from sendblue_contacts.rate_limit.turns import ThreadTurn

from tests.overrides.rate_limit.halls import GUARD
from tests.overrides.rate_limit.puppets import CancelledError, Puppet, Theatre, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


def theatre(limit: int = 10, reserve: int = 4, *, paced: bool = False) -> Theatre:
    """A limiter with windows of 10 s, at 1000.0."""
    return Theatre(RateLimit(limit, 10.0, reserve, paced))


def names(stage: Theatre, through: list[Puppet], **puppets: Puppet) -> list[str]:
    """The names of those who came through."""
    assert not [puppet for puppet in stage.puppets if puppet in through]
    return [name for one in through for name, puppet in puppets.items() if puppet is one]


# Pacing.


def test_bulk_work_is_paced() -> None:
    """One request in each `per / limit`, and 2 % more: the first at once, the next when the pace lets it."""
    stage = theatre()
    stage.serve(bulk=True)
    following = stage.come(bulk=True)
    assert (stage.until(1000 + PACE - 0.001), stage.until(1000 + PACE + 0.001)) == ([], [following])


def test_other_callers_are_not_paced() -> None:
    """They may use all their slots in a burst."""
    stage = theatre()
    assert all(stage.come().is_served for _ in range(10))


def test_all_callers_can_be_paced() -> None:
    """With `paced=True` the pace is that of everybody, and both lanes have one together."""
    stage = theatre(paced=True)
    stage.serve()
    bulk, other = stage.come(bulk=True), stage.come()
    assert names(stage, stage.until(1000 + 1.5 * PACE), bulk=bulk, other=other) == ["bulk"]
    assert names(stage, stage.until(1000 + 2.5 * PACE), bulk=bulk, other=other) == ["other"]


def test_the_pace_is_kept_from_the_last_start() -> None:
    """Who starts late moves those after him; nobody makes up for lost time."""
    stage = theatre()
    stage.serve(bulk=True)
    stage.now += 5
    stage.serve(bulk=True)
    assert stage.come(bulk=True).due == pytest.approx(1005 + PACE)


def test_bulk_work_that_waits_for_its_pace_holds_nobody_up() -> None:
    """A slot is free, the first in line may not have it yet, and others may."""
    stage = theatre()
    stage.serve(bulk=True)
    stage.come(bulk=True)
    assert stage.come().is_served


# The reserve.


class Job:
    """A job without an end, in one lane: somebody of it waits at any time, and each answer comes after 0.3 s.

    Attributes:
        starts: When its requests were sent.
    """

    def __init__(self, stage: Theatre, *, bulk: bool) -> None:
        self.starts: list[float] = []
        self._stage = stage
        self._bulk = bulk
        self._working: deque[tuple[float, Puppet]] = deque()

    def run(self, until: float) -> None:
        """Work until then."""
        self._come()
        while self._stage.now < until:
            done = self._working[0][0] if self._working else math.inf
            through = self._stage.until(min(done, self._stage.next_due(), until))
            mine = [puppet for puppet in through if puppet.slot.bulk is self._bulk]
            for puppet in mine:
                self._work(puppet)
            if mine:
                self._come()
            while self._working and self._working[0][0] <= self._stage.now:
                self._working.popleft()[1].release()

    def _come(self) -> None:
        while (puppet := self._stage.come(bulk=self._bulk)).is_served:
            self._work(puppet)

    def _work(self, puppet: Puppet) -> None:
        self.starts.append(self._stage.now)
        self._working.append((self._stage.now + 0.3, puppet))


def test_bulk_work_leaves_the_reserve() -> None:
    """However much of it waits, it has never more than `limit - reserve` slots; the others are free at any time."""
    stage = theatre(limit=10, reserve=4)
    job = Job(stage, bulk=True)
    job.run(until=1100)
    windows = [sum(first <= start < first + 10 for start in job.starts) for first in job.starts]
    assert (max(windows), len(job.starts) >= 56, stage.limiter.statistics().free) == (6, True, 4)


def test_other_callers_find_the_reserve_in_every_window() -> None:
    """While a bulk job without an end runs, bursts of `reserve` in each window need not wait."""
    stage = theatre(limit=10, reserve=4)
    job = Job(stage, bulk=True)
    for window in range(10):
        working = [stage.serve() for _ in range(4)]
        for puppet in working:
            puppet.release()
        job.run(until=1010.0 + 10 * window)
    assert len(job.starts) >= 56


def test_the_reserve_is_not_for_bulk_work() -> None:
    """With all its slots used bulk work waits, though others are free."""
    stage = theatre(limit=3, reserve=2)
    stage.serve(bulk=True)
    stage.now += 5
    waiting = stage.come(bulk=True)
    assert (waiting.is_served, waiting.due, stage.limiter.statistics().free) == (False, math.inf, 2)


def test_a_reserve_of_everything_leaves_bulk_work_one_slot() -> None:
    """It may be slow, but it goes on."""
    stage = theatre(limit=3, reserve=100)
    stage.serve(bulk=True).release()
    waiting = stage.come(bulk=True)
    assert stage.until(1010) == [waiting]


def test_bulk_work_is_not_starved() -> None:
    """While it waited for its pace others took every slot, and more of them come for ever: the next is its own."""
    stage = theatre(limit=4, reserve=1)
    stage.serve(bulk=True).release()
    waiting = stage.come(bulk=True)
    job = Job(stage, bulk=False)
    job.run(until=1009)
    assert (len(job.starts), waiting.is_served) == (3, False)
    job.run(until=1030)
    assert (waiting.is_served, waiting.slot.waited, len(job.starts)) == (True, 10, 9)


# First come, first served.


def test_those_of_one_lane_are_served_in_their_order() -> None:
    """In each of the two."""
    for bulk in (False, True):
        stage = theatre(limit=1, reserve=0)
        working = stage.serve(bulk=bulk)
        waiting = [stage.come(bulk=bulk) for _ in range(3)]
        for following in waiting:
            working.release()
            assert stage.until(stage.now + 11) == [following]
            working = following


@pytest.mark.parametrize("first_is_bulk", [True, False])
def test_who_came_first_of_both_lanes_is_served_first(first_is_bulk: bool) -> None:  # noqa: FBT001  # a case
    """Where both could have the slot that is free, it is his who came first, whichever of the two looks first."""
    for looks_first in (0, 1):
        stage = theatre(limit=2, reserve=1)
        burst = [stage.serve() for _ in range(2)]
        first, second = stage.come(bulk=first_is_bulk), stage.come(bulk=not first_is_bulk)
        burst[0].release()
        stage.now += 10
        assert stage.settle(lambda able, looks=looks_first: able[min(looks, len(able) - 1)]) == [first]  # type: ignore[misc]  # a default binds it
        assert not second.is_served


def test_one_who_comes_does_not_overtake_the_other_lane() -> None:
    """A slot has just become free, and bulk work that waits for it has not woken up yet."""
    stage = theatre(limit=1)
    stage.serve().release()
    waiting = stage.come(bulk=True)
    stage.now += 10
    assert (stage.come().is_served, stage.settle()) == (False, [waiting])


def test_each_lane_has_one_timer() -> None:
    """The first of each lane watches the clock, and nobody else."""
    stage = theatre(limit=1)
    stage.serve().release()
    for bulk in (False, False, True, True):
        stage.come(bulk=bulk)
    assert [puppet.due for puppet in stage.puppets] == [1010, math.inf, 1010, math.inf]


# All slots in flight.


def test_while_all_slots_are_in_flight_nobody_has_a_timer() -> None:
    """Nobody knows when a response comes; the first one sets the timers."""
    stage = theatre(limit=1)
    working = stage.serve()
    waiting = [stage.come(), stage.come(bulk=True)]
    assert [puppet.due for puppet in waiting] == [math.inf, math.inf]
    stage.until(1500)
    working.release()
    stage.settle()
    assert [puppet.due for puppet in waiting] == [1510, 1510]


def test_a_timeout_is_an_end_like_any_other() -> None:
    """A request without a response holds its slot until it is given up, and a window more."""
    stage = theatre(limit=1)
    working, waiting = stage.serve(), stage.come()
    assert stage.until(1030) == []
    working.release()
    assert (stage.until(1039.9), stage.until(1040)) == ([], [waiting])


# Cancellation.


def test_who_is_cancelled_leaves_no_trace() -> None:
    """He takes no slot, and the next has his timer."""
    stage = theatre(limit=1)
    stage.serve().release()
    leaving, following = stage.come(), stage.come()
    leaving.cancel()
    stage.puppets.remove(leaving)
    stage.settle()
    assert (isinstance(leaving.error, CancelledError), following.due) == (True, 1010)
    assert stage.until(1010) == [following]


def test_who_is_cancelled_when_it_is_his_turn_hands_it_on() -> None:
    """He was woken, and cancelled before he moved: the slot goes to the next at once."""
    stage = theatre(limit=1)
    stage.serve().release()
    leaving, following = stage.come(), stage.come()
    stage.now += 10
    leaving.cancel()
    stage.puppets.remove(leaving)
    assert stage.settle() == [following]


def test_bulk_work_that_is_cancelled_lets_the_other_lane_go() -> None:
    """Whoever slept because bulk work was before him is woken."""
    stage = theatre(limit=1)
    stage.serve().release()
    leaving, other = stage.come(bulk=True), stage.come()
    stage.now += 10
    other.move()
    assert other.due == math.inf
    leaving.cancel()
    stage.puppets.remove(leaving)
    assert stage.settle() == [other]


def test_who_is_interrupted_where_he_joins_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread may be interrupted at any moment, also when it has just taken its place."""
    stage = theatre(limit=1)
    stage.serve().release()
    join = stage.limiter._line.join

    def interrupted(turn: Turn) -> None:
        join(turn)
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.limiter._line, "join", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stage.come()
    monkeypatch.undo()
    stands = stage.limiter.statistics()
    assert (stands.waiting, stands.in_flight, stage.come().due) == (0, 0, 1010)


def test_who_is_interrupted_with_his_slot_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """He has just got it, and nothing was sent: it is as it was, and the next has it."""
    stage = theatre(limit=1)
    stage.serve().release()
    leave = stage.limiter._leave

    def interrupted(turn: Turn) -> None:
        leave(turn)
        raise KeyboardInterrupt

    caller, following = stage.come(), stage.come()
    stage.now += 10
    monkeypatch.setattr(stage.limiter, "_leave", interrupted)
    with pytest.raises(KeyboardInterrupt):
        caller.move()
    monkeypatch.undo()
    stage.puppets.remove(caller)
    assert (stage.limiter.statistics().requests, stage.settle()) == (1, [following])


# Giving back.


def test_a_slot_is_given_back_once() -> None:
    """A second time nothing happens: there is no slot that the limit does not know."""
    stage = theatre(limit=1)
    working = stage.serve()
    working.release()
    working.release()
    stands = stage.limiter.statistics()
    assert (stands.in_flight, len(stage.limiter._window._free_at)) == (0, 1)


def test_a_slot_that_was_never_taken_is_not_given_back() -> None:
    """Nor is one for which nobody waited to the end."""
    stage = theatre(limit=1)
    stage.limiter.release(stage.limiter.slot())
    stage.serve()
    leaving = stage.come()
    leaving.cancel()
    stage.puppets.remove(leaving)
    leaving.release()
    assert stage.limiter.statistics().in_flight == 1


# The clock.


def test_a_clock_that_goes_back_makes_callers_wait_longer() -> None:
    """And nobody sooner than a window of true time after the last response."""
    stage = theatre(limit=1)
    stage.serve().release()
    stage.ahead = -30.0
    waiting = stage.come()
    assert (stage.until(1039.9), stage.until(1040)) == ([], [waiting])


def test_a_clock_that_goes_back_while_a_request_is_out() -> None:
    """The slot that is given back then is free before others, and they stay in order."""
    stage = theatre(limit=2)
    first, second = stage.serve(), stage.serve()
    first.release()
    stage.ahead = -5.0
    second.release()
    assert [*stage.limiter._window._free_at] == [1005, 1010]


def test_a_clock_that_jumps_forward_is_believed() -> None:
    """A process that was stopped goes on at once, and those that wait are served."""
    stage = theatre(limit=1)
    stage.serve().release()
    first, second = stage.come(), stage.come()
    stage.now += 10_000
    assert stage.settle() == [first]
    first.release()
    assert stage.until(stage.now + 10) == [second]


def test_the_wall_clock_plays_no_part() -> None:
    """Unless told otherwise a limiter goes by a clock that nobody can set."""
    from time import monotonic  # noqa: PLC0415  # only here

    assert theatre().limiter.__class__()._clock is monotonic


# The garbage collector, which may end an abandoned wait at any moment, also while somebody is being woken.


class Abandoned(Turn):
    """A place whose task is collected just when somebody wakes it."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def wake(self) -> None:
        """The task leaves the line, and its event loop is closed."""
        self._line.leave(self)
        raise RuntimeError("Event loop is closed")


@pytest.mark.parametrize("wake", [Line.wake_next, Line.wake_all])
def test_one_who_leaves_while_he_is_woken_takes_nobody_with_him(wake: Callable[[Line], None]) -> None:
    """The one behind him is still in line, and is woken."""
    line = theatre().limiter._line
    following = Turn()
    for turn in (Abandoned(line), following, Turn()):
        line.join(turn)
    wake(line)
    assert (line.length, line.place(following), following.woken) == (2, 0, True)


def test_a_thread_can_be_woken_by_itself() -> None:
    """The collector runs inside the waiting of a thread, and wakes that thread: nobody waits for a lock of his own."""
    turn = ThreadTurn()

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
        thread.join(GUARD)
        assert not thread.is_alive()
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(wake_too)
