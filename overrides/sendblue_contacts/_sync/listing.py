# Emitted by scripts/regenerate from _async/listing.py. Edit that file, then run scripts/regenerate.
"""What `contacts.list()` returns, and how each call of a resource has its client send an operation."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sendblue_contacts.sleep import thread_sleep
from sendblue_contacts_api.types import ModelList

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sendblue_contacts.operations import Operation
    from sendblue_contacts.pagination import PageWalk
    from sendblue_contacts.responses import ContactRow
    from sendblue_contacts_api.models.contact import Contact

T = TypeVar("T")


class Send(Protocol):
    """Sends an operation and returns its value. `with_raw_response` has one that returns the response instead."""

    def __call__(self, operation: Operation[T], /) -> T:
        """Send the operation."""
        ...


class ContactList:
    """A lazy listing of contacts. Iterating over it fetches pages as they are needed; each iteration starts again."""

    def __init__(self, send: Send, new_walk: Callable[[], PageWalk]) -> None:
        self._send = send
        self._new_walk = new_walk

    def __iter__(self) -> Iterator[Contact]:
        with closing(self.pages()) as pages:
            for page in pages:
                yield from page

    def pages(self) -> Generator[list[Contact]]:
        """Iterate over the pages: lists of at most `page_size` contacts, usually one for each request.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        return self._pages(self._new_walk())

    def _rows(self, *, trusts_count: bool = False) -> Generator[list[ContactRow]]:
        """Iterate over the pages as rows, for a sync; its plan trusts the count, and notices a missing contact."""
        from sendblue_contacts.pagination import ROWS  # noqa: PLC0415  # many programs list nothing

        walk = self._new_walk()
        walk.form, walk.trusts_count = ROWS, trusts_count
        return self._pages(walk)

    def _pages(self, walk: PageWalk) -> Generator[list[Any]]:
        while (operation := walk.next_request()) is not None:
            if walk.pause:
                thread_sleep(walk.pause)
            contacts = walk.accept(self._send(operation))
            for start in range(0, len(contacts), walk.page_size):
                yield ModelList(contacts[start : start + walk.page_size])

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return all contacts as dicts, for a table: `pandas.DataFrame(client.contacts.list().to_dicts())`.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        return [contact.to_dict() for contact in self]

    def page(self) -> list[Contact]:
        """Return the first page only."""
        walk = self._new_walk()
        walk.max_items = min(walk.page_size, walk.max_items or walk.page_size)
        return self._send(walk.page_request())

    def first(self) -> Contact | None:
        """Return the first contact, with one request for one contact, or None if there is no contact."""
        walk = self._new_walk()
        walk.max_items = 1
        page = self._send(walk.page_request())
        contacts = walk.accept(page)
        return contacts[0] if contacts else None
