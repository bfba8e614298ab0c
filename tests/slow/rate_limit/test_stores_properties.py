"""The rule of the stores as a property test: several processes, any network latency, killed processes, lost replies.

The guarantee: of the requests that arrive before they are answered or abandoned, never more than `limit` arrive in any
`per` seconds. A request counts as abandoned when its caller releases the slot, or when the lease of a killed caller has
expired. A store that has lost its data admits no request for one window; a request that was in flight at that time, and
still is at the end of that window, cannot be taken into account.

Times are compared with a precision of a few microseconds, because Redis stores microseconds.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

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
from sendblue_contacts.rate_limit.stores.base import Command
from sendblue_contacts.rate_limit.stores.file import FileStore

from tests.overrides.rate_limit.store_fixtures import FileStoreFixture, RedisStoreFixture, StoreClient, StoreFixture
from tests.slow.rate_limit.redis_server import RedisServer

PER = 10.0
TICK = 1e-5
LATENCY = st.sampled_from([0, 0, 0, 1, 3, 30])


@dataclass(frozen=True)
class Manner:
    """How a caller sends its request.

    Attributes:
        bulk: Whether it is bulk work, which is paced.
        lease: The length of its lease.
        out: Seconds until the request arrives.
        back: Seconds from then until the response.
        late: Seconds by which the caller wakes too late.
    """

    bulk: bool
    lease: float
    out: int
    back: int
    late: float


MANNERS = st.builds(
    Manner,
    bulk=st.booleans(),
    lease=st.sampled_from([20.0, 60.0]),
    out=LATENCY,
    back=LATENCY,
    late=st.sampled_from([0.0, 0.0, 0.5, 7.0]),
)


@dataclass(eq=False)
class Caller:
    """A caller that sends one request.

    Attributes:
        client: The process that it belongs to.
        token: Its token.
        manner: How it sends the request.
        start: When it sent the request, or will.
        sent: Whether it has sent it.
        ended: When it was answered or abandoned.
        known: Whether the store holds a slot for it, as far as the caller can tell.
        from_before: Whether it was in flight when the store lost its data.
        unknowable: Whether the store could not take it into account when it lost its data again.
        killed: Whether it was killed.
        arrived: When the request arrived.
    """

    client: StoreClient
    token: int
    manner: Manner
    start: float = math.inf
    sent: bool = False
    ended: float = math.inf
    known: bool = False
    from_before: bool = False
    unknowable: bool = False
    killed: bool = False
    arrived: float = math.inf

    @property
    def bulk(self) -> bool:
        """Whether it is bulk work."""
        return self.manner.bulk

    @property
    def lease_end(self) -> float:
        """When its lease expires."""
        return self.start + self.manner.lease


def most_in_window(arrivals: list[float]) -> int:
    """The maximum number of arrivals in any window: two that are one window apart are not in the same one."""
    inside, most = deque[float](), 0
    for time in sorted(arrivals):
        inside.append(time)
        while inside[0] + PER - TICK <= time:
            inside.popleft()
        most = max(most, len(inside))
    return most


class SharedStore(RuleBasedStateMachine):
    """A store, its callers, and a server that counts arrivals."""

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
        """An idle account, and three processes."""
        self.fixture = self._fixture()
        self.rate = RateLimit(limit, PER, reserve=reserve)
        self.fixture.warm(self.rate)
        self.clients = [StoreClient(self.fixture, self.fixture.open(self.rate)) for _ in range(3)]

    def _fixture(self) -> StoreFixture:
        if self.server:
            return RedisStoreFixture(self.server)
        return FileStoreFixture(Path(self.stack.enter_context(TemporaryDirectory())))

    @rule(client=st.integers(0, 2), manner=MANNERS, callers=st.integers(1, 5))
    def arrive(self, client: int, manner: Manner, callers: int) -> None:
        """Callers arrive in one of the processes."""
        for _ in range(callers):
            caller = Caller(self.clients[client], next(self.tokens), manner)
            self.callers.append(caller)
            self._acquire(caller)

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A waiting caller cancels."""
        caller = data.draw(st.sampled_from(self._waiting()))
        caller.client.cancel(caller.token)
        caller.ended, caller.known = self.fixture.now, False

    @precondition(lambda self: self._in_flight())
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        """A caller abandons its request in flight."""
        self._release(data.draw(st.sampled_from(self._in_flight())))

    @precondition(lambda self: self._waiting() or self._in_flight())
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        """A caller is killed, and releases nothing. Its request still arrives."""
        caller = data.draw(st.sampled_from([*self._waiting(), *self._in_flight()]))
        caller.killed = True
        caller.ended = caller.lease_end if caller.known else self.fixture.now

    @precondition(lambda self: self._waiting())
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A reply is lost, and the request is repeated."""
        self._acquire(data.draw(st.sampled_from(self._waiting())))

    @rule(client=st.integers(0, 2), seconds=st.sampled_from([0, 3, 30]))
    def freeze(self, client: int, seconds: int) -> None:
        """The API responds with 429."""
        self.clients[client].freeze(seconds)
        self.frozen_until = max(self.frozen_until, self.fixture.now + seconds)

    @precondition(lambda self: self.server)
    @rule()
    def lose(self) -> None:
        """Redis loses its data."""
        assert self.server is not None
        with self.server.client() as admin:
            admin.delete(self.clients[0].store.key)  # type: ignore[attr-defined]  # it is a RedisStore
        self.clients[0].freeze(0)  # the first request after that
        self.forget()

    def forget(self) -> None:
        """The store has lost its data."""
        for caller in self.callers:
            caller.unknowable = self._is_unknowable(caller)
            caller.known = False
            caller.from_before = caller.from_before or caller.sent
        self.frozen_until = -math.inf
        self.cold_until = self.fixture.now + PER

    @rule(seconds=st.sampled_from([1, 2, 3, 5, 10, 50]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._run(self.fixture.now + seconds)

    @invariant()
    def the_server_counts_no_more_than_the_limit(self) -> None:
        """Of the arrivals in time, no window contains more than the limit."""
        arrivals = [caller.arrived for caller in self.callers if self._is_guaranteed(caller)]
        assert not arrivals or most_in_window(arrivals) <= self.rate.limit

    def _is_guaranteed(self, caller: Caller) -> bool:
        in_time = caller.arrived <= min(caller.ended, caller.lease_end, self.fixture.now)
        return in_time and not self._is_unknowable(caller)

    def _is_unknowable(self, caller: Caller) -> bool:
        missed = caller.killed or min(caller.ended, self.fixture.now) >= self.cold_until
        return caller.unknowable or (caller.from_before and missed)

    @invariant()
    def no_more_slots_are_held_than_there_are(self) -> None:
        """The callers that hold a slot are never more than the limit."""
        now = self.fixture.now
        held = sum(caller.known and now < min(caller.ended, caller.lease_end) for caller in self.callers)
        assert not self.callers or held <= self.rate.limit

    def teardown(self) -> None:
        """No caller starves: without new callers, all that wait are served, and then all slots are free."""
        try:
            if hasattr(self, "rate"):
                self._end()
        finally:
            self.stack.close()

    def _end(self) -> None:
        longest_lease = 60.0
        rounds = 2 + math.ceil(len(self._waiting()) / self.rate.bulk_slots)
        open_from = max(self.fixture.now, self.frozen_until, self.cold_until)
        self._run(open_from + longest_lease + rounds * (60 + 2 * PER))
        assert self._waiting() == []
        self._run(self.fixture.now + longest_lease + 60 + PER)
        self.the_server_counts_no_more_than_the_limit()
        tokens = [next(self.tokens) for _ in range(self.rate.limit + 1)]
        assert [self.clients[0].acquire(token) for token in tokens] == [0] * self.rate.limit + [None]

    # --- events

    def _waiting(self) -> list[Caller]:
        return [caller for caller in self.callers if not caller.sent and caller.ended == math.inf]

    def _in_flight(self) -> list[Caller]:
        return [caller for caller in self.callers if caller.sent and caller.ended == math.inf]

    def _acquire(self, caller: Caller) -> None:
        reserve_is_free = self._reserve_is_free() and not caller.bulk and not caller.known
        reply = caller.client.send(Command.ACQUIRE, caller.token, bulk=caller.bulk, lease=caller.manner.lease)
        now = self.fixture.now
        if reserve_is_free:
            assert reply.held
            assert now + reply.wait <= max(now, self.frozen_until, self.cold_until) + TICK
        caller.known = reply.held
        caller.start = now + reply.wait
        if reply.held and not reply.wait:
            self._send(caller)
        else:
            self._schedule(caller.start + caller.manner.late, "acquire", caller)

    def _reserve_is_free(self) -> bool:
        """Whether callers other than bulk work use fewer slots than bulk work leaves to them."""
        used = sum(
            (caller.known or caller.sent) and self.fixture.now < caller.ended + PER + TICK
            for caller in self.callers
            if not caller.bulk
        )
        return used < self.rate.limit - self.rate.bulk_slots

    def _send(self, caller: Caller) -> None:
        assert self.fixture.now >= max(self.frozen_until, self.cold_until) - TICK
        caller.sent = True
        self._schedule(self.fixture.now + caller.manner.out, "arrival", caller)
        self._schedule(self.fixture.now + caller.manner.out + caller.manner.back, "response", caller)

    def _release(self, caller: Caller) -> None:
        caller.client.release(caller.token)
        caller.ended = self.fixture.now
        if not caller.known and self.fixture.now < self.cold_until:
            self.cold_until = self.fixture.now + PER
        caller.known = False

    def _schedule(self, when: float, event: str, caller: Caller) -> None:
        heapq.heappush(self.events, (when, next(self.numbers), event, caller))

    def _run(self, until: float) -> None:
        while self.events and self.events[0][0] <= until:
            when, _, event, caller = heapq.heappop(self.events)
            self.fixture.now = max(self.fixture.now, when)
            self._handle(event, caller)
        self.fixture.now = until

    def _handle(self, event: str, caller: Caller) -> None:
        if event == "arrival":
            caller.arrived = self.fixture.now
        elif event == "response":
            if caller.ended == math.inf:
                self._release(caller)
        elif not caller.sent and caller.ended == math.inf:
            self._acquire(caller)


SETTINGS = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_a_store_keeps_the_limit(kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happens, and in any order."""
    monkeypatch.setattr(SharedStore, "server", None if kind == "file" else request.getfixturevalue("redis_server"))
    run_state_machine_as_test(SharedStore, settings=SETTINGS)


class RemovedFile(SharedStore):
    """The property test, with a file that is removed at times."""

    server = None

    @rule()
    def remove(self) -> None:
        """The file is removed."""
        store = self.clients[0].store
        assert isinstance(store, FileStore)
        store.path.unlink()
        self.clients[0].freeze(0)  # the first request after that
        self.forget()


def test_the_limit_is_kept_however_often_the_file_is_removed() -> None:
    """Whatever else happens, and in any order, as with a Redis that loses its data."""
    run_state_machine_as_test(RemovedFile, settings=SETTINGS)
