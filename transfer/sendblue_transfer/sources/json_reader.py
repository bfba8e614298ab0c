"""Reads JSON objects lazily; their keys are the titles. Memory holds one object at a time.

In JSON Lines, a line that is not a valid object is one row with a problem, and the other lines are read. In an array,
or a sequence of objects that span lines, nothing after a syntax error can be read, so the error ends the import.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO, cast

from sendblue_transfer.errors import TransferError

from .record import RESERVED, TEXT, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BLOCK_CHARACTERS = 1 << 16
_BETWEEN_ITEMS = " \t\r\n,"
_DECODER = json.JSONDecoder(parse_constant=str)


def line_records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the objects of JSON Lines, without blank lines."""
    for number, line in enumerate(lines, 1):
        text = line.removeprefix("\ufeff").strip() if number == 1 else line.strip()
        if text:
            yield _parse_line(number, text)


def _parse_line(number: int, text: str) -> Record:
    try:
        return _unwrap_corrected(_record(number, _DECODER.decode(text)))
    except (ValueError, RecursionError) as error:
        return Record(number, (TEXT,), (text,), f"the line is not valid JSON ({_describe(error)})")


def _unwrap_corrected(record: Record) -> Record:
    """Return the object in a line of a rejects file that held invalid JSON as text, and was corrected there."""
    if not record.problem and TEXT in record.titles and set(record.titles) <= set(RESERVED):
        text = str(record.cells[record.titles.index(TEXT)])
        with suppress(ValueError, RecursionError):  # it is not corrected yet
            return _record(record.line, _DECODER.decode(text))
    return record


def _record(position: int, value: object) -> Record:
    if not isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False)
        return Record(position, (TEXT,), (text,), "the value is not a JSON object")
    values = cast("dict[str, object]", value)
    return Record(position, tuple(values), tuple(values.values()))


def _describe(error: Exception) -> str:
    """Return what is wrong with the JSON, without showing any of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at character {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else "a number has too many digits"


def json_records(file: TextIO) -> Iterator[Record]:
    """Yield the objects of a JSON array, or one or several objects that follow each other.

    Raises:
        TransferError: The file is neither, or ends before the array or an object does.
    """
    text = _BlockReader(file)
    opening = text.next_character()
    if opening not in {"[", "{"}:
        raise TransferError("the file is not JSON, which begins with [ or {")
    is_array = opening == "["
    text.position += is_array
    position = 0
    while (character := text.next_character(_BETWEEN_ITEMS)) and not (is_array and character == "]"):
        position += 1
        yield _record(position, text.value(position))
    if is_array:
        text.check_end(position, closed=bool(character))


class _BlockReader:
    """Reads text in blocks, and keeps only what is not consumed yet."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self.position = 0

    def next_character(self, skipped: str = " \t\r\n\ufeff") -> str:
        """Advance to the next character that is not skipped, and return it; empty at the end of the file."""
        while True:
            while self.position < len(self._text):
                if self._text[self.position] not in skipped:
                    return self._text[self.position]
                self.position += 1
            if not self._read_block():
                return ""

    def value(self, position: int) -> object:
        """Return the JSON value that begins here, the contact at this position of the file."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self.position)
            except (ValueError, RecursionError) as error:
                if not self._read_block():
                    message = f"contact {position} of the JSON file cannot be read ({_describe(error)})"
                    raise TransferError(message) from None
            else:
                if end < len(self._text) or not self._read_block():  # a number may continue in the next block
                    self.position = end
                    return cast("object", value)

    def check_end(self, count: int, *, closed: bool) -> None:
        """Check that an array of so many contacts is closed, and that the file ends there."""
        if not closed:
            raise TransferError(
                f"the JSON array ends after {count} contacts without a closing ]; the file is incomplete"
            )
        self.position += 1
        if self.next_character():
            raise TransferError(
                f"the file continues after its JSON array of {count} contacts; put all contacts into one array, or use "
                "jsonl for an object per line"
            )

    def _read_block(self) -> bool:
        # The block is at least as long as the text that could not be parsed, so that the work for a large object grows
        # with its size and not with its square.
        block = self._file.read(max(_BLOCK_CHARACTERS, len(self._text) - self.position))
        self._text = self._text[self.position :] + block
        self.position = 0
        return bool(block)
