"""How many items the next request of a bulk call carries: a fixed number, or as many as suit the server. Pure.

With the size `auto`, the first request has 100 items. Then:

    | response to a request                     | size of the next requests                                     |
    |-------------------------------------------|---------------------------------------------------------------|
    | accepted within 5 s; the request was full | twice as many items, at most 1,000                            |
    | accepted in more than 15 s, or timed out  | half as many items                                            |
    | refused as too large                      | half as many items; from then on less than what was refused   |

Below a size that was refused, the size grows to the middle between what was accepted and what was refused, until they
are close. Above a size that timed out, it grows again only after 8 full requests, and after 64 the next time.

A fixed size is a maximum: it changes only after a refusal, as `auto` does. Neither the number of items nor their bytes
are known to be the reason for a refusal. It is the bytes if as many items were accepted before, and else the items.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sendblue_contacts.errors import APIError, APITimeoutError, check_size

if TYPE_CHECKING:
    from collections.abc import Mapping

ChunkSizeOption = int | Literal["auto"]
"""The argument `chunk_size`: the maximum number of items in one request, or `auto`."""
AUTO: Literal["auto"] = "auto"
FIRST_SIZE, MAX_SIZE = 100, 1_000  # items, with `auto`

_FAST, _SLOW = 5.0, 15.0  # seconds
_CLOSE = 0.2  # what was refused is close to what was accepted if it is larger by at most this part of it
_PROBE_FACTOR = 8
_TIMEOUT_STATUSES = frozenset({408, 504, 524})  # of a server, a gateway and a CDN


def check_chunk_size(value: object) -> None:
    """Raise TypeError or ValueError if the argument `chunk_size` is neither `auto` nor a positive integer."""
    if isinstance(value, str) and value != AUTO:
        raise TypeError(f"chunk_size must be an int or 'auto', not {value!r}")
    if value != AUTO:
        check_size("chunk_size", value)


def size_range(option: ChunkSizeOption) -> tuple[int, int]:
    """Return the sizes with which a bulk call takes the fewest requests, and the most unless the server is slow."""
    return (MAX_SIZE, FIRST_SIZE) if option == AUTO else (option, option)


def is_timeout(error: Exception) -> bool:
    """Whether the server may have received a request, and did not respond in time."""
    timed_out = isinstance(error, APITimeoutError) and error.maybe_applied
    return timed_out or (isinstance(error, APIError) and error.status_code in _TIMEOUT_STATUSES)


@dataclass(slots=True)
class _Limit:
    """The limit of the next request, in items or in bytes, with the largest accepted and the smallest refused ones."""

    size: float
    accepted: float = 0
    refused: float = math.inf

    def accept(self, used: float) -> None:
        self.accepted = max(self.accepted, used)
        self.refused = self.refused if used < self.refused else math.inf  # the server has raised its maximum

    def next_size(self, used: float) -> float:
        """Return the size after a request of the current one was accepted."""
        if self.refused == math.inf:
            return max(self.size, 2 * used)
        is_close = self.refused - used <= used * _CLOSE
        return self.size if is_close else max(self.size, min(2 * used, (used + self.refused) // 2))

    def halve(self, used: float) -> None:
        self.size = max(1, min(self.size, used // 2))

    def refuse(self, used: float) -> None:
        self.halve(used)
        self.refused = min(self.refused, used)


@dataclass(slots=True)
class LearnedSize:
    """What the responses of a server show about the size of requests."""

    items: _Limit = field(default_factory=lambda: _Limit(FIRST_SIZE))
    size_bytes: _Limit = field(default_factory=lambda: _Limit(math.inf))
    full: int = 0  # full requests that were accepted since the size grew
    needed: int = 1  # of these, before the size grows above what was accepted

    def to_dict(self) -> dict[str, int]:
        """Return the sizes in items, as JSON."""
        limit = self.items
        refused = {} if limit.refused == math.inf else {"refused": int(limit.refused)}
        return {"size": int(limit.size), "accepted": int(limit.accepted), **refused}

    def restore(self, values: Mapping[str, int]) -> None:
        """Take the sizes of an earlier process, unless this one has learned some."""
        if self.items == _Limit(FIRST_SIZE):
            self.items = _Limit(values["size"], values["accepted"], values.get("refused", math.inf))


class ChunkSize:
    """The size of the next chunk of one bulk call. Calls with the size `auto` share what they learned."""

    def __init__(self, option: ChunkSizeOption, max_bytes: int, learned: LearnedSize | None = None) -> None:
        self._is_auto = option == AUTO
        self._max_items: int = size_range(option)[0]
        self._max_bytes = max_bytes
        self._learned = (learned or LearnedSize()) if self._is_auto else LearnedSize(_Limit(self._max_items))

    def allows(self, count: int, size_bytes: int) -> bool:
        """Whether a chunk may have so many items and bytes."""
        items, most_bytes = self._learned.items, self._learned.size_bytes
        fits = count <= self._max_items and size_bytes <= self._max_bytes
        return fits and count <= items.size and size_bytes <= most_bytes.size

    def accepted(self, count: int, size_bytes: int, seconds: float, unsent: int = 0) -> None:
        """Record that the server accepted a request with so many items and bytes, after so many seconds.

        `unsent` is how many other items the chunk had: a chunk with them is full, too.
        """
        learned, items = self._learned, self._learned.items
        is_full = count + unsent + 1 > items.size
        learned.size_bytes.accept(size_bytes)
        learned.size_bytes.size = learned.size_bytes.next_size(size_bytes)
        if self._is_auto and seconds > _SLOW:
            items.halve(max(count, items.size))
            return
        learned.needed = 1 if count > items.accepted else learned.needed
        items.accept(count)
        if is_full and seconds <= _FAST:
            learned.full += 1
            self._grow(items.next_size(count))

    def _grow(self, size: float) -> None:
        learned, items = self._learned, self._learned.items
        if size > items.size and (size <= items.accepted or learned.full >= learned.needed):
            items.size, learned.full = min(size, max(self._max_items, items.size)), 0

    def refused(self, count: int, size_bytes: int) -> None:
        """Record that the server refused a request with so many items and bytes as too large."""
        learned = self._learned
        if count <= learned.items.accepted:
            learned.size_bytes.refuse(size_bytes)
        else:
            learned.items.refuse(count)

    def timed_out(self, count: int) -> None:
        """Record that a request with so many items timed out."""
        learned, items = self._learned, self._learned.items
        if self._is_auto:
            if 0 < items.accepted < count <= items.size:  # not another one that was in flight
                learned.needed *= _PROBE_FACTOR
            items.halve(max(count, items.size))
            learned.full = 0


_LEARNED: dict[tuple[str, str], LearnedSize] = {}
"""What this process learned, by account and kind of request. No lock: a thread may hold it at a fork."""


def learned_size(account: str, kind: str) -> LearnedSize:
    """Return what this process learned about requests of a kind of an account; nothing yet if there is no account."""
    return _LEARNED.setdefault((account, kind), LearnedSize()) if account else LearnedSize()
