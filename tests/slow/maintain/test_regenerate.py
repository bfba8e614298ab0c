"""scripts/regenerate: the package, the messages, and that nothing changes if anything fails."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from maintain.regenerate import generated_client
from maintain.regenerate.formatting import EMITTED, NEW, OLD
from maintain.regenerate.generated_client import check_pins, swap
from maintain.venvs import ROOT, ScriptError
from openapi_python_client.config import ConfigFile

from tests.maintain.workspaces import BIRTHDAY, Workspace

SCRIPT = ROOT / "scripts/regenerate"
Capture = pytest.CaptureFixture[str]


def test_the_first_run(workspace: Workspace, capsys: Capture) -> None:
    """The package has the operation and the model, which are listed, and is marked as typed; nothing else is left."""
    assert workspace.regenerate() == 0
    names = {"api/pets/get_pet.py", "models/pet.py", "py.typed"}
    assert {name for name in names if (workspace.package / name).is_file()} == names
    assert {"+ model Pet", "+ operation get_pet"} <= set(capsys.readouterr().out.splitlines())
    assert {path.name for path in workspace.output.iterdir()} == {"sendblue_contacts_api", EMITTED}
    assert not list(workspace.folder.rglob(".ruff_cache"))


def git(generated: Workspace, *arguments: str) -> None:
    """Run git in the folder of the workspace."""
    command = ["git", *arguments]
    subprocess.run(command, cwd=generated.folder, check=True, capture_output=True)


def test_what_is_deleted_is_named(generated: Workspace, capsys: Capture) -> None:
    """A run names each file that it deletes: a file that git tracks, or one that an earlier run wrote."""
    (generated.package / "models/kept_by_git.py").touch()
    git(generated, "init", "--quiet")
    git(generated, "add", "generated/sendblue_contacts_api/models/kept_by_git.py")
    generated.edit("kind: {type: string, enum: [cat, dog]}", "sort: {type: string, enum: [cat, dog]}")
    assert generated.regenerate() == 0
    lines = capsys.readouterr().out.splitlines()
    deleted = [f"- {generated.package}/models/{name}.py" for name in ("kept_by_git", "kind")]
    assert [line for line in lines if line.endswith(".py")] == deleted


@pytest.mark.parametrize("name", ["mine.py", "kind.py"])
def test_an_untracked_file_is_not_deleted(generated: Workspace, capsys: Capture, name: str) -> None:
    """A run deletes no file that git does not track and that no run wrote, or that was edited since."""
    git(generated, "init", "--quiet")
    (generated.package / "models" / name).write_text("mine")
    generated.edit("kind: {type: string, enum: [cat, dog]}", "sort: {type: string, enum: [cat, dog]}")
    assert_unchanged(generated, capsys, f"git does not track them: sendblue_contacts_api/models/{name}. Move them")


def test_second_run_changes_nothing(generated: Workspace, capsys: Capture) -> None:
    """A second run says so and does not even touch the modification times. Bytecode is no difference."""
    cache = generated.package / "models/__pycache__"
    cache.mkdir()
    (cache / "pet.cpython-311.pyc").touch()
    before = generated.contents()
    assert (generated.regenerate(), generated.regenerate("--check")) == (0, 0)
    assert (generated.contents(), capsys.readouterr().out) == (before, "nothing changed\n" * 2)


def run_in_environment(workspace: Workspace, cwd: Path, variables: dict[str, str], umask: int) -> None:
    """Run the script in another process, with this environment."""
    command = [sys.executable, str(SCRIPT), *workspace.arguments]
    subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, umask=umask, check=True, capture_output=True)


def bytes_and_modes(workspace: Workspace) -> dict[str, tuple[bytes, int]]:
    """Return the bytes and the permissions of each file."""
    return {name: (data, stat.S_IMODE(mode)) for name, (data, mode, _) in workspace.contents().items()}


def test_the_environment_does_not_matter(generated: Workspace, tmp_path: Path) -> None:
    """Folder, hash seed, language, home, umask, another ruff and its settings, or PYTHONPATH do not change a byte."""
    expected = bytes_and_modes(generated)
    assert {mode for _, mode in expected.values()} == {0o644}
    hostile = tmp_path / "build"  # ruff ignores folders of this name by default
    home, tools = hostile / "home", hostile / "tools"
    for folder in (home, tools):
        folder.mkdir(parents=True)
    for folder in (tmp_path, hostile, home):
        (folder / "ruff.toml").write_text('line-length = 40\n[format]\nquote-style = "single"\n')
    (hostile / ".git").mkdir()
    (hostile / ".gitignore").write_text("*\n")
    (tools / "ruff").write_text("#!/bin/sh\nexit 1\n")
    (tools / "ruff").chmod(0o755)
    (tools / "yaml.py").write_text("raise RuntimeError\n")
    variables = {
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "LANG": "C",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(tools),
        "VIRTUAL_ENV": str(tools),
        "RUFF_OUTPUT_FILE": "stray.txt",
    }
    other = type(generated)(hostile)
    other.document.write_text(generated.document.read_text())
    other.templates.mkdir()
    run_in_environment(other, home, variables, umask=0o077)
    assert bytes_and_modes(other) == expected


def test_two_concurrent_runs(generated: Workspace) -> None:
    """Both succeed, and the package is up to date."""
    generated.edit(*BIRTHDAY)
    command = [sys.executable, str(SCRIPT), *generated.arguments]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert generated.regenerate("--check") == 0


def assert_unchanged(generated: Workspace, capsys: Capture, *texts: str) -> None:
    """Assert that a run fails, prints each of `texts`, and changes no bytes, modes or modification times."""
    before = generated.contents()
    assert generated.regenerate() == 1
    error = capsys.readouterr().err
    assert [text for text in texts if text not in error] == []
    assert generated.contents() == before


SECOND = """\
    delete:
      operationId: getPet
      tags: [pets]
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: Gone.}}
components:
"""


@pytest.mark.parametrize(
    ("old", "new", "texts"),
    [
        ("in: path", "in: nowhere", ["pets.yaml:12: paths./pets/{name}.get.parameters.0.in: 'nowhere'"]),
        ("application/json", "application/unheard-of", ["pets.yaml:7: paths./pets/{name}.get: ", "unheard-of"]),
        ("components:\n", SECOND, ["has 2 operations, but 1 were generated"]),
    ],
    ids=["invalid", "skipped by the generator", "two operations with one name"],
)
def test_a_document_that_cannot_be_generated(
    generated: Workspace, capsys: Capture, old: str, new: str, texts: list[str]
) -> None:
    """A document that is invalid, or of which the generator would omit a part, is an error with its line."""
    generated.edit(old, new)
    assert_unchanged(generated, capsys, *texts)


@pytest.mark.parametrize(
    ("name", "template", "texts"),
    [
        ("model.py.jinja", "\n{{ nothing.at.all }}\n", ["'nothing' is undefined"]),
        ("errors.py.jinja", "class :\n", ["ruff check failed", "errors.py"]),
    ],
)
def test_an_invalid_template(generated: Workspace, capsys: Capture, name: str, template: str, texts: list[str]) -> None:
    """A template that fails, or whose output is not Python, is an error with its message."""
    (generated.templates / name).write_text(template)
    assert_unchanged(generated, capsys, *texts)


def test_missing_document(generated: Workspace, capsys: Capture) -> None:
    """The message names a missing document."""
    generated.document.unlink()
    assert_unchanged(generated, capsys, "pets.yaml")


def test_a_tool_of_another_version(
    generated: Workspace, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A tool that does not have the pinned version is an error."""
    pins = tmp_path / "pins.txt"
    pins.write_text("openapi-python-client==0.29.1 \\\nruff==0.0.1 \\\n")
    monkeypatch.setattr(generated_client, "PINS", pins)
    assert_unchanged(generated, capsys, "ruff", "Delete .venv")


def test_tool_without_pin() -> None:
    """A tool that is not pinned is an error."""
    with pytest.raises(ScriptError, match="openapi-python-client"):
        check_pins("ruff==1.0\n")


def test_a_file_next_to_the_package(generated: Workspace, capsys: Capture) -> None:
    """A file next to the package is an error and is not deleted."""
    (generated.output / "notes.txt").write_text("mine")
    assert_unchanged(generated, capsys, "Move these elsewhere: notes.txt")


def test_a_failed_swap_restores_the_package(tmp_path: Path) -> None:
    """If the new package cannot be moved into place, the old one is restored."""
    new, target, aside = (tmp_path / name for name in ("new", "target", "aside"))
    target.mkdir()
    (target / "old.py").touch()
    with pytest.raises(FileNotFoundError):  # there is no `new`
        swap(new, target, aside)
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "old.py"]


def test_a_run_after_a_killed_one(generated: Workspace, capsys: Capture) -> None:
    """A run cleans up after one that was killed during the swap."""
    before = {name: data for name, (data, *_) in generated.contents().items()}
    generated.package.rename(generated.output / OLD)
    (generated.output / NEW / "generated").mkdir(parents=True)
    assert generated.regenerate() == 0
    assert ({name: data for name, (data, *_) in generated.contents().items()}, capsys.readouterr().out) == (
        before,
        "nothing changed\n",
    )


FAULTS: dict[str, tuple[Callable[[Workspace], object], str]] = {
    "edited": (lambda found: (found.package / "models/pet.py").write_text("# mine\n"), "-# mine"),
    "deleted": (
        lambda found: (found.package / "models/pet.py").unlink(),
        "missing: sendblue_contacts_api/models/pet.py",
    ),
    "added": (
        lambda found: (found.package / "models/stray.py").write_text("# stray\n"),
        "not emitted by scripts/regenerate: sendblue_contacts_api/models/stray.py",
    ),
    "next to the package": (
        lambda found: (found.output / "next_to_it.py").write_text("# next_to_it\n"),
        "not emitted by scripts/regenerate: next_to_it.py",
    ),
    "dangling link": (
        lambda found: (found.package / "linked.py").symlink_to("nowhere"),
        "not emitted by scripts/regenerate: sendblue_contacts_api/linked.py",
    ),
    "document": (lambda found: found.edit(*BIRTHDAY), "+    birthday: datetime.date"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_prints_a_diff_and_changes_nothing(generated: Workspace, capsys: Capture, name: str) -> None:
    """It exits with status 1 and a diff of edited, missing and additional files, and changes nothing."""
    make, text = FAULTS[name]
    make(generated)
    before = generated.contents()
    status = generated.regenerate("--check")
    assert (status, text in capsys.readouterr().out, generated.contents()) == (1, True, before)


def test_check_without_a_package(workspace: Workspace) -> None:
    """It fails if nothing was generated yet, and creates no folder."""
    assert (workspace.regenerate("--check"), workspace.output.exists()) == (1, False)


def test_the_generator_knows_every_setting() -> None:
    """The generator ignores unknown settings, so a misspelled one would go unnoticed."""
    settings = yaml.safe_load((ROOT / "generator-config.yaml").read_text())
    assert set(settings) - set(ConfigFile.model_fields) == set()
