"""The limiter and threads, in a time that the tests control: no test waits for the clock."""

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
    """The waits of a limiter."""
    with closing(FakeWaiting()) as opened:
        yield opened


@pytest.fixture
def one(waiting: FakeWaiting) -> RateLimiter:
    """A limiter with one slot, and windows of 10 s."""
    return waiting.limiter(RateLimit(1, 10.0))


class ThreadCallers:
    """Threads that arrive one after another, each when the one before it waits."""

    def __init__(self, waiting: FakeWaiting, limiter: RateLimiter) -> None:
        self._hall = waiting
        self._limiter = limiter
        self._threads: list[threading.Thread] = []
        self.slots: dict[str, Slot] = {}
        self.errors: dict[str, RateLimitError] = {}
        self.came = threading.Semaphore(0)

    @property
    def served(self) -> list[str]:
        """The names of the callers that hold their slot, in the order in which they got it."""
        return list(self.slots)

    def arrive(self, name: str, **terms: Any) -> float | None:  # noqa: ANN401  # those of `slot`
        """One more caller; returns for how long it waits."""
        self._threads.append(self._hall.thread(partial(self._call, name, terms)))
        return self._hall.next_wait()

    def _call(self, name: str, terms: dict[str, Any]) -> None:
        try:
            self.slots[name] = acquired(self._limiter, **terms)
        except RateLimitError as error:
            self.errors[name] = error
        self.came.release()

    def wake_first(self) -> None:
        """The timer of the caller that arrived first expires."""
        self._limiter._queue._lanes[False][0].wake()

    def wait_for_one(self) -> None:
        """Wait until one more caller has its slot, or an error."""
        assert self.came.acquire(timeout=DEADLOCK_TIMEOUT)

    def wait_for_all(self) -> None:
        """Wait until the threads have ended."""
        for thread in self._threads:
            thread.join(DEADLOCK_TIMEOUT)
            assert not thread.is_alive()


def test_a_free_slot_is_acquired_at_once(one: RateLimiter) -> None:
    """A caller does not wait while a slot is free."""
    assert acquired(one).waited == 0


def test_a_slot_is_held_in_a_block(one: RateLimiter) -> None:
    """The block holds its slot, and releases it at its end; `waited` is the length of the wait."""
    with one.slot() as slot:
        assert (slot.waited, one.statistics().in_flight) == (0, 1)
    assert one.statistics().in_flight == 0


def test_a_block_that_raises_releases_its_slot(one: RateLimiter) -> None:
    """However the block ends."""
    with pytest.raises(ZeroDivisionError), one.slot():
        raise ZeroDivisionError
    assert one.statistics().in_flight == 0


def test_a_caller_waits_for_the_end_of_the_window(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Without a free slot it waits until one window after the last response, and not longer."""
    with one.slot():
        waiting.now += 2
    waiting.now += 3
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") == 7


def test_the_wait_is_recorded(waiting: FakeWaiting, one: RateLimiter) -> None:
    """`waited` is the time that the caller waited for its slot."""
    with one.slot():
        pass
    waiting.now += 4
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 6
    callers.wake_first()
    callers.wait_for_all()
    assert callers.slots["Ada"].waited == 6


def test_a_caller_waits_for_a_response(waiting: FakeWaiting, one: RateLimiter) -> None:
    """While all slots are in flight there is no timer, until one of them is released."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    assert callers.arrive("Ada") is None
    one.release(slot)
    turn, seconds = waiting.next_waiter()
    assert seconds == 10
    waiting.expire(turn, seconds)
    callers.wait_for_all()
    assert callers.served == ["Ada"]


def test_first_come_first_served(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Threads are served in the order of their arrival, each one window after the one before."""
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
        callers.wait_for_one()
        slot = callers.slots[name]
    callers.wait_for_all()
    assert (callers.served, waiting.now) == (names, 1040.0)


def test_a_new_caller_does_not_overtake(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A caller that arrives when a slot has just become free queues behind those that wait already."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 10
    assert callers.arrive("Bob") is None
    callers.wait_for_one()
    assert callers.served == ["Ada"]


def test_one_waiter_has_a_timer(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Only the head of the queue has a timer; all others wait to be woken."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    assert [callers.arrive(name) for name in ("Ada", "Bob", "Eve")] == [10, None, None]


def test_the_next_waiter_gets_the_timer(waiting: FakeWaiting) -> None:
    """When the head is served, the next one has a timer, set to the next slot."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    first, second = acquired(limiter), acquired(limiter)
    limiter.release(first)
    waiting.now += 3
    limiter.release(second)
    callers = ThreadCallers(waiting, limiter)
    assert [callers.arrive(name) for name in ("Ada", "Bob")] == [7, None]
    waiting.now += 7
    callers.wake_first()
    callers.wait_for_one()
    assert waiting.next_wait() == 3


def test_another_thread_can_release_a_slot(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A slot does not belong to the thread that acquired it."""
    slot = acquired(one)
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    thread = threading.Thread(target=one.release, args=(slot,))
    thread.start()
    thread.join()
    assert waiting.next_wait() == 10


def test_an_interrupted_wait_has_no_effect(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A thread whose wait is interrupted leaves the queue, takes no slot, and the next one has the timer."""
    with one.slot():
        pass
    waiting.on_wait = _interrupt
    with pytest.raises(KeyboardInterrupt):
        acquired(one)
    waiting.next_wait()
    waiting.on_wait = lambda: None
    statistics = one.statistics()
    assert (statistics.waiting, statistics.in_flight, statistics.requests) == (0, 0, 1)
    assert ThreadCallers(waiting, one).arrive("Ada") == 10


def _interrupt() -> None:
    raise KeyboardInterrupt


# 429.


def test_a_429_freezes_all_callers(waiting: FakeWaiting) -> None:
    """No slot is free for the time of `Retry-After`."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(7.0)
    assert limiter.frozen_for() == 7
    assert ThreadCallers(waiting, limiter).arrive("Ada") == 7


def test_a_429_without_retry_after_freezes_for_one_window(waiting: FakeWaiting) -> None:
    """The default is the length of the window."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused()
    assert limiter.frozen_for() == 10


def test_a_429_with_retry_after_zero_does_not_freeze(waiting: FakeWaiting) -> None:
    """`Retry-After: 0` is not the same as no `Retry-After`."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(0.0)
    assert acquired(limiter).waited == 0


@pytest.mark.parametrize("seconds", [1764240000000.0, math.inf])
def test_a_freeze_lasts_at_most_one_day(waiting: FakeWaiting, seconds: float) -> None:
    """A server that sends milliseconds stops no caller forever, and no time overflows."""
    limiter = waiting.limiter(RateLimit(1))
    limiter.refused(seconds)
    assert limiter.frozen_for() == 86_400
    assert limiter.statistics().frozen_until is not None


@pytest.mark.parametrize(
    "terms", [{"max_wait": "1"}, {"max_wait": -1}, {"max_wait": math.nan}, {"freeze_timeout": True}]
)
def test_an_invalid_number_of_seconds_is_an_error(one: RateLimiter, terms: dict[str, Any]) -> None:
    """Before any wait."""
    with pytest.raises(ValueError, match=r"(max_wait|freeze_timeout) must be a number of seconds"):
        one.slot(**terms)


def test_a_freeze_ends(waiting: FakeWaiting) -> None:
    """When its time has passed, `frozen_for` is 0, and slots are free."""
    limiter = waiting.limiter(RateLimit(100, 10.0))
    limiter.refused(7.0)
    waiting.now += 7.5
    assert (limiter.frozen_for(), acquired(limiter).waited) == (0, 0)


def test_a_freeze_applies_to_waiting_callers(waiting: FakeWaiting, one: RateLimiter) -> None:
    """A waiter whose timer expires during a freeze waits for its end."""
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    one.refused(25.0)
    waiting.now += 10
    callers.wake_first()
    assert waiting.next_wait() == 15


# Without a limit.


def test_without_a_limit_no_caller_waits(waiting: FakeWaiting) -> None:
    """`RateLimiter(None)` admits all requests and counts them."""
    limiter = waiting.limiter(None)
    assert [acquired(limiter).waited for _ in range(500)] == [0.0] * 500
    statistics = limiter.statistics()
    assert (statistics.limit, statistics.free, statistics.in_flight, statistics.requests) == (None, None, 500, 500)


def test_without_a_limit_requests_in_flight_are_counted(waiting: FakeWaiting) -> None:
    """A released slot is no longer in flight."""
    limiter = waiting.limiter(None)
    with limiter.slot():
        pass
    assert limiter.statistics().in_flight == 0


def test_without_a_limit_a_429_does_not_freeze(waiting: FakeWaiting) -> None:
    """It is only counted."""
    limiter = waiting.limiter(None)
    limiter.refused(100.0)
    assert (limiter.frozen_for(), acquired(limiter).waited, limiter.statistics().refusals) == (0, 0, 1)


# Statistics and the log.


def test_statistics_of_a_new_limiter() -> None:
    """All slots are free and all totals are zero; the default limit is 100."""
    statistics = RateLimiter().statistics()
    assert (statistics.limit, statistics.free, statistics.in_flight, statistics.waiting) == (100, 100, 0, 0)
    assert (statistics.frozen_until, statistics.requests, statistics.refusals) == (None, 0, 0)
    assert (statistics.total_waited, statistics.longest_wait) == (0, 0)


def test_statistics(waiting: FakeWaiting) -> None:
    """Slots in flight, free and acquired, waiting callers, the lengths of waits, refusals and the freeze."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    limiter.release(acquired(limiter))
    acquired(limiter)
    callers = ThreadCallers(waiting, limiter)
    callers.arrive("Ada")
    limiter.refused(3.0)
    statistics = limiter.statistics()
    assert (statistics.in_flight, statistics.waiting, statistics.free) == (1, 1, 0)
    assert (statistics.requests, statistics.refusals) == (2, 1)
    waiting.now += 10
    callers.wake_first()
    callers.wait_for_all()
    statistics = limiter.statistics()
    assert (statistics.requests, statistics.waiting, statistics.in_flight) == (3, 0, 2)
    assert (statistics.total_waited, statistics.longest_wait) == (10, 10)


def test_statistics_contain_the_end_of_a_freeze(waiting: FakeWaiting) -> None:
    """A time of the wall clock after a 429; None when it has passed."""
    limiter = waiting.limiter(RateLimit(2, 10.0))
    before = datetime.now(UTC)
    limiter.refused(3600.0)
    until = limiter.statistics().frozen_until
    assert until is not None
    assert timedelta(hours=1) <= until - before < timedelta(hours=1, minutes=1)
    waiting.now += 3600
    assert limiter.statistics().frozen_until is None


def test_statistics_add_up_the_waits(waiting: FakeWaiting, one: RateLimiter) -> None:
    """Also those that ended in an error; the longest is recorded."""
    one.release(acquired(one))
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada", max_wait=60.0)
    callers.arrive("Bob", max_wait=25.0)
    waiting.now += 5
    one.refused(30.0)
    callers.wait_for_one()
    waiting.now += 30
    callers.wake_first()
    callers.wait_for_all()
    statistics = one.statistics()
    assert (sorted(callers.errors), statistics.total_waited, statistics.longest_wait) == (["Bob"], 40, 35)


def test_statistics_cannot_be_changed() -> None:
    """They are a frozen dataclass."""
    with pytest.raises(FrozenInstanceError):
        RateLimiter().statistics().requests = 5  # type: ignore[misc]  # that is what is tested


def test_a_long_wait_is_logged_once(waiting: FakeWaiting, one: RateLimiter, caplog: pytest.LogCaptureFixture) -> None:
    """A wait of more than a second is one line in the log, however often the waiter checks."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    with one.slot():
        pass
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    waiting.now += 4
    callers.wake_first()
    waiting.next_wait()
    assert [record.getMessage() for record in caplog.records] == ["waiting for the rate limit, at least 10.0 s"]


def test_a_wait_that_becomes_long_is_logged_at_its_end(
    waiting: FakeWaiting, one: RateLimiter, caplog: pytest.LogCaptureFixture
) -> None:
    """If its length was not known at its beginning."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    with one.slot():
        pass
    waiting.now += 9.5
    callers = ThreadCallers(waiting, one)
    callers.arrive("Ada")
    assert caplog.records == []
    waiting.now += 4
    callers.wake_first()
    callers.wait_for_all()
    assert [record.getMessage() for record in caplog.records] == ["waiting for the rate limit, at least 4.0 s"]


def test_a_short_wait_is_not_logged(waiting: FakeWaiting, caplog: pytest.LogCaptureFixture) -> None:
    """A second or less."""
    caplog.set_level(logging.INFO, "sendblue_contacts")
    limiter = waiting.limiter(RateLimit(1, 1.0))
    with limiter.slot():
        pass
    ThreadCallers(waiting, limiter).arrive("Ada")
    assert caplog.records == []


# Sharing.


def test_one_account_on_one_host_has_one_limiter() -> None:
    """Clients of both kinds share it automatically; another account, host or limit has a limiter of its own."""
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
def test_spellings_of_a_host_share_one_limiter(one: str, other: str) -> None:
    """Upper case, the default port and a trailing dot make no other host, and so no second limit."""
    limiters = {id(Sendblue("spelled", "secret", base_url=url).rate_limit) for url in (one, other)}
    assert len(limiters) == 1


@pytest.mark.parametrize("settings", [{"reserve": 20}, {"paced": True}, {"on_unavailable": "raise"}])
def test_other_settings_make_no_second_limit(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """The settings are those of the first client, and a warning is logged: two windows would admit twice the limit."""
    key = f"settings {settings}".replace(" ", "-")
    first = Sendblue(key, "secret", base_url=URL).rate_limit
    assert Sendblue(key, "secret", base_url=URL, rate_limit=RateLimit(**settings)).rate_limit is first
    assert [
        record.levelname for record in caplog.records if "pass the same rate_limit= to all of them" in record.message
    ] == ["WARNING"]


def test_another_limit_for_an_account_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Two different limits are kept separately, which may break both."""
    Sendblue("two-limits", "secret", base_url=URL)
    assert caplog.records == []
    Sendblue("two-limits", "secret", base_url=URL, rate_limit=RateLimit(50))
    assert ["more than either allows" in record.message for record in caplog.records] == [True]


@pytest.mark.parametrize("given", [50, "memory", False, {"limit": 50}])
def test_an_invalid_rate_limit_is_an_error(given: Any) -> None:  # noqa: ANN401  # of the wrong type
    """The message states what it must be."""
    with pytest.raises(TypeError, match="must be a RateLimit, a RateLimiter or None, not "):
        Sendblue("key", "secret", base_url=URL, rate_limit=given)


def test_a_limiter_outlives_its_client() -> None:
    """A client that is created after another one was closed takes into account what that one sent."""
    with Sendblue("outlives", "secret", base_url=URL) as client:
        acquired(client.rate_limit)
    gc.collect()
    assert Sendblue("outlives", "secret", base_url=URL).rate_limit.statistics().in_flight == 1


def test_a_limiter_can_be_passed() -> None:
    """`rate_limit=` accepts a limiter to share, and None for no limit."""
    limiter = RateLimiter(RateLimit(5))
    assert Sendblue("key", "secret", rate_limit=limiter).rate_limit is limiter
    assert Sendblue("key", "secret", rate_limit=None).rate_limit.rate is None


def test_threads_get_the_same_shared_limiter() -> None:
    """However many request it at the same time."""
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
    """All objects that these refer to, directly or indirectly, without code."""
    seen: dict[int, object] = {}
    todo = list(roots)
    while todo:
        thing = todo.pop()
        if id(thing) not in seen and not isinstance(thing, type | ModuleType | FunctionType):
            seen[id(thing)] = thing
            todo.extend(gc.get_referents(thing))
    return list(seen.values())


def test_the_key_is_only_kept_as_a_hash() -> None:
    """No object that a shared limiter or the registry refers to contains the key."""
    key = f"unique-key-{id(object())}"
    limiter = shared_limiter(key, "host", RateLimit())
    texts = [thing for thing in reachable(limiter, registry._REGISTRY) if isinstance(thing, str | bytes)]
    assert hashlib.sha256(f"host\n{key}".encode()).hexdigest() in texts
    assert not [text for text in texts if key in str(text)]
    assert key not in repr(limiter) + repr(limiter.statistics())


def test_a_limiter_cannot_be_pickled() -> None:
    """A copy would be a second limiter, which admits twice as many requests."""
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(RateLimiter())


@pytest.mark.parametrize("show", [repr, str])
def test_the_repr_of_a_limiter_contains_its_rate(show: Callable[[object], str]) -> None:
    """And nothing else."""
    assert show(RateLimiter(RateLimit(5, 2.0))) == (
        "RateLimiter(RateLimit(limit=5, per=2.0, reserve=10, paced=False, on_unavailable='block'))"
    )
