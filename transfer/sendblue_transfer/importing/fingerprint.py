"""What a journal belongs to: the input, the settings and the account. An import resumes only if all are the same.

Keys are hashed, and never stored.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sendblue_transfer.errors import JournalError

if TYPE_CHECKING:
    from sendblue_contacts.client import Sendblue

    from sendblue_transfer.reports import Mode
    from sendblue_transfer.rows.column_map import ColumnMap
    from sendblue_transfer.rows.validation import ImportRows

    from .journal import Journal

ROW_COUNT = "rows"
"""The header value that is written once all rows are validated; before that, nothing was sent."""

_DIFFERENCES = {
    "input": "the file has changed",
    "sheet": "the sheet is different",
    "columns": "the column mapping is different",
    "mode": "the mode is different",
    "duplicates": "the handling of duplicates is different",
    "region": "the default region is different",
    "account": "the account is different",
    "host": "the base URL is different",
}


def fingerprint(client: Sendblue, rows: ImportRows, columns: ColumnMap, mode: Mode) -> dict[str, str]:
    """Return what identifies an import."""
    key = client.generated.get_httpx_client().headers["sb-api-key-id"]
    return {
        "input": rows.source.digest,
        "sheet": rows.source.sheet or "",
        "columns": _hash(json.dumps([list(columns.columns.items()), columns.rest_as_variables])),
        "mode": mode,
        "duplicates": rows.duplicates,
        "region": rows.region or "",
        "account": _hash(key),
        "host": urlsplit(client.base_url).netloc,
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def start_or_resume(journal: Journal, wanted: dict[str, str], *, restart: bool) -> bool:
    """Start an import with this fingerprint, or resume it.

    Returns:
        Whether the import resumes.

    Raises:
        JournalError: The journal belongs to another import.
    """
    header = journal.header()
    if restart or ROW_COUNT not in header:
        journal.reset(wanted)
        return False
    differences = [sentence for name, sentence in _DIFFERENCES.items() if header.get(name) != wanted[name]]
    if differences:
        raise JournalError(
            f"the journal {journal.path} belongs to another import: {', '.join(differences)}; "
            "use the same file and options to resume, or start over with --restart (restart=True)"
        )
    return True
