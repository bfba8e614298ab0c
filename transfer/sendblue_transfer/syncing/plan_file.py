"""The file of a plan: JSON Lines, with a header and a line for each change.

The header has the counts and a checksum of the other lines, so that a plan that was cut off or edited is not applied.
The file contains personal data, so only its owner can read it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sendblue_transfer.atomic_file import open_atomic
from sendblue_transfer.errors import TransferError

from .change_table import ChangeTable
from .changes import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FORMAT, _VERSION = "sendblue-sync-plan", 1
COUNTED = {"creates": "create", "updates": "update", "deletes": "delete", "skipped": "skip"}
"""The counts of a plan, and the kind of change that each one counts."""
_COUNTS = (*COUNTED, "unchanged", "requests", "requests_at_most", "contacts")
_OBJECTS = ("options", "account", "source")
_MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longer than the line of any change. In another file, a longer line would be a request for memory."""


def write_plan(path: Path, header: Mapping[str, Any], table: ChangeTable) -> None:
    """Write a plan to a file that only its owner can read.

    Raises:
        OSError: The file cannot be written.
    """
    digest = hashlib.sha256()
    for line in table.lines():
        digest.update(f"{line}\n".encode())
    first = {"format": _FORMAT, "version": _VERSION, **header, "sha256": digest.hexdigest()}
    with open_atomic(path, private=True) as file:
        file.write(f"{encode_json(first)}\n".encode())
        file.writelines(f"{line}\n".encode() for line in table.lines())


def read_plan(path: Path) -> tuple[dict[str, Any], ChangeTable]:
    """Read a file that `write_plan` wrote: its header and its changes.

    Raises:
        OSError: The file cannot be read.
        TransferError: It is not a plan of this version, or it is damaged.
    """
    with path.open("rb") as file:
        lines = _lines(file)
        header = _header(next(lines, b""), path.name)
        table, digest = ChangeTable(), hashlib.sha256()
        try:
            for line in lines:
                digest.update(line)
                table.add_line(line.decode().removesuffix("\n"))
        except (ValueError, RecursionError):
            raise _damaged(path.name) from None
    found = {name: table.counts[kind] for name, kind in COUNTED.items()}
    if digest.hexdigest() != header.get("sha256") or any(header[name] != count for name, count in found.items()):
        raise _damaged(path.name)
    return header, table


def _lines(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.readline(_MAX_LINE_BYTES), b"")


def _header(line: bytes, name: str) -> dict[str, Any]:
    try:
        parsed: Any = json.loads(line)
    except (ValueError, RecursionError):
        parsed = None
    header = cast("dict[str, Any]", parsed) if isinstance(parsed, dict) else dict[str, Any]()
    if header.get("format") != _FORMAT:
        raise TransferError(f"{name} is not a saved plan of a sync; write one with --out PLAN (plan.save)")
    if header.get("version") != _VERSION:
        raise TransferError(
            f"{name} has version {header.get('version')!r} of the format of plans, and this library reads version "
            f"{_VERSION}; plan again"
        )
    counts, objects = (map(header.get, names) for names in (_COUNTS, _OBJECTS))
    if not all(type(count) is int for count in counts) or not all(isinstance(each, dict) for each in objects):
        raise _damaged(name)
    state, times = header.get("state"), map(header.get, ("seconds", "seconds_at_most"))
    if (
        not all(type(each) in (int, float) for each in times)
        or not isinstance(header.get("id"), str)
        or not isinstance(state, str | None)
    ):
        raise _damaged(name)
    return header


def _damaged(name: str) -> TransferError:
    return TransferError(f"{name} was changed after it was saved, or is incomplete; plan again")
