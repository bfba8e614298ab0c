"""The output of commands: for a terminal, for a pipe, as JSON Lines, or as phone numbers only.

    |             | terminal                       | pipe                                                |
    |-------------|--------------------------------|-----------------------------------------------------|
    | contacts    | a table                        | one line per contact: the columns, tab-separated    |
    | one contact | one line per field             | one line per field: its name, a tab, its value      |
    | `--json`    | one line of JSON per contact   | the same                                            |
    | `--quiet`   | one phone number per line      | the same                                            |

Output to a pipe has no colours and no titles, always the same columns, and no tab or line break inside a cell. Contacts
are written page by page as they arrive.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from .context import current_options
from .formatting import name_options_only, visible, wrap
from .tables import GAP, HEADERS, column_widths, field_lines, row_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TextIO

    from rich.console import Console
    from sendblue_contacts_api.models.contact import Contact

    Page = Sequence[Contact]


def write(line: str) -> None:
    """Write one line to standard output."""
    sys.stdout.write(f"{line}\n")


def write_text(line: str) -> None:
    """Write one line to standard output, wrapped to the width of a terminal."""
    write(_wrapped(line, sys.stdout))


def write_json(value: Mapping[str, Any]) -> None:
    """Write one line of JSON to standard output."""
    write(_json(value, sys.stdout))


def _json(value: Mapping[str, Any], stream: TextIO) -> str:
    """Return one line of JSON, escaped to ASCII if the encoding of the stream is not UTF-8."""
    is_utf8 = (stream.encoding or "").lower() in {"utf-8", "utf8"}
    return json.dumps(value, ensure_ascii=not is_utf8)


def print_message(line: str) -> None:
    """Print a message to standard error, unless --quiet is given."""
    if not current_options().quiet:
        sys.stdout.flush()  # in a file of both streams, the message stands after the data that was written before it
        click.echo(_wrapped(line, sys.stderr), err=True)


def print_error(message: str, prefix: str = "", **details: Any) -> None:  # noqa: ANN401  # any JSON
    """Print an error message to standard error, also with --quiet; with --json, print an object `error`.

    Args:
        message: The message.
        prefix: What precedes it in text.
        details: Further members of the object.
    """
    try:
        sys.stdout.flush()  # as above
    except BrokenPipeError:
        discard_output()
    if wants_json():
        click.echo(_json({"error": {"message": name_options_only(message), **details}}, sys.stderr), err=True)
    else:
        click.echo(_wrapped(f"{prefix}{visible(message)}", sys.stderr), err=True)


def print_errors(*lines: str) -> None:
    """Print an error message of several lines: with --json, as one object."""
    for line in [" ".join(map(str.strip, lines))] if wants_json() else lines:
        print_error(line)


def wants_json() -> bool:
    """Whether the command line has --json, also if another option of it is invalid."""
    options = current_options()
    return options.json or "--json" in options.arguments


def discard_output() -> None:
    """Discard what is still in the buffer of standard output: its reader has exited."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wrapped(line: str, stream: TextIO) -> str:
    """Name options only, and wrap the line if the stream is a terminal."""
    line = name_options_only(line)
    return wrap(line, shutil.get_terminal_size().columns) if stream.isatty() else line


def create_console() -> Console:
    """Return a console for standard output that prints text without interpreting markup."""
    from rich.console import Console  # noqa: PLC0415  # slow to load, and only terminals need it

    return Console(highlight=False, markup=False, emoji=False)


def write_contacts(pages: Iterable[Page]) -> int:
    """Write contacts page by page, and return their number."""
    write_page = PAGE_WRITERS[_output_format()]()
    number = 0
    for page in pages:
        write_page(page)
        sys.stdout.flush()  # fails if the reader has exited, so that the next page is not requested
        number += len(page)
    return number


def write_contact(contact: Contact) -> None:
    """Write all fields of one contact."""
    CONTACT_WRITERS[_output_format()](contact)


def _output_format() -> str:
    options = current_options()
    if options.json:
        return "json"
    return "numbers" if options.quiet else "table" if sys.stdout.isatty() else "tabs"


def _write_json(contact: Contact) -> None:
    write_json(contact.to_dict())


def _write_number(contact: Contact) -> None:
    write(contact.phone or "")


def _write_row(contact: Contact) -> None:
    write("\t".join(row_cells(contact)))


def _write_fields(contact: Contact) -> None:
    for name, text in field_lines(contact):
        write(f"{name}\t{text}")


def _write_field_table(contact: Contact) -> None:
    from rich.table import Table  # noqa: PLC0415  # slow to load, and only terminals need it
    from rich.text import Text  # noqa: PLC0415  # as above

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column(overflow="fold")
    for name, text in field_lines(contact):
        table.add_row(Text(name, "bold"), Text(text))
    create_console().print(table)


def _for_each_contact(write_one: Callable[[Contact], None]) -> Callable[[Page], None]:
    def write_page(page: Page) -> None:
        for contact in page:
            write_one(contact)

    return write_page


class StreamedTable:
    """A terminal table that is printed in parts. The first part determines the column widths.

    Args:
        headers: The title and the minimum width of each column.
    """

    def __init__(self, headers: Sequence[tuple[str, int]]) -> None:
        self._headers = headers
        self._console = create_console()
        self._widths: list[int] = []

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Print more rows."""
        from rich import box  # noqa: PLC0415  # slow to load, and only terminals need it
        from rich.cells import cell_len  # noqa: PLC0415  # as above
        from rich.table import Table  # noqa: PLC0415  # as above
        from rich.text import Text  # noqa: PLC0415  # as above

        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0), pad_edge=False)
        table.show_header = not self._widths
        self._widths = self._widths or column_widths(self._headers, rows, self._console.width, cell_len)
        for (title, _), width in zip(self._headers, self._widths, strict=False):
            table.add_column(title, width=width, no_wrap=True, overflow="ellipsis")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row[: len(self._widths)]))
        self._console.print(table)


def _table_writer() -> Callable[[Page], None]:
    table = StreamedTable(HEADERS)
    return lambda page: table.add([row_cells(contact) for contact in page])


def write_rows(headers: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> None:
    """Write titles and rows: a table to a terminal, tab-separated lines to a pipe."""
    if sys.stdout.isatty():
        StreamedTable(headers).add(rows)
        return
    for row in ([title for title, _ in headers], *rows):
        write("\t".join(row))


PAGE_WRITERS: dict[str, Callable[[], Callable[[Page], None]]] = {
    "json": lambda: _for_each_contact(_write_json),
    "numbers": lambda: _for_each_contact(_write_number),
    "tabs": lambda: _for_each_contact(_write_row),
    "table": _table_writer,
}
"""Creates the function that writes a page of contacts, for each output format."""
CONTACT_WRITERS: dict[str, Callable[[Contact], None]] = {
    "json": _write_json,
    "numbers": _write_number,
    "tabs": _write_fields,
    "table": _write_field_table,
}
"""The function that writes one contact, for each output format."""
