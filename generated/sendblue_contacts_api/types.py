"""Shared by the models: the value of an absent field, the definition of a field, and tolerant readers."""

import datetime
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from http import HTTPStatus
from typing import Any, Generic, Literal, NamedTuple, TypeVar, cast

T = TypeVar("T")


class Unset:
    """The type of UNSET, a singleton that survives pickle, copy and deepcopy."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Unset = Unset()
"""The value of a field that is omitted from a request. None is sent as null."""


empty_dict: Callable[[], dict[str, Any]] = dict
"""Create an empty dict; `dict` alone has no types for its keys and values."""


class Field(NamedTuple):
    """The definition of one field in the document."""

    kind: str
    """`string`, `e164` (a phone number), `boolean`, `integer`, `number`, `date`, `date-time`, `enum`, `map`, `object`, `array[<kind>]` or `any`."""
    aliases: tuple[str, ...] = ()
    """The other names of the field. Responses use the first one."""
    required: bool = False
    nullable: bool = False
    attribute: str = ""
    """The name of the attribute in Python."""


class Shapes(dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]]):
    """Maps the keys of a JSON object, in their order, to the attributes that they set and to the undocumented keys.

    Responses repeat the same keys, so each shape is computed once and shared by all objects of that shape.
    """

    MAX_SIZE = 256  # bounds the memory if a server returns ever new keys

    def __init__(self, fields: Mapping[str, Field]) -> None:
        super().__init__()
        self._attributes = {
            key: definition.attribute for name, definition in fields.items() for key in (name, *definition.aliases)
        }

    def __missing__(self, keys: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        known = self._attributes
        shape = frozenset(known[key] for key in keys if key in known), tuple(key for key in keys if key not in known)
        if len(self) < self.MAX_SIZE:
            self[keys] = shape
        return shape


class _Hidden:
    """Stands for a value in a repr: personal data must not appear in logs and tracebacks."""

    def __repr__(self) -> str:
        return "…"


_HIDDEN = _Hidden()


def equal_models(one: object, other: object, fields: Mapping[str, Field]) -> bool:
    """Whether two models of one class have the same fields and undocumented keys."""
    names = "additional_properties", *(definition.attribute for definition in fields.values())
    return all(getattr(one, name) == getattr(other, name) for name in names)


def masked_fields(model: object, fields: Mapping[str, Field]) -> Iterator[tuple[str, object]]:
    """Yield the fields that have a value, as a repr shows them: without text."""
    for name in (definition.attribute for definition in fields.values()):
        value = getattr(model, name)
        if value is not None and value is not UNSET:
            yield name, value if isinstance(value, int | float) or hasattr(value, "FIELDS") else _HIDDEN


def masked_repr(model: object, fields: Mapping[str, Field]) -> str:
    """Return a repr that shows which fields have a value, but no text."""
    shown = (f"{name}={value!r}" for name, value in masked_fields(model, fields))
    return f"{type(model).__name__}({', '.join(shown)})"


def read_datetime(value: Any) -> datetime.datetime | None:
    """Parse a date and time into an aware datetime (UTC if it has no offset); return None if it is invalid."""
    if value is None:
        return None
    try:
        moment = _from_iso(value)
    except (TypeError, ValueError):
        return _parse_other_formats(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


_from_iso = datetime.datetime.fromisoformat
_MAX_DATE_LENGTH = 100
"""Longer than every date. Parsing takes time in proportion to the length."""


def _parse_other_formats(value: object) -> datetime.datetime | None:
    if isinstance(value, datetime.datetime):
        return value
    if not isinstance(value, str) or len(value) > _MAX_DATE_LENGTH:
        return None
    from dateutil import parser  # imported here, because it is slow to import and rarely needed

    # Parsed with two different defaults: an incomplete date takes its missing parts from the default, and is not a date.
    days = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), datetime.datetime(2001, 2, 2, tzinfo=datetime.UTC)
    try:
        first, second = (parser.parse(value, default=day, tzinfos=_zone) for day in days)
    except (ValueError, ArithmeticError):
        return None
    return first if first == second else None


def _zone(name: str | None, offset: int | None) -> datetime.tzinfo:
    """Return the time zone of an offset in seconds. A name alone, such as EST, is ambiguous and raises ValueError."""
    if name is not None and offset is None:
        raise ValueError
    return datetime.timezone(datetime.timedelta(seconds=offset or 0))


def read_date(value: object) -> datetime.date | None:
    """Parse a date; return None if it is invalid."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    moment = read_datetime(value)
    return moment and moment.date()


def read_model(from_dict: Callable[[Mapping[str, Any]], T], value: object) -> T | None:
    """Create a model from a JSON object; return None for any other value."""
    return from_dict(cast("Any", value)) if isinstance(value, dict) else None


def read_models(from_dict: Callable[[Mapping[str, Any]], T], value: Any) -> Any:
    """Create models from a list of JSON objects; return None for any other value."""
    if value.__class__ is not list or not all(item.__class__ is dict for item in value):
        return None
    return [from_dict(item) for item in value]


class Response(Generic[T]):
    """A response from an endpoint."""

    def __init__(
        self, status_code: HTTPStatus, content: bytes, headers: MutableMapping[str, str], parsed: T | None
    ) -> None:
        self.status_code: HTTPStatus = status_code
        self.content: bytes = content
        self.headers: MutableMapping[str, str] = headers
        self.parsed: T | None = parsed

    def __repr__(self) -> str:
        """Show only the status: content and headers may hold personal data."""
        return f"Response(status_code={self.status_code.value})"


__all__ = ["UNSET", "Field", "Response", "Shapes", "Unset"]
