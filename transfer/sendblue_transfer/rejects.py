"""The rejects file: the rows that were refused as they stand in the input, each with its line and the reason.

It has the format, the delimiter, the encoding and the columns of the input (XLSX becomes CSV), and two columns before
them, so that a row with too many cells is still told apart. It can be mended and imported as it is: the two are passed
over. A row that is refused again keeps its line of the first file.
"""

from __future__ import annotations

import csv
import json
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from .cells import escape
from .columns import LINE, REASON
from .fates import REJECTED
from .files import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from .journal import Journal
    from .sources import Source
    from .tables import Record

_Refused = tuple["Record", str]


def write_rejects(source: Source, journal: Journal, path: Path) -> None:
    """Write the rows of the input that the journal says were rejected.

    Raises:
        OSError: The file cannot be written.
    """
    refused = ((record, journal.fate(record.line).said) for record in source if journal.status(record.line) == REJECTED)
    newline = "" if source.titles is not None else None
    with whole_file(path) as file:
        # A reason may hold what the encoding of the input does not have.
        text = TextIOWrapper(file, source.encoding or "utf-8", "backslashreplace", newline)
        _WRITERS[source.format](source, refused, text)
        text.flush()
        text.detach()


def _csv(source: Source, refused: Iterator[_Refused], file: TextIO) -> None:
    titles = source.titles or ()
    kept = [position for position, title in enumerate(titles) if title.strip() not in {LINE, REASON}]
    writer = csv.writer(file, delimiter=source.delimiter or ",")
    writer.writerow([LINE, REASON, *(titles[position] for position in kept)])
    shown = escape if source.format == "xlsx" else str  # what stands in CSV is escaped already
    for record, reason in refused:
        cells = record.cells
        row = [cells[position] for position in kept] + list(cells[len(titles) :])
        writer.writerow([_line(record), reason, *map(shown, row)])


def _line(record: Record) -> object:
    """The line of the first file, if this is a rejects file already."""
    return dict(zip(record.titles, record.cells, strict=False)).get(LINE) or record.line


def _object(source: Source, record: Record, reason: str) -> str:
    values: dict[str, Any] = dict(zip(record.titles, record.cells, strict=True))
    only_ascii = not (source.encoding or "").startswith("utf")
    return json.dumps({**values, LINE: _line(record), REASON: reason}, ensure_ascii=only_ascii)


def _json_lines(source: Source, refused: Iterator[_Refused], file: TextIO) -> None:
    file.writelines(f"{_object(source, *each)}\n" for each in refused)


def _json_array(source: Source, refused: Iterator[_Refused], file: TextIO) -> None:
    file.writelines(f"{',' if number else '['}\n{_object(source, *each)}" for number, each in enumerate(refused))
    file.write("\n]\n")


_WRITERS = {"csv": _csv, "xlsx": _csv, "jsonl": _json_lines, "json": _json_array}
