"""The query string: text to values. What cannot be read is a 400 that names the parameter."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ._refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_DIGITS = 18
WHOLE = re.compile(r"[0-9]+")


def whole(query: Mapping[str, str], name: str, schema: Mapping[str, Any], default: int) -> int:
    """Read a whole number of at least the schema's minimum; it may be above its maximum.

    Args:
        query: The parameters as sent.
        name: Which one.
        schema: What the document says of it.
        default: The value when it was not sent.
    """
    text = query.get(name)
    if text is None:
        return default
    low: int = schema["minimum"]
    # Python refuses to read thousands of digits; a number cut to 18 of them is still above every maximum.
    value = int(text.lstrip("0")[:MOST_DIGITS] or "0") if WHOLE.fullmatch(text) else low - 1
    if value < low:
        raise Refused(400, f"Invalid parameter: {name} must be a whole number from {low} on")
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
