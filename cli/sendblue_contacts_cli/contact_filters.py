"""Filters that the API does not have: every contact is read, and those that match are kept on this side."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import click

from .formatting import pluralize
from .tables import COMPANY, CONTACT_FIELDS, NAMES, TAGS, VARIABLES, column_value, find_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sendblue_contacts_api.models.contact import Contact

F = TypeVar("F", bound="Callable[..., Any]")

OPTIONS = ("tag", "phone", "where")
_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}


class Condition(NamedTuple):
    """What a field must be.

    Attributes:
        name: The name of the field, as in `tables.find_column`.
        text: Its value; empty for a blank field. One of the values of a list; the beginning of a time.
    """

    name: str
    text: str

    def matches(self, contact: Contact) -> bool:
        """Whether the contact fulfills the condition."""
        value = column_value(contact, self.name)
        if value is None or value in ("", []):
            return not self.text
        if isinstance(value, bool):
            return _BOOLEANS.get(self.text.lower()) is value
        if isinstance(value, list):
            return self.text in cast("list[object]", value)
        is_time = self.text and self.name in CONTACT_FIELDS and CONTACT_FIELDS[self.name]["kind"] == "date-time"
        return str(value).startswith(self.text) if is_time else value == self.text


class ContactFilter:
    """Keeps the contacts that fulfill all conditions, and counts those that were read.

    Args:
        conditions: The conditions.
        phone: Digits that the number contains or, after a plus, begins with.
    """

    def __init__(self, conditions: Iterable[Condition], phone: str = "") -> None:
        self._conditions = tuple(conditions)
        self._phone = phone
        self.read: int = 0
        self.matching: int = 0

    def matches(self, contact: Contact) -> bool:
        """Whether the contact fulfills all conditions."""
        number = contact.phone or ""
        has_digits = number.startswith(self._phone) if self._phone.startswith("+") else self._phone in number
        return has_digits and all(condition.matches(contact) for condition in self._conditions)

    def pages(self, pages: Iterable[Sequence[Contact]], limit: int | None = None) -> Iterator[list[Contact]]:
        """Yield the contacts of each page that match; at most `limit` in total."""
        for page in pages:
            found = list(filter(self.matches, page))[: None if limit is None else limit - self.matching]
            self.read += len(page)
            self.matching += len(found)
            if found:
                yield found
            if self.matching == limit:
                break

    def summary(self, limit: int | None = None) -> str:
        """Return how many contacts match; if they are as many as the limit, there may be more."""
        read = pluralize(self.read, "contact")
        if self.matching == limit:
            return f"first {self.matching:,} that match, of the {read} that were read (the API has no such filter)"
        return f"{self.matching:,} of the {read} that were read match (the API has no such filter)"


def filter_options(command: F) -> F:
    """Add `--tag`, `--phone` and `--where`; `pop_filter` takes their values."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def pop_filter(options: dict[str, Any]) -> ContactFilter | None:
    """Remove the values of `filter_options` from the options; return the filter, or None if none was given."""
    tags, phone, conditions = (options.pop(name) for name in OPTIONS)
    if not (tags or phone or conditions):
        return None
    return ContactFilter([*(Condition(TAGS, tag) for tag in tags), *conditions], phone or "")


def _parse_phone(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    digits = re.sub(r"[^\d+]", "", text or "")
    if text is not None and not re.fullmatch(r"\+?\d+", digits):
        raise click.BadParameter(f"{text!r} has no digits of a phone number, such as +1415 or 555-1234.")
    return digits or None


def _parse_conditions(_context: click.Context, _option: click.Parameter, texts: tuple[str, ...]) -> list[Condition]:
    return [_parse_condition(text) for text in texts]


def _parse_condition(text: str) -> Condition:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not FIELD=VALUE, such as {NAMES[COMPANY]}=Engines.")
    column = find_column(name)
    if column.name == VARIABLES:
        raise click.BadParameter(f"name the variable, such as '{VARIABLES}.Lead Source=Website'.")
    return Condition(column.name, value)


_FILTERS = (
    click.option("--tag", metavar="TAG", multiple=True, help="Only contacts with this tag.  [reads all contacts]"),
    click.option(
        "--phone",
        metavar="DIGITS",
        callback=_parse_phone,
        help="Only numbers that contain these digits or, as in +1415, begin with them.  [reads all contacts]",
    ),
    click.option(
        "--where",
        metavar="FIELD=VALUE",
        multiple=True,
        callback=_parse_conditions,
        help="Only contacts with this value; FIELD= for a blank field.  [reads all contacts]",
    ),
)
