"""What a store did not hear while it was away, and when it is told; over a store that a test takes away."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import anyio
import pytest
from sendblue_contacts.rate_limit.stores import Answer, Question, StoreAwayError, Verb
from sendblue_contacts.rate_limit.stores.unheard import Unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    Asks = Callable[..., Answer]

GIVE_BACK, CANCEL, TAKE, FREEZE = Verb.GIVE_BACK, Verb.CANCEL, Verb.TAKE, Verb.FREEZE


class Store:
    """A store that hears what it is asked, unless it is away.

    Attributes:
        away: Whether it is.
        asked: How often it was asked, in vain or not.
        heard: What it heard, oldest first.
    """

    at_once = False

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.heard: list[tuple[Verb, int]] = []

    def ask(self, question: Question) -> Answer:
        """As it says."""
        self.asked += 1
        if self.away:
            raise StoreAwayError
        self.heard.append((question.verb, question.token))
        return Answer()

    async def async_ask(self, question: Question) -> Answer:
        """As `ask`."""
        return self.ask(question)

    def after_fork(self) -> None:
        """Forget what was heard."""
        self.heard.clear()


class Hanging(Store):
    """A store that answers no task."""

    async def async_ask(self, question: Question) -> Answer:
        """Until it is cancelled."""
        self.asked += 1
        await anyio.sleep_forever()
        raise AssertionError(question)


class Line:
    """A store, and what is between it and those who ask."""

    def __init__(self, world: str, most: int = 10) -> None:
        self.store = Store()
        self.unheard = Unheard(self.store, most)
        self._world = world

    def ask(self, verb: Verb, token: int) -> None:
        """From a thread or from a task."""
        question = Question(verb, token)
        if self._world == "thread":
            self.unheard.ask(question)
        else:
            anyio.run(functools.partial(self.unheard.async_ask, question), backend=self._world)

    def ask_in_vain(self, verb: Verb, token: int) -> None:
        """While the store is away."""
        self.store.away = True
        with pytest.raises(StoreAwayError):
            self.ask(verb, token)
        self.store.away = False


@pytest.fixture(params=["thread", "asyncio", "trio"])
def line(request: pytest.FixtureRequest) -> Line:
    """For threads, and for tasks."""
    return Line(request.param)


def test_farewells_are_told_before_the_next_question(line: Line) -> None:
    """So the slots count as given back when the next one is asked for. Once is enough."""
    line.ask_in_vain(GIVE_BACK, 1)
    line.ask_in_vain(CANCEL, 2)
    line.ask(TAKE, 3)
    line.ask(TAKE, 4)
    assert sorted(line.store.heard[:2], key=lambda told: told[1]) == [(GIVE_BACK, 1), (CANCEL, 2)]
    assert line.store.heard[2:] == [(TAKE, 3), (TAKE, 4)]


def test_what_needs_an_answer_is_not_told_later(line: Line) -> None:
    """Whoever asked in vain asks again, or not; and a freeze would be late."""
    line.ask_in_vain(TAKE, 1)
    line.ask_in_vain(FREEZE, 0)
    line.ask(TAKE, 2)
    assert line.store.heard == [(TAKE, 2)]


def test_nobody_waits_twice_for_a_store_that_is_away(line: Line) -> None:
    """Whoever comes while it still is has one time-out to wait, however much it has to be told."""
    for token in (1, 2, 3):
        line.ask_in_vain(GIVE_BACK, token)
    before = line.store.asked
    line.ask_in_vain(TAKE, 4)
    assert line.store.asked == before + 1


def test_it_has_an_end() -> None:
    """What is beyond it is left to the leases: the first ones are those that were in flight."""
    line = Line("thread", most=2)
    for token in (1, 2, 3):
        line.unheard.keep(Question(GIVE_BACK, token))
    line.ask(TAKE, 4)
    assert line.store.heard == [(GIVE_BACK, 1), (GIVE_BACK, 2), (TAKE, 4)]


def test_the_child_of_a_fork_tells_nothing_of_its_parent() -> None:
    """The parent does."""
    line = Line("thread")
    line.ask_in_vain(GIVE_BACK, 1)
    line.unheard.after_fork()
    line.ask(TAKE, 2)
    assert line.store.heard == [(TAKE, 2)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("verb", [TAKE, Verb.CONFIRM])
def test_a_task_that_is_cancelled_while_it_asks_waits_for_nothing(backend: str, verb: Verb) -> None:
    """Its slot is cancelled when the store answers again; to say so now would mean to wait for it once more."""
    store = Hanging()
    unheard = Unheard(store, 10)

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await unheard.async_ask(Question(verb, 1))
        await unheard.async_ask(Question(CANCEL, 1))

    anyio.run(main, backend=backend)
    assert store.asked == 1
    unheard.ask(Question(TAKE, 2))
    assert store.heard == [(CANCEL, 1), (TAKE, 2)]
