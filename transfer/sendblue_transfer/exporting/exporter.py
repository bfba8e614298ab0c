"""Exports contacts to a file. Contacts are written as they are fetched, and none is kept in memory."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sendblue_contacts_api.models.contact import Contact

from sendblue_transfer.atomic_file import STANDARD_OUTPUT, open_target
from sendblue_transfer.errors import TransferError
from sendblue_transfer.progress import ExportProgressReporter
from sendblue_transfer.reports import ExportReport
from sendblue_transfer.sources.formats import FORMATS, SUFFIXES, check_format

from .writers import WRITERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sendblue_transfer.reports import ExportProgress
    from sendblue_transfer.rows.row_parser import Fields
    from sendblue_transfer.sources.formats import Format


def export_contacts(
    contacts: Iterable[Contact],
    target: str | os.PathLike[str] | BinaryIO,
    *,
    format: Format | None = None,  # noqa: A002  # what people call it
    encoding: str = "utf-8",
    delimiter: str = ",",
    fields: Fields = Contact.FIELDS,
    total: int | None = None,
    on_progress: Callable[[ExportProgress], object] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> ExportReport:
    """Write contacts to a file. The file appears under its name only once it is complete.

    Args:
        contacts: The contacts, such as `client.with_options(bulk=True).contacts.list()`.
        target: The path of the file; `-` for standard output; or an open binary file.
        format: `csv`, `jsonl`, `json`, `xlsx` or `parquet`. By default it is taken from the name of the file, else CSV.
        encoding: The encoding of CSV. Excel recognises `utf-8-sig` as UTF-8.
        delimiter: The delimiter of CSV.
        fields: The fields that are columns of CSV, XLSX and Parquet.
        total: How many contacts there are, if that is known; used for the progress.
        on_progress: Called with the progress after every hundred contacts, and at the end.
        clock: Returns the time in seconds; never goes back.

    Raises:
        TransferError: The format is unknown, or cannot represent the contacts.
        OSError: The file cannot be written.
        ModuleNotFoundError: The extra of the format (`xlsx`, `parquet`) is not installed.
        SendblueError: Listing the contacts failed.

    Example:
        export_contacts(client.with_options(bulk=True).contacts.list(), "contacts.csv")
    """
    path = _path(target)
    chosen = check_format(format) if format else _format_of(path)
    progress = ExportProgressReporter(total, on_progress, clock)
    options: dict[str, Any] = {"fields": fields, "encoding": encoding, "delimiter": delimiter}
    with open_target(target) as file:
        WRITERS[chosen](progress.counted(contacts), file, **options)
    return ExportReport(progress.done, path, chosen, progress.seconds)


def _path(target: str | os.PathLike[str] | BinaryIO) -> Path | None:
    return Path(target) if isinstance(target, str | os.PathLike) and target != STANDARD_OUTPUT else None


def _format_of(path: Path | None) -> Format:
    if path is None or not path.suffix:
        return "csv"
    if path.suffix.lower() not in SUFFIXES:
        raise TransferError(
            f"unsupported format {path.suffix}; change the suffix, or name one of {', '.join(FORMATS)} with "
            "--format (format=)"
        )
    return SUFFIXES[path.suffix.lower()]
