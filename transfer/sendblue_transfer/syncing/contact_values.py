"""The values of contacts that a sync compares, in a normal form. Pure.

Only fields that a sync can write are kept. Blank values are absent, and so is an `opt_out` that is false, because the
API may return either for a contact that has not opted out. Whole pages are converted field by field, which takes much
less time than contact by contact.
"""

from __future__ import annotations

import marshal
import re
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from sendblue_contacts.phone import normalise
from sendblue_contacts.responses import contact_row, shown_fields
from sendblue_contacts_api.models.contact import Contact

from sendblue_transfer.importing.planner import UPDATE_FIELDS
from sendblue_transfer.rows.cells import TEXT_KINDS, scalar_text
from sendblue_transfer.rows.named_fields import CONTACT_ID, OPT_OUT
from sendblue_transfer.rows.row_parser import PHONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sendblue_contacts.responses import ContactRow

    from .changes import Values

    Columns = Mapping[str, Sequence[Any]]
    """For each field, its value in each contact of a page; None for no value."""

_SHOWN = shown_fields(UPDATE_FIELDS)
SYNC_FIELDS = {name: field for name, field in UPDATE_FIELDS.items() if name in _SHOWN and name != PHONE}
"""The fields that a sync compares: those of an update that a contact also shows, which may have another name there."""
_ALL_E164 = re.compile(r"(?:\+[1-9][0-9]{6,14}(?:\n(?!\Z)|\Z))+")
_PLACES = {name: place for place, name in enumerate(Contact.FIELDS)}
_SYNC_PLACES = {name: _PLACES[_SHOWN[name]] for name in SYNC_FIELDS}


def e164(value: object) -> str | None:
    """Return a number in E.164 form; None if it is not valid."""
    try:
        return normalise(value)
    except (TypeError, ValueError):
        return None


def e164_digits(numbers: Sequence[Any]) -> list[int]:
    """Return the digits of numbers. One check of many numbers in E.164 form is faster than one check of each.

    Raises:
        TypeError, ValueError: A number is not valid.
    """
    return [*map(int, numbers if _ALL_E164.fullmatch("\n".join(numbers)) else map(normalise, numbers))]


def is_blank(value: object) -> bool:
    """Whether a value is no value: null, empty text, an empty list or an empty map."""
    return value is None or (not value and isinstance(value, str | list | dict))


def is_filled(text: object) -> bool:
    """Whether the text of a label in a row is not blank."""
    return not is_blank(text) and not (isinstance(text, str) and text.isspace())


def contact_values(contact: Contact) -> Values:
    """Return the fields of a contact that a sync can write and that are not blank, with maps as they are."""
    return {name: value for name, (value,) in contact_columns([contact_row(contact)]).items() if value is not None}


def contact_columns(page: Sequence[ContactRow]) -> Columns:
    """Return the values of contacts field by field, in normal form. The page has at least one contact."""
    columns: list[Sequence[Any]] = [
        *zip(*page, strict=False)
    ]  # of a contact without a number, a row has more than the values
    return {name: _normalised(name, field.kind, columns[_SYNC_PLACES[name]]) for name, field in SYNC_FIELDS.items()}


def numbers_of(page: Iterable[ContactRow]) -> Sequence[int | None]:
    """Return the digits of the numbers of contacts; None for one that is not valid."""
    place = _PLACES[PHONE]
    phones: list[Any] = [row[place] for row in page]
    try:
        return e164_digits(phones)
    except (TypeError, ValueError):
        return [int(number) if (number := e164(phone)) else None for phone in phones]


def ids_of(page: Iterable[ContactRow]) -> list[str | None]:
    """Return the IDs of contacts; None for one that is not text."""
    place = _PLACES[CONTACT_ID]
    return [contact_id if isinstance(contact_id := row[place], str) else None for row in page]


def pack(ids: Iterable[str | None], columns: Columns) -> Iterator[bytes]:
    """Yield the ID and the values of each contact as bytes."""
    return map(marshal.dumps, zip(ids, *columns.values(), strict=True))


def unpack(content: bytes) -> tuple[str | None, Values]:
    """Return the ID and the values of a contact that was packed by this process."""
    contact_id, *values = marshal.loads(content)  # noqa: S302  # written by this process
    return contact_id, {name: value for name, value in zip(SYNC_FIELDS, values, strict=True) if value is not None}


def _normalised(name: str, kind: str, column: Sequence[Any]) -> Sequence[Any]:
    types = {*map(type, column)} - {type(None)}
    if not types or (types == {str} and all(column)):
        return column
    if types <= {str} or (types == {bool} and name == OPT_OUT) or _are_texts(types, column):
        return [value or None for value in column]
    return [_stored(kind, value) if value or name != OPT_OUT else None for value in column]


def _are_texts(types: set[type], column: Sequence[Any]) -> bool:
    """Whether the values are lists of texts, or maps to texts, of which none is blank."""
    if types == {list}:
        texts = [*chain.from_iterable(filter(None, column))]
    elif types == {dict}:
        texts = [*chain.from_iterable(labels.values() for labels in column if labels)]
    else:
        return False
    return {*map(type, texts)} <= {str} and "" not in texts


def _stored(kind: str, value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value in normal form: what is documented as text, but is a number, becomes text."""
    if kind == "map" and isinstance(value, dict):
        labels = cast("Values", value)
        value = {label: scalar_text(text) for label, text in labels.items() if not is_blank(text)}
    elif kind == "object" and value is not None:
        value = {name: each for name, each in value.to_dict().items() if not is_blank(each)}
    elif kind.startswith("array[") and isinstance(value, list):
        items = [_stored(kind[len("array[") : -1], item) for item in cast("list[object]", value)]
        value = [item for item in items if item is not None]
    elif isinstance(value, date):
        value = value.isoformat()
    elif kind in TEXT_KINDS:
        value = scalar_text(value)
    return None if is_blank(value) else value
