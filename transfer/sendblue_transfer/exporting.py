"""Exporting contacts into a file, however many: they are written as they are fetched, and none is kept."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sendblue_contacts_api.models.contact import Contact

from .errors import TransferError
from .files import STANDARD_OUTPUT, target_file
from .formats import SUFFIXES, check_format
from .reports import ExportProgress, ExportReport
from .writing import WRITERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .formats import Format
    from .layouts import Fields

_TOLD_EVERY = 100


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
    """Write contacts into a file. It appears under its name only when it is whole.

    Args:
        contacts: The contacts, such as `client.with_options(bulk=True).contacts.list()`.
        target: The file; `-` for standard output; or a binary file that is open.
        format: `csv`, `jsonl`, `json` or `xlsx`; else by the file's name, else CSV.
        encoding: The encoding of CSV; `utf-8-sig` is UTF-8 that Excel knows as such.
        delimiter: What divides the cells of CSV.
        fields: The fields that a table has columns for.
        total: How many contacts there are, if that is known.
        on_progress: Called now and then.
        clock: Tells the time in seconds, and never goes back.

    Raises:
        TransferError: The format is none, or cannot hold the contacts.
        OSError: The file cannot be written.
        ModuleNotFoundError: It is XLSX, and the extra `xlsx` is not installed.
        SendblueError: What the listing raises.

    Example:
        export_contacts(client.with_options(bulk=True).contacts.list(), "contacts.csv")
    """
    path = _path(target)
    chosen = check_format(format) if format else _format(path)
    meter = _Meter(total, on_progress, clock)
    options: dict[str, Any] = {"fields": fields, "encoding": encoding, "delimiter": delimiter}
    with target_file(target) as file:
        WRITERS[chosen](meter.counted(contacts), file, **options)
    return ExportReport(meter.done, path, chosen, meter.seconds)


def _path(target: str | os.PathLike[str] | BinaryIO) -> Path | None:
    return Path(target) if isinstance(target, str | os.PathLike) and target != STANDARD_OUTPUT else None


def _format(path: Path | None) -> Format:
    if path is None or not path.suffix:
        return "csv"
    if path.suffix.lower() not in SUFFIXES:
        raise TransferError(f"nothing is known of the format {path.suffix}: say which one it is (--format, format=)")
    return SUFFIXES[path.suffix.lower()]


class _Meter:
    """Counts contacts, and tells how far the export is."""

    def __init__(
        self, total: int | None, told: Callable[[ExportProgress], object] | None, clock: Callable[[], float]
    ) -> None:
        self.done = 0
        self._total = total
        self._told = told
        self._clock = clock
        self._started = clock()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._started

    def counted(self, contacts: Iterable[Contact]) -> Iterator[dict[str, Any]]:
        """The contacts as JSON, counted."""
        for contact in contacts:
            yield contact.to_dict()
            self.done += 1
            if self.done % _TOLD_EVERY == 0:
                self._tell()
        self._tell()

    def _tell(self) -> None:
        if self._told:
            rate = self.done / self.seconds if self.seconds else 0.0
            left = None if self._total is None else max(0, self._total - self.done)
            self._told(ExportProgress(self.done, self._total, rate, left / rate if left is not None and rate else None))
