"""Reads Parquet batch by batch: memory holds the cells of a thousand rows, and what pyarrow buffers of a row group.

Members of a struct are columns of their own, such as `custom_variables.Plan`. Text, dates and times are text; numbers
and booleans keep their types, and lists of text are tuples. Other nested values are JSON text.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from sendblue_contacts.bulk.tables import inexact_value, plain

from sendblue_transfer.errors import TransferError

from .record import RecordBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterator, Sequence

    from .record import CellType

_ROWS_AT_A_TIME = 1_000
_BUFFER_BYTES = 1 << 20


class _Column(NamedTuple):
    """A column of the rows: its title, the column of the file, which member of that, and how its cells are read."""

    title: str
    owner: str
    member: int | None
    cell_type: CellType
    read: Callable[[Any], Sequence[object]]


class ParquetReader:
    """The rows of a Parquet file.

    Args:
        file: The file.

    Attributes:
        titles: The titles of its columns.
        cell_types: The types of the cells that are not text, by the title of their column.

    Raises:
        TransferError: The file is not valid Parquet.
        ModuleNotFoundError: The extra `parquet` is not installed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._library = parquet_library()
        with _errors(self._library):
            schema = self._open().schema_arrow
        self._columns = [column for field in schema for column in _columns(self._library, field)]
        self.titles: tuple[str, ...] = tuple(column.title for column in self._columns)
        self.cell_types: dict[str, CellType] = {
            column.title: column.cell_type for column in self._columns if column.cell_type != "text"
        }

    def batches(self, positions: Collection[int] | None = None) -> Iterator[RecordBatch]:
        """Yield the rows, a thousand at a time; the line of a row is its position in the file, counted from 1.

        Args:
            positions: The columns to read; the cells of the others are blank. None for all columns.

        Raises:
            TransferError: The file is damaged.
        """
        columns = {
            position: column
            for position, column in enumerate(self._columns)
            if positions is None or position in positions
        }
        owners = list(dict.fromkeys(column.owner for column in columns.values()))
        line = 0
        with _errors(self._library):
            for batch in self._open().iter_batches(_ROWS_AT_A_TIME, columns=owners, use_threads=False):
                blank = [""] * len(batch)
                cells = [
                    self._read(columns[position], batch) if position in columns else blank
                    for position in range(len(self._columns))
                ]
                yield RecordBatch(self.titles, range(line + 1, line + len(batch) + 1), columns=cells)
                line += len(batch)

    def _read(self, column: _Column, batch: Any) -> Sequence[object]:  # noqa: ANN401  # an object of an optional library
        array = batch.column(column.owner)
        return column.read(array if column.member is None else array.flatten()[column.member])

    def _open(self) -> Any:  # noqa: ANN401  # as above
        self._file.seek(0)
        return self._library.parquet.ParquetFile(self._file, pre_buffer=False, buffer_size=_BUFFER_BYTES)


def _columns(arrow: Any, field: Any) -> Iterator[_Column]:  # noqa: ANN401  # objects of an optional library
    if arrow.types.is_struct(field.type):
        for index, member in enumerate(field.type):
            yield _Column(f"{field.name}.{member.name}", field.name, index, *_reading(arrow, member.type))
    else:
        yield _Column(field.name, field.name, None, *_reading(arrow, field.type))


def _reading(arrow: Any, kind: Any) -> tuple[CellType, Callable[[Any], Sequence[object]]]:  # noqa: ANN401  # as above
    """Return the type of the cells of a column of this type, and the function that reads them."""
    types = arrow.types
    if types.is_dictionary(kind):
        cell_type, read = _reading(arrow, kind.value_type)
        return cell_type, lambda array: read(array.dictionary_decode())
    if (types.is_list(kind) or types.is_large_list(kind)) and _is_text(types, kind.value_type):
        return "list", _lists
    readings: tuple[tuple[bool, CellType, Callable[[Any], Sequence[object]]], ...] = (
        (_is_text(types, kind), "text", _texts),
        (types.is_null(kind), "text", lambda array: [""] * len(array)),
        (types.is_temporal(kind), "text", lambda array: _times(arrow, array)),
        (types.is_float16(kind) or types.is_float32(kind), "other", _converted(inexact_value)),
        (types.is_decimal(kind), "other", _converted(_decimal)),
        (types.is_nested(kind), "text", _converted(_json_text)),
    )
    found = next((reading[1:] for reading in readings if reading[0]), None)
    return found or ("other", _converted(plain))


def _is_text(types: Any, kind: Any) -> bool:  # noqa: ANN401  # as above
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _converted(convert: Callable[[Any], object]) -> Callable[[Any], Sequence[object]]:
    return lambda array: [*map(convert, array.to_pylist())]


# `fill_null`, `is_valid` and `cast` load pyarrow.compute, and that loads pandas: two seconds, and 60 MB.


def _texts(array: Any) -> Sequence[object]:  # noqa: ANN401  # as above
    """Return texts, and empty text for null. Reading the buffers of an array takes a fraction of `to_pylist`."""
    if str(array.type) != "string":
        return ["" if text is None else text for text in array.to_pylist()]
    ends = _offsets(array)
    start, data = ends[0], array.buffers()[2]
    content = bytes(memoryview(data)[start : ends[-1]]) if data else b""
    text = content.decode()
    if len(text) == len(content):  # only ASCII, so that characters and bytes have the same positions
        return [text[first - start : last - start] for first, last in pairwise(ends)]
    return [content[first - start : last - start].decode() for first, last in pairwise(ends)]


def _offsets(array: Any) -> list[int]:  # noqa: ANN401  # as above
    """Return where the items of an array begin and end in its values. A null has no length in Parquet."""
    return memoryview(array.buffers()[1]).cast("i")[array.offset : array.offset + len(array) + 1].tolist()


def _lists(array: Any) -> Sequence[object]:  # noqa: ANN401  # as above
    """Return lists of text as tuples, without missing items. Reading all items at once takes half the time."""
    if array.null_count or array.values.null_count or not str(array.type).startswith("list"):
        return [each if each is None else tuple(plain(each)) for each in array.to_pylist()]
    ends = _offsets(array)
    texts = _texts(array.values[ends[0] : ends[-1]])
    return [tuple(texts[start - ends[0] : end - ends[0]]) for start, end in pairwise(ends)]


def _times(arrow: Any, array: Any) -> Sequence[object]:  # noqa: ANN401  # as above
    if str(array.type).startswith("timestamp[ns"):  # Python has no nanoseconds
        array = array.cast(arrow.timestamp("us", array.type.tz), safe=False)
    return [plain(value) or "" for value in array.to_pylist()]


def _decimal(value: Any) -> object:  # noqa: ANN401  # a Decimal, or None
    return int(value) if value is not None and value == value.to_integral_value() else value and str(value)


def _json_text(value: object) -> str:
    return "" if value is None else json.dumps(plain(value), ensure_ascii=False, default=str)


@contextmanager
def _errors(library: Any) -> Generator[None]:  # noqa: ANN401  # as above
    """Raise errors of the library as a TransferError. Those of the operating system have a number."""
    try:
        yield
    except (library.ArrowException, UnicodeDecodeError, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise TransferError("the file is not valid Parquet, or is damaged; write it again") from None


def parquet_library() -> Any:  # noqa: ANN401  # an optional library, typed only where it is installed
    """Return the module pyarrow, with its parts for Parquet.

    Raises:
        ModuleNotFoundError: The extra `parquet` is not installed.
    """
    try:
        import_module("pyarrow.parquet")
        return import_module("pyarrow")
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'Parquet requires the library pyarrow: pip install "sendblue-contacts[parquet]"'
        ) from None
