"""Answers: a status, headers and bytes. A contact comes as JSON already, made when it was written and not each time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from .spelling import keys, spell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.config import Spelling

    from .document import Shape
    from .errors import Refused

Ending: TypeAlias = Literal["whole", "truncated", "reset"]
JSON = "application/json"
ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Rendered(str):
    """JSON, in the spelling of the sandbox, to be taken into an answer as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it goes out.

    Attributes:
        status: The HTTP status.
        body: The body.
        headers: Headers beside those of the body.
        media_type: The Content-Type.
        ending: Whether all of it goes out, or the half, or nothing and the connection is reset.
    """

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    media_type: str = JSON
    ending: Ending = "whole"


def good(value: object, shape: Shape, spelling: Spelling) -> Answer:
    """The answer to a request that was carried out."""
    return Answer(200, _text(value, shape, spelling).encode())


def bad(refused: Refused) -> Answer:
    """The answer to a request that was refused."""
    return Answer(refused.status, ENCODE(refused.body).encode(), refused.headers)


def _text(value: object, shape: Shape, spelling: Spelling) -> str:
    if not isinstance(value, dict):
        return _fragment(value, shape, spelling)
    parts: list[str] = []
    for name, each in cast("dict[str, object]", value).items():
        child = shape.children.get(name)
        text = ENCODE(each) if child is None else _fragment(each, child, spelling)
        parts += [f"{ENCODE(key)}:{text}" for key in keys(name, shape.camel.get(name), spelling)]
    return "{" + ",".join(parts) + "}"


def _fragment(value: object, shape: Shape, spelling: Spelling) -> str:
    if isinstance(value, Rendered):
        return value
    rendered = _rendered(value)
    return "[" + ",".join(rendered) + "]" if rendered else ENCODE(spell(value, shape, spelling))


def _rendered(value: object) -> list[Rendered]:
    # All items of a list are, or none is.
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, Rendered)]
