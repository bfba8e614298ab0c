"""What an import is of: what has to be the same for it to go on. Keys are hashed, never kept."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import JournalError

if TYPE_CHECKING:
    from sendblue_contacts.client import Sendblue

    from .checking import Rows
    from .journal import Journal
    from .mapping import ColumnMap
    from .reports import Mode

ROWS = "rows"
"""What a journal has once all rows of the input were checked; before that, nothing was sent."""

_CHANGED = {
    "input": "the input has changed",
    "sheet": "the sheet is another",
    "columns": "its columns are mapped otherwise",
    "mode": "the mode is another",
    "duplicates": "duplicates are treated otherwise",
    "region": "the default region is another",
    "account": "the account is another",
    "host": "the host is another",
}


def identity(client: Sendblue, rows: Rows, columns: ColumnMap, mode: Mode) -> dict[str, str]:
    """What an import is of."""
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


def begin(journal: Journal, wanted: dict[str, str], *, restart: bool) -> bool:
    """Begin an import of this, or go on with it.

    Returns:
        Whether there is something to go on with.

    Raises:
        JournalError: The journal is of another import.
    """
    known = journal.identity()
    if restart or ROWS not in known:
        journal.begin(wanted)
        return False
    changed = [sentence for name, sentence in _CHANGED.items() if known.get(name) != wanted[name]]
    if changed:
        raise JournalError(
            f"an import was begun with the journal {journal.path}, and since then {', '.join(changed)}: "
            "give the same again to go on with it, or begin anew with --restart (restart=True)"
        )
    return True
