"""The wait queue: who is next for a slot, and how a thread or a task waits. Two lanes, one of them for bulk work.

First come, first served: of the heads of the two lanes, the one that came first is next, with these exceptions: the
window has no slot for its lane now, or has slots for both lanes, or another caller of its lane holds a slot of the
window and asks the store for one too. So bulk work that waits for its pace does not delay other callers, and bulk work
that waits for a slot is not overtaken forever.

The queue itself does not sleep and reads no clock.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from .live_objects import LiveObjects

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable

    from .window import Window

_WOKEN_AT_ONCE = 50
"""The maximum number of callers that are woken together, so that thousands of them do not block an event loop."""


class Waiter:
    """A caller in the wait queue. It can be woken from any thread.

    Attributes:
        bulk: Whether it waits in the lane of bulk work.
        max_freeze: The longest freeze in seconds that it accepts.
        latest: When its wait ends at the latest.
        ticket: Its number in the order of arrival.
        position: The number of waiters before it when it joined the queue.
        served_before: The number of waiters of its lane that had been served or had left when it joined the queue.
    """

    bulk = False
    max_freeze: float = math.inf
    latest: float = math.inf
    ticket = -1
    position = served_before = 0
    _logged = False

    def clear(self) -> None:
        """Discard an earlier `wake`."""

    def wake(self) -> None:
        """End the current or the next wait. Raises RuntimeError if the event loop of the task is closed."""

    def log_once(self, log: logging.Logger, seconds: float) -> None:
        """Log that the wait is long, the first time."""
        if not self._logged:
            self._logged = True
            log.info("waiting for the rate limit, at least %.1f s", seconds)


class ThreadWaiter(Waiter):
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


class AsyncWaiter(Waiter):
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

    waiter: Any  # of a thread or of a task
    seconds: float | None

    def run(self) -> None:
        """Wait in a thread."""
        self.waiter.wait(self.seconds)

    async def async_run(self) -> None:
        """Wait in a task."""
        await self.waiter.wait(self.seconds)


class WaitQueue:
    """The callers that wait for a slot of a window.

    Attributes:
        asking: For each lane, the callers that hold a slot of the window and ask the store for one: at most one at a
            time, except for callers with `max_wait=0`.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._lanes: tuple[LiveObjects[Waiter], LiveObjects[Waiter]] = (LiveObjects(), LiveObjects())
        self.asking: tuple[LiveObjects[Waiter], LiveObjects[Waiter]] = (LiveObjects(), LiveObjects())
        self._tickets = 0
        self._served = [0, 0]
        self._to_wake: deque[ref[Waiter]] = deque()

    def __bool__(self) -> bool:
        return any(lane.first() for lane in self._lanes)

    def __len__(self) -> int:
        return sum(len([*lane]) for lane in self._lanes)

    def join(self, waiter: Waiter) -> None:
        """Join the end of the lane."""
        self._tickets += 1
        waiter.ticket = self._tickets
        waiter.position = len(self._lanes[waiter.bulk])
        waiter.served_before = self._served[waiter.bulk]
        self._lanes[waiter.bulk].add(waiter)

    def ask(self, waiter: Waiter) -> None:
        """Note that a waiter holds a slot of the window and asks the store."""
        self.leave(waiter)
        self.asking[waiter.bulk].add(waiter)
        self.wake_next()  # the other lane does not have to wait for the reply

    def leave(self, waiter: Waiter) -> None:
        """Leave the queue, with or without a slot. A second time has no effect."""
        self._served[waiter.bulk] += self._lanes[waiter.bulk].discard(waiter)
        self.asking[waiter.bulk].discard(waiter)
        self._continue_waking(1)

    def clear(self) -> None:
        """Remove all waiters."""
        for objects in (*self._lanes, *self.asking):
            objects.clear()

    def position(self, waiter: Waiter) -> int:
        """A lower bound of the number of waiters of its lane that get a slot before this one."""
        return max(0, waiter.position - (self._served[waiter.bulk] - waiter.served_before))

    def is_next(self, waiter: Waiter, now: float, *, hurried: bool) -> bool:
        """Whether no other caller has to be served before this one. A hurried one does not wait for one that asks."""
        first = self._lanes[waiter.bulk].first() is waiter and (hurried or not self.asking[waiter.bulk].first())
        return first and not self._other_lane_is_first(waiter.bulk, waiter.ticket, now)

    def can_skip(self, now: float, *, bulk: bool) -> bool:
        """Whether a caller that arrives now may take a slot without queueing."""
        return not self._lanes[bulk].first() and not self._other_lane_is_first(bulk, math.inf, now)

    def _other_lane_is_first(self, bulk: bool, ticket: float, now: float) -> bool:  # noqa: FBT001  # the index of a lane
        head = self._lanes[not bulk].first()
        if not head or self.asking[not bulk].first() or ticket < head.ticket:
            return False
        return self._window.free_from(bulk=not bulk) <= now and self._window.is_contested(now)

    def wake_next(self) -> None:
        """Make the heads of both lanes check again. Waiters whose event loop is closed are removed."""
        for lane, asking in zip(self._lanes, self.asking, strict=True):
            while not asking.first() and (head := lane.first()) and not wake(head):
                self.leave(head)

    def wake_refused(self, now: float, frozen: float) -> None:
        """Make the waiters check again that do not accept a freeze of so many seconds from now on."""
        waiters = (waiter for objects in (*self._lanes, *self.asking) for waiter in objects)
        self.wake(waiter for waiter in waiters if waiter.max_freeze <= frozen or waiter.latest < now + frozen)

    def wake(self, waiters: Iterable[Waiter]) -> None:
        """Make these waiters check again, a few at a time: each one that leaves the queue wakes another one."""
        self._to_wake.extend(map(ref, waiters))
        self._continue_waking(_WOKEN_AT_ONCE)

    def _continue_waking(self, number: int) -> None:
        while number and self._to_wake:
            waiter = self._to_wake.popleft()()
            number -= bool(waiter and wake(waiter))


def wake(waiter: Waiter) -> bool:
    """Wake a waiter. Returns whether that is possible."""
    try:
        waiter.wake()
    except RuntimeError:
        return False  # its event loop was closed while it waited
    return True
