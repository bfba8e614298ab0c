"""Decides when a bulk call stops sending. Pure.

    | what happened                                          | what is no longer sent  |
    |--------------------------------------------------------|-------------------------|
    | fatal error on the first request                       | the error is raised     |
    | fatal error on a later request                         | items and look-ups      |
    | 3 lost requests in a row per request allowed in flight | items                   |
    | 3 failed look-ups in a row                             | items and look-ups      |
    | an error in the input or in a callback of the caller   | items                   |

A fatal error is one that the next request would raise as well, such as invalid credentials or an unreachable server.
Where only items are no longer sent, items with an unknown result are still looked up. Items that are not sent are
failed, with the error as their reason, and the caller can retry them.
"""

from __future__ import annotations

from typing import cast

from sendblue_contacts import errors

from .reconciler import LOOK_UP, SEND, NotSentError, RequestKind, describe, maybe_applied

MAX_CONSECUTIVE_FAILURES = 3
"""Look-ups in a row that fail, or requests in a row that are lost per request in flight, before sending stops."""


def is_fatal(error: Exception) -> bool:
    """Whether the next request would fail in the same way."""
    if isinstance(error, errors.APIConnectionError):
        return not error.maybe_applied
    denied = isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError)
    return denied or not isinstance(error, errors.APIError | errors.APIResponseError)


class CircuitBreaker:
    """Stops requests of a kind after certain errors. `has_response`: whether any request was answered."""

    def __init__(self, concurrency: int) -> None:
        self.has_response: bool = False
        self._stopped: dict[RequestKind, NotSentError] = {}
        self._failures = {SEND: 0, LOOK_UP: 0}
        self._max_failures = {SEND: MAX_CONSECUTIVE_FAILURES * concurrency, LOOK_UP: MAX_CONSECUTIVE_FAILURES}

    def error(self, kind: RequestKind) -> NotSentError | None:
        """The error for requests that are no longer sent; None if this kind is still sent."""
        return self._stopped.get(kind)

    def stop(self, error: Exception, *kinds: RequestKind) -> None:
        """Stop sending requests of these kinds, because of this error."""
        for kind in kinds:
            self._stopped.setdefault(kind, NotSentError(f"not sent: {describe(error)}"))

    def record(self, kind: RequestKind, response: object) -> None:
        """Record the response to a request, or its error, which is raised if it is fatal and the first response."""
        if isinstance(response, Exception) and is_fatal(response):
            if not self.has_response:
                raise response
            self.stop(response, SEND, LOOK_UP)
        self.has_response = True
        failed = isinstance(response, Exception) and (kind == LOOK_UP or maybe_applied(response))
        self._failures[kind] = self._failures[kind] + 1 if failed else 0
        if self._failures[kind] >= self._max_failures[kind]:
            self.stop(cast("Exception", response), SEND, kind)
