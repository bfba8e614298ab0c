"""The changes of an import in the mode `upsert`, from its journal, so that they can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_transfer.errors import TransferError
from sendblue_transfer.importing.fingerprint import ROW_COUNT
from sendblue_transfer.importing.journal import KIND
from sendblue_transfer.rows.row_status import CREATED, SENDING, UPDATED
from sendblue_transfer.syncing.change_log import COLUMNS, COMPLETE, ChangeLog, to_row

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from sendblue_transfer.syncing.change_log import ChangeRow

_STATUS = """
coalesce(
    (SELECT rows.status FROM rows WHERE line = changes.position),
    (SELECT chunks.status FROM chunks WHERE first <= changes.position ORDER BY first DESC LIMIT 1)
)
"""
"""The status of a row: its own, else that of its chunk, since every change was marked before it was sent."""
_APPLIED = (
    f"SELECT {COLUMNS} FROM changes LEFT JOIN results USING (position) "  # noqa: S608  # constants
    f"WHERE part = 'sync' AND {_STATUS} IN {(CREATED, UPDATED, SENDING)} ORDER BY number"
)


class ImportLog(ChangeLog):
    """The journal of an import in the mode `upsert`. Used by the thread that made it.

    Args:
        path: The path of the journal.

    Raises:
        TransferError: The import was in another mode.
        JournalError: The file is not a journal, or it is damaged.
        JournalLockedError: Another process uses it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(KIND, path)
        mode = self.header().get("mode", "upsert")
        if mode != "upsert":
            self.close()
            raise TransferError(
                f"the import with the journal {self.path} was in the mode {mode}, and only one in the mode upsert can "
                "be undone"
            )

    @property
    def status(self) -> str:
        """The status of the import; empty if nothing was sent yet."""
        header = self.header()
        return header.get("status", COMPLETE if ROW_COUNT in header else "")

    def applied_by_number(self) -> Iterator[ChangeRow]:
        """Yield the changes that were applied, or may have been, by number."""
        return map(to_row, self._select(_APPLIED))
