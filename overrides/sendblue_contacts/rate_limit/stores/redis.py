"""A store in Redis, for processes on many machines. The rule is in `redis.lua`; this module sends requests to it.

Redis is *unavailable* in the conditions that can end without a change of the configuration: unreachable, busy, loading,
out of memory, a replica. Others, such as a wrong password, are a `RateLimitStoreError`. No message shows more of the
URL than its host.

After a fork, redis-py opens new connections.
"""

from __future__ import annotations

import re
import time
import weakref
from hashlib import sha256
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sendblue_contacts.errors import RateLimitStoreError

from .base import Store, StoreReply, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.config import RateLimit

    from .base import StoreRequest

_MICRO = 1_000_000
_TIMEOUT = 2.0
"""Seconds to wait for a connection, and for a reply."""
_CONNECTIONS = 10
"""The maximum number of connections of a process; a request takes a fraction of a millisecond."""

_UNAVAILABLE = re.compile(
    r"\b(BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOREPLICAS|OOM|READONLY|TRYAGAIN|ClusterDownError|ClusterError|"
    r"MasterDownError|OutOfMemoryError|ReadOnlyError|RedisClusterException|SlotNotCoveredError|TryAgainError)\b"
)
_COMMANDS = "evalsha, script load, info, time, get and set"
_MISCONFIGURED = {
    "Auth|NOAUTH|WRONGPASS": (
        "rejects the credentials: check the password in the URL, with special characters percent-encoded"
    ),
    "NoPermission|NOPERM|can't run this": (
        f"does not grant its user the required commands: allow {_COMMANDS} on sendblue:*"
    ),
    "Moved|Ask": "is a cluster: pass store=RedisStore(…, client=redis.RedisCluster.from_url(…)) to RateLimiter",
    "WRONGTYPE": "has another value at the key of the slots, {key}: delete it, or use another database",
    "DB index": "has no database with the number in the URL: change the number after its last /",
    "Client names": "does not accept the client_name in the URL: remove it, or write it without spaces",
    "unknown command|Unknown Redis command": (
        f"lacks a required command: it must be version 5 or later, with {_COMMANDS} under their own names"
    ),
    "OTHERLIMIT": "has slots of this account for another limit, {limit}: use the same limit everywhere",
}
"""What is wrong until the configuration is corrected, by names of redis-py's errors and by words of Redis."""

_UNPARSABLE = (
    "the Redis URL of the rate limit cannot be parsed: write redis://user:password@host:6379/0, with special "
    "characters percent-encoded, and after a ? only parameters of redis-py"
)
"""For any error in a URL: other messages about it may quote a part of the password."""


class RedisStore(Store):
    """A store in Redis, version 5 or later. It connects on the first request.

    Args:
        url: `redis://…` or `rediss://…`, with the parameters of redis-py's `from_url`.
        account: Separates accounts; only a part of its hash is sent.
        rate: The limit, the same for all that use this account.
        client: A redis-py client (`Redis` or `RedisCluster`) in place of one for the URL: for a cluster or Sentinel.
        clock: Returns the time in seconds, in place of the clock of Redis: for tests.
        own_clock: Returns the time in seconds of a clock of this machine that cannot be set.

    Raises:
        ValueError: The URL is invalid.
        RateLimitStoreError: The extra `redis` is not installed.
    """

    def __init__(
        self,
        url: str,
        account: str,
        rate: RateLimit,
        *,
        client: Any = None,  # noqa: ANN401  # of an optional library
        clock: Callable[[], float] | None = None,
        own_clock: Callable[[], float] | None = None,
    ) -> None:
        self._errors = _library("redis.exceptions")
        self._client = client or _client_for(url)
        if not client:  # at the end of the process too: the garbage collector would warn about open sockets
            weakref.finalize(self, self._client.connection_pool.disconnect)
        self._host = _host(url)
        # In a cluster, keys with the same text in braces are on the same node.
        self.key: str = f"sendblue:{{{sha256(account.encode()).hexdigest()[:16]}}}:slots"
        self._rate = (rate.limit, _micro(rate.per), rate.bulk_slots, _micro(rate.pace), int(rate.paced))
        self._clock = clock
        self._own_clock = own_clock or clock or time.monotonic
        # The epoch of the last reply, when it arrived, and by how much the time of Redis is ahead at least.
        self._seen: tuple[str | bytes, float, float] = ("", 0.0, 0.0)
        script = files("sendblue_contacts.rate_limit.stores").joinpath("redis.lua").read_text(encoding="utf-8")
        self._script = self._client.register_script(script)

    def send(self, request: StoreRequest) -> StoreReply:
        """Send a request once, in one round trip."""
        what = request.command.value, request.token, int(request.bulk), _micro(request.lease), _micro(request.seconds)
        known, replied, ahead = self._seen
        own_time = self._own_clock()
        seen = known, _micro(own_time - replied), _micro(own_time + ahead)
        now = () if self._clock is None else (_micro(self._clock()),)
        try:
            reply = self._script(keys=[self.key], args=[*what, *self._rate, *seen, *now])
            wait, frozen, held, now_in_redis, epoch = reply
        except (self._errors.RedisError, self._errors.RedisClusterException) as error:
            raise self._explained(error) from None
        known, _, ahead = self._seen  # of another thread, meanwhile
        replied = self._own_clock()
        now_ahead = now_in_redis / _MICRO - replied
        self._seen = epoch, replied, max(ahead, now_ahead) if epoch == known else now_ahead
        return StoreReply(wait / _MICRO, frozen / _MICRO, bool(held))

    def _explained(self, error: Exception) -> Exception:
        """The exception to raise. It never contains the text of Redis, which may quote a secret."""
        text = f"{type(error).__name__} {error}"
        for words, problem in _MISCONFIGURED.items():
            if re.search(rf"\b({words})", text):
                limit = text.partition("OTHERLIMIT ")[2]
                return RateLimitStoreError(f"Redis at {self._host} {problem.format(key=self.key, limit=limit)}")
        if unavailable := _UNAVAILABLE.search(text):
            return StoreUnavailableError(f"Redis at {self._host}: {unavailable[0]}")
        if isinstance(error, self._errors.ConnectionError | self._errors.TimeoutError):
            return StoreUnavailableError(f"Redis at {self._host}: {error}")
        return RateLimitStoreError(
            f"Redis at {self._host} responds with an error ({type(error).__name__}) whose text may contain a secret "
            "and is not shown: check that it is Redis 5 or later, and try the URL with redis-cli"
        )


def _client_for(url: str) -> Any:  # noqa: ANN401  # of an optional library
    """A client for this URL. It does not retry: the caller decides how often to try."""
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
        pool.connection_class(**pool.connection_kwargs)  # checks the parameters, without connecting
        pool.connection_kwargs.get("host", "").encode("idna")  # as the system does when it connects
    except (TypeError, ValueError, redis.RedisError):
        raise ValueError(_UNPARSABLE) from None
    return redis.Redis(connection_pool=pool)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "localhost"
    except ValueError:
        raise ValueError(_UNPARSABLE) from None


def _library(name: str) -> Any:  # noqa: ANN401  # an optional library
    try:
        return import_module(name)
    except ModuleNotFoundError:
        message = 'a rate limit in Redis needs the library redis: pip install "sendblue-contacts[redis]"'
        raise RateLimitStoreError(message) from None


def _micro(seconds: float) -> int:
    return round(seconds * _MICRO)
