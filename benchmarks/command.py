"""How long `--help` of the command takes, each time in a fresh process, Python's own start included.

They take turns, and the best of several counts. A shell asks for completions in the same way at each press of a key.
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
    """Return how many milliseconds a command takes, from its start to its end."""
    start = time.perf_counter()
    subprocess.run(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - ours
    return (time.perf_counter() - start) * 1000


def main() -> int:
    """Print the table."""
    for program in PROGRAMS.values():
        run(*program)  # from here on the bytecode is there
    rounds = [{name: run(*program) for name, program in PROGRAMS.items()} for _ in range(ROUNDS)]
    print(f"Best of {ROUNDS} fresh processes, Python {sys.version.split()[0]}")
    print(f"{'until it ends':<16}{'ms':>8}{'target':>9}")
    for name in PROGRAMS:
        best = min(each[name] for each in rounds)
        missed = "  MISSED" if best > TARGET else ""
        print(f"{name:<16}{best:>8.1f}{f'<= {TARGET}':>9}{missed}")
    return 0
