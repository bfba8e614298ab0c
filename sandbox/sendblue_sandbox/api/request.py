"""A complete request to the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request that arrived completely.

    Attributes:
        at: When it arrived, in seconds since 1970.
        method: The HTTP method.
        path: The decoded path.
        query: The query string as sent.
        headers: The headers; names are in lower case.
        body: The body; None if it was too large.
    """

    at: float
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes | None
