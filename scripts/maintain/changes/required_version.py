"""The smallest version that the changes allow.

From 1.0.0 on: a breaking change requires a major version, an addition a minor version, any other change a patch. Before
1.0.0, so that `~=0.1.0` keeps working: a breaking change requires a minor version, any other change a patch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import Version

from maintain.changes.report import ADDED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maintain.changes.report import Change

BREAKING, ADDING, OTHER, NOTHING = "something breaks", "something was added", "something changed", "nothing changed"
# The part of the version to increase: before 1.0.0, and from 1.0.0 on.
STEPS = {BREAKING: (1, 0), ADDING: (2, 1), OTHER: (2, 2)}


def verdict(released: Version | None, declared: Version, reason: str) -> tuple[str, bool]:
    """Return a sentence with the smallest allowed version, and whether the declared version is large enough.

    Args:
        released: The version that is compared with; None if nothing was released yet.
        declared: The version in pyproject.toml. A pre-release counts as the version that it leads to.
        reason: The most severe change: BREAKING, ADDING, OTHER or NOTHING.
    """
    if released is None:
        return f"Nothing was released yet, so any version is allowed. pyproject.toml says {declared}.", True
    smallest = step(released, reason)
    is_met = (declared > released or reason == NOTHING) and declared.release >= smallest.release
    result = "which is enough" if is_met else f'which is too small: set version = "{smallest}"'
    required = f"Smallest allowed version: {smallest}, because {reason} since {released}."
    return f"{required} pyproject.toml says {declared}, {result}.", is_met


def most_severe(changes: Sequence[Change]) -> str:
    """Return the most severe kind of change: BREAKING, ADDING, OTHER or NOTHING."""
    if any(change.breaks for change in changes):
        return BREAKING
    if any(change.kind == ADDED for change in changes):
        return ADDING
    return OTHER if changes else NOTHING


def step(released: Version, reason: str) -> Version:
    """Return the smallest version after `released` that `reason` allows.

    A pre-release promises nothing, so any change after it leads to its final version.
    """
    if reason == NOTHING:
        return released
    if released.is_prerelease:
        return Version(released.base_version)
    place = STEPS[reason][released.major > 0]
    parts = [*released.release, 0, 0][:3]
    return Version(".".join(map(str, [*parts[:place], parts[place] + 1, *[0] * (2 - place)])))
