"""Files of contacts: rows in, contacts out, and back. Pure; opens nothing and sends nothing.

A column is a field in any spelling, matched exactly first and then without regard to case, spaces and punctuation:
`first_name`, `firstName` and `First Name` are one. A map has a column for each label, `custom_variables.Lead Source`,
and the label is never respelled. A list is one cell, its items between semicolons (`VIP;"one; with a semicolon"`).
A blank cell is as absent. What a spreadsheet would take for a formula has an apostrophe before it, in the file only.

Nothing is lost silently. A file that cannot be read as a whole (an unknown column, broken quotation marks) is an
error. A row with more cells than there are columns has a `problem` and no contact. A value that cannot be read stays
text, so that the call that gets the contact refuses it and says why.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from sendblue_contacts_api.models.bulk_contact import BulkContact
from sendblue_contacts_api.models.contact import Contact

from .errors import mask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sendblue_contacts_api.types import Field

    Fields = Mapping[str, Field]

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_JSON_KINDS = {"boolean", "integer", "number", "object", "any"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Attributes:
        line: The line of the file on which it begins, from 1.
        cells: Its cells as they stand in the file, by the titles of their columns.
        contact: The contact, under preferred names; empty if there is a problem.
        problem: Why there is no contact; empty if there is one.
    """

    line: int
    cells: dict[str, str] = field(repr=False)
    contact: dict[str, Any] = field(repr=False)
    problem: str = ""


class _Column(NamedTuple):
    """A field, or one label of a map."""

    name: str
    kind: str
    label: str | None = None

    @property
    def title(self) -> str:
        return self.name if self.label is None else f"{self.name}.{self.label}"


def read_csv(file: Iterable[str], fields: Fields = BulkContact.FIELDS) -> Iterator[Row]:
    """The rows of a CSV file, one by one as they are asked for; the titles are read at once. A blank line is no row.

    Args:
        file: Its lines: a file opened as UTF-8 with `newline=""`. A byte order mark is passed over.
        fields: What the contacts can have. A column of `Contact` that is not among them, such as `created_at`, is in
            `cells` only, so that an exported file can come in again.

    Raises:
        ValueError: Titles that are unknown, twice there or missing; while rows are read: broken quotation marks.

    Example:
        with open("contacts.csv", encoding="utf-8", newline="") as file:
            client.contacts.bulk.create(row.contact for row in read_csv(file))
    """
    lines = iter(file)
    first = next(lines, "").removeprefix("\ufeff")
    table = _table(chain([first], lines))
    _, titles = next(table, (1, list[str]()))
    while titles and not titles[-1].strip():
        titles.pop()  # spreadsheets leave empty columns at the end
    columns = _columns(titles, fields)
    return (_row(line, cells, titles, columns) for line, cells in table)


def write_csv(contacts: Iterable[Contact], file: TextIO, fields: Fields = Contact.FIELDS) -> None:
    """Write contacts as CSV, under preferred names; labels in the order in which they are first seen.

    Args:
        contacts: The contacts. They are kept in memory until the labels of all of them are known.
        file: The file, opened for writing as UTF-8 with `newline=""`.
        fields: The fields to write.
    """
    values = [contact.to_dict() for contact in contacts]
    columns = [column for name, one in fields.items() for column in _columns_for(name, one.kind, values)]
    writer = csv.writer(file)
    writer.writerow(column.title for column in columns)
    writer.writerows([_cell(contact, column) for column in columns] for contact in values)


def _table(lines: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, in cells, with the number on which each begins."""
    reader = csv.reader(lines, strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"line {line}: the row that begins here cannot be read ({error}); look for a quotation mark too many"
        raise ValueError(message) from None


def _row(line: int, cells: list[str], titles: list[str], columns: list[_Column | None]) -> Row:
    named = dict(zip(titles, cells, strict=False))
    if any(cells[len(titles) :]):
        problem = f"the row has {len(cells)} cells for {len(titles)} columns; a cell with a comma needs quotation marks"
        return Row(line, named, {}, problem)
    contact: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=False):
        if column and cell.strip():
            _put(contact, column, cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell)
    return Row(line, named, contact)


def _put(contact: dict[str, Any], column: _Column, cell: str) -> None:
    if column.label is None:
        contact[column.name] = _read(column.kind, cell)
    else:
        contact.setdefault(column.name, {})[column.label] = cell


# --- titles


def _columns(titles: list[str], fields: Fields) -> list[_Column | None]:
    """What each title stands for; None for a field of a contact that is not asked for."""
    known = {**Contact.FIELDS, **fields}
    spellings = {spelling: name for name, one in known.items() for spelling in (name, *one.aliases)}
    found = [_column(title, known, spellings) for title in titles]
    names = [column.name for column in found if column]
    problems = [
        *(_unknown(title, spellings) for title, column in zip(titles, found, strict=True) if not column),
        *sorted({f"more than one column is {column.title}" for column in found if column and found.count(column) > 1}),
        *(f"no column is {name}" for name, one in fields.items() if one.required and name not in names),
    ]
    if problems:
        existing = ", ".join(name + (".<label>" if one.kind == "map" else "") for name, one in fields.items())
        message = f"line 1 must name the columns: {'; '.join(problems)}. They can be, in any spelling: {existing}."
        raise ValueError(message)
    return [column if column and column.name in fields else None for column in found]


def _column(title: str, known: Fields, spellings: Mapping[str, str]) -> _Column | None:
    head, dot, label = title.partition(".")
    name, owner = _find(title, spellings), _find(head, spellings)
    if name and known[name].kind != "map":
        return _Column(name, known[name].kind)
    return _Column(owner, "map", label) if dot and owner and known[owner].kind == "map" else None


def _find(title: str, spellings: Mapping[str, str]) -> str | None:
    loosely = {_loose(spelling): name for spelling, name in spellings.items()}
    return spellings.get(title) or loosely.get(_loose(title))


def _loose(title: str) -> str:
    return re.sub(r"[\W_]", "", title).casefold()


def _unknown(title: str, spellings: Mapping[str, str]) -> str:
    near = get_close_matches(title.partition(".")[0], spellings, n=1)
    return f"unknown column {mask(repr(title))}" + (f" (did you mean {near[0]}?)" if near else "")


def _columns_for(name: str, kind: str, contacts: list[dict[str, Any]]) -> list[_Column]:
    if kind != "map":
        return [_Column(name, kind)]
    labels = chain.from_iterable(_map(contact.get(name)) for contact in contacts)
    return [_Column(name, kind, label) for label in dict.fromkeys(labels)]


# --- cells


def _read(kind: str, cell: str) -> object:
    """A value from a cell: a list of texts, JSON, or the text itself."""
    if kind not in _JSON_KINDS and not kind.startswith("array["):
        return cell
    try:
        if kind == "array[string]":
            return _split(cell)
        return json.loads(cell.lower() if kind == "boolean" else cell, parse_constant=str)
    except (csv.Error, ValueError):
        return cell


def _split(cell: str) -> list[str]:
    items = next(csv.reader([cell], delimiter=";", skipinitialspace=True, strict=True))
    return [item.strip() for item in items if item.strip()]


def _cell(contact: Mapping[str, Any], column: _Column) -> str:
    value = contact.get(column.name)
    text = _text(value if column.label is None else _map(value).get(column.label))
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def _map(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in cast("list[object]", value)):
        return json.dumps(value, ensure_ascii=False)
    return _joined(cast("list[str]", value))


def _joined(items: list[str]) -> str:
    joined = io.StringIO(newline="")
    csv.writer(joined, delimiter=";").writerow(items)
    return joined.getvalue().removesuffix("\r\n")
