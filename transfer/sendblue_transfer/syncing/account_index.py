"""The contacts of an account in a temporary database, so that memory does not depend on their number."""

from __future__ import annotations

from contextlib import closing
from itertools import repeat
from typing import TYPE_CHECKING, Self

from sendblue_transfer.temporary_database import TemporaryDatabase

from .contact_values import contact_columns, numbers_of, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sendblue_contacts_api.models.contact import Contact

    from .changes import Values
    from .contact_values import Columns

_CACHE_KIBIBYTES = 64 * 1024
_INSERT = "INSERT INTO contacts (number, digest, content) VALUES (?, ?, ?)"
_DELETE_REPEATED = """
DELETE FROM contacts WHERE position IN (
    SELECT position FROM contacts
    JOIN (SELECT number AS repeated, max(position) AS last FROM contacts GROUP BY number HAVING count(*) > 1)
    ON number = repeated WHERE position != last
)
"""


class AccountIndex(TemporaryDatabase):
    """The contacts of an account, by phone number.

    Args:
        statements: The statements that create further tables.

    Attributes:
        contacts: The number of contacts, including those without a valid number, which a sync never changes.
    """

    def __init__(self, *statements: str) -> None:
        super().__init__(
            f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}",
            "PRAGMA journal_mode = OFF",
            "CREATE TABLE contacts (position INTEGER PRIMARY KEY, number INTEGER, digest INTEGER, content BLOB)",
            *statements,
        )
        self.contacts: int = 0

    @classmethod
    def read(cls, pages: Iterable[list[Contact]], on_read: Callable[[int], object] | None = None) -> Self:
        """Return an index of all contacts of an account; the arguments are those of `fill`.

        Raises:
            IncompleteListError: The listing is incomplete.
        """
        index = cls()
        try:
            index.fill(pages, on_read)
        except BaseException:
            index.close()
            raise
        return index

    def fill(self, pages: Iterable[list[Contact]], on_read: Callable[[int], object] | None = None) -> None:
        """Read all contacts of an account. Of several contacts with the same number, the last one remains.

        Args:
            pages: The pages of the listing.
            on_read: Called with the number of contacts so far, after each page.

        Raises:
            IncompleteListError: The listing is incomplete.
        """
        for page in filter(None, pages):
            columns = contact_columns(page)
            rows = zip(numbers_of(page), self._digests(columns), pack(page, columns), strict=False)
            self._write_all(
                "INSERT INTO contacts (number, digest, content) VALUES (?, ?, ?)", filter(_has_number, rows)
            )
            self.contacts += len(page)
            if on_read:
                on_read(self.contacts)
        self._database.execute("CREATE INDEX contacts_by_number ON contacts (number, digest)")
        self._database.execute(_DELETE_REPEATED)

    def _digests(self, columns: Columns) -> Iterable[int | None]:  # noqa: ARG002  # a subclass uses it
        """Return a digest of each contact; None for no digest."""
        return repeat(None)

    def get(self, number: str) -> Values | None:
        """Return the values of the contact with this E.164 number; None if there is no such contact."""
        found = self._find(number)
        return found and found[1]

    def contact_id(self, number: str) -> str | None:
        """Return the ID of the contact with this E.164 number; None if there is no contact, or it has no ID."""
        found = self._find(number)
        return found and found[0]

    def _find(self, number: str) -> tuple[str | None, Values] | None:
        query = "SELECT content FROM contacts WHERE number = ?"
        with closing(self._database.execute(query, (int(number),))) as cursor:
            row = cursor.fetchone()
        return row and unpack(row[0])


def _has_number(row: tuple[int | None, int | None, bytes]) -> bool:
    return row[0] is not None
