"""The limiter: its guarantees in virtual time, a comparison with other limiters, and real HTTP.

The parts are separate programs in `rate_limit/`. The first two run in the virtual environment with the other limiters.
The results in virtual time are reproducible: the documentation shows these tables, and a chart of the
second one.
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
TABLE = ASSETS / "limiter-table.md"
REDIS_START_TIMEOUT = 10.0


@contextlib.contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server without persistence, and yield its URL."""
    program = servers.ensure("redis-server", "redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - the redis-server of Debian
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + REDIS_START_TIMEOUT
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        if time.monotonic() > until:
            raise venvs.ScriptError(f"redis-server did not accept a connection within {REDIS_START_TIMEOUT:g} s.")
        time.sleep(0.05)


def main() -> int:
    """Print the tables, and write those of the documentation."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    python = str(venv / "bin/python")
    ASSETS.mkdir(parents=True, exist_ok=True)
    TABLE.write_text("")
    with redis() as url:
        programs = (
            [python, "server_models.py", str(TABLE)],
            [python, "comparison.py", url, str(TABLE)],
            [sys.executable, "over_http.py", url],
        )
        for program, *arguments in programs:
            done = subprocess.run([program, str(HERE / "rate_limit" / arguments[0]), *arguments[1:]], check=False)  # noqa: S603 - our own files
            if done.returncode:
                return done.returncode
    return 0
