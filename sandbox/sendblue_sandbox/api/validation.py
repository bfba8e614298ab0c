"""Validation of request bodies: from bytes to checked values by preferred name. Errors are 400 and name the field.

JSON is accepted as RFC 8259 defines it: UTF-8, no NaN, no unpaired surrogate. An unknown field is refused, because a
misspelled name would otherwise be ignored silently.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, cast

from .errors import ApiError
from .response import JSON_TYPE
from .spelling import to_preferred

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import ObjectSchema

MISSING_FIELDS = "Missing fields"


def parse_json(body: bytes, content_type: str) -> object:
    """Decode a body.

    Args:
        body: The bytes that arrived.
        content_type: The Content-Type header.

    Raises:
        ApiError: 400, the body is empty or not valid JSON.
    """
    if not body:
        raise ApiError(400, MISSING_FIELDS)
    if content_type.partition(";")[0].strip().lower() != JSON_TYPE:
        raise ApiError(400, "Invalid request: the Content-Type of a body must be application/json")
    try:
        return _encodable(json.loads(body.decode(), parse_constant=_refuse_constant))
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid request: the body is not JSON in UTF-8") from None


def validate(schema: ObjectSchema, value: object) -> dict[str, Any]:
    """Check a body, or one item of it, against the document.

    Items of arrays are left to the operation, which checks them one by one, so that an invalid item does not affect
    the others.

    Args:
        schema: The expected fields.
        value: The decoded JSON, in any spelling.

    Returns:
        The values by preferred name, with the defaults of the document.

    Raises:
        ApiError: 400; the message names the invalid field.
    """
    if not isinstance(value, dict):
        raise ApiError(400, "Invalid request: not a JSON object")
    body = to_preferred(cast("dict[str, object]", value), schema)
    if not body.keys() >= set(schema.required):
        raise ApiError(400, MISSING_FIELDS)
    violation = schema.violation({**body, **_without_items(body, schema)})
    if violation:
        raise ApiError(400, f"Invalid field: {violation}")
    return {**schema.defaults, **body}


def echo_fields(request: ObjectSchema, response: ObjectSchema, item: object) -> dict[str, object] | None:
    """Return the fields of a refused bulk item that a contact in a response can have.

    Args:
        request: The schema of the item.
        response: The schema of a contact in responses.
        item: The decoded JSON.
    """
    if not isinstance(item, dict):
        return None
    fields = cast("Mapping[str, object]", item)
    named = {request.preferred[key]: value for key, value in fields.items() if key in request.preferred}
    return {name: value for name, value in named.items() if not response.violation({name: value})}


def _without_items(body: Mapping[str, object], schema: ObjectSchema) -> dict[str, object]:
    return {name: [] for name in schema.children if isinstance(body.get(name), list)}


def _encodable(value: object) -> object:
    # Raises UnicodeEncodeError, a ValueError, for an unpaired surrogate, which cannot be sent back in UTF-8.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not valid JSON"
    raise ValueError(message)
