"""The columns of contact tables: their cells, and which columns fit into a terminal and how wide they are. Pure.

Columns are ordered by importance. The last ones are left out if the terminal is too narrow. A cell has one line; text
that is too long ends with an ellipsis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from .formatting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sendblue_contacts_api.models.contact import Contact

GAP = 2
"""Spaces between two columns."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a contact table.

    Attributes:
        title: The title.
        cell: Returns the text of the cell for a contact.
        min_width: The column is left out if it would become narrower, unless its longest text is shorter.
    """

    title: str
    cell: Callable[[Contact], str]
    min_width: int


def display_value(value: Any) -> str:  # noqa: ANN401  # any JSON
    """Return a field value as text for people."""
    if isinstance(value, dict):
        return "; ".join(f"{label}: {text}" for label, text in cast("Mapping[object, object]", value).items())
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return _CONSTANTS[value] if value is None or isinstance(value, bool) else str(value)


_CONSTANTS = {None: "", True: "yes", False: "no"}


def _name(contact: Contact) -> str:
    return " ".join(filter(None, (display_value(contact.first_name), display_value(contact.last_name))))


def _created(contact: Contact) -> str:
    return f"{contact.created_at.astimezone(UTC):%Y-%m-%d %H:%M}" if contact.created_at else ""


COLUMNS = (
    TableColumn("Phone", lambda contact: display_value(contact.phone), 16),
    TableColumn("Name", _name, 16),
    TableColumn("Company", lambda contact: display_value(contact.company_name), 12),
    TableColumn("Tags", lambda contact: display_value(contact.tags), 12),
    TableColumn("Created (UTC)", _created, 16),
    TableColumn("Opted out", lambda contact: display_value(contact.opt_out), 9),
    TableColumn("Custom variables", lambda contact: display_value(contact.custom_variables), 24),
    TableColumn("Assigned to", lambda contact: display_value(contact.assigned_to_email), 16),
)
HEADERS = [(column.title, column.min_width) for column in COLUMNS]
"""The title and the minimum width of each column."""


def row_cells(contact: Contact) -> list[str]:
    """Return the text of each column for a contact."""
    return [printable(column.cell(contact)) for column in COLUMNS]


def column_widths(
    headers: Sequence[tuple[str, int]],
    rows: Sequence[Sequence[str]],
    terminal_width: int,
    measure: Callable[[str], int] = len,
) -> list[int]:
    """Return the widths of the columns that fit, from the first one on.

    Args:
        headers: The title and the minimum width of each column.
        rows: The cells of some rows, from which the widths are computed.
        terminal_width: The width of the terminal, in characters.
        measure: Returns the display width of a text. Some characters take two places, some none.
    """
    wanted = [max(map(measure, column)) for column in zip([title for title, _ in headers], *rows, strict=True)]
    widths: list[int] = []
    for (title, min_width), want in zip(headers, wanted, strict=True):
        width = min(want, max(min_width, measure(title)))
        if widths and sum(widths) + GAP * len(widths) + width > terminal_width:
            break
        widths.append(width)
    return _widen(widths, wanted, terminal_width - sum(widths) - GAP * (len(widths) - 1))


def _widen(widths: list[int], wanted: list[int], spare: int) -> list[int]:
    """Distribute the spare characters one by one, each to the narrowest column that is narrower than wanted."""
    for _ in range(spare):
        narrow = [index for index, width in enumerate(widths) if width < wanted[index]]
        if not narrow:
            break
        widths[min(narrow, key=widths.__getitem__)] += 1
    return widths


def field_lines(contact: Contact) -> list[tuple[str, str]]:
    """Return the name and text of each field that has a value, with one entry for each custom variable."""
    found: list[tuple[str, str]] = []
    for name, value in contact.to_dict().items():
        if isinstance(value, dict):
            pairs = cast("Mapping[object, object]", value).items()
            found += [(f"{name}.{label}", display_value(text)) for label, text in pairs]
        else:
            found.append((name, display_value(value)))
    return [(printable(name), printable(text)) for name, text in found if text]
