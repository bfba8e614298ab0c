"""Faults: a list of rules, each of which says to which requests what happens. Nothing here waits or sends.

A rule looks at every request to the API that has credentials and a place in the window. Of those that match, it takes
the ones that `nth`, `every` and `probability` pick, `times` at most. The first rule that takes a request decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any

from .fault import Fault, fault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(slots=True)
class Rule:
    """A fault, and how often it came about.

    Attributes:
        fault: What happens to which requests.
        matched: How many requests it looked at were of its operation, method and path.
        happened: How many of them it took.
    """

    fault: Fault
    matched: int = 0
    happened: int = 0
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.fault.seed)  # noqa: S311 - chance that can be repeated, no key

    def takes(self, operation: str, method: str, path: str) -> bool:
        """Whether a request is taken; counts it either way."""
        if not _matches(self.fault, operation, method, path):
            return False
        self.matched += 1
        taken = self._picks()
        self.happened += taken
        return taken

    def _picks(self) -> bool:
        rule = self.fault
        # Drawn for each request that matches, so that the n-th one has the same luck whatever the other conditions.
        lucky = self.random.random() < rule.probability
        return lucky and rule.in_turn(self.matched) and (rule.times is None or self.happened < rule.times)


class Faults:
    """The rules of a sandbox.

    Args:
        operations: The names of the operations that there are.
    """

    def __init__(self, operations: Collection[str]) -> None:
        self._operations = operations
        self._lock = Lock()
        self._rules: list[Rule] = []

    def add(self, *faults: Fault | Mapping[str, Any], **one: Any) -> None:  # noqa: ANN401 - fields of several types
        """Add rules after those that there are.

        Args:
            faults: Each a `Fault`, or a mapping of its fields.
            one: The fields of one more: `add(status=503, times=2)`.

        Raises:
            ValueError: A field is unknown or has a value that cannot be, or there is no such operation.
        """
        rules = self._made((*faults, one) if one else faults)
        with self._lock:
            self._rules += rules

    def replace(self, *faults: Fault | Mapping[str, Any]) -> None:
        """Take these rules instead of those that there are.

        Raises:
            ValueError: As `add`; then all stays as it is.
        """
        rules = self._made(faults)
        with self._lock:
            self._rules = rules

    def clear(self) -> None:
        """Forget the rules."""
        self.replace()

    def all(self) -> list[Rule]:
        """The rules, in the order in which they are asked."""
        with self._lock:
            return list(self._rules)

    def take(self, operation: str, method: str, path: str) -> Fault | None:
        """What happens to a request; None if nothing does.

        Args:
            operation: The name of the operation.
            method: The HTTP method.
            path: The path, decoded.
        """
        if not self._rules:
            return None
        with self._lock:
            return next((rule.fault for rule in self._rules if rule.takes(operation, method, path)), None)

    def _made(self, faults: tuple[Fault | Mapping[str, Any], ...]) -> list[Rule]:
        made = [each if isinstance(each, Fault) else fault(each) for each in faults]
        for name in {each.operation for each in made} - {None, *self._operations}:
            raise ValueError(f"operation={name!r} is not an operation: give one of {', '.join(self._operations)}.")
        return [Rule(each) for each in made]


def _matches(rule: Fault, operation: str, method: str, path: str) -> bool:
    return (
        rule.operation in (None, operation)
        and rule.method in (None, method)
        and (rule.path is None or fnmatchcase(path, rule.path))
    )
