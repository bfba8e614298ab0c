"""What an upsert replaces, recorded in its journal before each request, so that the import can be undone.

A new contact is recorded with what is sent. For a contact that exists already, the values before are read: one by one,
until listing the whole account takes no more requests than were needed so far. So an import of few rows into a large
account costs a request for each existing contact, and a large one at most about twice the requests of a listing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sendblue_contacts.pagination import MAX_PAGE_SIZE

from sendblue_transfer.rows.named_fields import contact_id
from sendblue_transfer.rows.row_parser import PHONE
from sendblue_transfer.syncing.account_index import AccountIndex, row_pages
from sendblue_transfer.syncing.change_log import DONE, Result
from sendblue_transfer.syncing.changes import Change, encode_json, flatten
from sendblue_transfer.syncing.contact_values import contact_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from sendblue_contacts.bulk.requests import EncodedContact
    from sendblue_contacts.resources import Contacts
    from sendblue_contacts_api.models.contact import Contact

    from sendblue_transfer.rows.validation import RowPage
    from sendblue_transfer.syncing.changes import Values

    from .journal import Journal
    from .sender import RowUpdate

_LOOKUPS_BEFORE_COUNT = 10
"""Contacts that are looked up before the account is counted, to find out what a listing takes."""
_OTHER_REQUESTS = 2
"""Requests besides those for full pages: the last page of a listing, and the check that it is complete."""


class _Found(NamedTuple):
    """The values of a contact, and its ID."""

    values: Values
    contact_id: str | None


class PreviousValues:
    """Records what an upsert replaces.

    Args:
        contacts: The contacts of the account.
        journal: The journal of the import.
        records: Whether anything is recorded: only an import in the mode `upsert` can be undone.
    """

    def __init__(self, contacts: Contacts, journal: Journal, *, records: bool) -> None:
        self._contacts = contacts
        self._journal = journal
        self._records = records
        self._rows: dict[int, EncodedContact] = {}
        self._lookups = 0
        self._requests_of_listing: int | None = None
        self._listed: AccountIndex | None = None

    def remember(self, pages: Iterable[RowPage]) -> Iterator[RowPage]:
        """Yield rows, and remember them until they are sent."""
        for lines, contacts in pages:
            if self._records:
                self._rows.update(zip(lines, contacts, strict=True))
            yield lines, contacts

    def mark_sending(self, lines: Sequence[int], *, whole: bool = False) -> None:
        """Write that these rows are about to be sent, and what would be created.

        Args:
            lines: The lines of the rows, in ascending order.
            whole: Whether all rows between them have a result already.
        """
        for line in lines if self._records else ():
            if contact := self._rows.pop(line, None):
                self._journal.record(line, _creation(contact.to_dict()))
        self._journal.mark_sending(lines, whole=whole)

    def record_created(self, lines: Sequence[int], created: Mapping[int, Contact | None]) -> None:
        """Record rows of a request that were created.

        Args:
            lines: The lines of all rows of the request, in ascending order.
            created: By line, those that were created, with the contacts, which have defaults of the account.
        """
        self._journal.add_created(lines, [*created])
        for line, contact in created.items() if self._records else ():
            self._rows.pop(line, None)
            if contact:
                after = encode_json(flatten(contact_values(contact)))
                self._journal.record_result(Result(line, DONE, "", contact_id(contact), after))

    def record_update(self, update: RowUpdate) -> RowUpdate:
        """Write the values that an update will replace. They are on disk when this returns."""
        self._rows.pop(update.line, None)
        creation = _creation(update.contact)
        if found := self._find(creation.phone):
            old = flatten(found.values)
            fields = {name: (old.get(name), new) for name, new in creation.new.items() if new != old.get(name)}
            self._journal.record(update.line, Change("update", creation.phone, fields, line=update.line))
            self._journal.record_result(Result(update.line, DONE, "", found.contact_id))
            self._journal.mark_sending(())
        return update

    def _find(self, phone: str) -> _Found | None:
        if self._listed is None and self._lookups >= _LOOKUPS_BEFORE_COUNT:
            self._list_if_cheaper()
        if self._listed and (values := self._listed.get(phone)) is not None:
            return _Found(values, self._listed.contact_id(phone))
        self._lookups += 1
        contact = self._contacts.get(phone)
        return _Found(contact_values(contact), contact_id(contact)) if contact else None

    def _list_if_cheaper(self) -> None:
        if self._requests_of_listing is None:
            self._requests_of_listing = self._contacts.count() // MAX_PAGE_SIZE + _OTHER_REQUESTS
        if self._lookups >= self._requests_of_listing:
            self._listed = AccountIndex.read(row_pages(self._contacts))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._listed:
            self._listed.close()


def _creation(contact: dict[str, Any]) -> Change:
    values = dict(contact)
    phone = values.pop(PHONE)
    return Change("create", phone, {name: (None, value) for name, value in flatten(values).items()})
