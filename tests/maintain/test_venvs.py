"""The virtual environments: stamps, repair, and the search for a Python. Nothing is really installed."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from maintain import venvs
from maintain.venvs import ROOT, VENV, ScriptError, Step, environment, find_python, install, locked, missing_steps, run


class Installer:
    """A step that counts its runs, and fails on request."""

    def __init__(self, folder: Path, name: str, invalidates: tuple[str, ...] = ()) -> None:
        self.done = 0
        self.fails = False
        self.input = folder / f"{name}.txt"
        self.input.write_text("1")
        self.step = Step(name, (self.input,), self.install, invalidates)

    def install(self, venv: Path) -> None:
        """Stand for an installation."""
        if self.fails:
            raise ScriptError("no network")
        (venv / "bin").mkdir(parents=True, exist_ok=True)
        (venv / "bin/python").touch()
        self.done += 1


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """Return the folder of an environment that was not created yet."""
    (tmp_path / ".venv").mkdir()
    return tmp_path / ".venv"


@pytest.fixture
def base(tmp_path: Path) -> Installer:
    """Return the step that creates the environment."""
    return Installer(tmp_path, "venv")


@pytest.fixture
def tools(tmp_path: Path) -> Installer:
    """Return the step that installs something."""
    return Installer(tmp_path, "tools")


def test_installs_once(venv: Path, base: Installer, tools: Installer, capsys: pytest.CaptureFixture[str]) -> None:
    """A second call installs only what changed. A line is printed for each step that installs something."""
    for _ in range(2):
        install(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 1)
    lines = ["setting up .venv (once, about a minute) …", "  creating the virtual environment", "  tools"]
    assert capsys.readouterr().err.splitlines() == lines
    tools.input.write_text("2")
    install(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 2)


def test_interrupted_installation_is_repeated(venv: Path, base: Installer, tools: Installer) -> None:
    """After a failed installation or update, the next call installs, even if the old pins are restored."""
    tools.fails = True
    with pytest.raises(ScriptError, match="no network"):
        install(venv, base.step, [tools.step])
    tools.fails = False
    install(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (1, 1)
    tools.input.write_text("2")
    tools.fails = True
    with pytest.raises(ScriptError):
        install(venv, base.step, [tools.step])
    tools.input.write_text("1")
    assert missing_steps(venv, base.step, [tools.step]) == [tools.step]


def test_a_step_can_invalidate_another(venv: Path, base: Installer, tools: Installer, tmp_path: Path) -> None:
    """A step that shares the environment is incomplete after the other was installed."""
    other = Installer(tmp_path, "other", invalidates=("tools",))
    install(venv, base.step, [tools.step])
    install(venv, base.step, [other.step])
    assert missing_steps(venv, base.step, [tools.step, other.step]) == [tools.step]


def test_an_environment_that_cannot_be_used(venv: Path, base: Installer, tools: Installer) -> None:
    """An environment whose Python was removed, or that was moved, is created again with all its contents."""
    install(venv, base.step, [tools.step])
    (venv / "bin/python").unlink()
    install(venv, base.step, [tools.step])
    assert (base.done, tools.done) == (2, 2)
    moved = venv.rename(venv.with_name("moved"))
    assert missing_steps(moved, base.step, [tools.step]) == [base.step, tools.step]


def test_the_lock(tmp_path: Path) -> None:
    """While one process holds the lock another cannot get it; afterwards it can. No file remains."""
    program = f"import fcntl, os; fcntl.flock(os.open({str(tmp_path)!r}, 0), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    attempt = [sys.executable, "-c", program]
    with locked(tmp_path):
        held = subprocess.run(attempt, stderr=subprocess.DEVNULL, check=False).returncode
    free = subprocess.run(attempt, check=False).returncode
    assert (held != 0, free, list(tmp_path.iterdir())) == (True, 0, [])


def fake_python(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Set PATH to a folder with only a python3.12 that runs `script`."""
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
    ids=["runs", "pyenv-shim", "does-not-run", "another-version", "not-python"],
)
def test_find_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, found: str | None) -> None:
    """A Python counts if it runs and has the version of its name; a pyenv shim counts if pyenv has the version."""
    fake_python(tmp_path, monkeypatch, script)
    assert find_python("3.12") == found


def test_an_old_python_needs_a_newer_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that an old Python started uses a newer one from PATH; without one, the message says what to install."""
    monkeypatch.setattr("sys.version_info", (3, 9))
    fake_python(tmp_path, monkeypatch, "echo 3.12 /somewhere/python3.12")
    assert venvs.any_python() == "/somewhere/python3.12"
    (tmp_path / "python3.12").unlink()
    with pytest.raises(ScriptError, match=r"needs Python 3\.11 or newer .* Install one"):
        venvs.any_python()


@pytest.mark.parametrize("name", ["maintain/venvs.py", "check", "regenerate", "test"])
def test_old_pythons_can_read_it(name: str) -> None:
    """Python 3.8 can parse what runs before the environment is entered, so that it can print a message."""
    ast.parse((ROOT / "scripts" / name).read_text(), feature_version=(3, 8))


def test_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The Python settings of the caller are removed; the other variables remain."""
    for name in venvs.LEAKING_VARIABLES:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "kept")
    found = environment(tmp_path)
    assert not set(venvs.LEAKING_VARIABLES) & set(found)
    assert (found["VIRTUAL_ENV"], found["PATH"].split(os.pathsep)[0], found["HTTPS_PROXY"]) == (
        str(tmp_path),
        str(tmp_path / "bin"),
        "kept",
    )


def test_a_failing_command() -> None:
    """The message contains the command and its output."""
    with pytest.raises(ScriptError, match=r"(?s)out.*err.*failed with status 3"):
        run(["/bin/sh", "-c", "echo out; echo err >&2; exit 3"])


def test_enter(tmp_path: Path) -> None:
    """A script continues inside .venv with its arguments, whatever PYTHONPATH and VIRTUAL_ENV are."""
    script = tmp_path / "script"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'scripts')!r})\n"
        "from maintain import venvs; venvs.enter('dev'); print(sys.prefix, *sys.argv[1:])\n"
    )
    variables = {**os.environ, "PYTHONPATH": str(tmp_path), "VIRTUAL_ENV": str(tmp_path)}
    python = os.path.realpath(sys.executable)
    done = subprocess.run([python, str(script), "a b"], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == f"{VENV} a b\n"
