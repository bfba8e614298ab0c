"""The outcomes of a bulk call so far, who hears of them, and how none is lost when the call ends early. Pure."""

from __future__ import annotations

import time
from collections.abc import Sized
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from sendblue_contacts.errors import BulkError

from .results import BulkProgress

if TYPE_CHECKING:
    from collections.abc import Callable

    from .results import BulkCreateResult, BulkDeleteResult, BulkOutcome
    from .scheduler import Course

T = TypeVar("T")


class Tally(Generic[T]):
    """The outcomes of a bulk call so far.

    As a context it makes sure that an error does not take them along. Where something failed that is not ours (the
    input, `on_send`, `on_progress`), a `BulkError` is raised from it that has all of them. An interruption is told how
    many there were.

    Args:
        items: The input, for its length.
        course: The course of the call, which ends when `on_progress` fails.
        result: Makes a result of outcomes.
        on_progress: Hears how far the call is.
        clock: Tells the time in seconds, and never goes back.

    Raises:
        TypeError: `on_progress` is an async function, which nobody would await.
    """

    def __init__(
        self,
        items: object,
        course: Course[Any, T],
        result: Callable[[list[BulkOutcome[T]]], BulkCreateResult | BulkDeleteResult],
        on_progress: Callable[[BulkProgress], object] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if iscoroutinefunction(on_progress) or iscoroutinefunction(getattr(on_progress, "__call__", None)):  # noqa: B004  # of an object
            message = "on_progress must be a plain function, also for the async client: an async one is never awaited"
            raise TypeError(message)
        self.outcomes: list[BulkOutcome[T]] = []
        self._failed = 0
        self._total = len(items) if isinstance(items, Sized) else None
        self._course = course
        self._result = result
        self._on_progress = on_progress
        self._clock = clock
        self._started = clock()

    def add(self, outcomes: list[BulkOutcome[T]]) -> None:
        """Add the outcomes of a chunk."""
        self.outcomes += outcomes
        self._failed += sum(outcome.status in {"failed", "unknown"} for outcome in outcomes)
        if self._on_progress and not self._course.failure:
            try:
                self._on_progress(self.progress())
            except Exception as error:  # noqa: BLE001  # it is raised when everything has its outcome
                self._course.end(error)

    def progress(self) -> BulkProgress:
        """How far the call is."""
        done, elapsed = len(self.outcomes), self._clock() - self._started
        rate = done / elapsed if elapsed > 0 else 0.0
        eta = None if self._total is None or not rate else max(0, self._total - done) / rate
        return BulkProgress(done, self._failed, self._total, rate, eta)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if error is None or not self.outcomes:
            return
        result = self._result(self.outcomes)
        if error is self._course.failure:
            text = f"the call ended early, for something raised {type(error).__name__}: {result!r}"
            raise BulkError(f"{text}; .result has what became of each item that was read", result) from error
        error.add_note(f"before this: {result!r}; stream_create and stream_delete tell of each item as it is done")
