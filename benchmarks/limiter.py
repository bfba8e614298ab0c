"""The limiter: what it promises in virtual time, beside other limiters, and over real HTTP.

The parts are programs of their own in `limiting/`. The first two run in the environment that has the other limiters.
What comes of virtual time is the same each time: these tables and the picture of it are for the docs.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from maintain import servers, venvs

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
ASSETS = HERE.parent / "docs/assets"
PICTURE, TABLE = ASSETS / "limiter-arrivals.svg", ASSETS / "limiter-table.md"
PATIENCE = 10.0


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run a Redis that keeps nothing, and give its address."""
    program = servers.ensure("redis-server", "redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - Debian's
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if time.monotonic() > until:
            raise venvs.ScriptError(f"redis-server does not answer within {PATIENCE:g} s.")
        time.sleep(0.05)


def main() -> int:
    """Print the tables, and draw the picture."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    python = str(venv / "bin/python")
    ASSETS.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("")
    with redis() as url:
        programs = (
            [python, "models.py", str(TABLE)],
            [python, "beside.py", url, str(TABLE), str(PICTURE)],
            [sys.executable, "wire.py", url],
        )
        for program, *arguments in programs:
            done = subprocess.run([program, str(HERE / "limiting" / arguments[0]), *arguments[1:]], check=False)  # noqa: S603 - files of ours
            if done.returncode:
                return done.returncode
    return 0
