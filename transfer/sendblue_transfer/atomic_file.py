"""Files that appear under their names only once they are complete, so that no reader takes a part for the whole.

A device or a pipe cannot be replaced like a file; it is written to directly.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from collections.abc import Generator

STANDARD_OUTPUT = "-"


@contextmanager
def open_atomic(path: Path, *, private: bool = False) -> Generator[BinaryIO]:
    """Open a file for writing that gets its name when the block ends, and is deleted if the block raises an error.

    Args:
        path: The path.
        private: Whether only the owner may read the file; otherwise it keeps the permissions of the file it replaces.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    given, path = path, path.resolve()  # replaces the file behind a symbolic link, not the link
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:  # it names the temporary file
        raise OSError(error.errno, error.strerror, str(given)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o600 if private else _mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """Return the permissions of the file that is replaced, else the owner's only: contacts are personal data."""
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return 0o600


@contextmanager
def open_target(target: str | os.PathLike[str] | BinaryIO) -> Generator[BinaryIO]:
    """Open the target of an export: a path, `-` for standard output, or a file that is open already."""
    if not isinstance(target, str | os.PathLike):
        yield target
    elif target == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with open_atomic(Path(target)) as file:
            yield file
