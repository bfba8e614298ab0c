"""Rate limit, with a shared store: the steps until it has agreed, and what to do while it is away. Pure.

    | `when_away` | while the store does not answer                                                          |
    |-------------|------------------------------------------------------------------------------------------|
    | `block`     | ask again, with pauses that grow, for as long as the caller allows                       |
    | `raise`     | `RateLimitStoreError`                                                                    |
    | `local`     | go on with a share of the slots, after one window: the others may just have used all     |

When the store is back after that, everybody pauses for one window and until all have noticed, because it does not know
what was sent meanwhile. What is in flight by then counts on (`stores/share.py`).
"""

from __future__ import annotations

import logging
import math
import random
from itertools import count
from typing import TYPE_CHECKING

from sendblue_contacts.errors import RateLimitStoreError

from .slot import Ask
from .stores import Answer, Question, Verb
from .stores.share import Share
from .stores.unheard import Unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from .rate import RateLimit
    from .slot import Said, Slot
    from .stores import Store
    from .window import Window

_LOG = logging.getLogger("sendblue_contacts")
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_LOOK_AGAIN = 5.0
"""Seconds between two looks whether the store is back, while a share of the slots is used."""


class Agreement:
    """How the limiter of one process comes to terms with a store."""

    def __init__(self, store: Store, rate: RateLimit, clock: Callable[[], float]) -> None:
        self._store = Unheard(store, most=2 * rate.limit)  # those that were in flight, and as many who waited
        self._rate = rate
        self._clock = clock
        self._share: Share | None = None
        self._look_again_at = -math.inf
        self._tokens = _tokens()

    def after_fork(self) -> None:
        """In the child: what is asked from here on is not asked by the parent."""
        self._tokens = _tokens()
        self._share = None  # the parent holds slots of it
        self._store.after_fork()

    def question(self, slot: Slot, verb: Verb = Verb.TAKE) -> Ask:
        """What to ask for this slot now, and whom."""
        store = self._share if self._share and self._clock() < self._look_again_at else self._store
        return slot.ask(verb, store, self._tokens, paced=slot.bulk or self._rate.paced)

    def steps(self, slot: Slot, window: Window, started: float, said: Said) -> Generator[Ask | float, Said, None]:
        """What to ask, and for how many seconds to wait, until the slot may be used.

        Args:
            slot: The slot, which has one of the window already.
            window: The window of this process, which learns of a freeze.
            started: When the caller came.
            said: What was answered to the first `question`, if it was asked already.
        """
        pause = _FIRST_PAUSE
        if said is None:
            said = yield self.question(slot)
        while True:
            if not isinstance(said, Answer):
                yield self._endure(said, slot, started, pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
                said = yield self.question(slot)
                continue
            if self._is_back(slot):
                yield from self._come_back()
                said = yield self.question(slot, Verb.CONFIRM)
                continue
            if self.is_settled(slot, said):
                return
            if said.frozen:
                window.freeze(self._clock() + said.frozen)
            yield said.wait
            said = yield self.question(slot, Verb.CONFIRM if said.held else Verb.TAKE)

    def is_settled(self, slot: Slot, said: Said) -> bool:
        """Whether the slot may be used now."""
        return isinstance(said, Answer) and said.held and said.wait <= 0 and not self._is_back(slot)

    def _is_back(self, slot: Slot) -> bool:
        """Whether the store has answered, and a share of the slots is still used."""
        return self._share is not None and not slot.is_held_by(self._share)

    def _endure(self, away: Said, slot: Slot, started: float, pause: float) -> float:
        """Seconds to wait before the next question."""
        if self._rate.when_away == "local":
            self._forget(slot)
            return self._go_local(away)
        allowed = min(math.inf if each is None else each for each in (slot.max_wait, slot.patience))
        if self._rate.when_away == "raise" or self._clock() - started + pause > allowed:
            message = f"the store of the rate limit cannot be reached ({away}); start it, or choose another when_away="
            self._forget(slot)
            raise RateLimitStoreError(message)
        if pause == _FIRST_PAUSE:
            _LOG.warning("the store of the rate limit cannot be reached (%s): waiting for it", away)
        return pause

    def _forget(self, slot: Slot) -> None:
        """The store did not answer. It may have heard the question all the same, and hold a slot that nobody uses."""
        if farewell := slot.farewell(Verb.CANCEL):
            self._store.keep(farewell.question)

    def _go_local(self, away: Said) -> float:
        now = self._clock()
        self._look_again_at = now + _LOOK_AGAIN
        if self._share is None:
            self._share = Share(self._rate, self._clock)
            _LOG.warning("the store of the rate limit cannot be reached (%s): using a share of the slots", away)
        return 0.0

    def _come_back(self) -> Generator[Ask | float, Said, None]:
        share = self._share
        # The others may use their shares until they look again. Until all pause, nobody of us goes on either.
        said = yield Ask(self._store, Question(Verb.FREEZE, seconds=self._rate.per + _LOOK_AGAIN))
        if share and isinstance(said, Answer):
            self._share = None
            yield from self._hand_over(share)

    def _hand_over(self, share: Share) -> Generator[Ask, Said, None]:
        """Have the store hold a slot for each request that is in flight with one of the share."""
        for token in share.leave(self._store):
            yield Ask(self._store, Question(Verb.TAKE, token))
            if not share.is_in_flight(token):  # it was given back before the store held it
                yield Ask(self._store, Question(Verb.GIVE_BACK, token))


def _tokens() -> Iterator[int]:
    """Numbers of 53 bits that no other process has: random ones in front, and a count behind."""
    return count(random.SystemRandom().getrandbits(31) << 22 | 1)
