"""The time until a client is ready, each time in a new process: ours, bare httpx and the vendor's library.

The programs alternate, and the best of several runs counts. The start of the interpreter is not included: the clock
starts at the first line. The virtual environment has no tools: httpx would import click and rich if they were there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maintain import venvs

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 15
TARGET = 1.20
PROGRAMS = {
    "httpx": "import httpx; client = httpx.Client()",
    "ours": "from sendblue_contacts import Sendblue; client = Sendblue('key', 'secret').contacts",
    "ours, async": "from sendblue_contacts import AsyncSendblue; client = AsyncSendblue('key', 'secret').contacts",
    "vendor": "from sendblue_api import SendblueAPI; client = SendblueAPI(api_key='key', api_secret='secret')",
    "import alone": "import sendblue_contacts",
}
TIMED = """\
import sys, time
start = time.perf_counter()
{program}
seconds = time.perf_counter() - start
print('[%r, %d]' % (seconds, 'httpx' in sys.modules))
"""


def run(python: Path, program: str) -> tuple[float, bool]:
    """Return how many milliseconds `program` takes in a new process, and whether it imported httpx."""
    command = [str(python), "-c", TIMED.format(program=program)]
    seconds, loaded = json.loads(venvs.run(command, python.parents[1]))
    return seconds * 1000, bool(loaded)


def main() -> int:
    """Print the table."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    for program in PROGRAMS.values():
        run(venv / "bin/python", program)  # compiles the bytecode
    rounds = [{name: run(venv / "bin/python", program) for name, program in PROGRAMS.items()} for _ in range(ROUNDS)]
    best = {name: min(each[name][0] for each in rounds) for name in PROGRAMS}
    version = venvs.run([str(venv / "bin/python"), "--version"], venv).strip()
    print(f"Best of {ROUNDS} new processes, {version}, without the start of the interpreter")
    print(f"{'until ready':<16}{'ms':>8}{'over httpx':>12}{'target':>9}{'imports httpx':>14}")
    for name, milliseconds in best.items():
        target = f"<= {TARGET:.2f}" if name.startswith("ours") else ""
        ratio = milliseconds / best["httpx"]
        missed = "  MISSED" if target and ratio > TARGET else ""
        loaded = "yes" if rounds[0][name][1] else "no"
        print(f"{name:<16}{milliseconds:>8.1f}{ratio:>12.2f}{target:>9}{loaded:>14}{missed}")
    return 0
