# Emitted by scripts/regenerate from operations.py and pagination/arguments.py. Edit that file, then run scripts/regenerate.
"""The calls of `contacts`, except the bulk calls. `operations` and `pagination` decide what they send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Required, Unpack, overload

from sendblue_contacts.base_client import importing

from sendblue_contacts import operations

from .listing import ContactList

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sendblue_contacts.operations import OptOut
    from sendblue_contacts_api.models.contact import Contact
    from sendblue_contacts_api.models.contact_create import ContactCreateFields, ContactCreateMapping
    from sendblue_contacts_api.models.contact_update import ContactUpdateFields

    from .listing import Send

    class CreateKeywords(ContactCreateFields):
        """The fields of `create` with the number as a keyword, as in the vendor's library."""

        number: Required[str]


class ContactCalls:
    """The calls of `contacts`, except the bulk calls."""

    def __init__(
        self,
        send: Send,
        region: str | None,
        *,
        send_raw: Send | None = None,
        send_bulk: Send | None = None,
        filtered: bool = False,
        read_lag: float = 0.0,
        account: str = "",
    ) -> None:
        self._send = send
        self._send_raw, self._send_bulk = send_raw or send, send_bulk or send
        self._region = region
        self._filtered = filtered
        self._read_lag = read_lag
        self._account = account

    @overload
    def create(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    def create(self, contact: ContactCreateMapping, /) -> Contact: ...
    @overload
    def create(self, /, **fields: Unpack[CreateKeywords]) -> Contact: ...
    def create(self, contact: str | Mapping[str, Any] | None = None, /, **fields: Any) -> Contact:
        """Create a contact (POST /api/v2/contacts).

        When a response is lost, the request is retried. If the retry then fails with a conflict, the client reads the
        contact back and compares: this call never raises `ConflictError` for a contact that it created itself.

        Args:
            contact: The phone number, or one mapping with all fields, including `number`. The number can also be a
                keyword: `create(number="+14155551234")`.
            fields: `first_name`, `last_name`, `sendblue_number`, `assigned_to_email`, `tags`, `custom_variables`,
                `update_if_exists`. A field that is None is not sent.

        Raises:
            ConflictError: A contact with this number already exists.

        Example:
            client.contacts.create("+14155551234", first_name="Ada", tags=["VIP"])
        """
        return self._send(operations.create(contact, fields, self._region))

    @overload
    def upsert(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    def upsert(self, contact: ContactCreateMapping, /) -> Contact: ...
    @overload
    def upsert(self, /, **fields: Unpack[CreateKeywords]) -> Contact: ...
    def upsert(self, contact: str | Mapping[str, Any] | None = None, /, **fields: Any) -> Contact:
        """Create a contact, or update the one with this number, with `update_if_exists` (POST /api/v2/contacts).

        Args:
            contact: As for `create`.
            fields: As for `create`. On an existing contact, an absent field is left unchanged, None clears it, a list
                replaces the whole list, and a mapping is merged.
        """
        return self._send(operations.upsert(contact, fields, self._region))

    def retrieve(self, phone_number: str) -> Contact:
        """Retrieve the contact with this number (GET /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is no contact with this number.
        """
        return self._send(operations.retrieve(phone_number, self._region))

    def get(self, phone_number: str) -> Contact | None:
        """Retrieve the contact with this number, or return None (GET /api/v2/contacts/{phone_number})."""
        return self._send(operations.get(phone_number, self._region))

    @overload
    def update(self, phone_number: str, /, **fields: Unpack[ContactUpdateFields]) -> Contact: ...
    @overload
    def update(self, phone_number: str, changes: ContactUpdateFields, /) -> Contact: ...
    def update(self, phone_number: str, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> Contact:
        """Update the contact with this number (PUT /api/v2/contacts/{phone_number}).

        Args:
            phone_number: The number that the contact has now.
            changes: The fields as one mapping, instead of keyword arguments.
            fields: `phone_number`, `first_name`, `last_name`, `company_name`, `sendblue_number`, `assigned_to_email`,
                `tags`, `custom_variables`, `opt_out`. `phone_number` is the new number. An absent field is left
                unchanged, None clears it, a list replaces the whole list, and a mapping is merged.

        Raises:
            NotFoundError: There is no contact with this number.
            ConflictError: The new number belongs to another contact.
        """
        return self._send(operations.update(phone_number, changes or {}, fields, self._region))

    def delete(self, phone_number: str) -> None:
        """Delete the contact with this number (DELETE /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is no contact with this number.
        """
        return self._send(operations.delete(phone_number, self._region))

    def count(self, phone_number: str | None = None) -> int:
        """Count all contacts, or those with this number (GET /api/v2/contacts/count)."""
        return self._send(operations.count(phone_number, self._region))

    def verify(self, number: str) -> str:
        """Send a verification message to this number (POST /api/v2/contacts/verify).

        The message reaches a person, so the request is not retried once it may have reached the server.

        Returns:
            The status; empty if the response has none.

        Raises:
            APIConnectionError: The response was lost; the message may have been sent.
        """
        return self._send(operations.verify(number, self._region))

    def opt_out(self, number: str, opted_out: bool | None = None) -> OptOut:  # noqa: FBT001  # a fixed public name
        """Opt a number out of messages, or back in (POST /api/v2/contacts/opt-out).

        Args:
            number: The phone number; it need not be a contact.
            opted_out: False opts the number back in. None is not sent: the server opts the number out.

        Returns:
            The number and whether it is opted out.
        """
        return self._send(operations.opt_out(number, opted_out, self._region))

    def list(
        self,
        *,
        page_size: int = 1000,
        max_items: int | None = None,
        order_by: str | None = None,
        order_direction: str | None = None,
        cid: str | None = None,
        phone_number: str | None = None,
        created_at_gte: datetime | str | None = None,
    ) -> ContactList:
        """List all contacts, oldest first, page by page (GET /api/v2/contacts).

        No request is sent until the first contact is read. Every contact that exists all the time is listed exactly
        once, also if contacts are created or deleted meanwhile, or else the listing ends with an error. For that, each
        page repeats a contact of the page before, and two more requests count the contacts and look for further ones.

        Args:
            page_size: Contacts per request, at most 1000.
            max_items: The maximum number of contacts; None lists all.
            order_by: `created_at` (default), `firstName`, `lastName` or `phone`.
            order_direction: `asc` (default) or `desc`.
            cid: Only the contact with this contact ID (`contact_id` in responses).
            phone_number: Only the contact with this phone number, in E.164 format.
            created_at_gte: Only contacts created at or after this time, in ISO 8601 format with a UTC offset. A
                datetime must have a time zone; text without one is in UTC.

        Returns:
            An iterable of contacts, with `.pages()` and `.first()`. Each iteration starts again.

        Raises:
            IncompleteListError: While iterating: there are more contacts than were listed, because this order cannot
                reach them or because the server does not return them.
            ValueError: An argument is out of range.

        Example:
            for contact in client.contacts.list():
                print(contact.phone)
        """
        with importing("client.contacts.list"):
            from sendblue_contacts.pagination import new_walk  # noqa: PLC0415  # many programs list nothing
        return ContactList(
            self._send,
            new_walk(
                page_size=page_size,
                max_items=max_items,
                order_by=order_by,
                order_direction=order_direction,
                filters={
                    "cid": ("string", cid),
                    "phone_number": ("e164", phone_number),
                    "created_at_gte": ("date-time", created_at_gte),
                },
                region=self._region,
                filtered=self._filtered,
                read_lag=self._read_lag,
            ),
        )
