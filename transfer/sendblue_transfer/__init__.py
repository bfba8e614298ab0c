"""Import contacts from files, make an account match a file, and export contacts to files."""

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
from .syncing.applying.apply import apply_sync
from .syncing.applying.report import ChangeResult, FieldCounts, SyncReport
from .syncing.applying.undo import undo_sync
from .syncing.changes import Change
from .syncing.planning.plan import plan_sync
from .syncing.progress import SyncProgress
from .syncing.sync_plan import SyncPlan

__all__ = [
    "DUPLICATES",
    "FORMATS",
    "MODES",
    "AccountLockedError",
    "Change",
    "ChangeResult",
    "ColumnMap",
    "ColumnsReport",
    "Duplicates",
    "ExportProgress",
    "ExportReport",
    "FieldCounts",
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
    "SyncProgress",
    "SyncRefusedError",
    "SyncReport",
    "TransferError",
    "apply_sync",
    "export_contacts",
    "open_source",
    "plan_import",
    "plan_sync",
    "read_csv",
    "run_import",
    "undo_sync",
    "write_csv",
]
