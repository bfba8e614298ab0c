"""Bulk calls, their course: which request goes out when, and when nothing more is sent. Pure: drivers send and wait.

At most `concurrency` requests are on their way, look-ups among them, and the next one starts when any ends. Outcomes
come in the order of the input all the same. A slow chunk holds up the handing out, and the reading only when as many
chunks again are waiting behind it. The first chunk goes alone: when its first request finds that the credentials are
wrong or that nobody is there, that is raised, for nothing was done.

When that is found later, or the server falls silent, nothing more is sent: what was not sent is failed and says so, and
can be given again. It has fallen silent after three look-ups in a row without an answer, or after so many lost requests
in a row that all places have been tried three times; in the latter case what was lost is still looked for.

When what is not ours fails (the input, `on_send`, `on_progress`), the call ends: nothing more is read or sent, what was
read gets its outcomes, and then the error is raised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from sendblue_contacts.errors import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    PermissionDeniedError,
    SendblueError,
)

from .batching import Chunker, Size
from .duplicates import Repeats
from .reconciler import (
    LOOK,
    SEND,
    Kind,
    NotSentError,
    Request,
    Settler,
    Settling,
    is_lost,
    told,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .actions import Job
    from .batching import Chunk, Limits
    from .duplicates import Duplicates
    from .results import BulkOutcome

R = TypeVar("R")
V = TypeVar("V")

OnSend = Callable[[tuple[int, ...]], object]
"""Is told which items a request carries, by their places in the input, right before it is sent."""

PATIENCE = 3
"""Look-ups in a row without an answer, or lost requests in each place, after which nothing more is sent."""


def is_hopeless(error: Exception) -> bool:
    """Whether the next request would fail in the same way."""
    if isinstance(error, APIConnectionError):
        return not error.lost
    refused = isinstance(error, AuthenticationError | PermissionDeniedError)
    return refused or not isinstance(error, APIError | APIResponseError)


class Parcel(Generic[V]):
    """A chunk on its way.

    Attributes:
        waiting: Its requests that were not sent yet.
        outcomes: What became of its items, once that is settled.
    """

    def __init__(self, settling: Settling[V]) -> None:
        self._settling = settling
        self._unanswered = 0
        self.waiting: deque[Request] = deque()
        self.outcomes: list[BulkOutcome[V]] | None = None
        self._go_on()

    def answered(self, request: Request, answer: object) -> None:
        """One of its requests was answered."""
        request.answer = answer
        self._unanswered -= 1
        if not self._unanswered:
            self._go_on()

    def _go_on(self) -> None:
        try:
            self.waiting.extend(next(self._settling))
        except StopIteration as done:
            self.outcomes = done.value
        self._unanswered = len(self.waiting)


class Course(Generic[R, V]):
    """The course of one bulk call.

    Attributes:
        chunker: Cuts the input.
        concurrency: The most requests at one time.
        failure: What the call has to raise when all that was read has its outcome, if anything.
    """

    def __init__(
        self, job: Job[R, V], limits: Limits, duplicates: Duplicates | None = None, *, look_first: bool = False
    ) -> None:
        self._job = job
        self._look_first = look_first
        self._size = Size(limits)
        self.chunker: Chunker[R] = Chunker(job, self._size, Repeats(job, duplicates))
        self.concurrency: int = limits.concurrency
        self.failure: Exception | None = None
        self._parcels: deque[Parcel[V]] = deque()
        self._in_flight: dict[int, Parcel[V]] = {}
        self._reached = self._started = self._ended = False
        self._stopped: dict[Kind, NotSentError | None] = {SEND: None, LOOK: None}
        self._silent: dict[Kind, int] = {SEND: 0, LOOK: 0}

    @property
    def hungry(self) -> bool:
        """Whether another chunk is to be read, now that all requests that can be sent were."""
        if self._ended or not self._started:
            return not (self._ended or self._parcels)
        return len(self._in_flight) < self.concurrency and len(self._parcels) < 2 * self.concurrency

    def add(self, chunk: Chunk[R] | None) -> None:
        """Take in the next chunk; None: there are no more."""
        if chunk is None:
            self._ended = True
        else:
            settler = Settler(self._job, chunk, self._size)
            self._parcels.append(Parcel(settler.settle(look_first=self._look_first)))

    def end(self, error: Exception) -> None:
        """Something that is not ours failed: read and send nothing more, and raise it in the end."""
        self._ended = True
        self.failure = self.failure or error
        self._stop(error, SEND)
        for chunk in self.chunker.rest():
            self.add(chunk)

    def requests(self, on_send: OnSend | None) -> Iterator[Request]:
        """The requests to be sent now.

        Args:
            on_send: Is told before each of them which items it carries; of look-ups it is told nothing.
        """
        while parcel := self._next():
            request = parcel.waiting.popleft()
            if not self._stopped[request.kind]:
                self._announce(request, on_send)
            if stopped := self._stopped[request.kind]:
                parcel.answered(request, stopped)
            else:
                self._in_flight[id(request)] = parcel
                yield request

    def answered(self, request: Request, answer: object) -> None:
        """A request was answered, with a value or an error.

        Raises:
            Exception: This error, which is hopeless, came of the first request.
        """
        parcel = self._in_flight.pop(id(request))
        if isinstance(answer, Exception):
            self._note(answer)
        self._reached = True
        self._count(request.kind, answer)
        parcel.answered(request, answer)

    def outcomes(self) -> list[BulkOutcome[V]] | None:
        """The outcomes of the next chunk in the order of the input; None if it is not settled yet."""
        if not self._parcels or self._parcels[0].outcomes is None:
            return None
        self._started = self._started or self._reached
        return self._parcels.popleft().outcomes

    def _next(self) -> Parcel[V] | None:
        """The first chunk with a request for which there is a place, or which is not sent any more."""
        full = len(self._in_flight) >= self.concurrency
        waiting = (parcel for parcel in self._parcels if parcel.waiting)
        return next((parcel for parcel in waiting if not full or self._stopped[parcel.waiting[0].kind]), None)

    def _announce(self, request: Request, on_send: OnSend | None) -> None:
        if on_send is None or not request.places:
            return
        try:
            on_send(request.places)
        except Exception as error:  # noqa: BLE001  # it is raised when everything has its outcome
            self.end(error)

    def _note(self, error: Exception) -> None:
        if not is_hopeless(error):
            return
        if not self._reached:
            raise error
        self._stop(error, SEND, LOOK)
        if not isinstance(error, SendblueError):
            self.end(error)

    def _count(self, kind: Kind, answer: object) -> None:
        failed = isinstance(answer, Exception) and (kind == LOOK or is_lost(answer))
        self._silent[kind] = self._silent[kind] + 1 if failed else 0
        if self._silent[kind] >= PATIENCE * (self.concurrency if kind == SEND else 1):
            self._stop(cast("Exception", answer), SEND, kind)

    def _stop(self, error: Exception, *kinds: Kind) -> None:
        for kind in kinds:
            self._stopped[kind] = self._stopped[kind] or NotSentError(f"not sent: {told(error)}")
