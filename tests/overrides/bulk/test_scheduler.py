"""The scheduler of bulk calls: requests in flight, outcomes in order, and what ends a call. Stepped without I/O."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts.bulk.actions import CreateAction, DeleteAction
from sendblue_contacts.bulk.batching import BatchLimits
from sendblue_contacts.bulk.scheduler import BulkScheduler

from tests.overrides.bulk.fake_server import (
    LOST_AFTER,
    LOST_BEFORE,
    SUCCESS,
    UNAUTHORISED,
    UNREACHABLE,
    FakeServer,
    OrderedExecutor,
    create,
    create_scheduler,
    make_rows,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sendblue_contacts import BulkOutcome
    from sendblue_contacts.bulk.reconciler import Request
    from sendblue_contacts.operations import Operation


class Stepper:
    """A scheduler that a test steps by hand, with an infinite input that counts what was read."""

    def __init__(self, scheduler: BulkScheduler[Any, Any]) -> None:
        self.read = 0
        self._server = FakeServer()
        self._in_flight: dict[int, Request] = {}
        self._scheduler = scheduler
        self._chunks = scheduler.chunker.chunks(self._input())

    def _input(self) -> Iterator[dict[str, Any]]:
        for number in count(2_000_000):
            self.read += 1
            yield {"phone": f"+1415{number:07}"}

    def start(self) -> list[int]:
        """Start all requests that can be sent now. Returns the indices in flight, oldest first."""
        while True:
            self._in_flight |= {request.indices[0]: request for request in self._scheduler.requests()}
            if not self._scheduler.wants_chunk:
                return list(self._in_flight)
            self._scheduler.add_chunk(next(self._chunks))

    def end(self, index: int) -> None:
        """Let the request with the item at this index end."""
        request = self._in_flight.pop(index)
        self._scheduler.receive(request, self._server.respond(request.operation))

    def outcomes(self) -> list[int]:
        """Returns the indices of the outcomes that are ready."""
        indices: list[int] = []
        while (outcomes := self._scheduler.pop_outcomes()) is not None:
            indices += [outcome.index for outcome in outcomes]
        return indices


def _after_first_chunk() -> Stepper:
    """Returns a scheduler whose first chunk is finished."""
    stepper = Stepper(create_scheduler())
    stepper.start()
    stepper.end(0)
    assert stepper.outcomes() == [0]
    return stepper


def test_the_first_chunk_runs_alone() -> None:
    """The other chunks follow after its outcomes."""
    stepper = Stepper(create_scheduler())
    assert stepper.start() == [0]
    stepper.end(0)
    assert (stepper.start(), stepper.outcomes(), stepper.start()) == ([], [0], [1, 2, 3])


def test_the_next_request_starts_when_any_request_ends() -> None:
    """The oldest request may be slow."""
    stepper = _after_first_chunk()
    assert stepper.start() == [1, 2, 3]
    stepper.end(3)
    assert stepper.start() == [1, 2, 4]
    stepper.end(2)
    assert stepper.start() == [1, 4, 5]


def test_outcomes_are_returned_in_input_order() -> None:
    """The outcomes of later chunks wait for those of earlier chunks."""
    stepper = _after_first_chunk()
    stepper.start()
    stepper.end(3)
    stepper.end(2)
    assert stepper.outcomes() == []
    stepper.end(1)
    assert stepper.outcomes() == [1, 2, 3]


def test_read_ahead_is_bounded_while_a_chunk_is_slow() -> None:
    """At most twice as many chunks as concurrent requests are in memory."""
    stepper = _after_first_chunk()
    stepper.start()
    ended = 0
    while others := [index for index in stepper.start() if index > 1]:
        stepper.end(others[0])
        ended += 1
    assert (ended, stepper.start(), stepper.read) == (5, [1], 8)
    stepper.end(1)
    assert (stepper.outcomes(), stepper.start()) == ([1, 2, 3, 4, 5, 6], [7, 8, 9])


def test_lookups_count_as_requests_in_flight() -> None:
    """However many look-ups a chunk needs, the number in flight is limited; those of the oldest chunk come first."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[LOST_BEFORE])
    executor = OrderedExecutor()
    list(run(create_scheduler(chunk_size=30), server, make_rows(120), executor))
    assert executor.max_in_flight == 3
    assert server.lookups()[0] == ""
    assert len(server.lookups()) == 31


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 5), st.integers(1, 5), st.data())
def test_order_is_kept_whichever_request_ends_first(
    rows: int, chunk_size: int, concurrency: int, data: st.DataObject
) -> None:
    """Each item has one outcome, in input order, with no more requests in flight than allowed."""
    executor = OrderedExecutor(lambda in_flight: data.draw(st.integers(0, in_flight - 1)))
    outcomes = list(run(create_scheduler(chunk_size, concurrency), FakeServer(), make_rows(rows), executor))
    assert [outcome.index for outcome in outcomes] == list(range(rows))
    assert executor.max_in_flight <= concurrency


def test_the_accepted_size_is_remembered() -> None:
    """After one rejection no chunk is rejected again, except those in flight at the time."""
    server = FakeServer(max_contacts=3)
    assert all(outcome.ok for outcome in create(server, make_rows(60), chunk_size=12))
    sizes = [len(post) for post in server.posts()]
    assert (sizes[:3], set(sizes[3:])) == ([12, 6, 3], {6, 3} if 6 in sizes[3:6] else {3})
    assert set(sizes[6:]) == {3}


def test_chunks_in_flight_are_split_too() -> None:
    """They were cut before the rejection, and none of their items is lost."""
    server = FakeServer()
    executor = OrderedExecutor(lambda in_flight: in_flight - 1)
    outcomes = run(create_scheduler(chunk_size=8, concurrency=4), server, make_rows(200), executor)
    for _ in range(8):
        next(outcomes)
    server.max_contacts = 4
    assert all(outcome.ok for outcome in outcomes)
    sizes = [len(post) for post in server.posts()]
    assert (sizes.count(8), len(server.contacts)) == (5, 200)


def test_an_empty_input_sends_nothing() -> None:
    """There are no requests and no outcomes."""
    server = FakeServer()
    assert (create(server, []), server.requests) == ([], [])


# Fatal errors


@pytest.mark.parametrize("fault", [UNAUTHORISED, UNREACHABLE])
def test_a_fatal_error_on_the_first_request_is_raised(fault: str) -> None:
    """Nothing was done, and the next request would fail in the same way."""
    server = FakeServer([fault])
    with pytest.raises(Exception, match=r"401|no response"):
        create(server, make_rows(9))
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [UNAUTHORISED, UNREACHABLE])
def test_a_later_fatal_error_stops_sending(fault: str) -> None:
    """Requests in flight are finished; the other items are read, fail, and state the reason."""
    server = FakeServer([SUCCESS, fault])
    outcomes = create(server, make_rows(9), chunk_size=1, concurrency=3)
    assert [outcome.status for outcome in outcomes] == ["created", "failed", "created", "created"] + ["failed"] * 5
    assert outcomes[-1].reason == f"not sent: {outcomes[1].reason}"
    assert len(server.requests) == 4


def test_the_input_is_read_to_its_end_after_sending_has_stopped() -> None:
    """Each item has an outcome, for a retry; an invalid item has its own reason."""
    server = FakeServer([SUCCESS, UNAUTHORISED])
    outcomes = create(server, [*make_rows(6), {"phone": "none"}], chunk_size=1, concurrency=1)
    assert (len(outcomes), "E.164" in outcomes[-1].reason) == (7, True)


# on_send


def test_on_send_is_called_before_each_request() -> None:
    """It gets the indices of the items, again when they are sent again; it is not called for look-ups."""
    server = FakeServer([SUCCESS, LOST_BEFORE])
    calls: list[tuple[tuple[int, ...], int]] = []
    create(
        server,
        [*make_rows(4), {"phone": "none"}],
        on_send=lambda indices: calls.append((indices, len(server.posts()))),
        concurrency=1,
    )
    assert calls == [((0, 1), 0), ((2, 3), 1), ((2, 3), 2)]


def test_on_send_is_not_called_for_items_that_are_not_sent() -> None:
    """After a fatal error it is not called."""
    calls: list[tuple[int, ...]] = []
    create(FakeServer([SUCCESS, UNAUTHORISED]), make_rows(8), on_send=calls.append, concurrency=1)
    assert calls == [(0, 1), (2, 3)]


class CallerError(Exception):
    """Raised by the code of the caller."""


def _until_error(server: FakeServer, rows: Iterator[Any], **options: Any) -> list[BulkOutcome[Any]]:  # noqa: ANN401  # options of BulkScheduler
    """Create contacts until the error of the caller is raised. Returns the outcomes before it."""
    outcomes: list[BulkOutcome[Any]] = []

    def collect() -> None:
        for outcome in run(create_scheduler(2, **options), server, rows):
            outcomes.append(outcome)  # noqa: PERF402  # extend would lose them all when the iterator raises

    with pytest.raises(CallerError):
        collect()
    return outcomes


def _raise_after(requests: int) -> tuple[list[int], Callable[[tuple[int, ...]], None]]:
    """Returns an `on_send` that raises after this many requests, and the indices it was called with before."""
    announced: list[int] = []
    calls = count(1)

    def on_send(indices: tuple[int, ...]) -> None:
        if next(calls) > requests:
            raise CallerError
        announced.extend(indices)

    return announced, on_send


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_no_outcome_is_lost_when_on_send_raises(requests: int) -> None:
    """The request is not sent, all items that were read have an outcome, and then the error is raised."""
    announced, on_send = _raise_after(requests)
    outcomes = _until_error(FakeServer(), iter(make_rows(20)), concurrency=1, on_send=on_send)
    assert [outcome.index for outcome in outcomes if outcome.ok] == announced == list(range(2 * requests))
    assert [outcome.index for outcome in outcomes] == list(range(len(outcomes)))
    assert {outcome.reason for outcome in outcomes if not outcome.ok} == {"not sent: CallerError"}


def _raising(rows: int) -> Iterator[Any]:
    yield from make_rows(rows)
    raise CallerError


def test_no_outcome_is_lost_when_the_input_raises() -> None:
    """Items that were read and not sent fail, requests in flight are finished, and then the error is raised."""
    server = FakeServer()
    outcomes = _until_error(server, _raising(7), concurrency=2)
    assert [(outcome.index, outcome.ok) for outcome in outcomes] == [
        (index, index < 2 * len(server.posts())) for index in range(7)
    ]


def test_held_items_are_not_lost_when_the_input_raises() -> None:
    """If the whole input has to be read first, no item was sent, and each one fails."""
    server = FakeServer()
    outcomes = _until_error(server, _raising(5), duplicates="last")
    assert ([outcome.status for outcome in outcomes], server.requests) == (["failed"] * 5, [])


def test_lost_requests_are_still_looked_up_when_the_call_ends_early() -> None:
    """An error of the caller leaves no item unknown."""
    _, on_send = _raise_after(2)
    outcomes = _until_error(FakeServer([SUCCESS, LOST_AFTER]), iter(make_rows(20)), concurrency=2, on_send=on_send)
    assert [outcome.status for outcome in outcomes][:4] == ["created"] * 4


def test_an_unexpected_error_is_raised_at_the_end() -> None:
    """The request may have been applied, so its items are looked up or unknown. Their reason has no personal data."""

    class RaisingServer(FakeServer):
        def respond(self, operation: Operation[Any]) -> object:
            response = super().respond(operation)
            return CallerError("+14155551234") if len(self.posts()) == 2 and not self.lookups() else response

    outcomes = _until_error(RaisingServer(), iter(make_rows(8)), concurrency=1)
    assert [outcome.status for outcome in outcomes][:4] == ["created", "created", "unknown", "unknown"]
    assert "+1415" not in str(outcomes)


# Deleting


def _delete(responses: list[Any], numbers: list[str]) -> list[Any]:
    class DeletingServer(FakeServer):
        def respond(self, operation: Operation[Any]) -> object:
            self.requests.append(("DELETE", operation.kwargs["json"]["contact_ids"]))
            response = responses.pop(0)
            return response if isinstance(response, Exception) else operation.read(response)

    scheduler: BulkScheduler[Any, Any] = BulkScheduler(DeleteAction(None), BatchLimits(2, 1_000, 2), "first")
    return list(run(scheduler, DeletingServer(), numbers))


def _lost() -> Exception:
    action = CreateAction(None)
    error = FakeServer([LOST_AFTER]).respond(action.operation([action.payload(make_rows(1)[0])]))
    assert isinstance(error, Exception)
    return error


NUMBERS = [row["phone"] for row in make_rows(20)]


def test_a_deletion_without_any_response_is_unknown() -> None:
    """The transports have retried it. The other items go on, and the reason has a hint."""
    outcomes = _delete([{"amount": 2}, _lost(), {"amount": 2}], NUMBERS[:6])
    assert [outcome.status for outcome in outcomes] == ["deleted"] * 2 + ["unknown"] * 2 + ["deleted"] * 2
    assert outcomes[2].reason.endswith("it may have been deleted; retry it: deleting twice is safe")


def test_lost_deletions_in_a_row_stop_sending() -> None:
    """After three losses per concurrent request, only requests in flight are finished."""
    outcomes = _delete([{"amount": 2}, *[_lost() for _ in range(7)]], NUMBERS)
    assert [outcome.status for outcome in outcomes] == ["deleted"] * 2 + ["unknown"] * 14 + ["failed"] * 4


def test_a_number_is_deleted_once() -> None:
    """The other items with this number are duplicates."""
    outcomes = _delete([{"amount": 1}], [NUMBERS[0]] * 2)
    assert [(outcome.status, outcome.value) for outcome in outcomes] == [("deleted", NUMBERS[0]), ("duplicate", None)]
