"""Rendering: a contact in responses has every field of the document, in the spelling of the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .response import encode_json
from .roles import COMPUTED, NAMES
from .spelling import field_keys, to_spelling

if TYPE_CHECKING:
    from sendblue_sandbox.config import Spelling
    from sendblue_sandbox.storage.queries import ContactRow

    from .document import ObjectSchema

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ContactRenderer:
    """Renders contacts for responses.

    Args:
        schema: The fields of a contact.
        spelling: The spelling of responses.
    """

    def __init__(self, schema: ObjectSchema, spelling: Spelling) -> None:
        self._schema = schema
        self._computed = [schema.named(role) for role in COMPUTED]
        self._spelling: Spelling = spelling
        self._keys = [
            (key, name) for name in schema.names for key in field_keys(name, schema.camel.get(name), spelling)
        ]

    @property
    def columns(self) -> dict[str, str]:
        """From each column of a text that contacts are sorted by to its name in the fields."""
        return {role: self._schema.named(role) for role in NAMES}

    @property
    def fingerprint(self) -> str:
        """Identifies what the JSON of a contact depends on besides the contact: the spelling and the document."""
        return encode_json([self._spelling, self._schema.empty_values, self._schema.camel])

    def to_dict(self, row: ContactRow) -> dict[str, object]:
        """Return every field by preferred name; a field that was not given, or was cleared, is empty."""
        defaults = self._schema.empty_values
        # A file may have the names of an older document.
        fields = row.fields if row.fields.keys() <= defaults.keys() else self._schema.renamed(row.fields)
        computed = (row.phone, format_timestamp(row.created_at), row.verified, row.opt_out, row.contact_id)
        known = {**fields, **dict(zip(self._computed, computed, strict=True))}
        return {name: empty if known.get(name) is None else known[name] for name, empty in defaults.items()}

    def to_json(self, row: ContactRow) -> str:
        """Return the JSON of a contact in responses."""
        contact = self.to_dict(row)
        for name, child in self._schema.children.items():
            contact[name] = to_spelling(contact[name], child, self._spelling)
        return encode_json({key: contact[name] for key, name in self._keys})


def format_timestamp(milliseconds: int) -> str:
    """Format milliseconds since 1970 as in responses: `2024-01-15T10:30:00.123Z`."""
    timestamp = EPOCH + timedelta(milliseconds=milliseconds)
    return timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
