"""Bulk calls, numbers that come more than once in the input. Pure. A bad item has no number, and so repeats none.

    | policy  | what is sent           | what becomes of the others                     | remembered                |
    |---------|------------------------|------------------------------------------------|---------------------------|
    | error   | the first              | failed, with the place of the first            | each number and its place |
    | first   | the first              | duplicate                                      | each number and its place |
    | last    | the last               | duplicate                                      | all items                 |
    | merge   | all of them as one,    | duplicate                                      | all items                 |
    |         | at the place of the    |                                                |                           |
    |         | last                   |                                                |                           |
    | None    | all                    | nothing is looked for: the caller has seen to it | nothing                 |

`error` and `first` work on an input without end. `last` and `merge` read all of it before anything is sent.
When items are merged, later values win over earlier ones, but a blank wins over nothing; tags are added up, and so are
custom variables, label by label. The merged contact stands in the outcome as the item, so that it can be given again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .actions import Job
    from .batching import Entry
    from .results import Status

R = TypeVar("R")

Duplicates = Literal["last", "first", "error", "merge"]
"""What to do with a number that comes more than once in the input."""

_LATER: dict[str | None, tuple[Status, str]] = {
    "error": ("failed", "its number is that of item {} already; give each number once, or set duplicates="),
    "first": ("duplicate", "its number is that of item {}, which counts"),
}
_EARLIER = "its number comes again with item {}, which counts"
_ALL_FIRST = ("last", "merge")


def check_policy(policy: object) -> None:
    """Refuse what is no policy.

    Raises:
        ValueError: It is none.
    """
    if policy is not None and policy not in (*_LATER, *_ALL_FIRST):
        message = f"duplicates must be 'error', 'first', 'last', 'merge' or None, not {policy!r}"
        raise ValueError(message)


class Repeats(Generic[R]):
    """Finds numbers that come more than once."""

    def __init__(self, job: Job[R, Any], policy: Duplicates | None) -> None:
        check_policy(policy)
        self._job = job
        self._later = _LATER.get(policy)
        self._all_first = policy in _ALL_FIRST
        self._merges = policy == "merge"
        self._places: dict[int, int] = {}
        self._held: deque[Entry[R]] = deque()

    def add(self, entry: Entry[R]) -> Entry[R] | None:
        """The entry as it goes on; None if it has to wait until all are there."""
        if self._all_first:
            self._held.append(entry)
            return None
        if self._later is None or entry.ready is None:
            return entry
        first = self._places.setdefault(self._number(entry.ready), entry.index)
        return entry if first == entry.index else _settled(entry, *self._later, first)

    def rest(self) -> Iterator[Entry[R]]:
        """The entries that had to wait, in their order."""
        lasts = self._lasts()
        while self._held:
            entry = self._held.popleft()
            last = entry if entry.ready is None else lasts[self._number(entry.ready)]
            yield last if last.index == entry.index else _settled(entry, "duplicate", _EARLIER, last.index)

    def _lasts(self) -> dict[int, Entry[R]]:
        """What is sent for each number."""
        lasts: dict[int, Entry[R]] = {}
        for entry in self._held:
            if entry.ready is not None:
                number = self._number(entry.ready)
                earlier = lasts.get(number)
                lasts[number] = self._job.merged(earlier, entry) if earlier and self._merges else entry
        return lasts

    def _number(self, ready: R) -> int:
        return int(self._job.number(ready))  # takes half the memory of the text


def _settled(entry: Entry[R], status: Status, reason: str, place: int) -> Entry[R]:
    return replace(entry, ready=None, status=status, reason=reason.format(place), weight=0)
