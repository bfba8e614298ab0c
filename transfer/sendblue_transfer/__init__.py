"""Files of contacts: reading, importing with a journal, exporting. Only names, which load when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .columns import ColumnsReport
    from .csv_files import Row, read_csv, write_csv
    from .errors import JournalError, TransferError
    from .exporting import export_contacts
    from .formats import FORMATS, Format
    from .importing import run_import
    from .mapping import ColumnMap
    from .planning import MODES, plan_import
    from .repeats import DUPLICATES, Duplicates
    from .reports import ExportProgress, ExportReport, ImportPlan, ImportProgress, ImportReport, Mode, Problem
    from .sources import Source, open_source
    from .tables import Record

_ROOMS = {
    "columns": ("ColumnsReport",),
    "csv_files": ("Row", "read_csv", "write_csv"),
    "errors": ("JournalError", "TransferError"),
    "exporting": ("export_contacts",),
    "formats": ("FORMATS", "Format"),
    "importing": ("run_import",),
    "mapping": ("ColumnMap",),
    "planning": ("MODES", "plan_import"),
    "repeats": ("DUPLICATES", "Duplicates"),
    "reports": (
        "ExportProgress",
        "ExportReport",
        "ImportPlan",
        "ImportProgress",
        "ImportReport",
        "Mode",
        "Problem",
    ),
    "sources": ("Source", "open_source"),
    "tables": ("Record",),
}
_HOMES = {name: f"{__name__}.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = [
    "DUPLICATES",
    "FORMATS",
    "MODES",
    "ColumnMap",
    "ColumnsReport",
    "Duplicates",
    "ExportProgress",
    "ExportReport",
    "Format",
    "ImportPlan",
    "ImportProgress",
    "ImportReport",
    "JournalError",
    "Mode",
    "Problem",
    "Record",
    "Row",
    "Source",
    "TransferError",
    "export_contacts",
    "open_source",
    "plan_import",
    "read_csv",
    "run_import",
    "write_csv",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
