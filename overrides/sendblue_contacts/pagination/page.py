"""A page of a listing: which contacts of different pages are the same, and whether they match the filter. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from sendblue_contacts_api.models.contact import Contact

from sendblue_contacts import responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Identities = list[Sequence[Any]]  # the numbers, the IDs and `created_at` of contacts

ContactKey = str | tuple[str, int]  # the number and the ID of a contact; or all that it has, and which of equal ones
_TOLERANCE = dt.timedelta(days=1)  # the time that is shown may be local time


class ContactForm(NamedTuple):
    """In which form a walk returns contacts."""

    read: Callable[[object], list[Any]]  # reads a page
    identities: Callable[[list[Any]], Identities]


def _contact_identities(page: list[Contact]) -> Identities:
    return [[*map(read, page)] for read in _READERS]


def _row_identities(page: list[responses.ContactRow]) -> Identities:
    return [[row[place] for row in page] for place in _IDENTITY]


_IDENTITY_FIELDS = ("phone", "contact_id", responses.CREATED_AT)
_READERS = [*map(responses.attribute, _IDENTITY_FIELDS)]
_IDENTITY = [[*Contact.FIELDS].index(responses.CONTACT_NAMES[name]) for name in _IDENTITY_FIELDS]
CONTACTS = ContactForm(responses.contacts, _contact_identities)
ROWS = ContactForm(responses.contact_rows, _row_identities)


class ListPage:
    """The contacts of a response, without repetitions. Their keys are created when they are first used."""

    __slots__ = ("_dates", "contacts", "identities", "length")

    def __init__(self, contacts: list[Any], identities: Identities) -> None:
        self.length: int = len(contacts)
        self.contacts: list[Any] = contacts
        self.identities: Identities = identities
        self._dates: dict[ContactKey, dt.datetime | None] | None = None
        if not _are_distinct(identities[0]) and len(self.dates) < self.length:
            keys = _contact_keys(contacts, *identities[:2])
            places = dict(zip(keys, range(self.length), strict=True)).values()
            self.contacts, *columns = [[column[place] for place in places] for column in (contacts, *identities)]
            self.identities = [*columns]

    @property
    def dates(self) -> dict[ContactKey, dt.datetime | None]:
        """The `created_at` of each contact by its key."""
        if self._dates is None:
            phones, ids, dates = self.identities
            self._dates = dict(zip(_contact_keys(self.contacts, phones, ids), dates, strict=True))
        return self._dates

    @property
    def moments(self) -> list[dt.datetime]:
        """Each `created_at` that a contact has."""
        return [*filter(None, self.identities[-1])]

    def split_undated(self) -> tuple[ListPage, ListPage]:
        """Return the contacts before the first one with a `created_at`, and the others."""
        place = next((place for place, date in enumerate(self.identities[-1]) if date), self.length)
        parts = slice(None, place), slice(place, None)
        first, rest = (ListPage(self.contacts[part], [column[part] for column in self.identities]) for part in parts)
        return first, rest


def _are_distinct(phones: Sequence[Any]) -> bool:
    """Whether all contacts have numbers, and different ones."""
    return {*map(type, phones)} == {str} and len({*phones}) == len(phones) and all(phones)


def _contact_keys(contacts: list[Any], phones: Sequence[Any], ids: Sequence[Any]) -> Iterable[ContactKey]:
    """Return a key of each contact. Of contacts without a number, equal ones are counted."""
    if all(phones):
        try:
            return [*map("\n".join, zip(phones, ids, strict=True))] if any(ids) else "\n".join(phones) and phones
        except TypeError:  # some have no ID, or one that is not text
            pass
    equal = Counter[str]()
    keys: list[ContactKey] = []
    for contact, phone, contact_id in zip(contacts, phones, ids, strict=True):
        if phone:
            keys.append(f"{phone}\n{contact_id}" if contact_id else str(phone))
            continue
        text = repr(contact.to_dict() if isinstance(contact, Contact) else contact)
        equal[text] += 1
        keys.append((text, equal[text]))
    return keys


def ignored_filter(filters: Mapping[str, Any], page: ListPage) -> str:
    """Return the name of a filter that a contact of the page does not match; an empty string if all match."""
    since, names = filters.get("created_at_gte"), {"phone_number", "cid"}.intersection(filters)
    for phone, contact_id, created_at in zip(*page.identities, strict=True) if since or names else ():
        for name, value in (("phone_number", phone), ("cid", contact_id)):
            if name in names and value and _letters(value) != _letters(filters[name]):
                return name
        if since and created_at and created_at < since - _TOLERANCE:
            return "created_at_gte"
    return ""


def _letters(value: object) -> str:
    return re.sub(r"\W", "", str(value))  # a number may be shown with other punctuation
