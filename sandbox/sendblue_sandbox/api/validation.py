"""Request bodies: bytes to checked values under preferred names. Whatever is wrong with one is a 400 that says what.

JSON is taken as strictly as RFC 8259 has it: UTF-8, no NaN, no half surrogate. An unknown field is refused, since the
document does not have it, and a mistyped name would else be lost in silence.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn, cast

from .errors import Refused
from .spelling import respell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Shape

MISSING = "Missing fields"


def parsed(body: bytes, content_type: str) -> object:
    """Read a body.

    Args:
        body: The bytes that arrived.
        content_type: The header of that name.

    Raises:
        Refused: 400, there is no body, or it is not JSON.
    """
    if not body:
        raise Refused(400, MISSING)
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise Refused(400, "Invalid request: the Content-Type of a body must be application/json")
    try:
        return _whole_text(json.loads(body.decode(), parse_constant=_no_constant))
    except (ValueError, RecursionError):
        raise Refused(400, "Invalid request: the body is not JSON in UTF-8") from None


def checked(shape: Shape, raw: object) -> dict[str, Any]:
    """Check a body, or one item of it, against the document.

    Items of arrays are left to whoever takes them one by one, so that a bad one does not lose the others.

    Args:
        shape: What it should be.
        raw: What was sent, in any spelling.

    Returns:
        The values by preferred names.

    Raises:
        Refused: 400, with the field that is wrong.
    """
    if not isinstance(raw, dict):
        raise Refused(400, "Invalid request: not a JSON object")
    body = respell(cast("dict[str, object]", raw), shape)
    if not body.keys() >= set(shape.required):
        raise Refused(400, MISSING)
    complaint = shape.complaint({**body, **_without_items(body, shape)})
    if complaint:
        raise Refused(400, f"Invalid field: {complaint}")
    return body


def echo(sent: Shape, answered: Shape, raw: object) -> dict[str, object] | None:
    """What of a refused bulk item can be said back: its fields that a contact could have.

    Args:
        sent: The shape the item should have had.
        answered: The shape of a contact in answers.
        raw: The item.
    """
    if not isinstance(raw, dict):
        return None
    item = cast("Mapping[str, object]", raw)
    named = {sent.preferred[key]: value for key, value in item.items() if key in sent.preferred}
    return {name: value for name, value in named.items() if not answered.complaint({name: value})}


def _without_items(body: Mapping[str, object], shape: Shape) -> dict[str, object]:
    return {name: [] for name in shape.children if isinstance(body.get(name), list)}


def _whole_text(value: object) -> object:
    # UnicodeEncodeError, a ValueError, where half a surrogate pair stands alone: no UTF-8 can carry it back.
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)
