"""What an operation works with: the services of the sandbox, and one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sendblue_sandbox.config import Settings
    from sendblue_sandbox.storage.store import Store

    from .document import Document, Operation
    from .rendering import ContactRenderer


@dataclass(frozen=True, slots=True)
class Context:
    """The services that operations use."""

    document: Document
    store: Store
    renderer: ContactRenderer
    settings: Settings


@dataclass(frozen=True, slots=True)
class OperationCall:
    """One request to an operation.

    Attributes:
        operation: The operation.
        path_number: The phone number in the path; "" if the path has none.
        query: The query parameters.
        body: The validated body, by preferred name.
        at: When the request arrived, in milliseconds since 1970.
    """

    operation: Operation
    path_number: str
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    at: int
