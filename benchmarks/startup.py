"""How long until a client is ready, each time in a fresh process: ours beside bare httpx and the vendor's library.

They take turns, and the best of several counts. The time of the interpreter itself is left out: the clock starts when
it runs its first line. No package is there that only tools need: httpx would import click and rich wherever they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maintain import venvs

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 15
TARGET = 1.25
PROGRAMS = {
    "httpx": "import httpx; client = httpx.Client()",
    "ours": "from sendblue_contacts import Sendblue; client = Sendblue('key', 'secret')",
    "ours, async": "from sendblue_contacts import AsyncSendblue; client = AsyncSendblue('key', 'secret')",
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
    """Return how many milliseconds `program` takes in a fresh process, and whether it loaded httpx."""
    command = [str(python), "-c", TIMED.format(program=program)]
    seconds, loaded = json.loads(venvs.run(command, python.parents[1]))
    return seconds * 1000, bool(loaded)


def main() -> int:
    """Print the table."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    for program in PROGRAMS.values():
        run(venv / "bin/python", program)  # from here on the bytecode is there
    rounds = [{name: run(venv / "bin/python", program) for name, program in PROGRAMS.items()} for _ in range(ROUNDS)]
    best = {name: min(each[name][0] for each in rounds) for name in PROGRAMS}
    version = venvs.run([str(venv / "bin/python"), "--version"], venv).strip()
    print(f"Best of {ROUNDS} fresh processes, {version}, without the start of the interpreter")
    print(f"{'until ready':<16}{'ms':>8}{'over httpx':>12}{'target':>9}{'httpx loaded':>14}")
    for name, milliseconds in best.items():
        target = f"<= {TARGET:.2f}" if name.startswith("ours") else ""
        ratio = milliseconds / best["httpx"]
        missed = "  MISSED" if target and ratio > TARGET else ""
        loaded = "yes" if rounds[0][name][1] else "no"
        print(f"{name:<16}{milliseconds:>8.1f}{ratio:>12.2f}{target:>9}{loaded:>14}{missed}")
    return 0
