"""Encodes the rows of a table as the contacts of bulk requests, column by column. No I/O.

Each different cell of a column is read once per page of rows: a row then only joins the JSON of its cells.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import repeat
from json import JSONEncoder
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, cast

from sendblue_contacts.bulk.requests import EncodedContact, EncodedPage
from sendblue_contacts.phone import E164

from .cells import unescape_formula
from .column_reader import ColumnReader
from .row_parser import PHONE, ColumnTarget

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .row_parser import FieldCells, RowParser

    _Columns = Sequence[Sequence[Any]]

_ALL_E164 = re.compile(rf"(?:{E164.pattern}\n)*")
_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


class NumberColumn:
    """Reads the phone numbers of the rows of one header.

    Args:
        parser: The parser of the rows.
        region: The region of numbers in national form.
    """

    def __init__(self, parser: RowParser, region: str | None) -> None:
        self._positions, part = parser.part(PHONE, None)
        cells = part.field_cells
        self._is_text = len(cells) == len(self._positions) == 1 and cells[0].cell_type == "text"
        self._region = region
        self._others = ColumnReader(parser, ColumnTarget(PHONE), cast("Any", str), region)

    def read(self, columns: _Columns) -> Sequence[str]:
        """Return the numbers in E.164 form.

        Raises:
            TypeError, ValueError: A number is not valid.
        """
        if self._is_text and self._region is None:
            cells = columns[self._positions[0]]
            if _ALL_E164.fullmatch("\n".join((*cells, ""))):
                return cells
        return cast("Sequence[str]", self._others.read(columns))


class FieldColumn(dict[Any, str]):
    """Encodes the columns of one field: the text before the value and the value, or empty text without a value.

    Args:
        parser: The parser of the rows.
        name: The name of the field.
        region: The region of numbers in national form.
    """

    def __init__(self, parser: RowParser, name: str, region: str | None) -> None:
        super().__init__()
        self._positions, self._parser = parser.part(name, None)
        self._name = name
        self._region = region

    def read(self, columns: _Columns) -> Iterable[str]:
        """Return the JSON of each row.

        Raises:
            TypeError, ValueError: A value is not valid.
        """
        self.clear()
        cells = zip(*(columns[position] for position in self._positions), strict=True)
        return [*map(self.__getitem__, cells)]

    def __missing__(self, cells: tuple[Any, ...]) -> str:
        value = self._parser.validated(cells, self._region).get(self._name)
        self[cells] = encoded = "" if value is None else f',"{self._name}":{_encode(value)}'
        return encoded


class TextColumn(dict[str, str]):
    """Encodes a column of text.

    Args:
        cells: The column.
        key: What the text is called in JSON: a field, or the label of a map.
        escaped: Whether an apostrophe precedes cells that a spreadsheet would run as formulas.
    """

    def __init__(self, cells: FieldCells, key: str, *, escaped: bool) -> None:
        super().__init__()
        (self._position,) = cells.positions
        self._start = f",{encode_basestring(key)}:"
        self._escaped = escaped

    def read(self, columns: _Columns) -> Iterable[str]:
        """Return the JSON of each row."""
        self.clear()
        return map(self.__getitem__, columns[self._position])

    def __missing__(self, cell: str) -> str:
        text = unescape_formula(cell) if self._escaped and "'" in cell else cell
        self[cell] = encoded = self._start + encode_basestring(text) if cell and not cell.isspace() else ""
        return encoded


class MapColumns:
    """Encodes the columns of the labels of a map.

    Args:
        name: The name of the field.
        labels: The columns of the labels.
    """

    def __init__(self, name: str, labels: Sequence[TextColumn]) -> None:
        self._labels = labels
        self._start = f',"{name}":{{'

    def read(self, columns: _Columns) -> Iterable[str]:
        """Return the JSON of each row."""
        start = self._start
        rows = map("".join, zip(*(label.read(columns) for label in self._labels), strict=True))
        return [f"{start}{row[1:]}}}" if row else "" for row in rows]


def _column(parser: RowParser, name: str, region: str | None) -> FieldColumn | TextColumn | MapColumns:
    cells = [each for each in parser.field_cells if each.target.name == name]
    labels = [each.target.label for each in cells]
    is_text = all(each.cell_type == "text" and each.kind == "string" and len(each.positions) == 1 for each in cells)
    column = partial(TextColumn, escaped=parser.escaped)
    if is_text and labels == [None]:
        return column(cells[0], name)
    if not is_text or None in labels:
        return FieldColumn(parser, name, region)
    return MapColumns(name, [column(each, cast("str", each.target.label)) for each in cells])


class ContactEncoder:
    """Encodes the rows of one header.

    Args:
        parser: The parser of the rows.
        region: The region of numbers in national form.
    """

    def __init__(self, parser: RowParser, region: str | None) -> None:
        names = dict.fromkeys(each.target.name for each in parser.field_cells if each.target.name != PHONE)
        self._numbers = NumberColumn(parser, region)
        self._columns = [_column(parser, name, region) for name in names]

    def encode(self, columns: _Columns) -> EncodedPage:
        """Return the contacts of rows that were validated.

        Args:
            columns: The cells of the rows, column by column.
        """
        numbers = self._numbers.read(columns)
        parts = (
            repeat('{"phone":"'),
            numbers,
            repeat('"'),
            *(each.read(columns) for each in self._columns),
            repeat("}"),
        )
        texts = map("".join, zip(*parts, strict=False))
        return EncodedPage(map(EncodedContact, numbers, "\n".join(texts).encode().split(b"\n")))


class ColumnValidator:
    """Validates the rows of one header.

    Args:
        parser: The parser of the rows.
        region: The region of numbers in national form.
    """

    def __init__(self, parser: RowParser, region: str | None) -> None:
        self._numbers = NumberColumn(parser, region)
        self._columns = [FieldColumn(parser, name, region) for name in parser.names_to_validate if name != PHONE]

    def numbers(self, columns: _Columns) -> Sequence[str]:
        """Return the phone numbers of rows in E.164 form.

        Raises:
            TypeError, ValueError: A row cannot be sent.
        """
        for each in self._columns:
            each.read(columns)
        return self._numbers.read(columns)
