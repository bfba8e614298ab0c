"""The limiter: acquires and releases slots for threads and tasks. First come, first served; one timer for each lane.

A caller that finds no free slot joins the wait queue. Only the head of a lane has a timer; it is woken when the window
changes, and wakes the next one when it leaves. There is no polling. The window decides everything else. Threads and
tasks wait in the same queue. With a shared store, a caller that holds a slot of the window asks the store for one too
before it leaves the queue; so each process keeps the limit for itself, whatever happens to the store.

A task whose event loop was closed while it waited keeps its place until another caller arrives or a slot is released:
nothing reports that it no longer exists.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sendblue_contacts.errors import frozen_too_long, wait_too_long

from . import forks
from .config import RateLimit
from .lease import DEFAULT_LEASE, LEASE_EXPIRED, Slot, check_seconds
from .live_objects import LiveObjects
from .statistics import RateLimitStatistics
from .stores import open_store
from .stores.base import Command, StoreCall
from .stores.outage import StepResult, StoreCoordinator, async_notify, notify
from .wait_queue import AsyncWaiter, ThreadWaiter, Wait, WaitQueue
from .window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from .stores.base import Store
    from .wait_queue import Waiter

AnyStep = TypeVar("AnyStep")
_Steps = Generator[Wait | StoreCall, StepResult, None]
"""What has to be done until a slot is acquired. Threads and tasks run the same steps."""

_LOG = logging.getLogger("sendblue_contacts")
_LONG_WAIT = 1.0
"""Seconds of a wait from which it is logged."""
_LONGEST_FREEZE = 86_400.0
"""The longest `Retry-After` that is respected. A longer one is in milliseconds, or a mistake."""


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
        self._queue = WaitQueue(self._window)
        store = store or (open_store(rate.store or "memory", account, rate) if rate else None)
        self._coordinator = StoreCoordinator(store, self._window.rate, clock) if store else None
        # Reentrant: the garbage collector may end an abandoned wait in a thread that holds the lock.
        self._lock = threading.RLock()
        # The slots that callers hold. After a fork none of the parent: the child must not release those.
        self._held: LiveObjects[Slot] = LiveObjects(self._lose)
        self._requests = self._refusals = 0
        self._total_waited = self._longest_wait = 0.0
        forks.reset_after_fork(self)

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
        if max_wait is not None or freeze_timeout is not None or lease is not DEFAULT_LEASE:
            check_seconds(max_wait=max_wait, freeze_timeout=freeze_timeout, lease=lease)
        return Slot(self, bulk=bulk, max_wait=max_wait, freeze_timeout=freeze_timeout, lease=lease)

    def acquire(self, slot: Slot) -> None:
        """Acquire the slot; wait if necessary. A `with` block calls it, and `recover` if it raises."""
        if self._acquire_at_once(slot):
            return
        with closing(self._steps(slot, self._thread_waiter)) as steps:
            step = next(steps, None)
            while step is not None:
                step = _next_step(steps, step.run())

    async def async_acquire(self, slot: Slot) -> None:
        """As `acquire`, for tasks. A task that is cancelled while it waits takes no slot."""
        if self._acquire_at_once(slot):
            return
        with closing(self._steps(slot, self._async_waiter)) as steps:
            step = next(steps, None)
            while step is not None:
                step = _next_step(steps, await step.async_run())

    def release(self, slot: Slot, *, answered: bool = True) -> None:
        """Release the slot. A `with` block calls it at its end, and `recover` if it raises.

        Args:
            slot: The slot.
            answered: Whether the response has arrived. Otherwise the request may still be on its way.
        """
        if self._release(slot, self._hold(answered=answered)):
            self._notify(slot, Command.RELEASE, self._hold(answered=answered))

    async def async_release(self, slot: Slot, *, answered: bool = True) -> None:
        """As `release`, for tasks."""
        if self._release(slot, self._hold(answered=answered)):
            await self._async_notify(slot, Command.RELEASE, self._hold(answered=answered))

    def recover(self, slot: Slot) -> None:
        """Release all that the caller of a slot has acquired, after an exception at any point of the methods above."""
        self._recover(slot)
        self._notify(slot, Command.RELEASE if slot.is_sent else Command.CANCEL)

    async def async_recover(self, slot: Slot, error: BaseException) -> None:
        """As `recover`, for tasks."""
        self._recover(slot)
        if not isinstance(error, GeneratorExit):  # garbage-collected: nothing can be awaited
            await self._async_notify(slot, Command.RELEASE if slot.is_sent else Command.CANCEL)

    def refused(self, retry_after: float | None = None) -> None:
        """Report a 429: all processes that share the limit send nothing for `retry_after` seconds, by default `per`."""
        notify(self._freeze(retry_after))

    async def async_refused(self, retry_after: float | None = None) -> None:
        """As `refused`, for tasks."""
        await async_notify(self._freeze(retry_after))

    def frozen_for(self) -> float:
        """Seconds until requests are allowed again after a 429; 0 if they are allowed now."""
        return max(0.0, self._window.frozen_until - self._clock()) if self.rate else 0.0

    def statistics(self) -> RateLimitStatistics:
        """The current state and the totals of the limiter."""
        with self._lock:
            self._release_lost()
            rate, frozen = self.rate, self.frozen_for()
            asking = self._queue.awaiting_store
            return RateLimitStatistics(
                limit=rate.limit if rate else None,
                in_flight=len(self._held) - asking,
                waiting=self._queue.length,
                free=self._window.free(self._clock()) if rate else None,
                frozen_until=datetime.now(UTC) + timedelta(seconds=frozen) if frozen else None,
                requests=self._requests - asking,
                total_waited=self._total_waited,
                longest_wait=self._longest_wait,
                refusals=self._refusals,
            )

    def after_fork(self) -> None:
        """In the child: drop the requests and the waiting threads of the parent."""
        self._lock = threading.RLock()
        self._held.clear()
        self._queue.clear()
        self._window.release_lost(self._clock(), held=0)
        if self._coordinator:
            self._coordinator.after_fork()
        elif self.rate and self._requests:
            _LOG.warning("forked: parent and child apply the rate limit separately; share it with a file store")

    # --- the steps to a slot

    def _acquire_at_once(self, slot: Slot) -> bool:
        with self._lock:
            if self.rate is None:
                self._held.add(slot)
                self._requests += 1
                return True
            return self._coordinator is None and self._acquire_unqueued(slot)

    def _acquire_unqueued(self, slot: Slot) -> bool:
        now = self._clock()
        if self._queue and not self._queue.can_skip(now, bulk=slot.bulk):
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

    def _steps(self, slot: Slot, make_waiter: Callable[[], Waiter]) -> _Steps:
        """The steps until the slot is acquired: first without queueing, if possible."""
        started = self._clock()
        result, granted = None, False
        try:
            if self._coordinator and self._start_asking(slot):
                try:
                    result = yield self._coordinator.acquire_request(slot)
                    granted = self._coordinator.is_granted(slot, result)
                finally:
                    self._stop_asking(slot)
            if granted:
                self._count_wait(slot, started)
                if slot.waited > _LONG_WAIT:
                    _LOG.info("waited %.1f s for the rate limit store", slot.waited)
            else:
                yield from self._queued_steps(slot, make_waiter(), started, result)
        except BaseException:
            self._cancel(slot)
            raise

    def _queued_steps(self, slot: Slot, waiter: Waiter, started: float, result: StepResult) -> _Steps:
        waiter.bulk, waiter.has_slot = slot.bulk, result is not None
        slot.waiter = waiter
        try:
            self._join(waiter, started)
            while not self._has_slot(slot, waiter):
                yield Wait(waiter, self._seconds_left(slot, waiter, started))
            if self._coordinator:
                yield from self._store_steps(self._coordinator, slot, waiter, started, result)
        finally:
            self._leave(waiter)
            self._count_wait(slot, started)
        if slot.waited > _LONG_WAIT:
            waiter.log_once(_LOG, slot.waited)  # the length of the wait was not known before

    def _store_steps(
        self, coordinator: StoreCoordinator, slot: Slot, waiter: Waiter, started: float, result: StepResult
    ) -> _Steps:
        steps = coordinator.steps(slot, self._window, started, result)
        step = next(steps, None)
        while step is not None:
            if isinstance(step, StoreCall):
                step = _next_step(steps, (yield step))
            else:
                waiter.clear()
                yield Wait(waiter, self._allowed(step, slot, waiter, started))
                step = _next_step(steps)

    def _join(self, waiter: Waiter, now: float) -> None:
        with self._lock:
            self._queue.join(waiter)
            # A slot may be free while a head sleeps: its event loop was closed, or this waiter joined before it.
            if self._window.free_from(bulk=waiter.bulk) <= now:
                self._queue.wake_next()

    def _start_asking(self, slot: Slot) -> bool:
        """Acquire a slot of the window without queueing, if one is free and no caller of this lane asks the store now.

        A caller that does not wait at all cannot queue until another one has its reply, and asks at the same time.
        """
        with self._lock:
            asking = self._queue.asking[slot.bulk]
            acquired = (slot.max_wait == 0 or not asking.first()) and self._acquire_unqueued(slot)
            if acquired:
                asking.add(slot)
            return acquired

    def _stop_asking(self, slot: Slot) -> None:
        with self._lock:
            self._queue.asking[slot.bulk].discard(slot)
            self._queue.wake_next()

    def _has_slot(self, slot: Slot, waiter: Waiter) -> bool:
        with self._lock:
            waiter.clear()
            now = self._clock()
            if not waiter.has_slot and self._queue.is_next(waiter, now) and self._acquire_from_window(slot, now):
                self._queue.serve(waiter)
                if self._coordinator:
                    self._queue.wake_next()  # the other lane does not have to wait for the reply of the store
            return waiter.has_slot

    def _cancel(self, slot: Slot) -> None:
        """Return the slot to the window unused."""
        with self._lock:
            since, slot.free_since = slot.free_since, None
            if since is not None and self._held.discard(slot):
                self._requests -= 1
                self._window.cancel(since, bulk=slot.bulk)
                self._queue.wake_next()

    def _seconds_left(self, slot: Slot, waiter: Waiter, started: float) -> float | None:
        """Seconds for which this waiter sleeps before it checks again; None: until it is woken."""
        with self._lock:
            now = self._clock()
            earliest = self._window.earliest(self._queue.position(waiter), now, bulk=slot.bulk)
            first = self._queue.is_next(waiter, now)
            free_from = self._window.free_from(bulk=slot.bulk) if first else math.inf
        self._allowed(earliest - now, slot, waiter, started)
        wait = min(max(0.0, free_from - now), self._remaining_wait(slot, started))
        return None if wait == math.inf else wait

    def _remaining_wait(self, slot: Slot, started: float) -> float:
        return math.inf if slot.max_wait is None else max(0.0, slot.max_wait - (self._clock() - started))

    def _allowed(self, wait: float, slot: Slot, waiter: Waiter, started: float) -> float:
        """The same wait, if the caller allows it; otherwise a RateLimitError."""
        frozen = self.frozen_for()
        if slot.freeze_timeout is not None and frozen >= slot.freeze_timeout:
            raise frozen_too_long(frozen)
        remaining = self._remaining_wait(slot, started)
        if slot.max_wait is not None and (wait > remaining or remaining <= 0):
            raise wait_too_long(wait, slot.max_wait)
        if wait + self._clock() - started > _LONG_WAIT:
            waiter.log_once(_LOG, wait)
        return wait

    def _leave(self, waiter: Waiter) -> None:
        with self._lock:
            self._queue.leave(waiter)
            self._queue.wake_next()

    def _count_wait(self, slot: Slot, started: float) -> None:
        """Add to the statistics; also for a caller that did not queue, because a slow store is a wait too."""
        with self._lock:
            slot.waited = self._clock() - started
            self._total_waited += slot.waited
            self._longest_wait = max(self._longest_wait, slot.waited)

    # --- after the response

    def _hold(self, *, answered: bool) -> float:
        """Seconds for which a request may still be on its way."""
        return 0.0 if answered or self.rate is None else self.rate.hold_abandoned

    def _release(self, slot: Slot, hold: float) -> bool:
        """Release the slot of the window, unless it was released before or belongs to the parent of this process."""
        with self._lock:
            if not self._held.discard(slot):
                return False
            if self.rate is None:
                return True
            now = self._clock()
            self._window.release(now + hold, bulk=slot.bulk)
            if self._queue:
                self._queue.wake_next()
        if now > slot.leased_until:
            _LOG.warning(LEASE_EXPIRED, now - slot.leased_until + slot.lease, slot.lease)
        return True

    def _recover(self, slot: Slot) -> None:
        with self._lock:
            self._queue.asking[slot.bulk].discard(slot)
            if slot.waiter:
                self._queue.leave(slot.waiter)
            self._held.discard(slot)
            self._release_lost()
            self._queue.wake_next()

    def _lose(self, key: int) -> None:
        """A caller was interrupted so often that its slot was garbage-collected: let others check again."""
        with self._lock:
            if self._coordinator:
                self._coordinator.release_later(key)
            self._queue.wake_next()

    def _release_lost(self) -> None:
        """Release the slots of the window that no caller holds. Requests may have been sent with them."""
        if self.rate:
            held = [*self._held]
            free_from = self._clock() + self._hold(answered=False)
            self._window.release_lost(free_from, len(held), sum(slot.bulk for slot in held))

    def _freeze(self, retry_after: float | None) -> StoreCall | None:
        with self._lock:
            self._refusals += 1
            if self.rate is None:
                return None
            pause = self.rate.per if retry_after is None else min(retry_after, _LONGEST_FREEZE)
            longer = pause - self.frozen_for()
            self._window.freeze(self._clock() + pause)
            if longer > _LONG_WAIT:
                self._queue.wake_all()  # waiters that do not accept so long a wait can raise
        return self._coordinator.freeze_request(pause) if self._coordinator else None

    def _notify(self, slot: Slot, command: Command, hold: float = 0.0) -> None:
        if self._coordinator:
            notify(self._coordinator.release_request(slot, command, hold))
            self._coordinator.forget(slot)

    async def _async_notify(self, slot: Slot, command: Command, hold: float = 0.0) -> None:
        if self._coordinator:
            await async_notify(self._coordinator.release_request(slot, command, hold))
            self._coordinator.forget(slot)


def _next_step(steps: Generator[AnyStep, StepResult, None], result: StepResult = None) -> AnyStep | None:
    try:
        return steps.send(result)
    except StopIteration:
        return None
