"""Spelling. Requests come in any spelling of the document; answers go out in the one that is asked for.

Only fields of the document are respelled. The keys inside `custom_variables` are the account owner's labels and stay
as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.config import Spelling

    from .document import Shape

LONGEST_NAME = 100


def respell(body: Mapping[str, object], shape: Shape) -> dict[str, object]:
    """Bring the fields of a request to their preferred names.

    Args:
        body: The request as it was sent.
        shape: The fields that it may have.

    Returns:
        The same values by preferred names.

    Raises:
        Refused: 400, a field is not in the document, or two spellings of one have different values.
    """
    found: dict[str, object] = {}
    for key, value in body.items():
        name = shape.preferred.get(key)
        if name is None:
            raise Refused(400, f"Unknown field: {key[:LONGEST_NAME]}")
        if name in found and not _same(found[name], value):
            raise Refused(400, f"Conflicting values for {name}: two spellings of it were sent")
        found[name] = value
    return found


def spell(value: object, shape: Shape, spelling: Spelling) -> object:
    """Write an answer in the spelling that is asked for.

    Args:
        value: An object or an array of objects, by preferred names.
        shape: Its fields.
        spelling: `snake` for preferred names, `camel` for first aliases, `both` for both at once, as seen live.
    """
    if isinstance(value, list):
        return [spell(item, shape, spelling) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    spelled: dict[str, object] = {}
    for name, field in cast("dict[str, object]", value).items():
        child = shape.children.get(name)
        written = field if child is None else spell(field, child, spelling)
        for key in keys(name, shape.camel.get(name), spelling):
            spelled[key] = written
    return spelled


def keys(name: str, camel: str | None, spelling: Spelling) -> tuple[str, ...]:
    """The names that a field has in answers.

    Args:
        name: Its preferred name.
        camel: Its first alias, if it has one.
        spelling: The spelling of answers.
    """
    if camel is None or spelling == "snake":
        return (name,)
    return (camel,) if spelling == "camel" else (name, camel)


def _same(one: object, other: object) -> bool:
    # In Python True == 1; in JSON they are two values.
    return type(one) is type(other) and one == other
