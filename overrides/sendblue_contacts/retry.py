"""Retries, the rule. Nothing here sleeps, sends or reads a clock.

`Attempts.flow` is a generator that a transport drives. The numbers are those of the standard mode of the AWS SDKs:
three attempts, a pause of `random() * min(base * 2**n, cap)` (full jitter) with a base of 50 ms, or 1 s after a 429,
and a quota for each client: a retry takes 14 tokens (5 after a 429) of 500, and a success brings back what its last
retry took, or 1. An outage therefore adds about 35 requests, and not three times the load.

What may be repeated:

    | what happened                               | repeated                    |
    |---------------------------------------------|-----------------------------|
    | the connection was never made               | every call                  |
    | 429                                         | every call                  |
    | the answer was lost, 408, or 500 and above  | what is safe to send twice  |
    | anything else                               | nothing                     |

A wait that the server asks for (`Retry-After`) is kept in full; where it is longer than the deadline allows, the error
comes at once.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from .errors import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import httpx

EXTENSION = "sendblue_contacts"
"""The key in `request.extensions` under which a `Call` travels through the transports."""

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""The methods that may be sent twice, where nothing else is known of a request."""

TOO_MANY_REQUESTS = 429

_REQUEST_TIMEOUT = 408
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501

_TRANSIENT_COST = 14
_THROTTLED_COST = 5


@dataclass(frozen=True, slots=True)
class Retry:
    """How a failed request is repeated.

    Args:
        attempts: The most requests for one call, the first among them.
        deadline: Seconds that a call may take in all, pauses included; None for no end. The wait for a free slot of
            the rate limit does not count.
        base: Seconds of the longest first pause.
        throttling_base: The same after a 429.
        cap: Seconds of the longest pause.
    """

    attempts: int = 3
    deadline: float | None = 60.0
    base: float = 0.05
    throttling_base: float = 1.0
    cap: float = 20.0

    def __post_init__(self) -> None:
        if isinstance(self.attempts, bool) or self.attempts < 1:
            message = f"Retry: attempts must be 1 or more, not {self.attempts!r}"
            raise ValueError(message)
        for name in ("deadline", "base", "throttling_base", "cap"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                message = f"Retry: {name} must be a positive number of seconds, not {value!r}"
                raise ValueError(message)


@dataclass(slots=True)
class Call:
    """One call on its way through the transports.

    Attributes:
        repeatable: Whether the request may be sent again although it may have arrived.
        retry: How it is repeated; None for not at all.
        bulk: Whether it is bulk work, which is paced and leaves slots of the rate limit to others.
        max_wait: Seconds that it may wait for a free slot; None for however long it takes.
        attempts: How many requests were sent so far.
        lost: Whether an earlier request may have arrived without an answer that says what became of it.
        waited: Seconds that it waited for free slots.
        left: Seconds until its deadline, when the last attempt left.
    """

    repeatable: bool
    retry: Retry | None
    bulk: bool = False
    max_wait: float | None = None
    attempts: int = 0
    lost: bool = False
    waited: float = 0.0
    left: float = math.inf


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed.

    Attributes:
        arrived: Whether the request may have arrived, and may have been carried out.
        throttled: Whether the server said that there are too many requests.
        retry_after: Seconds that the server asks to wait.
        final: Whether another attempt could not do better: the server has decided.
    """

    arrived: bool
    throttled: bool = False
    retry_after: float | None = None
    final: bool = False


_FINAL = Failure(arrived=False, final=True)


def failure_of(outcome: httpx.Response | httpx.TransportError) -> Failure | None:
    """Return why an attempt failed, or None if it succeeded."""
    if isinstance(outcome, Exception):
        return Failure(arrived=not isinstance(outcome, _not_sent_errors()))
    status = outcome.status_code
    if outcome.is_success:
        return None
    if status == TOO_MANY_REQUESTS:
        return Failure(arrived=False, throttled=True, retry_after=retry_after(outcome))
    if status == _REQUEST_TIMEOUT or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED):
        return Failure(arrived=True, retry_after=retry_after(outcome))
    return _FINAL


@cache
def _not_sent_errors() -> tuple[type[Exception], ...]:
    """Return the errors after which a request was certainly not sent."""
    from ._httpx import httpx  # noqa: PLC0415  # `Retry` can be imported without httpx

    return (
        httpx.ConnectError,
        httpx.ConnectTimeout,
        httpx.PoolTimeout,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
    )


@dataclass(slots=True)
class Quota:
    """The tokens of a client's retries. Safe to use from many threads."""

    capacity: int = 500
    tokens: int = field(default=-1)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        if self.tokens < 0:
            self.tokens = self.capacity

    def take(self, cost: int) -> bool:
        """Take tokens for a retry, if there are enough."""
        with self._lock:
            if cost > self.tokens:
                return False
            self.tokens -= cost
            return True

    def give_back(self, tokens: int) -> None:
        """Give tokens back after a success."""
        with self._lock:
            self.tokens = min(self.capacity, self.tokens + tokens)


class Attempts:
    """The attempts of all calls of one client.

    Args:
        quota: The client's retry quota.
        clock: Tells the time in seconds, and never goes back.
        random: A number between 0 and 1, for the jitter.
    """

    def __init__(self, quota: Quota, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._quota = quota
        self._clock = clock
        self._random = random

    def flow(self, call: Call) -> Generator[float, Failure | None, None]:
        """The pauses before the attempts of a call, in seconds; is sent what failed, or None for a success.

        Ends when the call has succeeded, or when nothing more may be tried.
        """
        started = self._clock()
        cost = 0
        pause: float | None = 0.0
        while pause is not None:
            call.attempts += 1
            call.left = time_left(call, self._clock() - started + pause)
            failure = yield pause
            if failure is None:
                self._quota.give_back(cost or 1)
                return
            if failure.final:
                return
            call.lost = call.lost or failure.arrived
            cost = _THROTTLED_COST if failure.throttled else _TRANSIENT_COST
            pause = self._pause(call, failure, cost, time_left(call, self._clock() - started))

    def _pause(self, call: Call, failure: Failure, cost: int, left: float) -> float | None:
        """Seconds to wait before the next attempt; None if there is none."""
        retry = call.retry
        if retry is None or call.attempts >= retry.attempts or (failure.arrived and not call.repeatable):
            return None
        base = retry.throttling_base if failure.throttled else retry.base
        jitter = self._random() * min(base * 2 ** (call.attempts - 1), retry.cap)
        pause = max(jitter, failure.retry_after or 0.0)
        return pause if pause < left and self._quota.take(cost) else None


def time_left(call: Call, elapsed: float) -> float:
    """Seconds until the call's deadline; infinity if it has none."""
    if call.retry is None or call.retry.deadline is None:
        return math.inf
    return call.retry.deadline - (elapsed - call.waited)
