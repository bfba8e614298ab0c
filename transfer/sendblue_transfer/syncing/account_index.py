"""The contacts of an account in a temporary database, so that memory does not depend on their number."""

from __future__ import annotations

from contextlib import closing
from itertools import repeat
from typing import TYPE_CHECKING, Self

from sendblue_transfer.temporary_database import TemporaryDatabase

from .contact_values import contact_columns, ids_of, numbers_of, pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_contacts.resources import Contacts
    from sendblue_contacts.responses import ContactRow

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
    def read(cls, pages: Iterable[list[ContactRow]], on_read: Callable[[int], object] | None = None) -> Self:
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

    def fill(self, pages: Iterable[list[ContactRow]], on_read: Callable[[int], object] | None = None) -> None:
        """Read all contacts of an account. Of several contacts with the same number, the last one remains.

        Args:
            pages: The pages of the listing.
            on_read: Called with the number of contacts so far, after each page.

        Raises:
            IncompleteListError: The listing is incomplete.
        """
        for page in filter(None, pages):
            numbers, columns = numbers_of(page), contact_columns(page)
            rows = zip(numbers, self._digests(columns), pack(ids_of(page), columns), strict=False)
            self._write_all(_INSERT, rows if None not in numbers else (row for row in rows if row[0] is not None))
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


def row_pages(contacts: Contacts, *, trusts_count: bool = False) -> Iterator[list[ContactRow]]:
    """Return the pages of a listing of all contacts, as rows.

    Args:
        contacts: The contacts of the account.
        trusts_count: Whether the listing may end without its last request if nothing was irregular and the count
            agrees. Then contacts without `created_at` may be missing, if exactly as many are deleted meanwhile.
    """
    return contacts.list()._rows(trusts_count=trusts_count)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # no public argument
