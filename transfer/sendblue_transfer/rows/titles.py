"""How titles of columns are compared."""

from __future__ import annotations

import re
import unicodedata


def normalise_title(title: str) -> str:
    """Return the title without case, accents, spaces and punctuation."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKD", title)).casefold()
