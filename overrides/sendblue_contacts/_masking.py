"""Masking of phone numbers and e-mail addresses in errors and logs.

This is the only module that masks; the others import it. It imports nothing of this package and no httpx.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Self

_PHONE = re.compile(r"(?:\+|%2B)?\d[\d\s().-]{5,}\d", re.IGNORECASE)
# The length limits are those of RFC 5321. Without them, matching a long text takes quadratic time.
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}\.\w+")


def mask(text: str) -> str:
    """Return the text with every phone number replaced by `+…` and every e-mail address by `…@…`."""
    return _EMAIL.sub("…@…", _PHONE.sub("+…", text))


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """The part of a request that errors and logs show: the method, and the path with masked phone numbers."""

    method: str
    path: str

    @classmethod
    def of(cls, method: str, path: str) -> Self:
        """Return the summary of a request to this path."""
        return cls(method.upper(), mask(path))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class _MaskArguments(logging.Filter):
    """httpx logs the URL of each request, and our URLs contain phone numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(part if isinstance(part, int | float) else mask(str(part)) for part in record.args)
        return True


class _DropResponseHeaders(logging.Filter):
    """httpcore logs response headers at DEBUG, and the `location` header of a redirect can contain a phone number."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("receive_response_headers"):
            record.msg = str(record.msg).partition(" ")[0]
        return True


_MASK_ARGUMENTS, _DROP_RESPONSE_HEADERS = _MaskArguments(), _DropResponseHeaders()
_LOG_FILTERS: dict[str, logging.Filter] = {
    "httpx": _MASK_ARGUMENTS,
    "httpcore.http11": _DROP_RESPONSE_HEADERS,
    "httpcore.http2": _DROP_RESPONSE_HEADERS,
}


def mask_http_logs() -> None:
    """Keep phone numbers out of the logs of httpx and httpcore. Calling it again has no effect."""
    for logger, log_filter in _LOG_FILTERS.items():
        logging.getLogger(logger).addFilter(log_filter)  # ignores a filter that is already there
