"""Calls of our client, raw httpx and the vendor's library, against a stub server on the loopback interface, in one run.

The stub runs in another process and responds to each GET with prepared bytes, so that only the clients differ. The
clients alternate, and the best of many rounds counts. All reuse one connection: `httpx.get` would create a new client
for each call, which costs more than everything else and would favor ours. Retries, the limiter and the log of our
client are enabled; its limit is so high that it never waits.
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


def write_responses(folder: Path) -> None:
    """Write the responses of the stub: a page of 1000 contacts in each naming style, one contact, and a count."""
    (folder / "count.json").write_text('{"count": 1000}')
    decode = runpy.run_path(str(HERE / "decode.py"))
    for style, page in decode["pages"]().items():
        (folder / f"{style}.json").write_text(json.dumps(page, separators=(",", ":")))
    (folder / "one.json").write_text(
        json.dumps({"status": "OK", "contact": {**decode["contact"](0), "phone": "+14155551234"}})
    )


@contextlib.contextmanager
def stub(folder: Path) -> Iterator[str]:
    """Serve the responses in `folder` from another process, and yield its URL."""
    command = [sys.executable, str(HERE / "client_calls/stub_server.py"), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own file
        assert process.stdout is not None  # noqa: S101 - narrows the type: PIPE guarantees it
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def main() -> int:
    """Print the table."""
    venv = venvs.ROOT / ".venv-bench"
    venvs.prepare("bench", venv)
    with tempfile.TemporaryDirectory() as folder:
        write_responses(Path(folder))
        with stub(Path(folder)) as url:
            command = [str(venv / "bin/python"), str(HERE / "client_calls/calls.py"), url]
            done = subprocess.run(command, env=venvs.environment(venv), check=False)  # noqa: S603 - our own file
            return done.returncode
