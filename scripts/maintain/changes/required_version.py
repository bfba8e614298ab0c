"""The smallest honest version.

From 1.0.0 on: what breaks is a major step, what is added a minor one, all else a patch. Before it, so that `~=0.1.0`
goes on working: what breaks is a minor step, all else a patch. Nothing changed: no step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from maintain.changes.report import ADDED, SIDES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.changes.report import Change

BREAKING, ADDING, OTHER, NOTHING = "something breaks", "something was added", "something changed", "nothing changed"
# Which part of the version has to grow: before 1.0.0, and from there on.
STEPS = {BREAKING: (1, 0), ADDING: (2, 1), OTHER: (2, 2)}


@dataclass(frozen=True)
class Demand:
    """What version the changes ask for.

    Attributes:
        released: The version that they are compared with; None where nothing was released yet.
        declared: The version in pyproject.toml.
        reason: The gravest thing that happened: BREAKING, ADDING, OTHER or NOTHING.
    """

    released: Version | None
    declared: Version
    reason: str

    @property
    def least(self) -> Version | None:
        """The smallest version that would be honest; None where any would be."""
        return None if self.released is None else step(self.released, self.reason)

    @property
    def met(self) -> bool:
        """Whether the declared version is large enough. A pre-release counts as the version that it leads to."""
        if self.released is None:
            return True
        has_grown = self.declared > self.released or self.reason == NOTHING
        return has_grown and self.declared.release >= step(self.released, self.reason).release

    @property
    def sentence(self) -> str:
        """What to do about the version."""
        if self.least is None:
            return f"Nothing was released yet, so any version is honest. pyproject.toml says {self.declared}."
        asked = f"Smallest honest version: {self.least}, because {self.reason} since {self.released}."
        verdict = "which is enough" if self.met else f'which is too small: set version = "{self.least}"'
        return f"{asked} pyproject.toml says {self.declared}, {verdict}."

    @property
    def facts(self) -> dict[str, object]:
        """The same for a program."""
        least = str(self.least) if self.least else None
        released = str(self.released) if self.released else None
        facts = {"released": released, "smallest": least, "declared": str(self.declared)}
        return {**facts, "reason": self.reason, "enough": self.met}


def gravest(changes: Sequence[Change]) -> str:
    """Return the gravest thing that the changes do."""
    if any(each.breaks & SIDES.keys() for each in changes):
        return BREAKING
    if any(each.kind == ADDED for each in changes):
        return ADDING
    return OTHER if changes else NOTHING


def step(released: Version, reason: str) -> Version:
    """Return the smallest version after `released` that may hold what happened.

    After a pre-release that is what it leads to: nothing is promised before that is there.
    """
    if reason == NOTHING:
        return released
    if released.is_prerelease:
        return Version(released.base_version)
    place = STEPS[reason][released.major > 0]
    parts = [*released.release, 0, 0][:3]
    return Version(".".join(map(str, [*parts[:place], parts[place] + 1, *[0] * (2 - place)])))
