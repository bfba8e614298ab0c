"""Every error of this library, and which status becomes which.

    SendblueError
    ├── APIError                      the API answered, and it is an error
    │   ├── BadRequestError           400
    │   ├── AuthenticationError       401
    │   ├── PermissionDeniedError     403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── PayloadTooLargeError      413
    │   ├── UnprocessableEntityError  422
    │   ├── RateLimitError            429 (.retry_after)
    │   └── InternalServerError       500 and above
    ├── APIResponseError              the API answered something that is not documented
    ├── APIConnectionError            no answer came
    │   └── APITimeoutError           no answer came in time
    ├── InvalidPhoneNumberError       (also a ValueError) nothing was sent
    ├── IncompleteListError           a listing cannot reach every contact
    ├── BulkError                     a bulk call did not do everything (.result); in `bulk.results`
    ├── RateLimitStoreError           the store of the rate limit cannot be used; nothing was sent
    └── CredentialsError              no usable credentials were given

An error text says what happened, to which request, and what to do. Phone numbers and e-mail addresses are masked in
it, and neither headers nor bodies go into a pickle.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

_PHONE = re.compile(r"(?:\+|%2B)?\d[\d\s().-]{5,}\d", re.IGNORECASE)
# The lengths are those of RFC 5321; without them a long text takes a time that grows with its square.
_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}\.\w+")
_LONGEST_MESSAGE = 300


def mask(text: str) -> str:
    """The text without phone numbers and e-mail addresses."""
    return _EMAIL.sub("…@…", _PHONE.sub("+…", text))


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """What may be said of a request: its method and its path, with the phone number masked."""

    method: str
    path: str

    @classmethod
    def of(cls, method: str, path: str) -> Self:
        """The summary of a request to this path."""
        return cls(method.upper(), mask(path))

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class SendblueError(Exception):
    """The base of every error of this library."""


class CredentialsError(SendblueError):
    """The API key or the secret is missing, or cannot be sent."""


class RateLimitStoreError(SendblueError):
    """The store that the rate limit is shared through cannot be reached or used. Nothing was sent."""


class InvalidPhoneNumberError(SendblueError, ValueError):
    """A phone number is not in E.164 form. Nothing was sent."""


class IncompleteListError(SendblueError):
    """A listing cannot reach every contact. What it yielded so far is right; `seen` is how many that were."""

    def __init__(self, message: str, seen: int = 0) -> None:
        super().__init__(message)
        self.seen = seen


_TOO_MANY_REQUESTS = 429
NO_REQUEST = RequestSummary("no request", "was sent")
"""What an error says that belongs to no request."""


class _RequestError(SendblueError):
    """An error of one request. A pickle holds its attributes but not the response, whose body is personal data."""

    def __init__(self, message: str, *, request: RequestSummary, attempts: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.attempts = attempts
        self.lost = False
        """Whether the request may have been carried out all the same: an attempt may have arrived, unanswered."""
        self.response: httpx.Response | None = None

    def __str__(self) -> str:
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.request}{tries}: {self.args[0]}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, {**self.__dict__, "response": None})


def _restore(cls: type[_RequestError], args: tuple[Any, ...], state: dict[str, Any]) -> _RequestError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class APIError(_RequestError):
    """The API answered with an error.

    Attributes:
        status_code: The HTTP status.
        message: What the server said, else what the status means.
        request: Method and masked path.
        response: The whole `httpx.Response`; None after pickling.
        attempts: How many requests were sent in all.
    """

    status_code: int = 0


class BadRequestError(APIError):
    """400: a field is missing or wrong."""


class AuthenticationError(APIError):
    """401: the credentials are wrong."""


class PermissionDeniedError(APIError):
    """403: no credentials arrived, or this host does not serve the account."""


class NotFoundError(APIError):
    """404: there is no contact with this number."""


class ConflictError(APIError):
    """409: the number belongs to a contact already."""


class PayloadTooLargeError(APIError):
    """413: the request is too large."""


class UnprocessableEntityError(APIError):
    """422: the request cannot be carried out."""


class RateLimitError(APIError):
    """429: more requests than the account may send; or the wait for a free slot is longer than was allowed.

    Attributes:
        retry_after: Seconds to wait, if known.
    """

    retry_after: float | None = None


class InternalServerError(APIError):
    """500 and above: the server failed."""


class APIResponseError(_RequestError):
    """The API answered something that is not documented: HTML, broken JSON, or an ERROR that calls itself 200."""

    status_code: int = 0


class APIConnectionError(_RequestError):
    """No answer came. Whether the request arrived is not known."""


class APITimeoutError(APIConnectionError):
    """No answer came within `timeout` seconds. Whether the request arrived is not known."""


STATUS_ERRORS: dict[int, type[APIError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    413: PayloadTooLargeError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
_SERVER_ERROR = 500

_MEANING = {
    400: "a field is missing or wrong",
    401: "the credentials are wrong",
    403: "no credentials arrived, or this host does not serve the account",
    404: "not found",
    409: "the contact exists already",
    413: "the request is too large",
    422: "the request cannot be carried out",
    429: "too many requests",
}
_WAY_OUT = {
    401: "check SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET",
    403: "check the credentials, and base_url: the API has two host names, and one may not serve this account",
    409: "use contacts.upsert() to update a contact that exists",
    413: "send fewer contacts in one request",
    429: "wait before sending more; is another program using the same account?",
}


def from_response(response: httpx.Response, request: RequestSummary, attempts: int = 1) -> APIError:
    """The error for an answer whose status says that it is one.

    Args:
        response: The answer, its body read.
        request: What was asked.
        attempts: How many requests were sent in all.
    """
    status = response.status_code
    said = server_message(response) or _MEANING.get(status) or response.reason_phrase or "the server failed"
    way_out = f" ({_WAY_OUT[status]})" if status in _WAY_OUT else ""
    cls = STATUS_ERRORS.get(status) or (InternalServerError if status >= _SERVER_ERROR else APIError)
    error = cls(f"{status}, {said}{way_out}", request=request, attempts=attempts)
    error.status_code, error.message, error.response = status, said, response
    if isinstance(error, RateLimitError):
        error.retry_after = retry_after(response)
    return error


def strange(response: httpx.Response, why: str, request: RequestSummary, attempts: int = 1) -> APIResponseError:
    """The error for an answer that is not what was documented.

    Args:
        response: The answer, its body read.
        why: What is wrong with it, without any of its content.
        request: What was asked.
        attempts: How many requests were sent in all.
    """
    text = f"{response.status_code}, {why}; check that base_url is the API, and not a proxy or a login page"
    error = APIResponseError(text, request=request, attempts=attempts)
    error.status_code, error.message, error.response = response.status_code, why, response
    return error


def cause_of(error: httpx.TransportError) -> httpx.TransportError | None:
    """The error as far as it may be shown: one about the protocol quotes what the server sent, and is not."""
    from ._httpx import httpx  # noqa: PLC0415  # errors can be imported without httpx

    return None if isinstance(error, httpx.ProtocolError) else error


def unpackable(method: str, path: str, attempts: int) -> APIResponseError:
    """The error for an answer whose compression is broken. Arguments as for `no_answer`."""
    text = "the answer is compressed and cannot be unpacked; check that base_url is the API, and not a proxy"
    return APIResponseError(text, request=RequestSummary.of(method, path), attempts=attempts)


def no_answer(
    error: httpx.TransportError, method: str, path: str, attempts: int, *, lost: bool = True
) -> APIConnectionError:
    """The error for a request without an answer.

    Args:
        error: What httpx says.
        method: The HTTP method.
        path: The path; it is masked.
        attempts: How many requests were sent in all.
        lost: Whether one of them may have arrived.
    """
    from ._httpx import httpx  # noqa: PLC0415  # errors can be imported without httpx

    request = RequestSummary.of(method, path)
    said = mask(f"{type(error).__name__}: {cause_of(error) or 'it is not HTTP'}".rstrip(": "))
    made = APIConnectionError(f"no answer ({said}); check the network and base_url", request=request, attempts=attempts)
    if isinstance(error, httpx.TimeoutException):
        text = f"no answer in time ({said}); raise timeout=, and look whether it was carried out"
        made = APITimeoutError(text, request=request, attempts=attempts)
    made.lost = lost
    return made


def server_message(response: httpx.Response) -> str | None:
    """What the server said went wrong: `message`, else `error`, else `error_message`, else the text, masked."""
    try:
        body = response.json()
    except (ValueError, RecursionError):  # the latter where it is nested too deeply
        return _plain(response)
    values = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    said = (values.get(key) for key in ("message", "error", "error_message"))
    return next((mask(text)[:_LONGEST_MESSAGE] for text in said if isinstance(text, str) and text), None)


def _plain(response: httpx.Response) -> str | None:
    text = response.text.strip()
    if not text or text.startswith("<"):
        return None  # a page for people, from a proxy perhaps
    return mask(text)[:_LONGEST_MESSAGE]


def retry_after(response: httpx.Response, now: Callable[[], float] = time.time) -> float | None:
    """The seconds of `Retry-After`, given as seconds or as a date; 0 for a date gone by, None where it says nothing.

    Args:
        response: The answer.
        now: Tells the time in seconds since 1970.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # slow to load, and seldom needed

    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    in_zone = date if date.tzinfo else date.replace(tzinfo=UTC)  # an HTTP date is in GMT, whether it says so or not
    return max(0.0, in_zone.timestamp() - now())


def wait_too_long(wait: float, max_wait: float) -> RateLimitError:
    """The error for a rate-limit slot that is free only after `max_wait`. No request was sent."""
    at_best = f"the next slot of the rate limit is free in {wait:.1f} s at the earliest"
    return _not_admitted(wait, f"{at_best}, but max_wait is {max_wait:g} s; no request was sent")


def frozen_too_long(frozen: float) -> RateLimitError:
    """The error for a freeze after a 429 that lasts longer than the caller allows. No request was sent."""
    return _not_admitted(frozen, f"the server refuses requests of this account for {frozen:.0f} s; no request was sent")


def _not_admitted(seconds: float, message: str) -> RateLimitError:
    error = RateLimitError(message, request=NO_REQUEST, attempts=0)
    error.status_code, error.retry_after = _TOO_MANY_REQUESTS, seconds
    return error
