"""Slots in Redis, for processes on many machines. The rule is in `redis.lua`; here it is asked, and errors explained.

Redis counts as away when it may be back by itself: not reachable, busy, loading, full, a replica. What stays wrong
until somebody mends it, such as a password, is a `RateLimitStoreError`. No text shows more of an address than its host.

Tasks ask through a worker thread, under asyncio and trio alike. So a connection belongs to no event loop: it outlives
them, nothing has to be closed when one ends, and a cancelled task leaves none in the middle of an answer: its thread
goes on without it, and takes back what it asked.
"""

from __future__ import annotations

import re
import threading
import weakref
from functools import cache
from hashlib import sha1, sha256
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from sendblue_contacts.errors import RateLimitStoreError

from . import ASKS, LEASE, Answer, Question, StoreAwayError, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.rate import RateLimit

_MICRO = 1_000_000
_TIMEOUT = 2.0
"""Seconds for an answer, and as many for a connection."""
_CONNECTIONS = 10
"""How many a process has at most; one question takes a fraction of a millisecond."""

_AWAY = re.compile(
    r"\b(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM|READONLY|TRYAGAIN|ClusterDownError|ClusterError|"
    r"MasterDownError|OutOfMemoryError|ReadOnlyError|RedisClusterException|SlotNotCoveredError|TryAgainError)\b"
)
_WRONG = {
    "Auth|NOAUTH|WRONGPASS": "refuses the password: check the one in the address, special characters percent-encoded",
    "NoPermission|NOPERM|can't run this": (
        "does not let its user do what the rate limit needs: allow evalsha, eval, info, time, get and set on sendblue:*"
    ),
    "Moved|Ask": "is a cluster, for which RateLimiter takes store=RedisStore(…, client=redis.RedisCluster.from_url(…))",
    "WRONGTYPE": "has something else in the place of the slots, the key {key}: delete it, or use another database",
    "DB index": "has no database of the number in the address: change the one behind its last /",
    "Client names": "takes no such client_name: leave it out of the address, or write it without blanks",
    "unknown command|Unknown Redis command": (
        "lacks a command that the rate limit needs: it must be version 5 or later, with "
        "evalsha, eval, info, time, get and set under their own names"
    ),
    "OTHERLIMIT": "has slots of this account for another limit, {limit}: use the same limit everywhere",
}
"""What is wrong until somebody mends it. These and `_AWAY` are names of redis-py's errors, and words of Redis."""

_UNREADABLE = (
    "the address of the rate limit's Redis cannot be read: write redis://user:password@host:6379/0, with "
    "special characters percent-encoded, and behind a ? only parameters that redis-py knows"
)
"""For whatever is wrong with an address: what others say of it may quote a part of the password."""


class Client(Protocol):
    """What is needed of a client of redis-py, `Redis` or `RedisCluster`."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: Any) -> Any:  # noqa: ANN401  # as redis-py has it
        """Run a script that Redis knows."""
        ...

    def eval(self, script: str, numkeys: int, *keys_and_args: Any) -> Any:  # noqa: ANN401  # as redis-py has it
        """Run a script, which Redis knows from then on."""
        ...


class RedisStore:
    """A store in Redis, version 5 or later. It connects when it is asked first.

    Args:
        url: `redis://…` or `rediss://…`, with whatever parameters redis-py's `from_url` takes.
        account: Tells accounts apart; only a part of its hash is sent.
        rate: The limit, the same for all who use this account.
        client: A client of redis-py to ask, in place of one for the address: for a cluster, or behind Sentinel.
        lease: Seconds after which a request counts as given up.
        clock: Tells the time in seconds, in place of Redis: for tests.

    Raises:
        ValueError: The address is none.
        RateLimitStoreError: The extra `redis` is not installed.
    """

    at_once: bool = False

    def __init__(
        self,
        url: str,
        account: str,
        rate: RateLimit,
        *,
        client: Client | None = None,
        lease: float = LEASE,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._errors = _library("redis.exceptions")
        self._client = client or self._connected(url)
        self._host = _host(url)
        # A cluster keeps all keys with the same word in braces in one place.
        self.key: str = f"sendblue:{{{sha256(account.encode()).hexdigest()[:16]}}}:slots"
        self._rate = (rate.limit, _micro(rate.per), rate.bulk_room, _micro(rate.pace), _micro(lease))
        self._clock = clock

    def ask(self, question: Question) -> Answer:
        """Ask once, in one round trip."""
        terms = int(question.bulk), int(question.paced), _micro(question.seconds), *self._rate
        time = () if self._clock is None else (_micro(self._clock()),)
        try:
            wait, frozen, held = self._run(question.verb.value, question.token, *terms, *time)
        except (self._errors.RedisError, self._errors.RedisClusterException) as error:
            raise self._explained(error) from None
        return Answer(wait / _MICRO, frozen / _MICRO, bool(held))

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`, in a worker thread beyond those that others may have taken. A task that is cancelled leaves it."""
        import anyio.to_thread  # noqa: PLC0415  # only the async client pays for it

        given_up = threading.Event()
        own = anyio.CapacityLimiter(1)
        try:
            return await anyio.to_thread.run_sync(
                self._ask_for, question, given_up, limiter=own, abandon_on_cancel=True
            )
        finally:
            given_up.set()

    def _ask_for(self, question: Question, given_up: threading.Event) -> Answer:
        """Ask for a task. If it is there no more, nobody uses a slot that Redis holds for it from now on."""
        answer = self.ask(question)
        if given_up.is_set() and question.verb in ASKS:
            self.ask(question._replace(verb=Verb.CANCEL))
        return answer

    def after_fork(self) -> None:
        """Do nothing: redis-py notices that it is in another process, and connects anew."""

    def _connected(self, url: str) -> Client:
        made = _made_for(url)
        # Also at the end of the process. Without it the garbage collector may find the sockets first, and complain.
        weakref.finalize(self, made.connection_pool.disconnect)
        client: Client = made
        return client

    def _run(self, *arguments: str | int) -> tuple[int, int, int]:
        script, digest = _script()
        try:
            answer: tuple[int, int, int] = self._client.evalsha(digest, 1, self.key, *arguments)
        except self._errors.NoScriptError:
            answer = self._client.eval(script, 1, self.key, *arguments)
        return answer

    def _explained(self, error: Exception) -> Exception:
        """What to raise; what Redis said is not in it, for nobody knows what that quotes."""
        said = f"{type(error).__name__} {error}"
        for words, way_out in _WRONG.items():
            if re.search(rf"\b({words})", said):
                limit = said.partition("OTHERLIMIT ")[2]
                return RateLimitStoreError(f"Redis at {self._host} {way_out.format(key=self.key, limit=limit)}")
        if away := _AWAY.search(said):
            return StoreAwayError(f"Redis at {self._host}: {away[0]}")
        if isinstance(error, self._errors.ConnectionError | self._errors.TimeoutError):
            return StoreAwayError(f"Redis at {self._host}: {error}")
        strange = f"answers with an error ({type(error).__name__}) whose text may quote a secret, and is not shown"
        way_out = "see whether it is Redis 5 or later, and try the address with redis-cli"
        return RateLimitStoreError(f"Redis at {self._host} {strange}: {way_out}")


@cache
def _script() -> tuple[str, str]:
    """The script, and the name that Redis has for it."""
    text = files("sendblue_contacts.rate_limit.stores").joinpath("redis.lua").read_text(encoding="utf-8")
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()


def _made_for(url: str) -> Any:  # noqa: ANN401  # an optional library
    """A client for this address. It tries once, so that whoever asks can decide how often to try."""
    redis, backoff, retry = map(_library, ("redis", "redis.backoff", "redis.retry"))
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_TIMEOUT,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=retry.Retry(backoff.NoBackoff(), 0),
        )
        pool.connection_class(**pool.connection_kwargs)  # to see whether it takes these parameters; connects nowhere
        pool.connection_kwargs.get("host", "").encode("idna")  # as the system does when it connects
    except (TypeError, ValueError, redis.RedisError):
        raise ValueError(_UNREADABLE) from None
    return redis.Redis(connection_pool=pool)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "localhost"
    except ValueError:
        raise ValueError(_UNREADABLE) from None


def _library(name: str) -> Any:  # noqa: ANN401  # an optional library
    try:
        return import_module(name)
    except ModuleNotFoundError:
        message = 'a rate limit in Redis needs the library redis: pip install "sendblue-contacts[redis]"'
        raise RateLimitStoreError(message) from None


def _micro(seconds: float) -> int:
    return round(seconds * _MICRO)
