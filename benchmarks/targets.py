"""The speed of this library next to its targets, on the wheel as it is built and installed, without extras.

Each ratio compares with httpx alone in the same run: the two sides alternate, and the best of many runs counts. A
second environment has the extras `fast` and `cli`, and nothing else: httpcore imports trio wherever it is installed.
"""

from __future__ import annotations

import json
import re
import runpy
import sys
import tempfile
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from maintain import venvs
from maintain.publish.install_test import install

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
VENV, FAST_VENV = venvs.ROOT / ".venv-wheel", venvs.ROOT / ".venv-wheel-fast"
EXTRAS = ("orjson", "click", "rich", "markdown-it-py", "mdurl", "pygments")
FIGURES, PAGE = HERE / "figures.toml", venvs.ROOT / "docs/performance.md"


class Row(NamedTuple):
    """A figure and its target, which is a maximum unless it `is_minimum`; None for a figure that is only shown."""

    key: str
    text: str
    target: float | None
    is_minimum: bool = False

    def bound(self, at_most: str = "<=", at_least: str = ">=") -> str:
        """Return the target with its relation; an empty string without a target."""
        return "" if self.target is None else f"{at_least if self.is_minimum else at_most} {self.target:,g}"

    def is_missed(self, figure: float) -> bool:
        """Whether a figure misses the target."""
        return self.target is not None and (figure < self.target if self.is_minimum else figure > self.target)


STYLES = {"snake": "snake_case", "camel": "camelCase", "both": "both spellings"}
ROWS = [
    Row("start", "new process until client.contacts is ready, over httpx.Client()", 1.20),
    Row("start_tls", "the same, and the TLS context, which httpx.Client() creates", None),
    Row("first_contact", "new process until the first contact is there (http), over httpx", 1.25),
    *(
        Row(f"list_{key}", f"list a page of 1000, {style}, over httpx and json.loads", 1.45)
        for key, style in STYLES.items()
    ),
    *(Row(f"fast_{key}", f"the same with the extra `fast`, {style}", 1.10) for key, style in STYLES.items()),
    Row("walk", "walk of 100,000 contacts: CPU time over httpx and json.loads", 1.45),
    Row("walk_memory", "walk of 100,000 contacts: peak memory in MB", 60.0),
    Row("retrieve", "retrieve, over httpx and json.loads", 1.10),
    Row("import_cpu", "import of 1,000,000 rows of CSV: µs of CPU for each", 20.0),
    Row("import_memory", "import of 1,000,000 rows of CSV: peak memory in MB", 150.0),
    Row("import_rate", "contacts per second of an import at the real rate limit", 4000.0, is_minimum=True),
    Row("help_ms", "sendblue-contacts --help, the whole process, in ms", 60.0),
    Row("count_ms", "sendblue-contacts count (stub server), the whole process, in ms", 250.0),
]


def prepare() -> Path:
    """Build the wheel, install it with its dependencies only, and in another environment with two extras."""
    with tempfile.TemporaryDirectory() as folder:
        venvs.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder])
        wheels = [*map(str, Path(folder).glob("*.whl"))]
        for venv, extras in {VENV: [], FAST_VENV: [f"{name}=={version(name)}" for name in EXTRAS]}.items():
            if not (venv / "bin/python").exists():
                venvs.create(venv)
            pins = str(venvs.ROOT / "requirements/core.txt")
            install(venv, "--no-deps", "--require-hashes", "--requirement", pins)
            install(venv, "--no-deps", "--force-reinstall", *wheels, *extras)
    return VENV / "bin/python"


def start(python: Path, url: str) -> dict[str, float]:
    """Measure new processes, without the start of the interpreter."""
    return dict(runpy.run_path(str(HERE / "client_startup.py"))["ratios"](python, f"{url}/one"))


def calls(python: Path, url: str) -> dict[str, float]:
    """Measure the calls of a client in one process."""
    done = venvs.run([str(python), str(HERE / "client_calls/ratios.py"), url], python.parents[1])
    return dict(json.loads(done.splitlines()[-1]))


def fast_lists(_python: Path, url: str) -> dict[str, float]:
    """Measure the pages with orjson."""
    found = calls(FAST_VENV / "bin/python", url)
    return {key.replace("list", "fast"): figure for key, figure in found.items() if key.startswith("list")}


def walk(python: Path, _url: str) -> dict[str, float]:
    """Measure the walk through an account, which `.venv` serves."""
    program = str(HERE / "list_walk.py")
    with runpy.run_path(program)["served"]() as url:
        return dict(json.loads(venvs.run([str(python), program, "figures", url], VENV)))


def import_rows(python: Path, _url: str) -> dict[str, float]:
    """Measure the import of a million rows. The better of two runs counts."""
    program = str(HERE / "import_export.py")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "contacts.csv"))
        venvs.run([str(python), program, "write_csv", path], VENV)
        runs = [json.loads(venvs.run([str(python), program, "import_rows", path], VENV)) for _ in range(2)]
    cpu, _, memory = (min(figures) for figures in zip(*runs, strict=True))
    return {"import_cpu": cpu, "import_memory": memory}  # seconds for a million are microseconds for one


def import_rate(python: Path, _url: str) -> dict[str, float]:
    """Measure an import at the real limit, with the default chunk size."""
    program = HERE / "import_rate.py"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "contacts.csv")
        runpy.run_path(str(program))["write_rows"](path)
        return {"import_rate": float(venvs.run([str(python), str(program), str(path), "auto"], VENV).split()[0])}


def command_line(_python: Path, url: str) -> dict[str, float]:
    """Measure the command line as a whole process."""
    measure = runpy.run_path(str(HERE / "cli_startup.py"))["milliseconds"]
    found = measure(("--help", "count"), f"{url}/count", FAST_VENV / "bin/python")
    return {"help_ms": found["--help"], "count_ms": found["count"]}


MEASUREMENTS: tuple[Callable[[Path, str], dict[str, float]], ...] = (
    start,
    calls,
    fast_lists,
    walk,
    import_rows,
    import_rate,
    command_line,
)


def show(row: Row, figure: float) -> None:
    """Print a row of the table."""
    digits = 2 if figure < 10 else 1  # noqa: PLR2004 - ratios and milliseconds
    state = "" if row.target is None else "MISSED" if row.is_missed(figure) else "met"
    print(f"{row.text:<68}{figure:>9,.{digits}f}{row.bound():>10}  {state}", flush=True)


def table(figures: dict[str, Any]) -> str:
    """Return the table of docs/performance.md: the figures that were recorded, and their targets."""
    head = "| figure | measured | target |\n|---|--:|--:|\n"
    rows = ((row, figures[row.key]) for row in ROWS if row.key in figures)
    return head + "".join(f"| {row.text} | {figure:,g} | {row.bound('≤', '≥')} |\n" for row, figure in rows)


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
        with overhead["stub"](Path(folder)) as url:
            for measure in MEASUREMENTS:
                found = measure(python, url)
                figures |= found
                for row in ROWS:
                    if row.key in found:
                        show(row, found[row.key])
    if "--record" in options:
        record(figures)
    return int(any(row.is_missed(figures[row.key]) for row in ROWS))
