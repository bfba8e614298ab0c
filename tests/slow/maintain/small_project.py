"""A small project in a git clone that is ready for a release, for the tests of scripts/publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maintain.publish.preflight import CHECKS
from maintain.publish.release import Release
from maintain.venvs import run

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "some-pets"
version = "0.2.0"
requires-python = ">=3.11"
[tool.hatch.build.targets.wheel]
packages = ["pets"]
""",
    "pets/__init__.py": "",
    "CHANGELOG.md": "# Changelog\n\n## 0.2.0 (2024-01-15)\n\n- Cats.\n",
    "changes/README.md": "",
    "scripts/test": "",
    ".gitignore": "/dist/\n/ignored\n/.venv/\n__pycache__/\n",
}
WHEEL, SDIST = "some_pets-0.2.0-py3-none-any.whl", "some_pets-0.2.0.tar.gz"


@dataclass(frozen=True)
class Project:
    """A small project in a git clone."""

    folder: Path

    def git(self, *arguments: str) -> str:
        """Run git and return its output."""
        return run(["git", *arguments], cwd=self.folder)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def commit(self) -> None:
        """Commit everything."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A commit")

    @property
    def release(self) -> Release:
        """The release of the project."""
        return Release.of(self.folder)

    def problem(self, name: str) -> str:
        """Run a check and return its sentence; an empty string if it passes."""
        return CHECKS[name](self.release) or ""

    @property
    def dist(self) -> list[str]:
        """The names of what is in `dist/`."""
        return sorted(path.name for path in (self.folder / "dist").iterdir())


def new_project(folder: Path) -> Project:
    """Create the project in a folder, and commit it."""
    project = Project(folder)
    for name, text in FILES.items():
        project.write(name, text)
    project.git("init", "--quiet", "--initial-branch=main")
    project.git("config", "user.name", "Maintainer")
    project.git("config", "user.email", "maintainer@example.com")
    project.commit()
    return project
