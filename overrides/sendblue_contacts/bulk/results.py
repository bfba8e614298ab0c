"""What becomes of the items of a bulk call: an outcome for each, and a result that explains itself.

No repr, HTML or error shows an item: items are personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast

from sendblue_contacts.errors import BulkError

if TYPE_CHECKING:
    from sendblue_contacts_api.models.contact import Contact

T = TypeVar("T")

Status = Literal["created", "deleted", "failed", "unknown", "duplicate"]
"""What can become of an item: it went in, or did not, or nobody knows, or another one with its number stands for it."""

_MOST_REASONS = 3
_MOST_REASONS_IN_HTML = 20


@dataclass(frozen=True, slots=True, repr=False)
class BulkOutcome(Generic[T]):
    """What became of one item.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given.
        status: `created` or `deleted`; `failed`: it did not go in; `unknown`: its answer was lost and nothing could be
            found out; `duplicate`: its number comes more than once, and another item stands for it.
        value: The contact that was created, or the number that was deleted; else None.
        reason: Why it did not go in; empty if it did.
        error: What its request as a whole ended with, if that is the reason: the item itself may be as it should.
    """

    index: int
    item: object
    status: Status
    value: T | None = None
    reason: str = ""
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether it went in."""
        return self.status in {"created", "deleted"}

    def __repr__(self) -> str:
        reason = f", reason={self.reason!r}" if self.reason else ""
        return f"BulkOutcome(index={self.index}, {self.status}{reason})"


class FailedContact(Mapping[str, Any]):
    """A contact that did not go in: the mapping that was given, so that it can be given again.

    Attributes:
        index: Its place in the input, from 0.
        item: What was given; if that is no mapping, the mapping is empty.
        reason: Why it did not go in.
    """

    __slots__ = ("index", "item", "reason")

    def __init__(self, index: int, item: object, reason: str) -> None:
        self.index: int = index
        self.item: object = item
        self.reason: str = reason

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
        unknown: Those of which nobody knows; can be passed back with `look_first=True`.
        duplicates: Those for which another one with the same number stands.
    """

    created: list[Contact]
    failed: list[FailedContact]
    requested: int
    unknown: list[FailedContact] = field(default_factory=list["FailedContact"])
    duplicates: list[FailedContact] = field(default_factory=list["FailedContact"])

    @classmethod
    def of(cls, outcomes: Sequence[BulkOutcome[Contact]]) -> Self:
        """The result of these outcomes."""
        created = [outcome.value for outcome in outcomes if outcome.value is not None]
        rest: dict[str, list[FailedContact]] = {"failed": [], "unknown": [], "duplicate": []}
        for outcome in outcomes:
            if not outcome.ok:
                rest[outcome.status].append(FailedContact(outcome.index, outcome.item, outcome.reason))
        return cls(created, rest["failed"], len(outcomes), rest["unknown"], rest["duplicate"])

    def raise_for_failures(self) -> Self:
        """This result, if every contact went in.

        Raises:
            BulkError: One failed, or nobody knows. Its `result` is this one.
        """
        _raise_if(self, self.failed, self.unknown)
        return self

    def __repr__(self) -> str:
        return _line(self, "created", self.created)

    def _repr_html_(self) -> str:
        return _table(self, "created", self.created)


@dataclass(frozen=True, slots=True, repr=False)
class BulkDeleteResult:
    """What became of the numbers that were given.

    Attributes:
        deleted: The numbers whose contacts were deleted, in E.164 form.
        failed: Those that were not, with `index` and `reason`; can be passed straight back to `bulk.delete`.
        requested: How many were given.
        unknown: Those of which nobody knows; can be passed straight back too, for to delete twice does no harm.
        duplicates: Those that were given before, and were sent once.
    """

    deleted: list[str]
    failed: list[FailedNumber]
    requested: int
    unknown: list[FailedNumber] = field(default_factory=list["FailedNumber"])
    duplicates: list[FailedNumber] = field(default_factory=list["FailedNumber"])

    @classmethod
    def of(cls, outcomes: Sequence[BulkOutcome[str]]) -> Self:
        """The result of these outcomes."""
        deleted = [outcome.value for outcome in outcomes if outcome.value is not None]
        rest: dict[str, list[FailedNumber]] = {"failed": [], "unknown": [], "duplicate": []}
        for outcome in outcomes:
            if not outcome.ok:
                rest[outcome.status].append(FailedNumber(outcome.index, outcome.item, outcome.reason))
        return cls(deleted, rest["failed"], len(outcomes), rest["unknown"], rest["duplicate"])

    def raise_for_failures(self) -> Self:
        """This result, if every number was deleted.

        Raises:
            BulkError: One failed, or nobody knows. Its `result` is this one.
        """
        _raise_if(self, self.failed, self.unknown)
        return self

    def __repr__(self) -> str:
        return _line(self, "deleted", self.deleted)

    def _repr_html_(self) -> str:
        return _table(self, "deleted", self.deleted)


Result = BulkCreateResult | BulkDeleteResult
_Rest = Sequence[FailedContact | FailedNumber]


def _raise_if(result: Result, *rests: _Rest) -> None:
    if any(rests):
        raise BulkError(f"{result!r}; .result has the items that did not go in, with a reason each", result)


def _reasons(items: _Rest) -> list[tuple[str, int]]:
    """The reasons, the most frequent first, and how often each is given."""
    return Counter(item.reason for item in items).most_common()


def _line(result: Result, done: str, values: Sequence[object]) -> str:
    parts = [f"{len(values)} of {result.requested} {done}"]
    parts += [_part(name, items) for name, items in (("failed", result.failed), ("unknown", result.unknown)) if items]
    if result.duplicates:
        parts.append(f"{len(result.duplicates)} duplicates")
    return f"{type(result).__name__}({'; '.join(parts)})"


def _part(name: str, items: _Rest) -> str:
    reasons = _reasons(items)
    shown = ", ".join(f"{times} \u00d7 {reason!r}" for reason, times in reasons[:_MOST_REASONS])
    return f"{len(items)} {name}: {shown}{', …' if len(reasons) > _MOST_REASONS else ''}"


def _table(result: Result, done: str, values: Sequence[object]) -> str:
    """The same for notebooks: a row for each status, and beneath it one for each of its reasons."""
    rests = (("failed", result.failed), ("unknown", result.unknown), ("duplicates", result.duplicates))
    rows = [("requested", result.requested, ""), (done, len(values), "")]
    for name, items in rests:
        rows.append((name, len(items), ""))
        rows += [("", times, reason) for reason, times in _reasons(items)[:_MOST_REASONS_IN_HTML]]
    cells = "".join(
        f"<tr><th>{name}</th><td>{count}</td><td>{escape(reason)}</td></tr>" for name, count, reason in rows
    )
    return f"<table><caption>{type(result).__name__}</caption>{cells}</table>"


@dataclass(frozen=True, slots=True)
class BulkProgress:
    """How far a bulk call is.

    Attributes:
        done: Items whose outcome is known.
        failed: Those of them that failed, or of which nobody knows what became of them.
        total: How many there are, if that is known.
        rate: Items in a second, since the call began.
        eta: Seconds until all are done, at this rate, if that can be known.
    """

    done: int
    failed: int
    total: int | None
    rate: float = 0.0
    eta: float | None = None
