"""The time of `--help`, each time in a new process, including the start of Python.

The commands alternate, and the best of several runs counts. A shell requests completions in the same way on each
press of the Tab key.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15
TARGET = 100
COMMAND = str(Path(sys.executable).with_name("sendblue-contacts"))
COMPLETION = {"_SENDBLUE_CONTACTS_COMPLETE": "bash_complete", "COMP_WORDS": "sendblue-contacts cr", "COMP_CWORD": "1"}
PROGRAMS: dict[str, tuple[list[str], dict[str, str]]] = {
    "python alone": ([sys.executable, "-c", ""], {}),
    "--help": ([COMMAND, "--help"], {}),
    "create --help": ([COMMAND, "create", "--help"], {}),
    "import --help": ([COMMAND, "import", "--help"], {}),
    "completion": ([COMMAND], COMPLETION),
}


def run(command: list[str], variables: dict[str, str]) -> float:
    """Return how many milliseconds a command takes."""
    start = time.perf_counter()
    subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own command
    return (time.perf_counter() - start) * 1000


def main() -> int:
    """Print the table."""
    for program in PROGRAMS.values():
        run(*program)  # compiles the bytecode
    rounds = [{name: run(*program) for name, program in PROGRAMS.items()} for _ in range(ROUNDS)]
    print(f"Best of {ROUNDS} new processes, Python {sys.version.split()[0]}")
    print(f"{'command':<16}{'ms':>8}{'target':>9}")
    for name in PROGRAMS:
        best = min(each[name] for each in rounds)
        missed = "  MISSED" if best > TARGET else ""
        print(f"{name:<16}{best:>8.1f}{f'<= {TARGET}':>9}{missed}")
    return 0
