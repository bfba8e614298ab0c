"""The response of a call: raw, or read back if it was lost. Pure.

`contacts.with_raw_response` returns an `httpx.Response` whose `parse()` returns the typed value. `ReadBack` decides how
a contact is read back after the response to a single call was lost.

Reads may lag behind writes, by `Retry.read_lag` seconds: until then, a look-up that does not show the write proves
nothing, and a contact that it shows may have been changed or deleted since.

    | last attempt                       | look-ups                                  | if none shows the write   |
    |------------------------------------|-------------------------------------------|---------------------------|
    | the status of a repeated request,  | at once, and again with growing pauses:   | APIConnectionError        |
    | 409 (create) or 404 (new number)   | for `read_lag` if they show other values, |                           |
    |                                    | three times that if they show no contact  |                           |
    | no response                        | one, after `read_lag`                     | error of the last attempt |
    | any other response                 | none                                      | its error                 |

All of it ends with the deadline of the call.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from ._httpx import httpx
from .body import discard_connection
from .errors import APIConnectionError, APIResponseError
from .retry import Call, Retry, look_up_pauses

if TYPE_CHECKING:
    from .errors import SendblueError
    from .operations import Operation

T = TypeVar("T")
V = TypeVar("V")


class RawResponse(httpx.Response, Generic[T]):
    """An httpx response that can still be parsed as the value that the call returns."""

    _operation: Operation[T]
    _call: Call

    @staticmethod
    def of(response: httpx.Response, operation: Operation[V], call: Call) -> RawResponse[V]:
        """Return `response` as the raw response to `operation`."""
        raw = cast("RawResponse[V]", object.__new__(RawResponse))
        raw.__dict__.update(response.__dict__, _operation=operation, _call=call)
        return raw

    def parse(self) -> T:
        """Return the value that the call returns.

        Raises:
            APIError: The status is an error.
            APIResponseError: The response is not what the API documents.
        """
        try:
            return self._operation.finish(self, self._call)
        except (APIResponseError, APIConnectionError):
            # What the server sends next over this connection may be the response to this request.
            discard_connection(self.extensions.get("network_stream"))
            raise


class ReadBack(Generic[T]):
    """The look-ups after a call. `result` is the response that it returns; None for the outcome of its last attempt."""

    def __init__(self, operation: Operation[T], lost: Call, retry: Retry, *, conflict: bool) -> None:
        self.operation = operation
        self.result: RawResponse[T] | None = None
        self._call, self._retry, self._conflict = lost, retry, conflict
        self._pauses = look_up_pauses(3 * retry.read_lag) if conflict else iter([retry.read_lag])
        self._waited = 0.0

    @staticmethod
    def after(operation: Operation[V], response: httpx.Response | None, call: Call) -> ReadBack[V] | None:
        """Return the look-ups after a call and its last response, if any; None if they are not needed, or no use."""
        if operation.read_back is None or call.retry is None or not call.maybe_applied:
            return None
        status = None if response is None else response.status_code
        conflict = status is not None and status == operation.conflict_status
        is_open = status is None or conflict
        return ReadBack(operation.read_back, call, call.retry, conflict=conflict) if is_open else None

    def next_call(self) -> Call | None:
        """Return the call of the next look-up, which begins with a pause; None if there is no other."""
        pause, left = next(self._pauses, None), self._call.seconds_left
        if pause is None or pause >= left:
            return None
        self._waited += pause
        retry = replace(self._retry, deadline=None if self._retry.deadline is None else left - pause)
        self._call = Call(repeatable=True, retry=retry, bulk=self._call.bulk, max_wait=self._call.max_wait, delay=pause)
        return self._call

    def accept(self, response: httpx.Response) -> None:
        """Take the response to a look-up."""
        shown = self.operation.is_shown_by(response, self._call)
        if shown or self._conflict:
            self.result = RawResponse.of(response, self.operation, self._call)
        if shown or (response.is_success and self._waited >= self._retry.read_lag):
            self._pauses = iter(())

    def fail(self, error: SendblueError) -> None:
        """Take the error of a look-up; raise APIConnectionError after a conflict."""
        self._pauses = iter(())
        if self._conflict:
            raise self.operation.ambiguity_error(self._call, error) from error
