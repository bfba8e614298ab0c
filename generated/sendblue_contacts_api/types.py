"""Shared by the models: the value of an absent field, the definition of a field, and tolerant readers."""

import datetime
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, cast

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import deprecated as deprecated  # type checkers know it, whether or not it is installed
else:

    def deprecated(_message: str) -> Callable[[T], T]:
        """Mark a function as deprecated for type checkers. The request that it sends emits the warning."""
        return lambda function: function


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
    choices: tuple[str | int, ...] = ()
    """The values of an enum; empty for other fields."""
    model: str = ""
    """The name of the class of an object, or of the items of an array of objects."""

    @property
    def model_class(self) -> Any:
        """The class of an object, or of the items of an array of objects."""
        from . import models  # imported here, because the models import this module

        return getattr(models, self.model)


_warned: set[str] = set()


def warn_deprecated(what: str) -> None:
    """Emit a DeprecationWarning at the line that called this library, once per process for each operation or field."""
    if what in _warned:
        return
    _warned.add(what)
    from inspect import currentframe  # imported here, because they are rarely needed
    from warnings import warn

    frame, level = currentframe(), 1
    while frame and frame.f_globals.get("__name__", "").startswith("sendblue_"):
        frame, level = frame.f_back, level + 1
    warn(f"{what} is deprecated by the API", DeprecationWarning, stacklevel=level)


class Shapes(dict[tuple[str, ...], tuple[frozenset[str], tuple[str, ...]]]):
    """Maps the keys of a JSON object, in their order, to the attributes that they set and to the undocumented keys.

    Responses repeat the same keys, so each shape is computed once and shared by all objects of that shape.
    """

    MAX_SIZE = 256  # bounds the memory if a server returns ever new keys

    def __init__(self, fields: Mapping[str, Field]) -> None:
        super().__init__()
        self._names = {name: (name, *definition.aliases) for name, definition in fields.items()}
        self._kinds = [definition.kind for definition in fields.values()]
        self._attributes = {key: fields[name].attribute for name, keys in self._names.items() for key in keys}

    def __missing__(self, keys: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
        known = self._attributes
        shape = frozenset(known[key] for key in keys if key in known), tuple(key for key in keys if key not in known)
        if len(self) < self.MAX_SIZE:
            self[keys] = shape
        return shape

    def columns(self, items: list[Any]) -> list[Sequence[Any]] | None:
        """Return the values of JSON objects field by field, as the attributes have them; None if `rows` raises an error."""
        try:
            keys = self._received_keys(items)
            return [_column(kind, key, items) for kind, key in zip(self._kinds, keys, strict=True)]
        except KeyError:
            return None

    def rows(self, items: list[Any]) -> tuple[Iterator[tuple[Any, ...]], list[Sequence[Any]], list[str]]:
        """Return the values of JSON objects. Reading many objects at once is much faster than one by one.

        Returns:
            For each object, the values of the fields that need no check; the values of each other field; and the attributes
            of absent fields, for which the first part has any other value.

        Raises:
            KeyError: Here or while iterating: the objects have different keys, or a value that is not as documented.
        """
        keys, unchanged, columns, absent = self._received_keys(items), list[Any](), list[Sequence[Any]](), list[str]()
        for name, kind, key in zip(self._names, self._kinds, keys, strict=True):
            if kind not in _UNCHANGED:
                columns.append(_column(kind, key, items))
                continue
            unchanged.append(next(iter(items[0])) if key is None else key)
            if key is None:
                absent.append(self._attributes[name])
        return map(_values_of(unchanged), items), columns, absent

    def _received_keys(self, items: list[Any]) -> list[Any]:
        """Return the key of each field in objects with the same keys, None for an absent field.

        They are the keys of the first object themselves: finding these in a dict takes half the time of equal ones.
        """
        if {*map(type, items)} != {dict} or len({*map(len, items)}) != 1 or not items[0]:
            raise KeyError
        received = {key: key for key in items[0]}
        keys = [next((received[name] for name in names if name in received), None) for names in self._names.values()]
        if others := [key for key in received if key not in keys]:
            deque(map(itemgetter(*others), items), maxlen=0)  # raises KeyError if one is absent
        return keys


def _values_of(keys: Sequence[Any]) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that returns the values of these keys. It raises KeyError if one is absent."""
    return itemgetter(*keys) if len(keys) > 1 else lambda item: tuple([item[key] for key in keys])


def _column(kind: str, key: str | None, items: list[Any]) -> Sequence[Any]:
    """Return the values of one field in many objects as the attribute has them. KeyError: one is not as documented."""
    if key is None:
        return [None] * len(items)
    values: list[Any] = [*map(itemgetter(key), items)]
    if kind == "date-time":
        return read_datetimes(values)
    if kind not in _UNCHANGED:
        expected = dict if kind == "map" else list
        if kind in _ONE_BY_ONE or not {*map(type, values)} <= {expected, type(None)}:
            raise KeyError(key)
    return values


_ONE_BY_ONE = frozenset({"date", "object", "array[object]"})
_UNCHANGED = frozenset({"string", "e164", "boolean", "integer", "number", "enum", "any"})


def read_datetimes(values: Sequence[Any]) -> Sequence[datetime.datetime | None]:
    """Do what `read_datetime` does for many values. KeyError: one is invalid."""
    try:
        moments = [*map(_from_iso, values)]
    except (TypeError, ValueError):
        read = [*map(read_datetime, values)]
        if all(moment or value is None for moment, value in zip(read, values, strict=True)):
            return read
        raise KeyError from None
    return moments if all([moment.tzinfo for moment in moments]) else [*map(read_datetime, values)]


def equal_models(one: object, other: object, fields: Mapping[str, Field]) -> bool:
    """Whether two models of one class have the same fields and undocumented keys."""
    names = "additional_properties", *(definition.attribute for definition in fields.values())
    return all(getattr(one, name) == getattr(other, name) for name in names)


class _Masked:
    """Stands for a value in a repr: personal data must not appear in logs and tracebacks."""

    def __init__(self, shown: str) -> None:
        self._shown = shown

    def __repr__(self) -> str:
        return self._shown


_PHONE = re.compile(r"\+\d{7,15}")
_LONG_PHONE = 11
"""The length from which four digits of a phone number may be shown."""
_MAX_ROWS = 100
"""How many models a table shows."""


def _masked(kind: str, value: Any) -> object:
    """Return what a repr shows of a value: enough to tell two contacts apart, but no text."""
    if isinstance(value, bool | int | float | MaskedModel):
        return value
    if value.__class__ in (list, dict):
        return len(value)
    if isinstance(value, datetime.date):
        return _Masked(value.isoformat()[:10])
    if not isinstance(value, str) or kind not in {"string", "e164"}:
        return _Masked("…")
    if kind == "e164":
        end = value[-4:] if len(value) >= _LONG_PHONE else value[-2:]
        return _Masked(repr(f"{value[:2]}…{end}")) if _PHONE.fullmatch(value) else _Masked("…")
    return _Masked(repr(f"{value[0]}…")) if value[:1].isalpha() else _Masked("…")


class MaskedModel:
    """The base of the models: a repr without values, and what an interactive prompt shows, with them."""

    __slots__ = ()

    FIELDS: ClassVar[Mapping[str, Field]]

    def _values(self) -> Iterator[tuple[str, str, Any]]:
        """Yield the kind, the attribute and the value of each field that has a value."""
        for definition in self.FIELDS.values():
            value = getattr(self, definition.attribute)
            if value is not None and value is not UNSET:
                yield definition.kind, definition.attribute, value

    def __repr__(self) -> str:
        shown = (f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({', '.join(shown)})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Show in rich, and in tracebacks of it, what the repr shows."""
        for kind, name, value in self._values():
            yield name, _masked(kind, value)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the values in IPython, which calls this for the result of a line only."""
        title = f"{type(self).__name__}("
        with printer.group(len(title), title, ")"):
            for position, (_, name, value) in enumerate(() if cycle else self._values()):
                if position:
                    printer.text(",")
                    printer.breakable()
                printer.text(f"{name}=")
                printer.pretty(value)

    def _repr_html_(self) -> str:
        """Show the values in a notebook, as a table."""
        rows = (f"<tr><th>{name}</th>{_cell(value)}</tr>" for _, name, value in self._values())
        return f"<table><caption>{type(self).__name__}</caption>{''.join(rows)}</table>"


class ModelList(list[T]):
    """A list of models, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        rows = [{name: value for _, name, value in cast("Any", model)._values()} for model in self[:_MAX_ROWS]]
        fields: Mapping[str, Field] = cast("Any", self[0]).FIELDS if self else {}
        names = [field.attribute for field in fields.values() if any(field.attribute in row for row in rows)]
        head = "".join(f"<th>{name}</th>" for name in names)
        body = "".join(f"<tr>{''.join(_cell(row.get(name)) for name in names)}</tr>" for row in rows)
        caption = f"{len(rows)} of {len(self)}" if len(self) > len(rows) else f"{len(self)}"
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{body}</table>"


def _cell(value: Any) -> str:
    from html import escape  # imported here, because only notebooks need it

    parts: list[Any] = value if value.__class__ is list else [value]
    if value.__class__ is dict:
        parts = [f"{name}: {text}" for name, text in value.items()]
    return f"<td>{'' if value is None else escape(', '.join(map(str, parts)))}</td>"


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
