"""Masking of phone numbers, e-mail addresses, credentials and values that were sent, in errors and logs.

This is the only module that masks; the others import it. It imports nothing of this package and no httpx.
Every text is cut before it is masked, so that the time does not depend on its length.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self, cast

if TYPE_CHECKING:
    import httpx

_MAX_LENGTH = 2000
_MAX_VALUE_LENGTH = 1000
"""More than is shown of any text, and at most half of what is masked of it: no masked text ends in half a value."""

_HEAD_LENGTH = 20
"""Values are looked for by so many characters at their beginning."""

_MAX_PATH_LENGTH = 200

_PLAIN_HEADERS = frozenset(
    ("accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent")
)
_PLAIN_FILTERS = frozenset(("created_at_gte", "limit", "offset", "order_by", "order_direction"))
"""Headers and filters of a list whose values may be shown; those of all others are masked."""

_COMMON_WORDS = re.compile(
    "already|and|are|but|cannot|contacts?|does|duplicate|email|error|exists?|field|first|for|found|has|invalid|key|last|"
    "length|long|many|missing|must|name|not|number|phone|request|required|secret|string|tags?|than|that|the|this|too|"
    "unknown|valid|value|was|with"
)

_DATE = (
    r"(?<!\d)(?:19|20)\d\d-(?:0\d|1[0-2])-[0-3]\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d-])"
)
_PHONE = r"(?:\+|%2B)?\d(?:[\d\s()-]|\.(?!\s)){5,}\d"
_NUMBER = re.compile(rf"(?P<date>{_DATE})|{_PHONE}", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_PATH_NUMBER = re.compile(r"\+\d+")
_QUERY = re.compile(r"\?\S+")
_COUNT = re.compile(r"\d{1,7}")
# The length limits are those of RFC 5321.
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}\.\w+")


def mask(text: str, values: Iterable[str] = ()) -> str:
    """Return the text without personal data and credentials.

    Phone numbers become `+…`, e-mail addresses `…@…`, and the given values (which were sent, and credentials) and their
    words `…`, in upper or lower case. Dates and counts of up to seven digits stay. Only the beginning is returned.
    """
    return masker(values)(text)


def masker(values: Iterable[str]) -> Callable[[str], str]:
    """Return `mask` with these values, for many texts."""
    forms: set[str] = set()
    words: set[str] = set()
    for value in filter(_is_name, map(str.strip, values)):
        # As a server may quote it: as it is, in JSON, and a short phone number without its plus.
        forms.update((value, json.dumps(value)[1:-1], value.removeprefix("+")))
        words.update(filter(_is_personal, _WORD.findall(value[:_MAX_VALUE_LENGTH].casefold())))
    by_head: dict[int, dict[str, list[str]]] = {}  # so that the time does not depend on the number of values
    for form in forms:
        head = form[:_HEAD_LENGTH].casefold()
        by_head.setdefault(len(head), {}).setdefault(head, []).append(form)

    def mask_text(text: str) -> str:
        text = text[:_MAX_LENGTH]
        folded = text.casefold()
        parts = ((heads, folded[at : at + size]) for size, heads in by_head.items() for at in range(len(folded)))
        found = {form for heads, part in parts for form in heads.get(part, ())}
        for form in sorted(found, key=len, reverse=True):  # a full name before the first name in it
            text = _pattern(form).sub("…", text)
        text = _EMAIL.sub("…@…", _NUMBER.sub(_masked_number, text))
        return _WORD.sub(lambda word: "…" if word[0].casefold() in words else word[0], text)

    return cache(mask_text)


def _is_name(value: str) -> bool:
    """Whether a value has to be found as such: it is more than one letter, and not masked as a phone number anyway."""
    is_long = not value.isascii() or sum(map(str.isalnum, value)) > 1
    return is_long and _NUMBER.sub(_masked_number, value.removeprefix("+")) != "+…"


def _is_personal(word: str) -> bool:
    """Whether a word of a value is masked: not a number, nor a word that error messages need."""
    return len(word) > 2 and not word.isdigit() and not _COMMON_WORDS.fullmatch(word)  # noqa: PLR2004  # such as "of"


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


def sent_texts(of: httpx.Response | httpx.RequestError) -> Iterator[str]:
    """Yield the credentials and the values that the request of a response or an error sent."""
    request: httpx.Request | None = vars(of).get("_request")  # `of.request` raises RuntimeError without one
    if request is None:
        return
    yield from (value for name, value in request.headers.items() if name not in _PLAIN_HEADERS)
    yield from (value for name, value in request.url.params.multi_items() if name not in _PLAIN_FILTERS)
    yield from _PATH_NUMBER.findall(request.url.path)
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
