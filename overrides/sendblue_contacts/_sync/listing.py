# Emitted by scripts/regenerate from _async/listing.py. Edit that file, then run scripts/regenerate.
"""What `contacts.list()` returns: a lazy listing that sends no request until a contact is read."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sendblue_contacts.pagination import ListSettings
    from sendblue_contacts_api.models.contact import Contact

    from .sending import Send


class ContactList:
    """A lazy listing of contacts. Iterating over it fetches pages as they are needed; each iteration starts again."""

    def __init__(self, send: Send, settings: ListSettings) -> None:
        self._send = send
        self._settings = settings

    def __iter__(self) -> Iterator[Contact]:
        with closing(self.pages()) as pages:
            for page in pages:
                yield from page

    def pages(self) -> Generator[list[Contact]]:
        """Iterate over the pages: lists of at most `page_size` contacts, one for each request."""
        paginator = self._settings.paginator()
        while (operation := paginator.next_request()) is not None:
            if page := paginator.accept(self._send(operation)):
                yield page

    def page(self) -> list[Contact]:
        """Return the first page only."""
        return self._send(self._settings.paginator().request())

    def first(self) -> Contact | None:
        """Return the first contact, with one request for one contact, or None if there is no contact."""
        page = self._send(self._settings.paginator(page_size=1).request())
        return page[0] if page else None
