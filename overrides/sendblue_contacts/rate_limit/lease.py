"""A slot that a caller holds for one request, and the lease under which a store keeps it reserved.

A file or Redis cannot tell a killed process from a slow one. A slot is therefore reserved for the length of a lease:
when a process is killed with a request in flight, its slot is free again when the lease has expired and one window has
passed. A lease must be longer than the request, because a request that arrives at the server after its lease has
expired is not covered by the limit; the limiter logs a warning for each slot that is released that late.

The client's transports derive the lease from the timeouts of each request (`lease_for`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol, Self

if TYPE_CHECKING:
    from types import TracebackType

    from .wait_queue import Waiter

DEFAULT_LEASE = 60.0
"""Seconds, for code that does not state how long its request may take."""
_MARGIN = 5.0
"""Seconds that a lease is longer than the request: for the store's response before it, and for scheduling delays."""


LEASE_EXPIRED = (
    "a request held its slot of the rate limit for %.0f s, longer than its lease of %.0f s: another process may have "
    "used the slot, and more requests than the limit may have arrived; pass a longer lease= to slot(), or shorten the "
    "timeout of the request"
)


def lease_for(longest_request: float) -> float:
    """The lease, in seconds, for a request that may take this many seconds; infinity if it has no timeout."""
    return DEFAULT_LEASE if longest_request == math.inf else longest_request + _MARGIN


def check_seconds(*, lease: Any, **limits: Any) -> None:  # noqa: ANN401  # the check is whether they are numbers
    """Raise ValueError for an argument of `RateLimiter.slot` that is not a valid number of seconds."""
    for name, seconds in limits.items():
        if seconds is not None and not (_is_number(seconds) and seconds >= 0):
            raise ValueError(f"{name} must be a number of seconds, at least 0, or None; not {seconds!r}")
    if not (_is_number(lease) and 0 < lease < math.inf):
        raise ValueError(f"lease must be a positive, finite number of seconds, not {lease!r}")


def _is_number(value: Any) -> bool:  # noqa: ANN401  # as above
    return isinstance(value, int | float) and not isinstance(value, bool)


class SlotProvider(Protocol):
    """What a slot needs of its limiter."""

    def acquire(self, slot: Slot) -> None:
        """Acquire the slot; wait if necessary."""

    async def async_acquire(self, slot: Slot) -> None:
        """As `acquire`, for tasks."""

    def release(self, slot: Slot, *, answered: bool = True) -> None:
        """Release the slot."""

    async def async_release(self, slot: Slot, *, answered: bool = True) -> None:
        """As `release`, for tasks."""

    def recover(self, slot: Slot) -> None:
        """Release what an interrupted caller holds."""

    async def async_recover(self, slot: Slot, error: BaseException) -> None:
        """As `recover`, for tasks."""


class Slot:
    """A slot for one request: `with limiter.slot() as slot:` or `async with …`. `RateLimiter.slot` creates it.

    The block starts when the slot has been acquired, and releases it at its end, also after an exception.

    A signal handler can raise an exception at any time: Ctrl-C in a notebook, a soft time limit of Celery. If it
    interrupts the methods here, the limiter releases what the caller has acquired so far. An exception at the very
    beginning of `__exit__` is the exception: then the slot is released when this object is garbage-collected.

    Attributes:
        waited: Seconds that the caller waited.
        free_since: When the slot of the window that it holds became free; None if it holds none.
        waiter: Its place in the wait queue, once it has one.
        is_sent: Whether the block has started, so that its request may have been sent.
        token: Its number in the store, once the store has been asked for it, else None.
        leased_until: When its lease expires, by the limiter's clock; infinity without a store.
    """

    def __init__(
        self, provider: SlotProvider, *, bulk: bool, max_wait: float | None, freeze_timeout: float | None, lease: float
    ) -> None:
        self._provider = provider
        self.bulk: bool = bulk
        self.max_wait: float | None = max_wait
        self.freeze_timeout: float | None = freeze_timeout
        self.lease: float = lease
        self.waited: float = 0.0
        self.free_since: float | None = None
        self.waiter: Waiter | None = None
        self.is_sent: bool = False
        self.token: int | None = None
        self.leased_until: float = math.inf

    def __enter__(self) -> Self:
        try:
            self._provider.acquire(self)
            self.is_sent = True
            return self  # noqa: TRY300  # an exception on this line must be caught too
        except BaseException:
            self._provider.recover(self)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._provider.release(self, answered=kind is None)
        except BaseException:
            self._provider.recover(self)
            raise

    async def __aenter__(self) -> Self:
        try:
            await self._provider.async_acquire(self)
            self.is_sent = True
            return self  # noqa: TRY300  # as above
        except BaseException as error:
            await self._provider.async_recover(self, error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            await self._provider.async_release(self, answered=kind is None)
        except BaseException as interrupt:
            await self._provider.async_recover(self, interrupt)
            raise
