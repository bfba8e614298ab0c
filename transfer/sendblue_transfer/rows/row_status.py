"""The status of a row, and the result that the journal keeps for it."""

from __future__ import annotations

from typing import NamedTuple

NOT_SENT, SENDING, CREATED, UPDATED, REJECTED, DUPLICATE = "", "sending", "created", "updated", "rejected", "duplicate"


class RowResult(NamedTuple):
    """What happened to a row.

    Attributes:
        line: The line of the row.
        status: `created`, `updated`, `rejected`, `duplicate`, `sending`, or empty if the row was not sent yet.
        reason: Why the row was rejected.
        duplicate_of: The line of the row with the same number that is imported instead, if that is the reason.
    """

    line: int
    status: str
    reason: str = ""
    duplicate_of: int | None = None

    @property
    def message(self) -> str:
        """The reason, with the line that it refers to."""
        return self.reason if self.duplicate_of is None else f"{self.reason} (line {self.duplicate_of})"
