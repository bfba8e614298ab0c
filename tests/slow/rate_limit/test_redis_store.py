"""The Redis store, besides the rule that all stores apply (`test_stores.py`). All servers are real."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
import redis
from sendblue_contacts import RateLimit, RateLimitStoreError
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.overrides.rate_limit.store_fixtures import RedisStoreFixture, StoreClient
from tests.slow.rate_limit.redis_server import RedisServer

PER = 10.0
RATE = RateLimit(3, per=PER, reserve=1)
DAY = 24 * 3600
ACQUIRE = StoreRequest(Command.ACQUIRE, 1, lease=60.0)


@pytest.fixture
def fixture(own_redis: RedisServer) -> RedisStoreFixture:
    """An account in a Redis that the test may kill, in a time that it controls."""
    return RedisStoreFixture(own_redis)


@pytest.fixture
def client(fixture: RedisStoreFixture) -> StoreClient:
    """Three slots, which are all free."""
    return fixture.warm(RATE)


@pytest.fixture
def admin(own_redis: RedisServer) -> Iterator[redis.Redis]:
    """A client for the administration of that Redis."""
    with own_redis.client() as redis_client:
        yield redis_client


def key(client: StoreClient) -> str:
    """The key of the account."""
    assert isinstance(client.store, RedisStore)
    return client.store.key


@pytest.mark.parametrize("saved", [False, True])
def test_a_redis_that_restarts_starts_cold(
    own_redis: RedisServer, client: StoreClient, admin: redis.Redis, saved: bool
) -> None:
    """No request is admitted for one window. A snapshot does not contain what was sent after it was written."""
    if saved:
        admin.save()
    own_redis.restart()
    assert admin.dbsize() == saved
    assert client.acquire(1) == PER


def test_a_promoted_replica_starts_cold(
    own_redis: RedisServer, admin: redis.Redis, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It may have missed the latest requests."""
    admin.config_set("repl-diskless-sync-delay", 0)
    with RedisServer(tmp_path_factory.mktemp("replica")) as replica, replica.client() as its_admin:
        fixture = RedisStoreFixture(own_redis)
        client = fixture.warm(RATE)
        its_admin.replicaof("127.0.0.1", str(own_redis.port))
        wait_until(lambda: its_admin.exists(key(client)) == 1)
        own_redis.kill()
        its_admin.replicaof("NO", "ONE")
        store = RedisStore(replica.url, fixture.account, RATE, clock=lambda: fixture.now)
        assert (its_admin.exists(key(client)), store.send(ACQUIRE).wait) == (1, PER)


def test_an_idle_account_does_not_start_cold_for_a_month(
    fixture: RedisStoreFixture, client: StoreClient, admin: redis.Redis
) -> None:
    """Its key expires after 30 days."""
    client.use(1)
    fixture.now += 29 * DAY
    assert 29 * DAY < int(str(admin.ttl(key(client)))) <= 30 * DAY
    assert client.acquire(2) == 0


def test_the_clock_of_redis_is_used(redis_server: RedisServer) -> None:
    """Not that of the process."""
    store = RedisStore(redis_server.url, "real time", RateLimit(1, per=0.05))
    assert store.send(ACQUIRE).wait == 0.05
    time.sleep(0.05)
    assert store.send(ACQUIRE).wait == 0


def test_the_time_never_goes_back(fixture: RedisStoreFixture, client: StoreClient) -> None:
    """After the clock was set back, slots are free neither at once nor only when the old time is reached again."""
    client.use(1, 2, 3)
    fixture.now += 2
    assert client.acquire(4) == PER - 2
    fixture.now -= 500
    assert client.acquire(4) == PER - 2
    fixture.now += 3
    assert client.acquire(4) == PER - 5
    fixture.now += 5
    assert [client.acquire(4), client.acquire(5)] == [0, 0]


def test_a_server_clock_that_is_put_forward_frees_no_slot(fixture: RedisStoreFixture) -> None:
    """A process compares it with a clock of its own, which cannot be set. Others do not see the jump either."""
    shift = 0.0
    clocks = partial(RedisStore, clock=lambda: fixture.now + shift, own_clock=lambda: fixture.now)
    clients = [StoreClient(fixture, clocks(fixture.url, fixture.account, RATE)) for _ in range(3)]
    clients[0].probe()
    fixture.now += PER
    clients[0].use(1, 2, 3)
    fixture.now += 2
    shift = 3600.0
    first = clients[0].acquire(4)
    assert first == pytest.approx(PER - 2, abs=0.1)
    assert clients[1].acquire(5) == pytest.approx(PER - 2, abs=0.1)
    fixture.now += PER
    assert [clients[0].acquire(4), clients[1].acquire(5), clients[2].acquire(6)] == [0, 0, 0]
    shift = -3600.0
    clients[0].release(4)
    fixture.now += 1
    assert clients[2].acquire(7) == pytest.approx(PER - 1, abs=0.1)


class Flapping:
    """A redis-py client that is connected to one of two servers without replication.

    Attributes:
        current: The number of the server.
    """

    def __init__(self, *servers: redis.Redis) -> None:
        self.current = 0
        self._servers = servers

    def register_script(self, script: str) -> Callable[..., object]:
        """A callable that runs the script on the current server."""
        scripts = [server.register_script(script) for server in self._servers]

        def run(keys: list[str], args: list[str | int]) -> object:
            return scripts[self.current](keys, args)

        return run


def test_an_instance_that_was_not_used_in_between_starts_cold(
    own_redis: RedisServer, redis_server: RedisServer, fixture: RedisStoreFixture
) -> None:
    """Its slots do not contain the requests that were sent with those of the other instance."""
    with own_redis.client() as first, redis_server.client() as second:
        flapping = Flapping(first, second)
        store = RedisStore(fixture.url, fixture.account, RATE, client=flapping, clock=lambda: fixture.now)
        client = StoreClient(fixture, store)
        for current in (0, 1, 0):
            flapping.current = current
            assert client.probe() == PER
            fixture.now += PER
            assert client.use(*range(10 * current + 1, 10 * current + 4)) == [0, 0, 0]
            fixture.now += PER
        others = StoreClient(fixture, fixture.open(RATE))
        assert [client.probe(), others.probe()] == [0, 0]


def test_everything_is_in_one_key(fixture: RedisStoreFixture, client: StoreClient, admin: redis.Redis) -> None:
    """So it is lost as a whole or not at all; the name of the account is not in it."""
    client.use(1, 2, bulk=True)
    assert admin.keys() == [key(client)]
    assert fixture.account not in key(client)


def test_two_limits_for_one_account_are_an_error(fixture: RedisStoreFixture, client: StoreClient) -> None:
    """Processes with different limits cannot share the slots; the error contains the limit of the others."""
    client.acquire(1)
    with pytest.raises(RateLimitStoreError, match=r"for another limit, 3 in 10 s: use the same limit everywhere"):
        fixture.open(RateLimit(3, per=5.0)).send(ACQUIRE)
    with pytest.raises(RateLimitStoreError, match="for another limit"):
        fixture.open(RateLimit(4, per=PER)).send(ACQUIRE)
    assert [client.acquire(2), client.acquire(3)] == [0, 0]


def test_an_idle_account_can_change_its_limit(fixture: RedisStoreFixture, client: StoreClient) -> None:
    """The new limit starts cold, because its windows may be longer."""
    client.use(1, 2, 3)
    fixture.now += PER
    changed = StoreClient(fixture, fixture.open(RateLimit(2, per=60.0)))
    assert [changed.acquire(1), changed.acquire(2), changed.acquire(3)] == [60, 60, None]


def test_processes_may_have_different_reserves(fixture: RedisStoreFixture, client: StoreClient) -> None:
    """The reserve and the pace apply to the requests of one process, and do not affect the guarantee."""
    other = StoreClient(fixture, fixture.open(RateLimit(3, per=PER, reserve=2)))
    waits = [other.acquire(1, bulk=True), other.acquire(2, bulk=True), client.acquire(3, bulk=True)]
    assert waits == [0, None, pytest.approx(RATE.pace)]


def test_a_flushed_script_is_loaded_again(client: StoreClient, admin: redis.Redis) -> None:
    """Redis loses its scripts at a restart, and on SCRIPT FLUSH."""
    admin.script_flush()
    assert client.acquire(1) == 0


def test_threads_share_a_store(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Fifty of them at once, over ten connections; no slot is acquired twice."""
    client = RedisStoreFixture(own_redis).warm(RateLimit(100, per=PER))
    with ThreadPoolExecutor(50) as pool:
        waits = list(pool.map(client.acquire, range(1, 151)))
    assert (waits.count(0), waits.count(None)) == (100, 50)
    assert len(admin.client_list()) <= 1 + 10


async def blocked(served: threading.Event) -> None:
    """Keep a worker thread busy."""
    await anyio.to_thread.run_sync(served.wait)


def test_busy_worker_threads_do_not_block_a_request(redis_server: RedisServer) -> None:
    """All worker threads of a program may wait for the rate limit, while a task has to be served first."""
    client = RedisStoreFixture(redis_server).warm(RATE)

    async def main() -> float:
        served = threading.Event()
        limiter = anyio.to_thread.current_default_thread_limiter()
        async with anyio.create_task_group() as tasks:
            for _ in range(int(limiter.total_tokens)):
                tasks.start_soon(blocked, served)
            while limiter.available_tokens:
                await anyio.lowlevel.checkpoint()
            with anyio.fail_after(5):
                reply = await client.store.in_thread(partial(client.store.send, ACQUIRE))
            served.set()
        return reply.wait

    assert anyio.run(main) == 0


def test_connections_are_closed_with_their_store(own_redis: RedisServer, admin: redis.Redis) -> None:
    """The store does not have to be closed."""
    store = RedisStore(own_redis.url, "closed", RATE)
    store.send(ACQUIRE)
    assert len(admin.client_list()) == 2
    del store
    gc.collect()
    wait_until(lambda: len(admin.client_list()) == 1)


LEFT_OPEN = """
import asyncio
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit import shared_limiter

limiter = shared_limiter("key", "host", RateLimit(100, per=0.05, store="{url}"))

async def main():
    async with limiter.slot():
        pass

asyncio.run(main())
asyncio.run(main())
with limiter.slot():
    print("done")
"""


def test_a_program_ends_without_warnings(redis_server: RedisServer) -> None:
    """Neither a limiter that exists as long as the process, nor event loops that have ended, leave a warning."""
    command = [sys.executable, "-W", "error", "-c", LEFT_OPEN.format(url=redis_server.url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


FORKS = """
import os, sys
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest
from sendblue_contacts.rate_limit.stores.redis import RedisStore

def acquire(first):
    for token in range(first, first + 100):
        assert store.send(StoreRequest(Command.ACQUIRE, token, lease=60.0)).held
    return store._client.client_id()

store = RedisStore("{url}", "forks", RateLimit(1000, per=5.0))
before = acquire(1)
child = os.fork()
after = acquire(1000 if child else 2000)
if not child:
    os._exit(after == before)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), after == before)
"""


def test_the_child_of_a_fork_has_connections_of_its_own(redis_server: RedisServer) -> None:
    """Parent and child send requests at the same time, and each receives its own replies."""
    command = [sys.executable, "-W", "error", "-c", FORKS.format(url=redis_server.url)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("0 True\n", "")


def test_a_cluster_works_with_a_client_for_clusters(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything about an account is on one node."""
    with RedisServer(tmp_path_factory.mktemp("cluster"), "--cluster-enabled", "yes") as node, node.client() as admin:
        admin.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        wait_until(lambda: "'cluster_state': 'ok'" in str(admin.execute_command("CLUSTER INFO")))
        with redis.RedisCluster.from_url(node.url) as cluster:
            fixture = RedisStoreFixture(node)
            store = RedisStore(node.url, "cluster", RATE, client=cluster, clock=lambda: fixture.now)
            client = StoreClient(fixture, store)
            assert (client.acquire(1), client.acquire(2)) == (PER, PER)
            cluster.disconnect_connection_pools()  # closing it does not


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for the effect of a command."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
