"""What a command writes to standard output: for a person, for a pipe, as JSON Lines, or numbers alone.

    |             | into a terminal                | into a pipe                                          |
    |-------------|--------------------------------|------------------------------------------------------|
    | contacts    | a table                        | a line each: the columns of the table, between tabs  |
    | one contact | its fields, one below another  | a line for each field: its name, a tab, its value    |
    | `--json`    | a line of JSON for each        | the same                                             |
    | `--quiet`   | a line with the number of each | the same                                             |

A pipe gets no colour and no titles, always the same columns, and no cell with a tab or a line break in it. Contacts
are written page by page, as they come.
"""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from .options import chosen
from .tables import GAP, HEADS, cells, fit, lines
from .texts import clean, wrapped

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
    """Write one line for a person to standard output."""
    write(_fitted(line, sys.stdout))


def write_json(value: Mapping[str, Any]) -> None:
    """Write one line of JSON to standard output."""
    reads_all = (sys.stdout.encoding or "").lower() in {"utf-8", "utf8"}
    write(json.dumps(value, ensure_ascii=not reads_all))


def say(line: str) -> None:
    """Say something to the person, on standard error, unless they want quiet."""
    if not chosen().quiet:
        click.echo(_fitted(line, sys.stderr), err=True)


def complain(line: str) -> None:
    """Say what went wrong, on standard error, also to those who want quiet."""
    click.echo(_fitted(clean(line), sys.stderr), err=True)


def _fitted(line: str, stream: TextIO) -> str:
    """The line as it fits into a terminal; a pipe gets it as it is."""
    return wrapped(line, shutil.get_terminal_size().columns) if stream.isatty() else line


def terminal() -> Console:
    """Standard output as a terminal, which shows texts as they are."""
    from rich.console import Console  # noqa: PLC0415  # slow, and for terminals alone

    return Console(highlight=False, markup=False, emoji=False)


def write_contacts(pages: Iterable[Page]) -> int:
    """Write contacts page by page; returns how many they were."""
    write_page = PAGES[_form()]()
    number = 0
    for page in pages:
        write_page(page)
        sys.stdout.flush()  # the next page is asked for only if somebody still reads
        number += len(page)
    return number


def write_contact(contact: Contact) -> None:
    """Write one contact in full."""
    ONE[_form()](contact)


def _form() -> str:
    options = chosen()
    if options.json:
        return "json"
    return "numbers" if options.quiet else "table" if sys.stdout.isatty() else "tabs"


def _json(contact: Contact) -> None:
    write_json(contact.to_dict())


def _number(contact: Contact) -> None:
    write(contact.phone or "")


def _tabs(contact: Contact) -> None:
    write("\t".join(cells(contact)))


def _tabs_in_full(contact: Contact) -> None:
    for name, text in lines(contact):
        write(f"{name}\t{text}")


def _table_in_full(contact: Contact) -> None:
    from rich.table import Table  # noqa: PLC0415  # slow, and for terminals alone
    from rich.text import Text  # noqa: PLC0415  # as above

    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column(overflow="fold")
    for name, text in lines(contact):
        table.add_row(Text(name, "bold"), Text(text))
    terminal().print(table)


def _each(write_one: Callable[[Contact], None]) -> Callable[[Page], None]:
    def write_page(page: Page) -> None:
        for contact in page:
            write_one(contact)

    return write_page


class Table:
    """A table on the terminal that grows piece by piece. The first piece decides how wide the columns are.

    Args:
        heads: The title of each column and the least that it may be narrowed to.
    """

    def __init__(self, heads: Sequence[tuple[str, int]]) -> None:
        self._heads = heads
        self._terminal = terminal()
        self._widths: list[int] = []

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Print some more rows."""
        from rich import box  # noqa: PLC0415  # slow, and for terminals alone
        from rich.cells import cell_len  # noqa: PLC0415  # as above
        from rich.table import Table as RichTable  # noqa: PLC0415  # as above
        from rich.text import Text  # noqa: PLC0415  # as above

        table = RichTable(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0), pad_edge=False)
        table.show_header = not self._widths
        self._widths = self._widths or fit(self._heads, rows, self._terminal.width, cell_len)
        for (title, _), width in zip(self._heads, self._widths, strict=False):
            table.add_column(title, width=width, no_wrap=True, overflow="ellipsis")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row[: len(self._widths)]))
        self._terminal.print(table)


def _table() -> Callable[[Page], None]:
    table = Table(HEADS)
    return lambda page: table.add([cells(contact) for contact in page])


def write_rows(heads: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]]) -> None:
    """Write rows with titles: a table into a terminal, and lines with tabs into a pipe."""
    if sys.stdout.isatty():
        Table(heads).add(rows)
        return
    for row in ([title for title, _ in heads], *rows):
        write("\t".join(row))


PAGES: dict[str, Callable[[], Callable[[Page], None]]] = {
    "json": lambda: _each(_json),
    "numbers": lambda: _each(_number),
    "tabs": lambda: _each(_tabs),
    "table": _table,
}
ONE: dict[str, Callable[[Contact], None]] = {
    "json": _json,
    "numbers": _number,
    "tabs": _tabs_in_full,
    "table": _table_in_full,
}
