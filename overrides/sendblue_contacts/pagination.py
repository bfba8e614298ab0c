"""Walking a list to its end. Pure: `Walk` says which page to ask for and which contacts are new; a driver asks.

The server skips at most 10,000 contacts, so that an offset reaches 11,000 and no more. In ascending order of
`created_at` the walk goes on from there: it asks for what was created at the last timestamp or later, starts again at
offset 0, and drops what it has seen. In any other order it cannot, and says so (`IncompleteListError`) rather than to
return less than everything.

A page that is shorter than asked for is the last one, unless its length is a round hundred: then the server may have
lowered the limit by itself, and one more request finds out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import operations
from .errors import IncompleteListError
from .phone import normalise

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

HIGHEST_OFFSET = 10_000
LARGEST_PAGE = 1_000
_ROUND = 100

Identity = tuple[object, ...]
"""What tells a contact from others: its ID and its number, or nothing but itself where it has neither."""


def filters(
    *,
    order_by: str | None,
    order_direction: str | None,
    phone_number: str | None,
    cid: str | None,
    created_at_gte: dt.datetime | None,
    region: str | None = None,
) -> dict[str, Any]:
    """The parameters of a listing, checked; oldest first unless another order is asked for.

    Raises:
        ValueError: A direction that is neither `asc` nor `desc`, or a datetime without a time zone.
        TypeError: `created_at_gte` is no datetime.
        InvalidPhoneNumberError: The number is none.
    """
    direction = order_direction or "asc"
    if direction not in {"asc", "desc"}:
        message = f"order_direction must be 'asc' or 'desc', not {direction!r}"
        raise ValueError(message)
    number = None if phone_number is None else normalise(phone_number, field="phone_number", default_region=region)
    given = {"cid": cid, "phone_number": number, "created_at_gte": _moment(created_at_gte)}
    order = {"order_by": order_by or "created_at", "order_direction": direction}
    return order | {name: value for name, value in given.items() if value is not None}


def _moment(value: object) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        message = f"created_at_gte must be a datetime, not {type(value).__name__}"
        raise TypeError(message)
    if value.tzinfo is None:
        message = "created_at_gte has no time zone; add one, such as .replace(tzinfo=datetime.UTC)"
        raise ValueError(message)
    return value


def check_size(name: str, value: object, most: int | None = None) -> int:
    """A number of contacts.

    Raises:
        TypeError: It is no whole number.
        ValueError: It is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} must be a whole number, not {type(value).__name__}"
        raise TypeError(message)
    if value < 1 or (most is not None and value > most):
        message = f"{name} must be {'1 or more' if most is None else f'between 1 and {most}'}, not {value}"
        raise ValueError(message)
    return value


@dataclass(frozen=True, slots=True, repr=False)
class Walker:
    """What a walk needs; makes a new walk at each call."""

    filters: dict[str, Any]
    page_size: int
    max_items: int | None

    def __call__(self, page_size: int | None = None) -> Walk:
        """A new walk."""
        return Walk(self.filters, page_size or self.page_size, self.max_items)


def walker(filters: dict[str, Any], page_size: object, max_items: object) -> Walker:
    """A maker of walks.

    Raises:
        TypeError: A size is no whole number.
        ValueError: A size is out of range.
    """
    size = check_size("page_size", page_size, LARGEST_PAGE)
    return Walker(filters, size, None if max_items is None else check_size("max_items", max_items))


def _identity(contact: Contact) -> Identity:
    return (contact.contact_id, contact.phone) if contact.phone or contact.contact_id else (object(),)


@dataclass(slots=True, repr=False)
class Walk:
    """A walk through a list, page by page.

    Args:
        filters: What the caller asked for, as parameters of the request.
        page_size: The most contacts of one page.
        max_items: The most contacts of all pages; None for all.
    """

    filters: dict[str, Any]
    page_size: int = LARGEST_PAGE
    max_items: int | None = None
    given: int = 0
    """How many contacts were given so far."""

    _offset: int = 0
    _asked: int = 0
    _repeats: int = 0
    _done: bool = False
    _since: dt.datetime | None = None
    _latest: dt.datetime | None = None
    _sorted: bool = True
    _seen: set[Identity] = field(default_factory=set[Identity])
    _tail: set[Identity] = field(default_factory=set[Identity])

    def next(self) -> operations.Operation[list[Contact]] | None:
        """The request for the next page; None at the end.

        Raises:
            IncompleteListError: There may be more, and nothing reaches it.
        """
        if self._done or self.given == self.max_items:
            return None
        if self._offset > HIGHEST_OFFSET:
            self._start_again()
        return self.start()

    def start(self) -> operations.Operation[list[Contact]]:
        """The request for a page, here and now."""
        room = self._room()
        to_come = max(0, self._repeats - self._offset)
        self._asked = self.page_size if room is None else min(self.page_size, room + to_come)
        place = {"offset": self._offset} if self._offset else {}
        since = {"created_at_gte": self._since} if self._since else {}
        return operations.page({**self.filters, **since, **place, "limit": self._asked})

    def accept(self, page: list[Contact]) -> list[Contact]:
        """The contacts of a page that were not seen before."""
        self._check_advance(page)
        identities = [_identity(contact) for contact in page]
        fresh = {who: contact for who, contact in zip(identities, page, strict=True) if who not in self._seen}
        self._seen.update(fresh)
        self._follow([contact.created_at for contact in page], identities)
        new = list(fresh.values())[: self._room()]
        self._offset += len(page)
        self._done = not page or (len(page) < self._asked and len(page) % _ROUND != 0)
        self.given += len(new)
        return new

    def _room(self) -> int | None:
        return None if self.max_items is None else self.max_items - self.given

    def _follow(self, moments: list[dt.datetime | None], identities: list[Identity]) -> None:
        """Remember the last timestamp and who has it: they come again when the walk goes on from there."""
        known = [moment for moment in (self._latest, *moments) if moment is not None]
        if None in moments or known != sorted(known):
            self._sorted = False
        if not self._sorted or not known:
            return
        if known[-1] != self._latest:
            self._latest, self._tail = known[-1], set()
        self._tail.update(who for who, moment in zip(identities, moments, strict=True) if moment == self._latest)

    def _start_again(self) -> None:
        if not self._ascending():
            raise self._incomplete("in this order the server skips no more than 10,000 contacts; list without an order")
        if not self._sorted or self._latest is None:
            raise self._incomplete("the server did not sort by created_at, or left it out")
        if self._latest == self._since:
            raise self._incomplete("more contacts share one created_at than the server lets anyone reach")
        self._since, self._offset = self._latest, 0
        self._seen = set(self._tail)
        self._repeats = len(self._tail)

    def _ascending(self) -> bool:
        return self.filters.get("order_by") == "created_at" and self.filters.get("order_direction") == "asc"

    def _check_advance(self, page: list[Contact]) -> None:
        since = self._since
        if since and any(contact.created_at is not None and contact.created_at < since for contact in page):
            raise self._incomplete("the server ignores created_at_gte")

    def _incomplete(self, why: str) -> IncompleteListError:
        message = f"cannot list every contact: {why} (so far {self.given} contacts were listed)"
        return IncompleteListError(message, self.given)
