"""The wait queue: which caller is next for a slot. Two lanes, one of them for bulk work.

First come, first served: of the heads of the two lanes, the one that came first is next, with these exceptions: the
window has no slot for its lane now, or has slots for both lanes, or another caller of its lane holds a slot of the
window and asks the store for one too. So bulk work that waits for its pace does not delay other callers, and bulk work
that waits for a slot is not overtaken forever. The queue itself does not sleep and reads no clock.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING
from weakref import ref

from .live_objects import LiveObjects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lease import Slot
    from .window import Window

_WOKEN_AT_ONCE = 50
"""The maximum number of callers that are woken together, so that thousands of them do not block an event loop."""


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
