"""The progress of a plan, and of applying it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

SyncPhase = Literal["reading", "listing", "comparing", "creating", "updating", "deleting"]


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """The progress of one phase of a sync.

    Attributes:
        phase: `reading` the source, `listing` the account and `comparing` both; then `creating`, `updating` and
            `deleting` contacts.
        done: Rows or contacts of this phase so far.
        total: Number of rows or contacts in this phase; None if it is not known.
        rate: Rows or contacts per second.
        eta: Estimated seconds until this phase ends; None if it is not known.
    """

    phase: SyncPhase
    done: int
    total: int | None
    rate: float = 0.0
    eta: float | None = None


OnSyncProgress = Callable[[SyncProgress], object] | None
