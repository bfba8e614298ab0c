"""A slot that a caller holds for one request, and the lease under which a store keeps it reserved.

A file or Redis cannot tell a killed process from a slow one. A slot is therefore reserved for the length of a lease:
when a process is killed with a request in flight, its slot is free again when the lease has expired and one window has
passed. A lease must be longer than the request, because a request that arrives at the server after its lease has
expired is not covered by the limit; the limiter logs a warning for each slot that is released that late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

DEFAULT_LEASE = 60.0
"""Seconds, for code that does not state how long its request may take."""
_MARGIN = 5.0
"""Seconds that a lease is longer than the request: for the store's response before it, and for scheduling delays."""


def lease_for(longest_request: float) -> float:
    """The lease, in seconds, for a request that may take this many seconds; infinity if it has no timeout."""
    return DEFAULT_LEASE if longest_request == math.inf else longest_request + _MARGIN


class WaitEndedError(Exception):
    """The client of a caller was closed while the caller waited for a slot."""


@dataclass(eq=False, repr=False, slots=True, weakref_slot=True)
class Slot:
    """A slot for one request: `with limiter.slot() as slot:` or `async with …`. `RateLimiter.slot` creates it.

    The block starts when the slot has been acquired, and releases it at its end, also after an exception.

    A signal handler can raise an exception at any time: Ctrl-C in a notebook, a soft time limit of Celery. If it
    interrupts the methods here, the limiter releases what the caller has acquired so far. An exception at the very
    beginning of `__exit__` is the exception: then the slot is released when this object is garbage-collected.

    Attributes:
        waited: Seconds that the caller waited.
    """

    _limiter: Any  # a RateLimiter, whose module imports this one
    _store: Any  # its StoreCoordinator, or None
    bulk: bool
    max_wait: float
    freeze_timeout: float
    lease: float
    waited: float = 0.0
    # For the limiter, by its clock: when the caller arrived, and when its wait ends at the latest.
    started: float = 0.0
    latest: float = math.inf
    free_since: float | None = None  # when the slot of the window that it holds became free
    is_sent: bool = False  # whether the block has started, so that its request may have been sent
    is_over: bool = False  # whether the caller was interrupted
    is_closed: bool = False  # whether the client of the caller was closed
    is_logged: bool = False  # whether its wait was logged
    # For the wait queue: how to wake the caller, its number in the order of arrival, and how many callers were in its
    # lane, or had been, when it joined the queue.
    waiter: Any = None  # of a thread or of a task
    ticket: int = -1
    position: int = 0
    served_before: int = 0
    # For the store: the number under which it was asked for the slot, when the lease expires by the limiter's clock,
    # how often it did not reply, and whether a worker thread is asking.
    token: int | None = None
    leased_until: float = math.inf
    failures: int = 0
    is_asking: bool = False

    def __enter__(self) -> Self:
        limiter, store = self._limiter, self._store
        try:
            if not limiter.acquire_at_once(self):
                for seconds in limiter.waits(self, in_task=False):
                    self.waiter.wait(seconds)
                while store and (pause := limiter.store_wait(self, store.ask(self))):
                    self.waiter.wait(pause)
                limiter.end_wait(self)
            self.is_sent = True
            return self  # noqa: TRY300  # an exception on this line must be caught too
        except BaseException:
            self._recover()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._limiter.release(self, answered=kind is None):
                self._store.deliver()
        except BaseException:
            self._recover()
            raise

    def _recover(self) -> None:
        if self._limiter.recover(self):
            self._store.deliver()

    async def __aenter__(self) -> Self:
        limiter, store = self._limiter, self._store
        try:
            if not limiter.acquire_at_once(self):
                for seconds in limiter.waits(self, in_task=True):
                    await self.waiter.wait(seconds)
                while store and (pause := limiter.store_wait(self, await store.async_ask(self))):
                    await self.waiter.wait(pause)
                limiter.end_wait(self)
            self.is_sent = True
            return self  # noqa: TRY300  # as above
        except BaseException as interrupt:
            await self._async_recover(interrupt)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._limiter.release(self, answered=kind is None):
                await self._store.async_deliver(error)
        except BaseException as interrupt:
            await self._async_recover(interrupt)
            raise

    async def _async_recover(self, interrupt: BaseException) -> None:
        if self._limiter.recover(self):
            await self._store.async_deliver(interrupt)
