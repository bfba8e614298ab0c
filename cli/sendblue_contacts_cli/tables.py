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
from sendblue_contacts_api.field_table import FIELD_TABLE

from .formatting import kebab_case, printable
from .help import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sendblue_contacts_api.models.contact import Contact

CONTACT_FIELDS = FIELD_TABLE["Contact"]
"""The fields of a contact. A renamed field keeps its old name as an alias, so the names below remain valid."""


def _names(*models: str) -> dict[str, str]:
    """Return the name of each field by each of its spellings."""
    fields = [pair for model in models for pair in FIELD_TABLE[model].items()]
    return {spelling: name for name, field in fields for spelling in (name, *field["aliases"])}


NAMES, ROW_NAMES = _names("Contact"), _names("ContactUpdate", "BulkContact")
"""From each spelling of a field to its name in a contact, and in the rows of files and the changes of syncs."""
FULL_NAME_PARTS, COMPANY = ("first_name", "last_name"), "company_name"
TAGS, CREATED_AT, ROW_OPT_OUT = NAMES["tags"], NAMES["created_at"], ROW_NAMES["opt_out"]
VARIABLES = next(name for name, field in CONTACT_FIELDS.items() if field["kind"] == "map")
FULL_NAME = "name"
"""The column with both names."""
LISTED = (
    ("phone", "Phone", 16),
    (FULL_NAME, "Name", 16),
    (COMPANY, "Company", 12),
    ("tags", "Tags", 12),
    ("created_at", "Created (UTC)", 16),
    ("opt_out", "Opted out", 9),
    ("custom_variables", "Custom variables", 24),
    ("assigned_to_email", "Assigned to", 16),
)
"""The first columns of `list`, their titles and their minimum widths, in order of importance."""
NOT_LISTED = ("first_name", "last_name", "sendblue_number", "verified", "contact_id")
"""Fields that are no columns of `list`. A field that is named neither here nor in `LISTED` is a column at the end."""


def title_of(name: str) -> str:
    """Return a field name as a title: `first_name` as `First name`."""
    return name.replace("_", " ").capitalize()


def listed_fields() -> list[tuple[str, str, int]]:
    """Return the name, the title and the minimum width of each column of `list`."""
    named = [(NAMES.get(name, name), title, width) for name, title, width in LISTED]
    known = {*(name for name, _, _ in named), *(NAMES.get(name, name) for name in NOT_LISTED)}
    first = [each for each in named if each[0] in {*CONTACT_FIELDS, FULL_NAME}]
    return [*first, *((name, title_of(name), min_width(name)) for name in CONTACT_FIELDS if name not in known)]


def min_width(name: str) -> int:
    """Return the minimum width of the column of a field."""
    kind = CONTACT_FIELDS[name]["kind"] if name in CONTACT_FIELDS else ""
    return 16 if name == FULL_NAME or kind in {"e164", "date-time"} else 6


_LABEL_MIN_WIDTH = 6
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
        return printable(display_value(self.value(contact, _moment)))

    def value(self, contact: Contact, moment: Callable[[Any], object] | None = None) -> Any:  # noqa: ANN401  # any JSON
        """Return the value for a contact, as in JSON; a time converted by `moment`, if it is given."""
        return column_value(contact, self.name, moment)


def column_value(contact: Contact, name: str, moment: Callable[[Any], object] | None = None) -> Any:  # noqa: ANN401  # any JSON
    """Return the value of a contact in the column with this name, as in JSON; a time converted by `moment`."""
    if name == FULL_NAME:
        names = (column_value(contact, NAMES[each]) for each in FULL_NAME_PARTS)
        return " ".join(filter(None, map(display_value, names)))
    field, dot, label = name.partition(".")
    value = getattr(contact, contact.FIELDS[field].attribute)
    if CONTACT_FIELDS[field]["kind"] in {"date", "date-time"}:
        return (
            moment(value) if moment and CONTACT_FIELDS[field]["kind"] == "date-time" else contact.to_dict().get(field)
        )
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


def _moment(value: datetime | None) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}" if value else ""


COLUMNS = tuple(TableColumn(*column) for column in listed_fields())
"""The columns of `list`."""


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
    prefix, dot, label = name.strip().partition(".")
    spellings = {kebab_case(spelling): field for spelling, field in NAMES.items()}
    field = spellings.get(kebab_case(prefix), prefix)
    if label and field == VARIABLES:
        return TableColumn(f"{field}.{label}", printable(label), _LABEL_MIN_WIDTH)
    known = {column.name: column for column in COLUMNS}
    if dot or field not in {*CONTACT_FIELDS, FULL_NAME}:
        names = [*known, *(each for each in CONTACT_FIELDS if each not in known), f"{VARIABLES}.LABEL"]
        raise click.BadParameter(f"no field {name!r}.{did_you_mean(prefix, names)} The fields are {', '.join(names)}.")
    return TableColumn(field, known[field].title if field in known else title_of(field), min_width(field))


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
    for (title, least), want in zip(titles, wanted, strict=True):
        width = min(want, max(least, measure(title)))
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
