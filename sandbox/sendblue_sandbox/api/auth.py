"""Authentication, before anything is looked at or counted. Both headers, or 403; the right pair, or 401."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from .errors import NoCredentials, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def key_of(headers: Mapping[str, str], names: Sequence[str], expected: Sequence[str | None]) -> str:
    """Whose request this is.

    Args:
        headers: The headers of the request, names in lower case.
        names: The headers that must be there, the one with the key first.
        expected: What they must hold; None for anything that is not empty.

    Returns:
        The API key.

    Raises:
        Refused: 403 when one is missing or empty, 401 when one is wrong.
    """
    given = [headers.get(name.lower(), "").strip() for name in names]
    if not all(given):
        raise NoCredentials
    if not all(_fits(*pair) for pair in zip(given, expected, strict=True)):
        raise Refused(401, "Invalid Credentials")
    return given[0]


def _fits(given: str, expected: str | None) -> bool:
    return expected is None or compare_digest(given.encode(), expected.encode())
