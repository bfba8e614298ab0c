"""The command `sendblue-contacts`. `main` alone stands here; the rooms behind it load when a command needs them.

The rooms import click, which comes with the extra `cli`, so nothing but `main` may import them. rich, httpx and the
generated code are as slow to load as all the rest together: the rooms import them inside the functions that use them,
so that help and completion never wait for them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from importlib import import_module
from pathlib import Path

PROGRAM = "sendblue-contacts"
INSTALL = 'The command line needs a package that is not installed ({}): pip install "sendblue-contacts[cli]"'
MISSING = 2
INTERRUPTED = 130
PATIENCE = 2.0
"""Seconds after a Ctrl-C in which another one says nothing new."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process with its exit status.

    Args:
        arguments: The arguments; None takes those of this process.
    """
    signal.signal(signal.SIGINT, Interruption())
    signal.signal(signal.SIGTERM, _end)
    if sys.stderr is None:  # as with `2>&-`: nobody wants to be talked to
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # until the process ends
    try:
        import_module(f"{__name__}.program").program(args=arguments, prog_name=PROGRAM)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{INSTALL.format(error.name)}\n")
        sys.exit(MISSING)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:  # what there was to say is said: Python's own ending would make a traceback of it
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(number: int, _frame: object) -> None:
    """End as by the signal itself, but tidily: half of an export must not stay."""
    sys.exit(128 + number)


class Interruption:
    """What Ctrl-C does: it interrupts. Pressed twice, as people do, it does not interrupt what the first one began.

    It counts again after a while, for a first one can get lost, as in a finaliser, and somebody may not want to wait
    for the requests that an import finishes.
    """

    def __init__(self) -> None:
        self._last = -PATIENCE

    def __call__(self, _signal: int, _frame: object) -> None:
        """Interrupt, unless that has just been done."""
        now = time.monotonic()
        if now - self._last >= PATIENCE:
            self._last = now
            raise KeyboardInterrupt
