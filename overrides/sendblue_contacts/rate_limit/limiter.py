"""The limiter: acquires and releases slots for threads and tasks. First come, first served; one timer for each lane.

A caller that finds no free slot joins the wait queue. Only the head of a lane has a timer; it is woken when the window
changes, and wakes the next one when it leaves. With a shared store, a caller that holds a slot of the window asks the
store for one too; so each process keeps the limit for itself, whatever happens to the store.

A task whose event loop was closed while it waited keeps its place until another caller arrives or a slot is released:
nothing reports that it no longer exists.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sendblue_contacts.errors import MAX_RETRY_AFTER, check_seconds, frozen_too_long, wait_too_long

from . import forks
from .config import RateLimit, account_hash
from .lease import DEFAULT_LEASE, Slot, WaitEndedError
from .wait_queue import AsyncWaiter, LiveObjects, ThreadWaiter, WaitQueue
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .stores.base import Store
    from .stores.outage import StoreCoordinator

_LOG = logging.getLogger("sendblue_contacts")
_LONG_WAIT = 1.0
"""Seconds of a wait from which it is logged."""
_LEASE_EXPIRED = (
    "a request held its slot of the rate limit for %.0f s, longer than its lease of %.0f s: another process may have "
    "used the slot, and more requests than the limit may have arrived; pass a longer lease= to slot(), or shorten the "
    "timeout of the request"
)
_DIFFERENT_LIMIT = (
    "another client of this process uses a different rate limit for the same account than %r: together they may send "
    "more than either allows; pass the same rate_limit= to all clients of an account, or the rate_limit of the first"
)
_DIFFERENT_SETTINGS = (
    "clients of one account share the settings of their rate limit, which are %r, not %r; "
    "pass the same rate_limit= to all of them"
)


@dataclass(frozen=True, slots=True)
class RateLimitStatistics:
    """The state of a limiter and its totals since it was created; those of this process, also with a shared store.

    Attributes:
        limit: The maximum number of requests in any window; None for a limiter without a limit.
        in_flight: Requests that have no response yet.
        waiting: Callers in the wait queue.
        free: Slots that are free now; None for a limiter without a limit.
        frozen_until: When requests are allowed again after a 429; None if they are allowed now.
        requests: The number of slots acquired.
        total_waited: The sum of all waits, in seconds.
        longest_wait: The longest wait, in seconds.
        refusals: The number of responses with status 429.
    """

    limit: int | None
    in_flight: int
    waiting: int
    free: int | None
    frozen_until: datetime | None
    requests: int
    total_waited: float
    longest_wait: float
    refusals: int


class RateLimiter:
    """Never lets more than `limit` requests arrive in any `per` seconds, for all callers that share it.

    Clients of one account in one process share a limiter automatically. Pass one as `rate_limit=` to share it further,
    or use it to protect other code that calls the same account:

        with client.rate_limit.slot():  # or: async with client.rate_limit.slot():
            call_the_api()

    Threads and tasks can share a limiter. Processes and machines share the limit if `rate` names a store; without one,
    a new process does not take into account what the last one sent.

    Args:
        rate: The limit; None for a limiter that never waits and only counts.
        account: Separates accounts that use the same store; any text, such as a hash of the key.
        clock: Returns the time in seconds.
        thread_waiter: Creates the waiter of a thread.
        async_waiter: Creates the waiter of a task.
        store: A store to use in place of the one that `rate` names.

    Raises:
        ValueError: The URL of the store is invalid.
        RateLimitStoreError: The store cannot be used.
    """

    def __init__(
        self,
        rate: RateLimit | None = RateLimit(),  # noqa: B008  # frozen, so that one object can serve all calls
        *,
        account: str = "",
        clock: Callable[[], float] = time.monotonic,
        thread_waiter: Callable[[], ThreadWaiter] = ThreadWaiter,
        async_waiter: Callable[[], AsyncWaiter] = AsyncWaiter,
        store: Store | None = None,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._thread_waiter = thread_waiter
        self._async_waiter = async_waiter
        self._window = Window(rate or RateLimit())
        self._coordinator = _coordinator(store, account, self._window, clock)
        self._forget_callers()
        self._requests = self._refusals = 0
        self._total_waited = self._longest_wait = 0.0
        forks.reset_after_fork(self)

    def _forget_callers(self) -> None:
        # Reentrant: the garbage collector may end an abandoned wait in a thread that holds the lock.
        self._lock = threading.RLock()
        self._queue = WaitQueue(self._window)
        # The slots that callers hold. After a fork none of the parent: the child must not release those.
        self._held: LiveObjects[Slot] = LiveObjects(self._lose)

    def __repr__(self) -> str:
        return f"RateLimiter({self.rate!r})"

    def slot(
        self,
        *,
        bulk: bool = False,
        max_wait: float | None = None,
        freeze_timeout: float | None = None,
        lease: float = DEFAULT_LEASE,
    ) -> Slot:
        """A slot for one request, for use with `with` or `async with`. The block waits for it at its start.

        Args:
            bulk: Whether it is for bulk work, which is paced and leaves the reserve to other callers.
            max_wait: The longest acceptable wait in seconds; None for no limit.
            freeze_timeout: The longest time in seconds to wait for the end of a freeze after a 429, or of an outage of
                the store; None for no limit.
            lease: Seconds for which a file or Redis reserves the slot, longer than the request can take. If the process
                is killed, others get the slot after that and one window. If the block takes longer, the limit is not
                guaranteed while it lasts, and a warning is logged. Without a store it has no effect.

        Raises:
            RateLimitError: At the start of the block: the wait is longer than allowed. No request was sent.
            RateLimitStoreError: At the start of the block: the store cannot be used. No request was sent.
            ValueError: `max_wait`, `freeze_timeout` or `lease` is not a valid number of seconds.
        """
        check_seconds("lease", lease, finite=True)
        longest = math.inf if max_wait is None else check_seconds("max_wait", max_wait, positive=False)
        freeze = math.inf if freeze_timeout is None else check_seconds("freeze_timeout", freeze_timeout, positive=False)
        return Slot(self, self._coordinator, bulk, longest, freeze, lease)

    def refused(self, retry_after: float | None = None) -> None:
        """Report a 429: all processes that share the limit send nothing for `retry_after` seconds, by default `per`."""
        self._freeze(retry_after)
        if self._coordinator:
            self._coordinator.deliver()

    async def async_refused(self, retry_after: float | None = None) -> None:
        """As `refused`, for tasks."""
        self._freeze(retry_after)
        if self._coordinator:
            await self._coordinator.async_deliver()

    def _freeze(self, retry_after: float | None) -> None:
        with self._lock:
            self._refusals += 1
            if self.rate is None:
                return
            pause = self.rate.per if retry_after is None else min(retry_after, MAX_RETRY_AFTER)
            is_longer = pause > self.frozen_for() + _LONG_WAIT
            now = self._clock()
            self._window.freeze(now + pause)
            if is_longer:
                self._queue.wake_refused(now, pause)
        if self._coordinator:
            self._coordinator.freeze(now + pause)

    def frozen_for(self) -> float:
        """Seconds until requests are allowed again after a 429; 0 if they are allowed now."""
        return max(0.0, self._window.frozen_until - self._clock())

    def end_waits(self, slots: Iterable[Slot]) -> None:
        """Let the callers that wait for these slots raise `WaitEndedError`: their client was closed."""
        with self._lock:
            waiting = [*slots]
            for slot in waiting:
                slot.is_closed = True
            self._queue.wake(waiting)

    def statistics(self) -> RateLimitStatistics:
        """The current state and the totals of the limiter."""
        with self._lock:
            self._release_lost()
            rate, frozen = self.rate, self.frozen_for()
            asking = sum(map(len, self._queue.asking))
            return RateLimitStatistics(
                limit=rate.limit if rate else None,
                in_flight=len(self._held) - asking,
                waiting=len(self._queue),
                free=self._window.free(self._clock()) if rate else None,
                frozen_until=datetime.now(UTC) + timedelta(seconds=frozen) if frozen else None,
                requests=self._requests - asking,
                total_waited=self._total_waited,
                longest_wait=self._longest_wait,
                refusals=self._refusals,
            )

    def after_fork(self) -> None:
        """In the child: drop the requests and the waiting threads of the parent."""
        self._forget_callers()
        self._window.release_lost(self._clock(), held=0)
        if self._coordinator:
            self._coordinator.after_fork()
        elif self.rate and self._requests:
            _LOG.warning("forked: parent and child apply the rate limit separately; share it with a file store")

    # --- what a slot calls

    def acquire_at_once(self, slot: Slot) -> bool:
        """Acquire the slot if no wait is necessary, neither for another caller nor for a store."""
        with self._lock:
            if self.rate is None:
                self._held.add(slot)
                self._requests += 1
                return True
            now = self._clock()
            if self._coordinator or (self._queue and not self._queue.can_skip(now, bulk=slot.bulk)):
                return False
            return self._acquire_from_window(slot, now)

    def _acquire_from_window(self, slot: Slot, now: float) -> bool:
        if self._window.in_flight > len(self._held):
            self._release_lost()
        # Before the slot is acquired, so that it is never considered lost.
        self._held.add(slot)
        slot.free_since = self._window.acquire(now, bulk=slot.bulk)
        if slot.free_since is None:
            self._held.discard(slot)
            return False
        self._requests += 1
        return True

    def waits(self, slot: Slot, *, in_task: bool) -> Iterator[float | None]:
        """The waits until a slot of the window is acquired, in seconds (None: until the caller is woken)."""
        waiter = self._async_waiter() if in_task else self._thread_waiter()
        with self._lock:
            slot.started = now = self._clock()
            slot.waiter, slot.latest = waiter, now + slot.max_wait
            if self._window.free_from(bulk=slot.bulk) <= now:  # a head may sleep: its event loop was closed
                self._queue.wake_next()
            self._queue.join(slot)
        while not self._take(slot):
            yield self._seconds_left(slot)

    def _take(self, slot: Slot) -> bool:
        """Acquire a slot of the window, if it is the turn of this caller and one is free."""
        with self._lock:
            slot.waiter.clear()
            now = self._clock()
            is_next = not slot.is_closed and self._queue.is_next(slot, now, hurried=slot.max_wait == 0)
            taken = is_next and self._acquire_from_window(slot, now)
            if taken and self._coordinator:
                self._queue.ask(slot)
            return taken

    def _seconds_left(self, slot: Slot) -> float | None:
        with self._lock:
            now = self._clock()
            earliest = self._window.earliest(self._queue.position(slot), now, bulk=slot.bulk)
            first = self._queue.is_next(slot, now, hurried=False)
            free_from = self._window.free_from(bulk=slot.bulk) if first else math.inf
        self._check_wait(slot, earliest - now)
        wait = min(max(0.0, free_from - now), max(0.0, slot.latest - self._clock()))
        return None if wait == math.inf else wait

    def store_wait(self, slot: Slot, seconds: float) -> float:
        """The wait until the store is asked for the slot again; 0 when the slot is acquired."""
        slot.waiter.clear()
        if seconds or slot.is_closed:
            self._check_wait(slot, seconds)
        return seconds

    def _check_wait(self, slot: Slot, seconds: float) -> None:
        """Raise an error if the caller does not allow a wait of so many seconds from now on; log a long one."""
        if slot.is_closed:
            raise WaitEndedError
        now, frozen = self._clock(), self.frozen_for()
        if frozen >= slot.freeze_timeout:
            raise frozen_too_long(frozen)
        if seconds > slot.latest - now or slot.latest <= now:
            raise wait_too_long(seconds, slot.max_wait)
        _log_wait(slot, seconds, seconds + now - slot.started)

    def end_wait(self, slot: Slot) -> None:
        """Leave the queue, and add to the statistics."""
        with self._lock:
            if slot.waiter:
                self._queue.leave(slot)
                slot.waiter = None
                slot.waited = self._clock() - slot.started
                self._total_waited += slot.waited
                self._longest_wait = max(self._longest_wait, slot.waited)
            self._queue.wake_next()
        if not slot.is_over:
            _log_wait(slot, slot.waited, slot.waited)  # its length was not known before

    def release(self, slot: Slot, *, answered: bool) -> bool:
        """Release the slot, unless it was released before, or in the parent. Returns whether the store has to know."""
        with self._lock:
            if not self._held.discard(slot) or self.rate is None:
                return False
            now = self._clock()
            until = now if answered else now + self.rate.hold_abandoned
            self._window.release(until, bulk=slot.bulk)
            if self._queue:
                self._queue.wake_next()
        if now > slot.leased_until:
            _LOG.warning(_LEASE_EXPIRED, now - slot.leased_until + slot.lease, slot.lease)
        return self._coordinator is not None and self._coordinator.end(slot, until)

    def recover(self, slot: Slot) -> bool:
        """As `release`, for all that a caller has acquired, after an exception at any point of the methods above."""
        slot.is_over = True
        with self._lock:
            held = self._held.discard(slot)
            if held and slot.free_since is not None and not slot.is_sent:
                self._requests -= 1
                self._window.cancel(slot.free_since, bulk=slot.bulk)
            if held or slot.is_sent:  # otherwise it only waited
                self._release_lost()
            self.end_wait(slot)
        return self._coordinator is not None and self._coordinator.end(slot, self._abandoned_until())

    def _lose(self, key: int) -> None:
        """A caller was interrupted so often that its slot was garbage-collected: let others check again."""
        with self._lock:
            if self._coordinator:
                self._coordinator.end_lost(key, self._abandoned_until())
            self._queue.wake_next()

    def _release_lost(self) -> None:
        """Release the slots of the window that no caller holds. Requests may have been sent with them."""
        held = [*self._held]
        self._window.release_lost(self._abandoned_until(), len(held), sum(slot.bulk for slot in held))

    def _abandoned_until(self) -> float:
        return self._clock() + self._window.rate.hold_abandoned


def _log_wait(slot: Slot, seconds: float, in_all: float) -> None:
    """Log the first time that a wait is long."""
    if in_all > _LONG_WAIT and not slot.is_logged:
        slot.is_logged = True
        _LOG.info("waiting for the rate limit, at least %.1f s", seconds)


_LIMITERS: dict[tuple[str, str | None, int, float], RateLimiter] = {}
"""The shared limiters, by account, store, limit and window. No lock: a thread may hold it at a fork."""


def _coordinator(
    store: Store | None, account: str, window: Window, clock: Callable[[], float]
) -> StoreCoordinator | None:
    url = window.rate.store or "memory"
    if store is None and url == "memory":
        return None
    # Most programs share no limit.
    from .stores.base import open_store  # noqa: PLC0415  # as above
    from .stores.outage import StoreCoordinator  # noqa: PLC0415  # as above

    opened = store or open_store(url, account, window.rate)
    return StoreCoordinator(opened, window, clock) if opened else None


def shared_limiter(api_key: str, host: str, rate: RateLimit) -> RateLimiter:
    """The limiter of this account, the same one for all clients of this process, and for as long as the process exists.

    Accounts are identified by a hash of their key, and by the host and port of a server on this machine, which has
    accounts of its own (empty for all others). The other settings of the limit are those of the first client, because
    two windows would admit twice the limit.
    """
    account = account_hash(api_key, host)
    key = account, rate.store, rate.limit, rate.per
    if key not in _LIMITERS and any(other[0] == account for other in list(_LIMITERS)):
        _LOG.warning(_DIFFERENT_LIMIT, rate)
    limiter = _LIMITERS.get(key) or _LIMITERS.setdefault(key, RateLimiter(rate, account=account))
    if limiter.rate != rate:
        _LOG.warning(_DIFFERENT_SETTINGS, limiter.rate, rate)
    return limiter
