"""Mappings and tables as a source: they are written to a temporary file, because a source is read several times."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sendblue_contacts.bulk.tables import TableRows, is_table
from sendblue_contacts.fields import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_rows(rows: object) -> BinaryIO:
    """Write mappings, or the rows of a table, as JSON Lines to a temporary file. An iterable is read once, to its end.

    Raises:
        TypeError: The argument is not an iterable of mappings, or a value has no form in JSON.
        ModuleNotFoundError: The argument is a table, and the extra `tables` is not installed.
    """
    rows = _table_rows(rows) if is_table(rows) else rows
    kind = type(rows).__name__
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise TypeError(f"source must be an open_source(…) or an iterable of mappings, not a single {kind}")
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the source closes it
    try:
        file.writelines(_lines(cast("Iterable[object]", rows)))
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def _table_rows(table: object) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table; a missing value is None, like a blank cell of a file."""
    rows = TableRows(table)
    titles = [str(title) for title in rows.titles]
    return (dict(zip(titles, values, strict=True)) for values in rows.values())


def _lines(rows: Iterable[object]) -> Iterator[bytes]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise TypeError(f"row {number}: a contact must be a mapping, not {type(row).__name__}")
        pairs = cast("Mapping[str, Any]", row).items()
        values = {key: None if is_missing(value) else value for key, value in pairs}
        try:
            yield f"{json.dumps(values, default=_convert)}\n".encode()
        except (TypeError, ValueError, RecursionError) as error:
            problem = "is nested too deeply" if isinstance(error, RecursionError) else f"cannot be sent: {error}"
            raise TypeError(f"row {number} {problem}") from None


def _convert(value: object) -> object:
    """Return the form in JSON of a value that JSON lacks."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    if isinstance(value, set | frozenset):
        return sorted(cast("set[Any]", value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value % 1 == 0 else str(value)
    raise TypeError(f"a value is of the type {type(value).__name__}, which JSON lacks")
