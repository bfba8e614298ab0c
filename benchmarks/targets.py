"""The speed of this library next to its targets, on the wheel as it is built and installed, without extras.

Each ratio compares with httpx alone in the same run: the two sides alternate, and the best of many runs counts. The
command line, which needs an extra, is measured in `.venv`.
"""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from maintain import venvs
from maintain.publish.install_test import install

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
VENV = venvs.ROOT / ".venv-wheel"
FIGURES, PAGE = HERE / "figures.toml", venvs.ROOT / "docs/performance.md"
STARTS, COMMANDS = 40, 25
TLS = "import httpx; httpx.create_ssl_context()"
PROGRAMS = {
    "httpx": "import httpx; client = httpx.Client()",
    "start": "from sendblue_contacts import Sendblue; contacts = Sendblue('key', 'secret').contacts",
    "start_tls": f"from sendblue_contacts import Sendblue; contacts = Sendblue('key', 'secret').contacts; {TLS}",
    "httpx_call": "import httpx; httpx.Client().get(sys.argv[1] + '/api/v2/contacts/%2B14155551234').json()['contact']",
    "first_contact": (
        "from sendblue_contacts import Sendblue; "
        "Sendblue('key', 'secret', base_url=sys.argv[1]).contacts.retrieve('+14155551234')"
    ),
}
"""The programs of the new processes. `httpx.Client()` creates a TLS context; ours does when it first uses https."""
TIMED = "import sys, time\nstart = time.perf_counter()\n{program}\nprint(time.perf_counter() - start)"
OTHERS = ("list_walk", "import_rate")
"""Benchmarks whose tables, with their own targets, follow: they run on the wheel too."""


class Row(NamedTuple):
    """A figure and its target, at most; None for a figure that is only shown."""

    key: str
    text: str
    target: float | None


ROWS = [
    Row("start", "new process until client.contacts is ready, over httpx.Client()", 1.20),
    Row("start_tls", "the same, and the TLS context, which httpx.Client() creates", None),
    Row("first_contact", "new process until the first contact is there (http), over httpx", 1.25),
    Row("list_snake", "list a page of 1000, snake_case, over httpx and json.loads", 1.45),
    Row("list_camel", "list a page of 1000, camelCase, over httpx and json.loads", 1.45),
    Row("list_both", "list a page of 1000, both spellings, over httpx and json.loads", 1.45),
    Row("retrieve", "retrieve, over httpx and json.loads", 1.10),
    Row("import_cpu", "import of 1,000,000 rows of CSV: µs of CPU for each", 20.0),
    Row("import_memory", "import of 1,000,000 rows of CSV: peak memory in MB", 150.0),
    Row("help_ms", "sendblue-contacts --help, the whole process, in ms", 60.0),
    Row("count_ms", "sendblue-contacts count (sandbox), the whole process, in ms", 250.0),
]


def prepare() -> Path:
    """Build the wheel, install it with its dependencies only, and return the Python."""
    python = VENV / "bin/python"
    if not python.exists():
        venvs.create(VENV)
    with tempfile.TemporaryDirectory() as folder:
        venvs.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder])
        pins = str(venvs.ROOT / "requirements/core.txt")
        install(VENV, "--no-deps", "--require-hashes", "--requirement", pins)
        install(VENV, "--no-deps", "--force-reinstall", *map(str, Path(folder).glob("*.whl")))
    return python


def timed(command: list[str], env: dict[str, str]) -> float:
    """Return the seconds of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own programs
    return time.perf_counter() - start


def best(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the shortest time of each run. The first round, which compiles the bytecode, does not count."""
    times = [{name: run() for name, run in runs.items()} for _ in range(rounds + 1)]
    return {name: min(each[name] for each in times[1:]) for name in runs}


def start(python: Path, url: str) -> dict[str, float]:
    """Measure new processes, without the start of the interpreter."""

    def run(program: str) -> float:
        return float(venvs.run([str(python), "-c", TIMED.format(program=program), f"{url}/one"], VENV))

    seconds = best({name: partial(run, program) for name, program in PROGRAMS.items()}, STARTS)
    first = seconds["first_contact"] / seconds["httpx_call"]
    return {name: seconds[name] / seconds["httpx"] for name in ("start", "start_tls")} | {"first_contact": first}


def calls(python: Path, url: str) -> dict[str, float]:
    """Measure the calls of a client in one process."""
    done = venvs.run([str(python), str(HERE / "client_calls/ratios.py"), url], VENV)
    return dict(json.loads(done.splitlines()[-1]))


def import_rows(python: Path, _url: str) -> dict[str, float]:
    """Measure the import of a million rows. The best of three runs counts."""
    program = str(HERE / "import_export.py")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "contacts.csv"))
        venvs.run([str(python), program, "write_csv", path], VENV)
        runs = [json.loads(venvs.run([str(python), program, "import_rows", path], VENV)) for _ in range(3)]
    cpu, _, memory = (min(figures) for figures in zip(*runs, strict=True))
    return {"import_cpu": cpu, "import_memory": memory}  # seconds for a million are microseconds for one


def command_line(_python: Path, url: str) -> dict[str, float]:
    """Measure the command line as a whole process."""
    command = str(Path(sys.executable).with_name("sendblue-contacts"))
    names = {
        "SENDBLUE_API_API_KEY": "key",
        "SENDBLUE_API_API_SECRET": "secret",
        "SENDBLUE_API_BASE_URL": f"{url}/count",
    }
    variables = {**os.environ, **names}
    seconds = best({name: partial(timed, [command, name], variables) for name in ("--help", "count")}, COMMANDS)
    return {"help_ms": seconds["--help"] * 1000, "count_ms": seconds["count"] * 1000}


def show(row: Row, figure: float) -> None:
    """Print a row of the table."""
    digits = 2 if figure < 10 else 1  # noqa: PLR2004 - ratios and milliseconds
    target = "" if row.target is None else f"<= {row.target:g}"
    state = "" if row.target is None else "met" if figure <= row.target else "MISSED"
    print(f"{row.text:<68}{figure:>9.{digits}f}{target:>10}  {state}", flush=True)


def table(figures: dict[str, Any]) -> str:
    """Return the table of docs/performance.md: the figures that were recorded, and their targets."""
    lines = ["| figure | measured | target |", "|---|--:|--:|"]
    for row in ROWS:
        if row.key in figures:
            target = "" if row.target is None else f"≤ {row.target:g}"
            lines.append(f"| {row.text} | {figures[row.key]:g} | {target} |")
    return "\n".join(lines) + "\n"


def record(figures: dict[str, float]) -> None:
    """Write the figures into figures.toml, from which texts quote, and into the table of docs/performance.md."""
    text = FIGURES.read_text(encoding="utf-8")
    for key, figure in figures.items():
        line = f"{key} = {figure:.2f}" if figure < 10 else f"{key} = {figure:.0f}"  # noqa: PLR2004 - as in `show`
        text, count = re.subn(rf"(?m)^{key} = .*$", line, text)
        text += "" if count else f"{line}\n"
    FIGURES.write_text(text, encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    found = re.sub(r"\| figure \|(.*\n)+?(?=\n)", lambda _: table(tomllib.loads(text)), page)
    PAGE.write_text(found, encoding="utf-8")


def main(*options: str) -> int:
    """Print the table. With `--record`, write the figures. Returns 1 if a figure misses its target."""
    python, figures = prepare(), dict[str, float]()
    with tempfile.TemporaryDirectory() as folder:
        overhead = runpy.run_path(str(HERE / "call_overhead.py"))
        overhead["write_responses"](Path(folder))
        Path(folder, "count.json").write_text('{"count": 1000}')
        with overhead["stub"](Path(folder)) as url:
            for measure in (start, calls, import_rows, command_line):
                found = measure(python, url)
                figures |= found
                for row in ROWS:
                    if row.key in found:
                        show(row, found[row.key])
    if "--record" in options:
        record(figures)
    for name in OTHERS:
        path = HERE / f"{name}.py"
        program = "import runpy, sys; runpy.run_path(sys.argv.pop())['main']()"
        print(f"--- {name}", flush=True)
        print(venvs.run([str(python), "-c", program, str(path)], VENV) if path.exists() else "not available", end="")
    return int(any(row.target is not None and figures[row.key] > row.target for row in ROWS))
