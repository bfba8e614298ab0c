"""Rows of JSON Lines and of JSON arrays: objects, whose keys are the titles. Lazy, and as large as the largest object.

A line that is no object is a row that cannot be read, and the rows around it can. In an array nothing can be told after
a broken object, so the array as a whole cannot be read any further.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

from .columns import OURS, TEXT
from .errors import TransferError
from .tables import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK = 1 << 16
_BETWEEN = " \t\r\n,"
_DECODER = json.JSONDecoder(parse_constant=str)


def line_records(lines: Iterable[str]) -> Iterator[Record]:
    """The objects of JSON Lines; a blank line is none."""
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff").strip() if number == 1 else line.strip()
        if text:
            yield _line(number, text)


def _line(number: int, text: str) -> Record:
    try:
        return _mended(_record(number, _DECODER.decode(text)))
    except (ValueError, RecursionError) as error:
        return Record(number, (TEXT,), (text,), f"the line is no JSON ({_said(error)})")


def _mended(record: Record) -> Record:
    """The row of a line in a rejects file that could not be read before, and has been mended there."""
    if not record.problem and TEXT in record.titles and set(record.titles) <= set(OURS):
        text = str(record.cells[record.titles.index(TEXT)])
        with suppress(ValueError, RecursionError):  # it has not been mended yet
            return _record(record.line, _DECODER.decode(text))
    return record


def _record(place: int, value: object) -> Record:
    if not isinstance(value, dict):
        shown = json.dumps(value, ensure_ascii=False)
        return Record(place, (TEXT,), (shown,), "it is no JSON object with a contact in it")
    values = cast("dict[str, object]", value)
    return Record(place, tuple(values), tuple(values.values()))


def _said(error: Exception) -> str:
    """What is wrong with JSON, without any of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else "a number in it is too long"


def array_records(file: TextIO) -> Iterator[Record]:
    """The objects of a JSON array.

    Raises:
        TransferError: It is no array, or breaks off.
    """
    text = _Text(file)
    if text.next_character() != "[":
        raise TransferError("the file is no JSON array: it must begin with [; for an object on each line give jsonl")
    text.position += 1
    place = 0
    while (character := text.next_character(_BETWEEN)) not in {"]", ""}:
        place += 1
        yield _record(place, text.value(place))
    if not character:
        raise TransferError(f"the JSON array breaks off after {place} contacts: the file is not whole")
    text.position += 1
    if text.next_character():
        raise TransferError(
            f"something follows the JSON array of {place} contacts: a file is one array; for several objects give jsonl"
        )


class _Text:
    """A text that is read in blocks, of which only what is not used up is kept."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._ended = False
        self.position = 0

    def next_character(self, skipped: str = " \t\r\n\ufeff") -> str:
        """The next character that is not skipped; empty at the end."""
        while True:
            while self.position < len(self._text):
                if self._text[self.position] not in skipped:
                    return self._text[self.position]
                self.position += 1
            if not self._more():
                return ""

    def value(self, place: int) -> object:
        """The value that begins here."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.position)
            except (ValueError, RecursionError) as error:
                if not self._more():
                    message = f"contact {place} of the JSON array cannot be read ({_said(error)})"
                    raise TransferError(message) from None
            else:
                if end < len(self._text) or not self._more():  # a number may go on in the next block
                    self.position = end
                    return cast("object", value)

    def _more(self) -> bool:
        # As much again as could not be read, so that a large object is not tried again for each block of it.
        block = self._file.read(max(_BLOCK, len(self._text) - self.position))
        self._text = self._text[self.position :] + block
        self.position = 0
        return bool(block)
