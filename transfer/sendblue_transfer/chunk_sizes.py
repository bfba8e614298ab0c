"""Keeps in a journal how large requests the server of an account accepts, so that a later process starts with that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_contacts.bulk.chunk_size import LearnedSize
    from sendblue_contacts.resources import Contacts

_HEADER_NAME = "chunk_sizes"


def restore_sizes(contacts: Contacts, header: Mapping[str, str], account: Mapping[str, str]) -> None:
    """Take the sizes from the header of a journal, if it belongs to this account."""
    if _HEADER_NAME in header and all(header.get(name) == value for name, value in account.items()):
        known = _learned(contacts)
        for kind, values in json.loads(header[_HEADER_NAME]).items():
            known[kind].restore(values)


def learned_sizes(contacts: Contacts) -> dict[str, str]:
    """Return the sizes, for the header of a journal."""
    return {_HEADER_NAME: json.dumps({kind: size.to_dict() for kind, size in _learned(contacts).items()})}


def _learned(contacts: Contacts) -> Mapping[str, LearnedSize]:
    return contacts.bulk._learned  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # shared within the process
