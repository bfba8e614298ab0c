"""What a journal belongs to: the input, the settings and the account. An import resumes only if all are the same.

Only an unfinished import is resumed. Once it is complete, the account may change, so the next run is a new import,
whatever its input and settings are. Keys are hashed, and never stored.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sendblue_transfer.errors import JournalError
from sendblue_transfer.rows.column_map import ColumnMap
from sendblue_transfer.syncing.change_log import UNDOING

from .journal import SECONDS

if TYPE_CHECKING:
    from sendblue_contacts import Sendblue

    from sendblue_transfer.reports import Mode
    from sendblue_transfer.rows.validation import ImportRows

    from .journal import Journal

ROW_COUNT = "rows"
"""The header value that is written once all rows are validated; before that, nothing was sent."""

COMPLETED = "completed"
"""The header value of a complete import: when it was completed, as ISO 8601."""

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


class EarlierRun(NamedTuple):
    """What the journal shows about earlier runs.

    Attributes:
        resumes: Whether the next run resumes an unfinished import.
        completed: When the last import was completed; None if that is not known.
        seconds: How long the runs took that the next run resumes.
    """

    resumes: bool = False
    completed: datetime | None = None
    seconds: float = 0.0


def account_fingerprint(client: Sendblue) -> dict[str, str]:
    """Return what identifies the account of an import."""
    key = client.generated.get_httpx_client().headers["sb-api-key-id"]
    return {"account": _hash(key), "host": urlsplit(client.base_url).netloc}


def read_lag(client: Sendblue) -> float:
    """Return the seconds by which reads may lag behind writes."""
    return client._read_lag  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # a setting of the client


def fingerprint(rows: ImportRows, columns: ColumnMap | None, mode: Mode) -> dict[str, str]:
    """Return what identifies the input and the settings of an import."""
    column_map = columns or ColumnMap()
    return {
        "input": rows.source.digest,
        "sheet": rows.source.sheet or "",
        "columns": _hash(json.dumps([list(column_map.columns.items()), column_map.rest_as_variables])),
        "mode": mode,
        "duplicates": rows.duplicates,
        "region": rows.region or "",
    }


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def earlier_run(journal: Journal, wanted: dict[str, str], *, restart: bool) -> EarlierRun:
    """Return what the journal shows about earlier runs.

    Args:
        journal: The journal.
        wanted: The fingerprint of the next run. What it lacks is not compared.
        restart: Whether an unfinished import is discarded.

    Raises:
        JournalError: The journal belongs to another import, which is unfinished, or has an undo that is.
    """
    header = journal.header()
    if header.get("status") == UNDOING and not restart:
        raise JournalError(
            f"the undo of the import with the journal {journal.path} is not complete; run it again, or start over with "
            "--restart (restart=True)"
        )
    completed = datetime.fromisoformat(header[COMPLETED]) if COMPLETED in header else None
    if restart or completed or "status" in header or ROW_COUNT not in header:  # the status is that of an undo
        return EarlierRun(completed=completed)
    differences = [
        sentence for name, sentence in _DIFFERENCES.items() if name in wanted and header.get(name) != wanted[name]
    ]
    if differences:
        raise JournalError(
            f"the journal {journal.path} belongs to another import, which is unfinished: {', '.join(differences)}; "
            "use the same file and options to resume, or start over with --restart (restart=True)"
        )
    return EarlierRun(resumes=True, seconds=float(header.get(SECONDS, 0)))
