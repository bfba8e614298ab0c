"""The store: contacts and opt-outs in SQLite. One connection, one lock, one transaction for each request.

A contact's fields are one JSON text, so that a new field of the document needs no new column; columns are only what is
searched and sorted, and `answer`: the JSON that answers hold, made when the contact is written, so that a page of 1000
is read and not computed. It depends on the document and the spelling; opened with others, all of it is made anew.

An opt-out belongs to a number, whether or not that is a contact (the vendor's page 004: "from recipient opt-out
state").
"""

from __future__ import annotations

from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from sendblue_sandbox.api.response import ENCODE, Rendered

from .database import opened
from .queries import FOUND, RENDER, ROW, Row, conditions, pattern_of, row_of, sequence_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from sendblue_sandbox.config import PathLike

    from .queries import Contact, Page, Renderer

SCHEMA = """
CREATE TABLE contacts (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    phone TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    fields TEXT NOT NULL,
    answer TEXT NOT NULL,
    first_name TEXT AS (json_extract(fields, '$.first_name')),
    last_name TEXT AS (json_extract(fields, '$.last_name'))
);
CREATE INDEX contacts_created_at ON contacts (created_at, sequence);
CREATE INDEX contacts_first_name ON contacts (first_name, sequence);
CREATE INDEX contacts_last_name ON contacts (last_name, sequence);
CREATE TABLE opt_outs (phone TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE mark (value TEXT NOT NULL);
"""


class Store:
    """Contacts in memory, or in a file that outlives a kill.

    Args:
        path: The file; None for memory.
        renderer: Makes the JSON of contacts.

    Raises:
        ValueError: The file cannot be used.
    """

    def __init__(self, path: PathLike | None, renderer: Renderer) -> None:
        self._lock = RLock()
        self._renderer = renderer
        self._sqlite = opened(path, SCHEMA)
        self._refresh()

    @contextmanager
    def reading(self) -> Generator[None]:
        """Keep others out while something is looked up."""
        with self._lock:
            yield

    @contextmanager
    def writing(self) -> Generator[None]:
        """Keep others out, and make all of it happen or nothing; what is done at the end is on disk."""
        with self._lock:
            self._sqlite.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._sqlite.execute("ROLLBACK")
                raise
            self._sqlite.execute("COMMIT")

    def find(self, phone: str) -> Row | None:
        """The contact with this number, or None."""
        found = self._sqlite.execute(f"{ROW} WHERE phone = ?", (phone,)).fetchone()
        return None if found is None else row_of(found)

    def answer(self, phone: str) -> Rendered | None:
        """The JSON of the contact with this number, or None."""
        found = self._sqlite.execute("SELECT answer FROM contacts WHERE phone = ?", (phone,)).fetchone()
        return None if found is None else Rendered(found[0])

    def insert(self, contacts: Iterable[Contact]) -> None:
        """Add contacts: the number, the time of creation and the fields of each."""
        self._sqlite.executemany(
            "INSERT INTO contacts (sequence, phone, created_at, fields, answer) VALUES (?, ?, ?, ?, ?)",
            (self._values(number, *each) for number, each in self._numbered(contacts)),
        )

    def change(self, phone: str, new_phone: str, fields: dict[str, object]) -> None:
        """Give a contact other fields and another number, which may be the one it has."""
        self._sqlite.execute(
            "UPDATE contacts SET phone = ?, fields = ? WHERE phone = ?", (new_phone, ENCODE(fields), phone)
        )
        self._render(new_phone)

    def remove(self, phone: str) -> bool:
        """Delete a contact; False if there is none with this number."""
        return self._sqlite.execute("DELETE FROM contacts WHERE phone = ?", (phone,)).rowcount > 0

    def count(self, phone: str | None = None) -> int:
        """How many contacts there are, or how many with this number."""
        where, values = conditions({"phone = ?": phone})
        sql = "SELECT count(*) FROM contacts" + where  # noqa: S608 - the clauses are this file's own, values are bound
        found: int = self._sqlite.execute(sql, values).fetchone()[0]
        return found

    def page(self, page: Page) -> list[Rendered]:
        """The JSON of some contacts; those that are equal in the order come in the order in which they were made."""
        where, values = conditions(
            {
                "phone = ?": page.phone,
                "sequence = ?": sequence_of(page.contact_id),
                "created_at >= ?": page.created_at_gte,
            }
        )
        way = "DESC" if page.descending else "ASC"
        order = f" ORDER BY {page.order_by} {way}, sequence {way} LIMIT ? OFFSET ?"
        sql = "SELECT answer FROM contacts" + where + order  # noqa: S608 - this file's own words, values are bound
        return [Rendered(answer) for (answer,) in self._sqlite.execute(sql, (*values, page.limit, page.offset))]

    def all(self) -> list[Row]:
        """Every contact, in the order in which they were made."""
        return [row_of(each) for each in self._sqlite.execute(f"{ROW} ORDER BY sequence")]

    def search(self, text: str, limit: int, offset: int) -> tuple[int, list[Row]]:
        """Contacts that a person looks for, newest first, and how many of them there are.

        Args:
            text: What a number, a name, a tag, a variable or another field must hold, in any case; "" for all.
            limit: The most to return.
            offset: How many to skip.
        """
        where, values = (FOUND, {"text": pattern_of(text)}) if text else ("", {})
        sql = "SELECT count(*) FROM contacts" + where  # noqa: S608 - the clause is this file's own, values are bound
        total: int = self._sqlite.execute(sql, values).fetchone()[0]
        order = " ORDER BY created_at DESC, sequence DESC LIMIT :limit OFFSET :offset"
        found = self._sqlite.execute(ROW + where + order, {**values, "limit": limit, "offset": offset})
        return total, [row_of(each) for each in found]

    def phones(self) -> set[str]:
        """The number of every contact."""
        return {phone for (phone,) in self._sqlite.execute("SELECT phone FROM contacts")}

    def set_opt_out(self, phone: str, *, opted_out: bool) -> None:
        """Record whether the owner of a number wants no messages."""
        sql = "INSERT OR IGNORE INTO opt_outs VALUES (?)" if opted_out else "DELETE FROM opt_outs WHERE phone = ?"
        self._sqlite.execute(sql, (phone,))
        self._render(phone)

    def add_opt_outs(self, phones: Iterable[str]) -> None:
        """Record that the owners of these numbers, who are no contacts yet, want no messages."""
        self._sqlite.executemany("INSERT OR IGNORE INTO opt_outs VALUES (?)", ((phone,) for phone in phones))

    def clear(self) -> None:
        """Delete every contact and every opt-out, and count contacts from one again."""
        with self.writing():
            for table in ("contacts", "opt_outs", "sqlite_sequence"):
                self._sqlite.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables are named on the line above

    def close(self) -> None:
        """Close the file, or give up the memory."""
        with self._lock:
            self._sqlite.close()

    def _refresh(self) -> None:
        marks = [mark for (mark,) in self._sqlite.execute("SELECT value FROM mark")]
        if marks == [self._renderer.mark]:
            return
        with self.writing():
            self._sqlite.executemany(RENDER, ((self._renderer.json(row), row.sequence) for row in self.all()))
            self._sqlite.execute("DELETE FROM mark")
            self._sqlite.execute("INSERT INTO mark VALUES (?)", (self._renderer.mark,))

    def _render(self, phone: str) -> None:
        row = self.find(phone)
        if row is not None:
            self._sqlite.execute(RENDER, (self._renderer.json(row), row.sequence))

    def _numbered(self, contacts: Iterable[Contact]) -> Iterable[tuple[int, Contact]]:
        last = self._sqlite.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contacts'").fetchone()
        return enumerate(contacts, last[0] + 1 if last else 1)

    def _values(self, sequence: int, phone: str, created_at: int, fields: dict[str, object]) -> tuple[object, ...]:
        row = Row(sequence, phone, created_at, fields, self._opted_out(phone))
        return sequence, phone, created_at, ENCODE(fields), self._renderer.json(row)

    def _opted_out(self, phone: str) -> bool:
        return self._sqlite.execute("SELECT 1 FROM opt_outs WHERE phone = ?", (phone,)).fetchone() is not None
