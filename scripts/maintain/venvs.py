"""The virtual environments: their contents, and how a script enters one.

This module uses the standard library only and older Pythons can read it, because it runs before anything is installed.
A stamp in the environment records each installation. It is removed before an installation and written after it, so an
interrupted installation is repeated. A lock prevents two scripts from installing at the same time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VERSIONS = ("3.11", "3.12", "3.13")
# Variables that make Python import from elsewhere, or compile every module in every process, or pip install elsewhere.
LEAKING_VARIABLES = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
)


class ScriptError(Exception):
    """A step of a script failed; the text says what happened and what to do."""


# --- commands


def environment(venv: Path = VENV) -> dict[str, str]:
    """Return the current environment variables with `venv` first on PATH and without LEAKING_VARIABLES."""
    kept = {name: value for name, value in os.environ.items() if name not in LEAKING_VARIABLES}
    path = os.pathsep.join([str(venv / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "VIRTUAL_ENV": str(venv), "PATH": path, "REDOCLY_TELEMETRY": "off"}


def run(command: Sequence[str], venv: Path = VENV, cwd: Path = ROOT) -> str:
    """Run `command` in `venv` and return its output.

    Raises:
        ScriptError: It failed; the text contains the output.
    """
    done = subprocess.run(
        command,
        env=environment(venv),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise ScriptError(f"{done.stdout.rstrip()}\n`{' '.join(command)}` failed with status {done.returncode}.")
    return done.stdout


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock `folder` itself, without a lock file; another process waits."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- which Python

PROBE = "import ensurepip, os, sys; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def find_python(version: str) -> str | None:
    """Return the path of the interpreter behind `python3.12` on PATH for the version "3.12"; None if it does not run.

    The second attempt is for pyenv, whose shims on PATH may need a version.
    """
    for extra in ({}, {"PYENV_VERSION": version}):
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            done = subprocess.run(
                [f"python{version}", "-I", "-c", PROBE],
                env={**os.environ, **extra},
                capture_output=True,
                encoding="utf-8",
                timeout=60,
                check=True,
            )
            found, path = done.stdout.strip().split(" ", 1)
            if found == version:
                return path
    return None


def any_python() -> str:
    """Return the running interpreter if it is new enough and has venv, else the first of VERSIONS on PATH."""
    if sys.version_info >= (3, 11) and importlib.util.find_spec("ensurepip"):
        return os.path.realpath(sys.executable)
    found = next(filter(None, map(find_python, VERSIONS)), None)
    if found is None:
        tried = ", ".join(f"python{version}" for version in VERSIONS)
        raise ScriptError(
            f"This project needs Python 3.11 or newer with the venv module. Neither {sys.executable} nor any of "
            f"{tried} on PATH is suitable. Install one (Debian: apt-get install python3 python3-venv; macOS: brew "
            "install python@3.13) and try again."
        )
    return found


# --- installations


@dataclass(frozen=True)
class Step:
    """One installation into an environment. It is complete while its stamp contains the hash of `inputs`.

    Attributes:
        name: The name of the stamp.
        inputs: The files that determine what is installed.
        install: Called with the environment.
        invalidates: The names of the stamps that an installation removes.
    """

    name: str
    inputs: tuple[Path, ...]
    install: Callable[[Path], object]
    invalidates: tuple[str, ...] = ()

    def stamp(self, venv: Path) -> Path:
        """Return the path of the stamp."""
        return venv / f".installed-{self.name}"

    def expected(self, venv: Path) -> str:
        """Return the expected content of the stamp. It contains the path, because an environment cannot be moved."""
        parts = [str(venv).encode(), *(path.read_bytes() for path in self.inputs)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def done(self, venv: Path) -> bool:
        """Whether the installation is complete."""
        stamp = self.stamp(venv)
        return stamp.is_file() and stamp.read_text() == self.expected(venv)

    def run(self, venv: Path) -> None:
        """Remove the stamps that this invalidates, install, and write the own stamp."""
        expected = self.expected(venv)
        for name in (self.name, *self.invalidates):
            (venv / f".installed-{name}").unlink(missing_ok=True)
        self.install(venv)
        self.stamp(venv).write_text(expected)


def create(venv: Path, python: str | None = None) -> None:
    """Create an empty environment, with pip, and replace an existing one."""
    shutil.rmtree(venv, ignore_errors=True)
    run([python or any_python(), "-I", "-m", "venv", str(venv)], venv)


def pip_install(venv: Path, *arguments: str) -> None:
    """Install into `venv` with its own pip, without dependencies: the pins list them.

    Python compiles what is imported at the first import. Compiling everything takes longer than the rest.
    """
    pip = [str(venv / "bin/python"), "-I", "-m", "pip", "install"]
    run([*pip, "--no-compile", "--disable-pip-version-check", "--no-deps", *arguments], venv)


def install_project(venv: Path) -> None:
    """Install this project in editable mode."""
    pip_install(venv, "--no-build-isolation", "--editable", str(ROOT))


def npm_install(venv: Path) -> None:
    """Install the Node tools with the npm that pip installed."""
    folder = venv / "node"
    folder.mkdir(exist_ok=True)
    for path in NODE_FILES:
        shutil.copy(path, folder)
    run([str(venv / "bin/npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], venv, cwd=folder)


def pip_step(name: str) -> Step:
    """Return the step for `requirements/NAME.txt`. Demo and dev share one environment, so each invalidates both."""
    pins = ROOT / f"requirements/{name}.txt"
    arguments = ("--require-hashes", "--requirement", str(pins))
    return Step(name, (pins,), lambda venv: pip_install(venv, *arguments), invalidates=("demo", "dev"))


NODE_FILES = tuple(ROOT / "requirements/node" / name for name in ("package.json", "package-lock.json"))
NODE = Step("node", NODE_FILES, npm_install)
PROJECT = Step("project", (ROOT / "pyproject.toml",), install_project)
DEMO, DEV, TEST, BENCH = map(pip_step, ("demo", "dev", "test", "bench"))
# What each step does, for people who wait for it.
STEPS = {
    "venv": "creating the virtual environment",
    "demo": "installing the packages of requirements/demo.txt",
    "dev": "installing the packages of requirements/dev.txt",
    "test": "installing the packages of requirements/test.txt",
    "bench": "installing the packages of requirements/bench.txt",
    "project": "installing this project",
    "node": "installing the Node tools",
}
# The alternatives for each set of requirements: `dev` includes `demo`.
SETS = {"demo": (DEV, DEMO), "dev": (DEV,), "test": (TEST,), "bench": (BENCH,)}


def missing_steps(venv: Path, base: Step, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that must run, or all of them if the environment itself must be created by `base`."""
    if not base.done(venv) or not (venv / "bin/python").exists():
        return [base, *steps]
    return [step for step in steps if not step.done(venv)]


def install(venv: Path, base: Step, steps: Sequence[Step]) -> None:
    """Run the missing steps in `venv`, and print a line for each of them."""
    if not missing_steps(venv, base, steps):
        return
    # Another lock for the other environments, so that they can be installed at the same time as .venv.
    with locked(ROOT if venv == VENV else ROOT / "requirements"):
        todo = missing_steps(venv, base, steps)
        if todo:
            print(f"setting up {venv.name} (once, about a minute) …", file=sys.stderr, flush=True)
        for step in todo:
            print(f"  {STEPS.get(step.name, step.name)}", file=sys.stderr, flush=True)
            step.run(venv)


def prepare(requirements: str, venv: Path = VENV, python: str | None = None) -> None:
    """Install the set `requirements`, a key of SETS, into `venv`, which `python` creates if necessary."""
    base = Step("venv", (), lambda folder: create(folder, python))
    alternatives = SETS[requirements]
    ready = next((step for step in alternatives if not missing_steps(venv, base, [step])), alternatives[-1])
    install(venv, base, [ready, PROJECT])


def prepare_version(version: str) -> Path | None:
    """Install the environment for the tests on another Python than that of `.venv`; None if it is not present."""
    python = find_python(version)
    if python is None:
        return None
    venv = ROOT / f".venv-{version}"
    prepare("test", venv, python)
    return venv


def prepare_all() -> None:
    """Install all that the whole test run needs: `.venv`, and at the same time the environments of other Pythons.

    Whatever fails is tried again, and reported, when it is needed.
    """
    with contextlib.suppress(ScriptError):
        install(VENV, Step("venv", (), create), [])  # its Python is not one of the others
        others = threading.Thread(target=_prepare_others)
        others.start()
        try:
            prepare("dev")
            node_tool("redocly")
        finally:
            others.join()


def _prepare_others() -> None:
    for version in VERSIONS:
        if not (VENV / f"lib/python{version}").is_dir():
            with contextlib.suppress(ScriptError):
                prepare_version(version)


def node_tool(name: str) -> list[str]:
    """Return the command of the Node tool `name`, which is installed on first use. It requires `enter("dev")`."""
    install(VENV, Step("venv", (), create), [NODE])
    return [str(VENV / "bin/node"), str(VENV / "node/node_modules/.bin" / name)]


# --- entering


def enter(requirements: str) -> None:
    """Continue this script inside `.venv` with the set `requirements` ("demo" or "dev"), installing it if necessary."""
    try:
        prepare(requirements)
    except ScriptError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and not any(name in os.environ for name in LEAKING_VARIABLES):
        return
    python = str(VENV / "bin/python")
    os.execve(python, [python, *sys.argv], environment())  # noqa: S606 - the same script continues, without a shell
