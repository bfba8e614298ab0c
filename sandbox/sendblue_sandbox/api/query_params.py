"""The query string: text to values, checked against the document. What cannot be read is a 400 that names it.

A parameter that the document does not have is refused too, as a field is: a mistyped filter would else list everything.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .errors import Refused
from .rendering import EPOCH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .document import Query

LONGEST_NAME = 100
# Python refuses to read thousands of digits; a number cut to 18 of them is still above every maximum.
MOST_DIGITS = 18
WHOLE = re.compile(r"[0-9]+")


def asked(query: Query, text: str) -> dict[str, Any]:
    """Read a query string.

    Args:
        query: The parameters that there are.
        text: The query string as it was sent.

    Returns:
        Values by name, whole numbers as such.

    Raises:
        Refused: 400, a parameter is unknown, comes twice, or is not as documented.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True) if text else ():
        if name not in query.parameters:
            raise Refused(400, f"Unknown parameter: {name[:LONGEST_NAME]}")
        if name in found:
            raise Refused(400, f"Invalid parameter: {name} was sent twice")
        found[name] = _whole(value) if query.is_whole(name) else value
    complaint = query.complaint(found) if found else None
    if complaint:
        raise Refused(400, f"Invalid parameter: {complaint}")
    return found


def number(query: Mapping[str, str], name: str, default: int, low: int, high: int | None) -> int:
    """Read a whole number of a query that the document does not know.

    Args:
        query: The parameters as sent.
        name: Which one.
        default: The value when it was not sent.
        low: The smallest that is taken.
        high: The largest that is taken; None for no end.
    """
    value = _whole(query[name]) if name in query else default
    if isinstance(value, str) or not low <= value <= (math.inf if high is None else high):
        end = "on" if high is None else f"to {high}"
        raise Refused(400, f"Invalid parameter: {name} must be a whole number from {low} {end}")
    return value


def choice(query: Mapping[str, str], name: str, choices: Collection[str], default: str) -> str:
    """Read one of a few words."""
    text = query.get(name, default)
    if text not in choices:
        raise Refused(400, f"Invalid parameter: {name} must be one of {', '.join(choices)}")
    return text


def moment(query: Mapping[str, str], name: str) -> float | None:
    """Read a moment, ISO 8601 with a time zone, as milliseconds since 1970; None when it was not sent."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return (datetime.fromisoformat(text) - EPOCH) / timedelta(milliseconds=1)
    except (ValueError, TypeError, OverflowError):
        raise Refused(
            400, f"Invalid parameter: {name} must be ISO 8601 with a time zone, as 2024-01-15T10:30:00Z"
        ) from None


def _whole(text: str) -> int | str:
    return int(text.lstrip("0")[:MOST_DIGITS] or "0") if WHOLE.fullmatch(text) else text
