"""A limiter with a real Redis that hangs, and is available again.

`tests/overrides/rate_limit/test_limiter_shared_store.py` tests what a limiter does in an outage of any store, and
`test_redis_processes.py` a Redis that is killed.
"""

from __future__ import annotations

import anyio
import pytest
from sendblue_contacts import RateLimit, RateLimiter
from sendblue_contacts.rate_limit import Slot

from tests.slow.rate_limit.redis_server import RedisServer

LIMIT = 10


def acquire_all(limiter: RateLimiter) -> list[Slot]:
    """All slots, acquired at the same time; fails if one of them is held."""
    slots = [limiter.slot(max_wait=5) for _ in range(LIMIT)]
    for slot in slots:
        slot.__enter__()
    return slots


@pytest.mark.parametrize("kind", ["thread", "asyncio", "trio"])
def test_slots_released_while_redis_hangs_are_free_afterwards(own_redis: RedisServer, kind: str) -> None:
    """The releases are sent before the next request; otherwise the slots would be held until their leases expire."""
    store = f"{own_redis.url}?socket_timeout=0.05&socket_connect_timeout=0.05"
    limiter = RateLimiter(RateLimit(LIMIT, 0.3, store=store))
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
