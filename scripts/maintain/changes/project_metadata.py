"""What changed in the metadata of the package: which Pythons take it, what it needs, and what it offers.

What is taken away, and a range that takes fewer versions, break those who install it beside other things.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from maintain.changes.report import ADDED, CHANGED, PYTHON, REMOVED, Change, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

BREAKS = frozenset({PYTHON})
# No part of a version is larger.
LARGEST = 99999
Project = dict[str, Any]
# The versions of all that a project needs and has, by what a person calls it; any, where it has none.
Facts = dict[str, SpecifierSet]


def compare(old_root: Path, new_root: Path) -> list[Change]:
    """Return how the package of `new_root` differs, for those who install it, from that of `old_root`."""
    return list(compare_projects(_project(old_root), _project(new_root)))


def _project(root: Path) -> Project:
    with (root / "pyproject.toml").open("rb") as file:
        project: Project = tomllib.load(file)["project"]
    return project


def compare_projects(old: Project, new: Project) -> Iterator[Change]:
    """Yield how the `[project]` of a pyproject.toml differs from another."""
    before, after = facts(old), facts(new)
    for name in sorted(before.keys() | after.keys()):
        # An extra that came or went is one line, however much it needs.
        holder = name.partition(" of ")[2]
        if (holder in before) == (holder in after):
            yield from _compared(name, before, after)


def _compared(name: str, old: Facts, new: Facts) -> Iterator[Change]:
    if name not in new:
        yield Change(name, REMOVED, "removed", BREAKS)
    elif name not in old:
        yield Change(name, ADDED, "added")
    elif old[name] != new[name]:
        kind, breaks = (ADDED, frozenset[str]()) if takes(new[name], old[name]) else (CHANGED, BREAKS)
        yield Change(name, kind, f"takes {_said(new[name])} now, and took {_said(old[name])}", breaks)


def _said(versions: SpecifierSet) -> str:
    return shown(versions) if versions else "any version"


# --- what a project says


def facts(project: Project) -> Facts:
    """Return all that those who install it rely on. Where an entry point lies is nobody's business."""
    found = _needs(project, project.get("dependencies", []))
    found["Python"] = SpecifierSet(project.get("requires-python", ""))
    for extra, texts in project.get("optional-dependencies", {}).items():
        name = f"extra {canonicalize_name(extra)}"
        found |= {f"{need} of {name}": versions for need, versions in _needs(project, texts).items()}
        found[name] = SpecifierSet()
    groups = {"command": project.get("scripts", {})}
    groups |= {f"{group} entry point": names for group, names in project.get("entry-points", {}).items()}
    return found | {f"{group} {name}": SpecifierSet() for group, names in groups.items() for name in names}


def _needs(project: Project, texts: Iterable[str]) -> Facts:
    found: Facts = {}
    for each in map(Requirement, texts):
        is_own = canonicalize_name(each.name) == canonicalize_name(project.get("name", ""))
        found |= _needs(project, _texts_of(project, each.extras)) if is_own else _needed(each)
    return found


def _texts_of(project: Project, extras: Iterable[str]) -> list[str]:
    """Return what these extras need: an extra may name others of the same project."""
    texts = {canonicalize_name(extra): texts for extra, texts in project["optional-dependencies"].items()}
    return [text for extra in extras for text in texts.get(canonicalize_name(extra), [])]


def _needed(one: Requirement) -> Facts:
    name = f"dependency {canonicalize_name(one.name)}" + (f" where {one.marker}" if one.marker else "")
    return {name: one.specifier} | {f"{name} with {extra}": SpecifierSet() for extra in one.extras}


# --- ranges of versions


def takes(wide: SpecifierSet, narrow: SpecifierSet) -> bool:
    """Return whether `wide` takes every version that `narrow` does, as far as those around their ends tell."""
    around = {version for each in (*wide, *narrow) for version in _around(each.version.removesuffix(".*"))}
    tried = {"0", str(LARGEST), *around}
    return all(wide.contains(each, prereleases=True) for each in tried if narrow.contains(each, prereleases=True))


def _around(end: str) -> Iterator[str]:
    """Yield a version, one right above it, the next after each of its parts, and those right below these parts."""
    release = Version(end).release
    yield from (end, ".".join(map(str, (*release, 0, 1))))
    for place, part in enumerate(release):
        yield ".".join(map(str, (*release[:place], part + 1)))
        if part:
            yield ".".join(map(str, (*release[:place], part - 1, LARGEST)))
