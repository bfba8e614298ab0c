"""The slots of one account in a file store, and the rule by which they are assigned. No I/O, no clock.

The rule is that of `window.py`, with leases; `redis.lua` is its twin. A slot is held by a token until it is released or
cancelled, or until the lease of its holder has expired; then any process may acquire it.

Cold start: a table that is new, or was written before the last boot of the machine (whose clock then starts anew), does
not contain what was sent just before, and admits no request for one window. A response that arrives in this time to a
request from before extends the cold start by one window, because that request may have arrived just now; a request that
takes longer than a window is missed.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Self

from .base import Command, StoreReply

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit.config import RateLimit

    from .base import StoreRequest

_MAGIC = b"sbslots5"
_HEADER = struct.Struct("=8sI16s")
"""Magic, checksum and boot. All that follows are floats, which are exact for tokens of 53 bits."""
_TOLERANCE = 1.0
"""Seconds by which the clocks of two processes may differ."""


class WrongFileError(Exception):
    """The bytes are not a table of this limit; the message states what they are."""


class _Held(NamedTuple):
    """A slot that is held: its place, from when it may be used, whether for bulk work, and its previous times."""

    place: int
    start: float
    bulk: bool
    free_at: float
    bulk_until: float


@dataclass
class SlotTable:
    """The slots of one account. All times are in seconds of one clock."""

    rate: RateLimit
    frozen_until: float  # because the server responded with 429
    cold_until: float  # because the requests of the last window are not in the table
    paced_from: float  # when the next paced request may start
    free_at: list[float]  # for a held slot: when its lease has expired and one window has passed
    bulk_until: list[float]  # until when each slot counts as used by bulk work
    held: dict[int, _Held] = field(default_factory=dict[int, _Held])  # by token

    @classmethod
    def cold(cls, rate: RateLimit, now: float) -> Self:
        """A table without requests, which admits none for one window."""
        return cls(rate, -math.inf, now + rate.per, -math.inf, [now] * rate.limit, [-math.inf] * rate.limit)

    @classmethod
    def unpack(cls, data: bytes, rate: RateLimit, boot: bytes, now: float) -> Self | None:
        """The table in these bytes; None if they are empty, damaged, or from an earlier boot of the machine.

        A table that was written later than now is from an earlier boot: the clock has started anew.
        """
        if not data.startswith(_MAGIC[: len(data)]):
            raise WrongFileError("it is not a slot file")
        if len(data) < _HEADER.size or zlib.crc32(data[12:]) != _HEADER.unpack_from(data)[1]:
            return None
        numbers = array("d", data[_HEADER.size :]).tolist()
        limit, per, written, frozen_until, cold_until, paced_from = numbers[:6]
        if (limit, per) != (rate.limit, rate.per):
            raise WrongFileError("it is for another limit")
        if _HEADER.unpack_from(data)[2] != boot or written > now + _TOLERANCE:
            return None
        slots, end = numbers[6:], 2 * rate.limit
        table = cls(rate, frozen_until, cold_until, paced_from, slots[: rate.limit], slots[rate.limit : end])
        for at in range(end, len(slots), 6):
            token, place, start, bulk, *before = slots[at : at + 6]
            table.held[int(token)] = _Held(int(place), start, bool(bulk), *before)
        return table

    def pack(self, boot: bytes, now: float) -> bytes:
        """The table as bytes. The checksum detects a write that was interrupted."""
        times = now, self.frozen_until, self.cold_until, self.paced_from
        numbers = [self.rate.limit, self.rate.per, *times, *self.free_at, *self.bulk_until]
        for token, held in self.held.items():
            numbers += token, *held
        body = boot + array("d", numbers).tobytes()
        return _HEADER.pack(_MAGIC, zlib.crc32(body), boot) + body[len(boot) :]

    def apply(self, request: StoreRequest, now: float) -> StoreReply:
        """Carry out a request."""
        if request.command is Command.ACQUIRE:
            return self._acquire(request, now)
        if request.command is Command.FREEZE:
            self.frozen_until = max(self.frozen_until, now + request.seconds)
        elif held := self.held.pop(request.token, None):
            if request.command is Command.CANCEL:
                self._cancel(held)
            else:
                self._set(held, now + request.seconds + self.rate.per)
        elif request.command is Command.RELEASE and now < self.cold_until:
            self.cold_until = now + request.seconds + self.rate.per
        return StoreReply()

    def _acquire(self, request: StoreRequest, now: float) -> StoreReply:
        frozen = max(0.0, self.frozen_until - now)
        held = self.held.get(request.token) or self._new(request, now)
        if held is None:
            return StoreReply(self.rate.per, frozen, held=False)
        if self._open_from(now) > max(held.start, now):
            held = held._replace(start=self._start_from(held.start, now, bulk=held.bulk))
        held = self.held[request.token] = held._replace(start=max(held.start, now))
        self._set(held, held.start + request.lease + self.rate.per)
        return StoreReply(held.start - now, frozen)

    def _new(self, request: StoreRequest, now: float) -> _Held | None:
        """The slot that is free first; None if all are held. The holder whose lease has expired loses it."""
        place = self._earliest(now, bulk=request.bulk)
        if place is None:
            return None
        self.held = {token: held for token, held in self.held.items() if held.place != place}
        free_at = self.free_at[place]
        start = self._start_from(free_at, now, bulk=request.bulk)
        return _Held(place, start, request.bulk, free_at, self.bulk_until[place])

    def _set(self, held: _Held, at: float) -> None:
        self.free_at[held.place] = at
        if held.bulk:
            self.bulk_until[held.place] = at

    def _cancel(self, held: _Held) -> None:
        self.free_at[held.place], self.bulk_until[held.place] = held.free_at, held.bulk_until
        if (held.bulk or self.rate.paced) and self.paced_from == held.start + self.rate.pace:
            self.paced_from = held.start  # it was the last paced request, and the next one takes its place

    def _earliest(self, now: float, *, bulk: bool) -> int | None:
        """The slot that is free first and that no caller holds. Bulk work with all its slots may take over only these.

        A slot that is free more than one window from now is held: its lease has not expired.
        """
        any_slot = not bulk or sum(until > now for until in self.bulk_until) < self.rate.bulk_slots
        latest = now + self.rate.per
        free = (
            (at, place)
            for place, (at, bulk_until) in enumerate(zip(self.free_at, self.bulk_until, strict=True))
            if at <= latest and (any_slot or bulk_until > now)
        )
        return min(free, default=(0.0, None))[1]

    def _open_from(self, now: float) -> float:
        return max(now, self.frozen_until, self.cold_until)

    def _start_from(self, at: float, now: float, *, bulk: bool) -> float:
        start = max(self._open_from(now), at)
        if bulk or self.rate.paced:
            start = max(start, self.paced_from)
            self.paced_from = start + self.rate.pace
        return start
