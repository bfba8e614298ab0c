"""What `contacts.list()` returns: a lazy listing that sends no request until a contact is read."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.pagination import ListSettings

    from .sending import AsyncSend


class AsyncContactList:
    """A lazy listing of contacts. Iterating over it fetches pages as they are needed; each iteration starts again."""

    def __init__(self, send: AsyncSend, settings: ListSettings) -> None:
        self._send = send
        self._settings = settings

    async def __aiter__(self) -> AsyncIterator[Contact]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for contact in page:
                    yield contact

    async def pages(self) -> AsyncGenerator[list[Contact]]:
        """Iterate over the pages: lists of at most `page_size` contacts, one for each request."""
        paginator = self._settings.paginator()
        while (operation := paginator.next_request()) is not None:
            if page := paginator.accept(await self._send(operation)):
                yield page

    async def page(self) -> list[Contact]:
        """Return the first page only."""
        return await self._send(self._settings.paginator().request())

    async def first(self) -> Contact | None:
        """Return the first contact, with one request for one contact, or None if there is no contact."""
        page = await self._send(self._settings.paginator(page_size=1).request())
        return page[0] if page else None
