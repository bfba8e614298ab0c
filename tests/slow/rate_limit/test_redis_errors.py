"""Which errors of Redis are outages and which are misconfigurations; and that no message shows a secret."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest, StoreUnavailableError
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.slow.rate_limit.redis_server import RedisServer, free_port

RATE = RateLimit(3, per=10.0)
ACQUIRE = StoreRequest(Command.ACQUIRE, 1, lease=60.0)
PASSWORD = "planted-word-7c1d"  # noqa: S105  # a text to search for, not a credential


def store_at(url: str, client: Any = None) -> RedisStore:  # anything that replaces a client
    """A store at this URL."""
    return RedisStore(url, "account", RATE, client=client)


@pytest.fixture
def admin(own_redis: RedisServer) -> Iterator[redis.Redis]:
    """A client for the administration of a Redis that the test may break."""
    with own_redis.client() as client:
        yield client


def outage_of(store: RedisStore) -> str:
    """The reason why the store is unavailable."""
    with pytest.raises(StoreUnavailableError) as caught:
        store.send(ACQUIRE)
    return str(caught.value)


def test_a_redis_that_cannot_be_reached() -> None:
    """The message contains the host and the error of the system."""
    port = free_port()
    reason = outage_of(store_at(f"redis://127.0.0.1:{port}"))
    assert reason == f"Redis at 127.0.0.1: Error 111 connecting to 127.0.0.1:{port}. Connection refused."
    assert "Redis at no-such-host.invalid: Error" in outage_of(store_at("redis://no-such-host.invalid"))


def test_a_redis_that_hangs_or_is_killed(own_redis: RedisServer) -> None:
    """While a connection is open. The store waits for one timeout, which a parameter of the URL sets."""
    store = store_at(f"{own_redis.url}?socket_timeout=0.2&socket_connect_timeout=0.2")
    store.send(ACQUIRE)
    with own_redis.stopped():
        assert "Timeout" in outage_of(store)
    assert store.send(ACQUIRE).held
    own_redis.kill()
    assert "Connection refused" in outage_of(store)


def test_a_redis_without_tls(redis_server: RedisServer) -> None:
    """It does not answer `rediss://`."""
    url = redis_server.url.replace("redis:", "rediss:") + "?socket_timeout=0.1"
    assert "Redis at 127.0.0.1: " in outage_of(store_at(url))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("REPLICAOF 127.0.0.1 1", "ReadOnlyError"),  # until it is promoted
        ("CONFIG SET maxmemory 1", "OutOfMemoryError"),
        ("CONFIG SET min-replicas-to-write 1", "NOREPLICAS"),
    ],
)
def test_a_redis_that_cannot_write(own_redis: RedisServer, admin: redis.Redis, command: str, reason: str) -> None:
    """It may write later."""
    admin.execute_command(*command.split())  # type: ignore[no-untyped-call]  # as redis-py declares it
    assert outage_of(store_at(own_redis.url)) == f"Redis at 127.0.0.1: {reason}"


def test_a_redis_that_is_busy(own_redis: RedisServer, admin: redis.Redis) -> None:
    """A script of another client takes long."""
    admin.config_set("busy-reply-threshold", 1)
    store = store_at(own_redis.url)

    def loop() -> None:
        with own_redis.client() as other, pytest.raises(redis.ResponseError, match="kill"):
            other.eval("while true do end", 0)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        reason = ""
        while not reason:
            reason = outage_or_nothing(store)
    finally:
        admin.script_kill()
        thread.join()
    assert reason == "Redis at 127.0.0.1: BUSY"


def outage_or_nothing(store: RedisStore) -> str:
    """The reason why the store is unavailable; empty if it is available."""
    try:
        store.send(ACQUIRE)
    except StoreUnavailableError as error:
        return str(error)
    return ""


class FailingClient:
    """A client whose scripts raise an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def register_script(self, _script: str) -> Callable[..., None]:
        """A script that raises the error."""

        def run(*, keys: list[str], args: list[str]) -> None:  # noqa: ARG001  # as redis-py calls it
            raise self._error

        return run


RESPONSES = redis.exceptions.ResponseError


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (redis.BusyLoadingError("Redis is loading the dataset in memory"), "Redis is loading"),
        (redis.exceptions.ClusterDownError("CLUSTERDOWN the cluster is down"), "ClusterDownError"),
        (redis.exceptions.MasterDownError("MASTERDOWN link with MASTER is down"), "MasterDownError"),
        (redis.exceptions.TryAgainError("multiple keys request"), "TryAgainError"),
        (redis.exceptions.SlotNotCoveredError("Slot not covered"), "SlotNotCoveredError"),
        (redis.exceptions.RedisClusterException("cannot be connected"), "RedisClusterException"),
        (RESPONSES("MISCONF Redis is configured to save snapshots"), "MISCONF"),
        (RESPONSES("Error running script (call to f_1): @user_script: 12: -READONLY You can't write"), "READONLY"),
        (RESPONSES("Error running script (call to f_1): @user_script: 12: -OOM command not allowed"), "OOM"),
        (redis.exceptions.MaxConnectionsError("Too many connections"), "Too many connections"),
    ],
)
def test_other_outages(error: Exception, word: str) -> None:
    """Errors that a working server does not return; READONLY and OOM as servers before version 7 word them."""
    assert word in outage_of(store_at("redis://host", FailingClient(error)))


def problem_of(store: RedisStore) -> str:
    """The message of the error."""
    with pytest.raises(RateLimitStoreError) as caught:
        store.send(ACQUIRE)
    return str(caught.value)


def test_credentials(own_redis: RedisServer, admin: redis.Redis) -> None:
    """No password, a wrong one, or that of an unknown user. With the right one, the database of the URL is used."""
    admin.config_set("requirepass", PASSWORD)
    for user in ("", ":wrong@", f"nobody:{PASSWORD}@"):
        problem = problem_of(store_at(own_redis.url.replace("//", f"//{user}")))
        assert problem.startswith("Redis at 127.0.0.1 rejects the credentials: check the password in the URL")
    store_at(own_redis.url.replace("//", f"//:{PASSWORD}@") + "/3").send(ACQUIRE)
    assert (admin.dbsize(), list(admin.info("keyspace"))) == (0, ["db3"])


def test_permissions(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Each of those that the message lists is required, and they are sufficient."""
    url = own_redis.url.replace("//", "//app:word@")
    needed = [f"+{command}" for command in ("evalsha", "script|load", "info", "time", "get", "set")]
    for missing in (*needed, ""):
        commands = [command for command in needed if command != missing]
        admin.acl_setuser("app", enabled=True, passwords=["+word"], keys=["sendblue:*"], commands=commands, reset=True)
        admin.script_flush()
        if missing:
            problem = problem_of(store_at(url))
            assert problem.endswith("allow evalsha, script load, info, time, get and set on sendblue:*"), missing
    assert store_at(url).send(ACQUIRE).held


def test_another_value_at_the_key(own_redis: RedisServer, admin: redis.Redis) -> None:
    """The message contains the key: of another type, or of a string that is not a table of slots."""
    store = store_at(own_redis.url)
    admin.lpush(store.key, "x")
    problems = [problem_of(store)]
    for value in (b"no slots", b"\xc1", b""):
        admin.set(store.key, value)
        problems.append(problem_of(store))
    assert [f"at the key of the slots, {store.key}: delete it" in problem for problem in problems] == [True] * 4


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("/99", "has no database with the number in the URL: change"),
        ("?client_name=a%20name", "does not accept the client_name in the URL: remove it"),
    ],
)
def test_a_url_that_redis_rejects(redis_server: RedisServer, rest: str, words: str) -> None:
    """The message states which part of the URL is wrong."""
    assert problem_of(store_at(redis_server.url + rest)).startswith(f"Redis at 127.0.0.1 {words}")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RESPONSES("unknown command 'EVALSHA'"), "must be version 5 or later"),
        (RESPONSES("Error running script: Unknown Redis command called"), "must be version 5 or later"),
        (redis.exceptions.MovedError("1 127.0.0.1:7001"), "Redis at host is a cluster: pass store=RedisStore("),
        (RESPONSES(f"strange {PASSWORD}"), "responds with an error (ResponseError) whose text may contain a secret"),
    ],
)
def test_other_problems(error: Exception, words: str) -> None:
    """It is too old, a command was renamed, it is a cluster; of an unknown error the text is not shown."""
    problem = problem_of(store_at("redis://host", FailingClient(error)))
    assert (words in problem, PASSWORD in problem) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{PASSWORD}/with-a-slash@host",
        f"redis://:{PASSWORD}@host:port",
        f"redis://:{PASSWORD}@[host",
        f"redis://:{PASSWORD}@host?socket_timeout={PASSWORD}",
        f"redis://:{PASSWORD}@host?{PASSWORD}=1",
        f"redis://:{PASSWORD}@host?protocol=7",
        f"redis://:half[{PASSWORD}]@host",
        f"redis://:half℀{PASSWORD}@host:6379",
        f"redis://:{PASSWORD}@{'h' * 70}:6379",
    ],
)
def test_an_invalid_url_is_an_error_at_once_and_not_shown(url: str) -> None:
    """It may contain a password, and a mistake in it may make the password look like another part."""
    with pytest.raises(ValueError, match=r"^the Redis URL of the rate limit cannot be parsed: write") as caught:
        store_at(url)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", [f"redis://:half[{PASSWORD}]@host", f"redis://:half℀{PASSWORD}@host:6379"])
def test_a_url_that_cannot_be_parsed_is_not_shown(url: str) -> None:
    """Neither where stores are selected by scheme, nor where a client is passed."""
    words = r"^the URL of the rate limit store cannot be parsed: .*LIMIT_STORE$"
    with pytest.raises(ValueError, match=words) as selected:
        RateLimiter(RateLimit(store=url))
    with pytest.raises(ValueError, match=r"^the Redis URL of the rate limit cannot be parsed: write") as passed:
        store_at(url, FailingClient(ValueError()))
    for caught in (selected, passed):
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_no_message_shows_the_password(
    own_redis: RedisServer, admin: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an error with its causes, nor a repr, nor the log."""
    url = own_redis.url.replace("//", f"//:{PASSWORD}@")
    limiter = RateLimiter(RateLimit(3, per=0.01, store=url))
    store = store_at(url)
    admin.config_set("requirepass", "another")
    texts = [repr(limiter), repr(store), error_of(limiter)]
    own_redis.kill()
    texts += [error_of(limiter), error_of(limiter)]
    assert [PASSWORD in text for text in [*texts, caplog.text]] == [False] * 6
    assert ["password" in texts[2], "refused" in texts[3]] == [True, True]


def error_of(limiter: RateLimiter) -> str:
    """The traceback of a caller that cannot wait."""
    with pytest.raises(RateLimitStoreError) as caught, limiter.slot(max_wait=0):
        pass
    return "".join(traceback.format_exception(caught.value))


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message states what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "redis.exceptions")
    with pytest.raises(RateLimitStoreError, match=r'pip install "sendblue-contacts\[redis\]"'):
        RateLimiter(RateLimit(store="redis://127.0.0.1"))
