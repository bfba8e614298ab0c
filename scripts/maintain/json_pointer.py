"""JSON pointers (RFC 6901) into the document, with or without a leading `#`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def steps_of(pointer: str) -> list[str]:
    """Return the steps of a pointer such as `#/paths/~1pets/get`."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("#").split("/")[1:]]


def as_step(name: str) -> str:
    """Return a key in the spelling of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def at(document: Any, pointer: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the part of `document` that `pointer` points to, or None if it does not exist."""
    return follow(document, steps_of(pointer))


def follow(part: Any, steps: Iterable[str | int]) -> Any:  # noqa: ANN401 - any JSON value
    """Return what the keys and indexes `steps` lead to from `part`, or None if it does not exist."""
    for step in steps:
        try:
            part = part[int(step)] if isinstance(part, list) else part[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return part
