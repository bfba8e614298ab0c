"""Decides which request of a bulk call is sent next. Pure: `runner` reads the input, sends the requests and waits.

Each chunk has a `Reconciler` that yields its requests. At most `concurrency` requests are in flight, look-ups included;
the next one starts when any of them ends. Outcomes are returned in input order. While the oldest chunk is slow, other
chunks go on until twice as many chunks as requests are waiting, so that memory is bounded. The first chunk runs alone:
if its first request shows that the credentials are invalid or the server is unreachable, that error is raised and
nothing was done. `circuit_breaker` decides when later errors stop the call.

If the input, `on_send` or `on_progress` raises, the call ends early: nothing more is read or sent, all items that were
read get their outcomes, and then the error is raised.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sendblue_contacts.errors import SendblueError

from .batching import AdaptiveBatchSize, Chunker
from .circuit_breaker import CircuitBreaker
from .duplicates import Deduplicator
from .reconciler import SEND, NotSentError, ReadLag, Reconciler, Request, is_too_large

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .actions import BulkAction
    from .batching import BatchLimits
    from .results import BulkOutcome
    from .types import Chunk, Duplicates, OnSend

P = TypeVar("P")
V = TypeVar("V")
Argument = TypeVar("Argument")


class BulkScheduler(Generic[P, V]):
    """Schedules the requests of one bulk call.

    `failure` is the error that the call has to raise after the outcomes of all items that were read; None for none.
    """

    def __init__(
        self,
        action: BulkAction[P, V],
        limits: BatchLimits,
        duplicates: Duplicates | None = None,
        *,
        check_existing: bool = False,
        on_send: OnSend | None = None,
        read_lag: float = 0.0,
    ) -> None:
        self._size = AdaptiveBatchSize(limits)
        self.chunker: Chunker[P] = Chunker(action, self._size, Deduplicator(action, duplicates))
        self.concurrency: int = limits.concurrency
        self.failure: Exception | None = None
        lag = ReadLag(seconds=read_lag, since_start=read_lag)
        self._reconciler = partial(Reconciler[P, V], action, check_existing=check_existing, read_lag=lag)
        self._on_send = on_send
        self._breaker = CircuitBreaker(limits.concurrency)
        self._chunks: deque[Reconciler[P, V]] = deque()  # in input order
        self._in_flight: dict[int, Reconciler[P, V]] = {}  # by the id of the request
        self._first_chunk_done = self._input_ended = False

    @property
    def wants_chunk(self) -> bool:
        """Whether to read another chunk, once all requests that can be sent are in flight."""
        if self._input_ended:
            return False
        if not self._first_chunk_done:
            return not self._chunks
        return len(self._in_flight) < self.concurrency and len(self._chunks) < 2 * self.concurrency

    def add_chunk(self, chunk: Chunk[P] | None) -> None:
        """Add the next chunk; None at the end of the input."""
        if chunk is None:
            self._input_ended = True
        else:
            self._chunks.append(self._reconciler(chunk))

    def abort(self, error: Exception) -> None:
        """Read and send nothing more, and raise this error at the end."""
        self._input_ended = True
        self.failure = self.failure or error
        self._breaker.stop(error, SEND)
        for chunk in self.chunker.flush():
            self.add_chunk(chunk)

    def call(self, callback: Callable[[Argument], object], argument: Argument) -> None:
        """Call code of the caller. If it raises, the bulk call ends early; later callbacks are skipped."""
        if self.failure is None:
            try:
                callback(argument)
            except Exception as error:  # noqa: BLE001  # raised after the outcomes of all items that were read
                self.abort(error)

    def requests(self) -> Iterator[Request]:
        """Yields the requests to send now, after calling `on_send`."""
        while chunk := self._next_chunk():
            request = chunk.pending.popleft()
            if error := self._breaker.error(request.kind) or self._announce(request):
                chunk.receive(request, error)
            else:
                self._in_flight[id(request)] = chunk
                yield request

    def receive(self, request: Request, response: object) -> None:
        """Take the response to a request, or its error, which is raised if it is fatal and the first response."""
        self._breaker.record(request.kind, response)
        if isinstance(response, Exception) and not isinstance(response, SendblueError):
            self.abort(response)
        if request.kind == SEND:
            self._adapt_size(request, response)
        self._in_flight.pop(id(request)).receive(request, response)

    def pop_outcomes(self) -> list[BulkOutcome[V]] | None:
        """Returns the outcomes of the next chunk in input order; None if it is not finished."""
        if not self._chunks or self._chunks[0].outcomes is None:
            return None
        self._first_chunk_done = self._breaker.has_response
        return self._chunks.popleft().outcomes

    def _next_chunk(self) -> Reconciler[P, V] | None:
        """The oldest chunk with a request that can be sent, or that is no longer sent and fails."""
        is_full = len(self._in_flight) >= self.concurrency
        pending = (chunk for chunk in self._chunks if chunk.pending)
        return next((chunk for chunk in pending if not is_full or self._breaker.error(chunk.pending[0].kind)), None)

    def _announce(self, request: Request) -> NotSentError | None:
        """Call `on_send`. Returns an error if the request must not be sent after that."""
        if self._on_send and request.indices:
            self.call(self._on_send, request.indices)
        return self._breaker.error(request.kind)

    def _adapt_size(self, request: Request, response: Any) -> None:  # noqa: ANN401  # a decoded response
        count = len(request.indices)
        if not isinstance(response, Exception):
            self._size.accepted(count, request.size_bytes)
        elif count > 1 and is_too_large(response):
            self._size.rejected(count, request.size_bytes)
