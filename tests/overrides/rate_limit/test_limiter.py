"""The limiter and threads, in a time that the tests move: nobody waits for the clock."""

from __future__ import annotations

import gc
import hashlib
import logging
import math
import pickle
import threading
from contextlib import closing
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import AsyncSendblue, RateLimit, RateLimiter, RateLimitError, Sendblue
from sendblue_contacts.rate_limit import registry, shared_limiter

from tests.overrides.rate_limit.fake_waiting import DEADLOCK_TIMEOUT, FakeWaiting, acquired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_contacts.rate_limit import Slot

URL = "http://127.0.0.1:9"


@pytest.fixture
def waiting() -> Iterator[FakeWaiting]:
    """A waiting waiting."""
    with closing(FakeWaiting()) as opened:
        yield opened


@pytest.fixture
def one(waiting: FakeWaiting) -> RateLimiter:
    """A limiter with one slot, and windows of 10 s."""
    return waiting.limiter(RateLimit(1, 10.0))


class ThreadCallers:
    """Threads that come one after another, each when the one before him waits."""

    def __init__(self, waiting: FakeWaiting, limiter: RateLimiter) -> None:
        self._hall = waiting
        self._limiter = limiter
        self._threads: list[threading.Thread] = []
        self.slots: dict[str, Slot] = {}
        self.errors: dict[str, RateLimitError] = {}
        self.came = threading.Semaphore(0)

    @property
    def served(self) -> list[str]:
        """The names of those who have their slot, in the order in which they got it."""
        return list(self.slots)

    def arrive(self, name: str, **terms: Any) -> float | None:  # noqa: ANN401  # those of `slot`
        """One more; returns for how long he would wait."""
        self._threads.append(self._hall.thread(partial(self._call, name, terms)))
        return self._hall.next_wait()

    def _call(self, name: str, terms: dict[str, Any]) -> None:
        try:
            self.slots[name] = acquired(self._limiter, **terms)
        except RateLimitError as error:
            self.errors[name] = error
        self.came.release()

    def wake_first(self) -> None:
        """The timer of the one who came first goes off."""
        self._limiter._queue._lanes[False][0].wake()

    def one_is_through(self) -> None:
        """Wait until one more has his slot, or has given up."""
        assert self.came.acquire(timeout=DEADLOCK_TIMEOUT)

    def all_left(self) -> None:
        """Wait until the threads are through."""
        for thread in self._threads:
            thread.join(DEADLOCK_TIMEOUT)
            assert not thread.is_alive()


def test_a_free_slot_costs_no_wait(one: RateLimiter) -> None:
    """Where a slot is free the caller goes on at once."""
    assert acquired(one).waited == 0


def test_a_slot_is_held_in_a_block(one: RateLimiter) -> None:
    """The block has its slot, is told how long it waited, and gives the slot back at its end."""
    with one.slot() as slot:
        assert (slot.waited, one.statistics().in_flight) == (0, 1)
    assert one.statistics().in_flight == 0


def test_a_block_that_fails_gives_its_slot_back(one: RateLimiter) -> None:
    """However the block ends."""
    with pytest.raises(ZeroDivisionError), one.slot():
        raise ZeroDivisionError
    assert one.statistics().in_flight == 0


def test_a_caller_waits_for_the_end_of_the_window(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Without a free slot he waits until the window after the last response is over, and not longer."""
    with one.slot():
        waiting.now += 2
    waiting.now += 3
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") == 7


def test_the_wait_is_told(waiting: FakeWaiting, one: RateLimiter) -> None:
    """The slot knows how long the caller waited for it."""
    with one.slot():
        pass
    waiting.now += 4
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 6
    callers.wake_first()
    callers.all_left()
    assert callers.slots["Ada"].waited == 6


def test_a_caller_waits_for_a_response(waiting: FakeWaiting, one: RateLimiter) -> None:
    """While all slots are in flight there is no time to wait for, until one of them comes back."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") is None
    one.release(slot)
    turn, seconds = waiting.next_waiter()
    assert seconds == 10
    waiting.expire(turn, seconds)
    callers.all_left()
    assert callers.served == ["Ada"]


def test_first_come_first_served(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Threads are served in the order in which they came, each a window after the one before."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    names = ["Ada", "Bob", "Eve", "Joe"]
    for name in names:
        callers.arrive(name)
    for name in names:
        one.release(slot)
        turn, seconds = waiting.next_waiter()
        while seconds is None:
            turn, seconds = waiting.next_waiter()
        waiting.expire(turn, seconds)
        callers.one_is_through()
        slot = callers.slots[name]
    callers.all_left()
    assert (callers.served, waiting.now) == (names, 1040.0)


def test_nobody_overtakes(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Who comes when a slot has just become free stands behind those who wait already."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 10
    assert callers.arrive("Bob") is None
    callers.one_is_through()
    assert callers.served == ["Ada"]


def test_one_watches_the_clock(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Only the first in the queue has a timer; all others wait to be woken."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    assert [callers.arrive(name) for name in ("Ada", "Bob", "Eve")] == [10, None, None]


def test_who_leaves_hands_the_watch_over(waiting: FakeWaiting) -> None:
    """When the first is served, the next has the timer, set to the next slot."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    first, second = acquired(limiter), acquired(limiter)
    limiter.release(first)
    waiting.now += 3
    limiter.release(second)
    callers = ThreadCallers(waiting, limiter)
    assert [callers.arrive(name) for name in ("Ada", "Bob")] == [7, None]
    waiting.now += 7
    callers.wake_first()
    callers.one_is_through()
    assert waiting.next_wait() == 3


def test_a_slot_can_be_given_back_by_another_thread(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Who takes a slot need not be who gives it back."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    thread = threading.Thread(target=one.release, args=(slot,))
    thread.start()
    thread.join()
    assert waiting.next_wait() == 10


def test_an_interrupted_wait_leaves_no_trace(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A thread whose wait is interrupted leaves the queue, takes no slot, and hands the watch over."""
    with one.slot():
        pass
    waiting.on_wait = _interrupt
    with pytest.raises(KeyboardInterrupt):
        acquired(one)
    waiting.next_wait()
    waiting.on_wait = lambda: None
    stands = one.statistics()
    assert (stands.waiting, stands.in_flight, stands.requests) == (0, 0, 1)
    assert ThreadCallers(waiting, one).arrive("Ada") == 10


def _interrupt() -> None:
    raise KeyboardInterrupt


# 429.


def test_a_refusal_stops_everybody(waiting: FakeWaiting) -> None:
    """After a 429 nobody gets a slot for as long as the server said."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(7.0)
    assert limiter.frozen_for() == 7
    assert ThreadCallers(waiting, limiter).arrive("Ada") == 7


def test_a_refusal_without_a_word_lasts_a_window(waiting: FakeWaiting) -> None:
    """Where the server says nothing, one window it is."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused()
    assert limiter.frozen_for() == 10


def test_a_refusal_of_no_time_stops_nobody(waiting: FakeWaiting) -> None:
    """`Retry-After: 0` is not the same as saying nothing."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(0.0)
    assert acquired(limiter).waited == 0


@pytest.mark.parametrize("seconds", [1764240000000.0, math.inf])
def test_a_refusal_is_not_believed_for_longer_than_a_day(waiting: FakeWaiting, seconds: float) -> None:
    """A server that says milliseconds stops nobody for ever, and breaks no clock."""
    limiter = waiting.limiter(RateLimit(1))
    limiter.refused(seconds)
    assert limiter.frozen_for() == 86_400
    assert limiter.statistics().frozen_until is not None


@pytest.mark.parametrize(
    "terms", [{"max_wait": "1"}, {"max_wait": -1}, {"max_wait": math.nan}, {"freeze_timeout": True}, {"lease": -1}]
)
def test_a_wait_that_is_no_time_is_refused(one: RateLimiter, terms: dict[str, Any]) -> None:
    """Before anybody waits."""
    with pytest.raises(ValueError, match=r"(max_wait|freeze_timeout|lease) must be a number of seconds"):
        one.slot(**terms)


def test_a_freeze_ends(waiting: FakeWaiting) -> None:
    """When its time is over, `frozen_for` is 0, and slots are free."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(7.0)
    waiting.now += 7.5
    assert (limiter.frozen_for(), acquired(limiter).waited) == (0, 0)


def test_a_refusal_reaches_those_who_wait(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A waiter whose timer goes off during a freeze waits for its end."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    one.refused(25.0)
    waiting.now += 10
    callers.wake_first()
    assert waiting.next_wait() == 15


# Without a limit.


def test_no_limit_never_waits(waiting: FakeWaiting) -> None:
    """`RateLimiter(None)` lets everybody through and counts."""
    limiter = waiting.limiter(None)
    assert [acquired(limiter).waited for _ in range(500)] == [0.0] * 500
    stands = limiter.statistics()
    assert (stands.limit, stands.free, stands.in_flight, stands.requests) == (None, None, 500, 500)


def test_no_limit_counts_what_comes_back(waiting: FakeWaiting) -> None:
    """What is in flight is known without a limit too."""
    limiter = waiting.limiter(None)
    with limiter.slot():
        pass
    assert limiter.statistics().in_flight == 0


def test_no_limit_is_not_stopped_by_a_429(waiting: FakeWaiting) -> None:
    """Whoever turned the limit off is not held up, and the refusal is counted."""
    limiter = waiting.limiter(None)
    limiter.refused(100.0)
    assert (limiter.frozen_for(), acquired(limiter).waited, limiter.statistics().refusals) == (0, 0, 1)


# Statistics and the log.


def test_statistics_of_a_new_limiter() -> None:
    """Everything is free and nothing has happened; the limit is 100 unless another is given."""
    stands = RateLimiter().statistics()
    assert (stands.limit, stands.free, stands.in_flight, stands.waiting) == (100, 100, 0, 0)
    assert (stands.frozen_until, stands.requests, stands.refusals) == (None, 0, 0)
    assert (stands.total_waited, stands.longest_wait) == (0, 0)


def test_statistics_count(waiting: FakeWaiting) -> None:
    """Slots in flight, free and taken, who waits, for how long they waited, refusals and the freeze."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    limiter.release(acquired(limiter))
    acquired(limiter)
    callers = ThreadCallers(waiting, limiter)
    callers.arrive("Ada")
    limiter.refused(3.0)
    stands = limiter.statistics()
    assert (stands.in_flight, stands.waiting, stands.free) == (1, 1, 0)
    assert (stands.requests, stands.refusals) == (2, 1)
    waiting.now += 10
    callers.wake_first()
    callers.all_left()
    stands = limiter.statistics()
    assert (stands.requests, stands.waiting, stands.in_flight) == (3, 0, 2)
    assert (stands.total_waited, stands.longest_wait) == (10, 10)


def test_statistics_say_until_when_all_is_frozen(waiting: FakeWaiting) -> None:
    """After a 429 there is a time on the wall clock until which nobody sends; when it is over, there is none."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    before = datetime.now(UTC)
    limiter.refused(3600.0)
    until = limiter.statistics().frozen_until
    assert until is not None
    assert timedelta(hours=1) <= until - before < timedelta(hours=1, minutes=1)
    waiting.now += 3600
    assert limiter.statistics().frozen_until is None


def test_waits_add_up(waiting: FakeWaiting, one: RateLimiter) -> None:
    """All waits are added, those too that came to nothing, and the longest is known."""
    one.release(acquired(one))
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada", max_wait=60.0)
    callers.arrive("Bob", max_wait=25.0)
    waiting.now += 5
    one.refused(30.0)
    callers.one_is_through()
    waiting.now += 30
    callers.wake_first()
    callers.all_left()
    stands = one.statistics()
    assert (sorted(callers.errors), stands.total_waited, stands.longest_wait) == (["Bob"], 40, 35)


def test_statistics_cannot_be_changed() -> None:
    """They are a report, and frozen."""
    with pytest.raises(FrozenInstanceError):
        RateLimiter().statistics().requests = 5  # type: ignore[misc]  # that is what is tested


def test_a_long_wait_is_said_once(waiting: FakeWaiting, one: RateLimiter, caplog: pytest.LogCaptureFixture) -> None:
    """A wait of more than a second is one line in the log, however often the waiter looks."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 4
    callers.wake_first()
    waiting.next_wait()
    assert [record.getMessage() for record in caplog.records] == ["waiting for the rate limit, at least 10.0 s"]


def test_a_wait_that_turned_out_to_be_long_is_said(
    waiting: FakeWaiting, one: RateLimiter, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nobody knew it when it began, it is one line when it is over."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    with one.slot():
        pass
    waiting.now += 9.5
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    assert caplog.records == []
    waiting.now += 4
    callers.wake_first()
    callers.all_left()
    assert [record.getMessage() for record in caplog.records] == ["waiting for the rate limit, at least 4.0 s"]


def test_a_short_wait_is_not_said(waiting: FakeWaiting, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody wants to read of a second."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    limiter = waiting.limiter(RateLimit(1, 1.0))
    with limiter.slot():
        pass
    ThreadCallers(waiting, limiter).arrive("Ada")
    assert caplog.records == []


# Sharing.


def test_one_account_on_one_host_has_one_limiter() -> None:
    """Clients of both kinds share it without being told to; another account, host or limit has another."""
    first = Sendblue("one", "secret", base_url=URL).rate_limit
    assert AsyncSendblue("one", "another", base_url=URL).rate_limit is first
    others = [
        Sendblue("two", "secret", base_url=URL),
        Sendblue("one", "secret", base_url="http://127.0.0.1:10"),
        Sendblue("one", "secret", base_url=URL, rate_limit=RateLimit(50, 5.0)),
    ]
    assert len({id(limiter) for limiter in (first, *(other.rate_limit for other in others))}) == 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://api.sendblue.co", "https://API.sendblue.co:443/"),
        ("https://api.sendblue.co", "https://api.sendblue.co./"),
        ("http://127.0.0.1", "http://127.0.0.1:80"),
    ],
)
def test_a_host_is_one_however_it_is_written(one: str, other: str) -> None:
    """Capitals, the usual port and a dot at the end make no other host, and so no second limit."""
    limiters = {id(Sendblue("spelled", "secret", base_url=url).rate_limit) for url in (one, other)}
    assert len(limiters) == 1


@pytest.mark.parametrize("settings", [{"reserve": 20}, {"paced": True}, {"on_unavailable": "raise"}])
def test_other_settings_make_no_second_limit(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """Two windows would let twice as many through: the settings are those of the first client, as the log says."""
    key = f"settings {settings}".replace(" ", "-")
    first = Sendblue(key, "secret", base_url=URL).rate_limit
    assert Sendblue(key, "secret", base_url=URL, rate_limit=RateLimit(**settings)).rate_limit is first
    assert [
        record.levelname for record in caplog.records if "pass the same rate_limit= to all of them" in record.message
    ] == ["WARNING"]


def test_another_limit_for_an_account_is_said(caplog: pytest.LogCaptureFixture) -> None:
    """Two different limits are kept each for itself, which may break both."""
    Sendblue("two-limits", "secret", base_url=URL)
    assert caplog.records == []
    Sendblue("two-limits", "secret", base_url=URL, rate_limit=RateLimit(50))
    assert ["more than either allows" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("given", [50, "memory", False, {"limit": 50}])
def test_what_is_no_rate_limit_is_refused(given: Any) -> None:  # noqa: ANN401  # of the wrong type
    """The error says what it must be."""
    with pytest.raises(TypeError, match="must be a RateLimit, a RateLimiter or None, not "):
        Sendblue("key", "secret", base_url=URL, rate_limit=given)


def test_a_limiter_outlives_its_client() -> None:
    """A client that is made after another was closed knows what that one sent."""
    with Sendblue("outlives", "secret", base_url=URL) as client:
        acquired(client.rate_limit)
    gc.collect()
    assert Sendblue("outlives", "secret", base_url=URL).rate_limit.statistics().in_flight == 1


def test_a_limiter_can_be_handed_over() -> None:
    """`rate_limit=` takes a limiter to share, and None for one that never waits."""
    limiter = RateLimiter(RateLimit(5))
    assert Sendblue("key", "secret", rate_limit=limiter).rate_limit is limiter
    assert Sendblue("key", "secret", rate_limit=None).rate_limit.rate is None


def test_threads_get_the_same_shared_limiter() -> None:
    """However many ask for it at the same time."""
    barrier, found = threading.Barrier(8), list[RateLimiter]()

    def ask() -> None:
        barrier.wait(DEADLOCK_TIMEOUT)
        found.append(shared_limiter("together", "host", RateLimit()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(limiter) for limiter in found}) == 1


def reachable(*roots: object) -> list[object]:
    """Everything that hangs on these objects, as the garbage collector sees it, without code."""
    seen: dict[int, object] = {}
    todo = list(roots)
    while todo:
        thing = todo.pop()
        if id(thing) not in seen and not isinstance(thing, type | ModuleType | FunctionType):
            seen[id(thing)] = thing
            todo.extend(gc.get_referents(thing))
    return list(seen.values())


def test_the_key_is_not_kept_in_clear() -> None:
    """Whatever hangs on a shared limiter, and on the table of all of them, the key is not there."""
    key = f"canary-key-{id(object())}"
    limiter = shared_limiter(key, "host", RateLimit())
    texts = [thing for thing in reachable(limiter, registry._REGISTRY) if isinstance(thing, str | bytes)]
    assert hashlib.sha256(f"host\n{key}".encode()).hexdigest() in texts
    assert not [text for text in texts if key in str(text)]
    assert key not in repr(limiter) + repr(limiter.statistics())


def test_a_limiter_does_not_travel() -> None:
    """A pickle would be a second limiter that knows nothing of the first, so there is none."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(RateLimiter())


@pytest.mark.parametrize("show", [repr, str])
def test_a_limiter_says_what_it_allows(show: Callable[[object], str]) -> None:
    """Its text is its rate."""
    assert show(RateLimiter(RateLimit(5, 2.0))) == (
        "RateLimiter(RateLimit(limit=5, per=2.0, reserve=10, paced=False, on_unavailable='block'))"
    )
