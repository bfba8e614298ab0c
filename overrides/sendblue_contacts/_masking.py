"""Masking of phone numbers, e-mail addresses, credentials and values that were sent, in errors and logs.

This is the only module that masks; the others import it. It imports nothing of this package and no httpx.
Every text is cut before it is masked, so that the time does not depend on its length.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    import httpx

_MAX_LENGTH = 2000
_MAX_VALUE_LENGTH = 1000
"""More than is shown of any text, and at most half of what is masked of it: no masked text ends in half a value."""

_MAX_PATH_LENGTH = 200

_CREDENTIAL_HEADERS = ("sb-api-key-id", "sb-api-secret-key", "authorization", "cookie", "proxy-authorization")

_DATE = (
    r"(?<!\d)(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_PHONE = r"(?:\+|%2B)?\d(?:[\d\s()-]|\.(?!\s)){5,}\d"
_NUMBER = re.compile(rf"(?P<date>{_DATE})|{_PHONE}", re.IGNORECASE)
_QUERY = re.compile(r"\?\S+")
_COUNT = re.compile(r"\d{1,7}")
# The length limits are those of RFC 5321.
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}\.\w+")


def mask(text: str, values: Iterable[str] = ()) -> str:
    """Return the text without personal data and credentials.

    Phone numbers become `+…`, e-mail addresses `…@…`, and the given values `…`, in upper or lower case. Dates and
    counts of up to seven digits stay. Only the beginning of a long text is returned.

    Args:
        text: The text.
        values: Values that were sent, and credentials.
    """
    text = text[:_MAX_LENGTH]
    folded = text.casefold()
    forms = {form for value in values for form in _forms(value)}
    for value in sorted(forms, key=len, reverse=True):  # a full name before the first name in it
        if value[:_MAX_VALUE_LENGTH].casefold() in folded:  # rarely true, and each pattern has to be compiled
            text = _pattern(value).sub("…", text)
    return _EMAIL.sub("…@…", _NUMBER.sub(_masked_number, text))


def _forms(value: str) -> set[str]:
    """Return the forms in which a server may quote a value: as it is, in JSON, and a phone number without its plus."""
    value = value.strip()
    if value.isascii() and sum(map(str.isalnum, value)) < 2:  # noqa: PLR2004  # one letter is no name
        return set()
    return {value, json.dumps(value)[1:-1], value.removeprefix("+")}


def _pattern(value: str) -> re.Pattern[str]:
    """Return a pattern for a value. A short one must be a word of its own, or it would be found in other words."""
    head = re.escape(value[:_MAX_VALUE_LENGTH])
    if len(value) < 6:  # noqa: PLR2004  # as long as a usual word
        head = rf"(?<!\w){head}(?!\w)"
    return re.compile(f"{head}.{{0,{len(value[_MAX_VALUE_LENGTH:])}}}", re.IGNORECASE | re.DOTALL)


def _masked_number(match: re.Match[str]) -> str:
    return match[0] if match["date"] or _COUNT.fullmatch(match[0]) else "+…"


def texts_in(value: object) -> Iterator[str]:
    """Yield the strings in a JSON value, except the keys of its objects."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_in(list(cast("Mapping[str, object]", value).values()))
    elif isinstance(value, list):
        for element in cast("list[object]", value):
            yield from texts_in(element)


def _request_of(of: httpx.Response | httpx.TransportError) -> httpx.Request | None:
    """Return the request of a response or an error; None if it was made without one."""
    try:
        return of.request
    except RuntimeError:
        return None


def mask_credentials(text: str, of: httpx.Response) -> str:
    """Return the text without the credentials that the request of a response sent."""
    request = _request_of(of)
    for credential in filter(None, map(request.headers.get, _CREDENTIAL_HEADERS)) if request else ():
        text = text.replace(credential, "…")
    return text


def sent_texts(of: httpx.Response | httpx.TransportError) -> Iterator[str]:
    """Yield the credentials and the values that the request of a response or an error sent."""
    request = _request_of(of)
    if request is None:
        return
    yield from filter(None, map(request.headers.get, _CREDENTIAL_HEADERS))
    yield from request.url.params.values()
    try:
        yield from texts_in(json.loads(request.content))
    except (RuntimeError, ValueError, RecursionError):  # RuntimeError: a body that was streamed is gone
        return


def _mask_url(text: str) -> str:
    return mask(_QUERY.sub("?…", text[:_MAX_LENGTH]))


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """The part of a request that errors and logs show: the method, and the path with masked phone numbers."""

    method: str
    path: str

    @classmethod
    def of(cls, method: str, path: str) -> Self:
        """Return the summary of a request to this path, without the values of its query."""
        return cls(method.upper(), _mask_url(path)[:_MAX_PATH_LENGTH])

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class _MaskArguments(logging.Filter):
    """httpx logs the URL of each request. Our URLs contain phone numbers, and a query can contain a name."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(part if isinstance(part, int | float) else _mask_url(str(part)) for part in record.args)
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
