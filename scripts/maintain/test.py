"""The tests, on every supported Python that is here; one that is not is named at the end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from maintain.check import main as check
from maintain.venvs import ROOT, VENV, VERSIONS, ScriptError, environment, find_python, prepare

if TYPE_CHECKING:
    from pathlib import Path

PASSED, NO_TESTS = 0, 5


def pytest(venv: Path, arguments: list[str]) -> int:
    """Run pytest in `venv` and return its exit status."""
    command = [str(venv / "bin/python"), "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(venv), check=False).returncode


def version_of(venv: Path) -> str:
    """Return the version of the Python in `venv`, such as "3.11"."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [str(venv / "bin/python"), "-I", "-c", program], capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def test_on(version: str, main_version: str) -> str:
    """Run the tests on Python `version`, and return how it went in a word."""
    if version == main_version:
        return verdict(pytest(VENV, []))
    python = find_python(version)
    if python is None:
        return "not present"
    venv = ROOT / f".venv-{version}"
    try:
        prepare("dev", venv, python)
    except ScriptError as error:
        print(error, file=sys.stderr)
        return "FAILED to install"
    return verdict(pytest(venv, []))


def verdict(status: int) -> str:
    """Return what pytest's exit status means."""
    return {PASSED: "passed", NO_TESTS: "FAILED: no tests were found"}.get(status, f"FAILED with status {status}")


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for and return the exit status."""
    if arguments:
        return pytest(VENV, arguments)
    checked = check()
    own = version_of(VENV)
    versions = sorted({own, *VERSIONS}, key=lambda version: (version != own, version))
    verdicts = {}
    for version in versions:
        print(f"\n--- tests on Python {version}", flush=True)
        verdicts[version] = test_on(version, own)
    print(
        "\n"
        + "\n".join(
            [
                "checks: " + ("FAILED" if checked else "passed"),
                *(f"Python {key}: {value}" for key, value in verdicts.items()),
            ]
        )
    )
    return int(bool(checked) or any(word.startswith("FAILED") for word in verdicts.values()))
