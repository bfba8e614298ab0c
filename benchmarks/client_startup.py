"""The time until a client is ready, each time in a new process: ours, bare httpx and the vendor's library.

The programs alternate, and the best of several runs counts. The start of the interpreter is not included: the clock
starts at the first line. The virtual environment has no tools: httpx would import click and rich if they were there.
`targets` measures `ratios` on the installed wheel.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from maintain import venvs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

ROUNDS = 15
STARTS = 40
TLS = "import httpx; httpx.create_ssl_context()"
OURS = "from sendblue_contacts import Sendblue; contacts = Sendblue('key', 'secret').contacts"
PROGRAMS = {
    "httpx": "import httpx; client = httpx.Client()",
    "ours": OURS,
    "ours, async": "from sendblue_contacts import AsyncSendblue; client = AsyncSendblue('key', 'secret').contacts",
    "vendor": "from sendblue_api import SendblueAPI; client = SendblueAPI(api_key='key', api_secret='secret')",
    "import alone": "import sendblue_contacts",
    "ours, TLS": f"{OURS}; {TLS}",
    "httpx, call": (
        "import httpx; httpx.Client().get(sys.argv[1] + '/api/v2/contacts/%2B14155551234').json()['contact']"
    ),
    "ours, call": (
        "from sendblue_contacts import Sendblue; "
        "Sendblue('key', 'secret', base_url=sys.argv[1]).contacts.retrieve('+14155551234')"
    ),
}
"""The programs of the new processes. `httpx.Client()` creates a TLS context; ours does when it first uses https."""
COMPARED = ("httpx", "ours", "ours, async", "vendor", "import alone")
TIMED = "import sys, time\nstart = time.perf_counter()\n{program}\nprint(time.perf_counter() - start)"


def best(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the shortest time of each run. The first round, which compiles the bytecode, does not count."""
    times = [{name: run() for name, run in runs.items()} for _ in range(rounds + 1)]
    return {name: min(each[name] for each in times[1:]) for name in runs}


def seconds(python: Path, names: Iterable[str], rounds: int, url: str = "") -> dict[str, float]:
    """Return the seconds of programs in new processes. `url` is that of a server with a contact."""

    def run(program: str) -> float:
        return float(venvs.run([str(python), "-c", TIMED.format(program=program), url], python.parents[1]))

    return best({name: partial(run, PROGRAMS[name]) for name in names}, rounds)


def ratios(python: Path, url: str) -> dict[str, float]:
    """Return the ratios over httpx of which `targets` has rows."""
    found = seconds(python, ("httpx", "ours", "ours, TLS", "httpx, call", "ours, call"), STARTS, url)
    return {
        "start": found["ours"] / found["httpx"],
        "start_tls": found["ours, TLS"] / found["httpx"],
        "first_contact": found["ours, call"] / found["httpx, call"],
    }


def main() -> int:
    """Print the table."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    python = venv / "bin/python"
    found = seconds(python, COMPARED, ROUNDS)
    version = venvs.run([str(python), "--version"], venv).strip()
    print(f"Best of {ROUNDS} new processes, {version}, without the start of the interpreter")
    print(f"{'until ready':<16}{'ms':>8}{'over httpx':>12}")
    for name, taken in found.items():
        print(f"{name:<16}{taken * 1000:>8.1f}{taken / found['httpx']:>12.2f}")
    return 0
