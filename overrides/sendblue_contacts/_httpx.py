"""The one module of ours that imports httpx when it runs; the others take it from here."""

import logging

import httpx

from .errors import mask

__all__ = ["httpx", "mask_httpx_log"]


class _MaskedUrls(logging.Filter):
    """httpx logs the URL of each request, and ours hold phone numbers."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(mask(str(part)) if isinstance(part, httpx.URL) else part for part in record.args)
        return True


class _NoHeaders(logging.Filter):
    """httpcore logs, at DEBUG, the head of each answer, or the bytes that are none: a redirect names a phone number."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("receive_response_headers"):
            record.msg = str(record.msg).partition(" ")[0]
        return True


_MASKED_URLS, _NO_HEADERS = _MaskedUrls(), _NoHeaders()
_LOGGERS = {
    "httpx": _MASKED_URLS,
    "httpcore.http11": _NO_HEADERS,
    "httpcore.http2": _NO_HEADERS,
}


def mask_httpx_log() -> None:
    """Keep phone numbers out of the logs of httpx and httpcore."""
    for name, its_filter in _LOGGERS.items():
        logging.getLogger(name).addFilter(its_filter)  # a filter that is there already is not added again
