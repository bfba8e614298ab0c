"""Authentication, before a request is counted: 403 without both headers, 401 for wrong credentials."""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from .errors import ApiError, MissingCredentialsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def authenticate(headers: Mapping[str, str], names: Sequence[str], expected: Sequence[str | None]) -> str:
    """Check the credentials of a request.

    Args:
        headers: The headers of the request; names are in lower case.
        names: The names of the credential headers, that of the API key first.
        expected: Their required values; None accepts any value that is not empty.

    Returns:
        The API key.

    Raises:
        ApiError: 403 if a header is missing or empty, 401 if a value is wrong.
    """
    given = [headers.get(name.lower(), "").strip() for name in names]
    if not all(given):
        raise MissingCredentialsError
    if not all(_matches(*pair) for pair in zip(given, expected, strict=True)):
        raise ApiError(401, "Invalid Credentials")
    return given[0]


def _matches(given: str, expected: str | None) -> bool:
    return expected is None or compare_digest(given.encode(), expected.encode())
