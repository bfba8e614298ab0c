"""Files that appear under their names only when they are whole, so that nobody takes half of one for all of it.

A device or a pipe is no file that could be replaced: it is written to as it is.
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
def whole_file(path: Path) -> Generator[BinaryIO]:
    """A file to write into, which gets its name when the block ends, and is gone if it ends with an error."""
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()  # so that a link stays one
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_mode(path))
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise


def _mode(path: Path) -> int:
    """The permissions of the file that is replaced, else only the owner's: contacts are personal data."""
    with suppress(FileNotFoundError):
        return path.stat().st_mode & 0o777
    return 0o600


@contextmanager
def target_file(target: str | os.PathLike[str] | BinaryIO) -> Generator[BinaryIO]:
    """A file to write into: one with this name, standard output for `-`, or one that is open already."""
    if not isinstance(target, str | os.PathLike):
        yield target
    elif target == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.flush()
    else:
        with whole_file(Path(target)) as file:
            yield file
