"""Types that the modules of bulk calls share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar

P = TypeVar("P")
V = TypeVar("V")

NO_RESULT = "the response does not state a result for this item"

BulkStatus = Literal["created", "deleted", "failed", "unknown", "duplicate"]
"""The status of an item: it succeeded, failed, may have succeeded, or was replaced by an item with the same number."""

Duplicates = Literal["last", "first", "error", "merge"]
"""What to do when several items have the same phone number."""


class ArrowTable(Protocol):
    """A table, or a column of one, of pandas, polars or pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the table, as Arrow defines it."""
        ...


OnSend = Callable[[tuple[int, ...]], object]
"""Called right before each request, with the input positions of the items that it carries."""


class ItemResult(NamedTuple, Generic[V]):
    """The result of one item: its status, with its value or the reason why it has none."""

    status: BulkStatus
    value: V | None = None
    reason: str = ""
    error: Exception | None = None

    @property
    def is_open(self) -> bool:
        """Whether the item is looked up by its number: the request may have been applied, or has no result for it."""
        return self.status == "unknown" and (self.error is not None or self.reason == NO_RESULT)

    def __repr__(self) -> str:
        return f"ItemResult({self.status})"


NOT_SENT = ItemResult[Any]("failed")


@dataclass(slots=True, repr=False)
class Entry(Generic[P]):
    """One item of the input."""

    index: int  # its position in the input, starting at 0
    item: object  # as the caller passed it
    payload: P | None  # what is sent for it; None if it is not sent
    result: ItemResult[Any] = NOT_SENT  # what is known about it so far
    number: str = ""  # its phone number, in E.164 form, if it is sent
    size_bytes: int = 0  # of the payload in a request


Chunk = list[Entry[P]]
