"""Rows and queries: contacts as they are stored, and the SQL that selects them. Nothing here opens a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTED_OUT = "phone IN (SELECT phone FROM opt_outs)"
VERIFIED = "phone IN (SELECT phone FROM verified)"
SELECT_ROWS = f"SELECT sequence, phone, created_at, fields, {OPTED_OUT}, {VERIFIED} FROM contacts"  # noqa: S608 - constant text
UPDATE_RENDERED = "UPDATE contacts SET rendered = ? WHERE sequence = ?"
# The first condition on `fields` is fast but also matches field names; the second is slow and looks at values only.
CONTAINS_TEXT = r"""
 (phone LIKE :text ESCAPE '\'
    OR fields LIKE :text ESCAPE '\' AND EXISTS (
        SELECT 1 FROM json_tree(fields)
        WHERE atom LIKE :text ESCAPE '\' OR path <> '$' AND typeof(key) = 'text' AND key LIKE :text ESCAPE '\'))
"""
CONTACT_ID = "c_{:08}"
MAX_DIGITS = 18

# The phone number, the time of creation in milliseconds since 1970, and the fields.
NewContact: TypeAlias = tuple[str, int, dict[str, object]]


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A stored contact. `created_at` is in milliseconds since 1970."""

    sequence: int
    phone: str
    created_at: int
    fields: dict[str, object]
    opt_out: bool
    verified: bool = False

    @property
    def contact_id(self) -> str:
        """The ID of the contact in responses."""
        return CONTACT_ID.format(self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """Which contacts to list, and in which order."""

    limit: int
    offset: int
    order_by: str
    descending: bool
    phone: str | None = None
    contact_id: str | None = None
    created_at_gte: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSearch:
    """Which contacts to show.

    Attributes:
        text: Text in a number, a name, a tag, a variable or another field, in any case; "" matches all contacts.
        opt_out: Only contacts that have opted out, or only others; None for both.
        verified: Only verified contacts, or only others; None for both.
        limit: The maximum number of contacts to return.
        offset: The number of contacts to skip.
    """

    text: str = ""
    opt_out: bool | None = None
    verified: bool | None = None
    limit: int
    offset: int = 0

    @property
    def where(self) -> str:
        """The WHERE clause; its values are `values`."""
        conditions = [CONTAINS_TEXT] if self.text else []
        for sql, wanted in ((OPTED_OUT, self.opt_out), (VERIFIED, self.verified)):
            conditions += [] if wanted is None else [sql if wanted else f"NOT {sql}"]
        return " WHERE " + " AND ".join(conditions) if conditions else ""

    @property
    def values(self) -> dict[str, object]:
        """The values to bind."""
        return {"text": like_pattern(self.text), "limit": self.limit, "offset": self.offset}


@dataclass(frozen=True, slots=True)
class Verification:
    """A verification message that was sent to a number. `sent_at` is in milliseconds since 1970."""

    number: int
    phone: str
    sent_at: int
    answered: bool


class Renderer(Protocol):
    """Renders contacts as JSON."""

    @property
    def columns(self) -> Mapping[str, str]:
        """From each column of a text that contacts are sorted by to its name in the fields."""
        ...

    @property
    def fingerprint(self) -> str:
        """Identifies the settings of the renderer: another fingerprint means other JSON for the same contact."""
        ...

    def to_json(self, row: ContactRow) -> str:
        """Return the JSON of a contact in responses."""
        ...


def where_clause(conditions: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    """Return a WHERE clause of the conditions that have a value, and these values."""
    given = {sql: value for sql, value in conditions.items() if value is not None}
    return (" WHERE " + " AND ".join(given) if given else "", tuple(given.values()))


def to_row(columns: tuple[Any, ...]) -> ContactRow:
    """Return the contact of a result row of `SELECT_ROWS`."""
    number, phone, created_at, fields, opt_out, verified = columns
    return ContactRow(number, phone, created_at, json.loads(fields), bool(opt_out), bool(verified))


def parse_contact_id(contact_id: str | None) -> int | None:
    """Return the sequence number in a contact ID, 0 if the ID is not valid; None for None."""
    if contact_id is None:
        return None
    digits = contact_id.removeprefix("c_")[:MAX_DIGITS]
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    return number if CONTACT_ID.format(number) == contact_id else 0


def like_pattern(text: str) -> str:
    """Return a LIKE pattern that matches values that contain a text."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
