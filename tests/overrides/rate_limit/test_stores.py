"""The rule that every store keeps (`limits/stores/__init__.py`), over a file and over a real Redis, in virtual time.

What a memory store does is the window itself (`test_window.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores import Question, Verb

from tests.overrides.rate_limit.houses import LEASE, Desk, FileHouse, House, RedisHouse

if TYPE_CHECKING:
    from pathlib import Path

PER = 10.0
RATE = RateLimit(3, per=PER, reserve=1)
PACE = RATE.pace


@pytest.fixture(params=["file", "redis"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    """Each kind of store in turn, with nothing in it."""
    if request.param == "file":
        return FileHouse(tmp_path)
    return RedisHouse(request.getfixturevalue("redis_server"))


@pytest.fixture
def desk(house: House) -> Desk:
    """Three slots, which are all free; bulk work may use two of them."""
    return house.warm(RATE)


# Slots.


def test_a_new_store_starts_cold(house: House) -> None:
    """Nobody can tell who sent what before it was there, so its first slots are free after one window."""
    assert Desk(house, house.open(RATE)).take(1) == PER


def test_a_store_that_is_there_is_believed(house: House, desk: Desk) -> None:
    """A process that comes later starts at once."""
    assert desk.take(1) == 0
    assert Desk(house, house.open(RATE)).take(2) == 0


def test_there_are_as_many_slots_as_the_limit_says(desk: Desk) -> None:
    """When all are in flight, none is held for the next, who asks again after a window: none can be free before."""
    assert [desk.take(token) for token in (1, 2, 3)] == [0, 0, 0]
    answer = desk.ask(Verb.TAKE, 4)
    assert (answer.held, answer.wait) == (False, PER)


def test_a_slot_is_free_a_window_after_the_response(desk: Desk) -> None:
    """What counts is when the response was there, not when the request left."""
    desk.use(1, 2)
    desk.take(3)
    desk.house.now += 4
    desk.give_back(3)
    assert [desk.take(token) for token in (4, 5, 6)] == [PER - 4, PER - 4, PER]


def test_who_asks_first_gets_the_first_slot(house: House, desk: Desk) -> None:
    """A slot that comes back is held for whoever asked first, in whatever process."""
    others = Desk(house, house.open(RATE))
    for token in (1, 2, 3):
        desk.use(token)
        house.now += 1
    assert [others.take(4), desk.take(5), others.take(6), desk.take(7)] == [7, 8, 9, None]


def test_processes_share_what_is_in_flight(house: House, desk: Desk) -> None:
    """A slot that one process took is in flight for all of them."""
    others = Desk(house, house.open(RATE))
    desk.take(1)
    desk.take(2)
    assert [others.take(3), others.take(4)] == [0, None]


@pytest.mark.parametrize(("verb", "wait"), [(Verb.GIVE_BACK, PER), (Verb.CANCEL, PER - 4)])
def test_a_response_from_before_begins_the_cold_start_anew(house: House, verb: Verb, wait: float) -> None:
    """That request may have arrived just now. Whoever waits hears of it; one that was not sent changes nothing."""
    desk = Desk(house, house.open(RATE))
    desk.take(1)
    house.now += 4
    desk.ask(verb, 77)
    assert [desk.confirm(1), desk.take(2)] == [wait, wait]
    house.now += wait
    assert [desk.confirm(1), desk.confirm(2)] == [0, 0]


# The same question again, and questions out of place.


@pytest.mark.parametrize("verb", [Verb.TAKE, Verb.CONFIRM])
def test_asking_again_takes_no_second_slot(desk: Desk, verb: Verb) -> None:
    """The first answer may have been lost."""
    desk.take(1)
    assert desk.ask(verb, 1).wait == 0
    assert [desk.take(token) for token in (2, 3, 4)] == [0, 0, None]


def test_asking_again_keeps_the_place(house: House, desk: Desk) -> None:
    """Whoever waits hears how long it is still, and is not sent to the end."""
    desk.use(1, 2, 3)
    assert desk.take(4) == PER
    house.now += 4
    assert [desk.take(4), desk.confirm(4)] == [PER - 4, PER - 4]
    house.now += 6
    assert desk.confirm(4) == 0


def test_confirm_of_a_slot_that_is_lost_takes_another(desk: Desk) -> None:
    """A store that forgot the token answers as if it had been asked to take."""
    assert desk.confirm(1) == 0
    assert [desk.take(token) for token in (2, 3, 4)] == [0, 0, None]


@pytest.mark.parametrize("verb", [Verb.GIVE_BACK, Verb.CANCEL])
def test_an_unknown_token_does_no_harm(desk: Desk, verb: Verb) -> None:
    """What is not held cannot be given back."""
    desk.take(1)
    desk.ask(verb, 77)
    assert [desk.take(token) for token in (2, 3, 4)] == [0, 0, None]


def test_a_slot_comes_back_once(house: House, desk: Desk) -> None:
    """Telling it twice neither makes a slot nor holds one for longer."""
    desk.use(1)
    house.now += 5
    desk.give_back(1)
    desk.cancel(1)
    assert [desk.take(token) for token in (2, 3, 4, 5)] == [0, 0, 5, None]


def test_a_token_that_is_used_up_takes_a_new_slot(desk: Desk) -> None:
    """A token whose slot was given back is as good as a new one."""
    desk.use(1)
    assert [desk.take(1), desk.take(2), desk.take(3)] == [0, 0, PER]


# Cancelling.


def test_a_cancelled_slot_is_free_at_once(desk: Desk) -> None:
    """Nothing was sent, so it is as it was."""
    desk.take(1)
    desk.cancel(1)
    assert [desk.take(token) for token in (2, 3, 4, 5)] == [0, 0, 0, None]


def test_a_cancelled_wait_leaves_the_slot_its_time(house: House, desk: Desk) -> None:
    """A slot that was coming back is free when it would have been."""
    desk.use(1, 2, 3)
    house.now += 4
    desk.take(4)
    desk.cancel(4)
    assert desk.take(5) == PER - 4


def test_a_cancelled_wait_leaves_the_slot_to_bulk_work(desk: Desk) -> None:
    """A slot that bulk work used still counts as its own."""
    desk.use(1, 2, bulk=True)
    desk.take(3)
    assert desk.take(4) == PER
    desk.cancel(4)
    assert [desk.take(5, bulk=True), desk.take(6, bulk=True), desk.take(7, bulk=True)] == [PER, PER, None]


# A freeze.


def test_a_freeze_holds_everybody(house: House, desk: Desk) -> None:
    """Whoever asks hears until when, in every process."""
    desk.freeze(7)
    answer = Desk(house, house.open(RATE)).ask(Verb.TAKE, 1)
    assert (answer.wait, answer.frozen, answer.held) == (7, 7, True)


def test_a_freeze_holds_those_who_wait(house: House, desk: Desk) -> None:
    """Whoever has his slot and only waits for its time hears of it when he confirms."""
    desk.use(1, 2, 3)
    desk.take(4)
    house.now += PER
    desk.freeze(3)
    assert desk.confirm(4) == 3
    house.now += 3
    assert desk.confirm(4) == 0


def test_the_longest_freeze_counts(house: House, desk: Desk) -> None:
    """A shorter one that is heard of later ends no longer one."""
    desk.freeze(9)
    house.now += 1
    desk.freeze(3)
    assert desk.take(1) == 8


def test_a_freeze_makes_no_slot_free_earlier(desk: Desk) -> None:
    """A slot that comes back after the end of the freeze does so all the same."""
    desk.use(1, 2, 3)
    desk.freeze(3)
    assert desk.take(4) == PER


def test_a_freeze_ends(house: House, desk: Desk) -> None:
    """After it everything is as before."""
    desk.freeze(3)
    house.now += 3
    answer = desk.ask(Verb.TAKE, 1)
    assert (answer.wait, answer.frozen) == (0, 0)


# Pace.


def paces(*tokens: int, desk: Desk) -> list[float | None]:
    """After how many paces each of these may start."""
    waits = [desk.take(token, paced=True) for token in tokens]
    return [None if wait is None else round(wait / PACE, 3) for wait in waits]


def test_paced_requests_start_one_after_another(desk: Desk) -> None:
    """One in each pace, however many slots are free."""
    assert paces(1, 2, 3, desk=desk) == [0, 1, 2]


def test_others_do_not_wait_for_the_pace(desk: Desk) -> None:
    """Whoever is not paced starts at once."""
    assert paces(1, 2, desk=desk) == [0, 1]
    assert desk.take(3) == 0


def test_the_pace_is_forgotten_when_it_is_over(house: House, desk: Desk) -> None:
    """After a pause there is nothing to catch up with, and nothing saved up."""
    paces(1, desk=desk)
    house.now += 3 * PACE
    assert paces(2, 3, desk=desk) == [0, 1]


def test_who_leaves_the_end_of_the_row_makes_room(desk: Desk) -> None:
    """Else those who ask, find it too long and go would put the row off for ever."""
    paces(1, desk=desk)
    for token in range(2, 50):
        assert paces(token, desk=desk) == [1]
        desk.cancel(token)


def test_after_a_freeze_the_pace_is_kept(house: House, desk: Desk) -> None:
    """Those who waited do not all start when it ends."""
    paces(1, 2, 3, desk=desk)
    desk.freeze(20)
    house.now += 10
    first, second = (desk.confirm(token, paced=True) for token in (2, 3))
    assert first is not None
    assert 10 <= first <= 10 + 3 * PACE
    assert second == pytest.approx(first + PACE)


# Two lanes.


def test_bulk_work_leaves_the_reserve(desk: Desk) -> None:
    """It gets no more than its share, and others find the rest."""
    assert [desk.take(token, bulk=True) for token in (1, 2, 3)] == [0, 0, None]
    assert [desk.take(4), desk.take(5)] == [0, None]


def test_bulk_work_counts_until_its_slots_are_back(house: House, desk: Desk) -> None:
    """Slots on their way back are used, too: it gets its own again, the first one first."""
    desk.use(1, bulk=True)
    house.now += 2
    desk.use(2, bulk=True)
    assert [desk.take(token, bulk=True) for token in (3, 4, 5)] == [PER - 2, PER, None]
    assert desk.take(6) == 0


def test_others_may_use_everything(desk: Desk) -> None:
    """The reserve is theirs, and what bulk work leaves is, too."""
    assert desk.use(1, 2, 3) == [0, 0, 0]


def test_bulk_work_waits_in_turn(house: House, desk: Desk) -> None:
    """Where it has room, a slot that comes back is held for it as for anybody."""
    desk.use(1)
    house.now += 1
    desk.use(2, 3)
    assert [desk.take(4, bulk=True), desk.take(5), desk.take(6)] == [PER - 1, PER, PER]


def test_a_slot_of_bulk_work_that_another_waits_for_still_counts(desk: Desk) -> None:
    """Until it is back, whoever is to use it next; so bulk work never uses more than its share at one time."""
    desk.use(1, 2, bulk=True)
    desk.take(3)
    desk.take(4)  # waits for a slot of bulk work
    desk.cancel(3)
    assert desk.take(5, bulk=True) == PER
    assert desk.take(6) == 0


def test_bulk_work_that_rested_has_its_share_again(house: House, desk: Desk) -> None:
    """What is back does not count any more."""
    desk.use(1, 2, bulk=True)
    house.now += PER
    assert [desk.take(token, bulk=True) for token in (3, 4)] == [0, 0]


def test_bulk_work_that_rested_waits_in_turn(house: House, desk: Desk) -> None:
    """It gets the first slot of all, not the first of those that once were its own."""
    desk.use(1, 2, bulk=True)
    house.now += PER
    for token in (3, 4, 5):
        desk.use(token)
        house.now += 1
    assert desk.take(6, bulk=True) == PER - 3


def test_bulk_work_that_leaves_has_used_nothing(desk: Desk) -> None:
    """A slot in which it sent nothing is none of its share."""
    for token in (1, 2):
        desk.take(token, bulk=True)
    desk.cancel(1)
    desk.cancel(2)
    assert desk.use(3, 4) == [0, 0]
    assert desk.take(5, bulk=True) == 0


# Leases.


def test_a_slot_that_is_not_given_back_is_given_up(house: House, desk: Desk) -> None:
    """Its holder may have been killed. It is free a window after the lease, for who asks a window before, too."""
    for token in (1, 2, 3):
        desk.take(token)
    house.now += LEASE - 1
    assert desk.take(4) is None
    house.now += 1 + PER
    assert [desk.take(token) for token in (4, 5, 6, 7)] == [0, 0, 0, None]


def test_a_lease_begins_with_the_start(house: House, desk: Desk) -> None:
    """Not with the wait for it."""
    desk.use(1, 2, 3)
    for token in (4, 5, 6):
        desk.take(token)
    house.now += PER + 5
    for token in (4, 5, 6):
        desk.confirm(token)
    house.now += LEASE - 1
    assert desk.take(7) is None
    house.now += PER + 1
    assert desk.take(7) == 0


def test_who_comes_back_after_his_lease_takes_nothing_away(house: House, desk: Desk) -> None:
    """His slot belongs to another by then."""
    for token in (1, 2, 3):
        desk.take(token)
    house.now += LEASE + PER
    for token in (4, 5, 6):
        desk.take(token)
    desk.give_back(1, 2)
    desk.cancel(3)
    assert desk.take(7) is None


def test_bulk_work_that_was_killed_is_given_up_too(house: House, desk: Desk) -> None:
    """Its share is free again then."""
    for token in (1, 2):
        desk.take(token, bulk=True)
    house.now += LEASE + PER
    assert [desk.take(token, bulk=True) for token in (3, 4, 5)] == [0, 0, None]


# Tasks.


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_are_answered_alike(desk: Desk, backend: str) -> None:
    """In every event loop, one after another."""
    for token in (1, 2):
        assert anyio.run(desk.store.async_ask, Question(Verb.TAKE, token), backend=backend).wait == 0
    assert [desk.take(3), desk.take(4)] == [0, None]
