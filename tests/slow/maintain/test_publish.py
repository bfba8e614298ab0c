"""scripts/publish: what it refuses, with the way out; two builds; what it tries; and who gets to see the password."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from maintain.publish import command
from maintain.publish.build import build, compare
from maintain.publish.install_test import SMOKE, try_out
from maintain.publish.preflight import CHECKS
from maintain.publish.release import Release
from maintain.venvs import ROOT, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]
IDENTITY = ("-c", "user.name=M", "-c", "user.email=m@example.com")
PROJECT = {
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
    "scripts/regenerate": "",
    "scripts/changes": "",
    ".gitignore": "/ignored\n",
}


class Project:
    """A small project in a git clone, in which everything is in order for a release."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        for name, text in PROJECT.items():
            self.write(name, text)
        self.commit()

    def git(self, *arguments: str) -> None:
        """Run git."""
        run(["git", *IDENTITY, *arguments], cwd=self.folder)

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
        """The release of it."""
        return Release.of(self.folder)

    def verdict(self, name: str) -> str:
        """What a check says; nothing when all is in order."""
        return CHECKS[name](self.release) or ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project."""
    (tmp_path / "project").mkdir()
    return Project(tmp_path / "project")


# --- what is refused


@pytest.mark.parametrize("name", CHECKS)
def test_nothing_is_refused_when_all_is_in_order(project: Project, name: str) -> None:
    """A committed tree with a released changelog passes each check."""
    assert project.verdict(name) == ""


@pytest.mark.parametrize("name", ["pets/__init__.py", "a new file.txt"])
def test_a_tree_that_is_not_committed(project: Project, name: str) -> None:
    """A changed file and a new one stand against a release; the sentence names them and says what to do."""
    project.write(name, "changed = True\n")
    assert project.verdict("clean tree") == (
        f"The tree is not as committed ({name}), and what is published must be what a commit holds: "
        "commit these files or remove them."
    )


def test_a_new_file_that_git_is_told_to_hide(project: Project) -> None:
    """The settings of the person who publishes hide nothing."""
    project.git("config", "status.showUntrackedFiles", "no")
    project.write("folder/new.txt", "")
    assert "(folder/new.txt)" in project.verdict("clean tree")


def test_many_files_that_are_not_committed(project: Project) -> None:
    """Five files are named and the rest are counted."""
    for number in range(8):
        project.write(f"{number}.txt", "")
    assert "(0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 3 more)" in project.verdict("clean tree")


def test_what_git_ignores_does_not_matter(project: Project) -> None:
    """A file that git ignores stands against nothing: it does not get into the build."""
    project.write("ignored", "")
    assert project.verdict("clean tree") == ""


@pytest.mark.parametrize("name", ["+cats.added.md", "misnamed.txt"])
def test_a_fragment_that_is_left(project: Project, name: str) -> None:
    """A fragment that is in no release stands against it, also one that towncrier would not find."""
    project.write(f"changes/{name}", "Cats.\n")
    assert project.verdict("changelog") == (
        f"The changelog is unreleased: changes/ still holds {name}. "
        "Run `.venv/bin/towncrier build --yes --version 0.2.0`, read CHANGELOG.md, and commit."
    )


@pytest.mark.parametrize("heading", ["## 0.1.0 (2024-01-01)", "## 0.2.0 (unreleased)", "## 0.2.01 (2024-01-01)"])
def test_no_section_for_the_version(project: Project, heading: str) -> None:
    """The changelog must have a section for this very version, and one that calls itself unreleased is none."""
    project.write("CHANGELOG.md", f"# Changelog\n\n{heading}\n\n- Cats.\n")
    assert "CHANGELOG.md has no section for 0.2.0. Run `.venv/bin/towncrier build" in project.verdict("changelog")


@pytest.mark.parametrize(
    ("script", "check", "way_out"),
    [
        ("regenerate", "generated/", "run scripts/regenerate and scripts/test, and commit"),
        ("changes", "honest version", "set the `version` in pyproject.toml"),
    ],
)
def test_what_another_script_finds(project: Project, script: str, check: str, way_out: str) -> None:
    """A stale generated/ and a version that is too small stand against a release; what the script found is shown."""
    project.write(f"scripts/{script}", "import sys\nsys.exit('found it' if sys.argv[1:] == ['--check'] else 0)\n")
    assert [text in project.verdict(check) for text in (way_out, "found it")] == [True, True]


@pytest.mark.parametrize(("script", "check"), [("regenerate", "generated/"), ("changes", "honest version")])
def test_a_script_that_is_not_there(project: Project, script: str, check: str) -> None:
    """A check that cannot be made has not been passed."""
    (project.folder / "scripts" / script).unlink()
    assert "can't open file" in project.verdict(check)


@pytest.mark.parametrize("annotated", [["--annotate", "--message=0.2.0"], []], ids=["annotated", "lightweight"])
def test_a_tag_on_another_commit(project: Project, annotated: list[str]) -> None:
    """A version that an earlier commit is tagged with was released."""
    project.git("tag", *annotated, "v0.2.0")
    project.write("pets/__init__.py", "changed = True\n")
    project.commit()
    assert project.verdict("free tag") == (
        "0.2.0 was released before: the tag v0.2.0 is on another commit. "
        "Set a higher `version` in pyproject.toml and release that."
    )


@pytest.mark.parametrize("annotated", [["--annotate", "--message=0.2.0"], []], ids=["annotated", "lightweight"])
def test_a_tag_on_this_commit(project: Project, annotated: list[str]) -> None:
    """The same commit can be published again, to another index or after a failed upload."""
    project.git("tag", *annotated, "v0.2.0")
    assert project.verdict("free tag") == ""


def test_all_refusals_are_told_at_once(project: Project, capsys: Capture) -> None:
    """Every check is made, one line each, and each that refuses has its sentence."""
    project.write("changes/+cats.added.md", "Cats.\n")
    with pytest.raises(ScriptError, match=r"(?s)The tree is not as committed.*The changelog is unreleased") as caught:
        command.refuse(project.release)
    lines = [line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [[name, "REFUSED" if name in {"clean tree", "changelog"} else "ok"] for name in CHECKS]
    assert len(str(caught.value).strip().splitlines()) == 2


def test_a_folder_that_is_no_clone(tmp_path: Path) -> None:
    """An unpacked sdist cannot be published; the sentence says what can."""
    (tmp_path / "pyproject.toml").write_text(PROJECT["pyproject.toml"])
    with pytest.raises(ScriptError, match=r"A release is made of a commit: run this in a git clone\."):
        Release.of(tmp_path)


@pytest.mark.parametrize(
    ("version", "way_out"),
    [
        ("0.2.0-rc1", r"becomes 0\.2\.0rc1 in what is built: spell it so there"),
        ("v0.2.0", r"becomes 0\.2\.0 in what is built"),
        ("0.2.0.final", r"is none that an index takes: set one such as 1\.2\.0"),
    ],
)
def test_a_version_of_another_spelling(project: Project, version: str, way_out: str) -> None:
    """A version is spelled as in the names of what is built, or it would be looked for in vain on the index."""
    project.write("pyproject.toml", PROJECT["pyproject.toml"].replace("0.2.0", version))
    with pytest.raises(ScriptError, match=way_out):
        _ = project.release


# --- the build


def test_build(project: Project, tmp_path: Path) -> None:
    """A commit gives a wheel and an sdist, and a file that is not committed does not get in."""
    project.write("pets/secret.py", "")
    (tmp_path / "out").mkdir()
    files = build(project.release, tmp_path / "out")
    assert [path.name for path in files] == ["some_pets-0.2.0-py3-none-any.whl", "some_pets-0.2.0.tar.gz"]
    assert [b"secret" in path.read_bytes() for path in files] == [False, False]


def test_a_build_that_differs(project: Project, tmp_path: Path) -> None:
    """A build into which something of the machine gets is refused."""
    hook = "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\nclass Hook(BuildHookInterface):\n"
    hook += "    def initialize(self, version, data):\n        open('pets/seed.py', 'w').write(repr(hash('seed')))\n"
    project.write("hatch_build.py", hook)
    project.write("pyproject.toml", f"{PROJECT['pyproject.toml']}[tool.hatch.build.hooks.custom]\n")
    project.commit()
    with pytest.raises(ScriptError, match=r"differ in some_pets-0\.2\.0-py3-none-any\.whl, some_pets-0\.2\.0\.tar\.gz"):
        build(project.release, tmp_path)


@pytest.mark.parametrize(
    ("second", "differing"), [({"a": b"1"}, "b"), ({"a": b"1", "b": b"3"}, "b"), ({"b": b"2", "c": b""}, "a, c")]
)
def test_comparison(tmp_path: Path, second: Mapping[str, bytes], differing: str) -> None:
    """A file that is missing, more or other is named."""
    for folder, files in (("first", {"a": b"1", "b": b"2"}), ("second", second)):
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_bytes(content)
    with pytest.raises(ScriptError, match=f"differ in {differing}: "):
        compare(tmp_path / "first", tmp_path / "second")


# --- the trial


def test_no_python_to_try_it_on(project: Project, tmp_path: Path) -> None:
    """A wheel that was tried on no Python is not published."""
    with pytest.raises(ScriptError, match=r"None of Python 3\.11, 3\.12 is on PATH"):
        try_out(project.release, tmp_path, tmp_path, {"3.11": None, "3.12": None})


@pytest.mark.parametrize("extras", ["core", "all"])
def test_the_smoke_test_wants_the_installed_package(tmp_path: Path, extras: str) -> None:
    """Where the tree itself is what is imported, the smoke test fails: it would tell nothing of the wheel."""
    command = [sys.executable, "-I", str(SMOKE), "0.0.0", extras]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "sendblue_contacts is of this environment: False instead of True\n")


# --- the command


def test_who_sees_the_password(monkeypatch: Patch) -> None:
    """The password is given to the index alone: what is built and tried does not have it in its environment."""
    seen: list[tuple[str | None, str | None]] = []

    def publish(_release: Release, environ: Mapping[str, str], *, uploads: bool) -> None:
        assert not uploads
        seen.append((environ.get("TWINE_PASSWORD"), os.environ.get("TWINE_PASSWORD")))

    monkeypatch.setenv("TWINE_PASSWORD", "open-sesame")
    monkeypatch.setattr(command, "publish", publish)
    assert (command.main([]), seen) == (0, [("open-sesame", None)])


def test_a_refusal_is_the_exit_status(monkeypatch: Patch, capsys: Capture) -> None:
    """A refusal is shown and the exit status is 1."""

    def publish(*_: object, **__: object) -> None:
        raise ScriptError("something stands against it")

    monkeypatch.setattr(command, "publish", publish)
    assert (command.main(["--upload"]), capsys.readouterr().err) == (
        1,
        "something stands against it\npublish stopped.\n",
    )


@pytest.fixture
def shortened(project: Project, monkeypatch: Patch) -> list[str]:
    """The command on the project, without its checks and its trial; and the names of the files that are uploaded."""
    uploaded: list[str] = []

    def make(_release: Release, folder: Path) -> list[Path]:
        files = [folder / name for name in ("pets.whl", "pets.tar.gz", "pets.cdx.json")]
        for file in files:
            file.touch()
        return files[:2]

    monkeypatch.setattr(command, "ROOT", project.folder)
    monkeypatch.setattr(command, "refuse_what_exists", lambda *_, **__: None)
    monkeypatch.setattr(command, "refuse", lambda _release: None)
    monkeypatch.setattr(command, "make", make)
    monkeypatch.setattr(command, "upload", lambda files, _environ: uploaded.extend(sorted(path.name for path in files)))
    return uploaded


@pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
def test_a_dry_run(project: Project, shortened: list[str], arguments: list[str]) -> None:
    """Unless told to upload it uploads nothing and tags nothing, and leaves all files in dist/."""
    assert (command.main(arguments), shortened, project.release.tagged()) == (0, [], "")
    assert sorted(path.name for path in (project.folder / "dist").iterdir()) == [
        "pets.cdx.json",
        "pets.tar.gz",
        "pets.whl",
    ]


def test_an_upload(project: Project, shortened: list[str], monkeypatch: Patch, capsys: Capture) -> None:
    """Wheel and sdist are uploaded and no other file; then the commit is tagged, and the way on is told."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "M")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "m@example.com")
    assert (command.main(["--upload"]), shortened) == (0, ["pets.tar.gz", "pets.whl"])
    assert project.release.tagged() == project.release.commit
    assert capsys.readouterr().out.splitlines()[-1] == "Uploaded. Now tell the others: git push origin HEAD v0.2.0"


def test_a_tag_that_cannot_be_made(project: Project, shortened: list[str], capsys: Capture) -> None:
    """What is uploaded stays uploaded: that the tag is missing is told with the way to make it."""
    (project.folder / ".git/refs/tags").rmdir()
    (project.folder / ".git/refs/tags").write_text("in the way")
    assert (command.main(["--upload"]), len(shortened)) == (0, 2)
    assert "Tag it by hand: git tag v0.2.0 && git push origin HEAD v0.2.0" in capsys.readouterr().out


# --- the changelog's fragments

KINDS = ("added", "changed", "deprecated", "removed", "fixed")


def test_fragments() -> None:
    """Each fragment of the next release is named as towncrier wants it and is one line."""
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    misnamed = [path.name for path in fragments if not path.match("+*.md") or path.suffixes[-2:][0][1:] not in KINDS]
    longer = [path.name for path in fragments if path.read_text(encoding="utf-8").strip().count("\n")]
    assert (misnamed, longer) == ([], [])
