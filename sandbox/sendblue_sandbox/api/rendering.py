"""A contact as it is answered: every field of the document, in the spelling of the sandbox, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .response import ENCODE
from .spelling import keys, spell

if TYPE_CHECKING:
    from sendblue_sandbox.config import Spelling
    from sendblue_sandbox.storage.queries import Row

    from .document import Shape

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Contacts:
    """Contacts for the eye of a client.

    Args:
        shape: The fields of a contact.
        spelling: The spelling of answers.
    """

    def __init__(self, shape: Shape, spelling: Spelling) -> None:
        self._shape = shape
        self._spelling: Spelling = spelling
        self._keys = [(key, name) for name in shape.names for key in keys(name, shape.camel.get(name), spelling)]

    @property
    def mark(self) -> str:
        """What the JSON of a contact depends on, beside the contact: another mark, another JSON."""
        return ENCODE([self._spelling, self._shape.empty, self._shape.camel])

    def plain(self, row: Row) -> dict[str, object]:
        """Every field by preferred names; one that nobody gave, or that was cleared, is empty as its type has it."""
        known = {
            **row.fields,
            "phone": row.phone,
            "created_at": iso(row.created_at),
            "verified": False,
            "opt_out": row.opt_out,
            "contact_id": row.contact_id,
        }
        return {name: empty if known.get(name) is None else known[name] for name, empty in self._shape.empty.items()}

    def json(self, row: Row) -> str:
        """The JSON that answers hold."""
        plain = self.plain(row)
        for name, child in self._shape.children.items():
            plain[name] = spell(plain[name], child, self._spelling)
        return ENCODE({key: plain[name] for key, name in self._keys})


def iso(milliseconds: int) -> str:
    """A moment as answers have it: `2024-01-15T10:30:00.123Z`."""
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
