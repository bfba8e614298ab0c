"""A share of the slots, for a process that cannot reach the store: a window with nothing free in its first `per`."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from sendblue_contacts.limits.rate import share_of
from sendblue_contacts.limits.window import Window

from . import Answer, Question, Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.limits.rate import RateLimit


class Share:
    """A store for one process."""

    at_once: bool = True

    def __init__(self, rate: RateLimit, clock: Callable[[], float]) -> None:
        slots, reserve = share_of(rate.limit, rate.share), share_of(rate.reserve, rate.share)
        self._window = Window(replace(rate, limit=slots, reserve=reserve, share=1.0), free_from=clock() + rate.per)
        self._clock = clock
        self._lock = threading.Lock()
        self._free_since: dict[int, float] = {}

    def ask(self, question: Question) -> Answer:
        """Answer at once."""
        with self._lock:
            return self._answer(question, self._clock())

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`."""
        return self.ask(question)

    def after_fork(self) -> None:
        """A share is for one process: the child keeps what it has."""
        self._lock = threading.Lock()

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
        since = self._window.take(now, bulk=bulk)
        if since is None:
            free_from = self._window.free_from(bulk=bulk)
            wait = self._window.rate.per if free_from == math.inf else free_from - now
            return Answer(wait, max(0.0, self._window.frozen_until - now), held=False)
        self._free_since[token] = since
        return Answer()
