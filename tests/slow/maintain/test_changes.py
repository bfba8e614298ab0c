"""scripts/changes: the revision that it compares with, its output, and its exit status."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from maintain.changes.command import main

from tests.maintain.workspaces import PETS

Capture = pytest.CaptureFixture[str]
KINDS = "enum: [cat, dog]"


def git(folder: Path, *arguments: str) -> None:
    """Run git with a fixed identity."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Project:
    """A small repository with what this project has: a document and a version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "openapi").mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.write(PETS, "0.1.0")
        self.commit()

    def write(self, document: str, version: str, names: str = "") -> None:
        """Write the document, the version, and the variables that users set."""
        (self.folder / "openapi/contacts.yaml").write_text(document)
        (self.folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')
        (self.folder / "tests").mkdir(exist_ok=True)
        (self.folder / "tests/surface.txt").write_text("".join(f"variable {name}\n" for name in ("A", *names)))

    def commit(self, tag: str | None = None) -> None:
        """Commit everything, and tag the commit."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=m")
        if tag:
            git(self.folder, "tag", "--annotate", "--message=m", tag)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository without a release."""
    return Project(tmp_path / "project")


def run(project: Project | Path, *arguments: str) -> int:
    """Run the command in the repository."""
    return main(list(arguments), project if not isinstance(project, Project) else project.folder)


def test_the_last_release(project: Project, capsys: Capture) -> None:
    """The default is the final release with the highest version among the ancestors, not the latest tag."""
    project.commit("v0.9.0")
    project.commit("v0.10.0")
    project.commit("v0.11.0rc1")
    git(project.folder, "tag", "v0.2.0", "HEAD~1")
    git(project.folder, "tag", "vendor")
    git(project.folder, "checkout", "--quiet", "-b", "next")
    project.commit("v0.12.0")
    git(project.folder, "checkout", "--quiet", "main")
    assert run(project) == 0
    assert capsys.readouterr().out.startswith("Changes since v0.10.0\n")


def test_a_named_revision(project: Project, capsys: Capture) -> None:
    """A named revision and its version are compared with the tree."""
    project.write(PETS, "0.1.0", "B")
    project.commit()
    assert run(project, "HEAD~1") == 0
    printed = capsys.readouterr().out
    assert ["Changes since HEAD~1" in printed, "Smallest allowed version: 0.1.1" in printed] == [True, True]


def test_no_release_yet(project: Project, capsys: Capture) -> None:
    """Without any tag the tree is compared with the last commit, and any version is allowed."""
    project.write(PETS.replace(KINDS, "enum: [cat]"), "0.1.0")
    assert run(project, "--check") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("There is no release yet (no tag v*). Changes since the last commit\n")
    assert printed.endswith("Nothing was released yet, so any version is allowed. pyproject.toml says 0.1.0.\n")
    assert "Pet.kind: value removed: `dog`" in printed


@pytest.mark.parametrize("options", [("--depth=1",), ("--no-tags",), ("--no-tags", "--origin=upstream")])
def test_a_clone_that_lacks_tags(project: Project, tmp_path: Path, options: tuple[str, ...], capsys: Capture) -> None:
    """If it is unknown whether there is a release, it fails and says what to do; then it succeeds."""
    project.commit("v0.1.0")
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", *options, project.folder.as_uri(), str(clone))
    assert run(clone, "--check") == 1
    assert "git fetch --tags" in capsys.readouterr().err
    git(clone, "fetch", "--quiet", "--tags")
    assert run(clone, "--check") == 0
    assert capsys.readouterr().out.startswith("Changes since v0.1.0\n")


def test_a_shallow_clone_without_a_release(project: Project, tmp_path: Path, capsys: Capture) -> None:
    """Without a release on the remote, none exists; if the remote cannot be reached, a warning follows."""
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", project.folder.as_uri(), str(clone))
    assert (run(clone, "--check"), capsys.readouterr().err) == (0, "")
    git(clone, "remote", "set-url", "origin", (tmp_path / "missing").as_uri())
    assert run(clone, "--check") == 0
    assert "Warning: it is unknown whether there is a release" in capsys.readouterr().err


def test_a_complete_clone_without_a_release(project: Project, tmp_path: Path, capsys: Capture) -> None:
    """A complete clone has all tags, so without one there is no release; its origin is not queried."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", project.folder.as_uri(), str(clone))
    project.folder.rename(tmp_path / "away")
    assert run(clone, "--check") == 0
    printed = capsys.readouterr()
    assert ("There is no release yet" in printed.out, printed.err) == (True, "")


def test_a_revision_that_cannot_be_compared(project: Project, capsys: Capture) -> None:
    """The message names an unknown revision, or says that a revision has no document."""
    assert run(project, "nope") == 1
    git(project.folder, "rm", "--quiet", "--cached", "-r", "openapi")
    git(project.folder, "commit", "--quiet", "--message=m")
    assert run(project, "HEAD") == 1
    unknown, without = capsys.readouterr().err.splitlines()
    assert ("There is no revision nope here" in unknown, "has no openapi/contacts.yaml" in without) == (True, True)


@pytest.mark.parametrize(("options", "status"), [((), 1), (("--check",), 0)])
def test_no_repository(tmp_path: Path, options: tuple[str, ...], status: int, capsys: Capture) -> None:
    """In an unpacked sdist there is nothing to compare with; the check passes."""
    assert run(tmp_path, *options) == status
    assert "not a git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("released", "names", "version", "status"),
    [
        ("0.1.0", "B", "0.1.0", 0),
        ("0.1.0", "BC", "0.1.0", 1),
        ("0.1.0", "", "0.1.1", 1),
        ("0.1.0", "", "0.2.0rc1", 0),
        ("0.1.0rc1", "", "0.1.0rc2", 0),
        ("0.1.0rc1", "", "0.1.0rc1", 1),
    ],
)
def test_check(project: Project, released: str, names: str, version: str, status: int) -> None:
    """The check fails if the version is too small. After a candidate, any change leads to its final version."""
    project.write(PETS, released, "B")
    project.commit(f"v{released}")
    project.write(PETS, version, names)
    assert run(project, "--check") == status


def test_without_check(project: Project, capsys: Capture) -> None:
    """Without --check, a version that is too small is reported and the exit status is 0."""
    project.write(PETS, "0.1.0", "B")
    project.commit("v0.1.0")
    project.write(PETS, "0.1.0")
    assert run(project) == 0
    assert capsys.readouterr().out.endswith(
        "Smallest allowed version: 0.2.0, because something breaks since 0.1.0. pyproject.toml says 0.1.0, "
        'which is too small: set version = "0.2.0".\n'
    )
