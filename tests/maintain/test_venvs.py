"""The virtual environments: stamps, repair, and which Python is found. Nothing is really installed here."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from maintain import venvs
from maintain.venvs import (
    DEMO,
    DEV,
    ROOT,
    VENV,
    ScriptError,
    Step,
    bring,
    environment,
    find_python,
    incomplete,
    locked,
    run,
)

if TYPE_CHECKING:
    from pathlib import Path


class Installer:
    """A step that only counts, and fails when it is told to."""

    def __init__(self, folder: Path, name: str, spoils: tuple[str, ...] = ()) -> None:
        self.done = 0
        self.fails = False
        self.input = folder / f"{name}.txt"
        self.input.write_text("1")
        self.step = Step(name, (self.input,), self.install, spoils)

    def install(self, venv: Path) -> None:
        """Stand for an installation."""
        if self.fails:
            raise ScriptError("no network")
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        (venv / "bin/python").touch()
        self.done += 1


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Return the folder of an environment that is not made yet."""
    (tmp_path / ".venv").mkdir()
    return tmp_path / ".venv"


@pytest.fixture
def base(tmp_path: Path) -> Installer:
    """The making of the environment itself."""
    return Installer(tmp_path, "venv")


@pytest.fixture
def tools(tmp_path: Path) -> Installer:
    """What goes into it."""
    return Installer(tmp_path, "tools")


# --- stamps


def test_installs_once(venv: Path, base: Installer, tools: Installer) -> None:
    """A second call finds all there and installs nothing."""
    for _ in range(2):
        bring(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 1)


def test_says_one_line(venv: Path, base: Installer, tools: Installer, capsys: pytest.CaptureFixture[str]) -> None:
    """One line tells that something is installed; the second call is silent."""
    for _ in range(2):
        bring(venv, base.step, [tools.step])
    assert capsys.readouterr().err == "setting up .venv (once) …\n"


def test_changed_pins_are_installed(venv: Path, base: Installer, tools: Installer) -> None:
    """A changed requirement file is installed into the environment that is there."""
    bring(venv, base.step, [tools.step])
    tools.input.write_text("2")
    bring(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 2)


def test_interrupted_installation_is_repeated(venv: Path, base: Installer, tools: Installer) -> None:
    """An installation that failed has no stamp, so the next call does it."""
    tools.fails = True
    with pytest.raises(ScriptError, match="no network"):
        bring(venv, base.step, [tools.step])
    tools.fails = False
    bring(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 1)


def test_interrupted_change_does_not_count_as_the_old_state(venv: Path, base: Installer, tools: Installer) -> None:
    """When an update failed half-way and the pins are put back, the old stamp must not speak for what is there now."""
    bring(venv, base.step, [tools.step])
    tools.input.write_text("2")
    tools.fails = True
    with pytest.raises(ScriptError):
        bring(venv, base.step, [tools.step])
    tools.input.write_text("1")
    assert incomplete(venv, base.step, [tools.step]) == [tools.step]


def test_a_step_can_spoil_another(venv: Path, base: Installer, tools: Installer, tmp_path: Path) -> None:
    """What shares the environment is not taken for complete while the other is being installed."""
    other = Installer(tmp_path, "other", spoils=("tools",))
    bring(venv, base.step, [tools.step])
    bring(venv, base.step, [other.step])
    assert incomplete(venv, base.step, [tools.step, other.step]) == [tools.step]


def test_vanished_python_means_a_new_environment(venv: Path, base: Installer, tools: Installer) -> None:
    """An environment whose Python is gone is made again, with all that was in it."""
    bring(venv, base.step, [tools.step])
    (venv / "bin/python").unlink()
    bring(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (2, 2)


def test_moved_clone_means_a_new_environment(venv: Path, base: Installer, tools: Installer) -> None:
    """An environment that was moved with its folder is not taken for complete."""
    bring(venv, base.step, [tools.step])
    moved = venv.rename(venv.with_name("moved"))
    assert incomplete(moved, base.step, [tools.step]) == [base.step, tools.step]


def test_the_sets_follow_the_project_and_the_pins() -> None:
    """A set is installed again when its pins or pyproject.toml change, and each of the two spoils the other."""
    names = {path.name for step in (DEMO, DEV) for path in step.inputs}
    assert (names, DEMO.spoils, DEV.spoils) == (
        {"demo.txt", "dev.txt", "pyproject.toml"},
        ("demo", "dev"),
        ("demo", "dev"),
    )


def test_lock_keeps_a_second_script_out(tmp_path: Path) -> None:
    """While one holds the folder another cannot have it; afterwards it can. No file is left."""
    program = f"import fcntl, os; fcntl.flock(os.open({str(tmp_path)!r}, 0), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    attempt = [sys.executable, "-c", program]
    with locked(tmp_path):
        held = subprocess.run(attempt, stderr=subprocess.DEVNULL, check=False).returncode
    free = subprocess.run(attempt, check=False).returncode
    assert (held != 0, free, list(tmp_path.iterdir())) == (True, 0, [])


# --- which Python


def fake_python(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a python3.12 that runs `script` on PATH, and nothing else."""
    program = folder / "python3.12"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("echo 3.12 /somewhere/python3.12", "/somewhere/python3.12"),
        ('test "$PYENV_VERSION" = 3.12 && echo 3.12 /pyenv/python3.12', "/pyenv/python3.12"),
        ("exit 127", None),
        ("echo 3.9 /somewhere/python3.9", None),
        ("echo nonsense", None),
    ],
    ids=["runs", "pyenv-shim", "does-not-run", "is-another", "is-none"],
)
def test_find_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str | None) -> None:
    """A Python counts when it really runs and is what its name says; a pyenv shim counts when pyenv has the version."""
    fake_python(tmp_path, monkeypatch, script)
    assert find_python("3.12") == found


def test_find_python_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such program: None."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_python("3.12") is None


def test_an_old_python_finds_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Started by an old Python, the workshop takes a newer one from PATH."""
    fake_python(tmp_path, monkeypatch, "echo 3.12 /somewhere/python3.12")
    monkeypatch.setattr("sys.version_info", (3, 9))
    assert venvs.any_python() == "/somewhere/python3.12"


def test_no_python_is_a_sentence_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any Python that will do, the error says what to install."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.version_info", (3, 9))
    with pytest.raises(ScriptError, match=r"needs Python 3\.11 or newer .* Install one"):
        venvs.any_python()


@pytest.mark.parametrize("name", ["maintain/venvs.py", "check", "regenerate", "test"])
def test_old_pythons_can_read_it(name: str) -> None:
    """What runs before the environment is entered is no syntax error to Python 3.8, which must say a sentence."""
    ast.parse((ROOT / "scripts" / name).read_text(), feature_version=(3, 8))


# --- commands


def test_environment_leads_into_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The caller's own Python settings do not come in, the rest does."""
    for name in venvs.CONFUSING:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "kept")
    found = environment(tmp_path)
    assert not set(venvs.CONFUSING) & set(found)
    assert (found["VIRTUAL_ENV"], found["PATH"].split(os.pathsep)[0], found["HTTPS_PROXY"]) == (
        str(tmp_path),
        str(tmp_path / "bin"),
        "kept",
    )


def test_a_failing_command_shows_what_it_printed() -> None:
    """What a command printed is shown when it failed, with the command."""
    with pytest.raises(ScriptError, match=r"(?s)out.*err.*failed with status 3"):
        run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])


def test_enter_is_not_confused(tmp_path: Path) -> None:
    """A script goes on inside .venv, with its arguments, whatever PYTHONPATH and VIRTUAL_ENV say."""
    script = tmp_path / "script"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r})\n"
        "from maintain import venvs; venvs.enter('dev'); print(sys.prefix, *sys.argv[1:])\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path)}
    python = os.path.realpath(sys.executable)
    done = subprocess.run([python, str(script), "a b"], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == f"{VENV} a b\n"
