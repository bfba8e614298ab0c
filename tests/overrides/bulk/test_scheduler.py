"""Bulk calls, their course: a window of requests, outcomes in order, and what ends it. Driven by hand, without I/O."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import CreateJob, DeleteJob
from sendblue_contacts.bulk.batching import Limits
from sendblue_contacts.bulk.scheduler import Course

from tests.overrides.bulk.bulk_model import (
    LOST_AFTER,
    LOST_BEFORE,
    NOBODY,
    UNAUTHORISED,
    WELL,
    Drive,
    Server,
    creation,
    rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sendblue_contacts.operations import Operation


def _course(chunk_size: int = 1, concurrency: int = 3, **settings: Any) -> Course[Any, Any]:  # noqa: ANN401  # a Course's
    return Course(CreateJob(None), Limits(chunk_size, 100_000, concurrency), **settings)


class Hands:
    """A course in the hands of a test, over an input that counts what was read of it."""

    def __init__(self, course: Course[Any, Any], server: Server | None = None) -> None:
        self.read = 0
        self.drive = Drive(course, server or Server())
        self._course = course
        self._chunks = course.chunker.chunks(self._endless())

    def _endless(self) -> Iterator[dict[str, Any]]:
        for number in count(2_000_000):
            self.read += 1
            yield {"phone": f"+1415{number:07}"}

    def go(self) -> list[int]:
        """Do all that can be done without an answer. Returns the places that are on their way, oldest first."""
        while True:
            self.drive.flying += self._course.requests(None)
            if not self._course.hungry:
                return [request.places[0] for request in self.drive.flying]
            self._course.add(next(self._chunks))

    def end(self, place: int) -> None:
        """The request with the item at this place is answered."""
        places = [request.places[0] for request in self.drive.flying]
        self.drive.end_one(places.index(place))

    def outcomes(self) -> list[int]:
        """The places whose outcomes can be handed out now."""
        found: list[int] = []
        while (outcomes := self._course.outcomes()) is not None:
            found += [outcome.index for outcome in outcomes]
        return found


def _started(concurrency: int = 3, **settings: Any) -> Hands:  # noqa: ANN401  # a Course's
    """A course whose first chunk is done."""
    hands = Hands(_course(concurrency=concurrency, **settings))
    hands.go()
    hands.end(0)
    assert hands.outcomes() == [0]
    return hands


def test_the_first_chunk_goes_alone() -> None:
    """The others follow when its outcomes are there."""
    hands = Hands(_course())
    assert hands.go() == [0]
    hands.end(0)
    assert (hands.go(), hands.outcomes(), hands.go()) == ([], [0], [1, 2, 3])


def test_the_next_request_starts_when_any_ends() -> None:
    """The oldest may take its time."""
    hands = _started()
    assert hands.go() == [1, 2, 3]
    hands.end(3)
    assert hands.go() == [1, 2, 4]
    hands.end(2)
    assert hands.go() == [1, 4, 5]


def test_outcomes_wait_for_those_before_them() -> None:
    """They come in the order of the input."""
    hands = _started()
    hands.go()
    hands.end(3)
    hands.end(2)
    assert hands.outcomes() == []
    hands.end(1)
    assert hands.outcomes() == [1, 2, 3]


def test_a_slow_chunk_does_not_let_the_others_run_away() -> None:
    """At most twice as many chunks as requests are held, so that memory is bounded."""
    hands = _started()
    hands.go()
    ended = 0
    while others := [place for place in hands.go() if place > 1]:
        hands.end(others[0])
        ended += 1
    assert (ended, hands.go(), hands.read) == (5, [1], 8)
    hands.end(1)
    assert (hands.outcomes(), hands.go()) == ([1, 2, 3, 4, 5, 6], [7, 8, 9])


def test_look_ups_take_places_too() -> None:
    """However many there are to make: the window is one of requests, and those of the oldest chunk come first."""
    server = Server([WELL, LOST_AFTER], look_fates=[LOST_BEFORE])
    course = _course(chunk_size=30, concurrency=3)
    drive = Drive(course, server)
    list(drive.outcomes(rows(120)))
    assert drive.most == 3
    assert server.looks()[0] == ""
    assert len(server.looks()) == 31


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 5), st.integers(1, 5), st.data())
def test_whatever_ends_first_the_order_is_kept(
    count_: int, chunk_size: int, concurrency: int, data: st.DataObject
) -> None:
    """Each item has one outcome, in order, with no more requests on their way than allowed."""
    drive = Drive(_course(chunk_size, concurrency), Server(), lambda flying: data.draw(st.integers(0, flying - 1)))
    outcomes = list(drive.outcomes(rows(count_)))
    assert [outcome.index for outcome in outcomes] == list(range(count_))
    assert drive.most <= concurrency


def test_the_size_is_remembered() -> None:
    """After one refusal no chunk is refused again, but for those that were on their way."""
    server = Server(most=3)
    assert all(outcome.ok for outcome in creation(server, rows(60), chunk_size=12, concurrency=2))
    sizes = [len(post) for post in server.posts()]
    assert (sizes[:3], set(sizes[3:])) == ([12, 6, 3], {6, 3} if 6 in sizes[3:6] else {3})
    assert set(sizes[6:]) == {3}


def test_chunks_that_were_on_their_way_are_halved_too() -> None:
    """They had been cut before the refusal was known, and none of their items is lost."""
    server = Server()
    course = _course(chunk_size=8, concurrency=4)
    drive = Drive(course, server, lambda flying: flying - 1)
    outcomes = drive.outcomes(rows(200))
    for _ in range(8):
        next(outcomes)
    server.most = 4
    assert all(outcome.ok for outcome in outcomes)
    sizes = [len(post) for post in server.posts()]
    assert (sizes.count(8), len(server.contacts)) == (5, 200)


def test_nothing_to_do() -> None:
    """No items, no requests and no outcomes."""
    server = Server()
    assert (creation(server, []), server.seen) == ([], [])


# What is hopeless


@pytest.mark.parametrize("fate", [UNAUTHORISED, NOBODY])
def test_a_first_request_that_is_hopeless_is_raised(fate: str) -> None:
    """Nothing was done, and the next request would fail in the same way."""
    server = Server([fate])
    with pytest.raises(Exception, match=r"401|no answer"):
        creation(server, rows(9))
    assert len(server.seen) == 1


@pytest.mark.parametrize("fate", [UNAUTHORISED, NOBODY])
def test_a_later_one_ends_the_sending(fate: str) -> None:
    """What is on its way is still heard; the rest is failed, read to its end, and says why."""
    server = Server([WELL, fate])
    outcomes = creation(server, rows(9), chunk_size=1, concurrency=3)
    assert [outcome.status for outcome in outcomes] == ["created", "failed", "created", "created"] + ["failed"] * 5
    assert outcomes[-1].reason == f"not sent: {outcomes[1].reason}"
    assert len(server.seen) == 4


def test_the_sending_that_ended_goes_on_reading() -> None:
    """Each item gets its outcome, for it can be given again; an item of its own fault keeps its own reason."""
    server = Server([WELL, UNAUTHORISED])
    outcomes = creation(server, [*rows(6), {"phone": "none"}], chunk_size=1, concurrency=1)
    assert (len(outcomes), "E.164" in outcomes[-1].reason) == (7, True)


# on_send


def test_on_send_hears_of_each_request_before_it_is_sent() -> None:
    """The places of what it carries, and nothing of look-ups; what is sent again is heard again."""
    server = Server([WELL, LOST_BEFORE])
    heard: list[tuple[tuple[int, ...], int]] = []
    creation(
        server,
        [*rows(4), {"phone": "none"}],
        on_send=lambda places: heard.append((places, len(server.posts()))),
        concurrency=1,
    )
    assert heard == [((0, 1), 0), ((2, 3), 1), ((2, 3), 2)]


def test_on_send_is_not_told_of_what_is_not_sent() -> None:
    """After a hopeless error nothing is announced."""
    heard: list[tuple[int, ...]] = []
    creation(Server([WELL, UNAUTHORISED]), rows(8), on_send=heard.append, concurrency=1)
    assert heard == [(0, 1), (2, 3)]


class Planted(Exception):  # noqa: N818  # it is no error of anybody
    """What a caller's own code raises."""


class Kept(list[Any]):
    """A list that keeps what an iterator gave before it raised."""

    def extend(self, outcomes: Iterable[Any]) -> None:
        """One by one."""
        for outcome in outcomes:
            self.append(outcome)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_on_send_that_fails_ends_the_call_and_loses_nothing(after: int) -> None:
    """What was not announced is not sent; what was read has its outcome; then the error is raised."""
    server = Server()
    announced: list[int] = []

    def on_send(places: tuple[int, ...]) -> None:
        if len(server.posts()) + 1 > after:
            raise Planted
        announced.extend(places)

    outcomes = Kept()
    with pytest.raises(Planted):
        outcomes.extend(Drive(_course(2, 1), server).outcomes(rows(20), on_send))
    assert [outcome.index for outcome in outcomes if outcome.ok] == announced == list(range(2 * after))
    assert [outcome.index for outcome in outcomes] == list(range(len(outcomes)))
    assert {outcome.reason for outcome in outcomes if not outcome.ok} == {"not sent: Planted"}


def test_an_input_that_fails_ends_the_call_and_loses_nothing() -> None:
    """What was read and not sent is failed, what is on its way is heard, and then the error is raised."""

    def failing() -> Iterator[Any]:
        yield from rows(7)
        raise Planted

    outcomes = Kept()
    server = Server()
    with pytest.raises(Planted):
        outcomes.extend(Drive(_course(2, 2), server).outcomes(failing()))
    assert [(outcome.index, outcome.ok) for outcome in outcomes] == [
        (index, index < 2 * len(server.posts())) for index in range(7)
    ]


def test_items_that_were_held_back_are_not_lost_when_the_input_fails() -> None:
    """Where all items have to be read first, none was sent, and each says so."""

    def failing() -> Iterator[Any]:
        yield from rows(5)
        raise Planted

    outcomes = Kept()
    server = Server()
    with pytest.raises(Planted):
        outcomes.extend(Drive(_course(2, 2, duplicates="last"), server).outcomes(failing()))
    assert ([outcome.status for outcome in outcomes], server.seen) == (["failed"] * 5, [])


def test_what_was_lost_is_still_looked_for_when_the_call_ends() -> None:
    """Nobody is left in doubt because of a caller's own mistake."""
    server = Server([WELL, LOST_AFTER])
    places: list[tuple[int, ...]] = []

    def on_send(sent: tuple[int, ...]) -> None:
        places.append(sent)
        if len(places) == 3:
            raise Planted

    outcomes = Kept()
    drive = Drive(_course(2, 2), server)
    with pytest.raises(Planted):
        outcomes.extend(drive.outcomes(rows(20), on_send))
    assert [outcome.status for outcome in outcomes][:4] == ["created"] * 4


def test_an_error_that_nobody_has_thought_of_is_raised_in_the_end() -> None:
    """It is not ours to explain: the request may have been carried out, and its items are unknown or looked for."""

    class Odd(Server):
        def answer(self, operation: Operation[Any]) -> object:
            answer = super().answer(operation)
            return Planted() if len(self.posts()) == 2 and not self.looks() else answer

    server = Odd()
    outcomes = Kept()
    with pytest.raises(Planted):
        outcomes.extend(Drive(_course(2, 1), server).outcomes(rows(8)))
    assert [outcome.status for outcome in outcomes][:4] == ["created", "created", "unknown", "unknown"]
    assert "+1415" not in str(outcomes)


# Deleting


def _deletion(answers: list[Any], numbers: list[str]) -> list[Any]:
    course: Course[Any, Any] = Course(DeleteJob(None), Limits(2, 1_000, 2), "first")

    class Deleting(Server):
        def answer(self, operation: Operation[Any]) -> object:
            self.seen.append(("DELETE", operation.kwargs["json"]["contact_ids"]))
            answer = answers.pop(0)
            return answer if isinstance(answer, Exception) else operation.read(answer)

    return list(Drive(course, Deleting()).outcomes(numbers))


def _lost() -> Exception:
    made = Server([LOST_AFTER]).answer(CreateJob(None).operation([CreateJob(None).check(rows(1)[0])]))
    assert isinstance(made, Exception)
    return made


def test_a_deletion_whose_every_answer_was_lost_is_unknown() -> None:
    """The transports have repeated it already; the others go on, and the reason says what to do."""
    outcomes = _deletion([{"amount": 2}, _lost(), {"amount": 2}], [row["phone"] for row in rows(6)])
    assert [outcome.status for outcome in outcomes] == ["deleted"] * 2 + ["unknown"] * 2 + ["deleted"] * 2
    assert outcomes[2].reason.endswith("it may have been deleted: give it again, for to delete twice does no harm")


def test_deletions_that_are_all_lost_end_the_sending() -> None:
    """After three losses for each place only what is on its way is heard."""
    outcomes = _deletion([{"amount": 2}, *[_lost() for _ in range(7)]], [row["phone"] for row in rows(20)])
    assert [outcome.status for outcome in outcomes] == ["deleted"] * 2 + ["unknown"] * 14 + ["failed"] * 4


def test_a_number_is_deleted_once() -> None:
    """The others are duplicates."""
    number = rows(1)[0]["phone"]
    outcomes = _deletion([{"amount": 1}], [number, number])
    assert [(outcome.status, outcome.value) for outcome in outcomes] == [("deleted", number), ("duplicate", None)]
