"""The state of a sync: what is tracked, and the changes of the last sync with the values before it.

    | status of a sync | meaning                                    | the next sync                           |
    |------------------|--------------------------------------------|-----------------------------------------|
    | running          | it is running, or it was interrupted       | belongs to it: one undo puts both back  |
    | complete         | every change has its result                | replaces it, if it changes anything     |
    | undoing          | an undo is running, or it was interrupted  | is refused until the undo is complete   |
    | undone           | the values before the sync are restored    | replaces it, if it changes anything     |

The state holds personal data. Its mode is 0600 (`checked_database`).
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sendblue_transfer.checked_database import HEADER, DatabaseKind
from sendblue_transfer.importing.paths import path_beside, sheet_suffix, state_folder

from .change_log import APPLIED, CHANGE_TABLES, COMPLETE, RUNNING, ChangeLog
from .changes import encode_json

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .change_log import Result
    from .changes import Change

KIND = DatabaseKind(
    application_id=0x5B10_5001,
    tables={**HEADER, "tracked": ("number INTEGER PRIMARY KEY",), **CHANGE_TABLES},
    noun="state",
    name="sync state",
    user="sync",
    option="--state (state=)",
    if_damaged="; what the damaged one tracked, and the values before its last sync, are lost",
)
NO_STATE = "none"
"""The value of `state` for a sync that keeps nothing."""
_SUFFIX = ".sendblue-sync"


def state_path(
    given: str | os.PathLike[str] | None, source: Path | None, sheet: str | None, account: Mapping[str, str]
) -> Path | None:
    """Return the path of the state: the given one, else next to the source, else in the user's state folder.

    Args:
        given: What the caller chose; `none` for no state.
        source: The path of the source; None for a source without a file, whose state is that of the account.
        sheet: The sheet of a workbook, which has a state of its own.
        account: The fingerprint of the account.

    Returns:
        The path; None if no state is kept.

    Raises:
        JournalError: The state folder is needed, and platformdirs is not installed.
    """
    if given is not None:
        return None if given == NO_STATE else Path(given)
    if source is not None:
        return path_beside(source, sheet_suffix(sheet) + _SUFFIX)
    return state_folder() / f"account-{account['account'][:16]}{_SUFFIX}"


class SyncState(ChangeLog):
    """The state of a sync. Used by the thread that made it.

    Args:
        path: The path of the state; empty for a temporary one, which is deleted when it is closed.

    Raises:
        JournalError: The file is not a state, or it is damaged.
        JournalLockedError: Another process uses it.
        OSError: The disk is full.
    """

    def __init__(self, path: str | os.PathLike[str] = "") -> None:
        super().__init__(KIND, path)

    def tracked(self, number: str) -> bool:
        """Whether an earlier sync created the contact with this number, or found it in its source."""
        return bool(self._value("SELECT count(*) FROM tracked WHERE number = ?", int(number)))

    def tracked_numbers(self) -> Iterator[str]:
        """Yield all numbers that are tracked, in numerical order."""
        return (f"+{number}" for (number,) in self._select("SELECT number FROM tracked ORDER BY number"))

    def last_source(self) -> dict[str, Any] | None:
        """Return what identifies the source of the last complete sync; None if there was none."""
        text = self.header().get("source")
        return cast("dict[str, Any]", json.loads(text)) if text else None

    def begin(self, plan: str, account: Mapping[str, str], changes: Iterable[tuple[Change, Result]]) -> None:
        """Start a sync, or continue one that was interrupted with a new plan: all of it is written, or nothing.

        Args:
            plan: The ID of the plan.
            account: The fingerprint of the account.
            changes: The changes, each with its result so far, whose position does not matter.
        """
        with self._transaction():
            unfinished = self.status == RUNNING
            self._delete_changes(f"part = 'undo' OR ifnull(status, '') NOT IN {APPLIED}" if unfinished else "1")
            start = self._insert("sync", changes)
            self._write_header({**account, "plan": plan, "status": RUNNING, "start": start, "last_write": time.time()})

    def track(self, tracked: Iterable[str], untracked: Iterable[str], source: Mapping[str, Any] | None = None) -> None:
        """Write what is tracked, and the source of a complete sync.

        Args:
            tracked: Numbers that are tracked from now on.
            untracked: Numbers that are no longer tracked.
            source: What identifies the source; None to keep that of the last sync.
        """
        with self._transaction():
            self._write("tracked", ((int(number),) for number in tracked))
            self._database.executemany("DELETE FROM tracked WHERE number = ?", ((int(each),) for each in untracked))
            self._write_header({"source": encode_json(source)} if source else {})

    def untrack_deleted(self, find: Callable[[str], object | None]) -> None:
        """Stop tracking contacts that were deleted: one that another program creates with such a number is its own.

        Args:
            find: Returns the contact with a number; None if there is no contact.
        """
        gone = [number for number in self.tracked_numbers() if find(number) is None]
        if gone:
            self.track((), gone)

    def end(self) -> None:
        """Write that the sync is complete."""
        self.flush()
        self.update_header({"status": COMPLETE})
