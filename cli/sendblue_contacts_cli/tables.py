"""The columns of contact tables: their cells, and which columns fit into a terminal and how wide they are. Pure.

Columns are ordered by importance. The last ones are left out if the terminal is too narrow. A cell has one line; text
that is too long ends with an ellipsis.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

import click

from .formatting import kebab_case, printable
from .help import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sendblue_contacts_api.models.contact import Contact

GAP = 2
"""Spaces between two columns."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a contact table.

    Attributes:
        name: The field, `custom_variables.<label>`, or `name` for both names.
        title: The title.
        min_width: The column is left out if it would become narrower, unless its longest text is shorter.
    """

    name: str
    title: str
    min_width: int

    def cell(self, contact: Contact) -> str:
        """Return the text of the cell for a contact."""
        return printable(_created(contact) if self.name == "created_at" else display_value(self.value(contact)))

    def value(self, contact: Contact) -> Any:  # noqa: ANN401  # any JSON
        """Return the value for a contact, as in JSON."""
        return column_value(contact, self.name)


def column_value(contact: Contact, name: str) -> Any:  # noqa: ANN401  # any JSON
    """Return the value of a contact in the column with this name, as in JSON."""
    if name == "name":
        return " ".join(filter(None, (display_value(contact.first_name), display_value(contact.last_name))))
    field, dot, label = name.partition(".")
    value = contact.to_dict().get(field) if field == "created_at" else getattr(contact, field)
    if not dot:
        return value
    return cast("Mapping[str, Any]", value).get(label) if isinstance(value, dict) else None


def display_value(value: Any) -> str:  # noqa: ANN401  # any JSON
    """Return a field value as text for people."""
    if isinstance(value, dict):
        items = cast("Mapping[object, object]", value).items()
        return "; ".join(f"{_quoted(label, ':;')}: {_quoted(text, ';')}" for label, text in items)
    if isinstance(value, list):
        return ", ".join(_quoted(item, ",") for item in cast("list[object]", value))
    return _CONSTANTS[value] if value is None or isinstance(value, bool) else str(value)


def _quoted(value: object, separators: str) -> str:
    """Return the text of an item; in quotation marks if it could be read as several."""
    text = str(value)
    ambiguous = not text.strip() or '"' in text or any(separator in text for separator in separators)
    return json.dumps(text, ensure_ascii=False) if ambiguous else text


_CONSTANTS = {None: "", True: "yes", False: "no"}


def _created(contact: Contact) -> str:
    return f"{contact.created_at.astimezone(UTC):%Y-%m-%d %H:%M}" if contact.created_at else ""


COLUMNS = (
    TableColumn("phone", "Phone", 16),
    TableColumn("name", "Name", 16),
    TableColumn("company_name", "Company", 12),
    TableColumn("tags", "Tags", 12),
    TableColumn("created_at", "Created (UTC)", 16),
    TableColumn("opt_out", "Opted out", 9),
    TableColumn("custom_variables", "Custom variables", 24),
    TableColumn("assigned_to_email", "Assigned to", 16),
)
"""The columns of `list`."""
_CHOSEN_MIN_WIDTH = 6
"""The minimum width of a column that the user chose, except for numbers and times."""


def row_cells(contact: Contact, columns: Sequence[TableColumn] = COLUMNS) -> list[str]:
    """Return the text of each column for a contact."""
    return [column.cell(contact) for column in columns]


def headers(columns: Sequence[TableColumn] = COLUMNS) -> list[tuple[str, int]]:
    """Return the title and the minimum width of each column."""
    return [(column.title, column.min_width) for column in columns]


def find_column(name: str) -> TableColumn:
    """Return the column with a name: a field in any spelling, `custom_variables.<label>`, or `name`.

    Raises:
        BadParameter: There is no such column.
    """
    from sendblue_contacts_api.models.contact import Contact  # noqa: PLC0415  # slow to load

    spellings = {
        kebab_case(each): field for field in Contact.FIELDS for each in (field, *Contact.FIELDS[field].aliases)
    }
    prefix, dot, label = name.strip().partition(".")
    field = spellings.get(kebab_case(prefix), prefix)
    if label and field == "custom_variables":
        return TableColumn(f"{field}.{label}", printable(label), _CHOSEN_MIN_WIDTH)
    known = {column.name: column for column in COLUMNS}
    if dot or field not in {*Contact.FIELDS, "name"}:
        names = [*known, *(each for each in Contact.FIELDS if each not in known), "custom_variables.LABEL"]
        raise click.BadParameter(f"no field {name!r}.{did_you_mean(prefix, names)} The fields are {', '.join(names)}.")
    title = known[field].title if field in known else field.replace("_", " ").capitalize()
    return TableColumn(field, title, 16 if field in {"phone", "created_at", "sendblue_number"} else _CHOSEN_MIN_WIDTH)


def column_widths(
    titles: Sequence[tuple[str, int]],
    rows: Sequence[Sequence[str]],
    terminal_width: int,
    measure: Callable[[str], int] = len,
) -> list[int]:
    """Return the widths of the columns that fit, from the first one on.

    Args:
        titles: The title and the minimum width of each column.
        rows: The cells of some rows, from which the widths are computed.
        terminal_width: The width of the terminal, in characters.
        measure: Returns the display width of a text. Some characters take two places, some none.
    """
    wanted = [max(map(measure, column)) for column in zip([title for title, _ in titles], *rows, strict=True)]
    widths: list[int] = []
    for (title, min_width), want in zip(titles, wanted, strict=True):
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
