"""The paths of the journal and of the file of rejected rows."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_transfer.errors import JournalError, TransferError

if TYPE_CHECKING:
    from sendblue_transfer.sources.source import Source

INPUT_PREFIX = "input-"
"""The beginning of the names of the journals of standard input."""
JOURNAL_SUFFIX = ".sendblue-journal"
_NOT_IN_FILE_NAMES = re.compile(r"[^\w-]")
_STEMS = {"standard input": "stdin", "the table": "table", "the source": "source"}
_REJECTS_ENDING = ".rejects"
# Rejected rows are to be corrected: those of a workbook are CSV, and those of Parquet, which have types, JSON Lines.
_REJECTS_SUFFIXES = {"csv": ".csv", "xlsx": ".csv", "jsonl": ".jsonl", "json": ".json", "parquet": ".jsonl"}


def journal_path(source: Source, given: str | os.PathLike[str] | None = None) -> Path:
    """Return the path of the journal: the given one, else next to the input, else in the user's state folder.

    Raises:
        JournalError: The state folder is needed, and platformdirs is not installed.
    """
    if given is not None:
        return Path(given)
    suffix = sheet_suffix(source.sheet) + JOURNAL_SUFFIX
    if source.path is None:
        return state_folder() / f"{INPUT_PREFIX}{source.digest[:16]}{suffix}"
    return path_beside(source.path, suffix)


def sheet_suffix(sheet: str | None) -> str:
    """Return a part of a file name for a sheet of a workbook: each sheet is an import of its own."""
    return f".{re.sub(_NOT_IN_FILE_NAMES, '_', sheet)}" if sheet else ""


def path_beside(path: Path, suffix: str) -> Path:
    """Return a path next to a file, or in the user's state folder if the folder of the file cannot be written to.

    Raises:
        JournalError: The state folder is needed, and platformdirs is not installed.
    """
    sibling = path.with_name(path.name + suffix)
    if sibling.exists() or os.access(path.parent, os.W_OK):
        return sibling
    path_hash = hashlib.sha256(str(path.resolve()).encode("utf-8", "surrogateescape")).hexdigest()
    return state_folder() / f"{path.name}-{path_hash[:16]}{suffix}"


def existing_journal(source: Source, given: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the path of the journal if it exists."""
    try:
        path = journal_path(source, given)
    except JournalError:  # without the state folder, no import could have kept one there
        return None
    return path if path.exists() else None


def state_folder() -> Path:
    """Return the user's state folder.

    Raises:
        JournalError: platformdirs is not installed, which finds it.
    """
    try:
        folder: Path = import_module("platformdirs").user_state_path("sendblue-contacts")
    except ModuleNotFoundError:
        raise JournalError(
            "the journal cannot be kept next to the input; choose a path with --journal (journal=), or install the "
            'extra that finds the state folder: pip install "sendblue-contacts[cli]"'
        ) from None
    return folder


def check_rejects_path(path: Path, source: Source, journal: Path) -> None:
    """Check the path of the rejects file before anything is sent.

    Raises:
        TransferError: It is the path of the input or of the journal, or its folder does not exist.
    """
    for what, taken in (("input", source.path), ("journal", journal)):
        if taken is not None and path.resolve() == taken.resolve():
            raise TransferError(
                f"the rejects file would overwrite the {what}; choose another with --rejects (rejects=)"
            )
    if not path.resolve().parent.is_dir():
        raise TransferError(
            f"the rejects file cannot be written because the folder {path.parent} does not exist; create the folder, "
            "or choose another file with --rejects (rejects=)"
        )


def rejects_path(source: Source) -> Path:
    """Return the path of the rejects file: next to the input, and the same for a rejects file that is imported."""
    suffix = _REJECTS_SUFFIXES[source.format]
    path = source.path or Path(f"{_STEMS.get(source.name, source.name)}{suffix}")
    folder = path.parent if os.access(path.parent, os.W_OK) else Path()
    stem = path.name.removesuffix(path.suffix).removesuffix(_REJECTS_ENDING)
    return folder / f"{stem}{_REJECTS_ENDING}{suffix}"


def back_up(path: Path) -> Path | None:
    """Copy a file that is about to be replaced, because it may hold corrections; return the copy, or None without it.

    The copy replaces an earlier one.

    Raises:
        OSError: The copy cannot be written.
    """
    if not path.is_file():
        return None
    return Path(shutil.copy2(path, path.with_name(f"{path.name}.bak")))
