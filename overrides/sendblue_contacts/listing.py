"""What `contacts.list()` returns: nothing is sent before a contact is asked for, and each iteration starts anew."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    from sendblue_contacts_api.models.contact import Contact

    from .pagination import Walker
    from .running import AsyncRun, Run


class ContactList:
    """A listing: iterate over it for its contacts, which are fetched page by page as they are needed."""

    def __init__(self, run: Run, walk: Walker) -> None:
        self._run = run
        self._walk = walk

    def __iter__(self) -> Iterator[Contact]:
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[Contact]]:
        """The contacts in lists of at most `page_size`, one for each request."""
        walk = self._walk()
        while (operation := walk.next()) is not None:
            if page := walk.accept(self._run(operation)):
                yield page

    def page(self) -> list[Contact]:
        """The first page alone."""
        return self._run(self._walk().start())

    def first(self) -> Contact | None:
        """The first contact, by one request for one contact; None if there is none."""
        page = self._run(self._walk(page_size=1).start())
        return page[0] if page else None


class AsyncContactList:
    """A listing: iterate over it for its contacts, which are fetched page by page as they are needed."""

    def __init__(self, run: AsyncRun, walk: Walker) -> None:
        self._run = run
        self._walk = walk

    async def __aiter__(self) -> AsyncIterator[Contact]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for contact in page:
                    yield contact

    async def pages(self) -> AsyncGenerator[list[Contact]]:
        """The contacts in lists of at most `page_size`, one for each request."""
        walk = self._walk()
        while (operation := walk.next()) is not None:
            if page := walk.accept(await self._run(operation)):
                yield page

    async def page(self) -> list[Contact]:
        """The first page alone."""
        return await self._run(self._walk().start())

    async def first(self) -> Contact | None:
        """The first contact, by one request for one contact; None if there is none."""
        page = await self._run(self._walk(page_size=1).start())
        return page[0] if page else None
