"""Columns of names: what a column such as `Name` has depends on the other columns. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .column_synonyms import FIRST_NAMES_OF_NAME, FIRST_OR_FULL_NAME, FULL_NAME_TITLES, LAST_OR_FULL_NAME
from .named_fields import FIRST_NAME, LAST_NAME
from .titles import normalise_title

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_FULL_NAMES = [*map(normalise_title, FULL_NAME_TITLES)]
_AMBIGUOUS = (
    {FIRST_NAME: [normalise_title(FIRST_OR_FULL_NAME)]},
    {LAST_NAME: [normalise_title(LAST_OR_FULL_NAME)]},
)
_FIRST_NAMES = {*map(normalise_title, FIRST_NAMES_OF_NAME)}
_LAST_NAME_TITLE = normalise_title("Name")


def find_name_column(found: Mapping[str, list[str]], unused: Collection[str]) -> tuple[str, str] | None:
    """Return the title of the column that has the missing name, and the field that it fills; empty for both fields.

    Args:
        found: The titles of the columns of first names and of last names, in normalized form.
        unused: The titles of the columns that match no field, in normalized form.
    """
    if found in _AMBIGUOUS:
        return next(iter(found.values()))[0], ""
    if not found:
        return next(((title, "") for title in _FULL_NAMES if title in unused), None)
    is_beside = list(found) == [FIRST_NAME] and _FIRST_NAMES & {*found[FIRST_NAME]}
    return (_LAST_NAME_TITLE, LAST_NAME) if is_beside and _LAST_NAME_TITLE in unused else None


def split_name(text: str) -> tuple[str, str]:
    """Return the first word of a full name, and the others. In `Lovelace, Ada`, the first name follows the comma."""
    last, comma, first = text.partition(",")
    if not comma:
        first, _, last = text.strip().partition(" ")
    return " ".join(first.split()), " ".join(last.split())
