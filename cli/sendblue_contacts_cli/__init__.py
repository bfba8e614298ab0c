"""The command `sendblue-contacts`.

This module imports nothing but the standard library: click comes with the extra `cli`, and `main` reports a missing
extra. The other modules import rich, httpx and the generated client inside the functions that use them, because each of
them takes longer to load than all the rest and neither `--help` nor shell completion needs them.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from importlib import import_module

PROGRAM = "sendblue-contacts"
INSTALL_HINT = 'The command line needs a package that is not installed ({}): pip install "sendblue-contacts[cli]"'
USAGE_ERROR = 2
INTERRUPTED = 130
REPEAT_INTERVAL = 2.0
"""Seconds after a Ctrl-C during which another Ctrl-C is ignored."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit the process with its exit code.

    Args:
        arguments: The command-line arguments. Defaults to those of this process.
    """
    signal.signal(signal.SIGINT, InterruptHandler())
    signal.signal(signal.SIGTERM, _exit_on_signal)
    _skip_the_command_of_httpx()
    if sys.stderr is None:  # closed by the caller, as with `2>&-`: discard the messages
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")  # `pathlib` is slow to load
    try:
        import_module(f"{__name__}.app").app(args=arguments, prog_name=PROGRAM)
    except ModuleNotFoundError as error:
        sys.stderr.write(f"{INSTALL_HINT.format(error.name)}\n")
        sys.exit(USAGE_ERROR)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    finally:  # a Ctrl-C while Python shuts down would print a traceback
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _skip_the_command_of_httpx() -> None:
    """Let `import httpx` find no command line of its own, which would import rich and pygments: 50 ms in every call."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None makes an import fail


def _exit_on_signal(number: int, _frame: object) -> None:
    """Exit with the code of the signal and run the `finally` blocks, so that no partial export file is left."""
    sys.exit(128 + number)


class InterruptHandler:
    """Raises KeyboardInterrupt on Ctrl-C, and ignores a second Ctrl-C that follows within `REPEAT_INTERVAL`.

    People press Ctrl-C twice, and the second one must not interrupt the cleanup that the first one started. A later one
    is not ignored: the first may have been lost, for example in a finaliser, and an import that completes its requests
    in flight may take longer than the user wants to wait.
    """

    def __init__(self) -> None:
        self._last = -REPEAT_INTERVAL

    def __call__(self, _signal: int, _frame: object) -> None:
        """Handle SIGINT."""
        now = time.monotonic()
        if now - self._last >= REPEAT_INTERVAL:
            self._last = now
            raise KeyboardInterrupt
