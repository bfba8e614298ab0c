"""What the tree is compared with: the newest release, found by its tag, or a revision that is named.

A clone may lack its tags, as those of many CI services do: then its `origin` is asked for them. Nothing is written into
the clone but objects.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from _workshop import ROOT, WorkshopError
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# In seconds; an origin that does not answer in this time is not there.
PATIENCE = 60
NO_GIT = "This is not a git repository, so there is nothing to compare with."
UNKNOWN = (
    "This is a shallow clone without a tag v*, and its origin cannot be asked for one, so the last release is unknown. "
    "Fetch the tags (git fetch --tags --depth=1) and try again, or name a revision."
)


@dataclass(frozen=True)
class Base:
    """A revision.

    Attributes:
        name: What a person calls it.
        commit: What git finds it by.
        is_release: Whether it is one that users have, so that it binds.
    """

    name: str
    commit: str
    is_release: bool


def git(*arguments: str, root: Path = ROOT) -> bytes:
    """Run git and return what it printed.

    Raises:
        WorkshopError: It failed, is not there, or did not answer in time.
    """
    command = ["git", *arguments]
    # Nobody is there to type a password.
    settings = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, cwd=root, env=settings, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WorkshopError(f"`git {arguments[0]}` did not work: {error}") from error
    if done.returncode:
        raise WorkshopError(f"`git {arguments[0]}` failed: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def find(revision: str | None, root: Path = ROOT) -> Base:
    """Return the revision that is named, else the newest release, else the last commit.

    Raises:
        WorkshopError: There is no such revision, or no telling whether there is a release.
    """
    if revision is not None:
        return _named(revision, root)
    return _tagged(root) or _fetched(root) or Base("the last commit", _commit("HEAD", root), is_release=False)


def _named(revision: str, root: Path) -> Base:
    try:
        return Base(revision, _commit(revision, root), is_release=True)
    except WorkshopError as error:
        raise WorkshopError(f"There is no revision {revision} here. In a shallow clone, fetch it first.") from error


def _commit(revision: str, root: Path) -> str:
    return git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", root=root).decode().strip()


def _tagged(root: Path) -> Base | None:
    """Return the newest release that leads here; where none does, as in a shallow clone, the newest at all."""
    for options in (("--merged", "HEAD"), ()):
        tags = git("tag", "--list", "v*", *options, root=root).decode().split()
        if tag := newest(tags):
            return Base(tag, _commit(f"refs/tags/{tag}", root), is_release=True)
    return None


def newest(tags: Iterable[str]) -> str | None:
    """Return the tag with the largest version; what is no version does not count.

    A pre-release binds nobody while there is a release: users have that one, and get the pre-release by asking only.
    """
    versions = {tag: version for tag in tags if (version := _version(tag))}
    return max(versions, key=lambda tag: (not versions[tag].is_prerelease, versions[tag]), default=None)


def _version(tag: str) -> Version | None:
    try:
        return Version(tag.removeprefix("v"))
    except InvalidVersion:
        return None


def _fetched(root: Path) -> Base | None:
    if "origin" not in git("remote", root=root).decode().split():
        return None
    try:
        lines = git("ls-remote", "--tags", "--refs", "origin", "v*", root=root).decode().splitlines()
        tag = newest(line.rpartition("/")[2] for line in lines)
        if tag:
            git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"refs/tags/{tag}", root=root)
            return Base(tag, _commit("FETCH_HEAD", root), is_release=True)
    except WorkshopError:
        if git("rev-parse", "--is-shallow-repository", root=root).strip() == b"true":
            raise WorkshopError(UNKNOWN) from None
    return None


def unpack(commit: str, folder: Path, root: Path = ROOT) -> None:
    """Write the tree of `commit` into `folder`."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", commit, root=root))) as archive:
        archive.extractall(folder, filter="data")
