"""scripts/changes as a command: what it compares with, what it prints, and when it fails."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from maintain.changes.command import main
from maintain.changes.report import (
    ADDED,
    CHANGED,
    PYTHON,
    REQUESTS,
    SHOWN,
    WORDING,
    Change,
    as_json,
    as_markdown,
    as_text,
)
from maintain.changes.required_version import ADDING, BREAKING, NOTHING, OTHER, Demand, gravest, step
from packaging.version import Version

from tests.maintain.conftest import PETS

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]
KINDS = "enum: [cat, dog]"


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody."""
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false")
    command = ["git", *who, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


class Project:
    """A small repository that looks like this project: a document and a version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "openapi").mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch=main")
        self.write(PETS, "0.1.0")
        self.commit()

    def write(self, document: str, version: str) -> None:
        """Put another document and another version into the tree."""
        (self.folder / "openapi/contacts.yaml").write_text(document)
        (self.folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')

    def commit(self, tag: str | None = None) -> None:
        """Commit all, and tag it."""
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", "--allow-empty", "--message=m")
        if tag:
            git(self.folder, "tag", "--annotate", "--message=m", tag)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The repository, without a release."""
    return Project(tmp_path / "project")


def run(project: Project | Path, *arguments: str) -> int:
    """Run the command there."""
    return main(list(arguments), project if not isinstance(project, Project) else project.folder)


# --- what it compares with


def test_the_last_release(project: Project, capsys: Capture) -> None:
    """Without a revision it is the tag with the largest version that leads here, not the one that was made last."""
    project.commit("v0.9.0")
    project.commit("v0.10.0")
    git(project.folder, "tag", "v0.2.0", "HEAD~1")
    git(project.folder, "tag", "vendor")
    assert run(project) == 0
    assert capsys.readouterr().out.startswith("Changes since v0.10.0\n")


def test_a_pre_release_is_no_release(project: Project, capsys: Capture) -> None:
    """The base is the newest release that is final, while there is one."""
    project.commit("v0.1.0")
    project.commit("v0.2.0rc1")
    assert run(project) == 0
    assert capsys.readouterr().out.startswith("Changes since v0.1.0\n")


def test_a_release_of_another_branch(project: Project, capsys: Capture) -> None:
    """A release that does not lead here does not count while one does."""
    project.commit("v0.1.0")
    git(project.folder, "checkout", "--quiet", "-b", "next")
    project.commit("v0.2.0")
    git(project.folder, "checkout", "--quiet", "main")
    assert run(project) == 0
    assert capsys.readouterr().out.startswith("Changes since v0.1.0\n")


def test_a_revision_that_is_named(project: Project, capsys: Capture) -> None:
    """It is compared with that, and the version that it had."""
    project.write(PETS.replace(KINDS, "enum: [cat]"), "0.1.0")
    project.commit()
    assert run(project, "HEAD~1") == 0
    printed = capsys.readouterr().out
    assert ["Changes since HEAD~1" in printed, "Smallest honest version: 0.1.1" in printed] == [True, True]


def test_no_release_yet(project: Project, capsys: Capture) -> None:
    """Without any tag it says so, shows what is not committed, and any version will do."""
    project.write(PETS.replace(KINDS, "enum: [cat]"), "0.1.0")
    assert run(project, "--check") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("There is no release yet (no tag v*). Changes since the last commit\n")
    assert printed.endswith("Nothing was released yet, so any version is honest. pyproject.toml says 0.1.0.\n")
    assert "Pet.kind: value dropped: `dog`" in printed


@pytest.mark.parametrize("options", [("--depth=1",), ("--no-tags",), ("--depth=1", "--no-tags")])
def test_a_clone_without_tags(project: Project, tmp_path: Path, options: tuple[str, ...], capsys: Capture) -> None:
    """A clone that lacks tags and history asks its origin for the release, and gets no new tag by that."""
    project.commit("v0.1.0")
    project.write(PETS.replace(KINDS, "enum: [cat]"), "0.1.0")
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", *options, project.folder.as_uri(), str(clone))
    assert run(clone, "--check") == 1
    assert capsys.readouterr().out.startswith("Changes since v0.1.0\n")
    assert not list((clone / ".git/refs/tags").iterdir())


def test_a_whole_clone_stays_whole(project: Project, tmp_path: Path) -> None:
    """To ask for the release cuts no history off."""
    project.commit("v0.1.0")
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", project.folder.as_uri(), str(clone))
    assert run(clone) == 0
    assert not (clone / ".git/shallow").exists()


@pytest.mark.parametrize("name", ["origin", "upstream"])
def test_remotes_of_any_name(project: Project, tmp_path: Path, name: str, capsys: Capture) -> None:
    """Every remote is asked, and the newest release of any is the last one; one that does not answer is left out."""
    git(tmp_path, "clone", "--quiet", project.folder.as_uri(), "other")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--no-tags", "--origin=vendor", project.folder.as_uri(), str(clone))
    project.commit("v0.1.0")
    git(tmp_path / "other", "tag", "v0.2.0")
    git(clone, "remote", "add", name, str(tmp_path / "other"))
    git(clone, "remote", "add", "lost", str(tmp_path / "nowhere"))
    assert run(clone) == 0
    assert capsys.readouterr().out.startswith("Changes since v0.2.0\n")


@pytest.mark.parametrize("options", [("--depth=1",), ("--no-tags",), ("--no-tags", "--origin=upstream")])
def test_a_clone_that_lacks_tags_offline(
    project: Project, tmp_path: Path, options: tuple[str, ...], capsys: Capture
) -> None:
    """Where there is no telling whether something was released it fails, and says what to do."""
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", *options, project.folder.as_uri(), str(clone))
    project.folder.rename(tmp_path / "away")
    assert run(clone, "--check") == 1
    assert "git fetch --tags" in capsys.readouterr().err


def test_a_shallow_clone_without_a_remote(project: Project, tmp_path: Path, capsys: Capture) -> None:
    """Nobody can be asked then, and what was left out is not known."""
    project.commit()
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth=1", project.folder.as_uri(), str(clone))
    git(clone, "remote", "remove", "origin")
    assert run(clone, "--check") == 1
    assert "its remotes (it has none) do not tell" in capsys.readouterr().err


def test_a_whole_clone_whose_origin_is_away(project: Project, tmp_path: Path, capsys: Capture) -> None:
    """A whole clone without a tag is no failure, so that a newcomer may be offline; that it is not certain is told."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", project.folder.as_uri(), str(clone))
    project.folder.rename(tmp_path / "away")
    assert run(clone, "--check") == 0
    printed = capsys.readouterr()
    assert "There is no release yet" in printed.out
    assert "its remotes (origin) do not tell" in printed.err


def test_a_whole_clone_of_what_has_no_release(project: Project, tmp_path: Path, capsys: Capture) -> None:
    """Where the origin says that there is none, nothing is in doubt."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", project.folder.as_uri(), str(clone))
    assert run(clone, "--check") == 0
    printed = capsys.readouterr()
    assert ("There is no release yet" in printed.out, printed.err) == (True, "")


def test_no_such_revision(project: Project, capsys: Capture) -> None:
    """It is named."""
    assert run(project, "nope") == 1
    assert "There is no revision nope here" in capsys.readouterr().err


def test_a_revision_without_a_document(project: Project, capsys: Capture) -> None:
    """A revision from before there was a document is refused in a sentence."""
    git(project.folder, "rm", "--quiet", "--cached", "-r", "openapi")
    git(project.folder, "commit", "--quiet", "--message=m")
    assert run(project, "HEAD") == 1
    assert "has no openapi/contacts.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "status"), [((), 1), (("--check",), 0)])
def test_no_repository(tmp_path: Path, options: tuple[str, ...], status: int, capsys: Capture) -> None:
    """In a tree from an sdist there is nothing to compare with; that is no fault of the version."""
    assert run(tmp_path, *options) == status
    assert "not a git repository" in capsys.readouterr().err


# --- --check


@pytest.mark.parametrize(
    ("old", "new", "version", "status"),
    [
        (KINDS, KINDS, "0.1.0", 0),
        (KINDS, "enum: [cat]", "0.1.0", 1),
        (KINDS, "enum: [cat]", "0.1.1", 0),
        (KINDS, "enum: [cat, dog, cow]", "0.1.1", 1),
        (KINDS, "enum: [cat, dog, cow]", "0.2.0", 0),
        (KINDS, "enum: [cat, dog, cow]", "0.2.0rc1", 0),
        ("The pet.", "A pet.", "0.1.0", 1),
        ("The pet.", "A pet.", "0.1.1", 0),
    ],
)
def test_check(project: Project, old: str, new: str, version: str, status: int) -> None:
    """It fails when the version is smaller than the change asks for: the kind of a pet stands in an answer."""
    project.commit("v0.1.0")
    project.write(PETS.replace(old, new), version)
    assert run(project, "--check") == status


@pytest.mark.parametrize(("version", "status"), [("0.1.0rc2", 0), ("0.1.0", 0), ("0.1.0rc1", 1), ("0.0.9", 1)])
def test_after_a_candidate(project: Project, version: str, status: int) -> None:
    """After a release candidate comes the next one, or what it leads to, whatever changed; not the same, nor less."""
    project.write(PETS, "0.1.0rc1")
    project.commit("v0.1.0rc1")
    project.write(PETS.replace(KINDS, "enum: [cat, dog, cow]"), version)
    assert run(project, "--check") == status


def test_metadata(project: Project, capsys: Capture) -> None:
    """What the package needs counts too: a Python less breaks those who have it."""
    project.commit("v0.1.0")
    with (project.folder / "pyproject.toml").open("a") as file:
        file.write('requires-python = ">=3.13"\n')
    assert run(project, "--check") == 1
    assert "Breaks Python callers:\n- Python: takes `>=3.13` now, and took any version" in capsys.readouterr().out


def test_without_check_it_only_tells(project: Project, capsys: Capture) -> None:
    """A version that is too small is told, and is no failure, unless that is asked for."""
    project.commit("v0.1.0")
    project.write(PETS.replace(KINDS, "enum: [cat, dog, cow]"), "0.1.0")
    assert run(project) == 0
    assert capsys.readouterr().out.endswith(
        "Smallest honest version: 0.2.0, because something breaks since 0.1.0. pyproject.toml says 0.1.0, "
        'which is too small: set version = "0.2.0".\n'
    )


# --- versions


@pytest.mark.parametrize(
    ("released", "reason", "least"),
    [
        ("0.1.2", BREAKING, "0.2.0"),
        ("0.1.2", ADDING, "0.1.3"),
        ("0.1.2", OTHER, "0.1.3"),
        ("0.1.2", NOTHING, "0.1.2"),
        ("1.2.3", BREAKING, "2.0.0"),
        ("1.2.3", ADDING, "1.3.0"),
        ("1.2.3", OTHER, "1.2.4"),
        ("1.2", OTHER, "1.2.1"),
        ("0.2.0rc1", BREAKING, "0.2.0"),
        ("0.2.0rc1", NOTHING, "0.2.0rc1"),
    ],
)
def test_the_smallest_honest_version(released: str, reason: str, least: str) -> None:
    """Before 1.0.0 what breaks is a minor step and all else a patch; from there on as semantic versioning has it."""
    assert step(Version(released), reason) == Version(least)


BREAKS = Change("Pet.age", CHANGED, "is older now", frozenset({REQUESTS, PYTHON}))
ADDS = Change("Pet.kind", ADDED, "added")
SAYS = Change("Pet", WORDING, "its description is another")


@pytest.mark.parametrize(
    ("changes", "reason"), [([SAYS, ADDS, BREAKS], BREAKING), ([SAYS, ADDS], ADDING), ([SAYS], OTHER), ([], NOTHING)]
)
def test_the_gravest_decides(changes: list[Change], reason: str) -> None:
    """One change that breaks outweighs all others."""
    assert gravest(changes) == reason


# --- how it is told

DEMAND = Demand(Version("0.1.0"), Version("0.1.0"), BREAKING)


def test_text() -> None:
    """A person reads first what breaks, once for each whom it breaks."""
    assert as_text("Changes since v0.1.0", [SAYS, ADDS, BREAKS], DEMAND).split("\n\n")[:-1] == [
        "Changes since v0.1.0",
        "Breaks requests:\n- Pet.age: is older now",
        "Breaks Python callers:\n- Pet.age: is older now",
        "Added:\n- Pet.kind: added",
        "Wording:\n- Pet: its description is another",
    ]


def test_markdown() -> None:
    """A changelog gets headings."""
    assert as_markdown("Changes since v0.1.0", [ADDS], DEMAND).startswith(
        "## Changes since v0.1.0\n\n### Added\n\n- Pet.kind: added\n\n"
    )


def test_json() -> None:
    """A program gets each change with whom it breaks, and what the version must be."""
    told = json.loads(as_json("Changes since v0.1.0", [BREAKS, ADDS], DEMAND))
    assert told["breaks"] == {"requests": True, "responses": False, "python": True}
    assert told["changes"][0] == {
        "subject": "Pet.age",
        "kind": "changed",
        "text": "is older now",
        "breaks": ["python", "requests"],
    }
    assert told["version"] == {
        "released": "0.1.0",
        "smallest": "0.2.0",
        "declared": "0.1.0",
        "reason": BREAKING,
        "enough": False,
    }


def test_many_lines_are_cut() -> None:
    """What a person reads stays short, and says that there is more; a program gets all."""
    many = [Change(f"Pet.f{number}", ADDED, "added") for number in range(SHOWN + 5)]
    assert "- … and 5 more" in as_text("t", many, DEMAND)
    assert len(json.loads(as_json("t", many, DEMAND))["changes"]) == SHOWN + 5


def test_nothing() -> None:
    """No change is told in a word."""
    assert as_text("t", [], DEMAND).split("\n\n")[1] == "Nothing changed."
