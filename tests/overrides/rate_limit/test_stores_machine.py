"""The rule of a store, whole: callers of several processes, a network that does what it likes, crashes, lost answers.

What is promised: of the requests that arrive before they are answered or given up, never more than `limit` arrive in
any `per` seconds. A request counts as given up when its caller says so, or when the lease of a dead one is over.
When a store loses everything, it lets nobody through for one window; a request that was in flight then, and still is
when that is over, is beyond what it can know.

Times are compared to the microsecond, which is what Redis keeps.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores import Verb

from tests.overrides.rate_limit.houses import LEASE, Desk, FileHouse, House, RedisHouse

if TYPE_CHECKING:
    from tests.overrides.rate_limit.servers import RedisServer

PER = 10.0
TICK = 1e-5
LEGS = st.tuples(*2 * [st.sampled_from([0, 0, 0, 1, 3, 30])])
"""How long a request is on its way, and its response."""


@dataclass(eq=False)
class Caller:
    """Somebody who wants to send one request, and what became of it.

    Attributes:
        desk: Where he asks.
        token: Under what.
        bulk: Whether it is bulk work, which is paced.
        out: How long the request is on its way.
        back: How long the response is on its way.
        late: By how much he wakes up too late.
        start: When he sent, or means to.
        sent: Whether he has sent.
        ended: When he was answered, gave up, or was given up.
        known: Whether the store holds a slot for him, as far as he can know.
        from_before: Whether he was in flight when the store lost everything.
        unknowable: Whether he was beyond what the store could know when it lost everything again.
    """

    desk: Desk
    token: int
    bulk: bool
    out: int
    back: int
    late: float
    start: float = math.inf
    sent: bool = False
    ended: float = math.inf
    known: bool = False
    from_before: bool = False
    unknowable: bool = False
    killed: bool = False
    arrived: float = field(default=math.inf)


def worst(arrivals: list[float]) -> int:
    """The most arrivals in any window: two that are one window apart are not in one."""
    inside, most = deque[float](), 0
    for time in sorted(arrivals):
        inside.append(time)
        while inside[0] + PER - TICK <= time:
            inside.popleft()
        most = max(most, len(inside))
    return most


class Office(RuleBasedStateMachine):
    """A store, its callers, and a server that counts what arrives."""

    server: ClassVar[RedisServer | None] = None
    """The Redis; None for a file."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.tokens = count(1)
        self.events: list[tuple[float, int, str, Caller]] = []
        self.numbers = count()
        self.callers: list[Caller] = []
        self.frozen_until = self.cold_until = -math.inf

    @initialize(limit=st.integers(1, 4), reserve=st.integers(0, 2))
    def begin(self, limit: int, reserve: int) -> None:
        """An account at rest, and three processes."""
        self.house = self._house()
        self.rate = RateLimit(limit, PER, reserve=reserve)
        self.house.warm(self.rate)
        self.desks = [Desk(self.house, self.house.open(self.rate)) for _ in range(3)]

    def _house(self) -> House:
        if self.server:
            return RedisHouse(self.server)
        return FileHouse(Path(self.stack.enter_context(TemporaryDirectory())))

    @rule(
        desk=st.integers(0, 2),
        bulk=st.booleans(),
        legs=LEGS,
        late=st.sampled_from([0.0, 0.0, 0.5, 7.0]),
        callers=st.integers(1, 5),
    )
    def come(self, desk: int, bulk: bool, legs: tuple[int, int], late: float, callers: int) -> None:  # noqa: FBT001  # drawn
        """Callers come to one of the processes."""
        for _ in range(callers):
            caller = Caller(self.desks[desk], next(self.tokens), bulk, *legs, late)
            self.callers.append(caller)
            self._ask(caller, Verb.TAKE)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """Somebody who waits gives up."""
        caller = data.draw(st.sampled_from(self._waiting()))
        caller.desk.cancel(caller.token)
        caller.ended, caller.known = self.house.now, False

    @precondition(lambda self: self._in_flight())
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        """Somebody whose request is on its way gives up."""
        self._answered(data.draw(st.sampled_from(self._in_flight())))

    @precondition(lambda self: self._waiting() or self._in_flight())
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        """Somebody is killed, and can tell nobody. His request arrives all the same."""
        caller = data.draw(st.sampled_from([*self._waiting(), *self._in_flight()]))
        caller.killed = True
        caller.ended = caller.start + LEASE if caller.known else self.house.now

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        """An answer is lost, and the question is asked again."""
        self._ask(data.draw(st.sampled_from(self._waiting())), data.draw(st.sampled_from([Verb.TAKE, Verb.CONFIRM])))

    @rule(desk=st.integers(0, 2), seconds=st.sampled_from([0, 3, 30]))
    def freeze(self, desk: int, seconds: int) -> None:
        """The server refuses somebody."""
        self.desks[desk].freeze(seconds)
        self.frozen_until = max(self.frozen_until, self.house.now + seconds)

    @precondition(lambda self: self.server)
    @rule()
    def lose(self) -> None:
        """Redis is empty all at once."""
        assert self.server is not None
        with self.server.client() as client:
            client.delete(self.desks[0].store.key)  # type: ignore[attr-defined]  # it is a RedisStore
        self.desks[0].freeze(0)  # the first to ask
        self.forget()

    def forget(self) -> None:
        """The store knows nothing any more."""
        for caller in self.callers:
            caller.unknowable = self._is_unknowable(caller)
            caller.known = False
            caller.from_before = caller.from_before or caller.sent
        self.frozen_until = -math.inf
        self.cold_until = self.house.now + PER

    @rule(seconds=st.sampled_from([1, 2, 3, 5, 10, 50]))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self._run(self.house.now + seconds)

    @invariant()
    def the_server_counts_no_more_than_the_limit(self) -> None:
        """Of the arrivals in time, no window holds more than the limit."""
        arrivals = [caller.arrived for caller in self.callers if self._is_promised(caller)]
        assert not arrivals or worst(arrivals) <= self.rate.limit

    def _is_promised(self, caller: Caller) -> bool:
        return caller.arrived <= min(caller.ended, self.house.now) and not self._is_unknowable(caller)

    def _is_unknowable(self, caller: Caller) -> bool:
        missed = caller.killed or min(caller.ended, self.house.now) >= self.cold_until
        return caller.unknowable or (caller.from_before and missed)

    @invariant()
    def no_more_are_held_than_there_are(self) -> None:
        """Slots are conserved: those who hold one are never more than the limit."""
        assert sum(caller.known and self.house.now < caller.ended for caller in self.callers) <= (
            self.rate.limit if self.callers else 0
        )

    def teardown(self) -> None:
        """Nobody starves: when no one else comes, everybody who waits is served; and then every slot is free."""
        try:
            if hasattr(self, "rate"):
                self._end()
        finally:
            self.stack.close()

    def _end(self) -> None:
        rounds = 2 + math.ceil(len(self._waiting()) / self.rate.bulk_room)
        self._run(max(self.house.now, self.frozen_until, self.cold_until) + LEASE + rounds * (60 + 2 * PER))
        assert self._waiting() == []
        self._run(self.house.now + LEASE + 60 + PER)
        self.the_server_counts_no_more_than_the_limit()
        tokens = [next(self.tokens) for _ in range(self.rate.limit + 1)]
        assert [self.desks[0].take(token) for token in tokens] == [0] * self.rate.limit + [None]

    # --- what happens

    def _waiting(self) -> list[Caller]:
        return [caller for caller in self.callers if not caller.sent and caller.ended == math.inf]

    def _in_flight(self) -> list[Caller]:
        return [caller for caller in self.callers if caller.sent and caller.ended == math.inf]

    def _ask(self, caller: Caller, verb: Verb) -> None:
        reserve = self._reserve_is_left() and not caller.bulk and not caller.known
        answer = caller.desk.ask(verb, caller.token, bulk=caller.bulk, paced=caller.bulk)
        now = self.house.now
        if reserve:
            assert answer.held
            assert now + answer.wait <= max(now, self.frozen_until, self.cold_until) + TICK
        caller.known = answer.held
        caller.start = now + answer.wait
        if answer.held and not answer.wait:
            self._send(caller)
        else:
            self._plan(caller.start + caller.late, "confirm" if answer.held else "take", caller)

    def _reserve_is_left(self) -> bool:
        """Whether others than bulk work use less than bulk work has to leave to them."""
        used = sum(
            (caller.known or caller.sent) and self.house.now < caller.ended + PER + TICK
            for caller in self.callers
            if not caller.bulk
        )
        return used < self.rate.limit - self.rate.bulk_room

    def _send(self, caller: Caller) -> None:
        assert self.house.now >= max(self.frozen_until, self.cold_until) - TICK
        caller.sent = True
        self._plan(self.house.now + caller.out, "arrive", caller)
        self._plan(self.house.now + caller.out + caller.back, "answer", caller)

    def _answered(self, caller: Caller) -> None:
        caller.desk.give_back(caller.token)
        caller.ended = self.house.now
        if not caller.known and self.house.now < self.cold_until:
            self.cold_until = self.house.now + PER
        caller.known = False

    def _plan(self, when: float, what: str, caller: Caller) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), what, caller))

    def _run(self, until: float) -> None:
        while self.events and self.events[0][0] <= until:
            when, _, what, caller = heapq.heappop(self.events)
            self.house.now = max(self.house.now, when)
            self._happen(what, caller)
        self.house.now = until

    def _happen(self, what: str, caller: Caller) -> None:
        if what == "arrive":
            caller.arrived = self.house.now
        elif what == "answer":
            if caller.ended == math.inf:
                self._answered(caller)
        elif not caller.sent and caller.ended == math.inf:
            self._ask(caller, Verb.CONFIRM if what == "confirm" else Verb.TAKE)


SETTINGS = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_a_store_keeps_the_limit(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens, and in whatever order."""
    monkeypatch.setattr(Office, "server", None if kind == "file" else request.getfixturevalue("redis_server"))
    run_state_machine_as_test(Office, settings=SETTINGS)
