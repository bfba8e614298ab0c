"""What can become of a row, and a byte of memory for each row of a file to know it. Pure."""

from __future__ import annotations

import sys
from array import array
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SENDING, CREATED, UPDATED, REJECTED, DUPLICATE = "sending", "created", "updated", "rejected", "duplicate"
STATUSES = ("", SENDING, CREATED, UPDATED, REJECTED, DUPLICATE)
"""What can be known of a row, each at the place that is its code."""
CODES = {status: code for code, status in enumerate(STATUSES)}

LINES = "I"
"""How many numbers of lines stand together: four bytes each."""
_SPARE = 4_096


class Fate(NamedTuple):
    """What became of a row.

    Attributes:
        line: Its line.
        status: `sending`, `created`, `updated`, `rejected` or `duplicate`. A row that was not sent yet has no fate.
        reason: Why it was rejected.
        counts: The line of the row that has the same number and counts, if that is why.
    """

    line: int
    status: str
    reason: str = ""
    counts: int | None = None

    @property
    def said(self) -> str:
        """The reason, with the line that it speaks of."""
        return self.reason if self.counts is None else f"{self.reason} (line {self.counts})"


class Statuses:
    """The status of each row, by its line."""

    def __init__(self) -> None:
        self._codes = bytearray()

    def __getitem__(self, line: int) -> str:
        return STATUSES[self._codes[line]] if line < len(self._codes) else ""

    def __setitem__(self, line: int, status: str) -> None:
        self._reach(line)
        self._codes[line] = CODES[status]

    def _reach(self, line: int) -> None:
        missing = line + 1 - len(self._codes)
        if missing > 0:
            self._codes.extend(bytes(missing + _SPARE))

    def set(self, lines: Sequence[int], status: str) -> None:
        """All of these rows have this status from now on."""
        self._reach(max(lines, default=0))
        code = CODES[status]
        for line in lines:
            self._codes[line] = code

    def lines(self, status: str) -> Iterator[int]:
        """The rows that have this status, in the order of lines."""
        line, code = -1, CODES[status]
        while (line := self._codes.find(code, line + 1)) >= 0:
            yield line

    def counts(self) -> Counter[str]:
        """How many rows have which status."""
        return Counter({status: self._codes.count(code) for status, code in CODES.items() if status})


def packed(lines: array[int]) -> bytes:
    """Numbers of lines as bytes, least first on every machine."""
    return _turned(lines).tobytes()


def unpacked(content: bytes) -> array[int]:
    """Numbers of lines from the bytes of `packed`."""
    return _turned(array(LINES, content))


def _turned(lines: array[int]) -> array[int]:
    if sys.byteorder == "little":
        return lines
    turned = lines[:]
    turned.byteswap()
    return turned
