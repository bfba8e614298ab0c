"""What is released: the name and version that pyproject.toml says, and the commit that holds them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from maintain.venvs import ScriptError, run

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Release:
    """One version of the project in the git clone `root`; `epoch` is the time of its commit, in seconds."""

    root: Path
    name: str
    version: str
    commit: str
    epoch: int

    @classmethod
    def of(cls, root: Path) -> Release:
        """Read it.

        Raises:
            ScriptError: The folder is no git clone with a commit, or the version is not spelled as everywhere else.
        """
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        try:
            commit, epoch = run(["git", "log", "-1", "--format=%H %ct"], cwd=root).split()
        except ScriptError as error:
            raise ScriptError(f"{error}\nA release is made of a commit: run this in a git clone.") from error
        refuse_spelling(project["version"])
        return cls(root, project["name"], project["version"], commit, int(epoch))

    @property
    def title(self) -> str:
        """Name and version, for people."""
        return f"{self.name} {self.version}"

    @property
    def tag(self) -> str:
        """The git tag of this version."""
        return f"v{self.version}"

    def tagged(self) -> str:
        """The commit that has the tag, or an empty string."""
        found = run(
            ["git", "for-each-ref", "--format=%(objectname) %(*objectname)", f"refs/tags/{self.tag}"], cwd=self.root
        )
        return (found.split() or [""])[-1]


def refuse_spelling(version: str) -> None:
    """Raise ScriptError unless `version` is spelled as in names of files and on an index.

    Tag, changelog and bill of materials are named after it, and it is looked for on the index.
    """
    try:
        canonical = str(Version(version))
    except InvalidVersion as error:
        raise ScriptError(
            f"The `version` {version!r} in pyproject.toml is none that an index takes: set one such as 1.2.0."
        ) from error
    if version != canonical:
        raise ScriptError(
            f"The `version` {version!r} in pyproject.toml becomes {canonical} in what is built: spell it so there, and "
            "commit."
        )
