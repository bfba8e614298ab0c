"""scripts/regenerate: what comes out, what is said, and that nothing is touched when anything fails."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml
from maintain.regenerate import command as regenerate
from maintain.regenerate.command import check_pins, swap
from maintain.regenerate.formatting import NEW, OLD
from maintain.venvs import ROOT, ScriptError
from openapi_python_client.config import ConfigFile

if TYPE_CHECKING:
    from pathlib import Path

    from tests.maintain.conftest import Bench

Capture = pytest.CaptureFixture[str]
SCRIPT = ROOT / "scripts/regenerate"
BIRTHDAY = ("name: {type: string}\n", "name: {type: string}\n        birthday: {type: string, format: date}\n")


# --- what comes out


def test_makes_a_typed_package(bench: Bench) -> None:
    """An operation and a model of the document are in the package, and it is marked as typed."""
    assert bench.regenerate() == 0
    names = {"api/pets/get_pet.py", "models/pet.py", "py.typed"}
    assert {name for name in names if (bench.package / name).is_file()} == names


def test_tells_what_is_new(bench: Bench, capsys: Capture) -> None:
    """A first run names the models and the operations."""
    bench.regenerate()
    assert {"+ model Pet", "+ operation get_pet"} <= set(capsys.readouterr().out.splitlines())


def test_tells_a_new_field(made: Bench, capsys: Capture) -> None:
    """A field that was added to the document is named with its type."""
    made.edit(*BIRTHDAY)
    made.regenerate()
    assert "+ field Pet.birthday: datetime.date | Unset" in capsys.readouterr().out


def test_second_run_changes_nothing(made: Bench, capsys: Capture) -> None:
    """A second run says so, and leaves even the times of the files alone."""
    before = made.contents()
    assert made.regenerate() == 0
    assert (made.contents(), capsys.readouterr().out) == (before, "nothing changed\n")


def test_leaves_no_leftovers(made: Bench) -> None:
    """Beside the package there is nothing after a run: no working folder, no cache of ruff."""
    assert [path.name for path in made.output.iterdir()] == ["sendblue_contacts_api"]
    assert not list(made.folder.rglob(".ruff_cache"))


def test_output_names_no_folder(made: Bench) -> None:
    """Where it was made is not in what was made."""
    assert not [path for path in made.package.rglob("*.py") if str(made.folder) in path.read_text()]


# --- whatever the machine


def run_elsewhere(bench: Bench, cwd: Path, variables: dict[str, str], umask: int) -> None:
    """Run the script as a process of its own in these surroundings."""
    command = [sys.executable, str(SCRIPT), *bench.arguments]
    subprocess.run(command, cwd=cwd, env={**os.environ, **variables}, umask=umask, check=True, capture_output=True)


def bytes_and_modes(bench: Bench) -> dict[str, tuple[bytes, int]]:
    """Return what git would see of the output, and more."""
    return {name: (data, mode) for name, (data, mode, _) in bench.contents().items()}


def test_hostile_surroundings_change_no_byte(made: Bench, tmp_path: Path) -> None:
    """Hash seed, language, home, umask, another ruff and its settings, a foreign PYTHONPATH: all the same."""
    expected = bytes_and_modes(made)
    hostile = tmp_path / "build"  # ruff leaves folders of this name out by default
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
    other = type(made)(hostile)
    other.document.write_text(made.document.read_text())
    other.templates.mkdir()
    run_elsewhere(other, home, variables, umask=0o077)
    assert bytes_and_modes(other) == expected


def test_modes_are_the_usual_ones(made: Bench) -> None:
    """Every file is 0644."""
    assert {stat.S_IMODE(mode) for _, mode, _ in made.contents().values()} == {0o644}


def test_two_runs_at_once_do_not_collide(made: Bench) -> None:
    """Both end well, and what is there is what the document gives."""
    made.edit(*BIRTHDAY)
    command = [sys.executable, str(SCRIPT), *made.arguments]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert made.regenerate("--check") == 0


# --- when something fails, nothing is touched


def assert_untouched(made: Bench, capsys: Capture, *said: str) -> None:
    """Assert that a run fails, says each of `said`, and leaves bytes, modes and times as they were."""
    before = made.contents()
    assert made.regenerate() == 1
    error = capsys.readouterr().err
    assert [text for text in said if text not in error] == []
    assert made.contents() == before


def test_invalid_document(made: Bench, capsys: Capture) -> None:
    """An invalid document is refused with the line and the path."""
    made.edit("in: path", "in: nowhere")
    assert_untouched(made, capsys, "pets.yaml:12: paths./pets/{name}.get.parameters.0.in: 'nowhere'")


def test_something_left_out(made: Bench, capsys: Capture) -> None:
    """What the generator would leave out with a mere warning is a failure that names the operation's line."""
    made.edit("application/json", "application/unheard-of")
    assert_untouched(made, capsys, "pets.yaml:7: paths./pets/{name}.get: ", "unheard-of")


def test_two_operations_of_one_name(made: Bench, capsys: Capture) -> None:
    """Two operations that would land in one module are a failure, not one operation less."""
    second = "    delete:\n      operationId: getPet\n      tags: [pets]\n      parameters: [{name: name, in: path, "
    second += 'required: true, schema: {type: string}}]\n      responses: {"204": {description: Gone.}}\n'
    made.edit("components:\n", second + "components:\n")
    assert_untouched(made, capsys, "has 2 operations, and 1 came out")


def test_template_that_raises(made: Bench, capsys: Capture) -> None:
    """A template that fails is named with its line."""
    (made.templates / "model.py.jinja").write_text("\n{{ nothing.at.all }}\n")
    assert_untouched(made, capsys, "'nothing' is undefined")


def test_template_that_gives_no_python(made: Bench, capsys: Capture) -> None:
    """A template whose output is no Python is a failure that names the file."""
    (made.templates / "errors.py.jinja").write_text("class :\n")
    assert_untouched(made, capsys, "ruff check failed", "errors.py")


def test_missing_document(made: Bench, capsys: Capture) -> None:
    """A document that is not there is named."""
    made.document.unlink()
    assert_untouched(made, capsys, "pets.yaml")


def test_other_tool_than_pinned(made: Bench, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A tool of another version than the pinned one is refused."""
    pins = tmp_path / "pins.txt"
    pins.write_text("openapi-python-client==0.29.1 \\\nruff==0.0.1 \\\n")
    monkeypatch.setattr(regenerate, "PINS", pins)
    assert_untouched(made, capsys, "ruff", "Delete .venv")


def test_tool_without_pin() -> None:
    """A tool that is not pinned at all is refused."""
    with pytest.raises(ScriptError, match="openapi-python-client"):
        check_pins("ruff==1.0\n")


def test_stray_file_beside_the_package(made: Bench, capsys: Capture) -> None:
    """A file beside the package is not deleted but complained about."""
    (made.output / "notes.txt").write_text("mine")
    assert_untouched(made, capsys, "Move these elsewhere: notes.txt")


def test_failing_swap_puts_the_old_package_back(tmp_path: Path) -> None:
    """When the new package cannot take its place, the old one is there again."""
    new, target, aside = (tmp_path / name for name in ("new", "target", "aside"))
    target.mkdir()
    (target / "old.py").touch()
    with pytest.raises(FileNotFoundError):  # there is no `new`
        swap(new, target, aside)
    assert [path.name for path in tmp_path.rglob("*")] == ["target", "old.py"]


def test_run_after_a_killed_one(made: Bench, capsys: Capture) -> None:
    """A run that was killed in the middle of the swap is undone by the next."""
    before = {name: data for name, (data, *_) in made.contents().items()}
    made.package.rename(made.output / OLD)
    (made.output / NEW / "generated").mkdir(parents=True)
    assert made.regenerate() == 0
    assert ({name: data for name, (data, *_) in made.contents().items()}, capsys.readouterr().out) == (
        before,
        "nothing changed\n",
    )


# --- --check


def test_check_finds_nothing(made: Bench) -> None:
    """It passes when the package is what the document gives."""
    assert made.regenerate("--check") == 0


def edited(made: Bench) -> None:
    """Edit a generated file."""
    (made.package / "models/pet.py").write_text("# mine\n")


def missing(made: Bench) -> None:
    """Delete a generated file."""
    (made.package / "models/pet.py").unlink()


def stray(made: Bench) -> None:
    """Add a file to the package."""
    (made.package / "models/stray.py").write_text("# stray\n")


def beside(made: Bench) -> None:
    """Add a file beside the package."""
    (made.output / "beside.py").write_text("# beside\n")


def linked(made: Bench) -> None:
    """Put a dangling link into the package."""
    (made.package / "linked.py").symlink_to("nowhere")


def changed_document(made: Bench) -> None:
    """Change the document and nothing else."""
    made.edit(*BIRTHDAY)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (edited, "-# mine"),
        (missing, "missing: sendblue_contacts_api/models/pet.py"),
        (stray, "not generated from the document: sendblue_contacts_api/models/stray.py"),
        (beside, "not generated from the document: beside.py"),
        (linked, "not generated from the document: sendblue_contacts_api/linked.py"),
        (changed_document, "+    birthday: datetime.date"),
    ],
)
def test_check_shows_the_difference_and_writes_nothing(made: Bench, capsys: Capture, fault: object, said: str) -> None:
    """It exits 1 with a diff of what is edited, missing or stray, and leaves all of it as it is."""
    assert callable(fault)
    fault(made)
    before = made.contents()
    status = made.regenerate("--check")
    assert (status, said in capsys.readouterr().out, made.contents()) == (1, True, before)


def test_check_ignores_what_python_caches(made: Bench) -> None:
    """Compiled files of an import are no strays."""
    cache = made.package / "models/__pycache__"
    cache.mkdir()
    (cache / "pet.cpython-311.pyc").touch()
    assert made.regenerate("--check") == 0


def test_check_without_a_package(bench: Bench) -> None:
    """It fails when nothing was generated yet, and makes no folder."""
    assert (bench.regenerate("--check"), bench.output.exists()) == (1, False)


# --- the settings


def test_the_generator_knows_every_setting() -> None:
    """The generator ignores a key that it does not know, so a typing error in one would go unseen."""
    settings = yaml.safe_load((ROOT / "generator-config.yaml").read_text())
    assert set(settings) - set(ConfigFile.model_fields) == set()
