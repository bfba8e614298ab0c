"""The limiter with a shared store: the test resumes callers and provides replies one by one, in every relevant order.

The stores have tests of their own; these are about the caller, the window and the reply, and above all about lost
wake-ups: no caller sleeps that could continue.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts import RateLimit, RateLimitError, RateLimitStoreError
from sendblue_contacts.rate_limit import limiter as limiter_module
from sendblue_contacts.rate_limit.stores.base import Command, StoreCall, StoreReply, StoreUnavailableError

from tests.overrides.rate_limit.stepped_callers import Callers, ScriptedStore, Sending, SteppedCaller, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = StoreReply()
"""The slot may be used at once."""
ALL_IN_FLIGHT = StoreReply(wait=10.0, held=False)
UNAVAILABLE = StoreUnavailableError("no reply")
LEASE_EXPIRED = (
    "a request held its slot of the rate limit for 61 s, longer than its lease of 60 s: another process may have used "
    "the slot, and more requests than the limit may have arrived; pass a longer lease= to slot(), or shorten the "
    "timeout of the request"
)


@pytest.fixture(autouse=True)
def no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send releases without the timeout, which needs an event loop."""

    async def async_send(call: StoreCall | None) -> None:
        if call:
            await call.async_run()

    monkeypatch.setattr(limiter_module, "async_notify", async_send)


def make_callers(limit: int = 10, reserve: int = 4, **settings: object) -> tuple[Callers, ScriptedStore]:
    """A limiter with windows of 10 s, and its store."""
    store = ScriptedStore()
    return Callers(RateLimit(limit, 10.0, reserve, **settings), store), store  # type: ignore[arg-type]  # those of RateLimit


def is_asking(caller: SteppedCaller) -> bool:
    """Whether a caller is suspended in a request to the store."""
    assert isinstance(caller.suspended, Sending | Waiting)
    return isinstance(caller.suspended, Sending)


def received(store: ScriptedStore) -> list[Command]:
    """The commands that the store received besides ACQUIRE, oldest first."""
    return [request.command for request in store.received]


def reply(callers: Callers, caller: SteppedCaller, result: StoreReply | StoreUnavailableError) -> None:
    """Reply to a caller, and resume those that this wakes."""
    caller.reply(result)
    if caller.suspended is None and caller in callers.suspended:
        callers.suspended.remove(caller)
    callers.run_ready()


def test_a_slot_is_acquired_and_released_in_the_store() -> None:
    """Each HTTP request sends two requests to the store, with one token."""
    callers, store = make_callers()
    caller = callers.arrive()
    assert isinstance(caller.suspended, Sending)
    token = caller.suspended.request.token
    reply(callers, caller, NOW)
    assert caller.is_served
    caller.release()
    assert [(request.command, request.token) for request in store.received] == [(Command.RELEASE, token)]


def test_a_caller_asks_again_after_its_wait() -> None:
    """A caller that had to wait repeats its request, with the same token, before it sends."""
    callers, _ = make_callers()
    caller = callers.arrive()
    assert isinstance(caller.suspended, Sending)
    token = caller.suspended.request.token
    reply(callers, caller, StoreReply(wait=3.0))
    assert caller.due == callers.now + 3
    callers.run_until(1003)
    assert isinstance(caller.suspended, Sending)
    assert caller.suspended.request.token == token
    reply(callers, caller, NOW)
    assert (caller.is_served, caller.slot.waited) == (True, 3)


def test_a_caller_without_a_reserved_slot_asks_again() -> None:
    """When all slots are in flight in other processes, it asks again after one window."""
    callers, _ = make_callers()
    caller = callers.arrive()
    reply(callers, caller, ALL_IN_FLIGHT)
    callers.run_until(1010)
    assert is_asking(caller)


def test_each_process_keeps_the_limit_whatever_the_store_replies() -> None:
    """With a store that has lost everything, no process sends more than the limit."""
    callers, _ = make_callers(limit=1)
    caller = callers.arrive()
    reply(callers, caller, NOW)
    caller.release()
    following = callers.arrive()
    assert (is_asking(following), following.due) == (False, 1010)


def test_one_caller_of_each_lane_asks_at_a_time() -> None:
    """So the callers of a process are served in order, and a lane that waits for the store does not delay the other."""
    callers, _ = make_callers()
    first, second, bulk = callers.arrive(), callers.arrive(), callers.arrive(bulk=True)
    assert (is_asking(first), is_asking(second), is_asking(bulk)) == (True, False, True)
    reply(callers, first, NOW)
    assert is_asking(second)


def test_a_caller_that_does_not_wait_asks_at_the_same_time() -> None:
    """With `max_wait=0` a caller cannot queue behind one that asks; a slot of the window is free, so it asks too."""
    callers, _ = make_callers()
    first, second = callers.arrive(), callers.arrive(max_wait=0)
    assert (is_asking(first), is_asking(second)) == (True, True)
    third = callers.arrive()
    reply(callers, second, NOW)
    assert (second.is_served, is_asking(third)) == (True, False)
    reply(callers, first, NOW)
    assert is_asking(third)


def test_the_time_of_a_slow_reply_counts_as_a_wait(caplog: pytest.LogCaptureFixture) -> None:
    """Also if the slot is free at once."""
    caplog.set_level("INFO", "sendblue_contacts")
    callers, _ = make_callers()
    caller = callers.arrive()
    callers.run_until(1001.5)
    reply(callers, caller, NOW)
    assert (caller.slot.waited, callers.limiter.statistics().total_waited) == (1.5, 1.5)
    assert [record.message for record in caplog.records] == ["waited 1.5 s for the rate limit store"]


def test_a_caller_that_asks_the_store_is_not_counted_as_a_request() -> None:
    """Neither in `requests` nor in `in_flight`, until the store has granted the slot."""
    callers, _ = make_callers()
    first, second = callers.arrive(), callers.arrive()
    statistics = callers.limiter.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.waiting) == (0, 0, 1)
    reply(callers, first, StoreReply(wait=3.0))
    assert (callers.limiter.statistics().requests, callers.limiter.statistics().in_flight) == (0, 0)
    callers.run_until(1003)
    reply(callers, first, NOW)
    reply(callers, second, NOW)
    assert (callers.limiter.statistics().requests, callers.limiter.statistics().in_flight) == (2, 2)


def test_a_caller_waits_behind_one_that_waits_for_the_store() -> None:
    """It asks when the other one has finished, not before."""
    callers, _ = make_callers()
    first, second = callers.arrive(), callers.arrive()
    reply(callers, first, StoreReply(wait=3.0))
    assert (is_asking(second), second.due) == (False, math.inf)
    callers.run_until(1003)
    reply(callers, first, NOW)
    assert is_asking(second)


def test_the_other_lane_continues_while_bulk_work_waits_for_the_store() -> None:
    """Bulk work came first and holds a slot of the window; a caller that slept because of it is woken."""
    callers, _ = make_callers(limit=2, reserve=1)
    for caller in [callers.arrive(), callers.arrive(bulk=True)]:
        reply(callers, caller, NOW)
        caller.release()
    bulk, other = callers.arrive(bulk=True), callers.arrive()
    callers.now += 10
    other.resume()
    assert other.due == math.inf
    callers.run_ready()
    reply(callers, bulk, StoreReply(wait=9.0))
    assert is_asking(other)


def wake_and_then(callers: Callers, action: Callable[[], object]) -> Callable[[], None]:
    """`wake_next` followed by an action, once: threads can be scheduled at this point."""
    wake = callers.limiter._queue.wake_next
    actions = [action]

    def wake_next() -> None:
        wake()
        if actions:
            actions.pop()()

    return wake_next


def test_bulk_work_wakes_when_another_caller_joins_before_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store makes a caller wait that had not queued; it joins before another, for which bulk work slept."""
    callers, _ = make_callers()
    reply(callers, callers.arrive(bulk=True), NOW)
    caller, passed, bulk = callers.arrive(), callers.arrive(), callers.arrive(bulk=True)
    callers.now += 2
    monkeypatch.setattr(callers.limiter._queue, "wake_next", wake_and_then(callers, bulk.resume))
    caller.reply(StoreReply(wait=9.0))
    assert bulk.due == math.inf
    callers.run_ready()
    assert (is_asking(passed), is_asking(bulk)) == (False, True)


def test_the_next_caller_continues_when_one_is_cancelled_that_asks() -> None:
    """The slot of the window is free again, and the slot of the store is cancelled."""
    callers, store = make_callers(limit=1)
    caller, following = callers.arrive(), callers.arrive()
    caller.cancel()
    callers.suspended.remove(caller)
    callers.run_ready()
    assert (received(store), is_asking(following)) == ([Command.CANCEL], True)


def test_the_next_caller_continues_when_one_is_cancelled_that_waits_for_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Callers behind it check only when its slot of the window is free again: in threads these are two moments."""
    callers, store = make_callers(limit=1)
    caller, following = callers.arrive(), callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    monkeypatch.setattr(callers.limiter._queue, "wake_next", wake_and_then(callers, callers.run_ready))
    caller.cancel()
    callers.suspended.remove(caller)
    callers.run_ready()
    assert (received(store), is_asking(following)) == ([Command.CANCEL], True)


def test_a_slot_that_was_not_used_is_free_as_before() -> None:
    """A caller that is cancelled while it waits for the store is not counted."""
    callers, _ = make_callers(limit=1)
    caller = callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    caller.cancel()
    statistics = callers.limiter.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.free, statistics.waiting) == (0, 0, 1, 0)


def test_a_wait_for_the_store_beyond_max_wait_is_an_error() -> None:
    """The slot of the store is cancelled, and the callers behind it continue."""
    callers, store = make_callers()
    caller, following = callers.arrive(max_wait=2), callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    assert isinstance(caller.error, RateLimitError)
    assert (caller.error.retry_after, received(store), is_asking(following)) == (3, [Command.CANCEL], True)


def test_a_caller_that_holds_its_slot_is_not_counted_in_the_queue() -> None:
    """It holds one of two slots and waits for the store; the second slot is free now, not in one window."""
    callers, _ = make_callers(limit=2)
    first = callers.arrive()
    reply(callers, first, StoreReply(wait=3.0))
    following = callers.arrive(max_wait=5)
    assert (following.error, is_asking(following)) == (None, False)


def test_a_response_does_not_wake_a_caller_that_waits_for_the_store() -> None:
    """What happens in this process does not shorten its wait."""
    callers, _ = make_callers()
    working = callers.arrive()
    reply(callers, working, NOW)
    caller = callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    working.release()
    callers.run_ready()
    assert not is_asking(caller)


def test_a_freeze_wakes_callers_that_wait_for_the_store() -> None:
    """They ask again at once; the store receives the freeze too."""
    callers, store = make_callers()
    caller = callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    callers.limiter.refused(20)
    callers.run_ready()
    assert (received(store), is_asking(caller)) == ([Command.FREEZE], True)


def test_a_freeze_of_another_process_applies_to_this_one() -> None:
    """The reply of the store contains it, and no caller of this process is served before its end."""
    callers, _ = make_callers()
    caller = callers.arrive()
    reply(callers, caller, StoreReply(wait=20.0, frozen=20.0))
    assert callers.limiter.frozen_for() == 20


def test_an_unavailable_store_is_retried() -> None:
    """With `block`, with growing pauses, until it replies."""
    callers, _ = make_callers()
    caller = callers.arrive()
    pauses: list[float] = []
    for _ in range(7):
        before = callers.now
        reply(callers, caller, UNAVAILABLE)
        callers.run_until(caller.due)
        pauses.append(callers.now - before)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])
    reply(callers, caller, NOW)
    assert caller.is_served


@pytest.mark.parametrize("arguments", [{"max_wait": 0.25}, {"freeze_timeout": 0.25}])
def test_an_outage_that_lasts_too_long_is_an_error(arguments: dict[str, float]) -> None:
    """When the time that the caller allows is over; no slot is lost."""
    callers, store = make_callers(limit=1)
    caller = callers.arrive(**arguments)  # type: ignore[arg-type]  # both are numbers
    reply(callers, caller, UNAVAILABLE)
    callers.run_until(caller.due)
    reply(callers, caller, UNAVAILABLE)
    assert isinstance(caller.error, RateLimitStoreError)
    assert (received(store), callers.limiter.statistics().free) == ([], 1)


def test_a_slot_is_cancelled_after_a_request_without_a_reply() -> None:
    """The store may have received it, and hold a slot: the next request is preceded by a CANCEL."""
    callers, store = make_callers(on_unavailable="raise")
    caller = callers.arrive()
    assert isinstance(caller.suspended, Sending)
    token = caller.suspended.request.token
    reply(callers, caller, UNAVAILABLE)
    callers.run_until(1010)
    callers.arrive()
    assert [(request.command, request.token) for request in store.received] == [(Command.CANCEL, token)]
    callers.close()


def test_an_unavailable_store_can_be_an_error_at_once() -> None:
    """With `raise`."""
    callers, _ = make_callers(on_unavailable="raise")
    caller = callers.arrive()
    reply(callers, caller, UNAVAILABLE)
    assert isinstance(caller.error, RateLimitStoreError)
    assert str(caller.error) == (
        "the rate limit store is unavailable (no reply); no request was sent: check that it is running"
    )


@pytest.mark.parametrize(("seconds", "warnings"), [(60, 0), (61, 1)])
def test_a_request_that_outlasts_its_lease_is_logged(
    caplog: pytest.LogCaptureFixture, seconds: float, warnings: int
) -> None:
    """Another process may use its slot then, so the limit is not guaranteed; the warning states what to change."""
    callers, _ = make_callers()
    caller = callers.arrive()
    reply(callers, caller, NOW)
    callers.now += seconds
    caller.release()
    messages = [record.getMessage() for record in caplog.records]
    assert messages == warnings * [LEASE_EXPIRED]


def test_the_child_of_a_fork_does_not_release_a_slot_of_its_parent() -> None:
    """It leaves the block in which the parent forked, while the request of the parent is still in flight."""
    callers, store = make_callers()
    working = callers.arrive()
    reply(callers, working, NOW)
    callers.limiter.after_fork()
    working.release()
    statistics = callers.limiter.statistics()
    assert (store.forks, received(store), statistics.in_flight, statistics.free) == (1, [], 0, 9)


def test_a_garbage_collected_caller_sends_nothing() -> None:
    """A task whose event loop was closed while it waited for the store cannot send; its lease expires."""
    callers, store = make_callers(limit=1)
    caller = callers.arrive()
    reply(callers, caller, StoreReply(wait=3.0))
    caller.garbage_collect()
    assert (received(store), callers.limiter.statistics().free) == ([], 1)


def test_the_child_of_a_fork_can_ask_the_store() -> None:
    """A thread of the parent was asking at the time of the fork; it does not exist in the child."""
    callers, _ = make_callers()
    callers.arrive()
    callers.arrive()
    callers.limiter.after_fork()
    assert is_asking(callers.arrive())
