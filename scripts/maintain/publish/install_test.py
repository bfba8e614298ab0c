"""The trial: the wheel in a new environment on each Python that is here, bare and with every extra.

What is tried is the installed package: the environment knows nothing of the tree, and runs in another folder.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from maintain.venvs import ROOT, VENV, VERSIONS, ScriptError, find_python, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maintain.publish.release import Release

SMOKE = Path(__file__).with_name("smoke_test.py")
WORKERS = 2
# What is installed: its pins, and what is asked for.
SETS = {"core": "", "all": "[all]"}


def pythons() -> Mapping[str, str | None]:
    """Each supported version, and where its interpreter is; None where it is not present."""
    return {version: find_python(version) for version in VERSIONS}


def try_out(release: Release, wheels: Path, folder: Path, found: Mapping[str, str | None]) -> list[Path]:
    """Try the wheel in `wheels` on each Python, a line for each, and return the environments, with every extra.

    Raises:
        ScriptError: It cannot be installed, something of it does not work, or no Python is here.
    """
    here = {version: python for version, python in found.items() if python}
    if not here:
        raise ScriptError(f"None of Python {', '.join(found)} is on PATH, so the wheel was tried on none. Install one.")
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {
            version: pool.submit(trial, release, wheels, folder / version, python) for version, python in here.items()
        }
        venvs = {version: future.result() for version, future in running.items()}
    for version in found:
        print(f"{f'Python {version}':<20} {'ok' if version in venvs else 'NOT TRIED: not present'}", flush=True)
    return list(venvs.values())


def trial(release: Release, wheels: Path, venv: Path, python: str) -> Path:
    """Try the wheel on one Python, and return the environment."""
    run([python, "-I", "-m", "venv", "--without-pip", str(venv)], venv)
    for name, extras in SETS.items():
        install(venv, "--no-deps", "--require-hashes", "--requirement", str(ROOT / f"requirements/{name}.txt"))
        # By name and with its dependencies, but without an index: one that the pins do not meet is an error.
        install(venv, "--no-index", "--find-links", str(wheels), f"{release.name}{extras}=={release.version}")
        run([str(venv / "bin/python"), "-I", "-W", "error", str(SMOKE), release.version, name], venv, cwd=venv)
    return venv


def install(venv: Path, *arguments: str) -> None:
    """Run the project's pip for another environment."""
    pip = [str(VENV / "bin/python"), "-I", "-m", "pip", "--python", str(venv / "bin/python"), "install"]
    run([*pip, "--quiet", "--no-compile", "--disable-pip-version-check", *arguments])
