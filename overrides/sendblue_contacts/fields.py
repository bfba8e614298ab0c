"""Spelling of fields: every spelling comes in, preferred names with checked values go out. Pure.

What a field is called, and what it holds, comes from the tables `FIELDS` of the generated models. Keys inside a map of
strings (custom variables) are labels of their owner and are never looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any, cast

from sendblue_contacts_api.types import Field, read_date, read_datetime

from . import phone
from .errors import mask


@dataclass(frozen=True)
class FieldSet:
    """What one call takes: its fields, and who takes those that it does not."""

    call: str
    fields: Mapping[str, Field]
    elsewhere: Mapping[str, Mapping[str, Field]]
    none_is_absent: bool = False

    @cached_property
    def preferred(self) -> dict[str, str]:
        """Each spelling, and the preferred name of its field."""
        return {spelling: name for name, field in self.fields.items() for spelling in (name, *field.aliases)}

    def unknown(self, key: object) -> TypeError:
        """The error for a key that is no field of this call."""
        for call, fields in self.elsewhere.items():
            if any(key in (name, *field.aliases) for name, field in fields.items()):
                return TypeError(f"{self.call}: {key} is no field of this call; set it with {call}")
        nearest = get_close_matches(str(key), self.preferred, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the fields are {', '.join(self.fields)}"
        return TypeError(f"{self.call}: unknown field {mask(repr(key))}; {hint}")


def normalise_fields(
    field_set: FieldSet, pairs: Iterable[tuple[str, Any]], default_region: str | None = None
) -> dict[str, Any]:
    """The fields under their preferred names, with checked values.

    Args:
        field_set: What the call takes.
        pairs: Keys in any spelling with their values; a key may come twice.
        default_region: For phone numbers in national field_set.

    Raises:
        TypeError: An unknown key, two spellings of one field with different values, or a value of the wrong type.
        ValueError: A date that cannot be read, or a phone number that is none.
    """
    spelled: dict[str, str] = {}
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = field_set.preferred.get(key)
        if name is None:
            raise field_set.unknown(key)
        if value is None and field_set.none_is_absent:
            continue
        checked = check(name, field_set.fields[name], value, default_region)
        if name in values and values[name] != checked:
            message = f"{field_set.call}: {spelled[name]} and {key} are one field and differ; give one of them"
            raise TypeError(message)
        spelled[name] = key
        values[name] = checked
    return values


def check(name: str, field: Field, value: object, default_region: str | None = None) -> Any:  # noqa: ANN401  # any JSON
    """The value as it goes on the wire.

    Raises:
        TypeError: It is not of the field's type.
        ValueError: It cannot be read as what the field holds.
    """
    if value is None and field.nullable:
        return None
    if field.kind == "e164":
        return phone.normalise(value, field=name, default_region=default_region)
    return CHECKS.get(field.kind, _as_it_is)(name, value)


def _wrong(name: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {wanted}, not {type(value).__name__}")


def _as_it_is(_name: str, value: object) -> object:
    return value


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong(name, "a str", value)
    if value.isascii():  # costs nothing, and most values are
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        message = f"{name} holds half a character (a lone surrogate), which cannot be sent; was its file read in UTF-8?"
        raise ValueError(message) from None
    return value


def boolean(name: str, value: object) -> bool:
    """True or False, and nothing that only looks like it."""
    if not isinstance(value, bool):
        raise _wrong(name, "True or False", value)
    return value


def _number(name: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    return value


def texts(name: str, value: object) -> list[str]:
    """A list of strings; one string is refused, for it would be taken letter by letter."""
    if not isinstance(value, _LISTS):
        raise _wrong(name, "a list of str", value)
    items = list(cast("Sequence[str]", value))
    if not _are_texts(items):
        return [_text(f"{name}[{index}]", item) for index, item in enumerate(items)]
    return items


def _text_map(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, _MAPPINGS):
        raise _wrong(name, "a mapping of str to str", value)
    labels = dict(cast("Mapping[str, str]", value))
    if not _are_texts(labels) or not _are_texts(labels.values()):
        return {
            _text(f"a label of {name}", label): _text(f"{name}[{mask(repr(label))}]", text)
            for label, text in labels.items()
        }
    return labels


def _are_texts(values: Iterable[str]) -> bool:
    """Whether all of these can be sent as text: asked of all at once, for to name each of them takes longer."""
    try:
        "".join(values).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _date(name: str, value: object) -> str:
    read = read_date(value)
    if read is None:
        message = f"{name} is no date that can be read; write it as 2024-01-15"
        raise ValueError(message)
    return read.isoformat()


def _moment(name: str, value: object) -> str:
    read = read_datetime(value)
    if read is None or read.tzinfo is None:
        message = f"{name} is no moment that can be read, or has no time zone; write it as 2024-01-15T10:30:00Z"
        raise ValueError(message)
    return read.isoformat()


_LISTS = (list, tuple, set, frozenset)
_MAPPINGS = (dict, Mapping)  # dict is said too, for to ask an abstract class alone takes longer

CHECKS: dict[str, Callable[[str, object], object]] = {
    "string": _text,
    "enum": _text,
    "boolean": boolean,
    "integer": _number,
    "number": _number,
    "array[string]": texts,
    "map": _text_map,
    "date": _date,
    "date-time": _moment,
}
"""What a value of each kind must be, and what is sent for it. A kind that is not here goes as it is."""
