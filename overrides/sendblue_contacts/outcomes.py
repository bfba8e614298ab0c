"""What becomes of the items of a bulk call: an outcome for each, and a result that explains itself.

No repr shows an item: items are personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sendblue_contacts_api.models.contact import Contact

T = TypeVar("T")

_MOST_REASONS = 3


@dataclass(frozen=True, slots=True, repr=False)
class BulkOutcome(Generic[T]):
    """What became of one item.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given.
        value: The contact that was created, or the number that was deleted; None if it failed.
        reason: Why it failed; empty if it did not.
    """

    index: int
    item: object
    value: T | None
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Whether it went in."""
        return self.value is not None

    def __repr__(self) -> str:
        return f"BulkOutcome(index={self.index}, {f'reason={self.reason!r}' if self.reason else 'ok'})"


class FailedContact(Mapping[str, Any]):
    """A contact that did not go in: the mapping that was given, so that it can be given again.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given; if that is no mapping, the mapping is empty.
        reason: Why it did not go in.
    """

    __slots__ = ("index", "item", "reason")

    def __init__(self, index: int, item: object, reason: str) -> None:
        self.index = index
        self.item = item
        self.reason = reason

    def _mapping(self) -> Mapping[str, Any]:
        item: Any = self.item
        return cast("Mapping[str, Any]", item) if isinstance(item, Mapping) else {}

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401  # any value that was given
        return self._mapping()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._mapping())

    def __len__(self) -> int:
        return len(self._mapping())

    def __repr__(self) -> str:
        return f"FailedContact(index={self.index}, reason={self.reason!r})"


@dataclass(frozen=True, slots=True, repr=False)
class FailedNumber:
    """A number that was not deleted. `bulk.delete` takes it like the number itself.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given.
        reason: Why it was not deleted.
    """

    index: int
    item: object
    reason: str

    def __repr__(self) -> str:
        return f"FailedNumber(index={self.index}, reason={self.reason!r})"


@dataclass(frozen=True, slots=True, repr=False)
class BulkCreateResult:
    """What became of the contacts that were given.

    Attributes:
        created: The contacts that went in, as the server has them, in the order of the input.
        failed: Those that did not, with `index` and `reason`; can be passed straight back to `bulk.create`.
        requested: How many were given.
    """

    created: list[Contact]
    failed: list[FailedContact]
    requested: int

    @classmethod
    def of(cls, outcomes: list[BulkOutcome[Contact]]) -> Self:
        """The result of these outcomes."""
        created = [outcome.value for outcome in outcomes if outcome.value is not None]
        failed = [FailedContact(outcome.index, outcome.item, outcome.reason) for outcome in outcomes if not outcome.ok]
        return cls(created, failed, len(outcomes))

    def __repr__(self) -> str:
        return _summary("BulkCreateResult", "created", len(self.created), self.failed, self.requested)


@dataclass(frozen=True, slots=True, repr=False)
class BulkDeleteResult:
    """What became of the numbers that were given.

    Attributes:
        deleted: The numbers whose contacts were deleted, in E.164 form.
        failed: Those that were not, with `index` and `reason`; can be passed straight back to `bulk.delete`.
        requested: How many were given.
    """

    deleted: list[str]
    failed: list[FailedNumber]
    requested: int

    @classmethod
    def of(cls, outcomes: list[BulkOutcome[str]]) -> Self:
        """The result of these outcomes."""
        deleted = [outcome.value for outcome in outcomes if outcome.value is not None]
        failed = [FailedNumber(outcome.index, outcome.item, outcome.reason) for outcome in outcomes if not outcome.ok]
        return cls(deleted, failed, len(outcomes))

    def __repr__(self) -> str:
        return _summary("BulkDeleteResult", "deleted", len(self.deleted), self.failed, self.requested)


def _summary(name: str, done: str, count: int, failed: Sequence[FailedContact | FailedNumber], requested: int) -> str:
    head = f"{name}({count} of {requested} {done}"
    if not failed:
        return f"{head})"
    reasons = Counter(failure.reason for failure in failed).most_common()
    shown = ", ".join(f"{times} \u00d7 {reason!r}" for reason, times in reasons[:_MOST_REASONS])
    return f"{head}; {len(failed)} failed: {shown}{', …' if len(reasons) > _MOST_REASONS else ''})"


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far a bulk call is.

    Attributes:
        done: Items whose outcome is known.
        failed: Those of them that failed.
        total: How many there are, if that is known.
    """

    done: int
    failed: int
    total: int | None


class Tally(Generic[T]):
    """The outcomes of a bulk call so far, and who wants to hear of them.

    As a context it tells an error that ends the call early what had been done by then.
    """

    def __init__(self, items: object, on_progress: Callable[[BulkProgress], object] | None) -> None:
        self.outcomes: list[BulkOutcome[T]] = []
        self._failed = 0
        self._total = len(items) if isinstance(items, Sized) else None
        self._on_progress = on_progress

    def add(self, outcomes: list[BulkOutcome[T]]) -> None:
        """Add the outcomes of a chunk."""
        self.outcomes += outcomes
        self._failed += sum(not outcome.ok for outcome in outcomes)
        if self._on_progress:
            self._on_progress(BulkProgress(len(self.outcomes), self._failed, self._total))

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is not None and self.outcomes:
            done = len(self.outcomes) - self._failed
            error.add_note(f"before this, {done} items had gone in and {self._failed} had failed; stream_… tells which")
