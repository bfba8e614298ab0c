"""Import contacts from files, with validation and a journal that lets a run resume, and export contacts to files."""

from __future__ import annotations

from .csv_files import Row, read_csv, write_csv
from .errors import AccountLockedError, JournalError, JournalLockedError, SyncRefusedError, TransferError
from .exporting.exporter import export_contacts
from .importing.importer import run_import
from .importing.planner import MODES, plan_import
from .reports import ExportProgress, ExportReport, ImportPlan, ImportProgress, ImportReport, Mode, Problem
from .rows.column_map import ColumnMap
from .rows.columns import ColumnsReport
from .rows.duplicates import DUPLICATES, Duplicates
from .sources.formats import FORMATS, Format
from .sources.record import Record
from .sources.source import Source, open_source
from .syncing.changes import Change
from .syncing.plan import plan_sync
from .syncing.sync_plan import SyncPlan

__all__ = [
    "DUPLICATES",
    "FORMATS",
    "MODES",
    "AccountLockedError",
    "Change",
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
    "JournalLockedError",
    "Mode",
    "Problem",
    "Record",
    "Row",
    "Source",
    "SyncPlan",
    "SyncRefusedError",
    "TransferError",
    "export_contacts",
    "open_source",
    "plan_import",
    "plan_sync",
    "read_csv",
    "run_import",
    "write_csv",
]
