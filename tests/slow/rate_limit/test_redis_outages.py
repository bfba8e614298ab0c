"""A limiter with a real Redis that is killed, hangs, and is available again: `block` and `raise`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.to_thread
import pytest
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
from sendblue_contacts.rate_limit import Slot
from sendblue_contacts.rate_limit.config import OnUnavailable

from tests.slow.rate_limit.redis_server import RedisServer

PER = 0.3
LIMIT = 10
KINDS = pytest.mark.parametrize("kind", ["thread", "asyncio", "trio"])


def limiter_for(server: RedisServer, on_unavailable: OnUnavailable = "block") -> RateLimiter:
    """A limiter after its cold start, with short timeouts."""
    store = f"{server.url}?socket_timeout=0.05&socket_connect_timeout=0.05"
    limiter = RateLimiter(RateLimit(LIMIT, PER, store=store, on_unavailable=on_unavailable, hold_abandoned=0))
    use(limiter)
    return limiter


def use(limiter: RateLimiter, requests: int = 1, *, max_wait: float | None = None) -> list[float]:
    """Send requests, one after another; returns when each was sent."""
    times = []
    for _ in range(requests):
        with limiter.slot(max_wait=max_wait):
            times.append(time.monotonic())
    return times


def acquire_all(limiter: RateLimiter) -> list[Slot]:
    """All slots, acquired at the same time; fails if one of them is held."""
    slots = [limiter.slot(max_wait=5) for _ in range(LIMIT)]
    for slot in slots:
        slot.__enter__()
    return slots


def use_in(kind: str, limiter: RateLimiter) -> float:
    """Send a request from a thread or a task; returns when it was sent."""
    if kind == "thread":
        return use(limiter)[0]

    async def main() -> float:
        async with limiter.slot():
            return time.monotonic()

    return anyio.run(main, backend=kind)


def wait_for_log(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Wait until the log contains these words."""
    deadline = time.monotonic() + 10
    while not any(words in record.getMessage() for record in caplog.records):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@KINDS
def test_block_continues_when_redis_is_available_again(
    own_redis: RedisServer, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """A waiting caller is served, after the cold start of a Redis that has lost its data."""
    limiter = limiter_for(own_redis)
    own_redis.kill()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(use_in, kind, limiter)
        wait_for_log(caplog, "retrying")
        own_redis.start()
        available = time.monotonic()
        assert sent.result(timeout=20) >= available + PER - 0.05
    assert limiter.statistics().in_flight == 0


def test_block_logs_an_outage_once(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """For each waiting caller, with the reason, however often it retries."""
    limiter = limiter_for(own_redis)
    own_redis.kill()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(use, limiter)
        time.sleep(0.5)
        own_redis.start()
        sent.result(timeout=20)
    lines = [record.getMessage() for record in caplog.records if "is unavailable" in record.getMessage()]
    assert len(lines) == 1
    assert "Connection refused" in lines[0]


def test_block_waits_for_a_redis_that_hangs(own_redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    """It has lost no data, so there is no cold start when it continues."""
    limiter = limiter_for(own_redis)
    with ThreadPoolExecutor(1) as pool:
        with own_redis.stopped():
            sent = pool.submit(use, limiter)
            wait_for_log(caplog, "retrying")
        sent.result(timeout=20)


@KINDS
def test_an_outage_after_the_response_is_not_an_error(own_redis: RedisServer, kind: str) -> None:
    """The caller gets its response; the lease of the slot expires."""
    limiter = limiter_for(own_redis, "raise")

    async def main() -> str:
        async with limiter.slot():
            own_redis.kill()
            await limiter.async_refused(0.0)
            return "response"

    if kind == "thread":
        with limiter.slot():
            own_redis.kill()
            limiter.refused(0.0)
    else:
        assert anyio.run(main, backend=kind) == "response"
    assert limiter.statistics().in_flight == 0


@KINDS
def test_slots_released_while_redis_hangs_are_free_afterwards(own_redis: RedisServer, kind: str) -> None:
    """The releases are sent before the next request; otherwise the slots would be held until their leases expire."""
    limiter = limiter_for(own_redis)
    slots = acquire_all(limiter)

    async def release() -> None:
        for slot in slots:
            await slot.__aexit__(None, None, None)

    with own_redis.stopped():
        if kind == "thread":
            for slot in slots:
                slot.__exit__(None, None, None)
        else:
            anyio.run(release, backend=kind)
    acquire_all(limiter)


def test_a_caller_that_gave_up_holds_no_slot(own_redis: RedisServer) -> None:
    """Redis received its request without replying: the slot is cancelled before the next request."""
    limiter = limiter_for(own_redis, "raise")
    with own_redis.stopped(), pytest.raises(RateLimitStoreError):
        use(limiter)
    acquire_all(limiter)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_can_be_cancelled_while_redis_hangs(own_redis: RedisServer, backend: str) -> None:
    """It does not wait for a timeout, and its slot is cancelled when Redis continues."""
    limiter = RateLimiter(RateLimit(LIMIT, PER, store=own_redis.url))
    use(limiter)
    other = limiter_for(own_redis)
    time.sleep(PER)

    async def main() -> float:
        started = time.monotonic()
        with anyio.move_on_after(0.1):
            async with limiter.slot():
                pass
        return time.monotonic() - started

    with own_redis.stopped():
        assert anyio.run(main, backend=backend) < 1
    acquire_all(other)
