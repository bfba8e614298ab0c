"""The request log of the command line: one line for each request to the API, in color on a terminal.

Requests are logged to `sendblue_sandbox.access` at level INFO, without query strings and phone numbers. A terminal
shows both, because the person at the terminal sent them; a file or a pipe does not.
"""

from __future__ import annotations

import logging
import os
import re
import time
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, TextIO
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from .recorder import Received

LOG = logging.getLogger("sendblue_sandbox.access")
PHONE = re.compile(r"\+?\d{7,}")
BOLD, DIM, RED, GREEN, YELLOW, RESET = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
# The color of a status by its first digit; 0 is a connection that a fault reset.
COLORS = {0: RED, 2: GREEN, 3: YELLOW, 4: YELLOW, 5: RED}


def log_request(received: Received) -> None:
    """Log a request after its response is decided."""
    if LOG.isEnabledFor(logging.INFO):
        LOG.info("%s %s: %s", received.method, _masked(received), _status(received), extra={"received": received})


@contextmanager
def log_to(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Generator[None]:
    """Write each request to a stream while the context is open.

    Args:
        stream: Where to write. A terminal gets colors, unless `NO_COLOR` is set or `TERM` is `dumb`.
        environment: The environment variables.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(terminal=stream.isatty(), colors=_has_colors(stream, environment)))
    level, propagate = LOG.level, LOG.propagate
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False
    try:
        yield
    finally:
        LOG.removeHandler(handler)
        LOG.setLevel(level)
        LOG.propagate = propagate


def _has_colors(stream: TextIO, environment: Mapping[str, str]) -> bool:
    if environment.get("NO_COLOR"):
        return False
    return bool(environment.get("FORCE_COLOR")) or (stream.isatty() and environment.get("TERM") != "dumb")


class _Formatter(logging.Formatter):
    def __init__(self, *, terminal: bool, colors: bool) -> None:
        super().__init__()
        self._terminal = terminal
        self._colors = colors

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a request."""
        received: Received = record.__dict__["received"]
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        fault = f"  fault: {received.fault.what}" if received.fault else ""
        parts = [
            self._paint(DIM, clock),
            self._paint(BOLD, f"{received.method:<6}"),
            self._target(received),
            self._paint(COLORS.get(received.status // 100, RED), _status(received)),
            self._paint(DIM, f"{received.seconds * 1000:.1f} ms") + self._paint(YELLOW, fault),
        ]
        return "  ".join(parts)

    def _target(self, received: Received) -> str:
        if not self._terminal:
            return _masked(received)
        return _printable(f"{received.path}?{received.query}" if received.query else received.path)

    def _paint(self, color: str, text: str) -> str:
        return f"{color}{text}{RESET}" if self._colors and text else text


def _status(received: Received) -> str:
    if not received.status:
        return "connection reset"
    try:
        return f"{received.status} {HTTPStatus(received.status).phrase}"
    except ValueError:
        return str(received.status)


def _masked(received: Received) -> str:
    return PHONE.sub("#######", _printable(received.path))


def _printable(target: str) -> str:
    # A control character in a path must not reach the terminal.
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in unquote(target))
