"""`SyncPlan`: what a sync would do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sendblue_transfer.errors import TransferError

from .changes import KINDS
from .options import SyncOptions
from .plan_file import read_plan, write_plan

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from sendblue_transfer.rows.columns import ColumnsReport

    from .change_table import ChangeTable
    from .changes import Change, Kind

_SAVED = (
    *("id", "account", "source", "options", "contacts"),
    *("creates", "updates", "deletes", "unchanged", "skipped"),
    *("requests", "requests_at_most", "seconds", "seconds_at_most"),
)
"""The attributes in the header of the file, in their order there."""


@dataclass(frozen=True, eq=False, repr=False)
class SyncPlan:
    """What a sync would do. Nothing was changed yet: `apply_sync` does it.

    Attributes:
        creates: Number of contacts to create.
        updates: Number of contacts to update.
        deletes: Number of contacts to delete.
        unchanged: Number of rows whose contacts have all their values already.
        skipped: Number of rows that are skipped: they cannot be read, would opt a contact in, or have the number of
            another row that is used instead.
        requests: Number of write requests. It is exact if `chunk_size` is a number; with `auto`, each bulk request has
            1,000 contacts. Listing the account, and reading contacts back after a lost response, are not included.
        requests_at_most: The same number if `chunk_size` is a number; with `auto`, each bulk request has 100 contacts.
            A server that accepts only smaller requests gets more.
        seconds: How long `requests` take at the rate limit.
        seconds_at_most: How long `requests_at_most` take at the rate limit.
        options: The options of the plan.
        account: What identifies the account; its keys are hashed.
        source: What identifies the source: its name, path, sheet, digest, size in bytes, number of rows, and whether it
            ends with a newline.
        contacts: Number of contacts in the account.
        id: Identifies the plan; also once it was saved and loaded.
        state: The path of the state; None for a sync that keeps none.
        table: Where the changes are kept.
        columns: How the columns of the source are used; None in a plan that was loaded.
        guessed_encoding: The text encoding of the source, if the source does not show it for certain.
    """

    creates: int
    updates: int
    deletes: int
    unchanged: int
    skipped: int
    requests: int
    requests_at_most: int
    seconds: float
    seconds_at_most: float
    options: SyncOptions
    account: Mapping[str, str]
    source: Mapping[str, Any]
    contacts: int
    id: str
    state: Path | None
    table: ChangeTable
    columns: ColumnsReport | None = None
    guessed_encoding: str | None = None

    def changes(self, kind: Kind | None = None) -> Iterator[Change]:
        """Iterate over the changes lazily: creations, updates, deletions, and skipped rows; or those of one kind.

        Raises:
            ValueError: There is no such kind.
        """
        if kind is not None and kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
        return self.table.changes(kind)

    def tracked(self) -> Iterator[str]:
        """Iterate over the numbers of contacts that the source has and that the state does not track yet."""
        return self.table.tracked()

    def __repr__(self) -> str:
        """Show the counts, and no personal data."""
        counts = f"{self.creates:,} to create, {self.updates:,} to update, {self.deletes:,} to delete"
        rest = f"{self.unchanged:,} unchanged, {self.skipped:,} skipped"
        requests = _range(self.requests, self.requests_at_most)
        plural = "" if self.requests_at_most == 1 else "s"
        seconds = _range(math.ceil(self.seconds), math.ceil(self.seconds_at_most))
        return f"SyncPlan({counts}, {rest}; {requests} request{plural}, {seconds} s)"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan to a file that only its owner can read, to review it and to apply it later.

        Raises:
            OSError: The file cannot be written.
        """
        converted = {"options": self.options.to_dict(), "state": self.state and str(self.state)}
        header = {name: getattr(self, name) for name in _SAVED} | converted
        write_plan(Path(path), header, self.table)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SyncPlan:
        """Read a plan that `save` wrote. The whole file is checked.

        Raises:
            OSError: The file cannot be read.
            TransferError: It is not a plan of this version, or it is damaged.
        """
        header, table = read_plan(Path(path))
        try:
            options = SyncOptions.from_dict(header["options"])
        except (TypeError, ValueError) as error:
            raise TransferError(f"{Path(path).name} has invalid options ({error}); plan again") from None
        values: dict[str, Any] = {name: header[name] for name in _SAVED}
        values["options"] = options
        values["state"] = Path(header["state"]) if header["state"] else None
        return cls(**values, table=table)


def _range(least: int, most: int) -> str:
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
