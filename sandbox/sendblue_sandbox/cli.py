"""The sandbox as a program: start, say where, wait for Ctrl-C or SIGTERM, end cleanly."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Unpack

from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

    from .config import Options

PORT = 4010
ENDS = (signal.SIGINT, signal.SIGTERM)
# An endless wait would not notice Ctrl-C on Windows.
GLANCE = 0.5


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(*, say: Callable[[str], None] = _say, seed: int = 0, **options: Unpack[Options]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        say: Where the one line about the address goes.
        seed: How many contacts to add at the start.
        options: The settings of `Sandbox`; the port is 4010 when none is given.

    Raises:
        ImportError: The extra is not installed.
        ValueError: A setting cannot be, or there are not so many contacts.
        OSError: The port is taken, or there is no document.
    """
    settings: Options = {"port": PORT, **options}
    sandbox = Sandbox(**settings)
    with _ended() as end, sandbox:
        sandbox.seed(seed)
        say(_greeting(sandbox.url, options))
        while not end.wait(GLANCE):
            pass


def _greeting(url: str, options: Options) -> str:
    db = options.get("db")
    kept = "in memory" if db is None else f"in {os.fspath(db)}"
    pair = "" if options.get("api_key") else " SENDBLUE_API_API_KEY=any SENDBLUE_API_API_SECRET=any"
    client = f"Point a client at it: export SENDBLUE_API_BASE_URL={url}{pair}"
    return f"Sandbox on {url}, contacts {kept}. {client} (Ctrl-C ends it.)"


@contextmanager
def _ended() -> Generator[Event]:
    end = Event()
    if current_thread() is not main_thread():  # Python hands signals to the main thread alone
        yield end
        return

    def ended(_signal: int, _frame: FrameType | None) -> None:
        end.set()

    before = {each: signal.signal(each, ended) for each in ENDS}
    try:
        yield end
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
