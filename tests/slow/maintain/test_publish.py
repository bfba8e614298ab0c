"""scripts/publish: its checks, the reproducible build, the installation test, and the handling of credentials."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from maintain.publish import command
from maintain.publish.build import build, compare, complete
from maintain.publish.install_test import SMOKE_TEST, install_test
from maintain.publish.preflight import CHECKS
from maintain.publish.release import Release
from maintain.venvs import ROOT, ScriptError

from tests.slow.maintain.small_project import FILES, SDIST, WHEEL, Project, new_project

Patch = pytest.MonkeyPatch
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project."""
    return new_project(tmp_path / "project")


@pytest.mark.parametrize("name", CHECKS)
def test_a_project_that_is_ready(project: Project, name: str) -> None:
    """A committed tree with a released changelog passes every check."""
    assert project.problem(name) == ""


@pytest.mark.parametrize("name", ["pets/__init__.py", "a new file.txt"])
def test_uncommitted_files(project: Project, name: str) -> None:
    """Changed and new files fail the check; the sentence names them and says what to do."""
    project.write(name, "changed = True\n")
    assert project.problem("clean tree") == (
        f"The working tree differs from the commit ({name}), and only what is committed can be published: "
        "commit these files or remove them."
    )


def test_a_new_file_that_git_settings_hide(project: Project) -> None:
    """The user's own git settings do not hide new files."""
    project.git("config", "status.showUntrackedFiles", "no")
    project.write("folder/new.txt", "")
    assert "(folder/new.txt)" in project.problem("clean tree")


def test_many_uncommitted_files(project: Project) -> None:
    """The sentence names five files and counts the rest."""
    for number in range(8):
        project.write(f"{number}.txt", "")
    assert "(0.txt, 1.txt, 2.txt, 3.txt, 4.txt, … and 3 more)" in project.problem("clean tree")


def test_ignored_files(project: Project) -> None:
    """A file that git ignores passes, because it cannot get into the build."""
    project.write("ignored", "")
    assert project.problem("clean tree") == ""


@pytest.mark.parametrize("name", ["+cats.added.md", "misnamed.txt"])
def test_a_remaining_fragment(project: Project, name: str) -> None:
    """A fragment that is not in CHANGELOG.md fails the check, even one that towncrier would not find."""
    project.write(f"changes/{name}", "Cats.\n")
    assert project.problem("changelog") == (
        f"The changelog is not released: changes/ still holds {name}. "
        "Run `.venv/bin/towncrier build --yes --version 0.2.0`, read CHANGELOG.md, and commit."
    )


@pytest.mark.parametrize("heading", ["## 0.1.0 (2024-01-01)", "## 0.2.0 (unreleased)", "## 0.2.01 (2024-01-01)"])
def test_no_section_for_the_version(project: Project, heading: str) -> None:
    """The changelog must have a section for exactly this version that is not marked as unreleased."""
    project.write("CHANGELOG.md", f"# Changelog\n\n{heading}\n\n- Cats.\n")
    assert "CHANGELOG.md has no section for 0.2.0. Run `.venv/bin/towncrier build" in project.problem("changelog")


@pytest.mark.parametrize(
    ("script", "reason"), [("import sys\nsys.exit('found it')\n", "found it"), (None, "No such file")]
)
def test_failed_tests(project: Project, script: str | None, reason: str) -> None:
    """The checks and the quick tests run after the other checks; what they print is shown if they fail."""
    (project.folder / "scripts/test").unlink()
    if script:
        project.write("scripts/test", script)
    project.commit()
    with pytest.raises(ScriptError, match=reason):
        command.preflight(project.release)


@pytest.mark.parametrize("annotated", [["--annotate", "--message=0.2.0"], []], ids=["annotated", "lightweight"])
def test_a_tag_on_this_commit(project: Project, annotated: list[str], shortened: list[str], capsys: Capture) -> None:
    """The same commit can be published again: to another index, or after a failed upload."""
    project.git("tag", *annotated, "v0.2.0")
    assert (command.main(["--upload"]), len(shortened)) == (0, 2)
    assert "Uploaded. Push the commit and the tag" in capsys.readouterr().out


@pytest.mark.parametrize("annotated", [["--annotate", "--message=0.2.0"], []], ids=["annotated", "lightweight"])
def test_a_tag_on_another_commit(project: Project, annotated: list[str], capsys: Capture) -> None:
    """A version that exists is reported before anything is built, together with a working tree that differs."""
    project.git("tag", *annotated, "v0.2.0")
    project.write("pets/__init__.py", "changed = True\n")
    project.commit()
    project.write("pets/__init__.py", "changed = False\n")
    with pytest.raises(ScriptError, match=r"(?s)The working tree differs.*0\.2\.0 was released from another commit"):
        command.preflight(project.release)
    assert "ok" not in capsys.readouterr().out.replace("changelog            ok", "")


def test_all_failed_checks_are_reported(project: Project, capsys: Capture) -> None:
    """Every check runs and prints one line; the error has one sentence for each failed check."""
    project.write("changes/+cats.added.md", "Cats.\n")
    with pytest.raises(ScriptError, match=r"(?s)The working tree differs.*The changelog is not released") as caught:
        command.preflight(project.release)
    lines = [line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert lines == [[name, "FAILED" if name in {"clean tree", "changelog"} else "ok"] for name in CHECKS]
    assert len(str(caught.value).strip().splitlines()) == 2


def test_a_folder_that_is_no_clone(tmp_path: Path) -> None:
    """An unpacked sdist cannot be published; the message says what can."""
    (tmp_path / "pyproject.toml").write_text(FILES["pyproject.toml"])
    with pytest.raises(ScriptError, match=r"A release is built from a commit: run this in a git clone\."):
        Release.of(tmp_path)


def test_build(project: Project, tmp_path: Path, monkeypatch: Patch) -> None:
    """A commit gives a wheel and an sdist, with the time of the commit, and without files that are not committed."""
    project.write("pets/secret.py", "")
    (tmp_path / "out").mkdir()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    files = build(project.release, tmp_path, tmp_path / "out")
    assert [path.name for path in files] == [WHEEL, SDIST]
    assert [b"secret" in path.read_bytes() for path in files] == [False, False]
    with tarfile.open(files[1]) as sdist:
        assert {member.mtime for member in sdist} == {project.release.epoch}


def test_a_build_that_differs(project: Project, tmp_path: Path) -> None:
    """A build that depends on the machine is an error."""
    hook = "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\nclass Hook(BuildHookInterface):\n"
    hook += "    def initialize(self, version, data):\n        open('pets/seed.py', 'w').write(repr(hash('seed')))\n"
    project.write("hatch_build.py", hook)
    project.write("pyproject.toml", f"{FILES['pyproject.toml']}[tool.hatch.build.hooks.custom]\n")
    project.commit()
    with pytest.raises(ScriptError, match=r"differ in some_pets-0\.2\.0-py3-none-any\.whl, some_pets-0\.2\.0\.tar\.gz"):
        build(project.release, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("second", "differing"), [({"a": b"1"}, "b"), ({"a": b"1", "b": b"3"}, "b"), ({"b": b"2", "c": b""}, "a, c")]
)
def test_comparison(tmp_path: Path, second: Mapping[str, bytes], differing: str) -> None:
    """A missing, additional or different file is named."""
    for folder, files in (("first", {"a": b"1", "b": b"2"}), ("second", second)):
        (tmp_path / folder).mkdir()
        for name, content in files.items():
            (tmp_path / folder / name).write_bytes(content)
    with pytest.raises(ScriptError, match=f"differ in {differing}: "):
        compare(tmp_path / "first", tmp_path / "second")


def test_no_python_to_test_on(project: Project, tmp_path: Path) -> None:
    """A wheel that was not tested on any Python is not published."""
    with pytest.raises(ScriptError, match=r"none of Python 3\.11, 3\.12 is on PATH"):
        install_test(project.release, tmp_path, tmp_path, {"3.11": None, "3.12": None})


@pytest.mark.parametrize("extras", ["core", "all"])
def test_the_smoke_test_needs_the_installed_package(tmp_path: Path, extras: str) -> None:
    """The smoke test fails if it would import the source tree instead of the installed wheel."""
    command = [sys.executable, "-I", str(SMOKE_TEST), "0.0.0", extras, ""]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "sendblue_contacts is in this environment: False instead of True\n")


def test_the_password_is_not_in_the_environment(monkeypatch: Patch) -> None:
    """Builds and tests do not have the password in their environment; only the upload gets it."""
    seen: list[tuple[str | None, str | None]] = []

    def publish(_release: Release, environ: Mapping[str, str], *, uploads: bool) -> None:
        assert not uploads
        seen.append((environ.get("TWINE_PASSWORD"), os.environ.get("TWINE_PASSWORD")))

    monkeypatch.setenv("TWINE_PASSWORD", "open-sesame")
    monkeypatch.setattr(command, "publish", publish)
    assert (command.main([]), seen) == (0, [("open-sesame", None)])


def test_a_failure_is_the_exit_status(monkeypatch: Patch, capsys: Capture) -> None:
    """An error is printed and the exit status is 1."""

    def publish(*_: object, **__: object) -> None:
        raise ScriptError("something is wrong")

    monkeypatch.setattr(command, "publish", publish)
    assert (command.main(["--upload"]), capsys.readouterr().err) == (1, "something is wrong\nscripts/publish failed.\n")


@pytest.fixture
def shortened(project: Project, monkeypatch: Patch) -> list[str]:
    """Run the command without its checks and tests on the project; return the names of the uploaded files."""
    uploaded: list[str] = []

    def make(_release: Release, work: Path) -> list[Path]:
        files = [work / "files" / name for name in ("pets.whl", "pets.tar.gz", "pets.cdx.json")]
        for file in files:
            file.touch()
        return files[:2]

    monkeypatch.setattr(command, "ROOT", project.folder)
    monkeypatch.setattr(command, "require_index", lambda _environ: None)
    monkeypatch.setattr(command, "preflight", lambda _release: None)
    monkeypatch.setattr(command, "make", make)
    monkeypatch.setattr(command, "missing", lambda _name, files, _environ: files)
    monkeypatch.setattr(command, "upload", lambda files, _environ: uploaded.extend(sorted(path.name for path in files)))
    return uploaded


def test_an_upload_without_an_index(monkeypatch: Patch, project: Project, capsys: Capture) -> None:
    """An upload without an address fails before anything is checked or built."""
    monkeypatch.delenv("TWINE_REPOSITORY_URL", raising=False)
    monkeypatch.setattr(command, "ROOT", project.folder)
    assert command.main(["--upload"]) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err.startswith("TWINE_REPOSITORY_URL is not set.")) == ("", True)


def test_a_dry_run(project: Project, shortened: list[str]) -> None:
    """Without --upload nothing is uploaded or tagged, and all files are in dist/."""
    assert (command.main([]), shortened, project.release.is_tagged()) == (0, [], False)
    assert project.dist == ["pets.cdx.json", "pets.tar.gz", "pets.whl"]


def test_an_upload(project: Project, shortened: list[str], capsys: Capture) -> None:
    """Only the wheel and the sdist are uploaded; then the commit is tagged, and the next step is printed."""
    assert (command.main(["--upload"]), shortened) == (0, ["pets.tar.gz", "pets.whl"])
    assert project.release.is_tagged()
    assert (
        capsys.readouterr().out.splitlines()[-1] == "Uploaded. Push the commit and the tag: git push origin HEAD v0.2.0"
    )


def test_a_tag_that_cannot_be_created(project: Project, shortened: list[str], capsys: Capture) -> None:
    """The upload succeeded, so the exit status is 0; the output says how to create the missing tag."""
    (project.folder / ".git/refs/tags").rmdir()
    (project.folder / ".git/refs/tags").write_text("in the way")
    assert (command.main(["--upload"]), len(shortened)) == (0, 2)
    assert "Tag it yourself: git tag v0.2.0 && git push origin HEAD v0.2.0" in capsys.readouterr().out


def test_the_bill_of_materials() -> None:
    """It tells the required components from those of extras, with their hashes and the files of the package itself."""
    root: dict[str, object] = {"name": "some-pets", "version": "0.2.0"}
    components: list[dict[str, Any]] = [{"name": "httpx"}, {"name": "Typing_Extensions"}, {"name": "click"}]
    complete({"metadata": {"component": root}, "components": components}, {"some_pets.whl": "12ab"})
    assert root["purl"] == "pkg:pypi/some-pets@0.2.0"
    hashes = [{"alg": "SHA-256", "content": "12ab"}]
    assert root["externalReferences"] == [{"type": "distribution", "url": "some_pets.whl", "hashes": hashes}]
    assert [each["scope"] for each in components] == ["required", "required", "optional"]
    assert all(len(digest["content"]) == 64 for each in components for digest in each["hashes"])


KINDS = ("added", "changed", "deprecated", "removed", "fixed")


def test_fragments() -> None:
    """Each changelog fragment has a name that towncrier accepts, and one line."""
    fragments = [path for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    misnamed = [path.name for path in fragments if not path.match("+*.md") or path.suffixes[-2:][0][1:] not in KINDS]
    longer = [path.name for path in fragments if path.read_text(encoding="utf-8").strip().count("\n")]
    assert (misnamed, longer) == ([], [])
