"""Tables of pandas, polars and pyarrow as the input of bulk calls and imports. narwhals reads them (extra `tables`).

A row becomes a mapping of column titles to plain values. Missing values (NaN, NaT, NA, null) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sendblue_contacts.fields import FieldSet, is_missing
from sendblue_contacts.phone import number_text

from .requests import BULK_ITEM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LIBRARIES = frozenset({"pandas", "polars", "pyarrow"})
_TABLES = frozenset({"DataFrame", "LazyFrame", "Table", "RecordBatch", "Series", "ChunkedArray"})
_TEXT_KINDS = frozenset({"string", "enum"})
_INEXACT = frozenset({"Float16", "Float32"})
_NESTED: frozenset[type] = frozenset({dict, list, tuple, set, frozenset})
_ROWS_AT_A_TIME = 1_000


def is_table(value: object) -> bool:
    """Whether a value is a table or a column of one. It imports no library."""
    return any(
        each.__name__ in _TABLES and each.__module__.partition(".")[0] in _LIBRARIES for each in type(value).__mro__
    )


class TableRows(Iterable[dict[str, Any]]):
    """The rows of a table. Each iteration reads all of them again.

    Raises:
        ModuleNotFoundError: The extra `tables` is not installed.
    """

    def __init__(self, table: object) -> None:
        library = _narwhals()
        if type(table).__name__ == "RecordBatch":
            table = library.DataFrame.from_arrow(table, backend="pyarrow").to_native()
        frame = library.from_native(table, allow_series=True)
        frame = frame.collect() if isinstance(frame, library.LazyFrame) else frame
        self._frame: Any = frame.to_frame() if isinstance(frame, library.Series) else frame
        self.titles: list[str] = self._frame.columns
        inexact = {title for title, kind in self._frame.schema.items() if str(kind) in _INEXACT}
        self._converters: list[Callable[[Any], object]] = [
            inexact_value if title in inexact else plain for title in self.titles
        ]

    def __len__(self) -> int:
        return len(self._frame)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for values in self.values():
            yield {title: value for title, value in zip(self.titles, values, strict=True) if value is not None}

    def values(self) -> Iterator[tuple[Any, ...]]:
        """Yield the values of each row; None for a missing one."""
        for start in range(0, len(self), _ROWS_AT_A_TIME):
            part = self._frame[start : start + _ROWS_AT_A_TIME]
            columns = zip(self._converters, part.iter_columns(), strict=True)
            yield from zip(*[map(convert, column.to_list()) for convert, column in columns], strict=True)


class TableContacts(TableRows):
    """The rows of a table as items of `bulk.create`. Columns such as `custom_variables.Plan` make one mapping.

    Raises:
        TypeError: A column is not a field of `bulk.create`, or there is no column of phone numbers.
    """

    def __init__(self, table: object) -> None:
        super().__init__(table)
        self._targets = [_target(title) for title in self.titles]
        if not any(kind == "e164" for _, _, kind in self._targets):
            raise TypeError(f"{BULK_ITEM.call}: the table has no column phone; rename the column of phone numbers")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for values in self.values():
            contact: dict[str, Any] = {}
            for (key, label, kind), value in zip(self._targets, values, strict=True):
                if value is None or (kind == "map" and value == []):  # the latter is an empty map of pyarrow
                    continue
                if kind == "map" and value.__class__ is dict:
                    contact.setdefault(key, {}).update({each: _text(item) for each, item in value.items()})
                else:
                    holder = contact if label is None else contact.setdefault(key, {})
                    holder[key if label is None else label] = _text(value) if kind in _TEXT_KINDS else value
            yield contact


def numbers(table: object) -> Sequence[object]:
    """Return the phone numbers of a table as items of `bulk.delete`: of its only column, or of the column `phone`.

    Raises:
        TypeError: There are several columns, and none of phone numbers.
    """
    rows = TableRows(table)
    named = [index for index, title in enumerate(rows.titles) if BULK_ITEM.preferred.get(title) == "phone"]
    if not named and len(rows.titles) != 1:
        raise TypeError("phone_numbers: the table has no column phone; pass its column of phone numbers")
    position = named[0] if named else 0
    return [values[position] for values in rows.values()]


def _target(title: str) -> tuple[str, str | None, str]:
    """Return the key in the item for a column, its label for one of a map or object, and the kind of its values."""
    owner, dot, label = str(title).partition(".")
    field = BULK_ITEM.fields.get(BULK_ITEM.preferred.get(owner, ""))
    if dot and field and field.kind == "map":
        return BULK_ITEM.preferred[owner], label, "string"
    if dot and field and field.kind == "object":
        inner = FieldSet(owner, field.model_class.FIELDS, {})
        if label not in inner.preferred:
            raise inner.unknown(label)
        return owner, label, inner.fields[inner.preferred[label]].kind
    if title not in BULK_ITEM.preferred:
        raise BULK_ITEM.unknown(title)
    return title, None, BULK_ITEM.fields[BULK_ITEM.preferred[title]].kind


def plain(value: Any) -> Any:  # noqa: ANN401  # any value of a table
    """Return a value in the types of JSON, with dates as ISO 8601; None if it is missing. Other types are unchanged."""
    if value.__class__ is str:
        return value
    if hasattr(value, "tolist"):  # an array or a number of numpy
        value = value.tolist()
    if is_missing(value):
        return None
    if isinstance(value, date | time):
        return value.isoformat()
    return _plain_items(value) if value.__class__ in _NESTED else value


def _plain_items(value: Any) -> Any:  # noqa: ANN401  # a mapping or a list of any values
    if value.__class__ is dict:
        return {key: plain(item) for key, item in value.items() if not is_missing(item)}
    if value and all(item.__class__ is tuple for item in value):
        return plain(dict(value))  # a map of pyarrow is a list of pairs
    return [plain(item) for item in value if not is_missing(item)]


def inexact_value(value: Any) -> str | None:  # noqa: ANN401  # a float, or a missing value
    """Return the text of a 32-bit float, with the digits that it holds: a long one is in scientific notation."""
    return None if is_missing(value) else f"{value:.8g}"


def _text(value: object) -> object:
    """Return the text of a number or a boolean. Other values are returned unchanged."""
    if isinstance(value, bool):
        return str(value).lower()
    text = number_text(value)
    return str(text) if isinstance(text, str) else text


def _narwhals() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    try:
        return import_module("narwhals")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'a table requires the library narwhals: pip install "sendblue-contacts[tables]"'
        ) from None
