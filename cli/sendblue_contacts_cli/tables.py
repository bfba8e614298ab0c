"""The columns of contacts: what each shows, which of them fit into a terminal, and how wide they are. Pure.

Columns stand in the order of their importance, and those that no longer fit are left out from the end. A cell has one
line; a longer one ends in an ellipsis.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from .texts import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sendblue_contacts_api.models.contact import Contact

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """A column of contacts.

    Attributes:
        title: Its title.
        cell: What it shows of a contact.
        least: It is left out rather than to be narrower, unless all that it shows is.
    """

    title: str
    cell: Callable[[Contact], str]
    least: int


def shown(value: Any) -> str:  # noqa: ANN401  # any JSON
    """A value of a contact as a person reads it."""
    if isinstance(value, dict):
        return "; ".join(f"{label}: {text}" for label, text in cast("Mapping[object, object]", value).items())
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value)))
    return _WORDS[value] if value is None or isinstance(value, bool) else str(value)


_WORDS = {None: "", True: "yes", False: "no"}


def _name(contact: Contact) -> str:
    return " ".join(filter(None, (shown(contact.first_name), shown(contact.last_name))))


def _created(contact: Contact) -> str:
    return f"{contact.created_at.astimezone(UTC):%Y-%m-%d %H:%M}" if contact.created_at else ""


COLUMNS = (
    Column("Phone", lambda contact: shown(contact.phone), 16),
    Column("Name", _name, 16),
    Column("Company", lambda contact: shown(contact.company_name), 12),
    Column("Tags", lambda contact: shown(contact.tags), 12),
    Column("Created (UTC)", _created, 16),
    Column("Opted out", lambda contact: shown(contact.opt_out), 9),
    Column("Custom variables", lambda contact: shown(contact.custom_variables), 24),
    Column("Assigned to", lambda contact: shown(contact.assigned_to_email), 16),
)


HEADS = [(column.title, column.least) for column in COLUMNS]


def cells(contact: Contact) -> list[str]:
    """What each column shows of a contact."""
    return [clean(column.cell(contact)) for column in COLUMNS]


def fit(
    heads: Sequence[tuple[str, int]], rows: Sequence[Sequence[str]], room: int, measure: Callable[[str], int] = len
) -> list[int]:
    """The widths of the columns that fit, from the first on.

    Args:
        heads: The title of each column and the least that it may be narrowed to.
        rows: The cells of some rows, by which the widths are judged.
        room: The width of the terminal.
        measure: How wide a text is; some letters take two places, some none.
    """
    wanted = [max(map(measure, column)) for column in zip([title for title, _ in heads], *rows, strict=True)]
    widths: list[int] = []
    for (title, least), want in zip(heads, wanted, strict=True):
        width = min(want, max(least, measure(title)))
        if widths and sum(widths) + GAP * len(widths) + width > room:
            break
        widths.append(width)
    return _widened(widths, wanted, room - sum(widths) - GAP * (len(widths) - 1))


def _widened(widths: list[int], wanted: list[int], spare: int) -> list[int]:
    """Give the room that is left to the narrowest of the columns that want more, place by place."""
    for _ in range(spare):
        hungry = [index for index, width in enumerate(widths) if width < wanted[index]]
        if not hungry:
            break
        widths[min(hungry, key=widths.__getitem__)] += 1
    return widths


def lines(contact: Contact) -> list[tuple[str, str]]:
    """One contact in full: a line for each field that has a value, and one for each custom variable."""
    found: list[tuple[str, str]] = []
    for name, value in contact.to_dict().items():
        if isinstance(value, dict):
            pairs = cast("Mapping[object, object]", value).items()
            found += [(f"{name}.{label}", shown(text)) for label, text in pairs]
        else:
            found.append((name, shown(value)))
    return [(clean(name), clean(text)) for name, text in found if text]
