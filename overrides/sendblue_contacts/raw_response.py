"""What `contacts.with_raw_response` returns: an `httpx.Response` whose `parse()` returns the typed value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from ._httpx import httpx
from .body import discard_connection
from .errors import APIConnectionError, APIResponseError

if TYPE_CHECKING:
    from .operations import Operation
    from .retry import Call

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
