"""Rate limit, who is next. Two lanes, one for bulk work; nothing here sleeps or reads a clock.

First come, first served: of the heads of the two lanes it is the one that came first, unless the window has no slot for
its lane now, or has slots for both, or it has its slot already and only asks the store. So bulk work that waits for its
pace holds nobody up, and bulk work that waits for a slot is not overtaken for ever.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .turns import Turn
    from .window import Window


class Line:
    """Those who wait for a slot of this window.

    Attributes:
        length: How many they are.
        asking: How many of this lane ask the store who never had to stand in it: one at a time, but for those who do
            not wait at all.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._lanes: tuple[deque[Turn], deque[Turn]] = (deque(), deque())
        self._tickets = 0
        self.length: int = 0
        self.asking: list[int] = [0, 0]

    def join(self, turn: Turn) -> None:
        """Stand at the end of the lane; who has a slot already, at its head."""
        self._tickets += 1
        turn.ticket = self._tickets
        lane = self._lanes[turn.bulk]
        (lane.appendleft if turn.has_slot else lane.append)(turn)
        self.length += 1

    def leave(self, turn: Turn) -> None:
        """Go, served or not."""
        with suppress(ValueError):  # it was thrown out with its event loop
            self._lanes[turn.bulk].remove(turn)
            self.length -= 1

    def clear(self) -> None:
        """Nobody is left."""
        for lane in self._lanes:
            lane.clear()
        self.length = 0
        self.asking = [0, 0]

    @property
    def asking_for_slots(self) -> int:
        """How many have a slot of the window, and no answer of the store."""
        return sum(self.asking) + sum(lane[0].has_slot for lane in self._lanes if lane)

    def place(self, turn: Turn) -> int:
        """How many of its lane get a slot before this one."""
        lane = self._lanes[turn.bulk]
        return lane.index(turn) - lane[0].has_slot

    def is_next(self, turn: Turn, now: float) -> bool:
        """Whether nobody has to be served before this one."""
        first = self._lanes[turn.bulk][0] is turn and not self.asking[turn.bulk]
        return first and not self._other_is_before(turn.bulk, turn.ticket, now)

    def is_open(self, now: float, *, bulk: bool) -> bool:
        """Whether one who comes now need not stand in line."""
        return not (self._lanes[bulk] or self.asking[bulk] or self._other_is_before(bulk, None, now))

    def _other_is_before(self, bulk: bool, ticket: int | None, now: float) -> bool:  # noqa: FBT001  # it is a lane
        lane = self._lanes[not bulk]
        if not lane or lane[0].has_slot or self.asking[not bulk] or (ticket is not None and ticket < lane[0].ticket):
            return False
        return self._window.free_from(bulk=not bulk) <= now and self._window.is_contested(now)

    def wake_next(self) -> None:
        """Have the heads of both lanes look again. Those whose event loop was closed are thrown out."""
        for lane in self._lanes:
            while lane and not lane[0].has_slot and not _wake(turn := lane[0]):
                self.leave(turn)

    def wake_all(self) -> None:
        """Have everybody look again."""
        for turn in (*self._lanes[0], *self._lanes[1]):  # a copy: the garbage collector may have somebody leave
            _wake(turn)


def _wake(turn: Turn) -> bool:
    try:
        turn.wake()
    except RuntimeError:
        return False  # its event loop was closed without letting it go
    return True
