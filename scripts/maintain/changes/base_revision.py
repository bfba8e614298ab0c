"""The revision to compare with: the one that the user names, or else the newest release, found by its tag.

A clone may lack the tags, as in many CI services; then its remotes are queried. Only git objects are added to it.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from maintain.venvs import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# In seconds, for a remote that does not answer.
TIMEOUT = 60
NO_GIT = "This is not a git repository, so there is nothing to compare with."
UNKNOWN = (
    "The last release is unknown: this clone is shallow or was made with --no-tags, has no tag v*, and could not "
    "query its remotes ({}). Fetch the tags (git fetch --tags) and try again, or name a revision."
)
# A complete clone had all tags when it was made, so a user who is offline can continue.
UNCERTAIN = (
    "This clone has no tag v*, and its remotes ({}) could not be queried for newer ones. If there is a release, fetch "
    "its tag (git fetch --tags)."
)


@dataclass(frozen=True)
class BaseRevision:
    """A revision; `is_release` is false if nothing was released, and `warning` says so if that is uncertain."""

    name: str
    commit: str
    is_release: bool
    warning: str = ""


def git(*arguments: str, root: Path) -> str:
    """Run git in `root` and return its output.

    Raises:
        ScriptError: It failed, is not installed, or did not finish in time.
    """
    command = ["git", *arguments]
    settings = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(
            command, cwd=root, env=settings, capture_output=True, text=True, timeout=TIMEOUT, check=True
        ).stdout.strip()
    except subprocess.CalledProcessError as error:
        raise ScriptError(f"`git {arguments[0]}` failed: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScriptError(f"`git {arguments[0]}` failed: {error}") from error


def find(revision: str | None, root: Path) -> BaseRevision:
    """Return the revision called `revision`, or the newest release, or the last commit if nothing was released.

    Raises:
        ScriptError: There is no such revision, or it is unknown whether there is a release.
    """
    if revision is not None:
        try:
            return BaseRevision(revision, _commit(revision, root), is_release=True)
        except ScriptError as error:
            raise ScriptError(f"There is no revision {revision} here. In a shallow clone, fetch it first.") from error
    # The newest release among the ancestors; a shallow clone lacks them, so then the newest of all.
    for options in (("--merged", "HEAD"), ()):
        if tag := newest(git("tag", "--list", "v*", *options, root=root).split()):
            return BaseRevision(tag, _commit(f"refs/tags/{tag}", root), is_release=True)
    return _from_remotes(root)


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


def _from_remotes(root: Path) -> BaseRevision:
    """Return the newest release of all remotes, or the last commit if nothing was released."""
    remotes = git("remote", root=root).split()
    tags: dict[str, str] = {}
    unreachable = []
    for remote in remotes:
        try:
            lines = git("ls-remote", "--tags", "--refs", remote, "v*", root=root).splitlines()
        except ScriptError:
            unreachable.append(remote)
        else:
            tags |= {line.rpartition("/")[2]: remote for line in lines}
    is_shallow = git("rev-parse", "--is-shallow-repository", root=root) == "true"
    if tag := newest(tags):
        # A depth would cut off the history of a complete clone.
        git("fetch", "--quiet", "--no-tags", *["--depth=1"] * is_shallow, tags[tag], f"refs/tags/{tag}", root=root)
        return BaseRevision(tag, _commit("FETCH_HEAD", root), is_release=True)
    lacks_tags = is_shallow or ".tagopt=--no-tags" in git("config", "--list", root=root)
    if lacks_tags and (unreachable or not remotes):
        raise ScriptError(UNKNOWN.format(", ".join(unreachable) or "it has none"))
    warning = UNCERTAIN.format(", ".join(unreachable)) if unreachable else ""
    return BaseRevision("the last commit", _commit("HEAD", root), is_release=False, warning=warning)


def unpack(commit: str, folder: Path, root: Path) -> None:
    """Write the tree of `commit` into `folder`."""
    file = folder / "tree.tar"
    git("archive", "--format=tar", f"--output={file}", commit, root=root)
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    file.unlink()
