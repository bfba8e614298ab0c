"""Fault rules: a list of faults, each with the requests that it applies to. Nothing here waits or sends.

A rule sees every request to the API that has valid credentials and a slot in the window. Of the requests that match
its operation, method and path, it applies to those that `nth`, `every` and `probability` select, at most `times` of
them. The first rule that applies to a request decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import count
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any

from .fault import Fault, fault_from_mapping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


@dataclass(slots=True)
class Rule:
    """A fault, and how often it happened.

    Attributes:
        fault: The fault.
        number: Identifies the rule.
        matched: How many requests had its operation, method and path.
        happened: To how many of them it was applied.
    """

    fault: Fault
    number: int
    matched: int = 0
    happened: int = 0
    random: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.random = Random(self.fault.seed)  # noqa: S311 - reproducible random numbers, not a key

    def takes(self, operation: str, method: str, path: str) -> bool:
        """Count a request, and return whether the fault applies to it."""
        if not _matches(self.fault, operation, method, path):
            return False
        self.matched += 1
        selected = self._selects()
        self.happened += selected
        return selected

    def _selects(self) -> bool:
        fault = self.fault
        # Drawn for each matching request, so that the n-th one gets the same number whatever the other conditions are.
        drawn = self.random.random() < fault.probability
        return drawn and fault.selects(self.matched) and (fault.times is None or self.happened < fault.times)


class Faults:
    """The fault rules of a sandbox.

    Args:
        operations: The names of the operations in the document.
    """

    def __init__(self, operations: Collection[str]) -> None:
        self._operations = operations
        self._lock = Lock()
        self._rules: list[Rule] = []
        self._numbers = count(1)

    def add(self, *faults: Fault | Mapping[str, Any], **fields: Any) -> None:  # noqa: ANN401 - fields of several types
        """Add rules after the existing ones.

        Args:
            faults: Each a `Fault` or a mapping of its fields.
            fields: The fields of one more fault: `add(status=503, times=2)`.

        Raises:
            ValueError: A field is unknown or has an invalid value, or the operation does not exist. No rule is added.
        """
        rules = self._create_rules((*faults, fields) if fields else faults)
        with self._lock:
            self._rules += rules

    def replace(self, *faults: Fault | Mapping[str, Any]) -> None:
        """Replace all rules.

        Args:
            faults: Each a `Fault` or a mapping of its fields.

        Raises:
            ValueError: As for `add`; the existing rules are kept.
        """
        rules = self._create_rules(faults)
        with self._lock:
            self._rules = rules

    def change(self, number: int, *faults: Fault | Mapping[str, Any]) -> bool:
        """Replace one rule.

        Args:
            number: The number of the rule.
            faults: What replaces it: a `Fault` or a mapping of its fields, or nothing to remove the rule.

        Returns:
            Whether the rule existed.

        Raises:
            ValueError: As for `add`; the existing rules are kept.
        """
        rules = self._create_rules(faults)
        with self._lock:
            index = next((index for index, rule in enumerate(self._rules) if rule.number == number), None)
            if index is not None:
                self._rules = [*self._rules[:index], *rules, *self._rules[index + 1 :]]
        return index is not None

    def clear(self) -> None:
        """Remove all rules."""
        self.replace()

    def all(self) -> list[Rule]:
        """Return the rules in order."""
        with self._lock:
            return list(self._rules)

    def take(self, operation: str, method: str, path: str) -> Fault | None:
        """Count a request, and return the fault that applies to it, or None.

        Args:
            operation: The name of the operation.
            method: The HTTP method.
            path: The decoded path.
        """
        if not self._rules:
            return None
        with self._lock:
            return next((rule.fault for rule in self._rules if rule.takes(operation, method, path)), None)

    def _create_rules(self, faults: tuple[Fault | Mapping[str, Any], ...]) -> list[Rule]:
        created = [fault if isinstance(fault, Fault) else fault_from_mapping(fault) for fault in faults]
        for name in {fault.operation for fault in created} - {None, *self._operations}:
            raise ValueError(f"operation={name!r} does not exist. Use one of {', '.join(self._operations)}.")
        return [Rule(fault, next(self._numbers)) for fault in created]


def _matches(fault: Fault, operation: str, method: str, path: str) -> bool:
    return (
        fault.operation in (None, operation)
        and fault.method in (None, method)
        and (fault.path is None or fnmatchcase(path, fault.path))
    )
