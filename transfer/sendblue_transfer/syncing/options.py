"""The options of a plan, checked once. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, get_args

from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSizeOption, check_chunk_size

from sendblue_transfer.errors import TransferError
from sendblue_transfer.rows.duplicates import DUPLICATES, Duplicates

if TYPE_CHECKING:
    from collections.abc import Mapping

Deletions = Literal["none", "tracked", "all"]
TagPolicy = Literal["replace", "add"]
BlankPolicy = Literal["keep", "clear"]
DELETIONS: tuple[Deletions, ...] = get_args(Deletions)
TAG_POLICIES: tuple[TagPolicy, ...] = get_args(TagPolicy)
BLANK_POLICIES: tuple[BlankPolicy, ...] = get_args(BlankPolicy)

_CHOICES = {"delete": DELETIONS, "tags": TAG_POLICIES, "blank": BLANK_POLICIES, "duplicates": DUPLICATES}
_FLAGS = ("allow_opt_in", "allow_unreadable")
_COUNT = re.compile(r"\d{1,18}", re.ASCII)
_PERCENTAGE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?)\s*%", re.ASCII)


@dataclass(frozen=True, slots=True)
class SyncOptions:
    """What a sync does, and what it refuses to do.

    Args:
        delete: Which contacts that the source lacks are deleted: `none`; `tracked`, those that an earlier sync with
            the same state created or found in its source; or `all`.
        max_delete: The maximum number of deletions: a count, or a percentage of the account such as `5%`.
        tags: `replace`: a contact gets exactly the tags of its row. `add`: it keeps the tags that its row lacks.
        blank: `keep`: a blank cell leaves a field alone. `clear`: it clears the field.
        scope_tag: With a tag, only contacts that have it are deleted, and every contact of the source gets it.
        allow_opt_in: Whether a row may opt a contact in that has opted out.
        allow_unreadable: Whether contacts may be deleted although the source seems to be incomplete: the number of a
            row cannot be read, or the source ends too early.
        duplicates: Which of several rows with the same number is used: `last`, `first`, `merge` for all of them
            combined, or `error` for the first, with the others rejected.
        default_region: A region of two letters such as `US`, to accept numbers in national form.
        chunk_size: The maximum number of contacts in one bulk request; `auto` for as many as suit the server.

    Raises:
        TransferError: An option has a value that it cannot have.
        TypeError, ValueError: `chunk_size` is neither `auto` nor a positive integer, or `default_region` is no text.
    """

    delete: Deletions = "none"
    max_delete: int | str = "5%"
    tags: TagPolicy = "replace"
    blank: BlankPolicy = "keep"
    scope_tag: str | None = None
    allow_opt_in: bool = False
    allow_unreadable: bool = False
    duplicates: Duplicates = "last"
    default_region: str | None = None
    chunk_size: ChunkSizeOption = AUTO

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            _check_choice(name, getattr(self, name), allowed)
        for name in _FLAGS:
            _check_choice(name, getattr(self, name), (True, False))
        _check_max_delete(self.max_delete)
        _check_scope_tag(self.scope_tag)
        _check_region(self.default_region)
        check_chunk_size(self.chunk_size)

    def allows_deletions(self, count: int, contacts: int) -> bool:
        """Whether so many contacts may be deleted from an account that has so many contacts."""
        percentage = _PERCENTAGE.fullmatch(str(self.max_delete).strip())
        if percentage:
            return count * 100 <= Decimal(percentage[1]) * contacts
        return count <= int(self.max_delete)

    def to_dict(self) -> dict[str, Any]:
        """Return the options as a JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SyncOptions:
        """Read options that `to_dict` returned; raises TypeError or ValueError if they are not options."""
        return cls(**values)


def _check_choice(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if not any(value is each or (value.__class__ is str and value == each) for each in allowed):
        raise TransferError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}")


def _check_region(value: object) -> None:
    if not isinstance(value, str | None):
        raise TypeError(f"default_region must be a str such as 'US', not {type(value).__name__}")


def _check_max_delete(value: object) -> None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    is_text = isinstance(value, str) and (_COUNT.fullmatch(value.strip()) or _PERCENTAGE.fullmatch(value.strip()))
    if not (is_count or is_text):
        raise TransferError(
            f"max_delete must be a count such as 20 or a percentage of the account such as '5%', not {value!r}"
        )


def _check_scope_tag(value: object) -> None:
    if value is not None and not (isinstance(value, str) and value.strip() == value != ""):
        raise TransferError(
            "scope_tag must be a tag: text that is not empty, and without white space at its beginning and its end"
        )
