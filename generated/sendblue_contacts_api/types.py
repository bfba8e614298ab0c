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


def outline(model: object, fields: Mapping[str, Field]) -> str:
    """A repr that shows which fields have a value, but no text: names and numbers of people must not end up in a log."""
    values = ((field.attribute, getattr(model, field.attribute)) for field in fields.values())
    shown = (f"{name}={_outlined(value)}" for name, value in values if value is not None and value is not UNSET)
    return f"{type(model).__name__}({', '.join(shown)})"


def _outlined(value: object) -> str:
    return repr(value) if isinstance(value, int | float) or hasattr(value, "FIELDS") else "…"


def read_datetime(value: Any) -> datetime.datetime | None:
    """Read a moment as an aware datetime (UTC where no zone is given), or None if nobody can read it."""
    if value is None:
        return None
    try:
        moment = _from_iso(value)
    except (TypeError, ValueError):
        return _read_odd_datetime(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


_from_iso = datetime.datetime.fromisoformat


def _read_odd_datetime(value: object) -> datetime.datetime | None:
    if isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str):
        return None
    from dateutil import parser  # imported here: slow to import and rarely needed

    # Read on two different days: a text that leaves part of the date open would take it from the day, and that is no date.
    days = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2001, 2, 2, tzinfo=datetime.UTC)
    try:
        first, second = (parser.parse(value, default=day, tzinfos=_zone) for day in days)
    except (ValueError, ArithmeticError):
        return None
    return first if first == second else None


def _zone(name: str | None, offset: int | None) -> datetime.tzinfo:
    """The zone of an offset in seconds. A name alone, such as EST, means different offsets in different places."""
    if name is not None and offset is None:
        raise ValueError
    return datetime.timezone(datetime.timedelta(seconds=offset or 0))


def read_date(value: object) -> datetime.date | None:
    """Read a date, or None if nobody can read it."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    moment = read_datetime(value)
    return moment and moment.date()


def read_model(from_dict: Callable[[Mapping[str, Any]], T], value: object) -> T | None:
    """A model from a JSON object, None for anything else."""
    return from_dict(cast("Any", value)) if isinstance(value, dict) else None


def read_models(from_dict: Callable[[Mapping[str, Any]], T], value: Any) -> Any:
    """Models from a list of JSON objects, None if it is no list or holds anything else."""
    if value.__class__ is not list or not all(item.__class__ is dict for item in value):
        return None
    return [from_dict(item) for item in value]


@define(repr=False)
class Response(Generic[T]):
    """A response from an endpoint"""

    status_code: HTTPStatus
    content: bytes
    headers: MutableMapping[str, str]
    parsed: T | None

    def __repr__(self) -> str:
        """The status alone: content and headers hold personal data."""
        return f"Response(status_code={self.status_code.value})"


__all__ = ["UNSET", "Field", "Response", "Shapes", "Unset"]
