"""The rows of a source and the contacts of an account, in one temporary database that finds their differences.

The source is read once, and neither its rows nor the contacts are kept in memory. A row and a contact with the same
number and the same digest are equal; only other rows are compared field by field.
"""

from __future__ import annotations

from functools import reduce
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from sendblue_contacts.bulk.actions import merge

from sendblue_transfer.rows.duplicates import superseded_query
from sendblue_transfer.rows.validation import DUPLICATE_IS_REJECTED
from sendblue_transfer.syncing.account_index import AccountIndex
from sendblue_transfer.syncing.changes import Change
from sendblue_transfer.syncing.contact_values import unpack

from .row_encoder import Rejected, RowEncoder, encode_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sendblue_transfer.rows.duplicates import Duplicates
    from sendblue_transfer.rows.validation import ImportRows
    from sendblue_transfer.sources.record import Record
    from sendblue_transfer.syncing.changes import Values
    from sendblue_transfer.syncing.contact_values import Columns

    from .diff import RowDiff

_DUPLICATE = "another row has the same number"
_TABLES = (
    "CREATE TABLE rows (line INTEGER PRIMARY KEY, number INTEGER, digest INTEGER, content BLOB)",
    "CREATE TABLE skipped (line INTEGER PRIMARY KEY, number INTEGER, reason TEXT)",
    "CREATE TABLE tracked (number INTEGER PRIMARY KEY)",
    "CREATE TABLE different (line INTEGER PRIMARY KEY, position INTEGER)",
)
_DIFFERENT = """
INSERT INTO different SELECT line, position
FROM rows INDEXED BY rows_by_number LEFT JOIN contacts INDEXED BY contacts_by_number USING (number)
WHERE contacts.digest IS NOT rows.digest OR rows.digest IS NULL
"""
_PAIRS = """
SELECT line, rows.number, rows.content, contacts.content
FROM different JOIN rows USING (line) LEFT JOIN contacts USING (position) ORDER BY line
"""
_IN_SOURCE = "(number IN (SELECT number FROM rows) OR number IN (SELECT number FROM skipped WHERE number))"
_IS_TRACKED = "number IN (SELECT number FROM tracked)"
_REST = f"""
SELECT number, content FROM contacts WHERE position IN (
    SELECT position FROM contacts INDEXED BY contacts_by_number WHERE NOT {_IN_SOURCE} AND (? OR {_IS_TRACKED})
) ORDER BY position
"""  # noqa: S608  # constants
_NEWLY_TRACKED = f"""
SELECT number FROM contacts INDEXED BY contacts_by_number WHERE {_IN_SOURCE} AND NOT {_IS_TRACKED} ORDER BY number
"""  # noqa: S608  # constants
_SKIP_SUPERSEDED = """
INSERT INTO skipped SELECT line, number, ? || ' (line ' || kept || ')' FROM superseded JOIN rows USING (line)
"""
_MERGED = """
SELECT kept, content FROM (SELECT line, kept FROM superseded UNION SELECT kept, kept FROM superseded) JOIN rows
USING (line) ORDER BY kept, line
"""


class Comparison(AccountIndex):
    """The rows of a source, and the contacts of an account: first all rows are added, then the contacts.

    Args:
        rows: The rows of the source.
        diff: Compares single rows.
    """

    def __init__(self, rows: ImportRows, diff: RowDiff) -> None:
        super().__init__(*_TABLES)
        self._diff = diff
        self._encoder = RowEncoder(rows, diff)

    # --- the rows

    def add_rows(self, records: Sequence[Record]) -> None:
        """Add a batch of rows."""
        rejected: list[Rejected] = []
        self._write_all("INSERT INTO rows VALUES (?, ?, ?, ?)", self._encoder.encode(records, rejected))
        self._write_all("INSERT INTO skipped VALUES (?, ?, ?)", rejected)

    def resolve_duplicates(self, policy: Duplicates) -> None:
        """Leave one row for each number, once all rows were added.

        Args:
            policy: Which of several rows with the same number is used.
        """
        self._database.execute("CREATE INDEX rows_by_number ON rows (number, digest)")
        self._database.execute(f"CREATE TABLE superseded AS {superseded_query(policy, 'rows')}")
        if policy == "merge":
            self._write_all("UPDATE rows SET digest = NULL, content = ? WHERE line = ?", self._merged())
        reason = DUPLICATE_IS_REJECTED if policy == "error" else _DUPLICATE
        self._database.execute(_SKIP_SUPERSEDED, (reason,))
        self._database.execute("DELETE FROM rows WHERE line IN (SELECT line FROM superseded)")

    def _merged(self) -> Iterator[tuple[bytes, int]]:
        """Yield the content of each row into which others are merged, and its line."""
        for kept, contents in groupby(self._database.execute(_MERGED), key=itemgetter(0)):
            yield encode_values(reduce(merge, (self._encoder.decode(content) for _, content in contents))), kept

    def skipped(self) -> Iterator[Change]:
        """Yield the rows that are skipped, by line; without a number if it cannot be read."""
        for line, number, reason in self._database.execute("SELECT * FROM skipped ORDER BY line"):
            yield Change("skip", f"+{number}" if number else "", reason=reason, line=line)

    # --- the contacts

    def _digests(self, columns: Columns) -> Sequence[int | None]:
        return self._encoder.digests.of_contacts(columns)

    def mark_tracked(self, numbers: Iterable[str]) -> None:
        """Add the numbers of contacts that earlier syncs track."""
        self._write_all("INSERT INTO tracked VALUES (?)", ((int(number),) for number in numbers))

    # --- the differences

    def unchanged(self) -> int:
        """Compare the digests, and return the number of rows that are equal to their contacts by them."""
        self._database.execute(_DIFFERENT)
        query = "SELECT (SELECT count(*) FROM rows) - (SELECT count(*) FROM different)"
        return int(self._database.execute(query).fetchone()[0])

    def changes(self) -> Iterator[Change | None]:
        """Yield what has to change for each of the other rows, by line; None for one that is equal to its contact."""
        for line, number, row, contact in self._database.execute(_PAIRS):
            values = None if contact is None else unpack(contact)[1]
            yield self._diff.change(line, f"+{number}", self._encoder.decode(row), values)

    def rest(self, *, tracked: bool) -> Iterator[tuple[str, Values]]:
        """Yield the number and the values of each contact that the source lacks, in the order of the listing.

        Args:
            tracked: Whether only those that earlier syncs track are yielded.
        """
        for number, content in self._database.execute(_REST, (not tracked,)):
            yield f"+{number}", unpack(content)[1]

    def newly_tracked(self) -> Iterator[str]:
        """Yield the number of each contact that the source has, and that no earlier sync tracks."""
        return (f"+{number}" for (number,) in self._database.execute(_NEWLY_TRACKED))
