"""The Redis store with real processes, over real HTTP, with a server that counts arrivals."""

from __future__ import annotations

from sendblue_sandbox import Sandbox

from tests.slow.rate_limit.processes import LIMIT, PER, Workers
from tests.slow.rate_limit.redis_server import RedisServer


def statuses(sandbox: Sandbox) -> set[int]:
    """The statuses of all responses."""
    return {request.status for request in sandbox.requests}


def test_four_processes_keep_one_limit(own_redis: RedisServer) -> None:
    """Together they never send more than one of them may; no request is refused or lost."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, own_redis.url, 15, 15, 15, 15) as workers:
        assert [worker.result() for worker in workers.workers] == [(0, "")] * 4
        assert (sandbox.arrivals() <= LIMIT, statuses(sandbox), len(sandbox.requests)) == (True, {200}, 60)


def test_the_limit_holds_through_a_kill_and_a_restart(own_redis: RedisServer) -> None:
    """One of four processes is killed, then Redis, which loses its data: the others continue, within the limit."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, own_redis.url, 1000, 25, 25, 25) as workers:
        killed, *others = workers.workers
        killed.wait_for_sent(10)
        killed.kill()
        others[0].wait_for_sent(10)
        own_redis.restart()
        results = [worker.result() for worker in others]
        assert [status for status, _ in results] == [0, 0, 0]
        assert (sandbox.arrivals() <= LIMIT, statuses(sandbox)) == (True, {200})
