"""`client.contacts`: the calls of `AsyncContactCalls`, the bulk calls, and all calls with their raw response."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts.base_client import importing

from .calls import AsyncContactCalls

if TYPE_CHECKING:
    from .bulk import AsyncBulkContacts
    from .raw_contacts import AsyncRawContacts


class AsyncContacts(AsyncContactCalls):
    """The contacts of an account.

    Fields may be given in either spelling, `first_name` or `firstName`, and phone numbers in E.164 format with or
    without the usual punctuation. They are checked before a request is sent: a number that is not valid raises
    `InvalidPhoneNumberError`, and an unknown field or a value of the wrong type `TypeError`. A request that fails
    raises another subclass of `SendblueError`. Calls that write a contact return it as the server stored it.
    """

    @property
    def bulk(self) -> AsyncBulkContacts:
        """Calls for many contacts at once."""
        with importing("client.contacts.bulk"):
            from .bulk import AsyncBulkContacts  # noqa: PLC0415  # many programs do not use it
        return AsyncBulkContacts(self._send_bulk, self._region, self._read_lag, self._account)

    @property
    def with_raw_response(self) -> AsyncRawContacts:
        """The same calls, returning the `httpx.Response`; its `parse()` returns the value, or raises the error."""
        with importing("client.contacts.with_raw_response"):
            from .raw_contacts import AsyncRawContacts  # noqa: PLC0415  # as above
        return AsyncRawContacts(AsyncContactCalls(self._send_raw, self._region))
