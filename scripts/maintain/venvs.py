"""The virtual environments: what is installed in them, and how a script gets into one.

Standard library only, and readable by older Pythons: this runs before anything is installed, on whatever python3 is.
A stamp inside the environment tells what was installed. It goes before an installation and comes back after it, so
that an interrupted one is done again; a lock keeps two scripts from installing at once.
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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
VERSIONS = ("3.11", "3.12", "3.13")
# What would lead the environment's Python out of it, or pip to write elsewhere.
CONFUSING = ("PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET", "PIP_USER")


class ScriptError(Exception):
    """A step of the workshop failed; the text says what happened and what to do."""


# --- commands


def environment(venv: Path = VENV) -> dict[str, str]:
    """Return the caller's environment with `venv` first on PATH and without the variables that lead out of it."""
    kept = {name: value for name, value in os.environ.items() if name not in CONFUSING}
    path = os.pathsep.join([str(venv / "bin"), kept.get("PATH", os.defpath)])
    return {**kept, "VIRTUAL_ENV": str(venv), "PATH": path, "REDOCLY_TELEMETRY": "off"}


def run(command: Sequence[str], venv: Path = VENV, cwd: Path = ROOT) -> str:
    """Run `command` in `venv` and return what it printed; a failure is a ScriptError with all of it."""
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
    """Hold `folder` for this process; a second one waits. No lock file is left: the folder itself is locked."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


# --- which Python

PROBE = "import ensurepip, os, sys; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def find_python(version: str) -> str | None:
    """Return the interpreter that `python3.12` (for the `version` "3.12") on PATH really is; None when it does not run.

    The second try is for pyenv, whose shims are on PATH and run only when they are told a version.
    """
    for extra in ({}, {"PYENV_VERSION": version}):
        with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
            answer = subprocess.run(
                [f"python{version}", "-I", "-c", PROBE],
                env={**os.environ, **extra},
                capture_output=True,
                encoding="utf-8",
                timeout=60,
                check=True,
            )
            found, path = answer.stdout.strip().split(" ", 1)
            if found == version:
                return path
    return None


def any_python() -> str:
    """Return the running interpreter when it will do, else the first of VERSIONS on PATH."""
    if sys.version_info >= (3, 11) and importlib.util.find_spec("ensurepip"):
        return os.path.realpath(sys.executable)
    found = next(filter(None, map(find_python, VERSIONS)), None)
    if found is None:
        tried = ", ".join(f"python{version}" for version in VERSIONS)
        raise ScriptError(
            f"This project needs Python 3.11 or newer with its venv module. {sys.executable} will not do, nor does any "
            f"of {tried} on PATH. Install one (Debian: apt-get install python3 python3-venv; macOS: brew install "
            "python@3.13) and try again."
        )
    return found


# --- what is installed


@dataclass(frozen=True)
class Step:
    """One installation into an environment; it is done while the stamp `name` there is the hash of `inputs`."""

    name: str
    inputs: tuple[Path, ...]
    install: Callable[[Path], object]
    spoils: tuple[str, ...] = ()

    def stamp(self, venv: Path) -> Path:
        """Where the stamp lies."""
        return venv / f".installed-{self.name}"

    def wanted(self, venv: Path) -> str:
        """What the stamp must hold; the folder is in it, because an environment cannot be moved."""
        parts = [str(venv).encode(), *(path.read_bytes() for path in self.inputs)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def done(self, venv: Path) -> bool:
        """Whether the installation is there and complete."""
        stamp = self.stamp(venv)
        return stamp.is_file() and stamp.read_text() == self.wanted(venv)

    def carry_out(self, venv: Path) -> None:
        """Install, between taking the stamps away that this spoils and setting its own."""
        wanted = self.wanted(venv)
        for name in (self.name, *self.spoils):
            (venv / f".installed-{name}").unlink(missing_ok=True)
        self.install(venv)
        self.stamp(venv).write_text(wanted)


def create(venv: Path, python: str | None = None) -> None:
    """Make an empty environment in the place of what is there."""
    shutil.rmtree(venv, ignore_errors=True)
    run([python or any_python(), "-I", "-m", "venv", str(venv)], venv)


def pip_install(venv: Path, requirements: Path) -> None:
    """Install pinned packages, then this project so that its source is used in place."""
    pip = [str(venv / "bin/python"), "-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    run([*pip, "--require-hashes", "--requirement", str(requirements)], venv)
    run([*pip, "--no-build-isolation", "--editable", str(ROOT)], venv)


def npm_install(venv: Path) -> None:
    """Install the Node tools with the Node that pip installed."""
    folder = venv / "node"
    folder.mkdir(exist_ok=True)
    for path in NODE_FILES:
        shutil.copy(path, folder)
    run([str(venv / "bin/npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], venv, cwd=folder)


def pip_step(name: str) -> Step:
    """Return the step for `requirements/NAME.txt`. Both sets share one environment, so either spoils the other."""
    requirements = ROOT / f"requirements/{name}.txt"
    inputs = (requirements, ROOT / "pyproject.toml")
    return Step(name, inputs, lambda venv: pip_install(venv, requirements), spoils=("demo", "dev"))


NODE_FILES = tuple(ROOT / "requirements/node" / name for name in ("package.json", "package-lock.json"))
NODE = Step("node", NODE_FILES, npm_install)
DEMO, DEV, BENCH = pip_step("demo"), pip_step("dev"), pip_step("bench")
# Any one of these makes the set complete.
SETS = {"demo": (DEV, DEMO), "dev": (DEV,), "bench": (BENCH,)}


def incomplete(venv: Path, base: Step, steps: Sequence[Step]) -> list[Step]:
    """Return the steps that are still to be carried out, the making of the environment itself first."""
    if not base.done(venv) or not (venv / "bin/python").exists():
        return [base, *steps]
    return [step for step in steps if not step.done(venv)]


def bring(venv: Path, base: Step, steps: Sequence[Step]) -> None:
    """Carry out what is incomplete in `venv`; one line says so, and nothing is said when all is there."""
    if not incomplete(venv, base, steps):
        return
    with locked(ROOT):
        todo = incomplete(venv, base, steps)
        if todo:
            print(f"setting up {venv.name} (once) …", file=sys.stderr, flush=True)
        for step in todo:
            step.carry_out(venv)


def prepare(requirements: str, venv: Path = VENV, python: str | None = None) -> None:
    """Bring `venv` to the set `requirements` ("demo", "dev" or "bench"), made with `python` when it has to be made."""
    base = Step("venv", (), lambda folder: create(folder, python))
    alternatives = SETS[requirements]
    ready = next((step for step in alternatives if not incomplete(venv, base, [step])), alternatives[-1])
    bring(venv, base, [ready])


def node_tool(name: str) -> list[str]:
    """Return the command of the Node tool `name`, installed on first use; only after `enter("dev")`."""
    bring(VENV, Step("venv", (), create), [NODE])
    return [str(VENV / "bin/node"), str(VENV / "node/node_modules/.bin" / name)]


# --- the way in


def enter(requirements: str) -> None:
    """Go on with this script inside `.venv` with the set `requirements` ("demo" or "dev"), installed when it is not."""
    try:
        prepare(requirements)
    except ScriptError as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {error}")
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and not any(name in os.environ for name in CONFUSING):
        return
    python = str(VENV / "bin/python")
    os.execve(python, [python, *sys.argv], environment())  # noqa: S606 - no shell is wanted: the same script goes on
