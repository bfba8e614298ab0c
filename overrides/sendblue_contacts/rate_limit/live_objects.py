"""Objects that disappear with a caller that a signal handler interrupted before the line that removes its object."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import KeyedRef, WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class LiveObjects(Generic[T]):
    """Objects in the order of their arrival, which are not kept alive. No operation takes longer with more objects.

    `on_lost` is a method that is called with the `id` of an object that was garbage-collected before it was removed.
    """

    def __init__(self, on_lost: Callable[[int], object] | None = None) -> None:
        self._references: OrderedDict[int, KeyedRef[int, T]] = OrderedDict()
        self._on_lost = WeakMethod(on_lost) if on_lost else None  # its object contains this one

    def __len__(self) -> int:
        return len(self._references)

    def __iter__(self) -> Iterator[T]:
        """All objects that exist. They may be added and removed meanwhile."""
        return iter([item for reference in tuple(self._references.values()) if (item := reference()) is not None])

    def add(self, item: T) -> None:
        """Add an object at the end."""
        self.discard(item)  # one that no longer exists may have had the same id
        self._references[id(item)] = KeyedRef(item, self._forget, id(item))

    def discard(self, item: T) -> bool:
        """Remove an object. Returns whether it was there."""
        return self._references.pop(id(item), None) is not None

    def first(self) -> T | None:
        """The first object."""
        while self._references:
            key, reference = next(iter(self._references.items()))
            if (item := reference()) is not None:
                return item
            self._references.pop(key, None)
        return None

    def _forget(self, reference: KeyedRef[int, T]) -> None:
        known = self._references.pop(reference.key, None)
        if known and self._on_lost and (on_lost := self._on_lost()):
            on_lost(reference.key)
