"""Formats of files: which there are, by which suffix or first bytes each is known, and in which encoding text stands.

Nothing is guessed that can be told: a byte order mark counts before everything, then whether all of the file is UTF-8.
Only what is not is read as cp1252, the encoding in which Excel writes CSV in the west.
"""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING, BinaryIO, Literal, get_args

from .errors import TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

Format = Literal["csv", "jsonl", "json", "xlsx"]
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
}
_OPENINGS: dict[bytes, Format] = {b"PK": "xlsx", b"[": "json", b"{": "jsonl"}
_ADVICE = {
    b"\xd0\xcf\x11\xe0": "the file is an old workbook (.xls), or has a password: save it as .xlsx, without one",
    b"\x1f\x8b": "the file is compressed: unpack it first (gunzip)",
}
"""What to do with a file that begins so, and would be read as text else."""
# The longer marks first: that of UTF-32 begins as that of UTF-16 does.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_HEAD = 4096
_BLOCK = 1 << 20


def check_format(name: str) -> Format:
    """The format with this name.

    Raises:
        TransferError: There is none.
    """
    found: Format | None = next((each for each in FORMATS if each == name), None)
    if found is None:
        raise TransferError(f"there is no format {name!r}; give one of {', '.join(FORMATS)}")
    return found


def find_format(file: BinaryIO, suffix: str) -> Format:
    """The format of a file, by its first bytes where they tell, else by the suffix of its name, else CSV.

    Raises:
        TransferError: It is of a kind that has to be made another first.
    """
    file.seek(0)
    head = file.read(_HEAD)
    for opening, advice in _ADVICE.items():
        if head.startswith(opening):
            raise TransferError(advice)
    text = head[3:] if head.startswith(codecs.BOM_UTF8) else head
    by_suffix = SUFFIXES.get(suffix.lower())
    told: Format | None = next(
        (found for opening, found in _OPENINGS.items() if text.lstrip().startswith(opening)), None
    )
    return by_suffix if by_suffix == "csv" else told or by_suffix or "csv"


def digest(file: BinaryIO) -> str:
    """The SHA-256 of all bytes, in hexadecimal."""
    file.seek(0)
    found = hashlib.sha256()
    for block in _blocks(file):
        found.update(block)
    return found.hexdigest()


def check_encoding(name: str) -> codecs.CodecInfo:
    """The encoding with this name.

    Raises:
        TransferError: There is none, or it is none of text, as zlib is.
    """
    try:
        "".encode(name)  # unlike `lookup`, it knows what is text
        return codecs.lookup(name)
    except (LookupError, UnicodeError):
        usual = "utf-8, utf-16 and cp1252 are the usual ones of text"
        raise TransferError(f"there is no encoding {name!r}; {usual}") from None


def find_encoding(file: BinaryIO, given: str | None = None) -> str:
    """The encoding of a file of text.

    Args:
        file: The file.
        given: What the caller says it is; then this is checked and nothing is guessed.

    Raises:
        TransferError: All of the file cannot be read in one encoding.
    """
    candidates = [given] if given else _candidates(file)
    found = next((encoding for encoding in candidates if _decodes(file, encoding)), None)
    if found is None:
        tried = " and not ".join(candidates)
        raise TransferError(f"the file is not {tried}: say in which encoding it is (--encoding, encoding=)")
    return found


def _candidates(file: BinaryIO) -> list[str]:
    file.seek(0)
    head = file.read(_HEAD)
    marked = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    if marked:
        return [marked]
    if _looks_like_utf_16(head):
        raise TransferError("the file is UTF-16 without its mark, or no text: give --encoding utf-16-le or utf-16-be")
    return ["utf-8", "cp1252"]


def _looks_like_utf_16(head: bytes) -> bool:
    """Whether every other byte is zero, as it is where most letters are Latin ones."""
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
    return iter(lambda: file.read(_BLOCK), b"")
