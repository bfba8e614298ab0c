"""The slots of one account in a file store, and the rule by which they are assigned. No I/O, no clock.

The rule is that of `window.py`, with leases; `redis.lua` is its twin. A slot is held by the token of its record until
it is released or cancelled, or until the lease of its holder has expired; then any process may acquire it.

Cold start: a table that is new, or was written before the last boot of the machine (whose clock then starts anew), does
not contain what was sent just before, and admits no request for one window. A response that arrives in this time to a
request from before extends the cold start by one window, because that request may have arrived just now; a request that
takes longer than a window is missed.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from .base import Command, StoreReply

if TYPE_CHECKING:
    from sendblue_contacts.rate_limit.config import RateLimit

    from .base import StoreRequest

_MAGIC = b"sbslots4"
_HEADER = struct.Struct("=8s16sqd4d")
"""Magic, boot, limit, window, when the table was written, and its three times."""
_TOLERANCE = 1.0
"""Seconds by which the clocks of two processes may differ."""
_RECORD = struct.Struct("=ddqd??dd")
_CHECKSUM = struct.Struct("=I")


class WrongFileError(Exception):
    """The bytes are not a table of this limit; the message states what they are."""


class SlotRecord(NamedTuple):
    """One slot.

    Attributes:
        free_at: When it is free. For a held slot: when its lease has expired and one window has passed.
        bulk_until: Until when it counts as used by bulk work.
        token: The holder; 0 for a slot that is not held.
        start: From when the holder may use it.
        bulk: Whether the holder is bulk work.
        paced: Whether the holder is paced.
        previous_free_at: `free_at` before the holder acquired it.
        previous_bulk_until: `bulk_until` before the holder acquired it.
    """

    free_at: float
    bulk_until: float = -math.inf
    token: int = 0
    start: float = 0.0
    bulk: bool = False
    paced: bool = False
    previous_free_at: float = 0.0
    previous_bulk_until: float = 0.0


@dataclass
class SlotTable:
    """The slots of one account. All times are in seconds of one clock.

    Attributes:
        rate: The limit.
        slots: The slots.
        frozen_until: Until when no request is admitted, because the server responded with 429.
        cold_until: Until when no request is admitted, because the requests of the last window are not in the table.
        paced_from: From when the next paced request may start.
    """

    rate: RateLimit
    slots: list[SlotRecord]
    frozen_until: float
    cold_until: float
    paced_from: float

    @classmethod
    def cold(cls, rate: RateLimit, now: float) -> Self:
        """A table without requests, which admits none for one window."""
        return cls(rate, [SlotRecord(now)] * rate.limit, -math.inf, now + rate.per, -math.inf)

    @classmethod
    def unpack(cls, data: bytes, rate: RateLimit, boot: bytes, now: float) -> Self | None:
        """The table in these bytes; None if they are empty, damaged, or from an earlier boot of the machine.

        A table that was written later than now is from an earlier boot: the clock has started anew.

        Raises:
            WrongFileError: They are not a table, or one for another limit.
        """
        if not data.startswith(_MAGIC[: len(data)]):
            raise WrongFileError("it is not a slot file")
        if len(data) != _HEADER.size + rate.limit * _RECORD.size + _CHECKSUM.size:
            if len(data) >= _HEADER.size and _HEADER.unpack_from(data)[2] != rate.limit:
                raise WrongFileError("it is for another limit")
            return None
        _, of_boot, limit, per, written, *times = _HEADER.unpack_from(data)
        if (limit, per) != (rate.limit, rate.per):
            raise WrongFileError("it is for another limit")
        checked = memoryview(data)[: -_CHECKSUM.size]
        is_damaged = zlib.crc32(checked) != _CHECKSUM.unpack_from(data, len(checked))[0]
        if is_damaged or of_boot != boot or written > now + _TOLERANCE:
            return None
        return cls(rate, [*map(SlotRecord._make, _RECORD.iter_unpack(checked[_HEADER.size :]))], *times)

    def pack(self, boot: bytes, now: float) -> bytes:
        """The table as bytes. The checksum detects a write that was interrupted."""
        times = self.frozen_until, self.cold_until, self.paced_from
        header = _HEADER.pack(_MAGIC, boot, self.rate.limit, self.rate.per, now, *times)
        data = header + b"".join([_RECORD.pack(*record) for record in self.slots])
        return data + _CHECKSUM.pack(zlib.crc32(data))

    def apply(self, request: StoreRequest, now: float) -> StoreReply:
        """Carry out a request."""
        if request.command is Command.ACQUIRE:
            return self._acquire(request, now)
        if request.command is Command.FREEZE:
            self.frozen_until = max(self.frozen_until, now + request.seconds)
            return StoreReply()
        place = self._place_of(request.token)
        if place is not None:
            self._free(place, now + request.seconds, unused=request.command is Command.CANCEL)
        elif request.command is Command.RELEASE and now < self.cold_until:
            self.cold_until = now + request.seconds + self.rate.per
        return StoreReply()

    def _acquire(self, request: StoreRequest, now: float) -> StoreReply:
        place = self._place_of(request.token)
        if place is not None:
            record = self.slots[place]
            start = record.start
            if self._open_from(now) > max(start, now):
                start = self._start_from(start, now, paced=request.paced)
            return self._hold(place, record, max(start, now), request, now)
        place = self._earliest(now, bulk=request.bulk)
        if place is None:
            return StoreReply(self.rate.per, max(0.0, self.frozen_until - now), held=False)
        free_at, bulk_until = self.slots[place][:2]
        start = self._start_from(free_at, now, paced=request.paced)
        record = SlotRecord(free_at, bulk_until, request.token, start, request.bulk, request.paced, free_at, bulk_until)
        return self._hold(place, record, start, request, now)

    def _hold(self, place: int, record: SlotRecord, start: float, request: StoreRequest, now: float) -> StoreReply:
        until = start + request.lease + self.rate.per
        bulk_until = until if record.bulk else record.bulk_until
        self.slots[place] = record._replace(free_at=until, bulk_until=bulk_until, start=start)
        return StoreReply(start - now, max(0.0, self.frozen_until - now))

    def _free(self, place: int, now: float, *, unused: bool) -> None:
        record = self.slots[place]
        if not unused:
            at = now + self.rate.per
            self.slots[place] = SlotRecord(at, at if record.bulk else record.bulk_until)
            return
        self.slots[place] = SlotRecord(record.previous_free_at, record.previous_bulk_until)
        if record.paced and self.paced_from == record.start + self.rate.pace:
            self.paced_from = record.start  # it was the last paced request, and the next one takes its place

    def _earliest(self, now: float, *, bulk: bool) -> int | None:
        """The slot that is free first and that no caller holds. Bulk work with all its slots may take over only these.

        A slot that is free more than one window from now is held: its lease has not expired.
        """
        any_slot = not bulk or sum(record.bulk_until > now for record in self.slots) < self.rate.bulk_slots
        latest = now + self.rate.per
        free = [
            (record.free_at, place)
            for place, record in enumerate(self.slots)
            if record.free_at <= latest and (any_slot or record.bulk_until > now)
        ]
        return min(free)[1] if free else None

    def _place_of(self, token: int) -> int | None:
        return next((place for place, record in enumerate(self.slots) if record.token == token), None)

    def _open_from(self, now: float) -> float:
        return max(now, self.frozen_until, self.cold_until)

    def _start_from(self, at: float, now: float, *, paced: bool) -> float:
        start = max(self._open_from(now), at)
        if paced:
            start = max(start, self.paced_from)
            self.paced_from = start + self.rate.pace
        return start
