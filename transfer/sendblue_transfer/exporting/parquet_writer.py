"""Writes Parquet, one row group at a time: memory holds the contacts of one row group.

Columns have types: lists of text, booleans, and timestamps in UTC. The labels of maps are known only after the last
contact, so row groups are first written to a temporary file, in the format of Arrow, which takes little time.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from sendblue_transfer.errors import TransferError
from sendblue_transfer.rows.cells import as_mapping, format_cell
from sendblue_transfer.sources.parquet_reader import parquet_library

from .table_layout import TableLayout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sendblue_transfer.rows.row_parser import ColumnTarget, Fields

    from .table_layout import Values

ROWS_PER_GROUP = 10_000
_TYPES = {"boolean": "bool_", "integer": "int64", "number": "float64"}
_TIME = "date-time"


def write_parquet(contacts: Iterable[Values], file: BinaryIO, *, fields: Fields, **_: object) -> None:
    """Write contacts as Parquet.

    Raises:
        TransferError: A value does not have the type of its field.
        OSError: The file cannot be written.
        ModuleNotFoundError: The extra `parquet` is not installed.
    """
    _ParquetWriter(parquet_library(), fields).write(contacts, file)


class _ParquetWriter:
    """Writes the contacts of one file."""

    def __init__(self, arrow: Any, fields: Fields) -> None:  # noqa: ANN401  # an optional library
        self._arrow = arrow
        self._fields = fields
        self._layout = TableLayout(fields)
        self._times = {name for name, field in fields.items() if field.kind == _TIME}
        """The fields of which every value is a time; others are written as text."""

    def write(self, contacts: Iterable[Values], file: BinaryIO) -> None:
        with tempfile.TemporaryFile() as spool:
            self._spool(iter(contacts), spool)
            spool.seek(0)
            targets = self._layout.targets()
            schema = self._arrow.schema([(target.title, self._type(target)) for target in targets])
            with self._arrow.parquet.ParquetWriter(file, schema) as writer:
                for batch in self._batches(spool):
                    columns = [self._column(batch, *each) for each in zip(targets, schema, strict=True)]
                    writer.write_batch(self._arrow.record_batch(columns, schema))

    def _spool(self, contacts: Iterator[Values], spool: BinaryIO) -> None:
        """Write the contacts as one stream of Arrow for each row group, because they differ in their labels."""
        while group := [*islice(contacts, ROWS_PER_GROUP)]:
            for values in group:
                self._layout.add_labels(values)
            batch = self._batch(group)
            with self._arrow.ipc.new_stream(spool, batch.schema) as stream:
                stream.write_batch(batch)

    def _batches(self, spool: BinaryIO) -> Iterator[Any]:
        end = spool.seek(0, 2)
        spool.seek(0)
        while spool.tell() < end:
            with self._arrow.ipc.open_stream(spool) as stream:
                yield from stream

    def _batch(self, group: list[Values]) -> Any:  # noqa: ANN401  # an object of an optional library
        targets = self._layout.targets()
        columns = {target.title: self._values(target, group) for target in targets}
        try:
            arrays = [self._arrow.array(columns[each.title], self._spooled_type(each)) for each in targets]
        except (self._arrow.ArrowException, UnicodeError):  # the latter: half a character
            raise TransferError(
                "a contact has a value that does not have the type of its field; export as jsonl or csv"
            ) from None
        return self._arrow.record_batch(arrays, [*columns])

    def _values(self, target: ColumnTarget, group: list[Values]) -> list[Any]:
        values = [each.get(target.name) for each in group]
        if target.label is not None:
            values = [each and as_mapping(each).get(target.label) for each in values]
        kind = self._fields[target.name].kind
        if kind in _TYPES or (kind == "array[string]"):
            return values
        if kind == _TIME and target.name in self._times and not all(each is None or _time(each) for each in values):
            self._times.remove(target.name)
        return [each if each is None or each.__class__ is str else format_cell(each) for each in values]

    def _spooled_type(self, target: ColumnTarget) -> Any:  # noqa: ANN401  # an object of an optional library
        kind = self._fields[target.name].kind
        if kind == "array[string]":
            return self._arrow.list_(self._arrow.string())
        return getattr(self._arrow, _TYPES.get(kind, "string"))()

    def _type(self, target: ColumnTarget) -> Any:  # noqa: ANN401  # as above
        return self._arrow.timestamp("us", "UTC") if target.name in self._times else self._spooled_type(target)

    def _column(self, batch: Any, target: ColumnTarget, field: Any) -> Any:  # noqa: ANN401  # as above
        index = batch.schema.get_field_index(target.title)
        if index < 0:
            return self._arrow.nulls(len(batch), field.type)
        column = batch.column(index)
        if target.name not in self._times:
            return column
        return self._arrow.array([each and _time(each) for each in column.to_pylist()], field.type)


def _time(text: object) -> datetime | None:
    """Return the time in UTC of a text in ISO 8601 with a time zone; None for any other value."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None
