"""The output of commands: for a terminal, for a pipe, as JSON Lines, or as phone numbers only.

    |             | terminal                       | pipe                                                |
    |-------------|--------------------------------|-----------------------------------------------------|
    | contacts    | a table                        | one line per contact: the columns, tab-separated    |
    | one contact | one line per field             | one line per field: its name, a tab, its value      |
    | `--json`    | one line of JSON per contact   | the same                                            |
    | `--quiet`   | one phone number per line      | the same                                            |

Output to a pipe has no colours and no titles, always the same columns, and no tab or line break inside a cell. Contacts
are written page by page as they arrive; a terminal shows them in a pager if they do not fit. Questions are asked on a
terminal only.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from .context import current_options
from .exit_codes import CommandError
from .formatting import name_options_only, visible, wrap
from .tables import COLUMNS, GAP, TableColumn, column_widths, field_lines, headers, row_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


def write_contacts(pages: Iterable[Page], columns: Sequence[TableColumn] = ()) -> int:
    """Write contacts page by page, on a terminal through a pager if they do not fit; return their number.

    Args:
        pages: The contacts.
        columns: The columns that the user chose; empty for the default ones.
    """
    number = 0

    def texts() -> Iterator[str]:
        nonlocal number
        text_of = PAGE_FORMATS[_output_format()](columns)
        for page in pages:
            yield text_of(page)
            number += len(page)

    if sys.stdout.isatty() and not current_options().json:
        write_through_pager(texts())
    else:
        _write_texts(texts())
    return number


def _write_texts(texts: Iterable[str]) -> None:
    for text in texts:
        sys.stdout.write(text)
        sys.stdout.flush()  # fails if the reader has exited, so that the next page is not requested


def write_through_pager(texts: Iterator[str]) -> None:
    """Write texts to the terminal: through the pager of the user if they have more lines than it.

    The pager is that of the variable PAGER, by default less; none if it is `cat` or empty.
    """
    head: list[str] = []
    lines = shutil.get_terminal_size().lines - 1
    while lines > 0 and (text := next(texts, None)) is not None:
        head.append(text)
        lines -= text.count("\n")
    if lines > 0 or os.environ.get("PAGER", "less") in {"", "cat"}:
        _write_texts(chain(head, texts))
    else:
        os.environ.setdefault("LESS", "FRX")  # as for git: colors, and no second screen
        click.echo_via_pager(chain(head, texts), color="R" in os.environ["LESS"].upper() or None)


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


def _each_line(line_of: Callable[[Contact], str]) -> Callable[[Page], str]:
    return lambda page: "".join(f"{line_of(contact)}\n" for contact in page)


def _json_lines(columns: Sequence[TableColumn]) -> Callable[[Page], str]:
    def line(contact: Contact) -> str:
        values = {column.name: column.value(contact) for column in columns} if columns else contact.to_dict()
        return _json(values, sys.stdout)

    return _each_line(line)


def _tabbed_lines(columns: Sequence[TableColumn]) -> Callable[[Page], str]:
    return _each_line(lambda contact: "\t".join(row_cells(contact, columns or COLUMNS)))


def _table(columns: Sequence[TableColumn]) -> Callable[[Page], str]:
    table = StreamedTable(headers(columns or COLUMNS), all_columns=bool(columns))
    return lambda page: table.text([row_cells(contact, columns or COLUMNS) for contact in page])


class StreamedTable:
    """A terminal table that is printed in parts. The first part determines the column widths.

    Args:
        titles: The title and the minimum width of each column.
        all_columns: Whether to show all columns, in lines that are longer than the terminal is wide if need be.
    """

    def __init__(self, titles: Sequence[tuple[str, int]], *, all_columns: bool = False) -> None:
        self._headers = titles
        self._console = create_console()
        if all_columns:
            needed = sum(max(len(title), min_width) + GAP for title, min_width in titles)
            self._console.width = max(self._console.width, needed)
        self._widths: list[int] = []

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        """Return the next part of the table."""
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
        with self._console.capture() as capture:
            self._console.print(table)
        return capture.get()


def write_rows(titles: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> None:
    """Write titles and rows: a table to a terminal, tab-separated lines to a pipe."""
    if sys.stdout.isatty():
        sys.stdout.write(StreamedTable(titles).text(rows))
        return
    for row in ([title for title, _ in titles], *rows):
        write("\t".join(row))


PAGE_FORMATS: dict[str, Callable[[Sequence[TableColumn]], Callable[[Page], str]]] = {
    "json": _json_lines,
    "numbers": lambda _: _each_line(lambda contact: contact.phone or ""),
    "tabs": _tabbed_lines,
    "table": _table,
}
"""For each output format, creates the function that returns the text of a page of contacts from the chosen columns."""
CONTACT_WRITERS: dict[str, Callable[[Contact], None]] = {
    "json": _write_json,
    "numbers": _write_number,
    "tabs": _write_fields,
    "table": _write_field_table,
}
"""The function that writes one contact, for each output format."""


def confirm(action: str, question: str) -> bool:
    """Ask a question on the terminal, and return whether the answer is yes.

    Args:
        action: What needs the answer, for the error message.
        question: The question.

    Raises:
        CommandError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise CommandError(f"{action} needs a confirmation, and there is no terminal to ask on; add --yes")
    return click.confirm(wrap(question, shutil.get_terminal_size().columns), err=True)
