"""Long lists in messages: the first lines, and how many more there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def shortened(lines: Sequence[str], limit: int) -> list[str]:
    """Return at most `limit` of the lines, followed by a line with the number of the others."""
    more = [f"… and {len(lines) - limit} more"] if len(lines) > limit else []
    return [*lines[:limit], *more]
