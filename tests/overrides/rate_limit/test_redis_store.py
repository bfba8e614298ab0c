"""The Redis store: what is its own, besides the rule that all stores keep. Every server is real."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
import redis
from sendblue_contacts import RateLimit, RateLimitStoreError
from sendblue_contacts.rate_limit.stores import Question, Verb
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.overrides.rate_limit.houses import Desk, RedisHouse
from tests.overrides.rate_limit.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PER = 10.0
RATE = RateLimit(3, per=PER, reserve=1)
DAY = 24 * 3600
TAKE = Question(Verb.TAKE, 1)


@pytest.fixture
def house(own_redis: RedisServer) -> RedisHouse:
    """An account in a Redis that a test may kill, in a time that it moves."""
    return RedisHouse(own_redis)


@pytest.fixture
def desk(house: RedisHouse) -> Desk:
    """Three slots, which are all free."""
    return house.warm(RATE)


@pytest.fixture
def admin(own_redis: RedisServer) -> Iterator[redis.Redis]:
    """Somebody who looks after that Redis."""
    with own_redis.client() as client:
        yield client


# What Redis may lose.


def test_a_redis_that_comes_back_empty_starts_cold(own_redis: RedisServer, desk: Desk) -> None:
    """It knows nobody, so nobody starts for one window."""
    own_redis.restart()
    assert desk.take(1) == PER


def test_an_old_snapshot_is_not_believed(own_redis: RedisServer, desk: Desk, admin: redis.Redis) -> None:
    """What was sent after it was written is not in it, so Redis starts cold with it as without."""
    admin.save()
    own_redis.restart()
    assert admin.dbsize() == 1
    assert desk.take(1) == PER


def test_a_replica_that_takes_over_is_not_believed(
    own_redis: RedisServer, admin: redis.Redis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It may have missed the last of what was sent."""
    admin.config_set("repl-diskless-sync-delay", 0)
    with RedisServer(tmp_path_factory.mktemp("replica")) as replica, replica.client() as its_admin:
        house = RedisHouse(own_redis)
        desk = house.warm(RATE)
        its_admin.replicaof("127.0.0.1", str(own_redis.port))
        wait_until(lambda: its_admin.exists(key(desk)) == 1)
        own_redis.kill()
        its_admin.replicaof("NO", "ONE")
        store = RedisStore(replica.url, house.account, RATE, clock=lambda: house.now)
        assert (its_admin.exists(key(desk)), store.ask(TAKE).wait) == (1, PER)


def test_a_key_that_is_removed_costs_a_window(desk: Desk, admin: redis.Redis) -> None:
    """As a Redis that is full may do."""
    desk.use(1, 2)
    admin.flushall()
    assert desk.take(3) == PER


def test_a_request_from_before_the_loss_counts_when_it_is_answered(
    house: RedisHouse, desk: Desk, admin: redis.Redis
) -> None:
    """It may have arrived just before, so a window has to pass after that, also for those who wait already."""
    desk.take(1)
    admin.flushall()
    assert desk.take(2) == PER
    house.now += 4
    desk.give_back(1)
    house.now += PER - 4
    assert [desk.confirm(2), desk.take(3)] == [4, 4]
    house.now += 4
    assert desk.confirm(2) == 0


def test_a_request_from_before_the_loss_counts_for_no_longer(house: RedisHouse, desk: Desk, admin: redis.Redis) -> None:
    """When the window is over, what nobody knows holds nobody up any more."""
    desk.take(1)
    admin.flushall()
    desk.free()
    house.now += PER
    desk.give_back(1)
    assert desk.take(2) == 0


def test_an_account_rests_for_days_and_is_not_cold(house: RedisHouse, desk: Desk, admin: redis.Redis) -> None:
    """Its key is dropped at last, but not before a month has passed."""
    desk.use(1)
    house.now += 29 * DAY
    assert 29 * DAY < int(str(admin.ttl(key(desk)))) <= 30 * DAY
    assert desk.take(2) == 0


# The clock of Redis.


def test_redis_tells_the_time(redis_server: RedisServer) -> None:
    """A process' own clock plays no part."""
    store = RedisStore(redis_server.url, "real time", RateLimit(1, per=0.05))
    assert store.ask(TAKE).wait == 0.05
    time.sleep(0.05)
    assert store.ask(TAKE).wait == 0


def test_a_clock_that_is_put_back_is_not_followed(house: RedisHouse, desk: Desk) -> None:
    """Slots come back after as long as ever: neither at once nor when the old time is reached again."""
    desk.use(1, 2, 3)
    house.now += 2
    assert desk.take(4) == PER - 2
    house.now -= 500
    assert desk.confirm(4) == PER - 2
    house.now += 3
    assert desk.confirm(4) == PER - 5
    house.now += 5
    assert [desk.confirm(4), desk.take(5)] == [0, 0]


# What is kept, and for whom.


def key(desk: Desk) -> str:
    """The key of an account."""
    assert isinstance(desk.store, RedisStore)
    return desk.store.key


def test_everything_is_in_one_key(house: RedisHouse, desk: Desk, admin: redis.Redis) -> None:
    """It is lost as a whole or not at all; and nothing in it says whose it is."""
    desk.use(1, 2, bulk=True)
    assert admin.keys() == [key(desk)]
    assert house.account not in key(desk)


def test_accounts_do_not_share(own_redis: RedisServer, house: RedisHouse, desk: Desk) -> None:
    """Another account has slots of its own."""
    desk.use(1, 2, 3)
    other = RedisStore(own_redis.url, "another", RATE, clock=lambda: house.now)
    other.ask(TAKE)
    house.now += PER - 1
    desk.use(4, 5, 6)
    house.now += 1
    assert other.ask(TAKE).wait == 0


def test_two_limits_for_one_account_are_refused(house: RedisHouse, desk: Desk) -> None:
    """Those who count differently cannot share: the error says who has to change."""
    desk.take(1)
    with pytest.raises(RateLimitStoreError, match=r"for another limit, 3 in 10 s: use the same limit everywhere"):
        house.open(RateLimit(3, per=5.0)).ask(TAKE)
    with pytest.raises(RateLimitStoreError, match="for another limit"):
        house.open(RateLimit(4, per=PER)).ask(TAKE)
    assert [desk.take(2), desk.take(3)] == [0, 0]


def test_a_new_limit_can_begin_when_the_old_one_rests(house: RedisHouse, desk: Desk) -> None:
    """It begins cold, for its windows may be longer."""
    desk.use(1, 2, 3)
    house.now += PER
    changed = Desk(house, house.open(RateLimit(2, per=60.0)))
    assert [changed.take(1), changed.take(2), changed.take(3)] == [60, 60, None]


def test_reserve_and_pace_may_differ(house: RedisHouse, desk: Desk) -> None:
    """They say how one process behaves, and take nothing away from the promise."""
    polite = Desk(house, house.open(RateLimit(3, per=PER, reserve=2)))
    assert [polite.take(1, bulk=True), polite.take(2, bulk=True), desk.take(3, bulk=True)] == [0, None, 0]


# Connections.


def test_a_forgotten_script_is_sent_again(desk: Desk, admin: redis.Redis) -> None:
    """Redis forgets its scripts when it is started again, or told to."""
    admin.script_flush()
    assert desk.take(1) == 0


def test_a_connection_that_is_broken_is_replaced_unseen(own_redis: RedisServer, desk: Desk) -> None:
    """Redis was away, and nobody asked meanwhile: nobody needs to hear of it."""
    desk.take(1)
    own_redis.restart()
    assert desk.take(2) == PER


def test_threads_share_a_store(redis_server: RedisServer) -> None:
    """Fifty of them at once, over a few connections, and no slot is taken twice."""
    house = RedisHouse(redis_server)
    desk = house.warm(RateLimit(100, per=PER))
    with ThreadPoolExecutor(50) as pool, redis_server.client() as admin:
        waits = list(pool.map(desk.take, range(1, 151)))
        connections = len(admin.client_list())
    assert (waits.count(0), waits.count(None)) == (100, 50)
    assert connections <= 50


def test_every_event_loop_is_served(redis_server: RedisServer) -> None:
    """One after another and of either kind: no connection belongs to a loop that has ended."""
    desk = RedisHouse(redis_server).warm(RATE)
    for token, backend in enumerate(["asyncio", "trio", "asyncio"], 1):
        assert anyio.run(desk.store.async_ask, Question(Verb.TAKE, token), backend=backend).wait == 0
    assert desk.take(4) is None


async def blocked(served: threading.Event) -> None:
    """Keep a worker thread busy."""
    await anyio.to_thread.run_sync(served.wait)


def test_busy_worker_threads_hold_no_task_up(redis_server: RedisServer) -> None:
    """A program may have all of its worker threads wait for the rate limit, while a task is to be served first."""
    desk = RedisHouse(redis_server).warm(RATE)

    async def main() -> float:
        served = threading.Event()
        limiter = anyio.to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as tasks:
            for _ in range(int(limiter.total_tokens)):
                tasks.start_soon(blocked, served)
            while limiter.available_tokens:
                await anyio.lowlevel.checkpoint()
            with anyio.fail_after(5):
                answer = await desk.store.async_ask(TAKE)
            served.set()
        return answer.wait

    assert anyio.run(main) == 0


def test_connections_end_with_their_store(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Nobody has to close anything."""
    store = RedisStore(own_redis.url, "closed", RATE)
    store.ask(TAKE)
    assert len(admin.client_list()) == 2
    del store
    gc.collect()
    wait_until(lambda: len(admin.client_list()) == 1)


LEFT_OPEN = """
import asyncio
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit import shared

limiter = shared("key", "host", RateLimit(100, per=0.05, store="{url}"))

async def main():
    async with limiter.slot():
        pass

asyncio.run(main())
asyncio.run(main())
with limiter.slot():
    print("done")
"""


def test_a_program_ends_without_a_word(redis_server: RedisServer) -> None:
    """A limiter that is kept for as long as the process lives leaves no warning behind, nor do loops that ended."""
    command = [sys.executable, "-W", "error", "-c", LEFT_OPEN.format(url=redis_server.url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


FORKS = """
import os, sys
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores import Question, Verb
from sendblue_contacts.rate_limit.stores.redis import RedisStore

def ask(first):
    for token in range(first, first + 100):
        assert store.ask(Question(Verb.TAKE, token)).held
    return store._client.client_id()

store = RedisStore("{url}", "forks", RateLimit(1000, per=5.0))
mine = ask(1)
child = os.fork()
his = ask(1000 if child else 2000)
if not child:
    os._exit(his == mine)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), his == mine)
"""


def test_a_forked_child_has_connections_of_its_own(redis_server: RedisServer) -> None:
    """Parent and child ask at the same time, and each gets its own answers."""
    command = [sys.executable, "-W", "error", "-c", FORKS.format(url=redis_server.url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_a_cluster_is_asked_with_a_client_for_clusters(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything about an account is in one place of it."""
    with RedisServer(tmp_path_factory.mktemp("cluster"), "--cluster-enabled", "yes") as node, node.client() as admin:
        admin.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        wait_until(lambda: "'cluster_state': 'ok'" in str(admin.execute_command("CLUSTER INFO")))
        with redis.RedisCluster.from_url(node.url) as client:
            house = RedisHouse(node)
            store = RedisStore(node.url, "cluster", RATE, client=client, clock=lambda: house.now)
            assert (Desk(house, store).take(1), Desk(house, store).take(2)) == (PER, PER)
            client.disconnect_connection_pools()  # closing it does not


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a server to do what it was told."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
