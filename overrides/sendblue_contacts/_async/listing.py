"""What `contacts.list()` returns, and how each call of a resource has its client send an operation."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sendblue_contacts_api.types import ModelList

from sendblue_contacts.sleep import task_sleep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from sendblue_contacts_api.models.contact import Contact

    from sendblue_contacts.operations import Operation
    from sendblue_contacts.pagination import PageWalk
    from sendblue_contacts.responses import ContactRow

T = TypeVar("T")


class AsyncSend(Protocol):
    """Sends an operation and returns its value. `with_raw_response` has one that returns the response instead."""

    async def __call__(self, operation: Operation[T], /) -> T:
        """Send the operation."""
        ...


class AsyncContactList:
    """A lazy listing of contacts. Iterating over it fetches pages as they are needed; each iteration starts again."""

    def __init__(self, send: AsyncSend, new_walk: Callable[[], PageWalk]) -> None:
        self._send = send
        self._new_walk = new_walk

    async def __aiter__(self) -> AsyncIterator[Contact]:
        async with aclosing(self.pages()) as pages:
            async for page in pages:
                for contact in page:
                    yield contact

    def pages(self) -> AsyncGenerator[list[Contact]]:
        """Iterate over the pages: lists of at most `page_size` contacts, usually one for each request.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        return self._pages(self._new_walk())

    def _rows(self, *, trusts_count: bool = False) -> AsyncGenerator[list[ContactRow]]:
        """Iterate over the pages as rows, for a sync; its plan trusts the count, and notices a missing contact."""
        from sendblue_contacts.pagination import ROWS  # noqa: PLC0415  # many programs list nothing

        walk = self._new_walk()
        walk.form, walk.trusts_count = ROWS, trusts_count
        return self._pages(walk)

    async def _pages(self, walk: PageWalk) -> AsyncGenerator[list[Any]]:
        while (operation := walk.next_request()) is not None:
            if walk.pause:
                await task_sleep(walk.pause)
            contacts = walk.accept(await self._send(operation))
            for start in range(0, len(contacts), walk.page_size):
                yield ModelList(contacts[start : start + walk.page_size])

    async def to_dicts(self) -> list[dict[str, Any]]:
        """Return all contacts as dicts, for a table: `pandas.DataFrame(await client.contacts.list().to_dicts())`.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        return [contact.to_dict() async for contact in self]

    async def page(self) -> list[Contact]:
        """Return the first page only."""
        walk = self._new_walk()
        walk.max_items = min(walk.page_size, walk.max_items or walk.page_size)
        return await self._send(walk.page_request())

    async def first(self) -> Contact | None:
        """Return the first contact, with one request for one contact, or None if there is no contact."""
        walk = self._new_walk()
        walk.max_items = 1
        page = await self._send(walk.page_request())
        contacts = walk.accept(page)
        return contacts[0] if contacts else None
