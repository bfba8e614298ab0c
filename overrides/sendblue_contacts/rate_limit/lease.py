"""A slot that a caller holds for one request, and the lease under which a store keeps it reserved.

A file or Redis cannot tell a killed process from a slow one. A slot is therefore reserved for the length of a lease:
when a process is killed with a request in flight, its slot is free again when the lease has expired and one window has
passed. A lease must be longer than the request, because a request that arrives at the server after its lease has
expired is not covered by the limit; the limiter logs a warning for each slot that is released that late.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol, Self

from .stores.base import async_run_steps, run_steps

if TYPE_CHECKING:
    from types import TracebackType

    from .stores.base import Steps
    from .stores.outbox import Notice
    from .wait_queue import Waiter

DEFAULT_LEASE = 60.0
"""Seconds, for code that does not state how long its request may take."""
_MARGIN = 5.0
"""Seconds that a lease is longer than the request: for the store's response before it, and for scheduling delays."""


def lease_for(longest_request: float) -> float:
    """The lease, in seconds, for a request that may take this many seconds; infinity if it has no timeout."""
    return DEFAULT_LEASE if longest_request == math.inf else longest_request + _MARGIN


class WaitEndedError(Exception):
    """The client of a caller was closed while the caller waited for a slot."""


class SlotProvider(Protocol):
    """What a slot needs of its limiter."""

    def acquire_at_once(self, slot: Slot) -> bool:
        """Acquire the slot if no wait is necessary, neither for another caller nor for a store."""
        ...

    def acquire_steps(self, slot: Slot, *, in_task: bool) -> Steps:
        """What to do until the slot is acquired."""
        ...

    def release(self, slot: Slot, *, answered: bool) -> Notice | None:
        """Release the slot, and return what the store has to know."""

    def recover(self, slot: Slot) -> Notice | None:
        """Release what an interrupted caller holds, and return what the store has to know."""


class Slot:
    """A slot for one request: `with limiter.slot() as slot:` or `async with …`. `RateLimiter.slot` creates it.

    The block starts when the slot has been acquired, and releases it at its end, also after an exception.

    A signal handler can raise an exception at any time: Ctrl-C in a notebook, a soft time limit of Celery. If it
    interrupts the methods here, the limiter releases what the caller has acquired so far. An exception at the very
    beginning of `__exit__` is the exception: then the slot is released when this object is garbage-collected.

    Attributes:
        waited: Seconds that the caller waited.
        started: When the caller arrived, by the limiter's clock.
        free_since: When the slot of the window that it holds became free; None if it holds none.
        waiter: Its place in the wait queue, while it waits.
        is_sent: Whether the block has started, so that its request may have been sent.
        is_closed: Whether the client of the caller was closed, so that a wait ends with `WaitEndedError`.
        token: Its number in the store, once the store has been asked for it, else None.
        leased_until: When its lease expires, by the limiter's clock; infinity without a store.
    """

    def __init__(
        self, provider: SlotProvider, *, bulk: bool, max_wait: float | None, freeze_timeout: float | None, lease: float
    ) -> None:
        self._provider = provider
        self.bulk: bool = bulk
        self.max_wait: float = math.inf if max_wait is None else max_wait
        self.freeze_timeout: float = math.inf if freeze_timeout is None else freeze_timeout
        self.lease: float = lease
        self.waited: float = 0.0
        self.started: float = 0.0
        self.free_since: float | None = None
        self.waiter: Waiter | None = None
        self.is_sent: bool = False
        self.is_closed: bool = False
        self.token: int | None = None
        self.leased_until: float = math.inf

    def __enter__(self) -> Self:
        try:
            if not self._provider.acquire_at_once(self):
                run_steps(self._provider.acquire_steps(self, in_task=False))
            self.is_sent = True
            return self  # noqa: TRY300  # an exception on this line must be caught too
        except BaseException:
            self._recover()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if notice := self._provider.release(self, answered=kind is None):
                notice.run()
        except BaseException:
            self._recover()
            raise

    def _recover(self) -> None:
        if notice := self._provider.recover(self):
            notice.run()

    async def __aenter__(self) -> Self:
        try:
            if not self._provider.acquire_at_once(self):
                await async_run_steps(self._provider.acquire_steps(self, in_task=True))
            self.is_sent = True
            return self  # noqa: TRY300  # as above
        except BaseException as interrupt:
            await self._async_recover(interrupt)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if notice := self._provider.release(self, answered=kind is None):
                await notice.async_run(error)
        except BaseException as interrupt:
            await self._async_recover(interrupt)
            raise

    async def _async_recover(self, interrupt: BaseException) -> None:
        if notice := self._provider.recover(self):
            await notice.async_run(interrupt)
