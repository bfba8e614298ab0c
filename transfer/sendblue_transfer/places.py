"""Where an import keeps its journal, and where it puts the rows that were refused."""

from __future__ import annotations

import hashlib
import os
import re
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import JournalError, TransferError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sources import Source

_JOURNAL = ".sendblue-journal"
_NO_NAME = re.compile(r"[^\w-]")
_REJECTS = re.compile(r"\.rejects(-\d+)?$")
# XLSX becomes CSV, for rows that are to be mended need nothing that only XLSX has.
_SUFFIXES = {"csv": ".csv", "xlsx": ".csv", "jsonl": ".jsonl", "json": ".json"}


def journal_path(source: Source, given: str | os.PathLike[str] | None = None) -> Path:
    """Where the journal of an import is: as given, else beside the input, else in the user's state folder.

    Raises:
        JournalError: It would have to be in the state folder, and nobody knows where that is.
    """
    if given is not None:
        return Path(given)
    # Each sheet of a workbook is an import of its own.
    suffix = (f".{re.sub(_NO_NAME, '_', source.sheet)}" if source.sheet else "") + _JOURNAL
    if source.path is None:
        return _state_folder() / f"input-{source.digest[:16]}{suffix}"
    beside = source.path.with_name(source.path.name + suffix)
    if beside.exists() or os.access(source.path.parent, os.W_OK):
        return beside
    where = hashlib.sha256(str(source.path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return _state_folder() / f"{source.path.name}-{where[:16]}{suffix}"


def _state_folder() -> Path:
    try:
        folder: Path = import_module("platformdirs").user_state_path("sendblue-contacts")
    except ModuleNotFoundError:
        raise JournalError(
            "the journal cannot be kept beside the input: say where (--journal, journal=), "
            'or let it be found: pip install "sendblue-contacts[cli]"'
        ) from None
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def check_rejects(path: Path, source: Source, journal: Path) -> None:
    """Refuse a place for rejected rows that would be found out too late, or would cost the rows themselves.

    Raises:
        TransferError: It is the input or the journal, or its folder is not there.
    """
    for what, taken in (("input", source.path), ("journal", journal)):
        if taken is not None and path.resolve() == taken.resolve():
            raise TransferError(f"the rejects file would go over the {what}: give another --rejects (rejects=)")
    if not path.resolve().parent.is_dir():
        raise TransferError(f"there is no folder {path.parent} for the rejects file: make it, or name another")


def rejects_path(source: Source) -> Path:
    """Where rejected rows go: beside the input under a name that is free, for somebody may be mending others."""
    suffix = _SUFFIXES[source.format]
    path = source.path or Path(f"stdin{suffix}")
    folder = path.parent if os.access(path.parent, os.W_OK) else Path()
    stem = _REJECTS.sub("", path.name.removesuffix(path.suffix))
    return next(found for name in _names(stem) if not (found := folder / f"{name}{suffix}").exists())


def _names(stem: str) -> Iterator[str]:
    yield f"{stem}.rejects"
    yield from (f"{stem}.rejects-{number}" for number in count(2))
