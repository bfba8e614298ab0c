"""Changes of what people use without importing it: commands, options, exit codes, fixtures, environment variables.

`tests/surface.txt` lists these names, and a test keeps it up to date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maintain.changes.report import ADDED, CHANGED, NAMES, REMOVED, Change

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SURFACE = "tests/surface.txt"
KINDS = ("command ", "exit code ", "fixture ", "variable ")
BREAKS, REQUIRED = frozenset({NAMES}), "required"


def public_names(root: Path) -> dict[str, set[str]]:
    """Return the names in the tree `root`, and what callers rely on of each, such as the choices of an option."""
    path = root / SURFACE
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pairs = (line.partition(": ") for line in lines if line.startswith(KINDS))
    return {name: set(filter(None, words.split(", "))) for name, _, words in pairs}


def compare(old_root: Path, new_root: Path) -> Iterator[Change]:
    """Yield how the names differ, unless the old tree does not list any."""
    old, new = public_names(old_root), public_names(new_root)
    for name in sorted(old.keys() | new.keys()) if old else ():
        before, after = old.get(name, set()), new.get(name, set())
        lost, gained = before - after - {REQUIRED}, after - before
        if name not in new:
            yield Change(name, REMOVED, "removed", BREAKS)
        elif name not in old:
            holder = name.rpartition(" ")[0]
            yield Change(name, ADDED, "added", BREAKS if REQUIRED in after and holder in old else frozenset())
        elif before != after:
            text = [f"no longer {word}" for word in sorted(before - after)] + [f"now {word}" for word in sorted(gained)]
            yield Change(name, CHANGED, ", ".join(text), BREAKS if lost or REQUIRED in gained else frozenset())
