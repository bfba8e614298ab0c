# Emitted by scripts/regenerate from _async/contacts.py. Edit that file, then run scripts/regenerate.
"""`client.contacts`: the calls of `ContactCalls`, the bulk calls, and all calls with their raw response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts.base_client import importing

from .calls import ContactCalls

if TYPE_CHECKING:
    from .bulk import BulkContacts
    from .raw_contacts import RawContacts


class Contacts(ContactCalls):
    """The contacts of an account.

    Fields may be given in either spelling, `first_name` or `firstName`, and phone numbers in E.164 format with or
    without the usual punctuation. They are checked before a request is sent: a number that is not valid raises
    `InvalidPhoneNumberError`, and an unknown field or a value of the wrong type `TypeError`. A request that fails
    raises another subclass of `SendblueError`. Calls that write a contact return it as the server stored it.
    """

    @property
    def bulk(self) -> BulkContacts:
        """Calls for many contacts at once."""
        with importing("client.contacts.bulk"):
            from .bulk import BulkContacts  # noqa: PLC0415  # many programs do not use it
        return BulkContacts(self._send_bulk, self._region, self._read_lag, self._account)

    @property
    def with_raw_response(self) -> RawContacts:
        """The same calls, returning the `httpx.Response`; its `parse()` returns the value, or raises the error."""
        with importing("client.contacts.with_raw_response"):
            from .raw_contacts import RawContacts  # noqa: PLC0415  # as above
        return RawContacts(ContactCalls(self._send_raw, self._region))
