"""Query parameters: from text to values, checked against the document. Errors are 400 and name the parameter.

An unknown parameter is refused, like an unknown field: a misspelled filter would otherwise list every contact.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .errors import ApiError, unknown_name
from .rendering import EPOCH

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from .document import QuerySchema

# Python refuses to parse thousands of digits; a number cut to 18 digits is still above every maximum.
MAX_DIGITS = 18
INTEGER = re.compile(r"[0-9]+")
NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")


def parse_query(schema: QuerySchema, text: str) -> dict[str, Any]:
    """Parse a query string.

    Args:
        schema: The known parameters.
        text: The query string as sent.

    Returns:
        The values by name, with the defaults of the document; numbers and booleans are converted, and arrays are lists.

    Raises:
        ApiError: 400, a parameter is unknown, invalid or repeated.
    """
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True) if text else ():
        if name not in schema.parameters:
            raise unknown_name("parameter", name)
        given.setdefault(name, []).append(value)
    found = {name: _value(schema, name, texts) for name, texts in given.items()}
    violation = schema.violation(found) if found else None
    if violation:
        raise ApiError(400, f"Invalid parameter: {violation}")
    return {**schema.defaults, **found}


def _value(schema: QuerySchema, name: str, texts: list[str]) -> object:
    """Return the value of a parameter from the texts that were sent for it."""
    if len(texts) > 1 and (name in schema.separated or not schema.is_array(name)):
        raise ApiError(400, f"Invalid parameter: {name} was sent twice")
    items = texts[0].split(",") if name in schema.separated else texts
    convert = CONVERTERS.get(schema.item_type(name), str)
    values = [convert(item) for item in items]
    return values if schema.is_array(name) else values[0]


def integer_param(query: Mapping[str, str], name: str, default: int, low: int, high: int | None) -> int:
    """Return an integer parameter that is not in the document.

    Args:
        query: The parameters as sent.
        name: The name of the parameter.
        default: The value if it was not sent.
        low: The smallest allowed value.
        high: The largest allowed value; None for no maximum.
    """
    value = _to_integer(query[name]) if name in query else default
    if isinstance(value, str) or not low <= value <= (math.inf if high is None else high):
        allowed = f"of at least {low}" if high is None else f"from {low} to {high}"
        raise ApiError(400, f"Invalid parameter: {name} must be an integer {allowed}")
    return value


def choice_param(query: Mapping[str, str], name: str, choices: Collection[str]) -> str:
    """Return a parameter that must be one of some words."""
    text = query[name]
    if text not in choices:
        raise ApiError(400, f"Invalid parameter: {name} must be one of {', '.join(choices)}")
    return text


def timestamp_param(query: Mapping[str, str], name: str) -> float | None:
    """Return an ISO 8601 timestamp with a time zone as milliseconds since 1970; None if it was not sent."""
    text = query.get(name)
    if text is None:
        return None
    try:
        return (datetime.fromisoformat(text) - EPOCH) / timedelta(milliseconds=1)
    except (ValueError, TypeError, OverflowError):
        message = f"Invalid parameter: {name} must be ISO 8601 with a time zone, for example 2024-01-15T10:30:00Z"
        raise ApiError(400, message) from None


def _to_integer(text: str) -> int | str:
    return int(text.lstrip("0")[:MAX_DIGITS] or "0") if INTEGER.fullmatch(text) else text


def _to_number(text: str) -> float | str:
    return float(text) if NUMBER.fullmatch(text) else text


CONVERTERS: dict[str, Callable[[str], object]] = {
    "integer": _to_integer,
    "number": _to_number,
    "boolean": lambda text: {"true": True, "false": False}.get(text, text),
}
"""How the text of a parameter is read, by its type. Text of another form is left as it is, and refused."""
