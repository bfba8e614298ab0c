"""The arguments of `contacts.list()`, checked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sendblue_contacts.phone import normalise

from .walk import MAX_PAGE_SIZE, PageWalk

if TYPE_CHECKING:
    from collections.abc import Mapping


def filters(
    *,
    order_by: str | None,
    order_direction: str | None,
    phone_number: str | None,
    cid: str | None,
    created_at_gte: dt.datetime | str | None,
    region: str | None = None,
) -> dict[str, Any]:
    """Return the checked query parameters of a listing. The default order is oldest first.

    Raises:
        ValueError: The direction is neither `asc` nor `desc`, `created_at_gte` is a datetime without a time zone, or it
            is text that is not ISO 8601.
        TypeError: `created_at_gte` is neither a datetime nor text.
        InvalidPhoneNumberError: The phone number is not valid.
    """
    direction = order_direction or "asc"
    if direction not in {"asc", "desc"}:
        message = f"order_direction must be 'asc' or 'desc', not {direction!r}"
        raise ValueError(message)
    number = None if phone_number is None else normalise(phone_number, field="phone_number", default_region=region)
    since = None if created_at_gte is None else _aware_datetime(created_at_gte)
    optional = {"cid": cid, "phone_number": number, "created_at_gte": since}
    order = {"order_by": order_by or "created_at", "order_direction": direction}
    return order | {name: value for name, value in optional.items() if value is not None}


def _aware_datetime(value: object) -> dt.datetime:
    if isinstance(value, str):
        return _from_iso(value)
    if not isinstance(value, dt.datetime):
        message = f"created_at_gte must be a datetime or ISO 8601 text, not {type(value).__name__}"
        raise TypeError(message)
    if value.tzinfo is None:
        message = "created_at_gte has no time zone; add one, for example with .replace(tzinfo=datetime.UTC)"
        raise ValueError(message)
    return value


def _from_iso(text: str) -> dt.datetime:
    """Parse a date, or a date and time, which is in UTC if it has no offset: as the server's dates are read."""
    try:
        value = dt.datetime.fromisoformat(text)
    except ValueError:
        message = "created_at_gte is not ISO 8601; write it like 2024-01-15 or 2024-01-15T10:30:00Z"
        raise ValueError(message) from None
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)


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
    """The settings of a listing; makes a `PageWalk` for each iteration.

    Attributes:
        filters: The query parameters.
        page_size: Maximum number of contacts in one page.
        max_items: Maximum number of contacts in all pages; None for all contacts.
        filtered: Whether further query parameters may leave contacts out.
    """

    filters: Mapping[str, Any]
    page_size: int
    max_items: int | None
    filtered: bool = False

    def walk(self, max_items: int | None = None) -> PageWalk:
        """Return a walk that begins at the first page; `max_items` replaces that of the settings."""
        return PageWalk(self.filters, self.page_size, max_items or self.max_items, filtered=self.filtered)


def list_settings(
    filters: Mapping[str, Any], page_size: object, max_items: object, *, filtered: bool = False
) -> ListSettings:
    """Check the settings of a listing.

    Raises:
        TypeError: A size is not an int.
        ValueError: A size is out of range.
    """
    size = check_size("page_size", page_size, MAX_PAGE_SIZE)
    total = None if max_items is None else check_size("max_items", max_items)
    return ListSettings(filters, size, total, filtered)
