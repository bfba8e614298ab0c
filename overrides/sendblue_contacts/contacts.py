"""`client.contacts`: one method for each call, sync and async. Thin: `operations` and `paging` decide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast, overload

from . import operations, pagination
from .bulk.resource import AsyncBulkContacts, BulkContacts
from .listing import AsyncContactList, ContactList
from .raw_response import AsyncRawContacts, RawContacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sendblue_contacts_api.models.contact import Contact
    from sendblue_contacts_api.models.contact_create import ContactCreateFields, ContactCreateMapping
    from sendblue_contacts_api.models.contact_update import ContactUpdateFields

    from .operations import OptOut
    from .running import AsyncRun, AsyncRunRaw, Run, RunRaw


class Contacts:
    """The contacts of an account.

    Every field may be given in either spelling, `first_name` or `firstName`. A phone number is in E.164 form, with or
    without the usual punctuation. Every method raises a subclass of `SendblueError` where the request fails.
    """

    def __init__(self, run: Run, run_raw: RunRaw, region: str | None, run_bulk: Run | None = None) -> None:
        self._run = run
        self._run_bulk = run_bulk or run
        self._run_raw = run_raw
        self._region = region

    @property
    def bulk(self) -> BulkContacts:
        """Many contacts at once."""
        return BulkContacts(self._run_bulk, self._region)

    @property
    def with_raw_response(self) -> RawContacts:
        """The same calls, which return the `httpx.Response`; its `parse()` gives the value, or raises the error."""
        return RawContacts(Contacts(cast("Run", self._run_raw), self._run_raw, self._region))

    @overload
    def create(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    def create(self, contact: ContactCreateMapping, /) -> Contact: ...
    def create(self, number: str | Mapping[str, Any], /, **fields: Any) -> Contact:
        """Create a contact (POST /api/v2/contacts).

        When the answer is lost, the request is repeated, and a conflict then is settled by looking: this call never
        fails with `ConflictError` for a contact that it made itself.

        Args:
            number: The phone number, or one mapping with all the fields, `number` among them.
            fields: `first_name`, `last_name`, `sendblue_number`, `assigned_to_email`, `tags`, `custom_variables`,
                `update_if_exists`. None is as absent.

        Returns:
            The contact as the server has it now.

        Raises:
            ConflictError: The number belongs to a contact already.
            InvalidPhoneNumberError: The number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.

        Example:
            client.contacts.create("+14155551234", firstName="Ada", tags=["VIP"])
        """
        return self._run(operations.create(number, fields, self._region))

    @overload
    def upsert(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    def upsert(self, contact: ContactCreateMapping, /) -> Contact: ...
    def upsert(self, number: str | Mapping[str, Any], /, **fields: Any) -> Contact:
        """Create a contact, or update the one with this number (POST /api/v2/contacts with `update_if_exists`).

        Args:
            number: The phone number, or one mapping with all the fields, `number` among them.
            fields: As for `create`. On a contact that exists an absent field stays, None clears, `tags` replace all
                tags, and `custom_variables` are merged.

        Returns:
            The contact as the server has it now.

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.
        """
        return self._run(operations.upsert(number, fields, self._region))

    def retrieve(self, phone_number: str) -> Contact:
        """Retrieve the contact with this number (GET /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is none.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.retrieve(phone_number, self._region))

    def get(self, phone_number: str) -> Contact | None:
        """The contact with this number, or None if there is none (GET /api/v2/contacts/{phone_number}).

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.get(phone_number, self._region))

    @overload
    def update(self, phone_number: str, /, **fields: Unpack[ContactUpdateFields]) -> Contact: ...
    @overload
    def update(self, phone_number: str, changes: ContactUpdateFields, /) -> Contact: ...
    def update(self, phone_number: str, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> Contact:
        """Change the contact with this number (PUT /api/v2/contacts/{phone_number}).

        Args:
            phone_number: The number that the contact has now.
            changes: The fields as one mapping, instead of keywords.
            fields: `first_name`, `last_name`, `company_name`, `sendblue_number`, `assigned_to_email`, `tags`,
                `custom_variables`, `opt_out`, and `phone_number` for a new number. An absent field is left alone, None
                clears, `tags` replace all tags, `custom_variables` are merged.

        Returns:
            The contact as the server has it now.

        Raises:
            NotFoundError: There is no contact with this number.
            ConflictError: The new number belongs to another contact.
            InvalidPhoneNumberError: A number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.
        """
        return self._run(operations.update(phone_number, changes or {}, fields, self._region))

    def delete(self, phone_number: str) -> None:
        """Delete the contact with this number (DELETE /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is none.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.delete(phone_number, self._region))

    def list(
        self,
        *,
        page_size: int = pagination.LARGEST_PAGE,
        max_items: int | None = None,
        order_by: str | None = None,
        order_direction: str | None = None,
        phone_number: str | None = None,
        cid: str | None = None,
        created_at_gte: datetime | None = None,
    ) -> ContactList:
        """List contacts, all of them, oldest first (GET /api/v2/contacts, page by page).

        Nothing is sent before the first contact is asked for.

        Args:
            page_size: Contacts for each request, at most 1000.
            max_items: Stop after so many; None for all.
            order_by: `created_at` (also when left out), `firstName`, `lastName` or `phone`.
            order_direction: `asc` (also when left out) or `desc`.
            phone_number: Only the contact with this number.
            cid: Only the contact with this contact ID.
            created_at_gte: Only contacts created then or later; with a time zone.

        Returns:
            An iterable of contacts, with `.pages()` and `.first()`. Each iteration starts anew.

        Raises:
            IncompleteListError: While iterating: there are more contacts than can be reached in this order.
            ValueError: An argument is out of range.

        Example:
            for contact in client.contacts.list():
                print(contact.first_name)
        """
        filters = pagination.filters(
            order_by=order_by,
            order_direction=order_direction,
            phone_number=phone_number,
            cid=cid,
            created_at_gte=created_at_gte,
            region=self._region,
        )
        return ContactList(self._run, pagination.walker(filters, page_size, max_items))

    def count(self, phone_number: str | None = None) -> int:
        """How many contacts there are, or how many with this number (GET /api/v2/contacts/count).

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.count(phone_number, self._region))

    def verify(self, number: str) -> str:
        """Send a verification message to this number (POST /api/v2/contacts/verify).

        The message reaches a person: the request is never repeated once it may have arrived.

        Returns:
            The status; empty where the server says nothing.

        Raises:
            APIConnectionError: The answer was lost, and the message may have been sent.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.verify(number, self._region))

    def opt_out(self, number: str, opted_out: bool = True) -> OptOut:  # noqa: FBT001, FBT002  # a fixed public name
        """Record that the owner of this number wants no messages, or wants them again (POST /api/v2/contacts/opt-out).

        Args:
            number: The phone number, of a contact or not.
            opted_out: False to opt in again.

        Returns:
            The number and its state now.

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return self._run(operations.opt_out(number, opted_out, self._region))


class AsyncContacts:
    """The contacts of an account.

    Every field may be given in either spelling, `first_name` or `firstName`. A phone number is in E.164 form, with or
    without the usual punctuation. Every method raises a subclass of `SendblueError` where the request fails.
    """

    def __init__(
        self, run: AsyncRun, run_raw: AsyncRunRaw, region: str | None, run_bulk: AsyncRun | None = None
    ) -> None:
        self._run = run
        self._run_bulk = run_bulk or run
        self._run_raw = run_raw
        self._region = region

    @property
    def bulk(self) -> AsyncBulkContacts:
        """Many contacts at once."""
        return AsyncBulkContacts(self._run_bulk, self._region)

    @property
    def with_raw_response(self) -> AsyncRawContacts:
        """The same calls, which return the `httpx.Response`; its `parse()` gives the value, or raises the error."""
        return AsyncRawContacts(AsyncContacts(cast("AsyncRun", self._run_raw), self._run_raw, self._region))

    @overload
    async def create(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    async def create(self, contact: ContactCreateMapping, /) -> Contact: ...
    async def create(self, number: str | Mapping[str, Any], /, **fields: Any) -> Contact:
        """Create a contact (POST /api/v2/contacts).

        When the answer is lost, the request is repeated, and a conflict then is settled by looking: this call never
        fails with `ConflictError` for a contact that it made itself.

        Args:
            number: The phone number, or one mapping with all the fields, `number` among them.
            fields: `first_name`, `last_name`, `sendblue_number`, `assigned_to_email`, `tags`, `custom_variables`,
                `update_if_exists`. None is as absent.

        Returns:
            The contact as the server has it now.

        Raises:
            ConflictError: The number belongs to a contact already.
            InvalidPhoneNumberError: The number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.

        Example:
            await client.contacts.create("+14155551234", firstName="Ada", tags=["VIP"])
        """
        return await self._run(operations.create(number, fields, self._region))

    @overload
    async def upsert(self, number: str, /, **fields: Unpack[ContactCreateFields]) -> Contact: ...
    @overload
    async def upsert(self, contact: ContactCreateMapping, /) -> Contact: ...
    async def upsert(self, number: str | Mapping[str, Any], /, **fields: Any) -> Contact:
        """Create a contact, or update the one with this number (POST /api/v2/contacts with `update_if_exists`).

        Args:
            number: The phone number, or one mapping with all the fields, `number` among them.
            fields: As for `create`. On a contact that exists an absent field stays, None clears, `tags` replace all
                tags, and `custom_variables` are merged.

        Returns:
            The contact as the server has it now.

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.
        """
        return await self._run(operations.upsert(number, fields, self._region))

    async def retrieve(self, phone_number: str) -> Contact:
        """Retrieve the contact with this number (GET /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is none.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.retrieve(phone_number, self._region))

    async def get(self, phone_number: str) -> Contact | None:
        """The contact with this number, or None if there is none (GET /api/v2/contacts/{phone_number}).

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.get(phone_number, self._region))

    @overload
    async def update(self, phone_number: str, /, **fields: Unpack[ContactUpdateFields]) -> Contact: ...
    @overload
    async def update(self, phone_number: str, changes: ContactUpdateFields, /) -> Contact: ...
    async def update(self, phone_number: str, changes: Mapping[str, Any] | None = None, /, **fields: Any) -> Contact:
        """Change the contact with this number (PUT /api/v2/contacts/{phone_number}).

        Args:
            phone_number: The number that the contact has now.
            changes: The fields as one mapping, instead of keywords.
            fields: `first_name`, `last_name`, `company_name`, `sendblue_number`, `assigned_to_email`, `tags`,
                `custom_variables`, `opt_out`, and `phone_number` for a new number. An absent field is left alone, None
                clears, `tags` replace all tags, `custom_variables` are merged.

        Returns:
            The contact as the server has it now.

        Raises:
            NotFoundError: There is no contact with this number.
            ConflictError: The new number belongs to another contact.
            InvalidPhoneNumberError: A number is none; nothing was sent.
            TypeError: An unknown field, or a value of the wrong type; nothing was sent.
        """
        return await self._run(operations.update(phone_number, changes or {}, fields, self._region))

    async def delete(self, phone_number: str) -> None:
        """Delete the contact with this number (DELETE /api/v2/contacts/{phone_number}).

        Raises:
            NotFoundError: There is none.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.delete(phone_number, self._region))

    def list(
        self,
        *,
        page_size: int = pagination.LARGEST_PAGE,
        max_items: int | None = None,
        order_by: str | None = None,
        order_direction: str | None = None,
        phone_number: str | None = None,
        cid: str | None = None,
        created_at_gte: datetime | None = None,
    ) -> AsyncContactList:
        """List contacts, all of them, oldest first (GET /api/v2/contacts, page by page).

        Nothing is sent before the first contact is asked for.

        Args:
            page_size: Contacts for each request, at most 1000.
            max_items: Stop after so many; None for all.
            order_by: `created_at` (also when left out), `firstName`, `lastName` or `phone`.
            order_direction: `asc` (also when left out) or `desc`.
            phone_number: Only the contact with this number.
            cid: Only the contact with this contact ID.
            created_at_gte: Only contacts created then or later; with a time zone.

        Returns:
            An iterable of contacts, with `.pages()` and `.first()`. Each iteration starts anew.

        Raises:
            IncompleteListError: While iterating: there are more contacts than can be reached in this order.
            ValueError: An argument is out of range.

        Example:
            async for contact in client.contacts.list():
                print(contact.first_name)
        """
        filters = pagination.filters(
            order_by=order_by,
            order_direction=order_direction,
            phone_number=phone_number,
            cid=cid,
            created_at_gte=created_at_gte,
            region=self._region,
        )
        return AsyncContactList(self._run, pagination.walker(filters, page_size, max_items))

    async def count(self, phone_number: str | None = None) -> int:
        """How many contacts there are, or how many with this number (GET /api/v2/contacts/count).

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.count(phone_number, self._region))

    async def verify(self, number: str) -> str:
        """Send a verification message to this number (POST /api/v2/contacts/verify).

        The message reaches a person: the request is never repeated once it may have arrived.

        Returns:
            The status; empty where the server says nothing.

        Raises:
            APIConnectionError: The answer was lost, and the message may have been sent.
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.verify(number, self._region))

    async def opt_out(self, number: str, opted_out: bool = True) -> OptOut:  # noqa: FBT001, FBT002  # a fixed public name
        """Record that the owner of this number wants no messages, or wants them again (POST /api/v2/contacts/opt-out).

        Args:
            number: The phone number, of a contact or not.
            opted_out: False to opt in again.

        Returns:
            The number and its state now.

        Raises:
            InvalidPhoneNumberError: The number is none; nothing was sent.
        """
        return await self._run(operations.opt_out(number, opted_out, self._region))
