"""The results of bulk calls: an outcome for each item, a result with all of them, and progress.

Items are personal data: no repr, HTML table or error message contains one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast

from sendblue_contacts_api.types import ModelList

from sendblue_contacts.errors import SendblueError

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

    from .types import BulkStatus, Chunk

T = TypeVar("T")
F = TypeVar("F", bound="_FailedItem")

_MAX_REASONS_IN_REPR = 3
_MAX_REASONS_IN_HTML = 20


@dataclass(frozen=True, slots=True, repr=False)
class BulkOutcome(Generic[T]):
    """The outcome of one item.

    Attributes:
        index: Position in the input, starting at 0.
        item: The item as the caller passed it; for `duplicates="merge"`, the merged contact.
        status: `created` or `deleted`; `failed`; `unknown`: the item may have been created or deleted, but the response
            was lost and the look-up failed; `duplicate`: another item with the same number is used instead.
        value: The created contact, or the deleted number; None if the item did not succeed.
        reason: Why the item did not succeed; an empty string if it did.
        error: The error of the whole request, if that is the reason; the item itself may be valid.
    """

    index: int
    item: object
    status: BulkStatus
    value: T | None = None
    reason: str = ""
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether the item was created or deleted."""
        return self.status in {"created", "deleted"}

    def __repr__(self) -> str:
        reason = f", reason={self.reason!r}" if self.reason else ""
        return f"BulkOutcome(index={self.index}, {self.status}{reason})"


def outcomes_of(chunk: Chunk[Any]) -> list[BulkOutcome[Any]]:
    """Return the outcomes of the items of a chunk."""
    return [BulkOutcome(entry.index, entry.item, *entry.result) for entry in chunk]


@dataclass(frozen=True, slots=True, repr=False)
class _FailedItem:
    index: int
    item: object
    reason: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(index={self.index}, reason={self.reason!r})"


class FailedNumber(_FailedItem):
    """A number that was not deleted, with `index`, `item` and `reason`. `bulk.delete` accepts it like the number."""

    __slots__ = ()


class FailedContact(Mapping[str, Any], _FailedItem):
    """A contact that was not created, with `index`, `item` and `reason`.

    It is the mapping that the caller passed (empty if it was not one), and can be passed to `bulk.create` again.
    """

    __slots__ = ()

    def _mapping(self) -> Mapping[str, Any]:
        item: Any = self.item
        return cast("Mapping[str, Any]", item) if isinstance(item, Mapping) else {}

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  # any value that the caller passed
        return self._mapping()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())


class BulkError(SendblueError):
    """A bulk call did not succeed for every item, or ended early.

    Attributes:
        result: The outcomes of the items that were read. None after copying or pickling, because it is personal data.
    """

    def __init__(self, message: str, result: BulkResult[Any, Any] | None = None) -> None:
        super().__init__(message)
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


@dataclass(frozen=True, slots=True, repr=False)
class BulkResult(Generic[T, F]):
    """The result of a bulk call.

    Attributes:
        succeeded: The created contacts, or the deleted numbers, in input order.
        failed: Items that failed, with `index` and `reason`; can be passed to the same call again.
        requested: The number of items in the input.
        unknown: Items that may have succeeded: their response was lost and the look-up failed.
        duplicates: Items that were not sent because another item with the same number is used instead.
    """

    succeeded: list[T]
    failed: list[F]
    requested: int
    unknown: list[F] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]  # a list of F
    duplicates: list[F] = field(default_factory=list)  # pyright: ignore[reportUnknownVariableType]  # a list of F

    _success: ClassVar[str]
    _failed_item: ClassVar[type[Any]]
    _list: ClassVar[type[list[Any]]] = list

    @classmethod
    def of(cls, outcomes: Sequence[BulkOutcome[T]]) -> Self:
        """Returns the result for these outcomes."""
        succeeded = cls._list(outcome.value for outcome in outcomes if outcome.value is not None)
        others: dict[str, list[F]] = {"failed": [], "unknown": [], "duplicate": []}
        for outcome in outcomes:
            if not outcome.ok:
                others[outcome.status].append(cls._failed_item(outcome.index, outcome.item, outcome.reason))
        return cls(succeeded, others["failed"], len(outcomes), others["unknown"], others["duplicate"])

    def raise_for_failures(self) -> Self:
        """Returns this result if no item failed or is unknown.

        Raises:
            BulkError: An item failed or is unknown. The error has this result as `result`.
        """
        if self.failed or self.unknown:
            raise BulkError(f"{self!r}; .result has the items that did not succeed, each with a reason", self)
        return self

    def __repr__(self) -> str:
        parts = [f"{len(self.succeeded)} of {self.requested} {self._success}"]
        for name, items in (("failed", self.failed), ("unknown", self.unknown)):
            if items:
                parts.append(f"{len(items)} {name}: {_top_reasons(items)}")
        if self.duplicates:
            parts.append(f"{len(self.duplicates)} duplicates")
        return f"{type(self).__name__}({'; '.join(parts)})"

    def _repr_html_(self) -> str:
        """Returns a table for notebooks: a row for each status, followed by a row for each of its reasons."""
        rows = [("requested", self.requested, ""), (self._success, len(self.succeeded), "")]
        for name, items in (("failed", self.failed), ("unknown", self.unknown), ("duplicates", self.duplicates)):
            rows.append((name, len(items), ""))
            reasons = Counter(item.reason for item in items)
            rows += [("", count, reason) for reason, count in reasons.most_common(_MAX_REASONS_IN_HTML)]
        cells = "".join(
            f"<tr><th>{name}</th><td>{count}</td><td>{escape(reason)}</td></tr>" for name, count, reason in rows
        )
        return f"<table><caption>{type(self).__name__}</caption>{cells}</table>"


class BulkCreateResult(BulkResult["Contact", FailedContact]):
    """The result of `bulk.create`. Pass `failed` to `bulk.create` again, and `unknown` with `check_existing=True`."""

    __slots__ = ()
    _success = "created"
    _list = ModelList
    _failed_item = FailedContact

    @property
    def created(self) -> list[Contact]:
        """The created contacts as the server returned them, in input order."""
        return self.succeeded


class BulkDeleteResult(BulkResult[str, FailedNumber]):
    """The result of `bulk.delete`. `failed` and `unknown` can be passed to `bulk.delete` again: that is safe."""

    __slots__ = ()
    _success = "deleted"
    _failed_item = FailedNumber

    @property
    def deleted(self) -> list[str]:
        """The numbers whose contacts were deleted, in E.164 form and in input order."""
        return self.succeeded


def _top_reasons(items: Sequence[_FailedItem]) -> str:
    reasons = Counter(item.reason for item in items)
    shown = ", ".join(f"{count} \u00d7 {reason!r}" for reason, count in reasons.most_common(_MAX_REASONS_IN_REPR))
    return f"{shown}, …" if len(reasons) > _MAX_REASONS_IN_REPR else shown


def add_outcomes(error: BaseException, result: BulkResult[Any, Any], *, from_caller: bool) -> None:
    """Keep the outcomes of a bulk call, if any, that ends with an error: in a note with their counts.

    Instead of an error `from_caller`, which the input or a callback raised, a BulkError with the result is raised.
    """
    if not result.requested:
        return
    if from_caller:
        message = f"the bulk call ended early because {type(error).__name__} was raised: {result!r}"
        raise BulkError(f"{message}; .result has the outcome of each item that was read", result) from error
    error.add_note(f"outcomes before this error: {result!r}; stream_create and stream_delete yield each outcome")


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """The progress of a bulk call.

    Attributes:
        done: Number of items that have an outcome.
        failed: Number of these that failed or are unknown.
        total: Number of items in the input; None if it has no length.
        rate: Items per second since the call started.
        eta: Estimated seconds until all items are done, at this rate; None if the total or the rate is unknown.
    """

    done: int
    failed: int
    total: int | None
    rate: float = 0.0
    eta: float | None = None
