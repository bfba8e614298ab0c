"""Field names: requests use any spelling of the document, responses use the configured one.

Only fields of the document have several spellings. The keys inside `custom_variables` are labels of the account owner
and never change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from .errors import ApiError, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.config import Spelling

    from .document import ObjectSchema


def to_preferred(body: Mapping[str, object], schema: ObjectSchema) -> dict[str, object]:
    """Convert the field names of a request, and of the objects in it, to the preferred names.

    Args:
        body: The request body as sent.
        schema: The fields that it may have.

    Returns:
        The same values by preferred name.

    Raises:
        ApiError: 400, a field is unknown, or two spellings of a field have different values.
    """
    found: dict[str, object] = {}
    for key, value in body.items():
        name = schema.preferred.get(key)
        if name is None:
            raise unknown_name("field", key)
        child = schema.children.get(name)
        content = to_preferred(cast("dict[str, object]", value), child) if child and isinstance(value, dict) else value
        if name in found and not _same(found[name], content):
            raise ApiError(400, f"Conflicting values for {name}: two spellings of it were sent")
        found[name] = content
    return found


def contact_field(contact: ObjectSchema, schema: ObjectSchema, name: str) -> str | None:
    """Return the field of a contact that holds a field of a request: it has one of its spellings."""
    if name in contact.preferred:
        return contact.preferred[name]
    spellings = (spelling for spelling, preferred in schema.preferred.items() if preferred == name)
    return next((contact.preferred[spelling] for spelling in spellings if spelling in contact.preferred), None)


def to_spelling(value: object, schema: ObjectSchema, spelling: Spelling) -> object:
    """Convert preferred field names to the spelling of responses.

    Args:
        value: An object or an array of objects, by preferred name.
        schema: Their fields.
        spelling: `snake` for preferred names, `camel` for first aliases, `both` for both of them.
    """
    if isinstance(value, list):
        return [to_spelling(item, schema, spelling) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    converted: dict[str, object] = {}
    for name, field in cast("dict[str, object]", value).items():
        child = schema.children.get(name)
        content = field if child is None else to_spelling(field, child, spelling)
        for key in field_keys(name, schema.camel.get(name), spelling):
            converted[key] = content
    return converted


def field_keys(name: str, camel: str | None, spelling: Spelling) -> tuple[str, ...]:
    """Return the keys of a field in responses.

    Args:
        name: Its preferred name.
        camel: Its first alias, if it has one.
        spelling: The spelling of responses.
    """
    if camel is None or spelling == "snake":
        return (name,)
    return (camel,) if spelling == "camel" else (name, camel)


def _same(one: object, other: object) -> bool:
    # In Python True == 1; in JSON they differ.
    return type(one) is type(other) and one == other
