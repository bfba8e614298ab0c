"""Responses: a status, headers and bytes. Stored contacts are already JSON, rendered when they were written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from .spelling import field_keys, to_spelling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_sandbox.config import Spelling
    from sendblue_sandbox.faults.fault import Fault

    from .document import ObjectSchema
    from .errors import ApiError

Delivery: TypeAlias = Literal["complete", "truncated", "reset"]
JSON_TYPE = "application/json"
encode_json: Callable[[object], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RenderedJson(str):
    """JSON in the spelling of the sandbox, which becomes part of a response unchanged."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response to send.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: Headers in addition to those that describe the body.
        media_type: The Content-Type.
        delivery: Whether the response is sent completely, or half of it, or the connection is reset instead.
        fault: The fault that changed the response, if any.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    media_type: str = JSON_TYPE
    delivery: Delivery = "complete"
    fault: Fault | None = None


def success_response(value: object, schema: ObjectSchema, spelling: Spelling) -> ApiResponse:
    """Return the response of a successful operation."""
    return ApiResponse(200, _object_json(value, schema, spelling).encode())


def error_response(error: ApiError) -> ApiResponse:
    """Return the response of a refused request."""
    return ApiResponse(error.status, encode_json(error.body).encode(), error.headers)


def _object_json(value: object, schema: ObjectSchema, spelling: Spelling) -> str:
    if not isinstance(value, dict):
        return _value_json(value, schema, spelling)
    members: list[str] = []
    for name, content in cast("dict[str, object]", value).items():
        child = schema.children.get(name)
        text = encode_json(content) if child is None else _value_json(content, child, spelling)
        members += [f"{encode_json(key)}:{text}" for key in field_keys(name, schema.camel.get(name), spelling)]
    return "{" + ",".join(members) + "}"


def _value_json(value: object, schema: ObjectSchema, spelling: Spelling) -> str:
    if isinstance(value, RenderedJson):
        return value
    rendered = _rendered_items(value)
    return "[" + ",".join(rendered) + "]" if rendered else encode_json(to_spelling(value, schema, spelling))


def _rendered_items(value: object) -> list[RenderedJson]:
    # Either all items of a list are rendered, or none.
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, RenderedJson)]
