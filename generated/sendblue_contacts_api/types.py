"""What the models share: the value of a field that is left out, the description of a field, and tolerant readers."""

import datetime
from collections.abc import Callable, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, Generic, Literal, NamedTuple, TypeVar, cast

from attrs import define

T = TypeVar("T")


class Unset:
    """The type of UNSET. There is one object of it, also after pickle, copy and deepcopy."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = Unset()
"""A field that is left out of a request. None is sent as null."""


no_properties: Callable[[], dict[str, Any]] = dict
"""An empty dict, with the types that `dict` alone does not tell."""


class Field(NamedTuple):
    """What the document says of one field."""

    kind: str
    """`string`, `e164` (a phone number), `boolean`, `integer`, `number`, `date`, `date-time`, `enum`, `map`, `object`, `array[<kind>]` or `any`."""
    aliases: tuple[str, ...] = ()
    """The other spellings of its name, the first one being the one that answers use."""
    required: bool = False
    nullable: bool = False
    attribute: str = ""
    """Its name in Python."""


class Shapes(dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]]):
    """For the keys of an answer, in their order: the attributes that they fill, and the keys that no field knows.

    Answers repeat their keys, so this is worked out once for each shape and shared by all objects of that shape.
    """

    LIMIT = 256  # a server that invents keys must not fill the memory

    def __init__(self, fields: Mapping[str, Field]) -> None:
        super().__init__()
        self._attributes = {key: field.attribute for name, field in fields.items() for key in (name, *field.aliases)}

    def __missing__(self, keys: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        known = self._attributes
        shape = frozenset(known[key] for key in keys if key in known), tuple(key for key in keys if key not in known)
        if len(self) < self.LIMIT:
            self[keys] = shape
        return shape


PLAIN_KINDS = frozenset({"boolean", "integer", "number"})


def outline(model: object, fields: Mapping[str, Field]) -> str:
    """A repr that shows which fields have a value, but no text: names and numbers of people must not end up in a log."""
    values = ((field, getattr(model, field.attribute)) for field in fields.values())
    shown = (
        f"{field.attribute}={value if field.kind in PLAIN_KINDS or field.kind == 'object' else '…'}"
        for field, value in values
        if value is not None and value is not UNSET
    )
    return f"{type(model).__name__}({', '.join(shown)})"


def read_datetime(value: object) -> datetime.datetime | None:
    """Read a moment as an aware datetime (UTC where no zone is given), or None if nobody can read it."""
    if isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.datetime.fromisoformat(value)
    except ValueError:
        return _read_odd_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _read_odd_datetime(value: str) -> datetime.datetime | None:
    from dateutil import parser  # imported here: slow to import and rarely needed

    # Read on two different days: a text that leaves part of the date open would take it from the day, and that is no date.
    days = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2001, 2, 2, tzinfo=datetime.UTC)
    try:
        first, second = (parser.parse(value, default=day) for day in days)
    except (ValueError, OverflowError):
        return None
    return first if first == second else None


def read_date(value: object) -> datetime.date | None:
    """Read a date, or None if nobody can read it."""
    if isinstance(value, datetime.date):
        return value
    moment = read_datetime(value)
    return moment and moment.date()


def read_list(value: object) -> Any:
    """A list as it is, None for anything else."""
    return cast("Any", value) if isinstance(value, list) else None


def read_map(value: object) -> Any:
    """A JSON object as it is, its keys untouched, None for anything else."""
    return cast("Any", value) if isinstance(value, dict) else None


def read_model(from_dict: Callable[[Mapping[str, Any]], T], value: object) -> T | None:
    """A model from a JSON object, None for anything else."""
    return from_dict(cast("Any", value)) if isinstance(value, dict) else None


def read_models(from_dict: Callable[[Mapping[str, Any]], T], value: object) -> Any:
    """Models from a list of JSON objects, None if it is no list or holds anything else."""
    items = read_list(value)
    if items is None or not all(isinstance(item, dict) for item in items):
        return None
    return [from_dict(item) for item in items]


@define
class Response(Generic[T]):
    """A response from an endpoint"""

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None


__all__ = ["UNSET", "Field", "Response", "Shapes", "Unset"]
