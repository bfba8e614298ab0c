"""How titles of columns are compared."""

from __future__ import annotations

import re


def normalise_title(title: str) -> str:
    """Return the title without case, spaces and punctuation."""
    return re.sub(r"[\W_]", "", title).casefold()
