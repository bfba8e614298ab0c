"""A limiter over a real Redis that is killed, hangs, and is there again: block, raise, or go on with a share."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitError, RateLimitStoreError
from sendblue_contacts.rate_limit import agreement
from sendblue_contacts.rate_limit.stores.redis import RedisStore

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit import Slot
    from sendblue_contacts.rate_limit.rate import WhenAway

    from tests.overrides.rate_limit.servers import RedisServer

PER = 0.3
LIMIT = 10
WORLDS = ["thread", "asyncio", "trio"]


def limiter_at(server: RedisServer, when_away: WhenAway = "block", share: float = 0.5) -> RateLimiter:
    """A limiter whose store knows the last window, and does not wait long for an answer."""
    store = f"{server.url}?socket_timeout=0.05&socket_connect_timeout=0.05"
    limiter = RateLimiter(RateLimit(LIMIT, PER, store=store, when_away=when_away, share=share))
    use(limiter)
    return limiter


def use(limiter: RateLimiter, requests: int = 1, *, max_wait: float | None = None) -> list[float]:
    """Send requests, and return when each was sent."""
    times = []
    for _ in range(requests):
        with limiter.slot(max_wait=max_wait):
            times.append(time.monotonic())
    return times


def hold_all(limiter: RateLimiter) -> list[Slot]:
    """All the slots at one time, which nobody else may hold."""
    slots = [limiter.slot(max_wait=5) for _ in range(LIMIT)]
    for slot in slots:
        limiter.acquire(slot)
    return slots


def use_in(world: str, limiter: RateLimiter) -> float:
    """Send a request from a thread or a task, and return when it was sent."""
    if world == "thread":
        return use(limiter)[0]

    async def main() -> float:
        async with limiter.slot():
            return time.monotonic()

    return anyio.run(main, backend=world)


def said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    """Whether the log says so."""
    return any(words in record.getMessage() for record in caplog.records)


def wait_for(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Wait until the log says so."""
    deadline = time.monotonic() + 10
    while not said(caplog, words):
        assert time.monotonic() < deadline
        time.sleep(0.01)


# block


@pytest.mark.parametrize("world", WORLDS)
def test_block_goes_on_when_it_is_back(own_redis: RedisServer, caplog: pytest.LogCaptureFixture, world: str) -> None:
    """Whoever waits is served, after the window for which a Redis that lost everything lets nobody through."""
    limiter = limiter_at(own_redis)
    own_redis.kill()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(use_in, world, limiter)
        wait_for(caplog, "waiting for it")
        own_redis.start()
        back = time.monotonic()
        assert sent.result(timeout=20) >= back + PER - 0.05
    assert limiter.statistics().in_flight == 0


def test_block_says_so_once(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """The log has one line for it, with the reason, however often it is asked in vain."""
    limiter = limiter_at(own_redis)
    own_redis.kill()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(use, limiter)
        time.sleep(0.5)
        own_redis.start()
        sent.result(timeout=20)
    lines = [record.getMessage() for record in caplog.records if "cannot be reached" in record.getMessage()]
    assert len(lines) == 1
    assert "Connection refused" in lines[0]


def test_block_waits_no_longer_than_allowed(own_redis: RedisServer) -> None:
    """Then it is an error, which says what to do, and nothing is held."""
    limiter = limiter_at(own_redis)
    own_redis.kill()
    with pytest.raises(RateLimitStoreError, match=r"cannot be reached \(Redis at 127.0.0.1: .*\); start it"):
        use(limiter, max_wait=0.3)
    with pytest.raises(RateLimitStoreError), limiter.slot(patience=0.3):
        pass
    assert (limiter.statistics().in_flight, limiter.statistics().waiting) == (0, 0)


def test_a_redis_that_hangs_is_waited_for(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """It has lost nothing, so nobody has to wait for a window when it goes on."""
    limiter = limiter_at(own_redis)
    with ThreadPoolExecutor(1) as pool:
        with own_redis.stopped():
            sent = pool.submit(use, limiter)
            wait_for(caplog, "waiting for it")
        sent.result(timeout=20)


# raise


@pytest.mark.parametrize("world", WORLDS)
def test_raise_raises_at_once(own_redis: RedisServer, world: str) -> None:
    """And goes on as soon as Redis is back."""
    limiter = limiter_at(own_redis, "raise")
    own_redis.kill()
    started = time.monotonic()
    with pytest.raises(RateLimitStoreError, match="cannot be reached"):
        use_in(world, limiter)
    assert time.monotonic() - started < 5
    own_redis.start()
    use_in(world, limiter)
    assert limiter.statistics().in_flight == 0


def test_raise_does_not_raise_for_a_restart(own_redis: RedisServer) -> None:
    """Redis is there when it is asked; that the old connection is broken is nobody's business."""
    limiter = limiter_at(own_redis, "raise")
    own_redis.restart()
    use(limiter)


# local


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again soon whether Redis is back."""
    monkeypatch.setattr(agreement, "_LOOK_AGAIN", 2 * PER)


def test_local_goes_on_with_a_share(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """After one window, in which the others may have used everything, half of the slots come in each."""
    limiter = limiter_at(own_redis, "local")
    own_redis.kill()
    started = time.monotonic()
    times = use(limiter, LIMIT)
    assert times[0] >= started + PER
    assert times[LIMIT // 2] >= times[0] + PER
    assert said(caplog, "using a share of the slots")


@pytest.mark.usefixtures("soon")
def test_local_comes_back(own_redis: RedisServer) -> None:
    """When Redis is there again, all slots are."""
    limiter = limiter_at(own_redis, "local")
    own_redis.kill()
    use(limiter)
    own_redis.start()
    time.sleep(2 * PER)
    use(limiter)
    time.sleep(PER)
    times = use(limiter, LIMIT)
    assert times[-1] - times[0] < PER


@pytest.mark.usefixtures("soon")
def test_local_pauses_when_it_comes_back(own_redis: RedisServer) -> None:
    """A Redis that only hung does not know what was sent meanwhile: nobody sends for one window, in any process."""
    limiter, other = limiter_at(own_redis, "local"), limiter_at(own_redis)
    with own_redis.stopped():
        use(limiter)
    time.sleep(2 * PER)
    with ThreadPoolExecutor(2) as pool:
        back = time.monotonic()
        sent = pool.submit(use, limiter)
        time.sleep(PER / 3)
        times = [*pool.submit(use, other).result(timeout=20), *sent.result(timeout=20)]
    assert min(times) >= back + PER - 0.05


@pytest.mark.usefixtures("soon")
def test_local_counts_what_is_in_flight_when_it_comes_back(own_redis: RedisServer) -> None:
    """A request with a slot of the share outlasts the pause: others have one slot less until it is answered."""
    limiter, other = limiter_at(own_redis, "local"), limiter_at(own_redis)
    straggler = limiter.slot()
    with own_redis.stopped():
        limiter.acquire(straggler)
    time.sleep(2 * PER)
    use(limiter)
    time.sleep(PER)
    slots = [other.slot(max_wait=0) for _ in range(LIMIT)]
    for slot in slots[1:]:
        other.acquire(slot)
    with pytest.raises(RateLimitError):
        other.acquire(slots[0])
    limiter.release(straggler)
    time.sleep(PER)
    other.acquire(slots[0])


# What is told to a Redis that is away.


@pytest.mark.parametrize("world", WORLDS)
def test_a_response_is_worth_more_than_the_store(own_redis: RedisServer, world: str) -> None:
    """Whoever has his response is not bothered with a Redis that went away meanwhile; his lease ends by itself."""
    limiter = limiter_at(own_redis, "raise")

    async def main() -> str:
        async with limiter.slot():
            own_redis.kill()
            await limiter.async_refused(0.0)
            return "response"

    if world == "thread":
        with limiter.slot():
            own_redis.kill()
            limiter.refused(0.0)
    else:
        assert anyio.run(main, backend=world) == "response"
    assert limiter.statistics().in_flight == 0


@pytest.mark.parametrize("world", WORLDS)
def test_a_response_is_worth_more_than_a_broken_store(own_redis: RedisServer, world: str) -> None:
    """Nor with one in which something was broken meanwhile: the next request will tell."""
    limiter = limiter_at(own_redis)

    async def main() -> str:
        async with limiter.slot():
            await anyio.to_thread.run_sync(break_, own_redis)
            await limiter.async_refused(0.0)
            return "response"

    if world == "thread":
        with limiter.slot():
            break_(own_redis)
            limiter.refused(0.0)
    else:
        assert anyio.run(main, backend=world) == "response"
    with pytest.raises(RateLimitStoreError, match="something else in the place of the slots"):
        use(limiter)
    assert limiter.statistics().in_flight == 0


@pytest.mark.parametrize("world", WORLDS)
def test_slots_that_a_hanging_redis_was_given_back_are_there_again(own_redis: RedisServer, world: str) -> None:
    """It is told with the next question; else they would be gone until their leases are over."""
    limiter = limiter_at(own_redis)
    slots = hold_all(limiter)

    async def give_back() -> None:
        for slot in slots:
            await limiter.async_release(slot)

    with own_redis.stopped():
        if world == "thread":
            for slot in slots:
                limiter.release(slot)
        else:
            anyio.run(give_back, backend=world)
    hold_all(limiter)


def test_who_gave_up_on_a_hanging_redis_holds_nothing(own_redis: RedisServer) -> None:
    """Redis heard him, although he heard nothing of it: what it holds for him is cancelled with the next question."""
    limiter = limiter_at(own_redis, "raise")
    with own_redis.stopped(), pytest.raises(RateLimitStoreError):
        use(limiter)
    hold_all(limiter)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_can_be_cancelled_while_redis_hangs(own_redis: RedisServer, backend: str) -> None:
    """It waits for no time-out, and what Redis holds for it is taken back when that goes on."""
    limiter = RateLimiter(RateLimit(LIMIT, PER, store=own_redis.url))
    use(limiter)
    other = limiter_at(own_redis)
    time.sleep(PER)

    async def main() -> float:
        started = time.monotonic()
        with anyio.move_on_after(0.1):
            async with limiter.slot():
                pass
        return time.monotonic() - started

    with own_redis.stopped():
        assert anyio.run(main, backend=backend) < 1
    hold_all(other)


def break_(server: RedisServer) -> None:
    """Put something else in the place of the slots."""
    with server.client() as admin:
        admin.flushall()
        admin.lpush(RedisStore(server.url, "", RateLimit(LIMIT, PER)).key, "x")


def test_a_cancelled_task_leaves_nothing_in_redis(own_redis: RedisServer) -> None:
    """Its slot is free at once for others, however it was waiting for it."""
    limiter = limiter_at(own_redis)
    time.sleep(PER)

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(3 * LIMIT):
                tasks.start_soon(hold)
            await anyio.sleep(0.1)
            tasks.cancel_scope.cancel()

    async def hold() -> None:
        async with limiter.slot():
            await anyio.sleep(60)

    anyio.run(main)
    other = limiter_at(own_redis)
    time.sleep(PER)
    started = time.monotonic()
    assert use(other, LIMIT)[-1] - started < PER
