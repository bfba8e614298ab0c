"""Bulk calls, the decisions. Pure: how items are checked, cut into chunks and sent, and how an answer is read for each.

Items are checked one by one before anything is sent: a bad one is a failed outcome with its reason, and never loses the
others. A chunk that the server finds too large is cut in half, and both halves are sent. The first request goes alone:
when it finds that the credentials are wrong or that nobody answers, that is raised. When the same comes later, what was
not sent becomes a failed outcome that says so: nothing is lost, and the failed items can be given again.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sendblue_contacts_api.models.contact import Contact

from . import operations, phone
from .errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    BadRequestError,
    PayloadTooLargeError,
    PermissionDeniedError,
    SendblueError,
    mask,
)
from .outcomes import BulkOutcome, FailedNumber
from .paging import check_size

if TYPE_CHECKING:
    from sendblue_contacts_api.models.bulk_contact import BulkContact
    from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
    from sendblue_contacts_api.models.bulk_delete_item import BulkDeleteItem
    from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

    from .operations import Operation

R = TypeVar("R")
V = TypeVar("V")
Items = TypeVar("Items")

CHUNK_SIZE = 100
"""Items for each request. What the server takes is stated nowhere (`openapi/README.md`), so the default is small."""
MAX_CHUNK_BYTES = 256 * 1024
CONCURRENCY = 4

HOPELESS = (APIConnectionError, AuthenticationError, PermissionDeniedError)
"""After one of these nothing more needs to be sent: the next request would fail in the same way."""


@dataclass(frozen=True, slots=True, repr=False)
class Entry(Generic[R]):
    """One given item on its way: ready to be sent, or refused with a reason."""

    index: int
    item: object
    ready: R | None
    reason: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Verdict(Generic[V]):
    """What an answer says of one item: its value, or the reason why there is none."""

    value: V | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a chunk may be, and how many are on their way at one time."""

    chunk_size: int
    max_chunk_bytes: int
    concurrency: int

    @classmethod
    def check(cls, chunk_size: object, max_chunk_bytes: object, concurrency: object) -> Limits:
        """The limits; TypeError or ValueError if one is no positive whole number."""
        return cls(
            check_size("chunk_size", chunk_size),
            check_size("max_chunk_bytes", max_chunk_bytes),
            check_size("concurrency", concurrency),
        )


_TOO_LARGE = re.compile(r"too (large|big|long|many)|exceed|at most|maximum", re.IGNORECASE)

Chunk = list[Entry[R]]
Sending = Generator["Operation[Any]", Any, list[BulkOutcome[V]]]
"""Yields operations, is sent their answers, and returns the outcomes."""


class Job(ABC, Generic[R, V]):
    """A bulk call: what creating and deleting have in common."""

    many_of: str

    def __init__(self, region: str | None) -> None:
        self.region = region

    @abstractmethod
    def check(self, item: object) -> R:
        """The item ready to be sent; TypeError or ValueError if it cannot be."""

    @abstractmethod
    def weigh(self, ready: R) -> int:
        """Its bytes in a request."""

    @abstractmethod
    def operation(self, ready: list[R]) -> Operation[Any]:
        """The request for these items."""

    @abstractmethod
    def read(self, ready: list[R], answer: Any) -> list[Verdict[V]]:  # noqa: ANN401  # each job knows its own
        """What the answer says of each item."""

    def entry(self, index: int, item: object) -> Entry[R]:
        """An item, checked."""
        try:
            return Entry(index, item, self.check(item))
        except (TypeError, ValueError) as error:
            return Entry(index, item, None, str(error))

    def accept(self, items: Items) -> Items:
        """The items, if they are many.

        Raises:
            TypeError: It is one item, or a string, where many are meant.
        """
        one = isinstance(items, Mapping | str | bytes)
        if one or not (isinstance(items, Iterable) or hasattr(items, "__aiter__")):
            message = f"{self.many_of} must be an iterable of many, not one {type(cast('object', items)).__name__}"
            raise TypeError(message)
        return items  # pyright: ignore[reportUnknownVariableType]  # narrowed to Iterable[Unknown]

    def chunker(self, limits: Limits) -> Chunker[R]:
        """A chunker for the entries of this job."""
        return Chunker(self, limits)

    def send(self, chunk: Chunk[R]) -> Sending[V]:
        """Send a chunk, in halves if it is too large. Raises only what makes all further sending pointless."""
        ready = [entry.ready for entry in chunk if entry.ready is not None]
        try:
            answer = (yield self.operation(ready)) if ready else None
        except HOPELESS:
            raise
        except (APIError, APIResponseError) as error:
            if len(ready) == 1 or not _is_too_large(error):
                return failed(chunk, str(error))
        else:
            verdicts = iter(self.read(ready, answer) if ready else ())
            return [_outcome(entry, next(verdicts) if entry.ready is not None else None) for entry in chunk]
        middle = len(chunk) // 2
        first = yield from self.send(chunk[:middle])
        try:
            second = yield from self.send(chunk[middle:])
        except HOPELESS as error:  # what became of the first half must not be lost
            second = failed(chunk[middle:], str(error))
        return first + second


def _is_too_large(error: SendblueError) -> bool:
    """Whether a smaller request may go through: a 413, or a 400 that says so."""
    says_so = isinstance(error, BadRequestError) and _TOO_LARGE.search(error.message)
    return isinstance(error, PayloadTooLargeError) or bool(says_so)


def _outcome(entry: Entry[R], verdict: Verdict[V] | None) -> BulkOutcome[V]:
    if verdict is None:
        return BulkOutcome(entry.index, entry.item, None, entry.reason)
    return BulkOutcome(entry.index, entry.item, verdict.value, verdict.reason)


def failed(chunk: Chunk[R], reason: str) -> list[BulkOutcome[Any]]:
    """Outcomes that say of each entry why it was not sent, its own reason first."""
    return [BulkOutcome(entry.index, entry.item, None, entry.reason or reason) for entry in chunk]


class Chunker(Generic[R]):
    """Cuts entries into chunks that are neither too long nor too large; one that is too large by itself goes alone."""

    def __init__(self, job: Job[R, Any], limits: Limits) -> None:
        self._job = job
        self._limits = limits
        self._chunk: Chunk[R] = []
        self._bytes = 0
        self._index = 0

    def add(self, item: object) -> Chunk[R] | None:
        """Take in an item. Returns the chunk that was full without it."""
        entry = self._job.entry(self._index, item)
        self._index += 1
        weight = 0 if entry.ready is None else self._job.weigh(entry.ready) + 1
        full = self.rest() if self._is_full(weight) else None
        self._chunk.append(entry)
        self._bytes += weight
        return full

    def _is_full(self, weight: int) -> bool:
        too_long = len(self._chunk) >= self._limits.chunk_size
        return bool(self._chunk) and (too_long or self._bytes + weight > self._limits.max_chunk_bytes)

    def rest(self) -> Chunk[R] | None:
        """The last chunk, if there is anything in it."""
        chunk, self._chunk, self._bytes = self._chunk, [], 0
        return chunk or None

    def chunks(self, items: Iterable[object]) -> Iterator[Chunk[R]]:
        """All chunks of these items, lazily."""
        for item in items:
            if chunk := self.add(item):
                yield chunk
        if chunk := self.rest():
            yield chunk


class Course(Generic[R, V]):
    """How a bulk call goes on: one chunk first, then a few at one time, and none after an error that is hopeless.

    Attributes:
        together: How many chunks to send at one time now.
        stopped: The error after which nothing more is sent, if there was one.
    """

    def __init__(self, limits: Limits) -> None:
        self._concurrency = limits.concurrency
        self._started = False
        self.together = 1
        self.stopped: SendblueError | None = None

    def settle(self, chunk: Chunk[R], result: list[BulkOutcome[V]] | SendblueError | None) -> list[BulkOutcome[V]]:
        """The outcomes of a chunk, from what became of it; None if it was not sent any more.

        Raises:
            SendblueError: It was the first one, and the error is hopeless.
        """
        first = not self._started
        self._started = self._started or any(entry.ready is not None for entry in chunk)
        self.together = self._concurrency if self._started else 1
        if isinstance(result, list):
            return result
        if result is None:
            return failed(chunk, f"not sent: {self.stopped}")
        if first:
            raise result
        self.stopped = self.stopped or result
        return failed(chunk, str(result))


class CreateJob(Job["BulkContact", Contact]):
    """Creating contacts (POST /api/v2/contacts/bulk)."""

    many_of = "contacts"

    def check(self, item: object) -> BulkContact:
        """The contact, with preferred names and its number in E.164 form."""
        return operations.bulk_item(item, self.region)

    def weigh(self, ready: BulkContact) -> int:
        """Its bytes as JSON."""
        return len(json.dumps(ready.to_dict(), separators=(",", ":")))

    def operation(self, ready: list[BulkContact]) -> Operation[Any]:
        """The request for these contacts."""
        return operations.bulk_create(ready)

    def read(self, ready: list[BulkContact], answer: BulkCreateResponse) -> list[Verdict[Contact]]:
        """The answer names contacts by their numbers in `contacts` and `failures`, and may leave out either or both."""
        created: dict[str | None, list[Contact]] = {}
        for contact in answer.contacts or ():
            created.setdefault(contact.phone, []).append(contact)
        reasons: dict[str | None, list[str]] = {}
        for failure in answer.failures or ():
            number = failure.contact.phone if failure.contact else None
            reasons.setdefault(number, []).append(_reason(failure.error))
        all_known = reasons.keys() <= {contact.phone for contact in ready}
        unnamed = all_known and _unnamed_went_in(len(ready), answer)
        return [_verdict(contact, created, reasons, unnamed=unnamed) for contact in ready]


def _reason(error: object) -> str:
    return mask(error) if isinstance(error, str) and error else "refused without a reason"


def _unnamed_went_in(sent: int, answer: BulkCreateResponse) -> bool:
    """Whether contacts that an answer names nowhere were created."""
    if answer.contacts is None and answer.number_of_contacts_created is None:
        # Page 003: failures are named if there are any. What could not be read is in additional_properties.
        return not answer.additional_properties.keys() & {"contacts", "failures"}
    return answer.number_of_contacts_created == sent - len(answer.failures or ())


def _verdict(
    contact: BulkContact,
    created: Mapping[str | None, list[Contact]],
    reasons: Mapping[str | None, list[str]],
    *,
    unnamed: bool,
) -> Verdict[Contact]:
    if contacts := created.get(contact.phone):
        return Verdict(contacts.pop(0))
    if why := reasons.get(contact.phone):
        return Verdict(None, why.pop(0))
    if unnamed:
        return Verdict(Contact.from_dict(contact.to_dict()))
    return Verdict(None, "the answer does not say what became of it")


class DeleteJob(Job[str, str]):
    """Deleting contacts (DELETE /api/v2/contacts)."""

    many_of = "phone_numbers"

    def check(self, item: object) -> str:
        """The number in E.164 form."""
        number = item.item if isinstance(item, FailedNumber) else item
        return phone.normalise(number, field="phone_numbers", default_region=self.region)

    def weigh(self, ready: str) -> int:
        """Its bytes as JSON."""
        return len(ready) + 2

    def operation(self, ready: list[str]) -> Operation[Any]:
        """The request for these numbers."""
        return operations.bulk_delete(ready)

    def read(self, ready: list[str], answer: BulkDeleteResponse) -> list[Verdict[str]]:
        """The answer has a result for each number, or only totals (seen live, and page 003)."""
        results: dict[str | None, list[BulkDeleteItem]] = {}
        for result in answer.results or ():
            results.setdefault(result.phone_number, []).append(result)
        done = (answer.successes if answer.amount is None else answer.amount) or 0
        unsaid = f"{done} of {len(ready)} in its request were deleted, and the answer does not say which"
        rest: Verdict[str] = Verdict(None, unsaid)
        return [_deleted(number, results, rest if done < len(ready) else Verdict(number)) for number in ready]


def _deleted(number: str, results: Mapping[str | None, list[BulkDeleteItem]], unnamed: Verdict[str]) -> Verdict[str]:
    found = results.get(number)
    if not found:
        return unnamed
    result = found.pop(0)
    return Verdict(number) if result.success else Verdict(None, _reason(result.error))
