"""Decides which request of a bulk call is sent next. Pure: `_async/bulk.py` reads the input, sends and waits.

Each chunk has a `Reconciler` that yields its requests. At most `concurrency` requests are in flight, look-ups included;
the next one starts when any of them ends. Outcomes are returned in input order. While the oldest chunk is slow, other
chunks go on until twice as many chunks as requests are waiting, so that memory is bounded. The first chunk runs alone:
if its first request shows that the credentials are invalid or the server is unreachable, that error is raised and
nothing was done. Later errors stop the call:

    | what happened                                          | what is no longer sent  |
    |--------------------------------------------------------|-------------------------|
    | fatal error: the next request would raise it as well   | items and look-ups      |
    | 3 lost requests in a row per request allowed in flight | items                   |
    | 3 failed look-ups in a row                             | items and look-ups      |
    | an error in the input or in a callback of the caller   | items                   |

Where only items are no longer sent, items with an unknown result are still looked up. Items that are not sent are
failed, with the error as their reason, and the caller can retry them. After an error in the input, `on_send` or
`on_progress`, nothing more is read either, and the error is raised after the outcomes of all items that were read.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sendblue_contacts import errors

from .batching import Chunker
from .chunk_size import is_timeout
from .reconciler import LOOK_UP, SEND, NotSentError, Reconciler, Request, describe, is_too_large, maybe_applied
from .server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .actions import BulkAction
    from .batching import BatchLimits
    from .chunk_size import ChunkSize, LearnedSize
    from .reconciler import RequestKind
    from .types import Chunk, Duplicates, OnSend

P = TypeVar("P")
V = TypeVar("V")

MAX_CONSECUTIVE_FAILURES = 3  # look-ups in a row that fail, or requests in a row that are lost per request in flight


class BulkScheduler(Generic[P, V]):
    """Schedules the requests of one bulk call.

    `failure` is the error that the call has to raise after the outcomes of all items that were read; None for none.
    """

    def __init__(
        self,
        action: BulkAction[P, V],
        items: Any,  # noqa: ANN401  # an iterable, or an asynchronous one in the async client
        limits: BatchLimits,
        duplicates: Duplicates | None = None,
        *,
        check_existing: bool = False,
        since: float | None = None,
        on_send: OnSend | None = None,
        read_lag: float = 0.0,
        learned: LearnedSize | None = None,
    ) -> None:
        self.items: Any = action.check_iterable(items)
        self.chunker: Chunker[P] = Chunker(action, limits, duplicates, learned)
        self.concurrency: int = limits.concurrency
        self.failure: Exception | None = None
        self.in_flight: dict[int, Reconciler[P, V]] = {}  # by the id of the request
        self._size: ChunkSize = self.chunker.size
        self._clock = ServerClock()
        reconciler = partial(Reconciler[P, V], action, self._size, self._clock)
        self._reconciler = partial(reconciler, check_existing=check_existing, read_lag=read_lag, since=since)
        self._read_lag = read_lag
        self._on_send = on_send
        self._breaker = _CircuitBreaker(limits.concurrency)
        self._chunks: deque[Reconciler[P, V]] = deque()  # in input order
        self._first_chunk_done = self._input_ended = False

    @property
    def wants_chunk(self) -> bool:
        """Whether to read another chunk, once all requests that can be sent are in flight."""
        if self._input_ended:
            return False
        if not self._first_chunk_done:
            return not self._chunks
        return len(self.in_flight) < self.concurrency and len(self._chunks) < 2 * self.concurrency

    def add_chunk(self, chunk: Chunk[P] | None) -> None:
        """Add the next chunk; None at the end of the input."""
        if chunk is None:
            self._input_ended = True
        else:
            lag_before = 0.0 if self._first_chunk_done else self._read_lag
            self._chunks.append(self._reconciler(chunk, lag_before=lag_before))

    def abort(self, error: Exception) -> None:
        """Read and send nothing more, and raise this error at the end."""
        self._input_ended = True
        self.failure = self.failure or error
        self._breaker.stop(error, SEND)
        for chunk in self.chunker.flush():
            self.add_chunk(chunk)

    def call(self, callback: Callable[[], object]) -> None:
        """Call code of the caller. If it raises, the bulk call ends early; later callbacks are skipped."""
        if self.failure is None:
            try:
                callback()
            except Exception as error:  # noqa: BLE001  # raised after the outcomes of all items that were read
                self.abort(error)

    def requests(self) -> Iterator[Request]:
        """Yields the requests to send now, after calling `on_send`."""
        while chunk := self._next_chunk():
            request = chunk.pending.popleft()
            if self._on_send and request.kind == SEND and SEND not in self._breaker.stopped:
                self.call(partial(self._on_send, request.indices))
            if error := self._breaker.stopped.get(request.kind):
                request.response = error
                chunk.receive_response()
            else:
                self.in_flight[id(request)] = chunk
                yield request

    def receive(self, request: Request) -> None:
        """Take a request with its response, or its error, which is raised if it is fatal and the first response."""
        self._breaker.record(request.kind, request.response)
        self._clock.observe(request.date, request.received_at)
        if request.kind == SEND:
            self._record_size(request, len(request.indices))
        if isinstance(request.response, Exception) and not isinstance(request.response, errors.SendblueError):
            self.abort(request.response)
        self.in_flight.pop(id(request)).receive_response()

    def _record_size(self, request: Request, count: int) -> None:
        response = request.response
        if not isinstance(response, Exception):
            self._size.accepted(count, request.size_bytes, request.seconds, request.unsent)
        elif count > 1 and is_too_large(response):
            self._size.refused(count, request.size_bytes)
        elif is_timeout(response):
            self._size.timed_out(count)

    def pop_chunk(self) -> Chunk[P] | None:
        """Returns the next chunk in input order, with the results of its items; None if it is not finished."""
        if not self._chunks or not self._chunks[0].is_done:
            return None
        self._first_chunk_done = self._breaker.has_response
        return self._chunks.popleft().chunk

    def _next_chunk(self) -> Reconciler[P, V] | None:
        """The oldest chunk with a request that can be sent, or that is no longer sent and fails."""
        is_full = len(self.in_flight) >= self.concurrency
        pending = (chunk for chunk in self._chunks if chunk.pending)
        return next((chunk for chunk in pending if not is_full or chunk.pending[0].kind in self._breaker.stopped), None)


def _is_fatal(error: Exception) -> bool:
    if isinstance(error, errors.APIConnectionError):
        return not error.maybe_applied
    denied = isinstance(error, errors.AuthenticationError | errors.PermissionDeniedError)
    return denied or not isinstance(error, errors.APIError | errors.APIResponseError)


class _CircuitBreaker:
    def __init__(self, concurrency: int) -> None:
        self.has_response = False
        self.stopped: dict[RequestKind, NotSentError] = {}  # the errors for requests that are no longer sent
        self._failures = {SEND: 0, LOOK_UP: 0}
        self._max_failures = {SEND: MAX_CONSECUTIVE_FAILURES * concurrency, LOOK_UP: MAX_CONSECUTIVE_FAILURES}

    def stop(self, error: Exception, *kinds: RequestKind) -> None:
        for kind in kinds:
            self.stopped.setdefault(kind, NotSentError(f"not sent: {describe(error)}"))

    def record(self, kind: RequestKind, response: object) -> None:
        """Record the response to a request, or its error, which is raised if it is fatal and the first response."""
        if isinstance(response, Exception) and _is_fatal(response):
            if not self.has_response:
                raise response
            self.stop(response, SEND, LOOK_UP)
        self.has_response = True
        failed = isinstance(response, Exception) and (kind == LOOK_UP or maybe_applied(response))
        self._failures[kind] = self._failures[kind] + 1 if failed else 0
        if self._failures[kind] >= self._max_failures[kind]:
            self.stop(cast("Exception", response), SEND, kind)
