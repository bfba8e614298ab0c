"""The Redis store among real processes, over real HTTP, with a server that counts what arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_sandbox import Sandbox

from tests.overrides.rate_limit.processes import LIMIT, PER, Workers

if TYPE_CHECKING:
    from tests.overrides.rate_limit.servers import RedisServer


def statuses(sandbox: Sandbox) -> set[int]:
    """What the sandbox answered."""
    return {each.status for each in sandbox.requests}


def test_four_processes_keep_one_limit(own_redis: RedisServer) -> None:
    """Together they never send more than one of them may, nothing is refused, and all of it arrives."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, own_redis.url, 25, 25, 25, 25) as crew:
        assert [worker.ended() for worker in crew.workers] == [(0, "")] * 4
        assert (sandbox.arrivals() <= LIMIT, statuses(sandbox), len(sandbox.requests)) == (True, {200}, 100)


def test_the_limit_holds_through_a_kill_and_a_restart(own_redis: RedisServer) -> None:
    """One of four is killed, then Redis is, and is empty when it is back: never too many, and the others go on."""
    with Sandbox(limit=LIMIT, per=PER) as sandbox, Workers(sandbox, own_redis.url, 1000, 50, 50, 50) as crew:
        killed, *others = crew.workers
        killed.has_sent(10)
        killed.kill()
        others[0].has_sent(10)
        own_redis.restart()
        ends = [worker.ended() for worker in others]
        assert [code for code, _ in ends] == [0, 0, 0]
        assert (sandbox.arrivals() <= LIMIT, statuses(sandbox)) == (True, {200})
