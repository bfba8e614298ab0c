"""What must be in order before anything is built. Each check returns a sentence with the way out, or None.

Nothing here changes a file.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from maintain.venvs import ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from maintain.publish.release import Release

FRAGMENTS = "changes"
SHOWN = 5


def few(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def complaint(command: Sequence[str], root: Path) -> str | None:
    """What a command printed, when it failed."""
    try:
        run(command, cwd=root)
    except ScriptError as error:
        return str(error)
    return None


def clean_tree(release: Release) -> str | None:
    """Nothing is changed or new since the commit."""
    # Two letters and a blank come before each name; a name is between NULs, so that it may hold anything.
    # A person's own settings may hide new files.
    told = ("--porcelain", "--no-renames", "--untracked-files=all", "--ignore-submodules=none", "-z")
    entries = run(["git", "status", *told], cwd=release.root).split("\0")
    names = [entry[3:] for entry in entries if entry]
    if not names:
        return None
    return (
        f"The tree is not as committed ({few(names)}), and what is published must be what a commit holds: "
        "commit these files or remove them."
    )


def released_changelog(release: Release) -> str | None:
    """Every fragment has gone into CHANGELOG.md, which has a section for this version."""
    folder = release.root / FRAGMENTS
    left = sorted(path.name for path in folder.glob("*") if path.name != "README.md")
    text = (release.root / "CHANGELOG.md").read_text(encoding="utf-8")
    section = re.search(rf"(?m)^## {re.escape(release.version)}\b(?!.*unreleased)", text)
    if section and not left:
        return None
    why = f"{FRAGMENTS}/ still holds {few(left)}" if left else f"CHANGELOG.md has no section for {release.version}"
    return (
        f"The changelog is unreleased: {why}. Run `.venv/bin/towncrier build --yes --version {release.version}`, "
        "read CHANGELOG.md, and commit."
    )


def fresh_generated(release: Release) -> str | None:
    """`generated/` is what the document gives."""
    found = complaint([sys.executable, "scripts/regenerate", "--check"], release.root)
    if found is None:
        return None
    return f"generated/ is not what the document gives: run scripts/regenerate and scripts/test, and commit.\n{found}"


def honest_version(release: Release) -> str | None:
    """The version is not smaller than the change demands, as scripts/changes sees it."""
    found = complaint([sys.executable, "scripts/changes", "--check"], release.root)
    if found is None:
        return None
    return (
        f"{release.version} does not say what changed: set the `version` in pyproject.toml that scripts/changes "
        f"demands, and commit.\n{found}"
    )


def free_tag(release: Release) -> str | None:
    """The tag of this version is not on another commit."""
    if release.tagged() in {"", release.commit}:
        return None
    return (
        f"{release.version} was released before: the tag {release.tag} is on another commit. "
        "Set a higher `version` in pyproject.toml and release that."
    )


CHECKS: dict[str, Callable[[Release], str | None]] = {
    "clean tree": clean_tree,
    "changelog": released_changelog,
    "generated/": fresh_generated,
    "honest version": honest_version,
    "free tag": free_tag,
}
