"""What a store did not hear, because it was away: it is told before the next question, whoever asks that.

Without it a Redis that hangs for a second, with 100 in flight, would have no slot until their leases are over. It is
safe to tell it late: a slot that is given back is free one window after the store hears of it, and one that was not
used can be cancelled at any time, for nobody uses its token any more. Telling it twice does no harm either.

A task that is cancelled while it asks does not wait for the answer. Its slot is cancelled in the same way.

A process that asks nothing more tells nothing more: then the leases end by themselves.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from . import ASKS, FAREWELLS, Answer, Verb

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from . import Question, Store


class Unheard:
    """A store, and what it has still to be told.

    Args:
        store: The store.
        most: How much is kept. What comes later is left to the leases.
    """

    def __init__(self, store: Store, most: int) -> None:
        self.at_once: bool = store.at_once
        self._store = store
        self._most = most
        self._kept: deque[Question] = deque()

    def ask(self, question: Question) -> Answer:
        """Ask once. While the store is away it is asked one thing only, so that nobody waits twice for it."""
        if not self._kept and question.verb in ASKS:  # nearly always, and a near store is asked in microseconds
            return self._store.ask(question)
        with self._kept_if_unheard(question):
            for farewell in self._next_kept():
                with self._kept_if_unheard(farewell):
                    self._store.ask(farewell)
            return self._store.ask(question)

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`, for tasks."""
        if any(kept.token == question.token for kept in tuple(self._kept)):
            return Answer()  # the task was cancelled, and says so
        with self._kept_if_unheard(question), self._taken_back_if_cancelled(question):
            for farewell in self._next_kept():
                with self._kept_if_unheard(farewell):
                    await self._store.async_ask(farewell)
            return await self._store.async_ask(question)

    def keep(self, question: Question) -> None:
        """Tell the store this when it is back."""
        if len(self._kept) < self._most:
            self._kept.append(question)

    def after_fork(self) -> None:
        """In the child: the parent tells it."""
        self._kept = deque()
        self._store.after_fork()

    def _next_kept(self) -> Iterator[Question]:
        while self._kept:
            with suppress(IndexError):  # another thread was faster
                yield self._kept.popleft()

    @contextmanager
    def _kept_if_unheard(self, question: Question) -> Generator[None]:
        try:
            yield
        except BaseException:  # a task that is cancelled may have heard no answer, too
            if question.verb in FAREWELLS:
                self.keep(question)
            raise

    @contextmanager
    def _taken_back_if_cancelled(self, question: Question) -> Generator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:  # the task is cancelled, or collected as garbage
            if question.verb in ASKS:
                self.keep(question._replace(verb=Verb.CANCEL))
            raise
