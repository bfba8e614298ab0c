"""Callers of a limiter as puppets: a test moves them one by one, in a time and an order that it chooses.

A puppet is the limiter's own coroutine, without an event loop beneath. It stands still where it waits or asks a store,
until the test, or a scheduler that the test has seeded, lets it go on. So each order in which threads and tasks may get
their turns can be played, and a waking that gets lost shows at once: somebody stands still who could go.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sendblue_contacts.rate_limit import RateLimit, RateLimiter, Slot
from sendblue_contacts.rate_limit.stores import Answer, Question, StoreAwayError, Verb
from sendblue_contacts.rate_limit.turns import AsyncTurn

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

MOVES = 10_000
"""After so many moves in no time nobody believes in an end."""


class CancelledError(BaseException):
    """The task of a puppet is cancelled."""


class Wait:
    """Where a puppet waits.

    Attributes:
        seconds: For how long at most; None for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def __await__(self) -> Generator[Any, None, None]:
        yield self


class Ask:
    """Where a puppet asks the store.

    Attributes:
        question: What it asks.
        answer: What the store says; an error is raised.
    """

    def __init__(self, question: Question) -> None:
        self.question = question
        self.answer: Answer | StoreAwayError | None = None

    def __await__(self) -> Generator[Any, None, Answer]:
        yield self
        if isinstance(self.answer, StoreAwayError):
            raise self.answer
        assert self.answer is not None
        return self.answer


class Turn(AsyncTurn):
    """The place of a puppet."""

    def __init__(self) -> None:
        self.woken = False
        self.is_dead = False

    def clear(self) -> None:
        """Forget an earlier waking."""
        self.woken = False

    def wake(self) -> None:
        """Let the puppet go on, when its turn comes."""
        if self.is_dead:
            raise RuntimeError("Event loop is closed")
        self.woken = True

    async def wait(self, seconds: float | None) -> None:
        """Stand still."""
        await Wait(seconds)


class ScriptedStore:
    """A store whose answers a test gives, one by one, to the puppets that ask.

    Attributes:
        told: What it was told that needs no answer, oldest first.
    """

    at_once = False

    def __init__(self) -> None:
        self.told: list[Question] = []
        self.forks = 0

    def ask(self, question: Question) -> Answer:
        """Nobody waits for this answer."""
        self.told.append(question)
        return Answer()

    async def async_ask(self, question: Question) -> Answer:
        """Stand still until the test answers; at once where nobody waits for it."""
        return await Ask(question) if question.verb in {Verb.TAKE, Verb.CONFIRM} else self.ask(question)

    def after_fork(self) -> None:
        """Count."""
        self.forks += 1


class Puppet:
    """One caller.

    Attributes:
        slot: What it asks for.
        turn: Its place, once it stands in line.
        pause: Where it stands still; None if it is through.
        due: When its timer goes off, in true time; infinity if it has none.
        error: What it raised.
    """

    def __init__(self, theatre: Theatre, slot: Slot) -> None:
        self.slot = slot
        self.turn: Turn | None = None
        self.pause: Wait | Ask | None = None
        self.due = math.inf
        self.error: BaseException | None = None
        self._theatre = theatre
        self._limiter = theatre.limiter
        self._steps: Coroutine[Any, None, None] = self._limiter.async_acquire(slot)

    @property
    def is_served(self) -> bool:
        """Whether it has its slot."""
        return self.pause is None and self.error is None

    @property
    def can_move(self) -> bool:
        """Whether it was woken, or its timer has gone off."""
        if not isinstance(self.pause, Wait) or self.turn is None or self.turn.is_dead:
            return False
        return self.turn.woken or self.due <= self._theatre.now

    def move(self) -> None:
        """Go on to where it stands still again, or through."""
        self._go(lambda: self._steps.send(None))

    def answer(self, answer: Answer | StoreAwayError) -> None:
        """Go on with what the store says."""
        assert isinstance(self.pause, Ask), "it asks nothing"
        self.pause.answer = answer
        self.move()

    def cancel(self) -> None:
        """Its task is cancelled."""
        self._go(lambda: self._steps.throw(CancelledError()))

    def collect(self) -> None:
        """The garbage collector takes it."""
        self._steps.close()

    def release(self) -> None:
        """Give the slot back."""
        try:
            self._limiter.async_release(self.slot).send(None)
        except StopIteration:
            return
        raise AssertionError("nobody waits for the store at the end")

    def _go(self, step: Callable[[], Any]) -> None:
        self._theatre.moving = self
        try:
            self.pause = step()
        except StopIteration:
            self.pause = None
        except (Exception, CancelledError) as error:  # noqa: BLE001  # the test looks at it
            self.pause, self.error = None, error
        finally:
            self._theatre.moving = None
        self.due = self._theatre.after(self.pause.seconds if isinstance(self.pause, Wait) else None)


class Theatre:
    """Puppets of one limiter, and their time.

    Attributes:
        now: The true time.
        ahead: How far the clock of the limiter is before it.
        puppets: Those that stand still, in the order in which they came.
        moving: The one that moves.
    """

    def __init__(self, rate: RateLimit, store: ScriptedStore | None = None) -> None:
        self.now = 1000.0
        self.ahead = 0.0
        self.puppets: list[Puppet] = []
        self.moving: Puppet | None = None
        self.limiter = RateLimiter(rate, clock=self.clock, async_turn=self._turn, store=store)

    def clock(self) -> float:
        """The time, as the limiter sees it."""
        return self.now + self.ahead

    def after(self, seconds: float | None) -> float:
        """When so many seconds are over; time moves, however few they are."""
        if seconds is None:
            return math.inf
        return max(self.now + seconds, math.nextafter(self.now, math.inf)) if seconds else self.now

    def _turn(self) -> Turn:
        turn = Turn()
        if self.moving:
            self.moving.turn = turn
        return turn

    def come(self, *, bulk: bool = False, max_wait: float | None = None, patience: float | None = None) -> Puppet:
        """One more caller, who goes as far as he can."""
        puppet = Puppet(self, self.limiter.slot(bulk=bulk, max_wait=max_wait, patience=patience))
        puppet.move()
        if puppet.pause:
            self.puppets.append(puppet)
        return puppet

    def serve(self, *, bulk: bool = False) -> Puppet:
        """One more caller, for whom a slot is free."""
        puppet = self.come(bulk=bulk)
        assert puppet.is_served
        return puppet

    def settle(self, choose: Callable[[list[Puppet]], Puppet] = lambda able: able[0]) -> list[Puppet]:
        """Let everybody move who can, one after another, in the order of `choose`; returns those who came through."""
        through: list[Puppet] = []
        for _ in range(MOVES):
            able = [puppet for puppet in self.puppets if puppet.can_move]
            if not able:
                return through
            puppet = choose(able)
            puppet.move()
            if puppet.pause is None:
                self.puppets.remove(puppet)
                through.append(puppet)
        raise AssertionError("they wake one another for ever")

    def until(self, now: float) -> list[Puppet]:
        """Let time go by, and everybody move when his timer goes off; returns those who came through."""
        through = self.settle()
        while (due := self.next_due()) <= now:
            self.now = max(self.now, due)
            through += self.settle()
        self.now = now
        return through + self.settle()

    def next_due(self) -> float:
        """When the next timer goes off."""
        return min((puppet.due for puppet in self.puppets if puppet.turn and not puppet.turn.is_dead), default=math.inf)

    def close(self) -> None:
        """Everybody goes home."""
        for puppet in self.puppets:
            puppet.collect()
