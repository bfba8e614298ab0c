"""Listing every contact, page by page. Pure: a `Paginator` returns the next request and reads its page.

The server skips at most 10,000 contacts, so offsets reach the first 11,000. In ascending order of `created_at` the
listing continues from the last timestamp: it requests the contacts created at that time or later, starts again at
offset 0, and drops the contacts that it has already returned. In any other order that is impossible, and the listing
raises `IncompleteListError` instead of ending early.

A page that is shorter than requested is the last page, unless its length is a multiple of 100: then the server may have
reduced the limit, and one more request is needed to find out.
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

MAX_OFFSET = 10_000
MAX_PAGE_SIZE = 1_000
_REDUCED_LIMIT_MULTIPLE = 100

ContactKey = tuple[object, ...]
"""Identifies a contact: by its ID and its number, or uniquely if it has neither."""


def filters(
    *,
    order_by: str | None,
    order_direction: str | None,
    phone_number: str | None,
    cid: str | None,
    created_at_gte: dt.datetime | None,
    region: str | None = None,
) -> dict[str, Any]:
    """Return the checked query parameters of a listing. The default order is oldest first.

    Raises:
        ValueError: The direction is neither `asc` nor `desc`, or the datetime has no time zone.
        TypeError: `created_at_gte` is not a datetime.
        InvalidPhoneNumberError: The phone number is not valid.
    """
    direction = order_direction or "asc"
    if direction not in {"asc", "desc"}:
        message = f"order_direction must be 'asc' or 'desc', not {direction!r}"
        raise ValueError(message)
    number = None if phone_number is None else normalise(phone_number, field="phone_number", default_region=region)
    optional = {"cid": cid, "phone_number": number, "created_at_gte": _with_time_zone(created_at_gte)}
    order = {"order_by": order_by or "created_at", "order_direction": direction}
    return order | {name: value for name, value in optional.items() if value is not None}


def _with_time_zone(value: object) -> dt.datetime | None:
    if value is None:
        return None
    if not isinstance(value, dt.datetime):
        message = f"created_at_gte must be a datetime, not {type(value).__name__}"
        raise TypeError(message)
    if value.tzinfo is None:
        message = "created_at_gte has no time zone; add one, for example with .replace(tzinfo=datetime.UTC)"
        raise ValueError(message)
    return value


def check_size(name: str, value: object, maximum: int | None = None) -> int:
    """Return a number of contacts.

    Raises:
        TypeError: The value is not an int.
        ValueError: The value is out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} must be an int, not {type(value).__name__}"
        raise TypeError(message)
    if value < 1 or (maximum is not None and value > maximum):
        message = f"{name} must be {'1 or more' if maximum is None else f'between 1 and {maximum}'}, not {value}"
        raise ValueError(message)
    return value


@dataclass(frozen=True, slots=True, repr=False)
class ListSettings:
    """The settings of a listing; makes a `Paginator` for each iteration."""

    filters: dict[str, Any]
    page_size: int
    max_items: int | None

    def paginator(self, page_size: int | None = None) -> Paginator:
        """Return a paginator at the beginning of the listing."""
        return Paginator(self.filters, page_size or self.page_size, self.max_items)


def list_settings(filters: dict[str, Any], page_size: object, max_items: object) -> ListSettings:
    """Check the settings of a listing.

    Raises:
        TypeError: A size is not an int.
        ValueError: A size is out of range.
    """
    size = check_size("page_size", page_size, MAX_PAGE_SIZE)
    return ListSettings(filters, size, None if max_items is None else check_size("max_items", max_items))


def _key(contact: Contact) -> ContactKey:
    return (contact.contact_id, contact.phone) if contact.phone or contact.contact_id else (object(),)


@dataclass(slots=True, repr=False)
class Paginator:
    """The state of one iteration over a listing.

    Args:
        filters: The query parameters.
        page_size: Maximum number of contacts in one page.
        max_items: Maximum number of contacts in all pages; None for all contacts.
    """

    filters: dict[str, Any]
    page_size: int = MAX_PAGE_SIZE
    max_items: int | None = None
    returned: int = 0
    """Number of contacts returned so far."""

    _offset: int = 0
    _limit: int = 0
    _expected_repeats: int = 0
    _done: bool = False
    _since: dt.datetime | None = None
    _latest: dt.datetime | None = None
    _sorted: bool = True
    _seen: set[ContactKey] = field(default_factory=set[ContactKey])
    _latest_keys: set[ContactKey] = field(default_factory=set[ContactKey])

    def next_request(self) -> operations.Operation[list[Contact]] | None:
        """Return the request for the next page; None at the end.

        Raises:
            IncompleteListError: There may be more contacts, but no request can reach them.
        """
        if self._done or self.returned == self.max_items:
            return None
        if self._offset > MAX_OFFSET:
            self._continue_from_latest()
        return self.request()

    def request(self) -> operations.Operation[list[Contact]]:
        """Return the request for the page at the current offset."""
        remaining = self._remaining()
        repeats = max(0, self._expected_repeats - self._offset)
        self._limit = self.page_size if remaining is None else min(self.page_size, remaining + repeats)
        offset = {"offset": self._offset} if self._offset else {}
        since = {"created_at_gte": self._since} if self._since else {}
        return operations.page({**self.filters, **since, **offset, "limit": self._limit})

    def accept(self, page: list[Contact]) -> list[Contact]:
        """Return the contacts of a page that were not returned before."""
        self._check_created_at_gte(page)
        keys = [_key(contact) for contact in page]
        unseen = {key: contact for key, contact in zip(keys, page, strict=True) if key not in self._seen}
        self._seen.update(unseen)
        self._track_latest([contact.created_at for contact in page], keys)
        new = list(unseen.values())[: self._remaining()]
        self._offset += len(page)
        self._done = not page or (len(page) < self._limit and len(page) % _REDUCED_LIMIT_MULTIPLE != 0)
        self.returned += len(new)
        return new

    def _remaining(self) -> int | None:
        return None if self.max_items is None else self.max_items - self.returned

    def _track_latest(self, timestamps: list[dt.datetime | None], keys: list[ContactKey]) -> None:
        """Remember the last timestamp and its contacts: they are returned again when the listing continues there."""
        known = [timestamp for timestamp in (self._latest, *timestamps) if timestamp is not None]
        if None in timestamps or known != sorted(known):
            self._sorted = False
        if not self._sorted or not known:
            return
        if known[-1] != self._latest:
            self._latest, self._latest_keys = known[-1], set()
        self._latest_keys.update(
            key for key, timestamp in zip(keys, timestamps, strict=True) if timestamp == self._latest
        )

    def _continue_from_latest(self) -> None:
        if not self._is_oldest_first():
            raise self._incomplete(
                "in this order the server skips at most 10,000 contacts; remove order_by and order_direction"
            )
        if not self._sorted or self._latest is None:
            raise self._incomplete("the server did not sort by created_at, or left it out")
        if self._latest == self._since:
            raise self._incomplete("more contacts have the same created_at than the server can list")
        self._since, self._offset = self._latest, 0
        self._seen = set(self._latest_keys)
        self._expected_repeats = len(self._latest_keys)

    def _is_oldest_first(self) -> bool:
        return self.filters.get("order_by") == "created_at" and self.filters.get("order_direction") == "asc"

    def _check_created_at_gte(self, page: list[Contact]) -> None:
        since = self._since
        if since and any(contact.created_at is not None and contact.created_at < since for contact in page):
            raise self._incomplete("the server ignores created_at_gte")

    def _incomplete(self, problem: str) -> IncompleteListError:
        message = f"cannot list every contact: {problem} ({self.returned} contacts were listed)"
        return IncompleteListError(message, self.returned)
