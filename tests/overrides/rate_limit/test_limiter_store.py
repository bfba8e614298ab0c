"""The limiter above a shared store: callers and answers that a test moves one by one, in every order that matters.

What stores themselves promise is tested with them; here it is what happens between the caller, the window and the
answer, and above all that nobody sleeps on who could go.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts import RateLimit, RateLimitError, RateLimitStoreError
from sendblue_contacts.rate_limit import limiter as limiter_module
from sendblue_contacts.rate_limit.stores import Answer, Question, StoreAwayError, Verb
from sendblue_contacts.rate_limit.stores.share import Share

from tests.overrides.rate_limit.puppets import Ask, Puppet, ScriptedStore, Theatre, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from sendblue_contacts.rate_limit.slot import Ask as Step

NOW = Answer()
"""The slot may be used at once."""
ALL_IN_FLIGHT = Answer(wait=10.0, held=False)


@pytest.fixture(autouse=True)
def no_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell the store what needs no answer without the time limit that an event loop keeps."""

    async def tell(ask: Step | None) -> None:
        if ask:
            await ask.soon()

    monkeypatch.setattr(limiter_module, "_async_tell", tell)


def theatre(limit: int = 10, reserve: int = 4, **settings: object) -> tuple[Theatre, ScriptedStore]:
    """A limiter with windows of 10 s, and its store."""
    store = ScriptedStore()
    return Theatre(RateLimit(limit, 10.0, reserve, **settings), store), store  # type: ignore[arg-type]  # those of RateLimit


def asks(puppet: Puppet) -> Verb:
    """What a puppet asks at the moment."""
    assert isinstance(puppet.pause, Ask), f"it does not ask: {puppet.pause}"
    return puppet.pause.question.verb


def told(store: ScriptedStore) -> list[Verb]:
    """What the store was told, oldest first."""
    return [question.verb for question in store.told]


def answered(stage: Theatre, puppet: Puppet, answer: Answer | StoreAwayError) -> None:
    """A puppet of the theatre gets its answer, and those go on who are woken by that."""
    puppet.answer(answer)
    if puppet.pause is None and puppet in stage.puppets:
        stage.puppets.remove(puppet)
    stage.settle()


def test_a_slot_is_asked_for_and_given_back() -> None:
    """Two questions for each request, with one token."""
    stage, store = theatre()
    caller = stage.come()
    assert isinstance(caller.pause, Ask)
    token = caller.pause.question.token
    assert asks(caller) is Verb.TAKE
    answered(stage, caller, NOW)
    assert caller.is_served
    caller.release()
    assert [(question.verb, question.token) for question in store.told] == [(Verb.GIVE_BACK, token)]


def test_a_wait_is_confirmed() -> None:
    """Whoever the store made wait asks once more before he goes."""
    stage, _ = theatre()
    caller = stage.come()
    answered(stage, caller, Answer(wait=3.0))
    assert caller.due == stage.now + 3
    stage.until(1003)
    assert asks(caller) is Verb.CONFIRM
    answered(stage, caller, NOW)
    assert (caller.is_served, caller.slot.waited) == (True, 3)


def test_a_slot_that_is_not_held_is_asked_for_anew() -> None:
    """While all are in flight elsewhere, after a window."""
    stage, _ = theatre()
    caller = stage.come()
    answered(stage, caller, ALL_IN_FLIGHT)
    stage.until(1010)
    assert asks(caller) is Verb.TAKE


def test_the_window_beneath_holds_whatever_the_store_says() -> None:
    """A store that has forgotten everything lets no process send more than the limit."""
    stage, _ = theatre(limit=1)
    caller = stage.come()
    answered(stage, caller, NOW)
    caller.release()
    following = stage.come()
    assert (isinstance(following.pause, Wait), following.due) == (True, 1010)


def test_one_of_each_lane_asks_at_a_time() -> None:
    """So those of one process are served in their order, and a lane that waits for the store holds up no other."""
    stage, _ = theatre()
    first, second, bulk = stage.come(), stage.come(), stage.come(bulk=True)
    assert (asks(first), isinstance(second.pause, Wait), asks(bulk)) == (Verb.TAKE, True, Verb.TAKE)
    answered(stage, first, NOW)
    assert asks(second) is Verb.TAKE


def test_who_does_not_wait_at_all_asks_at_the_same_time() -> None:
    """He cannot stand behind one who asks, and a slot is free: the store says whether it is there."""
    stage, _ = theatre()
    first, second = stage.come(), stage.come(max_wait=0)
    assert (asks(first), asks(second)) == (Verb.TAKE, Verb.TAKE)
    third = stage.come()
    answered(stage, second, NOW)
    assert (second.is_served, isinstance(third.pause, Wait)) == (True, True)
    answered(stage, first, NOW)
    assert asks(third) is Verb.TAKE


def test_a_slow_store_is_a_wait(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever waits for its answer has waited, also where the slot is free then."""
    caplog.set_level("INFO", "sendblue_contacts")
    stage, _ = theatre()
    caller = stage.come()
    stage.until(1001.5)
    answered(stage, caller, NOW)
    assert (caller.slot.waited, stage.limiter.statistics().total_waited) == (1.5, 1.5)
    assert [record.message for record in caplog.records] == ["waited 1.5 s for the store of the rate limit"]


def test_who_asks_the_store_has_sent_nothing() -> None:
    """He is not counted as a request, nor as one in flight, until the store has agreed."""
    stage, _ = theatre()
    first, second = stage.come(), stage.come()
    statistics = stage.limiter.statistics()
    assert (statistics.requests, statistics.in_flight, statistics.waiting) == (0, 0, 1)
    answered(stage, first, Answer(wait=3.0))
    assert (stage.limiter.statistics().requests, stage.limiter.statistics().in_flight) == (0, 0)
    stage.until(1003)
    answered(stage, first, NOW)
    answered(stage, second, NOW)
    assert (stage.limiter.statistics().requests, stage.limiter.statistics().in_flight) == (2, 2)


def test_who_is_behind_one_that_waits_for_the_store_waits_with_him() -> None:
    """He asks when the other is through, and not before."""
    stage, _ = theatre()
    first, second = stage.come(), stage.come()
    answered(stage, first, Answer(wait=3.0))
    assert (isinstance(second.pause, Wait), second.due) == (True, math.inf)
    stage.until(1003)
    answered(stage, first, NOW)
    assert asks(second) is Verb.TAKE


def test_the_other_lane_goes_on_while_the_store_makes_bulk_work_wait() -> None:
    """Bulk work came first and was given the slot; it only waits for the store, and somebody else slept for it."""
    stage, _ = theatre(limit=2, reserve=1)
    for caller in [stage.come(), stage.come(bulk=True)]:
        answered(stage, caller, NOW)
        caller.release()
    bulk, other = stage.come(bulk=True), stage.come()
    stage.now += 10
    other.move()
    assert other.due == math.inf
    stage.settle()
    answered(stage, bulk, Answer(wait=9.0))
    assert asks(other) is Verb.TAKE


def eagerly(stage: Theatre, move: Callable[[], object]) -> Callable[[], None]:
    """The waking of a limiter, after which something happens, once: in threads there is a moment for it."""
    wake = stage.limiter._line.wake_next
    todo = [move]

    def wake_next() -> None:
        wake()
        if todo:
            todo.pop()()

    return wake_next


def test_nobody_sleeps_for_one_who_was_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store makes one wait who had not stood in line; he is put before another, for whom bulk work slept."""
    stage, _ = theatre()
    answered(stage, stage.come(bulk=True), NOW)
    caller, passed, bulk = stage.come(), stage.come(), stage.come(bulk=True)
    stage.now += 2
    monkeypatch.setattr(stage.limiter._line, "wake_next", eagerly(stage, bulk.move))
    caller.answer(Answer(wait=9.0))
    assert bulk.due == math.inf
    stage.settle()
    assert (isinstance(passed.pause, Wait), asks(bulk)) == (True, Verb.TAKE)


def test_nobody_sleeps_when_one_is_cancelled_who_asks() -> None:
    """The slot of the window is as it was, and the next has it; the store is told."""
    stage, store = theatre(limit=1)
    caller, following = stage.come(), stage.come()
    caller.cancel()
    stage.puppets.remove(caller)
    stage.settle()
    assert (told(store), asks(following)) == ([Verb.CANCEL], Verb.TAKE)


def test_nobody_sleeps_when_one_is_cancelled_who_waits_for_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those behind him look only when his slot of the window is there again: in threads that is two moments."""
    stage, store = theatre(limit=1)
    caller, following = stage.come(), stage.come()
    answered(stage, caller, Answer(wait=3.0))
    monkeypatch.setattr(stage.limiter._line, "wake_next", eagerly(stage, stage.settle))
    caller.cancel()
    stage.puppets.remove(caller)
    stage.settle()
    assert (told(store), asks(following)) == ([Verb.CANCEL], Verb.TAKE)


def test_a_slot_that_was_not_used_is_as_it_was() -> None:
    """Whoever is cancelled while the store makes him wait is not counted."""
    stage, _ = theatre(limit=1)
    caller = stage.come()
    answered(stage, caller, Answer(wait=3.0))
    caller.cancel()
    stands = stage.limiter.statistics()
    assert (stands.requests, stands.in_flight, stands.free, stands.waiting) == (0, 0, 1, 0)


def test_too_long_a_wait_for_the_store_is_refused() -> None:
    """The store says how long it would be; it is told that nobody waits for it, and those behind go on."""
    stage, store = theatre()
    caller, following = stage.come(max_wait=2), stage.come()
    answered(stage, caller, Answer(wait=3.0))
    assert isinstance(caller.error, RateLimitError)
    assert (caller.error.retry_after, told(store), asks(following)) == (3, [Verb.CANCEL], Verb.TAKE)


def test_one_who_has_his_slot_is_not_counted_before_others() -> None:
    """Of two slots one is another's, who asks the store; the second is free now, and not in a window."""
    stage, _ = theatre(limit=2)
    first = stage.come()
    answered(stage, first, Answer(wait=3.0))
    following = stage.come(max_wait=5)
    assert (following.error, isinstance(following.pause, Wait)) == (None, True)


def test_responses_do_not_make_one_ask_again() -> None:
    """Whoever waits for the store is not woken by what happens in this process."""
    stage, _ = theatre()
    working = stage.come()
    answered(stage, working, NOW)
    caller = stage.come()
    answered(stage, caller, Answer(wait=3.0))
    working.release()
    stage.settle()
    assert isinstance(caller.pause, Wait)


def test_a_freeze_reaches_those_who_wait_for_the_store() -> None:
    """They ask at once how it is now; the store knows of the freeze too."""
    stage, store = theatre()
    caller = stage.come()
    answered(stage, caller, Answer(wait=3.0))
    stage.limiter.refused(20)
    stage.settle()
    assert (told(store), asks(caller)) == ([Verb.FREEZE], Verb.CONFIRM)


def test_a_freeze_of_others_is_learned_from_the_store() -> None:
    """Another process was refused: nobody of this one is served before its end."""
    stage, _ = theatre()
    caller = stage.come()
    answered(stage, caller, Answer(wait=20.0, frozen=20.0))
    assert stage.limiter.frozen_for() == 20


def test_a_store_that_is_away_is_asked_again() -> None:
    """With `block`, with pauses that grow, until it is there."""
    stage, _ = theatre()
    caller = stage.come()
    pauses: list[float] = []
    for _ in range(7):
        before = stage.now
        answered(stage, caller, StoreAwayError("no answer"))
        stage.until(caller.due)
        pauses.append(stage.now - before)
    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])
    answered(stage, caller, NOW)
    assert caller.is_served


@pytest.mark.parametrize("terms", [{"max_wait": 0.25}, {"patience": 0.25}])
def test_a_store_that_is_away_for_too_long_is_an_error(terms: dict[str, float]) -> None:
    """For as long as the caller allows, and no slot is lost."""
    stage, store = theatre(limit=1)
    caller = stage.come(**terms)  # type: ignore[arg-type]  # both are numbers
    answered(stage, caller, StoreAwayError("no answer"))
    stage.until(caller.due)
    answered(stage, caller, StoreAwayError("no answer"))
    assert isinstance(caller.error, RateLimitStoreError)
    assert (told(store), stage.limiter.statistics().free) == ([], 1)


@pytest.mark.parametrize("when_away", ["raise", "local"])
def test_who_heard_no_answer_may_hold_a_slot_all_the_same(when_away: str) -> None:
    """Who does not ask again has it cancelled, before the next one asks."""
    stage, store = theatre(when_away=when_away)
    caller = stage.come()
    assert isinstance(caller.pause, Ask)
    token = caller.pause.question.token
    answered(stage, caller, StoreAwayError("no answer"))
    stage.until(1010)
    stage.come()
    assert [(question.verb, question.token) for question in store.told] == [(Verb.CANCEL, token)]
    stage.close()


def test_an_error_of_the_store_is_one_at_once() -> None:
    """With `raise`."""
    stage, _ = theatre(when_away="raise")
    caller = stage.come()
    answered(stage, caller, StoreAwayError("no answer"))
    assert isinstance(caller.error, RateLimitStoreError)


def test_a_share_is_used_while_the_store_is_away() -> None:
    """With `local`, after one window; and that of the parent is not the child's."""
    stage, _ = theatre(when_away="local", share=0.1)
    caller = stage.come()
    answered(stage, caller, StoreAwayError("no answer"))
    assert (caller.due, caller.is_served) == (1010, False)
    agreement = stage.limiter._agreement
    assert agreement is not None
    assert agreement._share is not None
    stage.limiter.after_fork()
    assert agreement._share is None
    stage.puppets.clear()


def with_a_share(stage: Theatre) -> Puppet:
    """One who is served by the share, while the store is away."""
    caller = stage.come()
    answered(stage, caller, StoreAwayError("no answer"))
    stage.until(1010)
    answered(stage, caller, StoreAwayError("no answer"))
    stage.settle()
    assert caller.is_served
    return caller


def test_what_is_in_flight_with_a_share_counts_when_the_store_is_back() -> None:
    """The store pauses, holds a slot for it, and hears when it is given back."""
    stage, store = theatre(when_away="local")
    working = with_a_share(stage)
    stage.until(1016)
    caller = stage.come()
    store.told.clear()
    answered(stage, caller, NOW)
    assert isinstance(caller.pause, Ask)
    handed_over = caller.pause.question
    answered(stage, caller, NOW)
    working.release()
    assert [(question.verb, question.seconds) for question in store.told] == [(Verb.FREEZE, 15), (Verb.GIVE_BACK, 0)]
    assert (handed_over.verb, handed_over.token, asks(caller)) == (Verb.TAKE, store.told[1].token, Verb.CONFIRM)
    stage.close()


def test_a_share_that_is_given_back_before_the_store_holds_it_is_held_by_nobody() -> None:
    """The store hears of it again, after it was asked to hold a slot."""
    stage, store = theatre(when_away="local")
    working = with_a_share(stage)
    stage.until(1016)
    caller = stage.come()
    answered(stage, caller, NOW)
    working.release()
    store.told.clear()
    answered(stage, caller, NOW)
    assert (told(store), asks(caller)) == ([Verb.GIVE_BACK], Verb.CONFIRM)
    stage.close()


def test_a_store_that_does_not_hear_of_the_pause_is_not_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """It went away again between two questions; nobody goes on before the others pause."""
    stage, store = theatre(when_away="local")
    with_a_share(stage).release()
    stage.until(1016)
    caller = stage.come()

    def away(_: Question) -> Answer:
        raise StoreAwayError("no answer")

    monkeypatch.setattr(store, "ask", away)
    answered(stage, caller, NOW)
    monkeypatch.undo()
    answered(stage, caller, NOW)
    assert told(store)[-1] is Verb.FREEZE
    stage.close()


def test_a_share_that_was_left_gives_no_slot() -> None:
    """Whoever was just about to ask it asks the store."""
    share = Share(RateLimit(10), lambda: 0.0)
    assert share.leave(ScriptedStore()) == []
    assert share.ask(Question(Verb.TAKE, 1)) == Answer(held=False)


def test_the_child_of_a_fork_gives_nothing_back_that_is_the_parents() -> None:
    """It leaves the block in which the parent forked: the parent's request is still under way."""
    stage, store = theatre()
    working = stage.come()
    answered(stage, working, NOW)
    stage.limiter.after_fork()
    working.release()
    stands = stage.limiter.statistics()
    assert (store.forks, told(store), stands.in_flight, stands.free) == (1, [], 0, 9)


def test_the_garbage_collector_tells_nobody() -> None:
    """A task whose event loop was closed while it waited for the store has a slot no more; the lease ends by itself."""
    stage, store = theatre(limit=1)
    caller = stage.come()
    answered(stage, caller, Answer(wait=3.0))
    caller.collect()
    assert (told(store), stage.limiter.statistics().free) == ([], 1)


def test_the_child_of_a_fork_can_ask() -> None:
    """One of the parent's threads was just asking; that one is not here."""
    stage, _ = theatre()
    stage.come()
    stage.come()
    stage.limiter.after_fork()
    assert asks(stage.come()) is Verb.TAKE
