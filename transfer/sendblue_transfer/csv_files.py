"""Small doors: the rows of CSV text, and contacts as CSV text, for programs that send or fetch by themselves."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from .columns import Columns, unknown
from .errors import TransferError
from .mapping import ColumnMap
from .tables import csv_rows, header, records
from .writing import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .layouts import Fields, Layout
    from .tables import Record


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        line: The line of the file on which it begins, from 1.
        cells: Its cells as they stand in the file, by the titles of their columns.
        contact: The contact, under preferred names; empty if there is a problem. A value that cannot be read is still
            text, so that the call that gets the contact refuses it and says why.
        problem: Why there is no contact; empty if there is one.
    """

    line: int
    cells: dict[str, str] = field(repr=False)
    contact: dict[str, Any] = field(repr=False)
    problem: str = ""


def read_csv(file: Iterable[str], fields: Fields = BulkContact.FIELDS) -> Iterator[Row]:
    """The rows of a CSV file, one by one as they are asked for; the titles are read at once. A blank line is no row.

    Args:
        file: Its lines: a file opened as UTF-8 with `newline=""`. A byte order mark is passed over.
        fields: What the contacts can have. A column that only the server sets, such as `created_at`, is in `cells`
            only, so that an exported file can come in again.

    Raises:
        TransferError: A title that is no field, or none that is the phone number; while rows are read: broken
            quotation marks.

    Example:
        with open("contacts.csv", encoding="utf-8", newline="") as file:
            client.contacts.bulk.create(row.contact for row in read_csv(file))
    """
    rows = csv_rows(iter(file))
    titles = header(rows)
    columns = Columns(ColumnMap(), fields, escaped=True)
    columns.check(titles)
    layout = columns.layout(titles)
    if unmapped := columns.report().unmapped:
        raise TransferError("; ".join(unknown(title, fields) for title in unmapped))
    return (_row(record, layout) for record in records(rows, titles))


def _row(record: Record, layout: Layout) -> Row:
    cells = dict(zip(record.titles, record.cells, strict=False))
    return Row(record.line, cells, {} if record.problem else layout.contact(record.cells), record.problem)


def write_csv(contacts: Iterable[Contact], file: TextIO, fields: Fields = Contact.FIELDS) -> None:
    """Write contacts as CSV, under preferred names; labels in the order in which they are first seen.

    Args:
        contacts: The contacts. They are kept until the labels of all of them are known.
        file: The file, opened for writing as UTF-8 with `newline=""`.
        fields: The fields to write.
    """
    values = [contact.to_dict() for contact in contacts]
    sheet = Sheet(fields)
    for each in values:
        sheet.learn(each)
    writer = csv.writer(file)
    writer.writerow(sheet.titles())
    writer.writerows(sheet.escaped(each) for each in values)
