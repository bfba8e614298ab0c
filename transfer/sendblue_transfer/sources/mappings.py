"""Mappings as a source: they are written to a temporary file, because a source is read several times."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from .source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator


def mapping_source(rows: object) -> Source:
    """Return a source with these rows, in the natural forms of JSON. The iterable is read once, to its end.

    Raises:
        TypeError: The argument is not an iterable of mappings, or a value has no form in JSON.
    """
    kind = type(rows).__name__
    if isinstance(rows, str | bytes | Mapping) or not isinstance(rows, Iterable):
        raise TypeError(f"source must be an open_source(…) or an iterable of mappings, not a single {kind}")
    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  # the source closes it
    try:
        file.writelines(_lines(cast("Iterable[object]", rows)))
        file.flush()
        return Source(file, None, format="jsonl", encoding="utf-8", delimiter=None, sheet=None, name="the source")
    except BaseException:
        file.close()
        raise


def _lines(rows: Iterable[object]) -> Iterator[bytes]:
    for number, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            raise TypeError(f"row {number}: a contact must be a mapping, not {type(row).__name__}")
        values = {key: _or_none(value) for key, value in cast("Mapping[str, Any]", row).items()}
        try:
            yield f"{json.dumps(values, default=_convert)}\n".encode()
        except (TypeError, ValueError, RecursionError) as error:
            problem = "is nested too deeply" if isinstance(error, RecursionError) else f"cannot be sent: {error}"
            raise TypeError(f"row {number} {problem}") from None


def _or_none(value: Any) -> Any:  # noqa: ANN401  # any value of a caller
    """Return None for NaN and NaT, with which tables mark a missing value."""
    return None if isinstance(value, float | date) and value != value else value  # noqa: PLR0124  # their definition


def _convert(value: object) -> object:
    """Return the form in JSON of a value that JSON lacks."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, Any]", value))
    if isinstance(value, set | frozenset):
        return sorted(cast("set[Any]", value))
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a value is of the type {type(value).__name__}, which JSON lacks")
