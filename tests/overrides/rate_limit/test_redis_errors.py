"""What the Redis store makes of errors: away, or wrong until somebody mends it; and that no text shows a secret."""

from __future__ import annotations

import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import redis
from sendblue_contacts import RateLimit, RateLimiter, RateLimitStoreError
from sendblue_contacts.rate_limit.stores import Question, StoreAwayError, Verb
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.overrides.rate_limit.servers import RedisServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE = RateLimit(3, per=10.0)
TAKE = Question(Verb.TAKE, 1)
PASSWORD = "planted-word-7c1d"  # noqa: S105  # a word to look for, no credential


def store_at(url: str, client: Any = None) -> RedisStore:  # noqa: ANN401  # whatever stands for a client
    """A store at this address."""
    return RedisStore(url, "account", RATE, client=client)


@pytest.fixture
def admin(own_redis: RedisServer) -> Iterator[redis.Redis]:
    """Somebody who looks after a Redis that a test may harm."""
    with own_redis.client() as client:
        yield client


# Away: it may be back by itself.


def away(store: RedisStore) -> str:
    """Why the store says that it is away."""
    with pytest.raises(StoreAwayError) as caught:
        store.ask(TAKE)
    return str(caught.value)


def test_nobody_listens() -> None:
    """The reason names the host, and what the system said."""
    port = free_port()
    said = away(store_at(f"redis://127.0.0.1:{port}"))
    assert said == f"Redis at 127.0.0.1: Error 111 connecting to 127.0.0.1:{port}. Connection refused."


def test_a_host_that_is_unknown() -> None:
    """It may be known later."""
    assert "Redis at no-such-host.invalid: Error" in away(store_at("redis://no-such-host.invalid"))


def test_a_redis_that_hangs(own_redis: RedisServer) -> None:
    """It is waited for no longer than a timeout, once; a parameter in the address changes that."""
    store = store_at(f"{own_redis.url}?socket_timeout=0.05&socket_connect_timeout=0.05")
    store.ask(TAKE)
    with own_redis.stopped():
        assert "Timeout" in away(store)
    assert store.ask(TAKE).held


def test_a_redis_that_was_killed(own_redis: RedisServer) -> None:
    """And whose connection is still open here."""
    store = store_at(own_redis.url)
    store.ask(TAKE)
    own_redis.kill()
    assert "Connection refused" in away(store)


def test_no_encryption_where_it_is_asked_for(own_redis: RedisServer) -> None:
    """A Redis without TLS does not answer `rediss://`."""
    assert "Redis at 127.0.0.1: " in away(store_at(own_redis.url.replace("redis:", "rediss:") + "?socket_timeout=0.1"))


def test_a_replica(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Nobody may write there, until it takes over."""
    admin.replicaof("127.0.0.1", str(free_port()))
    assert away(store_at(own_redis.url)) == "Redis at 127.0.0.1: ReadOnlyError"


def test_a_redis_that_is_full(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Somebody may make room."""
    admin.config_set("maxmemory", 1)
    assert away(store_at(own_redis.url)) == "Redis at 127.0.0.1: OutOfMemoryError"


def test_a_redis_without_its_replicas(own_redis: RedisServer, admin: redis.Redis) -> None:
    """They may come back."""
    admin.config_set("min-replicas-to-write", 1)
    assert away(store_at(own_redis.url)) == "Redis at 127.0.0.1: NOREPLICAS"


def test_a_redis_that_is_busy(own_redis: RedisServer, admin: redis.Redis) -> None:
    """Another's script takes long."""
    admin.config_set("busy-reply-threshold", 1)
    store = store_at(own_redis.url)
    store.ask(TAKE)

    def loop() -> None:
        with own_redis.client() as other, pytest.raises(redis.ResponseError, match="kill"):
            other.eval("while true do end", 0)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        said = ""
        while not said:
            said = asked(store)
    finally:
        admin.script_kill()
        thread.join()
    assert said == "Redis at 127.0.0.1: BUSY"


def asked(store: RedisStore) -> str:
    """Why the store is away; empty if it is not."""
    try:
        store.ask(TAKE)
    except StoreAwayError as error:
        return str(error)
    return ""


class Refusing:
    """A client that raises the same error whatever it is asked."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def evalsha(self, *_: object) -> None:
        """As it says."""
        raise self._error

    eval = evalsha


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
def test_what_else_may_pass_by_itself(error: Exception, word: str) -> None:
    """What a real server would have to be broken for; the last ones as servers before version 7 say it."""
    assert word in away(store_at("redis://host", Refusing(error)))


# Wrong, until somebody mends it.


def wrong(store: RedisStore) -> str:
    """What the store says is wrong."""
    with pytest.raises(RateLimitStoreError) as caught:
        store.ask(TAKE)
    return str(caught.value)


@pytest.mark.parametrize("who", ["", f":{PASSWORD}@", f"nobody:{PASSWORD}@"])
def test_a_wrong_password(own_redis: RedisServer, admin: redis.Redis, who: str) -> None:
    """None, another, or that of a user whom Redis does not know."""
    admin.config_set("requirepass", "the right one")
    said = wrong(store_at(own_redis.url.replace("//", f"//{who}")))
    assert said.startswith("Redis at 127.0.0.1 refuses the password: check the one in the address")


def test_the_right_password(own_redis: RedisServer, admin: redis.Redis) -> None:
    """With it, and in the database that the address names, the store works."""
    admin.config_set("requirepass", PASSWORD)
    store_at(own_redis.url.replace("//", f"//:{PASSWORD}@") + "/3").ask(TAKE)
    assert (admin.dbsize(), list(admin.info("keyspace"))) == (0, ["db3"])


@pytest.mark.parametrize("lacks", ["-info", "-evalsha", "-eval", "-time", "-get", "-set"])
def test_a_user_who_may_not(own_redis: RedisServer, admin: redis.Redis, lacks: str) -> None:
    """The error says what he has to be allowed."""
    admin.acl_setuser("app", enabled=True, passwords=["+word"], keys=["*"], commands=["+@all"], reset=True)
    admin.execute_command("ACL SETUSER", "app", lacks)  # type: ignore[no-untyped-call]  # as redis-py has it
    said = wrong(store_at(own_redis.url.replace("//", "//app:word@")))
    assert said.endswith("allow evalsha, eval, info, time, get and set on sendblue:*")


def test_a_user_who_may_just_this(own_redis: RedisServer, admin: redis.Redis) -> None:
    """What the error asks for is enough."""
    needed = [f"+{each}" for each in ("evalsha", "eval", "info", "time", "get", "set")]
    admin.acl_setuser("app", enabled=True, passwords=["+word"], keys=["sendblue:*"], commands=needed, reset=True)
    assert store_at(own_redis.url.replace("//", "//app:word@")).ask(TAKE).held


def test_something_else_under_the_key(own_redis: RedisServer, admin: redis.Redis) -> None:
    """The error names the key."""
    store = store_at(own_redis.url)
    admin.lpush(store.key, "x")
    assert f"the key {store.key}: delete it" in wrong(store)


@pytest.mark.parametrize("value", [b"no slots", b"\xc1", b""])
def test_something_garbled_under_the_key(own_redis: RedisServer, admin: redis.Redis, value: bytes) -> None:
    """As the last one: neither a number, nor what no program packed."""
    store = store_at(own_redis.url)
    admin.set(store.key, value)
    assert f"the key {store.key}: delete it" in wrong(store)


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        ("/99", "has no database of the number in the address: change"),
        ("?client_name=a%20name", "takes no such client_name: leave it out of the address"),
    ],
)
def test_an_address_with_which_redis_does_not_agree(redis_server: RedisServer, rest: str, words: str) -> None:
    """The error says which part of it, and not that this Redis were too old."""
    assert wrong(store_at(redis_server.url + rest)).startswith(f"Redis at 127.0.0.1 {words}")


@pytest.mark.parametrize("said", ["unknown command 'EVALSHA'", "Error running script: Unknown Redis command called"])
def test_a_redis_that_lacks_a_command(said: str) -> None:
    """It is too old, or somebody renamed it."""
    assert "must be version 5 or later" in wrong(store_at("redis://host", Refusing(RESPONSES(said))))


def test_a_cluster() -> None:
    """A client for one Redis cannot follow it."""
    said = wrong(store_at("redis://host", Refusing(redis.exceptions.MovedError("1 127.0.0.1:7001"))))
    assert said.startswith("Redis at host is a cluster, for which RateLimiter takes store=RedisStore(")


def test_what_nobody_thought_of() -> None:
    """It is an error of ours, without what Redis quotes."""
    said = wrong(store_at("redis://host", Refusing(RESPONSES(f"strange {PASSWORD}"))))
    assert said.startswith("Redis at host answers with an error (ResponseError) whose text may quote a secret")
    assert PASSWORD not in said


# The address.


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
def test_a_bad_address_is_refused_at_once_and_not_shown(url: str) -> None:
    """It may hold a password, and a slip in it may make that look like something else."""
    with pytest.raises(ValueError, match=r"^the address of the rate limit's Redis cannot be read: write") as caught:
        store_at(url)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", [f"redis://:half[{PASSWORD}]@host", f"redis://:half℀{PASSWORD}@host:6379"])
def test_an_address_that_cannot_be_taken_apart_is_not_shown(url: str) -> None:
    """It is refused before anybody knows that it is one of Redis, or in front of a client that is there already."""
    with pytest.raises(ValueError, match=r"^this address of a rate limit store cannot be read: .*LIMIT_STORE$") as any_:
        RateLimiter(RateLimit(store=url))
    with pytest.raises(ValueError, match=r"^the address of the rate limit's Redis cannot be read: write") as one:
        store_at(url, Refusing(ValueError()))
    for caught in (any_, one):
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_no_text_shows_the_password(
    own_redis: RedisServer, admin: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever happens: neither an error, with all that led to it, nor a repr, nor the log."""
    url = own_redis.url.replace("//", f"//:{PASSWORD}@")
    limiter = RateLimiter(RateLimit(3, per=0.01, store=url))
    store = store_at(url)
    admin.config_set("requirepass", "another")
    texts = [repr(limiter), repr(store), told(limiter)]
    own_redis.kill()
    texts += [told(limiter), told(limiter)]
    assert [PASSWORD in text for text in [*texts, caplog.text]] == [False] * 6
    assert ["password" in texts[2], "refused" in texts[3]] == [True, True]


def told(limiter: RateLimiter) -> str:
    """What a caller is told who cannot wait."""
    with pytest.raises(RateLimitStoreError) as caught, limiter.slot(max_wait=0):
        pass
    return "".join(traceback.format_exception(caught.value))


# The extra.


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "redis.exceptions")
    with pytest.raises(RateLimitStoreError, match=r'pip install "sendblue-contacts\[redis\]"'):
        RateLimiter(RateLimit(store="redis://127.0.0.1"))
