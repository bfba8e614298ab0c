"""The exceptions of this library, the exception class of each HTTP status, and the functions that make them.

    SendblueError
    ├── APIError                      the API responded with an error status
    │   ├── BadRequestError           400
    │   ├── AuthenticationError       401
    │   ├── PermissionDeniedError     403
    │   ├── NotFoundError             404
    │   ├── ConflictError             409
    │   ├── PayloadTooLargeError      413
    │   ├── UnprocessableEntityError  422
    │   ├── RateLimitError            429 (.retry_after)
    │   └── InternalServerError       500 and above
    ├── APIResponseError              the response is not what the API documents
    ├── APIConnectionError            there was no response
    │   └── APITimeoutError           there was no response within the timeout
    ├── InvalidPhoneNumberError       (also a ValueError) a phone number is not valid; no request was sent
    ├── IncompleteListError           a listing cannot reach every contact
    ├── BulkError                     a bulk call did not process every item (.result); defined in `bulk.results`
    ├── RateLimitStoreError           the rate limit store cannot be used; no request was sent
    └── CredentialsError              the credentials are missing or not valid

The text of an error states what happened, to which request, and what to do about it. It masks phone numbers, e-mail
addresses, the credentials and the values that were sent. A pickled error contains neither headers nor bodies.
"""

from __future__ import annotations

import math
import time
from datetime import UTC
from typing import TYPE_CHECKING, Any, cast

from ._masking import RequestSummary as RequestSummary  # noqa: PLC0414  # exported: the type of `error.request`
from ._masking import mask, sent_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

_MAX_MESSAGE_LENGTH = 300
MAX_RETRY_AFTER = 86_400.0
"""The longest `Retry-After` that is respected, in seconds. A longer one is in milliseconds, or a mistake."""


class SendblueError(Exception):
    """Base class of every exception of this library."""


class CredentialsError(SendblueError):
    """The API key or the API secret is missing, or contains a character that a header cannot carry."""


class RateLimitStoreError(SendblueError):
    """The store that shares the rate limit cannot be reached or used. No request was sent."""


class InvalidPhoneNumberError(SendblueError, ValueError):
    """A phone number is not valid E.164. No request was sent."""


class IncompleteListError(SendblueError):
    """A listing cannot reach every contact. The contacts that it returned so far are correct.

    Attributes:
        seen: Number of contacts that it returned.
    """

    def __init__(self, message: str, seen: int = 0) -> None:
        super().__init__(message)
        self.seen = seen


class _RequestError(SendblueError):
    """An error of one request. Pickling keeps its attributes except the response, whose body is personal data."""

    def __init__(self, message: str, *, request: RequestSummary, attempts: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.request = request
        self.attempts = attempts
        self.maybe_applied = False
        """Whether the server may have applied the request: an attempt may have arrived without a response."""
        self.response: httpx.Response | None = None

    def __str__(self) -> str:
        attempts = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.request}{attempts}: {self.args[0]}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).__new__, (type(self), *self.args), {**self.__dict__, "response": None}


class APIError(_RequestError):
    """The API responded with an error status.

    Attributes:
        status_code: The HTTP status.
        message: The message of the server; the default is a description of the status.
        request: Method and masked path.
        response: The `httpx.Response`; None after pickling.
        attempts: Number of requests that were sent.
    """

    status_code: int = 0


class BadRequestError(APIError):
    """400: a field is missing or invalid."""


class AuthenticationError(APIError):
    """401: the credentials are invalid."""


class PermissionDeniedError(APIError):
    """403: the request had no credentials, or this host does not serve the account."""


class NotFoundError(APIError):
    """404: there is no contact with this number."""


class ConflictError(APIError):
    """409: a contact with this number already exists."""


class PayloadTooLargeError(APIError):
    """413: the request is too large."""


class UnprocessableEntityError(APIError):
    """422: the API cannot process the request."""


class RateLimitError(APIError):
    """429: the account sent too many requests; or the wait for a slot would be longer than the caller allows.

    Attributes:
        retry_after: Seconds to wait before the next request, if known.
    """

    retry_after: float | None = None


class InternalServerError(APIError):
    """500 and above: the server failed."""


class APIResponseError(_RequestError):
    """The response is not what the API documents: HTML, broken JSON, or a status 200 whose body reports an error."""

    status_code: int = 0


class APIConnectionError(_RequestError):
    """There was no response. The server may or may not have received the request."""


class APITimeoutError(APIConnectionError):
    """There was no response within `timeout` seconds. The server may or may not have received the request."""


_STATUSES: dict[int, tuple[type[APIError], str, str]] = {
    400: (BadRequestError, "a field is missing or invalid", ""),
    401: (AuthenticationError, "the credentials are invalid", "check SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET"),
    403: (
        PermissionDeniedError,
        "the request had no credentials, or this host does not serve the account",
        "check the credentials and base_url: the API has two host names, and one of them may not serve this account",
    ),
    404: (NotFoundError, "not found", ""),
    409: (ConflictError, "the request conflicts with what the account has", ""),
    413: (PayloadTooLargeError, "the request is too large", "send fewer contacts in each request"),
    422: (UnprocessableEntityError, "the API cannot process the request", ""),
    429: (
        RateLimitError,
        "too many requests",
        "wait before sending more, and check whether another program uses the same account",
    ),
}
"""The exception class of each status, its message if the server sends none, and a hint."""
_HINTS = {(409, "POST /api/v2/contacts"): "use contacts.upsert() to update an existing contact"}
"""The hint about a status that one request gets for a reason of its own."""
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429


def status_error(response: httpx.Response, request: RequestSummary, attempts: int = 1) -> APIError:
    """Make the error for a response with an error status. The body was read."""
    status = response.status_code
    other = InternalServerError if status >= _SERVER_ERROR else APIError
    cls, description, hint = _STATUSES.get(status, (other, _masked(response.reason_phrase, response), ""))
    hint = _HINTS.get((status, str(request)), hint)
    message = server_message(response) or description or "the server failed"
    error = cls(f"status {status}: {message}{hint and f' ({hint})'}", request=request, attempts=attempts)
    error.status_code, error.message, error.response = status, message, response
    if isinstance(error, RateLimitError):
        error.retry_after = retry_after(response)
    return error


def unexpected_response(
    response: httpx.Response, problem: str, request: RequestSummary, attempts: int = 1
) -> APIResponseError:
    """Make the error for a response that is not what the API documents. Values that were sent are masked in it."""
    status, problem = response.status_code, _masked(problem, response)
    text = f"status {status}: {problem}; check that base_url is the address of the API, not of a proxy or login page"
    error = APIResponseError(text, request=request, attempts=attempts)
    error.status_code, error.message, error.response = status, problem, response
    return error


def closed_error() -> SendblueError:
    """Make the error for a call on a closed client."""
    return SendblueError("this client is closed; create a new one, or make the calls inside its `with` block")


def wait_too_long(seconds: float, max_wait: float) -> RateLimitError:
    """Make the error for a wait of at least so many seconds for a slot, which is longer than the caller allows."""
    return _not_sent(
        f"the next slot of the rate limit is free in {seconds:.1f} s at the earliest, but max_wait is {max_wait:g} s",
        seconds,
    )


def frozen_too_long(seconds: float) -> RateLimitError:
    """Make the error for a pause after a 429, of which so many seconds are left: longer than the caller waits."""
    return _not_sent(f"the server rejects requests of this account for another {seconds:.0f} s", seconds)


def _not_sent(problem: str, seconds: float) -> RateLimitError:
    request = RequestSummary("rate limit", "slot")  # the transport replaces it where a request waits
    error = RateLimitError(f"{problem}; no request was sent", request=request, attempts=0)
    error.status_code, error.retry_after = _TOO_MANY_REQUESTS, seconds
    return error


def safe_cause(error: httpx.RequestError) -> httpx.RequestError | None:
    """Return the error if it may be shown. A protocol error quotes what the server sent, and may not."""
    from ._httpx import httpx  # noqa: PLC0415  # errors can be imported without httpx

    return None if isinstance(error, httpx.ProtocolError) else error


def request_error(
    error: httpx.RequestError, method: str, path: str, attempts: int, *, maybe_applied: bool = True
) -> APIConnectionError | APIResponseError:
    """Make the error for a request without a response, or with a body that cannot be read, from that of httpx."""
    from ._httpx import httpx  # noqa: PLC0415  # errors can be imported without httpx

    cause = _masked(f"{type(error).__name__}: {safe_cause(error) or 'the response is not HTTP'}".rstrip(": "), error)
    cls: type[APIConnectionError | APIResponseError] = APIConnectionError
    text = f"no response ({cause}); check the network and base_url"
    if isinstance(error, httpx.TimeoutException):
        hint = "increase timeout=, or the deadline of the retries, and check whether the request was applied"
        cls, text = APITimeoutError, f"no response within the timeout ({cause}); {hint}"
    elif isinstance(error, httpx.DecodingError):
        cls, text = APIResponseError, f"{error}; check that base_url is the address of the API, not of a proxy"
        maybe_applied = True
    made = cls(text, request=RequestSummary.of(method, path), attempts=attempts)
    made.maybe_applied = maybe_applied
    return made


def server_message(response: httpx.Response) -> str | None:
    """Return the error message of a response, masked: `message`, `error` or `error_message`, or a plain-text body."""
    try:
        body = response.json()
    except (ValueError, RecursionError):  # RecursionError: the JSON is nested too deeply
        text = response.text.strip()
        return _masked(text, response) if text and not text.startswith("<") else None  # HTML is a page of a proxy
    values = cast("dict[str, object]", body) if isinstance(body, dict) else {}
    candidates = (values.get(key) for key in ("message", "error", "error_message"))
    return next((_masked(text, response) for text in candidates if isinstance(text, str) and text), None)


def _masked(text: str, of: httpx.Response | httpx.RequestError) -> str:
    """Return the beginning of a text, without the credentials and the values of the request that it is about."""
    return mask(text, sent_texts(of))[:_MAX_MESSAGE_LENGTH]


def retry_after(response: httpx.Response, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds of `Retry-After`, or None if the header is missing or cannot be read.

    It is a number of seconds or a date; a date in the past gives 0, and one day is the maximum. `now` returns the time
    in seconds since 1970.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), MAX_RETRY_AFTER)
    date = http_date(value)
    return None if date is None else min(max(0.0, date - now()), MAX_RETRY_AFTER)


def http_date(value: str) -> float | None:
    """Return the date of a header in seconds since 1970; None if it cannot be read."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # slow to import and rarely needed

    try:
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()  # a date without a zone is in GMT


def check_seconds(name: str, seconds: Any, *, positive: bool = True, finite: bool = False) -> float:  # noqa: ANN401  # checks the type itself
    """Return a setting in seconds as a float if it is a valid number, which may be 0 unless it is `positive`."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if is_number and (seconds > 0 or (seconds == 0 and not positive)) and not (finite and seconds == math.inf):
        return float(seconds)
    kind = "a positive number of seconds" if positive else "a number of seconds, 0 or more"
    raise ValueError(f"{name} must be {kind}, not {seconds!r}")


def check_size(name: str, value: object, maximum: int | None = None) -> int:
    """Return a number of contacts if it is an int from 1 to `maximum`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 1 or (maximum is not None and value > maximum):
        allowed = "1 or more" if maximum is None else f"between 1 and {maximum}"
        raise ValueError(f"{name} must be {allowed}, not {value}")
    return value
