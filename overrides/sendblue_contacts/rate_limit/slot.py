"""Rate limit, what a caller holds: a slot for one request, and the steps on the way to it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple, Self, cast

from .stores import Answer, Question, StoreAwayError, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from .limiter import RateLimiter
    from .stores import Store
    from .turns import AsyncTurn, ThreadTurn, Turn


class Wait(NamedTuple):
    """A step: wait to be woken, for at most so many seconds (None: for ever)."""

    turn: Turn
    seconds: float | None

    def now(self) -> None:
        """Wait, on a thread's turn."""
        cast("ThreadTurn", self.turn).wait(self.seconds)

    async def soon(self) -> None:
        """Wait, on a task's turn."""
        await cast("AsyncTurn", self.turn).wait(self.seconds)


class Ask(NamedTuple):
    """A step: ask the store."""

    store: Store
    question: Question

    def now(self) -> Answer | StoreAwayError:
        """Ask; an error in place of an answer if none comes."""
        try:
            return self.store.ask(self.question)
        except StoreAwayError as error:
            return error

    async def soon(self) -> Answer | StoreAwayError:
        """As `now`, for tasks."""
        try:
            return await self.store.async_ask(self.question)
        except StoreAwayError as error:
            return error


Said = Answer | StoreAwayError | None
"""What became of a step: nothing of a wait."""

Steps = Generator[Wait | Ask, Said, None]
"""What has to be done until a slot is there. It is driven by threads and by tasks."""


class Slot:
    """A slot for one request: `with limiter.slot() as slot:` or `async with …`. Made by `RateLimiter.slot`.

    It waits for a free slot where the block begins, and gives it back where the block ends, however it ends.

    Attributes:
        waited: Seconds that it waited.
        free_since: When the slot of the window became free that it has.
        era: That of the limiter while it has a slot of the window; None if it has none.
    """

    __slots__ = ("_lease", "_limiter", "bulk", "era", "free_since", "max_wait", "patience", "waited")

    def __init__(self, limiter: RateLimiter, bulk: bool, max_wait: float | None, patience: float | None) -> None:  # noqa: FBT001  # made in one place, and often
        self._limiter = limiter
        self.bulk: bool = bulk
        self.max_wait: float | None = max_wait
        self.patience: float | None = patience
        self.waited: float = 0.0
        self.free_since: float = 0.0
        self.era: object = None
        self._lease: tuple[Store, int] | None = None

    def __enter__(self) -> Self:
        self._limiter.acquire(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._limiter.release(self)

    async def __aenter__(self) -> Self:
        await self._limiter.async_acquire(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._limiter.async_release(self)

    def ask(self, verb: Verb, store: Store, tokens: Iterator[int], *, paced: bool) -> Ask:
        """A question of this slot to a store, which is remembered, for it may hold a slot from now on."""
        if self._lease is None or self._lease[0] is not store:
            self._lease = store, next(tokens)
        return Ask(store, Question(verb, self._lease[1], self.bulk, paced))

    def is_held_by(self, store: Store) -> bool:
        """Whether it was this store that was asked last."""
        return self._lease is not None and self._lease[0] is store

    def farewell(self, verb: Verb) -> Ask | None:
        """What the store has to be told at the end; None if it holds nothing."""
        if self._lease is None:
            return None
        (store, token), self._lease = self._lease, None
        return Ask(store, Question(verb, token, self.bulk))
