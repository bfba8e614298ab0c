"""What the tree is compared with: the newest release, found by its tag, or a revision that is named.

A clone may lack its tags, as those of many CI services do: then its remotes are asked for them. Nothing is written into
the clone but objects.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from maintain.venvs import ROOT, ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# In seconds; a remote that does not answer in this time is not there.
PATIENCE = 60
NO_GIT = "This is not a git repository, so there is nothing to compare with."
UNKNOWN = (
    "This clone has no tag v* and may lack some, as it is shallow or was made with --no-tags, and its remotes ({}) do "
    "not tell, so the last release is unknown. Fetch the tags (git fetch --tags) and try again, or name a revision."
)
# A whole clone has the tags that there were: a person who is offline goes on working.
DOUBT = (
    "This clone has no tag v*, and its remotes ({}) do not tell whether there is one by now. "
    "If there is, fetch it (git fetch --tags)."
)


@dataclass(frozen=True)
class Base:
    """A revision.

    Attributes:
        name: What a person calls it.
        commit: What git finds it by.
        is_release: Whether it is one that users have, so that it binds.
        doubt: Why there may be a release although none was found, and what to do; empty where that is certain.
    """

    name: str
    commit: str
    is_release: bool
    doubt: str = ""


def git(*arguments: str, root: Path = ROOT) -> bytes:
    """Run git and return what it printed.

    Raises:
        ScriptError: It failed, is not there, or did not answer in time.
    """
    command = ["git", *arguments]
    # Nobody is there to type a password.
    settings = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(command, cwd=root, env=settings, capture_output=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ScriptError(f"`git {arguments[0]}` did not work: {error}") from error
    if done.returncode:
        raise ScriptError(f"`git {arguments[0]}` failed: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.stdout


def find(revision: str | None, root: Path = ROOT) -> Base:
    """Return the revision that is named, else the newest release, else the last commit.

    Raises:
        ScriptError: There is no such revision, or no telling whether there is a release.
    """
    if revision is not None:
        return _named(revision, root)
    return _tagged(root) or _fetched(root)


def _named(revision: str, root: Path) -> Base:
    try:
        return Base(revision, _commit(revision, root), is_release=True)
    except ScriptError as error:
        raise ScriptError(f"There is no revision {revision} here. In a shallow clone, fetch it first.") from error


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


def _fetched(root: Path) -> Base:
    """Return the newest release that a remote has; where none has any, the last commit."""
    remotes = git("remote", root=root).decode().split()
    answers = {remote: _asked(remote, root) for remote in remotes}
    tags = {tag: remote for remote, answer in answers.items() for tag in answer or ()}
    if tag := newest(tags):
        # To name a depth in a whole clone would cut its history off.
        depth = ["--depth=1"] * _is_shallow(root)
        git("fetch", "--quiet", "--no-tags", *depth, tags[tag], f"refs/tags/{tag}", root=root)
        return Base(tag, _commit("FETCH_HEAD", root), is_release=True)
    return _unreleased(answers, root)


def _asked(remote: str, root: Path) -> list[str] | None:
    """Return the tags of a remote; None where it does not answer."""
    try:
        lines = git("ls-remote", "--tags", "--refs", remote, "v*", root=root).decode().splitlines()
    except ScriptError:
        return None
    return [line.rpartition("/")[2] for line in lines]


def _unreleased(answers: Mapping[str, list[str] | None], root: Path) -> Base:
    """Return the last commit.

    Raises:
        ScriptError: Neither the clone nor its remotes tell whether there is a release.
    """
    away = ", ".join(remote for remote, answer in answers.items() if answer is None)
    if (away or not answers) and _lacks_tags(root):
        raise ScriptError(UNKNOWN.format(away or "it has none"))
    doubt = DOUBT.format(away) if away else ""
    return Base("the last commit", _commit("HEAD", root), is_release=False, doubt=doubt)


def _lacks_tags(root: Path) -> bool:
    """Whether there may be tags that were left out when the clone was made."""
    return _is_shallow(root) or b".tagopt=--no-tags" in git("config", "--list", root=root)


def _is_shallow(root: Path) -> bool:
    return git("rev-parse", "--is-shallow-repository", root=root).strip() == b"true"


def unpack(commit: str, folder: Path, root: Path = ROOT) -> None:
    """Write the tree of `commit` into `folder`."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", "--format=tar", commit, root=root))) as archive:
        archive.extractall(folder, filter="data")
