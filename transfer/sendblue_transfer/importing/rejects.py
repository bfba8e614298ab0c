"""The rejects file: the rejected rows as they are in the input, each with its line and the reason.

It has the format, the delimiter, the encoding and the columns of the input (XLSX becomes CSV, and Parquet JSON Lines).
Two columns come first, so that a row with too many cells stays readable. The file can be corrected and imported as it
is: the two columns are ignored. A row that is rejected again keeps the line of the first file.
"""

from __future__ import annotations

import csv
import json
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from sendblue_transfer.atomic_file import open_atomic
from sendblue_transfer.rows.cells import escape_formula
from sendblue_transfer.rows.row_status import REJECTED
from sendblue_transfer.sources.record import LINE, REASON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    from sendblue_transfer.sources.record import Record
    from sendblue_transfer.sources.source import Source

    from .journal import Journal

_Rejected = tuple["Record", str]


def write_rejects(source: Source, journal: Journal, path: Path) -> None:
    """Write the rows of the input that were rejected, according to the journal.

    Raises:
        OSError: The file cannot be written.
    """
    results = ((record, journal.result(record.line)) for record in source)
    rejected = (
        (record, result.message.encode("utf-8", "backslashreplace").decode())
        for record, result in results
        if result.status == REJECTED
    )
    newline = "" if source.titles is not None else None
    with open_atomic(path) as file:
        # A reason may contain characters that the encoding of the input cannot represent. Its invalid bytes are kept.
        errors = "backslashreplace" if source.encoding_errors == "strict" else source.encoding_errors
        text = TextIOWrapper(file, source.encoding or "utf-8", errors, newline)
        _WRITERS[source.format](source, rejected, text)
        text.flush()
        text.detach()


def _write_csv(source: Source, rejected: Iterator[_Rejected], file: TextIO) -> None:
    titles = source.titles or ()
    kept = [position for position, title in enumerate(titles) if title.strip() not in {LINE, REASON}]
    writer = csv.writer(file, delimiter=source.delimiter or ",")
    convert = escape_formula if source.format == "xlsx" else str  # the cells of CSV are escaped already
    writer.writerow([LINE, REASON, *(convert(titles[position]) for position in kept)])
    for record, reason in rejected:
        cells = record.cells
        row = [cells[position] for position in kept] + list(cells[len(titles) :])
        writer.writerow([_original_line(record), escape_formula(reason), *map(convert, row)])


def _original_line(record: Record) -> object:
    """Return the line in the first file, if the input is a rejects file itself."""
    return dict(zip(record.titles, record.cells, strict=False)).get(LINE) or record.line


def _to_json(source: Source, record: Record, reason: str) -> str:
    values: dict[str, Any] = dict(zip(record.titles, record.cells, strict=True))
    only_ascii = not (source.encoding or "utf-8").startswith("utf")
    return json.dumps({**values, LINE: _original_line(record), REASON: reason}, ensure_ascii=only_ascii)


def _write_json_lines(source: Source, rejected: Iterator[_Rejected], file: TextIO) -> None:
    file.writelines(f"{_to_json(source, record, reason)}\n" for record, reason in rejected)


def _write_json_array(source: Source, rejected: Iterator[_Rejected], file: TextIO) -> None:
    file.writelines(
        f"{',' if number else '['}\n{_to_json(source, record, reason)}"
        for number, (record, reason) in enumerate(rejected)
    )
    file.write("\n]\n")


_WRITERS = {
    "csv": _write_csv,
    "xlsx": _write_csv,
    "jsonl": _write_json_lines,
    "json": _write_json_array,
    "parquet": _write_json_lines,
}
