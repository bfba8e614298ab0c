"""The call that lists contacts, the only one that sends several requests. `pagination` decides about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sendblue_contacts import pagination

from .listing import AsyncContactList

if TYPE_CHECKING:
    from datetime import datetime

    from .sending import AsyncSend


class AsyncListCalls:
    """The calls of `contacts` that are not emitted from `operations`."""

    def __init__(self, send: AsyncSend, region: str | None, *, filtered: bool = False, read_lag: float = 0.0) -> None:
        self._send = send
        self._region = region
        self._filtered = filtered
        self._read_lag = read_lag

    def list(
        self,
        *,
        page_size: int = pagination.MAX_PAGE_SIZE,
        max_items: int | None = None,
        order_by: str | None = None,
        order_direction: str | None = None,
        phone_number: str | None = None,
        cid: str | None = None,
        created_at_gte: datetime | str | None = None,
    ) -> AsyncContactList:
        """List all contacts, oldest first (GET /api/v2/contacts, page by page).

        No request is sent until the first contact is read. Every contact that exists all the time is listed exactly
        once, also if contacts are created or deleted meanwhile, or else the listing ends with an error. For that, each
        page repeats a contact of the page before, and one more request counts the contacts or looks for further ones.

        Args:
            page_size: Contacts per request, at most 1000.
            max_items: The maximum number of contacts; None lists all.
            order_by: `created_at` (default), `firstName`, `lastName` or `phone`.
            order_direction: `asc` (default) or `desc`.
            phone_number: Only the contact with this number.
            cid: Only the contact with this contact ID.
            created_at_gte: Only contacts created at or after this time: a datetime with a time zone, or ISO 8601 text,
                which is in UTC if it has no time zone.

        Returns:
            An iterable of contacts, with `.pages()` and `.first()`. Each iteration starts again.

        Raises:
            IncompleteListError: While iterating: there are more contacts than were listed, because this order cannot
                reach them or because the server does not return them.
            ValueError: An argument is out of range.

        Example:
            async for contact in client.contacts.list():
                print(contact.first_name)
        """
        new_walk = pagination.new_walk(
            page_size,
            max_items,
            order_by=order_by,
            order_direction=order_direction,
            phone_number=phone_number,
            cid=cid,
            created_at_gte=created_at_gte,
            region=self._region,
            filtered=self._filtered,
            read_lag=self._read_lag,
        )
        return AsyncContactList(self._send, new_walk)
