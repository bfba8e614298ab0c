"""Field names and field values: accepts every spelling, returns preferred names with checked values. Pure.

The names and types of fields come from the tables `FIELDS` of the generated models, those inside an object too. The
keys of a string map (custom variables) belong to the caller and are left as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from numbers import Number
from typing import Any, cast

from sendblue_contacts_api.types import Field, read_date, read_datetime

from . import phone
from ._masking import mask

_MAX_KEY_LENGTH = 64
_PRESENT = frozenset({str, list, dict, bool, int, tuple})
"""Types whose values are never missing."""


def preferred_names(fields: Mapping[str, Field]) -> dict[str, str]:
    """Return the preferred name for each spelling of each field."""
    return {spelling: name for name, each in fields.items() for spelling in (name, *each.aliases)}


@dataclass(frozen=True)
class FieldSet:
    """The fields of one call."""

    call: str  # the name of the call, for errors
    fields: Mapping[str, Field]  # by preferred name
    other_calls: Mapping[str, Mapping[str, Field]]  # which an error suggests where this call lacks a field
    none_is_absent: bool = False  # whether None, NaN, NaT and NA are the same as an absent field
    reads_numbers: bool = False  # whether a phone number can be a number, as in tables
    prefix: str = ""  # precedes the name of a field in errors
    preferred: Mapping[str, str] = field(init=False)  # maps each spelling to the preferred name of its field
    required: Sequence[str] = field(init=False)  # the fields without which the call is invalid

    def __post_init__(self) -> None:
        # Not cached properties, which Python 3.11 locks.
        object.__setattr__(self, "preferred", preferred_names(self.fields))
        object.__setattr__(self, "required", [name for name, each in self.fields.items() if each.required])

    def unknown(self, key: object) -> TypeError:
        """Make the error for a key that is not a field of this call."""
        for call, fields in self.other_calls.items():
            if any(key in (name, *field.aliases) for name, field in fields.items()):
                return TypeError(f"{self.call}: {key} is not a field of this call; set it with {call}")
        from difflib import get_close_matches  # noqa: PLC0415  # only errors need it

        nearest = get_close_matches(str(key)[:_MAX_KEY_LENGTH], self.preferred, n=1)
        hint = f"did you mean {nearest[0]}?" if nearest else f"the fields are {', '.join(self.fields)}"
        return TypeError(f"{self.call}: unknown field {shown_key(key)}; {hint}")


def shown_key(key: object) -> str:
    """Return a key as errors show it: masked, and only the beginning of a long one."""
    return mask(repr(key[:_MAX_KEY_LENGTH] if isinstance(key, str) else key))


def normalise_fields(
    field_set: FieldSet, pairs: Iterable[tuple[str, Any]], default_region: str | None = None
) -> dict[str, Any]:
    """Return the fields under their preferred names, with checked values.

    The keys can be in any spelling, and one of them may occur twice.

    Raises:
        TypeError: A key is unknown, two spellings of one field have different values, a required field is missing, or a
            value has the wrong type.
        ValueError: A date or a phone number is not valid.
    """
    spelled: dict[str, str] = {}
    values: dict[str, Any] = {}
    for key, value in pairs:
        name = field_set.preferred.get(key)
        if name is None:
            raise field_set.unknown(key)
        if value.__class__ is not str:  # as most values are
            if field_set.none_is_absent and is_missing(value):
                continue
            if field_set.reads_numbers and field_set.fields[name].kind == "e164":
                value = phone.number_text(value)  # noqa: PLW2901  # the same value, as text
        checked = check(field_set.prefix + name, field_set.fields[name], value, default_region)
        if name in values and values[name] != checked:
            raise TypeError(
                f"{field_set.call}: {spelled[name]} and {key} are the same field but have different values; "
                "pass one of them"
            )
        spelled[name] = key
        values[name] = checked
    for name in field_set.required:
        if name not in values:
            label = "the phone number" if field_set.fields[name].kind == "e164" else name
            raise TypeError(f"{field_set.call}: {label} is missing; pass it as {name}")
    return values


def is_missing(value: object) -> bool:
    """Whether a value is None, or NaN, NaT or NA, with which tables mark a missing value."""
    if value is None or value.__class__ in _PRESENT:
        return value is None
    if isinstance(value, Number | date):
        return bool(value != value)  # noqa: PLR0124  # the definition of NaN
    return type(value).__name__ == "NAType"  # of pandas, which is not imported for it


def check(name: str, field: Field, value: object, default_region: str | None = None) -> Any:  # noqa: ANN401  # any JSON
    """Return the value as it is sent. TypeError: it has the wrong type; ValueError: it is not valid for the field."""
    if value is None and field.nullable:
        return None
    if field.kind == "e164":
        return phone.normalise(value, field=name, default_region=default_region)
    if field.kind == "object":
        return _object(name, field, value, default_region)
    if field.kind.startswith("array[") and field.kind not in CHECKS:
        each = field._replace(kind=field.kind[len("array[") : -1], nullable=False)
        return [check(f"{name}[{place}]", each, item, default_region) for place, item in enumerate(_list(name, value))]
    checked = CHECKS[field.kind](name, value) if field.kind in CHECKS else value
    if field.choices and checked not in field.choices:
        raise ValueError(f"{name} must be one of {', '.join(map(str, field.choices))}")
    return checked


def _object(name: str, field: Field, value: object, default_region: str | None) -> dict[str, Any]:
    """Return the checked fields of an object, which is a mapping or a model."""
    model = field.model_class
    given: Any = cast("Any", value).to_dict() if isinstance(value, model) else value
    if not isinstance(given, _MAPPINGS):
        raise _wrong_type(name, f"a mapping or {field.model}", value)
    field_set = FieldSet(name, model.FIELDS, {}, prefix=f"{name}.")
    return normalise_fields(field_set, cast("Mapping[str, Any]", given).items(), default_region)


def _wrong_type(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {expected}, not {type(value).__name__}")


def _string(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(name, "a str", value)
    if value.isascii():  # a fast check that covers most values
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{name} contains half a character (a lone surrogate), which cannot be sent; was its file read as UTF-8?"
        ) from None
    return value


def boolean(name: str, value: object) -> bool:
    """Return the value if it is True or False. Other values, such as 1, raise a TypeError."""
    if not isinstance(value, bool):
        raise _wrong_type(name, "True or False", value)
    return value


def _number(name: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(name, "a number", value)
    return value


def _integer(name: str, value: object) -> int:
    """Return an integer. A float with an integral value is accepted, because tables have no other numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(name, "an integer", value)
    return value


def _list(name: str, value: object, of: str = "") -> list[Any]:
    """Return a list. A single string is rejected, because it would be read character by character."""
    if not isinstance(value, _LISTS):
        raise _wrong_type(name, f"a list{of}", value)
    return list(cast("Sequence[Any]", value))


def _string_list(name: str, value: object) -> list[str]:
    items = _list(name, value, " of str")
    return items if _are_strings(items) else [_string(f"{name}[{place}]", item) for place, item in enumerate(items)]


def _string_map(name: str, value: object) -> dict[str, str]:
    if not isinstance(value, _MAPPINGS):
        raise _wrong_type(name, "a mapping of str to str", value)
    items = dict(cast("Mapping[str, str]", value))
    if _are_strings(items) and _are_strings(items.values()):
        return items
    return {_string(f"a key of {name}", key): _string(f"{name}[{shown_key(key)}]", text) for key, text in items.items()}


def _are_strings(values: Iterable[str]) -> bool:
    """Whether all values are strings that can be sent. One check of all values is faster than one check of each."""
    try:
        "".join(values).encode()
    except (TypeError, UnicodeEncodeError):
        return False
    return True


def _date(name: str, value: object) -> str:
    read = read_date(value)
    if read is None:
        raise ValueError(f"{name} is not a valid date; write it as 2024-01-15")
    return read.isoformat()


def _datetime(name: str, value: object) -> str:
    read = read_datetime(value)
    if read is None or read.tzinfo is None:
        raise ValueError(f"{name} is not a valid date and time with a time zone; write it as 2024-01-15T10:30:00Z")
    return read.isoformat()


_LISTS = (list, tuple, set, frozenset)
_MAPPINGS = (dict, Mapping)  # dict comes first because checking an abstract class is slower

CHECKS: dict[str, Callable[[str, object], object]] = {
    "string": _string,
    "enum": _string,
    "boolean": boolean,
    "integer": _integer,
    "number": _number,
    "array[string]": _string_list,
    "map": _string_map,
    "date": _date,
    "date-time": _datetime,
}
"""The check of each kind of value besides phone numbers, objects and arrays. `any` is sent unchecked."""
