"""`read_csv` and `write_csv`: conversion between CSV text and contacts, for programs that send or fetch themselves."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from .errors import TransferError
from .exporting.table_layout import TableLayout
from .rows.cells import escape_formula
from .rows.column_map import ColumnMap
from .rows.columns import MAX_SHOWN, Columns, unknown_name_message
from .sources.table_reader import csv_rows, read_header, table_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .rows.row_parser import Fields, RowParser
    from .sources.record import Record


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CSV file.

    Attributes:
        line: The line of the file on which it begins, counted from 1.
        cells: Its cells as they appear in the file, by column title.
        contact: The contact, under preferred field names; empty if there is a problem. A value that cannot be parsed is
            still text, and the call that sends the contact rejects it with a reason.
        problem: Why there is no contact; empty if there is one.
    """

    line: int
    cells: dict[str, str] = field(repr=False)
    contact: dict[str, Any] = field(repr=False)
    problem: str = ""


def read_csv(file: Iterable[str], fields: Fields = BulkContact.FIELDS) -> Iterator[Row]:
    """Read the header of a CSV file at once, and yield its rows lazily. Blank lines are skipped.

    Args:
        file: The lines: a file opened as UTF-8 with `newline=""`. A byte order mark is skipped.
        fields: The fields that a contact can have. A column that only the server sets, such as `created_at`, is only in
            `cells`, so that an exported file can be read.

    Raises:
        TransferError: A title matches no field, or no title matches the phone number; while rows are read: the
            quotation marks are broken.

    Example:
        with open("contacts.csv", encoding="utf-8", newline="") as file:
            client.contacts.bulk.create(row.contact for row in read_csv(file))
    """
    rows = csv_rows(iter(file))
    titles = read_header(rows)
    columns = Columns(ColumnMap(), fields, escaped=True)
    columns.check(titles)
    parser = columns.parser(titles)
    if unmapped := columns.report().unmapped:
        raise TransferError("; ".join(unknown_name_message(title, fields) for title in unmapped[:MAX_SHOWN]))
    return (_row(record, parser) for record in table_records(rows, titles))


def _row(record: Record, parser: RowParser) -> Row:
    cells = dict(zip(record.titles, record.cells, strict=False))
    try:
        return Row(record.line, cells, {} if record.problem else parser.parse(record.cells), record.problem)
    except ValueError as error:
        return Row(record.line, cells, {}, str(error))


def write_csv(contacts: Iterable[Contact], file: TextIO, fields: Fields = Contact.FIELDS) -> None:
    """Write contacts as CSV, under preferred field names. Labels are in the order in which they first occur.

    Args:
        contacts: The contacts. They are kept in memory until all labels are known.
        file: The file, opened for writing as UTF-8 with `newline=""`.
        fields: The fields to write.
    """
    all_values = [contact.to_dict() for contact in contacts]
    layout = TableLayout(fields)
    for values in all_values:
        layout.add_labels(values)
    writer = csv.writer(file)
    writer.writerow(map(escape_formula, layout.titles()))
    writer.writerows(layout.escaped_cells(values) for values in all_values)
