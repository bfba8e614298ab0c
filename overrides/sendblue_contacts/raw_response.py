"""The response of a call: raw, or read back if it was lost. Pure.

`contacts.with_raw_response` returns an `httpx.Response` whose `parse()` returns the typed value. `look_ups` decides how
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
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ._httpx import httpx
from .body import discard_connection
from .errors import APIConnectionError, APIResponseError, SendblueError
from .retry import Call, look_up_pauses

if TYPE_CHECKING:
    from collections.abc import Generator

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

    @property
    def slowest_attempt(self) -> float:
        """How long the slowest attempt of the call took, in seconds, without waits."""
        return self._call.slowest_attempt

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


def look_ups(
    operation: Operation[V], response: httpx.Response | None, call: Call
) -> Generator[tuple[Operation[V], Call], Any, RawResponse[V] | None]:
    """Find out what a call did, after its last response, if any.

    Yields each look-up with its call, which begins with a pause; send it the response or the SendblueError. Returns the
    response that the call returns; None for the outcome of its last attempt.
    """
    look_up, policy = operation.read_back, call.retry
    conflict = response is not None and response.status_code == operation.conflict_status
    if look_up is None or policy is None or not call.maybe_applied or not (response is None or conflict):
        return None
    waited, result = 0.0, None
    for pause in look_up_pauses(3 * policy.read_lag) if conflict else [policy.read_lag]:
        left = call.seconds_left - pause
        if left <= 0:
            break
        waited += pause
        retry = replace(policy, deadline=None if policy.deadline is None else left)
        call = Call(repeatable=True, retry=retry, bulk=call.bulk, max_wait=call.max_wait, delay=pause)
        outcome = yield look_up, call
        if isinstance(outcome, SendblueError):
            if conflict:
                raise look_up.ambiguity_error(call, outcome) from outcome
            break
        shown = look_up.is_shown_by(outcome, call)
        if shown or conflict:
            result = RawResponse.of(outcome, look_up, call)
        if shown or (outcome.is_success and waited >= policy.read_lag):
            break
    return result
