"""The checks before a build. Each returns None, or a sentence that says what is wrong and what to do.

None of them changes a file.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from maintain.shortening import shortened
from maintain.venvs import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from maintain.publish.release import Release

FRAGMENTS = "changes"
MAX_NAMES = 5


def clean_tree(release: Release) -> str | None:
    """Check that no file was changed or added since the commit."""
    # The options override the user's own git settings, which may hide new files.
    options = ["--porcelain", "--no-renames", "--untracked-files=all", "--ignore-submodules=none", "-z"]
    entries = run(["git", "status", *options], cwd=release.root).split("\0")
    # Two letters and a blank precede each name.
    names = [entry[3:] for entry in entries if entry]
    if not names:
        return None
    listed = ", ".join(shortened(names, MAX_NAMES))
    return (
        f"The working tree differs from the commit ({listed}), and only what is committed can be published: "
        "commit these files or remove them."
    )


def released_changelog(release: Release) -> str | None:
    """Check that CHANGELOG.md has a section for this version and that no fragment is left."""
    left = sorted(path.name for path in (release.root / FRAGMENTS).glob("*") if path.name != "README.md")
    text = (release.root / "CHANGELOG.md").read_text(encoding="utf-8")
    if not left and re.search(rf"(?m)^## {re.escape(release.version)}\b(?!.*unreleased)", text):
        return None
    listed = ", ".join(shortened(left, MAX_NAMES))
    why = f"{FRAGMENTS}/ still holds {listed}" if left else f"CHANGELOG.md has no section for {release.version}"
    return (
        f"The changelog is not released: {why}. Run `.venv/bin/towncrier build --yes --version {release.version}`, "
        "read CHANGELOG.md, and commit."
    )


def free_version(release: Release) -> str | None:
    """Check that the version was not released from another commit."""
    tagged = run(["git", "for-each-ref", "--format=%(refname)", f"refs/tags/{release.tag}"], cwd=release.root)
    if not tagged or release.is_tagged():
        return None
    return (
        f"{release.version} was released from another commit, which has the tag {release.tag}: set a higher `version` "
        "in pyproject.toml, and release that."
    )


def run_tests(release: Release) -> None:
    """Run `scripts/test`: the checks of scripts/check, and the quick tests. ScriptError: something failed."""
    print(f"{'checks and tests':<20} running scripts/test, which takes a few minutes", flush=True)
    run([sys.executable, "scripts/test"], cwd=release.root)
    print(f"{'checks and tests':<20} ok", flush=True)


CHECKS: dict[str, Callable[[Release], str | None]] = {
    "clean tree": clean_tree,
    "changelog": released_changelog,
    "version": free_version,
}
