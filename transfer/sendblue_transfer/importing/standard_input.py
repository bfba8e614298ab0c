"""The journals of imports from standard input: one for each content, in the user's state folder.

Their names do not show which import came last, so this module compares them: an unfinished import is not resumed after
another one was completed, because the account then has the values of that one. Old journals are removed, because no
input shows that they are no longer needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_transfer.errors import JournalError

from .fingerprint import COMPLETED
from .journal import Journal
from .paths import INPUT_PREFIX, JOURNAL_SUFFIX

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_transfer.reports import Mode

_KEPT = 10


def is_superseded(path: Path, mode: Mode) -> bool:
    """Whether an import was completed after this journal was written, and may have changed what this one had sent.

    An import that only creates contacts changes no existing one, so resuming it is what a new run would do.
    """
    if mode == "create" or not path.exists():
        return False
    written = path.stat().st_mtime_ns
    return any(_is_complete(other) for other in _newest_first(path) if other.stat().st_mtime_ns > written)


def prune(path: Path) -> None:
    """Remove the journals of complete imports next to this one, except the newest ones."""
    for other in _newest_first(path)[_KEPT:]:
        _is_complete(other, remove=True)


def _newest_first(path: Path) -> list[Path]:
    journals = path.parent.glob(f"{INPUT_PREFIX}*{JOURNAL_SUFFIX}")
    return sorted(journals, key=lambda each: each.stat().st_mtime_ns, reverse=True)


def _is_complete(path: Path, *, remove: bool = False) -> bool:
    try:
        with Journal(path) as journal:  # locked, so that no other process is using it when it is removed
            complete = COMPLETED in journal.header()
            if complete and remove:
                path.unlink()
            return complete
    except (JournalError, OSError):  # in use, damaged, or removed meanwhile
        return False
