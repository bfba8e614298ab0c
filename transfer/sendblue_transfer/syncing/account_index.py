"""The contacts of an account in a temporary database, so that memory does not depend on their number.

Only the fields that a sync can write are kept, in a normal form: blank values are absent, and so is an `opt_out` that
is false, because the API may return either for a contact that has not opted out.
"""

from __future__ import annotations

import marshal
from contextlib import closing
from datetime import date
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Self, cast

from sendblue_contacts.phone import normalise
from sendblue_contacts_api.models.contact import Contact

from sendblue_transfer.importing.planner import UPDATE_FIELDS
from sendblue_transfer.rows.cells import TEXT_KINDS, scalar_text
from sendblue_transfer.rows.column_synonyms import OPT_OUT
from sendblue_transfer.rows.row_parser import PHONE
from sendblue_transfer.temporary_database import TemporaryDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from .changes import Values

SYNC_FIELDS = {name: field for name, field in UPDATE_FIELDS.items() if name in Contact.FIELDS and name != PHONE}
"""The fields that a sync compares: those of an update that a contact also shows."""

_NAMES, _KINDS = tuple(SYNC_FIELDS), tuple(field.kind for field in SYNC_FIELDS.values())
_READ_ALL = cast(
    "Callable[[Contact], tuple[Any, ...]]",
    attrgetter(*(Contact.FIELDS[name].attribute for name in SYNC_FIELDS)),
)
_TAKEN, _TRACKED = 1, 2
_CACHE_KIBIBYTES = 64 * 1024
_DELETE_REPEATED = """
DELETE FROM contacts WHERE position IN (
    SELECT position FROM contacts
    JOIN (SELECT number AS repeated, max(position) AS last FROM contacts GROUP BY number HAVING count(*) > 1)
    ON number = repeated WHERE position != last
)
"""


class AccountIndex(TemporaryDatabase):
    """The contacts of an account, by phone number.

    Attributes:
        contacts: The number of contacts, including those without a valid number, which a sync never changes.
    """

    def __init__(self) -> None:
        super().__init__(
            f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE contacts (position INTEGER PRIMARY KEY, number INTEGER, content BLOB, id TEXT)",
            "CREATE TABLE tracked (number INTEGER PRIMARY KEY)",
        )
        self.contacts: int = 0
        self._marks = bytearray()

    @classmethod
    def read(cls, pages: Iterable[list[Contact]], on_read: Callable[[int], object] | None = None) -> Self:
        """Read all contacts of an account.

        Args:
            pages: The pages of the listing.
            on_read: Called with the number of contacts so far, after each page.

        Raises:
            IncompleteListError: The listing is incomplete.
        """
        index = cls()
        try:
            for page in pages:
                index._add(page)
                if on_read:
                    on_read(index.contacts)
            index._finish()
        except BaseException:
            index.close()
            raise
        return index

    def _add(self, page: list[Contact]) -> None:
        rows = (
            (int(number), marshal.dumps(contact_values(contact)), _text(contact.contact_id))
            for contact in page
            if (number := e164(contact.phone))
        )
        self._write_all("INSERT INTO contacts (number, content, id) VALUES (?, ?, ?)", rows)
        self.contacts += len(page)

    def _finish(self) -> None:
        """Index the numbers. Of several contacts with the same number, the last one remains."""
        self._database.execute("CREATE INDEX by_number ON contacts (number, position)")
        self._database.execute(_DELETE_REPEATED)
        with closing(self._database.execute("SELECT max(position) FROM contacts")) as cursor:
            (last_position,) = cursor.fetchone()
        self._marks = bytearray((last_position or 0) + 1)

    def get(self, number: str) -> Values | None:
        """Return the values of the contact with this E.164 number; None if there is no such contact."""
        return self._find([number], mark=0).get(number)

    def contact_id(self, number: str) -> str | None:
        """Return the ID of the contact with this E.164 number; None if there is no contact, or it has no ID."""
        row = self._database.execute("SELECT id FROM contacts WHERE number = ?", (int(number),)).fetchone()
        return row[0] if row else None

    def take(self, numbers: Sequence[str]) -> dict[str, Values]:
        """Return the values of the contacts with these numbers, and remember that the source has these numbers.

        Several numbers at once take much less time than one by one.
        """
        return self._find(numbers, mark=_TAKEN)

    def _find(self, numbers: Sequence[str], *, mark: int) -> dict[str, Values]:
        marks = ", ".join("?" * len(numbers))
        query = f"SELECT position, number, content FROM contacts WHERE number IN ({marks})"  # noqa: S608  # question marks
        found: dict[str, Values] = {}
        for position, number, content in self._database.execute(query, [*map(int, numbers)]):
            self._marks[position] |= mark
            found[f"+{number}"] = marshal.loads(content)  # noqa: S302  # written by this object
        return found

    def mark_tracked(self, numbers: Iterable[str]) -> None:
        """Mark the contacts with these numbers, which earlier syncs track."""
        self._write_all("INSERT INTO tracked VALUES (?)", ((int(number),) for number in numbers))
        query = "SELECT position FROM tracked JOIN contacts USING (number)"
        with closing(self._database.execute(query)) as cursor:
            for (position,) in cursor:
                self._marks[position] |= _TRACKED

    def rest(self, *, tracked: bool) -> Iterator[tuple[str, Values]]:
        """Yield the number and the values of each contact that was not taken, in the order of the listing.

        Args:
            tracked: Whether only those that are marked as tracked are yielded.
        """
        marks = (_TRACKED,) if tracked else (0, _TRACKED)
        with closing(self._database.execute("SELECT position, number, content FROM contacts")) as cursor:
            for position, number, content in cursor:
                if self._marks[position] in marks:
                    yield f"+{number}", marshal.loads(content)  # noqa: S302  # written by this object

    def newly_tracked(self) -> Iterator[str]:
        """Yield the number of each contact that was taken and is not marked as tracked."""
        with closing(self._database.execute("SELECT position, number FROM contacts ORDER BY number")) as cursor:
            for position, number in cursor:
                if self._marks[position] == _TAKEN:
                    yield f"+{number}"


def e164(value: object) -> str | None:
    """Return a number in E.164 form; None if it is not valid."""
    try:
        return normalise(value)
    except (TypeError, ValueError):
        return None


def is_blank(value: object) -> bool:
    """Whether a value is no value: null, empty text, an empty list or an empty map."""
    return value is None or (not value and isinstance(value, str | list | dict))


def contact_values(contact: Contact) -> Values:
    """Return the fields of a contact that a sync can write and that are not blank, with maps as they are."""
    values: Values = {}
    for name, kind, value in zip(_NAMES, _KINDS, _READ_ALL(contact), strict=True):
        if value.__class__ is str:
            if value:
                values[name] = value
        elif value is not None and not (value is False and name == OPT_OUT):
            stored = _stored(kind, value)
            if stored or not is_blank(stored):
                values[name] = stored
    return values


def _stored(kind: str, value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value in normal form: what is documented as text, but is a number, becomes text."""
    if value.__class__ in (list, dict) and _are_texts(value.values() if value.__class__ is dict else value):
        return value
    if kind == "map" and isinstance(value, dict):
        labels = cast("Values", value)
        return {label: scalar_text(text) for label, text in labels.items() if not is_blank(text)}
    if kind == "array[string]" and isinstance(value, list):
        return [scalar_text(item) for item in cast("list[object]", value) if not is_blank(item)]
    if isinstance(value, date):
        return value.isoformat()
    return scalar_text(value) if kind in TEXT_KINDS else value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _are_texts(values: Collection[Any]) -> bool:
    """Whether all values are text that is not blank: a fast check that is true of most contacts."""
    try:
        "".join(values)
    except TypeError:
        return False
    return "" not in values
