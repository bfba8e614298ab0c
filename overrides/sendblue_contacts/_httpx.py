"""The one module of ours that imports httpx when it runs; the others take it from here."""

import logging

import httpx

from .errors import mask

__all__ = ["httpx", "mask_httpx_log"]


class _Masked(logging.Filter):
    """httpx logs the URL of each request, and ours hold phone numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(mask(str(part)) if isinstance(part, httpx.URL) else part for part in record.args)
        return True


_MASKED = _Masked()


def mask_httpx_log() -> None:
    """Keep phone numbers out of the log of httpx."""
    logging.getLogger("httpx").addFilter(_MASKED)  # a filter that is there already is not added again
