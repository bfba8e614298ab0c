"""The fields that the sandbox treats in a way of its own: the one place that names them.

Each is named by a spelling that it has in the document. A renamed field keeps its old name as an alias, so the names
here remain valid; `ObjectSchema.named` returns the preferred name of today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .document import ObjectSchema

MERGED = "custom_variables"
"""An update merges it instead of replacing it."""
OPT_OUT = "opt_out"
COMPUTED = ("phone", "created_at", "verified", OPT_OUT, "contact_id")
"""Fields that the server computes; the others are stored as sent."""
NAMES = ("first_name", "last_name")
SORTABLE = ("created_at", "phone", *NAMES)
"""Fields that a listing can be sorted by, which are also columns of the database."""
SHOWN = ("phone", OPT_OUT, "verified")
"""Fields that the page shows in their own way."""


def computed(contact: ObjectSchema) -> set[str]:
    """Return the names of the fields that the server computes."""
    return {contact.named(role) for role in COMPUTED}
