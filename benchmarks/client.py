"""Calls of our client beside raw httpx and beside the vendor's library, against a stub server on loopback, in one run.

The stub is a process of its own that answers each GET with bytes that lie ready, so that only the clients differ. They
take turns, and the best of many rounds counts. All of them keep one connection: `httpx.get` itself would make a new
client for each call, which costs more than the rest together, and would flatter us. Retries, the limiter and the log of
our client are on; its limit is so high that it never waits.
"""

from __future__ import annotations

import contextlib
import json
import runpy
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from maintain import venvs

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent


def write_answers(folder: Path) -> None:
    """Write what the stub answers: a page of a thousand contacts in each spelling, and one contact."""
    decode = runpy.run_path(str(HERE / "decode.py"))
    for spelling, page in decode["pages"]().items():
        (folder / f"{spelling}.json").write_text(json.dumps(page, separators=(",", ":")))
    (folder / "one.json").write_text(json.dumps({"status": "OK", "contact": decode["contact"](0)}))


@contextlib.contextmanager
def stub(folder: Path) -> Iterator[str]:
    """Serve the answers in `folder` from another process, and give its address."""
    command = [sys.executable, str(HERE / "aside/stub.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - a file of ours
        assert process.stdout is not None  # noqa: S101 - tells type checkers what PIPE promises
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> int:
    """Print the table."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    with tempfile.TemporaryDirectory() as folder:
        write_answers(Path(folder))
        with stub(Path(folder)) as url:
            command = [str(venv / "bin/python"), str(HERE / "aside/calls.py"), url]
            done = subprocess.run(command, env=venvs.environment(venv), check=False)  # noqa: S603 - a file of ours
            return done.returncode
