"""Bodies. That of a response is read whole, decompressed, with a limited size, and until the deadline of its call.

JSON is read and written by orjson if it is installed (extra `fast`), with the same results as without it.
"""

from __future__ import annotations

import json
import os
import socket
import zlib
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

from ._httpx import httpx
from .request_context import seconds_to_deadline

MAX_BODY_BYTES = 16 * 1024 * 1024
"""The largest response that is read, in bytes after decompression: several times a page of 1000 large contacts."""

_TOO_LARGE = f"the response body is larger than {MAX_BODY_BYTES // 1024**2} MiB"
_NOT_DECOMPRESSED = "the response body cannot be decompressed"
_GZIP = frozenset({"gzip", "x-gzip", "deflate"})


class BodyReader:
    """Collects the parts of a body, and removes the headers that describe it in compressed form.

    It decompresses them itself, because httpx decompresses a part of any size at once: 97 kB can become 100 MB.
    """

    def __init__(self, headers: httpx.Headers) -> None:
        encoding = headers.pop("content-encoding", "identity").strip().lower()
        length = headers.pop("content-length", "") if encoding in _GZIP else headers.get("content-length", "")
        if encoding not in _GZIP | {"identity", ""}:
            raise httpx.DecodingError(_NOT_DECOMPRESSED)  # the client accepts gzip only
        if length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:
            raise httpx.DecodingError(_TOO_LARGE)
        self._decompressor = zlib.decompressobj(32 + zlib.MAX_WBITS) if encoding in _GZIP else None
        self._parts: list[bytes] = []
        self._size = 0
        self._problem: httpx.RequestError | None = None

    def add(self, part: bytes) -> bool:
        """Add a part, as it was received. Returns False, and ignores further parts, if there is a problem."""
        if not self._problem:
            try:
                self._parts.append(self._checked(part))
            except httpx.RequestError as error:
                self._problem = error
        return self._problem is None

    def _checked(self, part: bytes) -> bytes:
        seconds_to_deadline(None)
        if self._decompressor:
            try:
                part = self._decompressor.decompress(part, MAX_BODY_BYTES + 1 - self._size)
            except zlib.error:
                raise httpx.DecodingError(_NOT_DECOMPRESSED) from None
        self._size += len(part)
        if self._size > MAX_BODY_BYTES:
            raise httpx.DecodingError(_TOO_LARGE)
        return part

    def raise_problem(self) -> None:
        """Raise what `add` found: a DecodingError, or a ReadTimeout if the deadline of the call has passed."""
        if self._problem:
            raise self._problem

    def result(self) -> bytes:
        """Return the body, or raise what `raise_problem` raises. A compressed body that ends early is a problem too."""
        self.raise_problem()
        if self._parts and self._decompressor and not self._decompressor.eof:
            raise httpx.DecodingError(_NOT_DECOMPRESSED)
        return b"".join(self._parts)


# From the stream of a response in httpx to the parser of its connection. They are private names of httpx and httpcore:
# tests/overrides/test_connections.py fails if a release of them renames one.
_PATH_TO_PARSER = ("_httpcore_stream", "_stream", "_connection", "_h11_state")


def has_unread_bytes(stream: object) -> bool:
    """Whether bytes were received after the end of a response, for example because the server sent it twice."""
    parser: Any = stream
    for name in _PATH_TO_PARSER:
        parser = getattr(parser, name, None)
    return parser is not None and bool(parser.trailing_data[0])


def discard_connection(stream: Any) -> bool:  # noqa: ANN401  # a network stream of httpcore, or None
    """Make a connection end, so that nothing is sent over it again. It is closed by the code that uses it.

    Shutting it down also wakes a thread that waits for bytes, which closing does not. Returns False without a stream.
    """
    used = stream.get_extra_info("socket") if stream else None
    if used is not None:
        with suppress(OSError), socket.socket(fileno=os.dup(used.fileno())) as duplicate:
            duplicate.shutdown(socket.SHUT_RDWR)
    return used is not None


_DIGITS_AS_ZERO = bytes(ord("0") if chr(code) in "0123456789" else 0 for code in range(256))
_LONG = 19
"""Integers with so many digits may not fit into 64 bits: orjson reads them as floats."""
_STEP = 4


@cache
def json_library() -> Any:  # noqa: ANN401  # an optional library
    """Return orjson, or None if it is not installed. It is imported when JSON is first read or written."""
    try:
        return import_module("orjson")
    except ImportError:
        return None


def read_json(content: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Return the value of a JSON text.

    Raises:
        ValueError: It is not JSON.
        RecursionError: It is nested too deeply.
    """
    fast = json_library()
    if fast and not _may_have_long_integer(content):
        try:
            return fast.loads(content)
        except ValueError:
            pass  # `json` reads more: NaN, lone surrogates, other encodings
    return json.loads(content)


def _may_have_long_integer(content: bytes) -> bool:
    # Any 19 digits in a row contain 4 at distances of 4. Looking at these first is faster, and most texts have none.
    sample = content[::_STEP].translate(_DIGITS_AS_ZERO)
    return b"0" * (_LONG // _STEP) in sample and b"0" * _LONG in content.translate(_DIGITS_AS_ZERO)


class EncodedItems(list[bytes]):
    """The items of a list in the body of a request, each as JSON text, so that none is written twice."""


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def write_json(value: Any) -> bytes:  # noqa: ANN401  # any JSON
    """Return the JSON text of the body of a request, as httpx writes it. Its values were checked: none is a float."""
    if value.__class__ is EncodedItems:
        return b"[%b]" % b",".join(value)
    if value.__class__ is dict and any(each.__class__ is EncodedItems for each in value.values()):
        return b"{%b}" % b",".join(b"%b:%b" % (write_json(key), write_json(each)) for key, each in value.items())
    fast = json_library()
    if fast:
        try:
            return bytes(fast.dumps(value))
        except TypeError:
            pass  # `json` writes more: integers of more than 64 bits, and keys that are no text
    return _encode(value).encode()
