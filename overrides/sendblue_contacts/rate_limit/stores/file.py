"""Slots in a file, for the processes of one machine: mapped into memory, under one lock, on the machine's one clock.

The rule is that of `window.py`. Each slot has four entries:

    | entry   | free, or on its way back            | held                                                  |
    |---------|-------------------------------------|-------------------------------------------------------|
    | `at`    | when it is free                     | when its lease is over and it is free: start + lease + per |
    | `was`   |                                     | when it was free, for a slot that is not used          |
    | `token` | 0                                   | who holds it                                          |
    | `lane`  | 1 if bulk work used it last         | 1 if it is for bulk work, 2 if bulk work used it before |

Each is written so that a process which is killed in between loses a slot for the length of a lease, and nothing else.
The kernel takes a dead process' lock away.

Cold start: the clock begins anew when the machine starts; a file of another start, like a new one, does not know who
sent what, and lets nobody through for one window. A response that comes in this time to a request from before begins it
anew, for that request may have arrived just now; one that takes longer than a window is missed.

Anybody may remove, replace or cut short the file, or close its descriptor, as programs do that go to the background. So
whoever asks looks first: at what the descriptor is, at what the path leads to, and at the size, for who touches memory
beyond the end of a file is killed. What is not as it was is opened again.
"""

from __future__ import annotations

import math
import mmap
import os
import stat
import struct
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sendblue_contacts.errors import RateLimitStoreError

from . import LEASE, Answer, Question, Verb
from .places import boot_id, slot_file, unusable

try:
    import fcntl
except ModuleNotFoundError:  # this module is imported when somebody names a file store
    _WAY_OUT = "a file store needs Linux, macOS or another POSIX system: use Redis, or memory"
    raise RateLimitStoreError(_WAY_OUT) from None

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sendblue_contacts.rate_limit.rate import RateLimit

_MAGIC = b"sbslots2"
_HEAD = struct.Struct("=8s16sqd")
"""What it is, the start of the machine, the limit and the window."""
_TIMES = 3
"""Until when everybody is frozen, from when the next paced request may go, and until when it is a cold start."""
_FROZEN, _PACED, _COLD = 0, 1, 2
_BULK, _WAS_BULK = 1, 2
_ROUNDING = 1e-6
"""Seconds by which a time may be off that is calculated back from another."""


class _Slots(NamedTuple):
    """The open file, seen as arrays; `file` tells which it was when it was opened."""

    descriptor: int
    file: tuple[int, int, int]
    times: memoryview[float]
    at: memoryview[float]
    was: memoryview[float]
    token: memoryview[int]
    lane: memoryview[int]


class FileStore:
    """A store in a file. It is opened at once, and by each process for itself.

    Args:
        url: `file:///a/path`; the file is that, with a part of the account's hash behind.
        account: Tells accounts apart.
        rate: The limit, the same for all who use the file.
        lease: Seconds after which a request counts as given up.
        clock: Tells the time in seconds, the same in all processes of the machine.
        boot: 16 bytes that are others when the clock begins anew.

    Raises:
        ValueError: The address is none.
        RateLimitStoreError: The file cannot be used.
    """

    at_once: bool = True

    def __init__(
        self,
        url: str,
        account: str,
        rate: RateLimit,
        *,
        lease: float = LEASE,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], bytes] = boot_id,
    ) -> None:
        self.path: Path = slot_file(url, account)
        self._rate = rate
        self._hold = lease + rate.per
        self._times = struct.Struct(f"{rate.limit}d")
        self._clock = clock
        self._boot = boot()
        self._lock = threading.Lock()
        self._places: dict[int, int] = {}  # where the slots are that this process holds
        self._slots: _Slots | None = None
        self._close: Callable[[], object] = _nothing
        self._reopen()

    def ask(self, question: Question) -> Answer:
        """Answer at once."""
        try:
            with self._lock:
                return self._ask(question)
        except OSError as error:
            raise unusable(self.path, error) from error

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`: it takes some microseconds."""
        return self.ask(question)

    def after_fork(self) -> None:
        """Let the file go, to be opened by whoever asks: a lock belongs to an opened file, and this is the parent's."""
        self._lock = threading.Lock()
        self._close()
        self._slots = None
        self._places.clear()

    def _ask(self, question: Question) -> Answer:
        slots = self._slots
        if slots is None or not self._is_as_it_was(slots):
            slots = self._reopen()
        fcntl.flock(slots.descriptor, fcntl.LOCK_EX)
        try:
            return self._answer(slots, question, self._clock())
        finally:
            fcntl.flock(slots.descriptor, fcntl.LOCK_UN)

    # --- the rule

    def _answer(self, slots: _Slots, question: Question, now: float) -> Answer:
        if question.verb is Verb.FREEZE:
            slots.times[_FROZEN] = max(slots.times[_FROZEN], now + question.seconds)
            return Answer()
        place = self._places.get(question.token)
        if place is not None and slots.token[place] != question.token:
            place = None  # its lease was over, and somebody else has it; or the file is another
        if question.verb is Verb.TAKE or question.verb is Verb.CONFIRM:
            return self._take(slots, question, now) if place is None else self._confirm(slots, place, question, now)
        self._places.pop(question.token, None)
        if place is not None:
            self._free(slots, place, now, unused=question.verb is Verb.CANCEL)
        elif question.verb is Verb.GIVE_BACK and now < slots.times[_COLD]:
            slots.times[_COLD] = now + self._rate.per
        return Answer()

    def _free(self, slots: _Slots, place: int, now: float, *, unused: bool) -> None:
        if unused:
            self._leave_row(slots, slots.at[place] - self._hold)
        slots.at[place] = slots.was[place] if unused else now + self._rate.per
        slots.lane[place] = slots.lane[place] >> 1 if unused else slots.lane[place] & _BULK
        slots.token[place] = 0

    def _take(self, slots: _Slots, question: Question, now: float) -> Answer:
        frozen = max(0.0, slots.times[_FROZEN] - now)
        place = self._earliest(slots, now, bulk=question.bulk)
        if place is None:
            return Answer(self._rate.per, frozen, held=False)
        free_at = slots.at[place]
        start = self._start(slots, max(now, free_at), paced=question.paced)
        slots.at[place] = start + self._hold
        slots.was[place] = free_at
        slots.lane[place] = question.bulk | (_WAS_BULK if slots.lane[place] & _BULK else 0)
        slots.token[place] = question.token
        self._places[question.token] = place
        return Answer(start - now, frozen)

    def _earliest(self, slots: _Slots, now: float, *, bulk: bool) -> int | None:
        """The slot that nobody holds and that is free first; None if there is none."""
        at = self._times.unpack_from(slots.at)
        if bulk:
            return self._earliest_for_bulk(slots, at, now)
        first = at.index(min(at))
        return first if not slots.token[first] or at[first] <= now else _first(_unheld(slots, at, now))

    def _earliest_for_bulk(self, slots: _Slots, at: tuple[float, ...], now: float) -> int | None:
        used = [
            bool(free_at > now and lane & _BULK) or bool(was > now and lane & _WAS_BULK)
            for free_at, was, lane in zip(at, slots.was, slots.lane, strict=True)
        ]
        free = _unheld(slots, at, now)
        if sum(used) >= self._rate.bulk_room:  # it may only take over a slot of its own
            free = [free_at if own else math.inf for free_at, own in zip(free, used, strict=True)]
        return _first(free)

    def _confirm(self, slots: _Slots, place: int, question: Question, now: float) -> Answer:
        start = slots.at[place] - self._hold
        if max(slots.times[_FROZEN], slots.times[_COLD]) > max(start, now) + _ROUNDING:
            start = self._start(slots, start, paced=question.paced)
        slots.at[place] = max(start, now) + self._hold
        return Answer(max(0.0, start - now), max(0.0, slots.times[_FROZEN] - now))

    def _start(self, slots: _Slots, start: float, *, paced: bool) -> float:
        start = max(start, slots.times[_FROZEN], slots.times[_COLD])
        if paced:
            start = max(start, slots.times[_PACED])
            slots.times[_PACED] = start + self._rate.pace
        return start

    def _leave_row(self, slots: _Slots, start: float) -> None:
        """If it was the last of those who are paced, the next one comes to its place."""
        if math.isclose(slots.times[_PACED], start + self._rate.pace, rel_tol=0, abs_tol=_ROUNDING):
            slots.times[_PACED] = start

    # --- the file

    def _is_as_it_was(self, slots: _Slots) -> bool:
        try:
            return _is_open(slots) and _file(os.fstat(slots.descriptor)) == slots.file == _file(self.path.stat())
        except OSError:
            return False

    def _reopen(self) -> _Slots:
        """Open the file, and only then let go of the one before: if that fails, the next who asks tries again."""
        slots = self._open()
        _OPEN[slots.descriptor] = slots
        self._close()
        self._close = weakref.finalize(self, _close, slots)
        self._slots = slots
        return slots

    def _open(self) -> _Slots:
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                return self._mapped(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        except OSError as error:
            raise unusable(self.path, error) from error

    def _mapped(self, descriptor: int) -> _Slots:
        count = self._rate.limit
        doubles = _TIMES + 3 * count
        size = _HEAD.size + 8 * doubles + count
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
                raise self._refused("it is no file of this user")
            if not state.st_size:
                _allocate(descriptor, size)
            head = os.pread(descriptor, _HEAD.size, 0)
            if state.st_size not in {0, size}:
                raise self._refused("it is something else, or for another limit")
            view = memoryview(mmap.mmap(descriptor, size))[_HEAD.size :]
            times = view[: 8 * doubles]
            split = [times[8 * a : 8 * b] for a, b in _bounds(count)]
            slots = _Slots(
                descriptor,
                (state.st_dev, state.st_ino, size),
                split[0].cast("d"),
                split[1].cast("d"),
                split[2].cast("d"),
                split[3].cast("Q"),
                view[8 * doubles :],
            )
            self._begin(slots, head)
            return slots
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _begin(self, slots: _Slots, head: bytes) -> None:
        """Check what the file is for, and start cold where it does not know the last window."""
        ours = _HEAD.pack(_MAGIC, self._boot, self._rate.limit, self._rate.per)
        if head == ours:
            return
        magic, _, limit, per = _HEAD.unpack(head)
        if magic != bytes(len(_MAGIC)) and (magic, limit, per) != (_MAGIC, self._rate.limit, self._rate.per):
            raise self._refused("it is something else, or for another limit")
        now = self._clock()
        slots.times[_FROZEN] = slots.times[_PACED] = -math.inf
        slots.times[_COLD] = now + self._rate.per
        for place in range(self._rate.limit):
            slots.at[place], slots.token[place], slots.lane[place] = now, 0, 0
        os.pwrite(slots.descriptor, ours, 0)

    def _refused(self, why: str) -> RateLimitStoreError:
        return RateLimitStoreError(
            f"the rate limit's slot file {self.path} cannot be used: {why}; remove it while no program uses it, "
            "or name another"
        )


_OPEN: dict[int, _Slots] = {}
"""By descriptor. The file alone does not tell whose one is: the number that somebody closed may be another store's."""
_ABANDONED: list[_Slots] = []


def _is_open(slots: _Slots) -> bool:
    return _OPEN.get(slots.descriptor) is slots


def _close(slots: _Slots) -> None:
    """Close the file, unless somebody did so: the number may be that of another file by now.

    Then the memory is kept, too. It has a descriptor of its own, which it would close.
    """
    with suppress(OSError):
        if _is_open(slots) and _file(os.fstat(slots.descriptor))[:2] == slots.file[:2]:
            del _OPEN[slots.descriptor]
            os.close(slots.descriptor)
            return
    _ABANDONED.append(slots)


def _nothing() -> None:
    """There is no file to close yet."""


def _file(state: os.stat_result) -> tuple[int, int, int]:
    """Which file it is, and how long."""
    return state.st_dev, state.st_ino, state.st_size


def _allocate(descriptor: int, size: int) -> None:
    """Make the file so long, with room on the disk where the system can: else a full disk kills who touches it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    else:
        os.ftruncate(descriptor, size)


def _unheld(slots: _Slots, at: tuple[float, ...], now: float) -> list[float]:
    """When each slot is free, infinity for those that somebody holds."""
    holders = slots.token.tolist()
    return [free_at if not holder or free_at <= now else math.inf for free_at, holder in zip(at, holders, strict=True)]


def _first(free: list[float]) -> int | None:
    first = min(free)
    return None if first == math.inf else free.index(first)


def _bounds(count: int) -> list[tuple[int, int]]:
    """Where each array of 8-byte numbers begins and ends."""
    ends = [_TIMES, _TIMES + count, _TIMES + 2 * count, _TIMES + 3 * count]
    return list(zip([0, *ends], ends, strict=False))
