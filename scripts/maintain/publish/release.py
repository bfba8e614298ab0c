"""The release: the name and version in pyproject.toml, and the commit that contains them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        """Read the release from a git clone. ScriptError: `root` is not a git clone with a commit."""
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        try:
            commit, epoch = run(["git", "log", "-1", "--format=%H %ct"], cwd=root).split()
        except ScriptError as error:
            raise ScriptError(f"{error}\nA release is built from a commit: run this in a git clone.") from error
        return cls(root, project["name"], project["version"], commit, int(epoch))

    @property
    def tag(self) -> str:
        """The git tag of this version."""
        return f"v{self.version}"

    def is_tagged(self) -> bool:
        """Whether the tag is on the commit."""
        return self.tag in run(["git", "tag", "--points-at", self.commit], cwd=self.root).split()
