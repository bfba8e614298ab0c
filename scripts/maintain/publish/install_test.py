"""Install the wheel into a new environment on each installed Python and run smoke_test.py there.

The wheel is tested without extras and with all of them. The environment does not see the source tree.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sendblue_sandbox import Sandbox

from maintain.venvs import ROOT, VENV, ScriptError, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maintain.publish.release import Release

SMOKE_TEST = Path(__file__).with_name("smoke_test.py")
# The name of the pins in requirements/, and the extras to install.
EXTRAS = {"core": "", "all": "[all]"}


def install_test(release: Release, wheels: Path, folder: Path, found: Mapping[str, str | None]) -> list[Path]:
    """Test the wheel in `wheels` on each Python, print one line for each, and return the environments in `folder`.

    Raises:
        ScriptError: The wheel cannot be installed, the smoke test fails, or no Python is installed.
    """
    venvs = []
    for version, python in found.items():
        if python:
            venvs.append(test_on(release, wheels, folder / version, python))
        print(f"{f'Python {version}':<20} {'ok' if python else 'NOT TESTED: not installed'}", flush=True)
    if not venvs:
        raise ScriptError(f"The wheel was not tested: none of Python {', '.join(found)} is on PATH. Install one.")
    return venvs


def test_on(release: Release, wheels: Path, venv: Path, python: str) -> Path:
    """Test the wheel on one Python and return the environment, which then has all extras."""
    run([python, "-I", "-m", "venv", "--without-pip", str(venv)], venv)
    for pins, extras in EXTRAS.items():
        install(venv, "--no-deps", "--require-hashes", "--requirement", str(ROOT / f"requirements/{pins}.txt"))
        # By name and with its dependencies, but without an index: a dependency that the pins do not meet is an error.
        install(venv, "--no-index", "--find-links", str(wheels), f"{release.name}{extras}=={release.version}")
        with Sandbox() as sandbox:
            program = [str(venv / "bin/python"), "-I", "-W", "error", str(SMOKE_TEST)]
            run([*program, release.version, pins, sandbox.url], venv, cwd=venv)
    return venv


def install(venv: Path, *arguments: str) -> None:
    """Install into `venv` with the pip of this project."""
    pip = [str(VENV / "bin/python"), "-I", "-m", "pip", "--python", str(venv / "bin/python"), "install"]
    run([*pip, "--quiet", "--no-compile", "--disable-pip-version-check", *arguments])
