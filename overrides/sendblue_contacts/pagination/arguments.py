"""The arguments of `contacts.list()`, checked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sendblue_contacts.phone import normalise

from .walk import PageWalk
from .window import MAX_PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable


def new_walk(
    page_size: object,
    max_items: object,
    *,
    order_by: str | None,
    order_direction: str | None,
    phone_number: str | None,
    cid: str | None,
    created_at_gte: dt.datetime | str | None,
    region: str | None,
    filtered: bool,
    read_lag: float,
) -> Callable[[], PageWalk]:
    """Check the arguments, and return a function that begins a `PageWalk`. The default order is oldest first.

    Raises:
        ValueError: The direction is neither `asc` nor `desc`, a size is out of range, `created_at_gte` is a datetime
            without a time zone, or it is text that is not ISO 8601.
        TypeError: A size is not an int, or `created_at_gte` is neither a datetime nor text.
        InvalidPhoneNumberError: The phone number is not valid.
    """
    size = check_size("page_size", page_size, MAX_PAGE_SIZE)
    total = None if max_items is None else check_size("max_items", max_items)
    direction = order_direction or "asc"
    if direction not in {"asc", "desc"}:
        message = f"order_direction must be 'asc' or 'desc', not {direction!r}"
        raise ValueError(message)
    filters: dict[str, Any] = {"order_by": order_by or "created_at", "order_direction": direction}
    if phone_number is not None:
        filters["phone_number"] = normalise(phone_number, field="phone_number", default_region=region)
    filters |= {} if cid is None else {"cid": cid}
    filters |= {} if created_at_gte is None else {"created_at_gte": _aware_datetime(created_at_gte)}
    return lambda: PageWalk(filters, size, total, filtered, read_lag)


def _aware_datetime(value: object) -> dt.datetime:
    """Return a time. Text that has no offset is in UTC, as the dates of the server are."""
    if not isinstance(value, (dt.datetime, str)):
        message = f"created_at_gte must be a datetime or ISO 8601 text, not {type(value).__name__}"
        raise TypeError(message)
    try:
        moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        message = "created_at_gte is not ISO 8601; write it like 2024-01-15 or 2024-01-15T10:30:00Z"
        raise ValueError(message) from None
    if moment.tzinfo is None and not isinstance(value, str):
        message = "created_at_gte has no time zone; add one, for example with .replace(tzinfo=datetime.UTC)"
        raise ValueError(message)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


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
