"""A share of the slots, for a process that cannot reach the store: a window with nothing free in its first `per`.

When the store is back, the share is left. Requests may still be in flight with slots of it, for longer than everybody
pauses. So that they count until their responses are there, the store is asked to hold a slot for each under its token,
and their give-backs go to the store.
"""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sendblue_contacts.rate_limit.rate import share_of
from sendblue_contacts.rate_limit.window import Window

from . import FAREWELLS, Answer, Question, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.rate import RateLimit

    from . import Store


class Share:
    """A store for one process."""

    def __init__(self, rate: RateLimit, clock: Callable[[], float]) -> None:
        slots, reserve = share_of(rate.limit, rate.share), share_of(rate.reserve, rate.share)
        self._window = Window(replace(rate, limit=slots, reserve=reserve, share=1.0), free_from=clock() + rate.per)
        self.at_once: bool = True
        self._followed_by: Store | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._free_since: dict[int, float] = {}

    def ask(self, question: Question) -> Answer:
        """Answer at once, or tell the store that follows."""
        answer = self._asked(question)
        if self._followed_by and question.verb in FAREWELLS:
            return self._followed_by.ask(question)
        return answer

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`."""
        answer = self._asked(question)
        if self._followed_by and question.verb in FAREWELLS:
            return await self._followed_by.async_ask(question)
        return answer

    def leave(self, store: Store) -> list[int]:
        """Give no slot any more, and leave what is in flight to this store. Returns the tokens of that."""
        with self._lock:
            self._followed_by, self.at_once = store, False
            return list(self._free_since)

    def is_in_flight(self, token: int) -> bool:
        """Whether this slot was not given back."""
        return token in self._free_since

    def after_fork(self) -> None:
        """A share is for one process: the child keeps what it has."""
        self._lock = threading.Lock()

    def _asked(self, question: Question) -> Answer:
        with self._lock:
            return self._answer(question, self._clock())

    def _answer(self, question: Question, now: float) -> Answer:
        token, bulk = question.token, question.bulk
        if question.verb is Verb.FREEZE:
            self._window.freeze(now + question.seconds)
        elif question.verb is Verb.GIVE_BACK and self._free_since.pop(token, None) is not None:
            self._window.give_back(now, bulk=bulk)
        elif question.verb is Verb.CANCEL and (since := self._free_since.pop(token, None)) is not None:
            self._window.cancel(since, bulk=bulk)
        elif question.verb in {Verb.TAKE, Verb.CONFIRM}:
            return self._take(token, now, bulk=bulk)
        return Answer()

    def _take(self, token: int, now: float, *, bulk: bool) -> Answer:
        if self._followed_by:
            return Answer(held=False)
        since = self._window.take(now, bulk=bulk)
        if since is None:
            free_from = self._window.free_from(bulk=bulk)
            wait = self._window.rate.per if free_from == math.inf else free_from - now
            return Answer(wait, max(0.0, self._window.frozen_until - now), held=False)
        self._free_since[token] = since
        return Answer()
