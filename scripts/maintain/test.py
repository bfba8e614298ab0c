"""The checks and the tests: the quick suite on one Python, or with `--all` everything on every supported Python."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from maintain.check import main as check
from maintain.coverage_table import coverage_table, pytest_options
from maintain.new_field import PLACES, WITH_RENAME, copy_with_field, python_in
from maintain.venvs import ROOT, VENV, VERSIONS, ScriptError, environment, prepare_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HELP = """\
usage: scripts/test [--all | PYTEST_ARGUMENT ...]

Without arguments: run the checks (scripts/check), then the quick tests in parallel on the Python of .venv.
--all: run the checks, the quick tests, and the tests in tests/slow once. Two copies of the tree follow the recipe
       "A new field" of CONTRIBUTING.md, with the field at the first and at the last place, and the second one also the
       recipe "A renamed field"; the quick tests run in each of them, on another supported Python if one is installed.
       It ends with a table of the results and the branch coverage of the quick tests and of the slow ones that add to
       it. This is what CI runs.
Any other arguments go to pytest, which then runs alone on the Python of .venv: scripts/test -x tests/overrides
"""
SLOW = "tests/slow"
# Some tests wait for other processes, so one worker more than cores is faster.
QUICK_SUITE = [f"--numprocesses={1 + (os.cpu_count() or 1)}", "--dist=worksteal", f"--ignore={SLOW}"]
# The scripts, the tests that only read texts, and those with pandas and polars run on the Python of .venv alone.
ON_ONE_PYTHON = (
    "tests/maintain",
    "tests/openapi",
    "tests/tables",
    "tests/test_architecture.py",
    "tests/test_surface.py",
)
# A file there shares a clone, a server or a browser among its tests, and conftest.py orders the files. Most tests wait
# for other processes, so two workers for each core are faster than one.
SLOW_SUITE = [f"--numprocesses={2 * (os.cpu_count() or 1)}", "--dist=loadfile", "--no-loadscope-reorder", SLOW]
PASSED, NO_TESTS = 0, 5


@dataclass(frozen=True)
class Result:
    """The result of one part of the run, in a word or a short sentence, and how long it took in seconds."""

    name: str
    verdict: str
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether it makes the whole run fail. A Python that is not installed does not."""
        return self.verdict.startswith("FAILED")

    def __str__(self) -> str:
        seconds = f"{self.seconds:7.0f} s" if self.seconds else ""
        return f"{self.name:<35} {self.verdict:<16} {seconds}".rstrip()


def timed(name: str, part: Callable[[], str]) -> Result:
    """Run one part under a heading."""
    print(f"\n--- {name}", flush=True)
    start = time.monotonic()
    return Result(name, part(), time.monotonic() - start)


def checks() -> str:
    """Run the checks and return the verdict."""
    return "FAILED" if check() else "passed"


def pytest(
    venv: Path, arguments: Sequence[str], output: int | None = None, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run pytest of `venv` in a folder; with subprocess.PIPE for `output`, the result has what it prints."""
    command = [str(venv / "bin/python"), "-m", "pytest", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment(venv), stdout=output, stderr=output, encoding="utf-8", check=False
    )


def verdict(status: int) -> str:
    """Return what an exit status of pytest means."""
    return {PASSED: "passed", NO_TESTS: "FAILED: no tests were found"}.get(status, f"FAILED with status {status}")


def suite(arguments: Sequence[str]) -> str:
    """Run pytest on the Python of `.venv` and return the verdict."""
    return verdict(pytest(VENV, arguments).returncode)


def version_of(venv: Path) -> str:
    """Return the version of the Python in `venv`, such as "3.11"."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [str(venv / "bin/python"), "-I", "-c", program], capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def prepared(version: str) -> Path | str:
    """Install the environment of another Python than that of `.venv`. Return it, or why it does not exist."""
    try:
        return prepare_version(version) or "not installed"
    except ScriptError as error:
        print(error, file=sys.stderr)
        return "FAILED to install"


def changes(place: str) -> str:
    """Return what was changed in the copy with the field at a place."""
    return f"a field added at the {place} place" + (" and another one renamed" if place == WITH_RENAME else "")


def suites_with_field(place: str, venv: Path) -> tuple[str, str]:
    """Run the quick tests in a copy with one more field, in one process, because the slow tests run meanwhile.

    The tests of the packages run in `venv`, the others in `.venv`. Return the verdict, and what pytest printed.
    """
    with TemporaryDirectory(prefix=f"field-{place}-") as folder:
        try:
            copy = copy_with_field(Path(folder).resolve() / "copy", place)
            runs = [(VENV, [*ON_ONE_PYTHON]), (venv, [f"--ignore={path}" for path in (SLOW, *ON_ONE_PYTHON)])]
            done = [pytest(python_in(copy, base), tests, subprocess.PIPE, copy.folder) for base, tests in runs]
        except ScriptError as error:
            return "FAILED", f"{error}\n"
    status = max(each.returncode for each in done)
    note = f", with {changes(place)}" if status else ""
    return verdict(status) + note, "".join(each.stdout + each.stderr for each in done)


def quick_suite_with_field(
    place: str, own: str, version: str, preparation: Future[Path | str]
) -> tuple[list[Result], str]:
    """Run the quick tests with one more field, on another Python if it is installed; return the results and a text."""
    found, start = preparation.result(), time.monotonic()
    missing = [Result(f"quick, Python {version}", found)] if isinstance(found, str) else []
    used = own if missing else version
    status, output = suites_with_field(place, VENV if isinstance(found, str) else found)
    name = f"field {place} and rename" if place == WITH_RENAME else f"field {place}"
    result = Result(f"{name}, Python {used}", status, time.monotonic() - start)
    heading = f"quick tests with {changes(place)}, Python {used}"
    return [*missing, result], f"\n--- {heading}\n{output}"


def shown(running: Future[tuple[list[Result], str]]) -> list[Result]:
    """Wait for the quick tests with one more field, and print what pytest printed under a heading."""
    results, text = running.result()
    print(text, end="", flush=True)
    return results


def quick(own: str) -> list[Result]:
    """Run the checks and the quick suite on the Python of `.venv`."""
    return [timed("checks", checks), timed(f"quick, Python {own}", lambda: suite(QUICK_SUITE))]


def everything(own: str) -> list[Result]:
    """Run the checks, the quick suite, the quick suite in two copies with one more field, and the slow suite.

    The environments were installed by `prepare_all`. The copies are tested in them during the slow suite, whose
    processes often wait. Coverage is recorded once.
    """
    others = [version for version in VERSIONS if version != own]
    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        preparations = [pool.submit(prepared, version) for version in others]
        results = [
            timed("checks", checks),
            timed(f"quick, Python {own}", lambda: suite(QUICK_SUITE + pytest_options())),
        ]
        copies = list(map(pool.submit, repeat(quick_suite_with_field), PLACES, repeat(own), others, preparations))
        slow = timed(f"slow, Python {own}", lambda: suite(SLOW_SUITE + pytest_options(append=True)))
        return [*results, slow, *(result for copy in copies for result in shown(copy))]


def left_out(own: str) -> str:
    """Return what the quick run leaves out, and how to run it."""
    others = " and ".join(version for version in VERSIONS if version != own)
    return (
        f"\nNot run: {SLOW} (browsers, Node, Redis, clones, package builds), and the quick tests on Python {others} "
        "and with a field added or renamed.\n"
        f"scripts/test --all runs everything; scripts/test {SLOW}/NAME runs a part of it."
    )


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status."""
    if arguments in (["--help"], ["-h"]):
        print(HELP, end="")
        return 0
    if arguments and arguments != ["--all"]:
        return pytest(VENV, arguments).returncode
    own = version_of(VENV)
    results = everything(own) if arguments else quick(own)
    print("\n" + "\n".join(map(str, results)))
    print(f"\n{coverage_table()}" if arguments else left_out(own), flush=True)
    return int(any(result.failed for result in results))
