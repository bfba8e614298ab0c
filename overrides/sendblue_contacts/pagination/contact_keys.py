"""Which contacts of different pages are the same, and whether they match the filter."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts_api.models.contact import Contact

ContactKey = tuple[object, ...]  # the number and the ID of a contact, or else all that it has
_TOLERANCE = dt.timedelta(days=1)  # the time that is shown may be local time


def by_key(page: list[Contact]) -> dict[ContactKey, Contact]:
    """Return the contacts of a page by their keys. Of contacts without a number, equal ones are counted."""
    equal = Counter[str]()
    keys: dict[ContactKey, Contact] = {}
    for contact in page:
        text = f"{contact.phone}\n{contact.contact_id}" if contact.phone else repr(contact.to_dict())
        equal[text] += not contact.phone
        keys[text, equal[text]] = contact
    return keys


def ignored_filter(filters: Mapping[str, Any], page: list[Contact]) -> str:
    """Return the name of a filter that a contact of the page does not match; an empty string if all match."""
    since = filters.get("created_at_gte")
    for contact in page:
        for name, value in (("phone_number", contact.phone), ("cid", contact.contact_id)):
            if name in filters and value and _letters(value) != _letters(filters[name]):
                return name
        if since and contact.created_at and contact.created_at < since - _TOLERANCE:
            return "created_at_gte"
    return ""


def _letters(value: object) -> str:
    return re.sub(r"\W", "", str(value))  # a number may be shown with other punctuation
