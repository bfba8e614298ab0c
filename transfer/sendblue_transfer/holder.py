"""The process that holds a lock, as it is written to a file for others to read.

The content means something only while the lock is held: a process that is killed leaves it behind.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
"""How such a file is opened."""
MAX_CONTENT = 1_000
"""How many bytes of it are read."""


def this_process() -> bytes:
    """Return the content that names this process and the time."""
    since = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
    return json.dumps({"process": os.getpid(), "since": since}).encode()


def describe_holder(content: bytes) -> str:
    """Return which process wrote this content, and when, for a message."""
    with suppress(ValueError, KeyError, TypeError):
        holder = json.loads(content)
        return f"process {int(holder['process'])} since {datetime.fromisoformat(holder['since'])}"
    return "its process is not known"


class HolderFile:
    """The file that names the process that uses another file, next to that one.

    Args:
        path: The path of the other file; empty for none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(f"{os.fspath(path)}-process") if path else None

    def write(self) -> None:
        """Name this process. If the file cannot be written, others do not learn which process it is."""
        if self._path:
            with suppress(OSError):
                descriptor = os.open(self._path, FLAGS | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(this_process())

    def remove(self) -> None:
        """Delete the file."""
        if self._path:
            with suppress(OSError):
                self._path.unlink()

    def describe(self) -> str:
        """Return which process uses the other file, and since when, for a message."""
        content = b""
        if self._path:
            with suppress(OSError), self._path.open("rb") as file:
                content = file.read(MAX_CONTENT)
        return describe_holder(content)
