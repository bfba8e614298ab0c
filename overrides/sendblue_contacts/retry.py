"""The retry policy, and which outcomes are retryable. Nothing here sends, sleeps or reads a clock.

`attempt_pauses` is a generator that a transport drives. The defaults are those of the standard mode of the AWS SDKs:
three attempts; a pause of `random() * min(base * 2**n, cap)` ("full jitter") with a base of 50 ms, or 1 s after a 429;
and a retry quota for each client. A retry takes 14 of 500 tokens (5 after a 429). A response that is final returns what
the last retry took, and a success at the first attempt 1. In an outage a client therefore adds about 35 requests
instead of tripling the load.

    | outcome                                           | retried                       |
    |---------------------------------------------------|-------------------------------|
    | no connection was made (`NOT_SENT_ERRORS`)        | every call                    |
    | 429 (`THROTTLING_STATUSES`)                       | every call                    |
    | no response, 408, 5xx (`TRANSIENT_STATUSES`)      | calls that are safe to repeat |
    | any other response                                | never                         |

A wait that the server requests (`Retry-After`, at most a day) is kept in full. Where it is longer than the deadline
allows, the error is raised at once.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import check_seconds, retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import httpx

THROTTLING_STATUSES = frozenset({429})
"""The server did not process the request because there are too many: retryable for every call."""
TRANSIENT_STATUSES = frozenset({408, *range(500, 1000)} - {501})
"""The server failed, and may have applied the request: retryable for calls that are safe to repeat."""
NOT_SENT_ERRORS = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
"""The httpx errors after which the request cannot have arrived, by name: `Retry` is imported without httpx."""
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""The methods that are safe to repeat, for a request of which nothing else is known."""

EXTENSION = "sendblue_contacts"
"""The key in `request.extensions` that carries the `Call` through the transports."""

_FIRST_LOOK_UP_PAUSE, _MAX_LOOK_UP_PAUSE = 0.25, 2.0  # seconds
_TRANSIENT_COST = 14
_THROTTLING_COST = 5


@dataclass(frozen=True, slots=True)
class Retry:
    """How failed requests are retried.

    Args:
        attempts: Maximum number of requests for one call, including the first.
        deadline: Maximum seconds for one call, pauses and the reading of responses included; None for no limit. Waits
            for a slot of the rate limit do not count.
        base: Upper limit of the first pause, in seconds.
        throttling_base: Upper limit of the first pause after a 429, in seconds.
        cap: Upper limit of every pause, in seconds.
        read_lag: Seconds by which reads may lag behind writes. After a lost response, a look-up that does not show the
            write proves nothing until so many seconds have passed; 0 trusts each look-up.

    Raises:
        ValueError: An argument is out of range.
    """

    attempts: int = 3
    deadline: float | None = 60.0
    base: float = 0.05
    throttling_base: float = 1.0
    cap: float = 20.0
    read_lag: float = 5.0

    def __post_init__(self) -> None:
        if isinstance(self.attempts, bool) or self.attempts < 1:
            raise ValueError(f"Retry: attempts must be 1 or more, not {self.attempts!r}")
        for name in ("deadline", "base", "throttling_base", "cap"):
            if name != "deadline" or self.deadline is not None:
                check_seconds(f"Retry: {name}", getattr(self, name))
        check_seconds("Retry: read_lag", self.read_lag, positive=False, finite=True)


@dataclass(slots=True)
class Call:
    """One call, as the transports see it. Times are in seconds."""

    repeatable: bool  # whether the request may be sent again although the server may have applied it
    retry: Retry | None  # None for no retries
    bulk: bool = False  # bulk work is paced, and leaves slots of the rate limit to other callers
    max_wait: float | None = None  # the longest wait for a slot of the rate limit; None for no maximum
    delay: float = 0.0  # the wait before the first attempt
    deadline: float | None = None  # the longest call; by default that of `retry`, else None until the timeout is known
    attempts: int = 0  # requests that were sent so far
    maybe_applied: bool = False  # whether the server may have applied an earlier attempt, whose response was lost
    waited: float = 0.0  # the waits for slots
    slowest_attempt: float = 0.0  # how long the slowest attempt took
    seconds_left: float = math.inf  # until the deadline, at the start of the last attempt, and at its end

    def __post_init__(self) -> None:
        if self.retry:
            self.deadline = math.inf if self.retry.deadline is None else self.retry.deadline


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt did not succeed."""

    maybe_applied: bool  # whether the server may have applied the request
    throttled: bool = False  # whether the server rejected it because there are too many requests
    retry_after: float | None = None  # seconds that the server asks to wait
    final: bool = False  # whether a retry cannot succeed: the server has decided


def failure_of(outcome: httpx.Response | httpx.TransportError) -> Failure | None:
    """Classify the outcome of an attempt. Returns None for a success."""
    if isinstance(outcome, Exception):
        return Failure(maybe_applied=not any(cls.__name__ in NOT_SENT_ERRORS for cls in type(outcome).__mro__))
    if outcome.is_success:
        return None
    if outcome.status_code in THROTTLING_STATUSES:
        return Failure(maybe_applied=False, throttled=True, retry_after=retry_after(outcome))
    if outcome.status_code in TRANSIENT_STATUSES:
        return Failure(maybe_applied=True, retry_after=retry_after(outcome))
    return Failure(maybe_applied=False, final=True)


class Quota:
    """The retry tokens of one client. Thread-safe."""

    def __init__(self, capacity: int = 500) -> None:
        self.capacity: int = capacity
        self.tokens: int = capacity
        self._lock = threading.Lock()

    def take(self, cost: int) -> bool:
        """Take the tokens of a retry. Returns False, and takes none, if there are not enough."""
        with self._lock:
            if cost > self.tokens:
                return False
            self.tokens -= cost
            return True

    def give_back(self, tokens: int) -> None:
        """Give tokens back after a success."""
        with self._lock:
            self.tokens = min(self.capacity, self.tokens + tokens)


def attempt_pauses(
    call: Call, quota: Quota, clock: Callable[[], float], random: Callable[[], float]
) -> Generator[float, Failure | None, None]:
    """Yield the pause before each attempt, in seconds; send it the failure of the attempt, or None for a success.

    Ends after a success, and when no retry is allowed. `random` gives the jitter: a number between 0 and 1.
    """
    started = clock() + call.delay
    cost = 0
    pause = call.delay
    while True:
        call.attempts += 1
        call.seconds_left = _seconds_left(call, clock() - started + pause)
        failure = yield pause
        call.seconds_left = _seconds_left(call, clock() - started)
        if failure is None or failure.final:
            quota.give_back(cost if failure else cost or 1)
            return
        call.maybe_applied = call.maybe_applied or failure.maybe_applied
        retry = call.retry
        if retry is None or call.attempts >= retry.attempts or (failure.maybe_applied and not call.repeatable):
            return
        base, cost = (retry.throttling_base, _THROTTLING_COST) if failure.throttled else (retry.base, _TRANSIENT_COST)
        jitter = random() * min(base * 2 ** (call.attempts - 1), retry.cap)
        pause = max(jitter, failure.retry_after or 0.0)
        if pause >= call.seconds_left or not quota.take(cost):
            return


def _seconds_left(call: Call, elapsed: float) -> float:
    """Return the seconds until the deadline of the call; infinity if it has none."""
    return math.inf if call.deadline is None else call.deadline - (elapsed - call.waited)


def look_up_pauses(seconds: float) -> Generator[float]:
    """Yield the pause before each look-up after a lost response: none, then growing ones that add up to `seconds`."""
    yield 0.0
    pause = _FIRST_LOOK_UP_PAUSE
    while seconds > 0:
        pause = min(pause, seconds, _MAX_LOOK_UP_PAUSE)
        yield pause
        seconds -= pause
        pause *= 2
