"""File formats and text encodings, and how they are detected.

A byte order mark decides the encoding. Without one, a file is read as UTF-8 if all of it is valid UTF-8, or if at least
as many characters are as bytes are not: then its rows with invalid bytes are rejected. Any other file is read as
cp1252, in which Excel writes CSV in Western countries.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, get_args

from sendblue_transfer.errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

Format = Literal["csv", "jsonl", "json", "xlsx", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    ".txt": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
}
_FIRST_BYTES: dict[bytes, Format] = {b"PK\x03\x04": "xlsx", b"PAR1": "parquet", b"[": "json", b"{": "jsonl"}
_UNSUPPORTED = {
    b"\xd0\xcf\x11\xe0": "the file is an .xls workbook or has a password; save it as .xlsx without a password",
    b"\x1f\x8b": "the file is compressed with gzip; decompress it first (gunzip)",
}
"""First bytes of files that would otherwise be read as text, and the error for each."""
# The marks of UTF-32 come first: that of UTF-32-LE begins with that of UTF-16-LE.
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HEAD_BYTES = 4096
_BLOCK_BYTES = 1 << 20


def check_format(name: str) -> Format:
    """Return the format with this name.

    Raises:
        TransferError: The format is unknown.
    """
    found: Format | None = next((known for known in FORMATS if known == name), None)
    if found is None:
        raise TransferError(f"unsupported format {name!r}; the formats are {', '.join(FORMATS)}")
    return found


def find_format(file: BinaryIO, suffix: str) -> Format:
    """Return the format of a file: by its first bytes, else by the suffix of its name, else CSV.

    Raises:
        TransferError: The format is not supported.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    for first_bytes, message in _UNSUPPORTED.items():
        if head.startswith(first_bytes):
            raise TransferError(message)
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    by_suffix = SUFFIXES.get(suffix.lower())
    by_content: Format | None = next(
        (found for first_bytes, found in _FIRST_BYTES.items() if text.startswith(first_bytes)), None
    )
    if by_content == "jsonl" and _continues_on_next_line(text):
        by_content = "json"
    return by_suffix if by_suffix == "csv" else by_content or by_suffix or "csv"


def _continues_on_next_line(text: bytes) -> bool:
    """Whether the first object of a JSON file spans several lines, as programs format JSON for people."""
    line, line_break, _ = text.partition(b"\n")
    return bool(line_break) and line.rstrip()[-1:] in b"{[,:" and not _is_json(line)


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def file_digest(file: BinaryIO) -> str:
    """Return the SHA-256 of the content, in hexadecimal."""
    file.seek(0)
    sha256 = hashlib.sha256()
    for block in _blocks(file):
        sha256.update(block)
    return sha256.hexdigest()


def check_encoding(name: str) -> codecs.CodecInfo:
    """Return the codec of a text encoding.

    Raises:
        TransferError: The encoding is unknown, or is not a text encoding, as zlib is not.
    """
    try:
        "".encode(name)  # unlike `lookup`, it rejects codecs that are not for text
        return codecs.lookup(name)
    except (LookupError, UnicodeError):
        raise TransferError(f"unknown text encoding {name!r}; common encodings are utf-8, utf-16 and cp1252") from None


class Encoding(NamedTuple):
    """The encoding of a text file.

    Attributes:
        name: Its name.
        guessed: Whether the file does not show it for certain.
    """

    name: str
    guessed: bool = False

    @property
    def errors(self) -> str:
        """How invalid bytes are read: in UTF-8 as lone surrogates, so that only their rows are rejected."""
        return "surrogateescape" if _is_utf_8(self.name) else "strict"


def _is_utf_8(encoding: str) -> bool:
    return check_encoding(encoding).name in {"utf-8", "utf-8-sig"}


def find_encoding(file: BinaryIO, given: str | None = None) -> Encoding:
    """Return the encoding of a text file.

    Args:
        file: The file.
        given: The encoding that the caller named; then the file is only checked against it.

    Raises:
        TransferError: The whole file cannot be decoded.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS.items() if head.startswith(mark)), None)
    certain = given or marked
    if certain is None and _looks_like_utf_16(head):
        raise TransferError(
            "the file is not text, or is UTF-16 without a byte order mark; for UTF-16, use --encoding utf-16-le or "
            "utf-16-be (encoding=)"
        )
    if certain is None:
        return _guess_encoding(file)
    if not _is_utf_8(certain) and not _decodes(file, certain):
        raise TransferError(f"the file is not valid {certain}; name its encoding with --encoding (encoding=)")
    return Encoding(certain)


def _guess_encoding(file: BinaryIO) -> Encoding:
    if _decodes(file, "utf-8"):
        return Encoding("utf-8")
    if _is_mostly_utf_8(file):
        return Encoding("utf-8", guessed=True)
    if _decodes(file, "cp1252"):
        return Encoding("cp1252", guessed=True)
    raise TransferError("the file is not valid utf-8 or cp1252; name its encoding with --encoding (encoding=)")


def _is_mostly_utf_8(file: BinaryIO) -> bool:
    """Whether there are at least as many UTF-8 characters, ASCII apart, as bytes that are not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    file.seek(0)
    valid = invalid = 0
    for block in chain(_blocks(file), (b"",)):
        text = decoder.decode(block, final=not block)
        invalid_here = len(text) - len(text.encode("utf-8", "ignore").decode())
        invalid += invalid_here
        valid += len(text) - len(text.encode("ascii", "ignore")) - invalid_here
    return valid >= max(invalid, 1)


def _looks_like_utf_16(head: bytes) -> bool:
    """Whether every other byte is zero, as in UTF-16 text of mostly Latin letters."""
    fewer, more = sorted((head[::2].count(0), head[1::2].count(0)))
    return more * 4 > len(head) and fewer * 10 < more


def _decodes(file: BinaryIO, encoding: str) -> bool:
    decoder = check_encoding(encoding).incrementaldecoder()
    file.seek(0)
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_BLOCK_BYTES), b"")
