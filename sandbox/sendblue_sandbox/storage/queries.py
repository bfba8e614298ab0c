"""Rows: contacts as they are kept, and the SQL that picks some of them. Nothing here touches a database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

SORTABLE = frozenset({"created_at", "first_name", "last_name", "phone"})
ROW = "SELECT sequence, phone, created_at, fields, phone IN (SELECT phone FROM opt_outs) FROM contacts"
RENDER = "UPDATE contacts SET answer = ? WHERE sequence = ?"
# The first condition on the fields is quick and finds their names too; the second, slow, looks at what is in them.
FOUND = r"""
 WHERE phone LIKE :text ESCAPE '\'
    OR fields LIKE :text ESCAPE '\' AND EXISTS (
        SELECT 1 FROM json_tree(fields)
        WHERE atom LIKE :text ESCAPE '\' OR path <> '$' AND typeof(key) = 'text' AND key LIKE :text ESCAPE '\')
"""
ID = "c_{:08}"
MOST_DIGITS = 18

Contact: TypeAlias = tuple[str, int, dict[str, object]]


@dataclass(frozen=True, slots=True)
class Row:
    """One contact as it is kept. `created_at` is in milliseconds since 1970."""

    sequence: int
    phone: str
    created_at: int
    fields: dict[str, object]
    opt_out: bool

    @property
    def contact_id(self) -> str:
        """The contact's ID in answers."""
        return ID.format(self.sequence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which contacts to list, and how."""

    limit: int
    offset: int
    order_by: str
    descending: bool
    phone: str | None = None
    contact_id: str | None = None
    created_at_gte: float | None = None


class Renderer(Protocol):
    """Makes the JSON of contacts."""

    @property
    def mark(self) -> str:
        """What that JSON depends on, beside the contact."""
        ...

    def json(self, row: Row) -> str:
        """The JSON that answers hold."""
        ...


def conditions(wanted: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    """A WHERE clause of those conditions that have a value, and the values."""
    asked = {sql: value for sql, value in wanted.items() if value is not None}
    return (" WHERE " + " AND ".join(asked) if asked else "", tuple(asked.values()))


def row_of(found: tuple[Any, ...]) -> Row:
    """A row of the columns of `ROW`."""
    number, phone, created_at, fields, opt_out = found
    return Row(number, phone, created_at, json.loads(fields), bool(opt_out))


def sequence_of(contact_id: str | None) -> int | None:
    """The number in an ID, 0 if it is no ID of ours; None for None."""
    if contact_id is None:
        return None
    digits = contact_id.removeprefix("c_")[:MOST_DIGITS]
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    return number if ID.format(number) == contact_id else 0


def pattern_of(text: str) -> str:
    """A pattern for LIKE that finds a text anywhere."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
