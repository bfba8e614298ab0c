"""Which contacts of different pages are the same, and whether they match the filter."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts_api.models.contact import Contact

ContactKey = tuple[object, ...]
"""Identifies a contact: by its number and ID, or else by all that it has."""

_TOLERANCE = dt.timedelta(days=1)
"""How much earlier than `created_at_gte` a contact may seem to be created: its time may be local time."""


def by_key(page: list[Contact]) -> dict[ContactKey, Contact]:
    """Return the contacts of a page by their keys."""
    equal = Counter[str]()
    try:
        return {
            (contact.phone, contact.contact_id) if contact.phone else _content(contact, equal): contact
            for contact in page
        }
    except TypeError:  # a number or an ID that is an array or an object
        return {_content(contact, equal): contact for contact in page}


def _content(contact: Contact, equal: Counter[str]) -> ContactKey:
    """Return all that a contact has, and how many contacts before it are equal."""
    text = repr(contact.to_dict())
    equal[text] += 1
    return text, equal[text]


def ignored_filter(filters: Mapping[str, Any], page: list[Contact]) -> str:
    """Return the name of a filter that a contact of the page does not match; an empty string if all match."""
    for name, attribute in (("phone_number", "phone"), ("cid", "contact_id")):
        values = {str(getattr(contact, attribute) or "") for contact in page} if name in filters else set[str]()
        if any(_letters(value) != _letters(filters[name]) for value in values if value):
            return name
    since = filters.get("created_at_gte")
    earliest = since and since - _TOLERANCE
    if earliest and any(contact.created_at and contact.created_at < earliest for contact in page):
        return "created_at_gte"
    return ""


def _letters(value: str) -> str:
    """Return the letters and digits: a number may be shown with other punctuation."""
    return re.sub(r"\W", "", value)
