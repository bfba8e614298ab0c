"""The wait queue: which caller is next for a slot, and how it is woken. Two lanes, one of them for bulk work.

First come, first served: of the heads of the two lanes, the one that came first is next, with these exceptions: the
window has no slot for its lane now, or has slots for both lanes, or another caller of its lane holds a slot of the
window and asks the store for one too. So bulk work that waits for its pace does not delay other callers, and bulk work
that waits for a slot is not overtaken forever. The queue itself does not sleep and reads no clock.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import KeyedRef, WeakMethod, ref

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .lease import Slot
    from .window import Window

T = TypeVar("T")

_WOKEN_AT_ONCE = 50
"""The maximum number of callers that are woken together, so that thousands of them do not block an event loop."""


class LiveObjects(Generic[T]):
    """Objects in the order of their arrival, which are not kept alive. No operation takes longer with more objects.

    So they disappear with a caller that a signal handler interrupted before the line that removes its object.
    `on_lost` is a method that is called with the `id` of an object that was garbage-collected before it was removed.
    """

    def __init__(self, on_lost: Callable[[int], object] | None = None) -> None:
        self._references: OrderedDict[int, KeyedRef[int, T]] = OrderedDict()
        self._on_lost = WeakMethod(on_lost) if on_lost else None  # its object contains this one

    def __len__(self) -> int:
        return len(self._references)

    def __iter__(self) -> Iterator[T]:
        """All objects that exist. They may be added and removed meanwhile."""
        return iter([item for reference in tuple(self._references.values()) if (item := reference()) is not None])

    def add(self, item: T) -> None:
        """Add an object at the end."""
        self.discard(item)  # one that no longer exists may have had the same id
        self._references[id(item)] = KeyedRef(item, self._forget, id(item))

    def discard(self, item: T) -> bool:
        """Remove an object. Returns whether it was there."""
        return self._references.pop(id(item), None) is not None

    def first(self) -> T | None:
        """The first object."""
        while self._references:
            key, reference = next(iter(self._references.items()))
            if (item := reference()) is not None:
                return item
            self._references.pop(key, None)
        return None

    def _forget(self, reference: KeyedRef[int, T]) -> None:
        known = self._references.pop(reference.key, None)
        if known and self._on_lost and (on_lost := self._on_lost()):
            on_lost(reference.key)


class WaitQueue:
    """The callers that wait for a slot of a window, each with the `waiter` by which it is woken."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._lanes: tuple[LiveObjects[Slot], LiveObjects[Slot]] = (LiveObjects(), LiveObjects())
        # Those that hold a slot of the window and ask the store for one: one of each lane, and those with `max_wait=0`.
        self.asking: tuple[LiveObjects[Slot], LiveObjects[Slot]] = (LiveObjects(), LiveObjects())
        self._tickets = 0
        self._served = [0, 0]
        self._to_wake: deque[ref[Slot]] = deque()

    def __bool__(self) -> bool:
        return any(lane.first() for lane in self._lanes)

    def __len__(self) -> int:
        return sum(len([*lane]) for lane in self._lanes)

    def join(self, slot: Slot) -> None:
        """Join the end of the lane."""
        self._tickets += 1
        slot.ticket = self._tickets
        slot.position = len(self._lanes[slot.bulk])
        slot.served_before = self._served[slot.bulk]
        self._lanes[slot.bulk].add(slot)

    def ask(self, slot: Slot) -> None:
        """Note that a waiter holds a slot of the window and asks the store."""
        self.leave(slot)
        self.asking[slot.bulk].add(slot)
        self.wake_next()  # the other lane does not have to wait for the reply

    def leave(self, slot: Slot) -> None:
        """Leave the queue, with or without a slot. A second time has no effect."""
        self._served[slot.bulk] += self._lanes[slot.bulk].discard(slot)
        self.asking[slot.bulk].discard(slot)
        self._continue_waking(1)

    def position(self, slot: Slot) -> int:
        """A lower bound of the number of waiters of its lane that get a slot before this one."""
        return max(0, slot.position - (self._served[slot.bulk] - slot.served_before))

    def is_next(self, slot: Slot, now: float, *, hurried: bool) -> bool:
        """Whether no other caller has to be served before this one. A hurried one does not wait for one that asks."""
        first = self._lanes[slot.bulk].first() is slot and (hurried or not self.asking[slot.bulk].first())
        return first and not self._other_lane_is_first(slot.bulk, slot.ticket, now)

    def can_skip(self, now: float, *, bulk: bool) -> bool:
        """Whether a caller that arrives now may take a slot without queueing."""
        return not self._lanes[bulk].first() and not self._other_lane_is_first(bulk, math.inf, now)

    def _other_lane_is_first(self, bulk: bool, ticket: float, now: float) -> bool:  # noqa: FBT001  # the index of a lane
        head = self._lanes[not bulk].first()
        if not head or self.asking[not bulk].first() or ticket < head.ticket:
            return False
        return self._window.free_from(bulk=not bulk) <= now and self._window.is_contested(now)

    def wake_next(self) -> None:
        """Make the heads of both lanes check again. Callers whose event loop is closed are removed."""
        for lane, asking in zip(self._lanes, self.asking, strict=True):
            while not asking.first() and (head := lane.first()) and not head.waiter.wake():
                self.leave(head)

    def wake_refused(self, now: float, frozen: float) -> None:
        """Make the callers check again that do not accept a freeze of so many seconds from now on."""
        slots = (slot for objects in (*self._lanes, *self.asking) for slot in objects)
        until = now + frozen
        self.wake(slot for slot in slots if slot.freeze_timeout <= frozen or slot.latest < until)

    def wake(self, slots: Iterable[Slot]) -> None:
        """Make these callers check again, a few at a time: each one that leaves the queue wakes another one."""
        self._to_wake.extend(map(ref, slots))
        self._continue_waking(_WOKEN_AT_ONCE)

    def _continue_waking(self, number: int) -> None:
        while number and self._to_wake:
            slot = self._to_wake.popleft()()
            number -= bool(slot and slot.waiter and slot.waiter.wake())


class ThreadWaiter:
    """A thread that waits. For a task this really differs, so it is written for both."""

    def __init__(self) -> None:
        # Locked until the thread is woken. An Event contains a lock on which the garbage collector could deadlock.
        self._asleep = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        self._asleep.acquire(blocking=False)

    def wake(self) -> bool:
        """End the current or the next wait, from any thread. Returns whether that is possible."""
        with suppress(RuntimeError):  # it is awake already
            self._asleep.release()
        return True

    def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        self._asleep.acquire(timeout=-1 if seconds is None else seconds)


class AsyncWaiter:
    """A task that waits, under asyncio or trio."""

    def __init__(self) -> None:
        import asyncio  # noqa: PLC0415  # only the async client pays for it

        import anyio  # noqa: PLC0415  # as above

        self._anyio = anyio
        self._event = anyio.Event()
        self._call_soon: Callable[[Callable[[], object]], object]  # from any thread
        try:
            self._call_soon = asyncio.get_running_loop().call_soon_threadsafe
        except RuntimeError:
            import trio  # noqa: PLC0415  # installed wherever a task runs under trio

            self._call_soon = trio.lowlevel.current_trio_token().run_sync_soon

    def clear(self) -> None:
        """Discard an earlier `wake`."""
        if self._event.is_set():
            self._event = self._anyio.Event()

    def wake(self) -> bool:
        """End the current or the next wait, from any thread. Returns whether that is possible."""
        try:
            self._call_soon(self._event.set)
        except RuntimeError:  # the event loop was closed while it waited
            return False
        return True

    async def wait(self, seconds: float | None) -> None:
        """Wait to be woken, for at most this many seconds (None: without a limit)."""
        with self._anyio.move_on_after(seconds):
            await self._event.wait()
