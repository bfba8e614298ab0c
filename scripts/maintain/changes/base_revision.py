"""The revision to compare with: the one that the user names, or else the newest release, found by its tag."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

UNKNOWN = "This clone has no tag v*, but its remote has: git fetch --tags, and try again; or name a revision."


@dataclass(frozen=True)
class BaseRevision:
    """A revision; `is_release` is false if nothing was released."""

    name: str
    commit: str
    is_release: bool


def git(*arguments: str, root: Path) -> str:
    """Run git in `root` and return its output without warnings; raise ScriptError if it fails."""
    command = ["git", *arguments]
    try:
        return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise ScriptError(f"`git {arguments[0]}` failed: {getattr(error, 'stderr', error)}") from error


def find(revision: str | None, root: Path) -> BaseRevision:
    """Return the revision called `revision`, or the newest release, or the last commit if nothing was released."""
    if revision is not None:
        try:
            return BaseRevision(revision, _commit(revision, root), is_release=True)
        except ScriptError as error:
            raise ScriptError(f"There is no revision {revision} here. In a shallow clone, fetch it first.") from error
    # The newest release among the ancestors; a shallow clone lacks them, so then the newest of all.
    for options in (("--merged", "HEAD"), ()):
        if tag := newest(git("tag", "--list", "v*", *options, root=root).split()):
            return BaseRevision(tag, _commit(f"refs/tags/{tag}", root), is_release=True)
    is_shallow = git("rev-parse", "--is-shallow-repository", root=root) == "true"
    lacks_tags = is_shallow or ".tagopt=--no-tags" in git("config", "--list", root=root)
    if lacks_tags and _remote_has_release(root):
        raise ScriptError(UNKNOWN)
    return BaseRevision("the last commit", _commit("HEAD", root), is_release=False)


def _remote_has_release(root: Path) -> bool:
    """Return whether the remote has a tag v*; False, with a warning, if it cannot be reached."""
    try:
        return "refs/tags/v" in git("ls-remote", "--tags", root=root)
    except ScriptError as error:
        print(f"Warning: it is unknown whether there is a release: {error}", file=sys.stderr)
        return False


def _commit(revision: str, root: Path) -> str:
    return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", root=root)


def newest(tags: Iterable[str]) -> str | None:
    """Return the tag of the highest version; a pre-release only if there is no final release."""
    versions = {tag: version for tag in tags if (version := _version(tag))}
    return max(versions, key=lambda tag: (not versions[tag].is_prerelease, versions[tag]), default=None)


def _version(tag: str) -> Version | None:
    try:
        return Version(tag.removeprefix("v"))
    except InvalidVersion:
        return None


def unpack(commit: str, folder: Path, root: Path) -> None:
    """Write the tree of `commit` into `folder`."""
    file = folder / "tree.zip"  # the filter for tar files needs Python 3.11.4
    git("archive", f"--output={file}", commit, root=root)
    shutil.unpack_archive(file, folder)
    file.unlink()
