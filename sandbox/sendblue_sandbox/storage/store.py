"""The store: contacts and opt-outs in SQLite, with one connection, one lock and one transaction for each request.

The fields of a contact are one JSON text, so that a new field of the document needs no new column. The other columns
are those that queries search or sort by, and `rendered`: the JSON of the contact in responses, written with the
contact, so that a page of 1000 contacts is read and not computed. It depends on the document and the spelling; if a
file is opened with others, all contacts are rendered again, unless another sandbox uses the file.

An opt-out belongs to a phone number, whether or not it is a contact (the vendor's page 004: "from recipient opt-out
state"). So does a verification: a number is verified if a verification message to it was answered.
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from sendblue_sandbox.api.response import RenderedJson, encode_json

from .database import check_sole_use, open_database
from .queries import (
    OPTED_OUT,
    SELECT_ROWS,
    UPDATE_RENDERED,
    VERIFIED,
    ContactRow,
    Verification,
    parse_contact_id,
    to_row,
    where_clause,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from sendblue_sandbox.config import PathLike

    from .queries import ContactSearch, NewContact, PageQuery, Renderer

SCHEMA = """
CREATE TABLE contacts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    fields TEXT NOT NULL,
    rendered TEXT NOT NULL,
    first_name TEXT AS (json_extract(fields, '$.{first_name}')),
    last_name TEXT AS (json_extract(fields, '$.{last_name}'))
);
CREATE INDEX contacts_created_at ON contacts (created_at, sequence);
CREATE INDEX contacts_first_name ON contacts (first_name, sequence);
CREATE INDEX contacts_last_name ON contacts (last_name, sequence);
CREATE TABLE opt_outs (phone TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE verified (phone TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE verifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL,
    sent_at INTEGER NOT NULL
);
CREATE TABLE renderer (fingerprint TEXT NOT NULL);
"""


class Store:
    """Contacts in memory, or in a file that survives a killed process.

    Args:
        path: The file; None for memory.
        renderer: Renders contacts as JSON.

    Raises:
        ValueError: The file cannot be used, or is in use by a sandbox with another document or spelling.
    """

    def __init__(self, path: PathLike | None, renderer: Renderer) -> None:
        self._lock = RLock()
        self._renderer = renderer
        self._sqlite = open_database(path, SCHEMA.format(**renderer.columns))
        try:
            self._refresh(path)
        except BaseException:
            self._sqlite.close()
            raise

    @contextmanager
    def locked(self) -> Generator[None]:
        """Hold the lock, for several reads of the same state."""
        with self._lock:
            yield

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold the lock, and commit all changes at the end or roll them back on an error."""
        with self._lock:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._sqlite.execute("COMMIT")

    def find(self, phone: str) -> ContactRow | None:
        """Return the contact with this number, or None."""
        columns = self._sqlite.execute(f"{SELECT_ROWS} WHERE phone = ?", (phone,)).fetchone()
        return None if columns is None else to_row(columns)

    def rendered(self, phone: str) -> RenderedJson | None:
        """Return the JSON of the contact with this number, or None."""
        columns = self._sqlite.execute("SELECT rendered FROM contacts WHERE phone = ?", (phone,)).fetchone()
        return None if columns is None else RenderedJson(columns[0])

    def insert(self, contacts: Iterable[NewContact]) -> None:
        """Add contacts."""
        self._sqlite.executemany(
            "INSERT INTO contacts (sequence, phone, created_at, fields, rendered) VALUES (?, ?, ?, ?, ?)",
            (self._values(sequence, *contact) for sequence, contact in self._numbered(contacts)),
        )

    def update(self, phone: str, new_phone: str, fields: dict[str, object]) -> None:
        """Replace the fields and the number of a contact; the new number may be the same."""
        self._sqlite.execute(
            "UPDATE contacts SET phone = ?, fields = ? WHERE phone = ?", (new_phone, encode_json(fields), phone)
        )
        self._render(new_phone)

    def delete(self, phone: str) -> bool:
        """Delete a contact. Return whether there was one with this number."""
        return self._sqlite.execute("DELETE FROM contacts WHERE phone = ?", (phone,)).rowcount > 0

    def count(self, phone: str | None = None) -> int:
        """Return the number of contacts, or of contacts with this phone number."""
        where, values = where_clause({"phone = ?": phone})
        sql = "SELECT count(*) FROM contacts" + where  # noqa: S608 - the clause is constant, the values are bound
        count: int = self._sqlite.execute(sql, values).fetchone()[0]
        return count

    def page(self, query: PageQuery) -> list[RenderedJson]:
        """Return the JSON of some contacts; contacts that compare equal are in order of creation."""
        where, values = where_clause(
            {
                "phone = ?": query.phone,
                "sequence = ?": parse_contact_id(query.contact_id),
                "created_at >= ?": query.created_at_gte,
            }
        )
        direction = "DESC" if query.descending else "ASC"
        order = f" ORDER BY {query.order_by} {direction}, sequence {direction} LIMIT ? OFFSET ?"
        sql = "SELECT rendered FROM contacts" + where + order  # noqa: S608 - constant text, the values are bound
        rows = self._sqlite.execute(sql, (*values, query.limit, query.offset))
        return [RenderedJson(rendered) for (rendered,) in rows]

    def all(self) -> list[ContactRow]:
        """Return every contact, in order of creation."""
        return [to_row(columns) for columns in self._sqlite.execute(f"{SELECT_ROWS} ORDER BY sequence")]

    def search(self, search: ContactSearch) -> tuple[int, list[ContactRow]]:
        """Return how many contacts a search finds, and some of them, newest first."""
        sql = "SELECT count(*) FROM contacts" + search.where  # noqa: S608 - the clause is constant, the values are bound
        total: int = self._sqlite.execute(sql, search.values).fetchone()[0]
        order = " ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset"
        rows = self._sqlite.execute(SELECT_ROWS + search.where + order, search.values)
        return total, [to_row(columns) for columns in rows]

    def phones(self) -> set[str]:
        """Return the number of every contact."""
        return {phone for (phone,) in self._sqlite.execute("SELECT phone FROM contacts")}

    def set_opt_out(self, phone: str, *, opted_out: bool) -> None:
        """Record an opt-out of a number, or its end."""
        sql = "INSERT OR IGNORE INTO opt_outs VALUES (?)" if opted_out else "DELETE FROM opt_outs WHERE phone = ?"
        self._sqlite.execute(sql, (phone,))
        self._render(phone)

    def add_opt_outs(self, phones: Iterable[str]) -> None:
        """Record the opt-outs of numbers that are not contacts yet."""
        self._sqlite.executemany("INSERT OR IGNORE INTO opt_outs VALUES (?)", ((phone,) for phone in phones))

    def add_verification(self, phone: str, sent_at: int) -> None:
        """Record a verification message to a number, sent at a time in milliseconds since 1970."""
        self._sqlite.execute("INSERT INTO verifications (phone, sent_at) VALUES (?, ?)", (phone, sent_at))

    def answer_verifications(self, phone: str) -> bool:
        """Verify a number. Return whether a message was sent to it."""
        found = self._sqlite.execute("SELECT 1 FROM verifications WHERE phone = ? LIMIT 1", (phone,)).fetchone()
        if found:
            self._sqlite.execute("INSERT OR IGNORE INTO verified VALUES (?)", (phone,))
            self._render(phone)
        return found is not None

    def verifications(self, limit: int) -> list[Verification]:
        """Return the newest verification messages, newest first."""
        sql = f"SELECT number, phone, sent_at, {VERIFIED} FROM verifications ORDER BY number DESC LIMIT ?"  # noqa: S608 - constant text, the value is bound
        rows = self._sqlite.execute(sql, (limit,))
        return [Verification(number, phone, sent_at, bool(answered)) for number, phone, sent_at, answered in rows]

    def clear(self) -> None:
        """Delete every contact, opt-out and verification, and restart the contact IDs at 1."""
        with self.transaction():
            for table in ("contacts", "opt_outs", "verified", "verifications", "sqlite_sequence"):
                self._sqlite.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables are named on the line above

    @property
    def replica(self) -> Store:
        """The store to read from: this one, whose reads do not lag behind its writes."""
        return self

    def copy_to(self, other: Store) -> None:
        """Replace everything in another store by a copy of this one."""
        self._sqlite.backup(other._sqlite)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._sqlite.close()

    def _refresh(self, path: PathLike | None) -> None:
        """Render all contacts again if the file was written with another document or spelling."""
        current = (self._renderer.fingerprint,)
        with self.transaction():
            found = self._sqlite.execute("SELECT fingerprint FROM renderer").fetchone()
            if found is None:
                self._sqlite.execute("INSERT INTO renderer VALUES (?)", current)
        if found in {None, current}:
            return
        check_sole_use(self._sqlite, path)
        with self.transaction():
            values = ((self._renderer.to_json(row), row.sequence) for row in self.all())
            self._sqlite.executemany(UPDATE_RENDERED, values)
            self._sqlite.execute("UPDATE renderer SET fingerprint = ?", current)

    def _render(self, phone: str) -> None:
        row = self.find(phone)
        if row is not None:
            self._sqlite.execute(UPDATE_RENDERED, (self._renderer.to_json(row), row.sequence))

    def _numbered(self, contacts: Iterable[NewContact]) -> Iterable[tuple[int, NewContact]]:
        last = self._sqlite.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'").fetchone()
        return enumerate(contacts, last[0] + 1 if last else 1)

    def _values(self, sequence: int, phone: str, created_at: int, fields: dict[str, object]) -> tuple[object, ...]:
        row = ContactRow(sequence, phone, created_at, fields, *self._flags(phone))
        return sequence, phone, created_at, encode_json(fields), self._renderer.to_json(row)

    def _flags(self, phone: str) -> tuple[bool, bool]:
        sql = f"SELECT {OPTED_OUT}, {VERIFIED} FROM (SELECT ? AS phone)"  # noqa: S608 - constant text, the value is bound
        opt_out, verified = self._sqlite.execute(sql, (phone,)).fetchone()
        return bool(opt_out), bool(verified)
