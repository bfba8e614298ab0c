"""The arguments of `contacts.list()`, checked. `scripts/regenerate` emits that method from `new_walk`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from sendblue_contacts_api.types import Field

from sendblue_contacts.errors import check_size
from sendblue_contacts.fields import check

from .walk import PageWalk
from .window import MAX_PAGE_SIZE, OLDEST_FIRST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def new_walk(
    *,
    page_size: int = MAX_PAGE_SIZE,
    max_items: int | None = None,
    order_by: str | None = None,
    order_direction: str | None = None,
    filters: Mapping[str, tuple[str, Any]],
    region: str | None = None,
    filtered: bool = False,
    read_lag: float = 0.0,
) -> Callable[[], PageWalk]:
    """List all contacts, oldest first, page by page.

    No request is sent until the first contact is read. Every contact that exists all the time is listed exactly
    once, also if contacts are created or deleted meanwhile, or else the listing ends with an error. For that, each
    page repeats a contact of the page before, and two more requests count the contacts and look for further ones.

    Args:
        page_size: Contacts per request, at most 1000.
        max_items: The maximum number of contacts; None lists all.
        order_by: {order_by}.
        order_direction: `asc` (default) or `desc`.
        filters: The kind and the value of each query parameter that leaves contacts out, by name.
        region: The region of numbers in national format.
        filtered: Whether the client adds a filter to each request.
        read_lag: Seconds by which reads may lag behind writes.

    Returns:
        An iterable of contacts, with `.pages()` and `.first()`. Each iteration starts again.

    Raises:
        IncompleteListError: While iterating: there are more contacts than were listed, because this order cannot
            reach them or because the server does not return them.
        ValueError: An argument is out of range.

    Example:
        async for contact in client.contacts.list():
            print(contact.phone)
    """
    size = check_size("page_size", page_size, MAX_PAGE_SIZE)
    total = None if max_items is None else check_size("max_items", max_items)
    direction = order_direction or "asc"
    if direction not in {"asc", "desc"}:
        raise ValueError(f"order_direction must be 'asc' or 'desc', not {direction!r}")
    order = {"order_by": order_by or OLDEST_FIRST["order_by"], "order_direction": direction}
    given = {name: _filter(name, *each, region) for name, each in filters.items() if each[1] is not None}
    return lambda: PageWalk(order | given, size, total, filtered or bool(given), read_lag)


def _filter(name: str, kind: str, value: object, region: str | None) -> Any:  # noqa: ANN401  # of the kind
    if kind == "date-time":
        return _aware_datetime(name, value)
    if kind in {"array[date]", "array[date-time]"}:
        each, items = kind[len("array[") : -1], check(name, Field("array[any]"), value)
        return [_filter(f"{name}[{place}]", each, item, region) for place, item in enumerate(items)]
    checked = check(name, Field(kind), value, region)
    return date.fromisoformat(checked) if kind == "date" else checked


def _aware_datetime(name: str, value: object) -> datetime:
    """Return a time. Text that has no offset is in UTC, as the dates of the server are."""
    if not isinstance(value, (datetime, str)):
        raise TypeError(f"{name} must be a datetime or ISO 8601 text, not {type(value).__name__}")
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError(f"{name} is not ISO 8601; write it like 2024-01-15 or 2024-01-15T10:30:00Z") from None
    if moment.tzinfo is None and not isinstance(value, str):
        raise ValueError(f"{name} has no time zone; add one, for example with .replace(tzinfo=datetime.UTC)")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
