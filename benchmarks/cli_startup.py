"""The time of short commands, each time in a new process, including the start of Python.

The commands alternate, and the best of several runs counts. A shell requests completions in the same way on each
press of the Tab key. `count` asks a stub server on the loopback interface. `targets` measures `--help` and `count` in
an environment without the tools of `.venv`, some of which httpcore imports.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
ROUNDS = 25
COMPLETION = {"_SENDBLUE_CONTACTS_COMPLETE": "bash_complete", "COMP_WORDS": "sendblue-contacts cr", "COMP_CWORD": "1"}
CREDENTIALS = {"SENDBLUE_API_API_KEY": "key", "SENDBLUE_API_API_SECRET": "secret"}
PROGRAMS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "--help": (("--help",), {}),
    "create --help": (("create", "--help"), {}),
    "import --help": (("import", "--help"), {}),
    "completion": ((), COMPLETION),
    "count": (("count",), CREDENTIALS),
}
PYTHON_ALONE = "python alone"
TARGETS = {"--help": 60, "count": 250, "create --help": 100, "import --help": 100, "completion": 100}


def run(command: list[str], variables: dict[str, str]) -> float:
    """Return how many milliseconds a command takes."""
    start = time.perf_counter()
    subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own command
    return (time.perf_counter() - start) * 1000


def milliseconds(names: Iterable[str], url: str, python: Path) -> dict[str, float]:
    """Return the time of commands of an environment, and of its Python. `url` is that of a server with a count."""
    best = runpy.run_path(str(HERE / "client_startup.py"))["best"]
    command = str(python.with_name("sendblue-contacts"))
    server = {"SENDBLUE_API_BASE_URL": url}
    runs = {PYTHON_ALONE: partial(run, [str(python), "-c", ""], {})}
    for name in names:
        arguments, variables = PROGRAMS[name]
        runs[name] = partial(run, [command, *arguments], {**variables, **server})
    return dict(best(runs, ROUNDS))


def main() -> int:
    """Print the table."""
    overhead = runpy.run_path(str(HERE / "call_overhead.py"))
    with tempfile.TemporaryDirectory() as folder:
        overhead["write_responses"](Path(folder))
        with overhead["stub"](Path(folder)) as url:
            found = milliseconds(PROGRAMS, f"{url}/count", Path(sys.executable))
    print(f"Best of {ROUNDS} new processes, Python {sys.version.split()[0]}")
    print(f"{'command':<16}{'ms':>8}{'target':>9}")
    for name, taken in found.items():
        target = TARGETS.get(name)
        missed = "  MISSED" if target and taken > target else ""
        print(f"{name:<16}{taken:>8.1f}{f'<= {target}' if target else '':>9}{missed}")
    return 0
