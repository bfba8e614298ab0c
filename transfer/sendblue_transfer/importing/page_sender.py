"""Sends the rows of a file page by page, and processes the results of a request together."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from sendblue_contacts.bulk.results import outcomes_of

from sendblue_transfer.sending import BulkSender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sendblue_contacts.bulk.requests import EncodedContact, EncodedPage
    from sendblue_contacts.bulk.types import Chunk

    from sendblue_transfer.rows.validation import RowPage

    from .previous_values import PreviousValues


class PageSender(BulkSender):
    """Sends pages of rows in bulk; see `BulkSender`.

    Args:
        stream: Sends contacts and yields chunks with their results.
        journal: Where rows are marked before they are sent, and those that were created.
        on_created: Called with the number of the rows of a request that were created.
        on_failure: As for `BulkSender`.
        on_rejected: As for `BulkSender`, with a line and a contact.
        before_request: As for `BulkSender`.
    """

    def __init__(
        self,
        stream: Callable[..., Any],
        journal: PreviousValues,
        *,
        on_created: Callable[[int], object],
        on_failure: Callable[[int, str], object],
        on_rejected: Callable[[tuple[int, EncodedContact], str], object],
        before_request: Callable[[], object],
    ) -> None:
        super().__init__(
            stream,
            journal,
            on_success=_ignore,
            on_failure=on_failure,
            on_rejected=on_rejected,
            before_request=before_request,
        )
        self._pages = journal
        self._lines: dict[int, int] = {}  # of the rows that have no result yet
        self._on_created = on_created

    def _items(self, items: Iterable[Any]) -> Iterator[EncodedPage]:
        self._lines.clear()
        index = 0
        pages: Iterable[RowPage] = items
        with self._keep_local_error():
            for lines, contacts in pages:
                self._lines.update(zip(count(index), lines, strict=False))
                index += len(lines)
                yield contacts

    def _mark_sending(self, indices: tuple[int, ...]) -> None:
        whole = indices[-1] - indices[0] + 1 == len(indices)
        self._pages.mark_sending([self._lines[index] for index in indices], whole=whole)

    def _process(self, result: Any, failed: list[tuple[int, str]]) -> str:  # noqa: ANN401  # as in `BulkSender`
        chunk: Chunk[Any] = result
        created = [entry for entry in chunk if entry.result.status == "created"]
        if created:
            self._any_success = True
            lines = [self._lines[entry.index] for entry in chunk]
            self._pages.record_created(lines, {self._lines.pop(entry.index): entry.result.value for entry in created})
            self._on_created(len(created))
        unknown = ""
        if len(created) < len(chunk):
            for each in outcomes_of([entry for entry in chunk if entry.result.status != "created"]):
                self._pending[each.index] = self._lines.pop(each.index), each.item
                unknown = super()._process(each, failed) or unknown
        return unknown


def _ignore(_line: int, _value: object) -> None:
    """Do nothing: rows that were created are processed together."""
