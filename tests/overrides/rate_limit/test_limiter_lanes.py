"""When callers are served: both lanes, and `max_wait`; tasks in virtual time, from 0.

Bulk work is paced and leaves a reserve to other callers.
"""

import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError
from sendblue_contacts.rate_limit.wait_queue import ThreadWaiter

from tests.overrides.rate_limit.virtual_time import BACKENDS, Callers, most_in_window, play, until

ONE = RateLimit(1, 10.0)
TWO = RateLimit(2, 10.0, reserve=1)
TEN = RateLimit(10, 10.0, reserve=4)
PACE = 1.02
"""Seconds between two paced requests, of ten in 10 s."""


@pytest.mark.parametrize(
    ("rate", "script", "served"),
    [
        # Callers are served in order and on time.
        (RateLimit(2, 10.0), "a b c d e f @20", {"a": 0, "b": 0, "c": 10, "d": 10, "e": 20, "f": 20}),
        # Those that are canceled take no slot.
        (ONE, "a b c d e @3 -b @12 -d @20", {"a": 0, "c": 10, "e": 20}),
        # One bulk request in each `per / limit` and 2 %, counted from the last start: an unused pace is not saved up.
        (TEN, "a,bulk b,bulk @5 c,bulk d,bulk @9", {"a": 0, "b": PACE, "c": 5, "d": 5 + PACE}),
        # Other callers are not paced, also while bulk work waits for its pace.
        (TEN, "a,bulk b,bulk 1 2 3 4 5 6 7 8 9", dict.fromkeys("a123456789", 0)),
        # With `paced=True` both lanes share one pace.
        (RateLimit(10, 10.0, paced=True), "a b,bulk c @9", {"a": 0, "b": PACE, "c": 2 * PACE}),
        # With all its slots in use, bulk work waits although others are free; it always has at least one slot.
        (RateLimit(3, 10.0, 2), "a,bulk b,bulk @2 c @11", {"a": 0, "c": 2, "b": 10}),
        (RateLimit(3, 10.0, 100), "a,bulk b,bulk @2 c @11", {"a": 0, "c": 2, "b": 10}),
        (RateLimit(3, 10.0, 1), "a,bulk b,bulk @2 c @11", {"a": 0, "c": 2, "b": 3.4}),
        # Each caller of a lane is served one window after the response to the one before, or one pace.
        (ONE, "a,held b c d @5 !a @40", {"a": 0, "b": 15, "c": 25, "d": 35}),
        (ONE, "a,bulk,held b,bulk c,bulk d,bulk @5 !a @40", {"a": 0, "b": 15, "c": 25.2, "d": 35.4}),
        # Of both lanes, the first caller is served first, if both could use the free slot.
        (TWO, "a,held b,held c,bulk d !a @11 !b @19", {"a": 0, "b": 0, "c": 10}),
        (TWO, "a,held b,held c d,bulk !a @11 !b @19", {"a": 0, "b": 0, "c": 10}),
        # When bulk work is canceled, a caller that slept because it was first gets the slot at the same time.
        (ONE, "a b,bulk c @9 -b @11", {"a": 0, "c": 10}),
        # A freeze applies to waiting callers; a shorter one does not shorten it.
        (ONE, "a b @5 freeze=30 freeze=1 @40", {"a": 0, "b": 35}),
        # A wait of exactly `max_wait` is allowed; with 0 a caller takes a slot that is free.
        (ONE, "a,max_wait=0 b,max_wait=10 c,max_wait=10 @10", {"a": 0, "b": 10}),
        (ONE, "a,bulk,max_wait=0 b,bulk,max_wait=0 @30", {"a": 0}),
        # With two slots in each window and five callers ahead, the wait is three windows.
        (
            RateLimit(2, 10.0),
            "a b c d e f g x,max_wait=29.9 h,max_wait=30 -f @30",
            {"a": 0, "b": 0, "c": 10, "d": 10, "e": 20, "g": 20, "h": 30},
        ),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_when_callers_are_served(backend: str, rate: RateLimit, script: str, served: dict[str, float]) -> None:
    """Each step of a script is a word, see `perform`."""
    callers = play(script, rate, backend=backend)
    assert list(callers.served) == list(served)
    assert callers.served == pytest.approx(served)


@pytest.mark.parametrize(
    ("rate", "script", "retry_after"),
    [
        (ONE, "a x,max_wait=5", 10),
        (ONE, "a,held x,max_wait=9.9", 10),
        (ONE, "a x,max_wait=0", 10),
        (TEN, "a,bulk b,bulk c,bulk x,bulk,max_wait=3", 3 * PACE),
        (TEN, "freeze=20 x,max_wait=19", 20),
    ],
)
def test_too_long_a_wait_is_an_error_at_once(rate: RateLimit, script: str, retry_after: float) -> None:
    """Slots in flight, the pace and a freeze count. The error has both times."""
    error = play(script, rate).errors["x"]
    assert isinstance(error, RateLimitError)
    assert error.status_code == 429
    assert error.retry_after == pytest.approx(retry_after)
    assert error.args[0] == (
        f"the next slot of the rate limit is free in {retry_after:.1f} s at the earliest, but max_wait is "
        f"{float(script.rpartition('=')[2]):.3g} s; no request was sent"
    )


@pytest.mark.parametrize(
    ("script", "ended", "later"),
    [
        # A freeze ends waits that become too long, not when their time is over.
        ("a patient,max_wait=60 hurried,max_wait=25 @5 freeze=30 @6", ["hurried"], []),
        # If a wait was not known to be too long, it ends after `max_wait`; also behind others.
        ("a,held b,max_wait=12 c,max_wait=25 @11.9", [], ["b", "c"]),
        ("a,held b,max_wait=12 c,max_wait=25 @12", ["b"], ["b", "c"]),
    ],
)
def test_a_wait_that_becomes_too_long_is_an_error(script: str, ended: list[str], later: list[str]) -> None:
    """As soon as that is known."""
    assert list(play(script, ONE).errors) == ended
    assert list(play(f"{script} @25", ONE).errors) == (later or ended)


def test_bulk_work_leaves_the_reserve() -> None:
    """It uses `limit - reserve` slots in any window, and nearly all of them; bursts of the reserve do not wait.

    Also after windows in which other callers did not use the reserve.
    """

    async def scenario(callers: Callers) -> None:
        await callers.arrive(*(("bulk", number) for number in range(100)), bulk=True)
        for window in (0, 1, 4, 9):
            await until(10.5 * window)
            await callers.arrive(*((window, number) for number in range(4)), max_wait=0)

    callers = play(scenario, TEN)
    bulk = [time for (lane, _), time in callers.served.items() if lane == "bulk"]
    assert (callers.errors, most_in_window(bulk), len(bulk) >= 56) == ({}, 6, True)


def test_bulk_work_is_not_starved() -> None:
    """While it waited for its pace, others acquired all slots, and more wait all the time: it gets the next one."""

    async def scenario(callers: Callers) -> None:
        await callers.arrive("bulk", "waiting", bulk=True)
        for second in range(30):
            await callers.arrive((second, 1), (second, 2))
            await until(second + 1)

    assert play(scenario, RateLimit(4, 10.0, 1)).served["waiting"] == 10


class NoWaiting(ThreadWaiter):
    """A thread that must not wait."""

    def wait(self, seconds: float | None) -> None:
        """Fail."""
        raise AssertionError(f"waited for {seconds} s")


def test_max_wait_zero_behind_a_caller_that_is_first() -> None:
    """A slot is free, but belongs to a caller that came first and has not run yet: that is a wait, too."""
    limiter = RateLimiter(RateLimit(1, 10.0), clock=lambda: 0.0, thread_waiter=NoWaiting)
    first = limiter.slot(bulk=True)
    first.waiter = ThreadWaiter()
    limiter._queue.join(first)
    with pytest.raises(RateLimitError) as caught:
        limiter.slot(max_wait=0).__enter__()
    assert caught.value.retry_after == 0
