"""The wait queue: who is next for a slot, and how a thread or a task waits. Two lanes, one of them for bulk work.

First come, first served: of the heads of the two lanes, the one that came first is next, with these exceptions: the
window has no slot for its lane now, or has slots for both lanes, or the head holds a slot already and only waits for
the store. So bulk work that waits for its pace does not delay other callers, and bulk work that waits for a slot is not
overtaken forever.

The queue itself does not sleep and reads no clock.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from .live_objects import LiveObjects

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from .window import Window


class Waiter(Protocol):
    """A caller in the wait queue. It can be woken from any thread.

    Attributes:
        bulk: Whether it waits in the lane of bulk work.
        ticket: Its number in the order of arrival.
        has_slot: Whether it holds a slot of the window and only waits for the store.
        position: The number of waiters before it when it joined the queue.
        served_before: The number of waiters of its lane that had been served or had left when it joined the queue.
    """

    bulk: bool
    ticket: int
    has_slot: bool
    position: int
    served_before: int

    def clear(self) -> None:
        """Discard an earlier `wake`."""

    def wake(self) -> None:
        """End the current or the next wait. Raises RuntimeError if the event loop of the task is closed."""

    def log_once(self, log: logging.Logger, seconds: float) -> None:
        """Log that the wait is long, the first time."""


class _BaseWaiter:
    bulk = False
    ticket = -1
    has_slot = False
    position = served_before = 0
    _logged = False

    def log_once(self, log: logging.Logger, seconds: float) -> None:
        if not self._logged:
            self._logged = True
            log.info("waiting for the rate limit, at least %.1f s", seconds)


class ThreadWaiter(_BaseWaiter):
    """A thread that waits."""

    def __init__(self) -> None:
        # Locked until the thread is woken. An Event contains a lock on which the garbage collector could deadlock.
        self._asleep = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        self._asleep.acquire(blocking=False)

    def wake(self) -> None:
        """End the current or the next wait."""
        with suppress(RuntimeError):  # it is awake already
            self._asleep.release()

    def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        self._asleep.acquire(timeout=-1 if seconds is None else seconds)


class AsyncWaiter(_BaseWaiter):
    """A task that waits, under asyncio or trio."""

    def __init__(self) -> None:
        import anyio  # noqa: PLC0415  # only the async client pays for it

        self._anyio = anyio
        self._event = anyio.Event()
        self._call_soon = _call_soon_threadsafe()

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        if self._event.is_set():
            self._event = self._anyio.Event()

    def wake(self) -> None:
        """End the current or the next wait, from any thread."""
        self._call_soon(self._event.set)

    async def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        if seconds is None:
            await self._event.wait()
            return
        with self._anyio.move_on_after(seconds):
            await self._event.wait()


def _call_soon_threadsafe() -> Callable[[Callable[[], object]], object]:
    """The function with which other threads schedule a call in the event loop of the current task."""
    import asyncio  # noqa: PLC0415  # only the async client pays for it

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415  # installed wherever a task runs under trio

        return trio.lowlevel.current_trio_token().run_sync_soon
    return loop.call_soon_threadsafe


class Wait(NamedTuple):
    """A step on the way to a slot: wait to be woken, for at most `seconds` (None: without a limit)."""

    waiter: Waiter
    seconds: float | None

    def run(self) -> None:
        """Wait in a thread."""
        cast("ThreadWaiter", self.waiter).wait(self.seconds)

    async def async_run(self) -> None:
        """Wait in a task."""
        await cast("AsyncWaiter", self.waiter).wait(self.seconds)


class WaitQueue:
    """The callers that wait for a slot of a window.

    Attributes:
        asking: For each lane, the slots of the callers that ask the store without having queued: at most one at a time,
            except for callers with `max_wait=0`.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._lanes: tuple[LiveObjects[Waiter], LiveObjects[Waiter]] = (LiveObjects(), LiveObjects())
        self._tickets = 0
        self._served = [0, 0]
        self.asking: tuple[LiveObjects[object], LiveObjects[object]] = (LiveObjects(), LiveObjects())

    def __bool__(self) -> bool:
        return self._lanes[0].first() is not None or self._lanes[1].first() is not None

    @property
    def length(self) -> int:
        """The number of callers in the queue."""
        return sum(len([*lane]) for lane in self._lanes)

    def join(self, waiter: Waiter) -> None:
        """Join the end of the lane, or its head for a waiter that holds a slot already."""
        self._tickets += 1
        waiter.ticket = self._tickets
        lane = self._lanes[waiter.bulk]
        head = lane.first()
        waiter.position = len(lane) - bool(head and head.has_slot)
        waiter.served_before = self._served[waiter.bulk]
        lane.add(waiter, first=waiter.has_slot)

    def serve(self, waiter: Waiter) -> None:
        """Note that a waiter holds a slot of the window now."""
        waiter.has_slot = True
        self._served[waiter.bulk] += 1

    def leave(self, waiter: Waiter) -> None:
        """Leave the queue, with or without a slot. A second time has no effect."""
        if self._lanes[waiter.bulk].discard(waiter) and not waiter.has_slot:
            self._served[waiter.bulk] += 1

    def clear(self) -> None:
        """Remove all waiters."""
        for objects in (*self._lanes, *self.asking):
            objects.clear()

    @property
    def awaiting_store(self) -> int:
        """The number of callers that hold a slot of the window and have no permission from the store yet."""
        heads = [lane.first() for lane in self._lanes]
        return sum(len([*slots]) for slots in self.asking) + sum(head.has_slot for head in heads if head)

    def position(self, waiter: Waiter) -> int:
        """A lower bound of the number of waiters of its lane that get a slot before this one."""
        return max(0, waiter.position - (self._served[waiter.bulk] - waiter.served_before))

    def is_next(self, waiter: Waiter, now: float) -> bool:
        """Whether no other caller has to be served before this one."""
        first = self._lanes[waiter.bulk].first() is waiter and not self.asking[waiter.bulk].first()
        return first and not self._other_lane_is_first(waiter.bulk, waiter.ticket, now)

    def can_skip(self, now: float, *, bulk: bool) -> bool:
        """Whether a caller that arrives now may take a slot without queueing."""
        first = self._lanes[bulk].first() or self.asking[bulk].first()
        return not first and not self._other_lane_is_first(bulk, None, now)

    def _other_lane_is_first(self, bulk: bool, ticket: int | None, now: float) -> bool:  # noqa: FBT001  # the index of a lane
        head = self._lanes[not bulk].first()
        if not head or head.has_slot or self.asking[not bulk].first() or (ticket is not None and ticket < head.ticket):
            return False
        return self._window.free_from(bulk=not bulk) <= now and self._window.is_contested(now)

    def wake_next(self) -> None:
        """Make the heads of both lanes check again. Waiters whose event loop is closed are removed."""
        for lane in self._lanes:
            while (head := lane.first()) and not head.has_slot and not _wake(head):
                self.leave(head)

    def wake_all(self) -> None:
        """Make all waiters check again."""
        for lane in self._lanes:
            for waiter in lane:
                _wake(waiter)


def _wake(waiter: Waiter) -> bool:
    try:
        waiter.wake()
    except RuntimeError:
        return False  # its event loop was closed while it waited
    return True
