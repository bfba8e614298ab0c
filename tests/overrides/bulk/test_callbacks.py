"""Callbacks of bulk calls: on_progress, on_send, and the outcomes when code of the caller raises."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import BulkError, BulkProgress

from tests.overrides.bulk.bulk_responses import numbers_of, sent_items, succeed
from tests.overrides.bulk.fake_server import make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.overrides.clients import Runner

A, B = "+14155550001", "+14155550002"


def test_on_progress_is_called_after_each_chunk(runner: Runner) -> None:
    """With the number of items that are done, have failed, and in total."""
    calls: list[BulkProgress] = []
    rows: list[Any] = [*make_rows(4), {"phone": "none"}]
    runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2, on_progress=calls.append), succeed)
    assert [(now.done, now.failed, now.total) for now in calls] == [(2, 0, 5), (4, 0, 5), (5, 1, 5)]


def test_progress_of_a_generator_has_no_total(runner: Runner) -> None:
    """The number of items is unknown."""
    calls: list[BulkProgress] = []
    runner.run(lambda client: client.contacts.bulk.delete(iter([A, B]), on_progress=calls.append), succeed)
    assert [(now.done, now.failed, now.total, now.eta) for now in calls] == [(2, 0, None, None)]


class AsyncCallable:
    """A callable object whose call is async."""

    async def __call__(self, progress: BulkProgress) -> None:
        """Do nothing."""


@pytest.mark.parametrize("on_progress", [AsyncCallable().__call__, AsyncCallable()], ids=["function", "object"])
def test_on_progress_must_not_be_async(runner: Runner, on_progress: Callable[[BulkProgress], object]) -> None:
    """It would not be awaited: the call raises before anything is sent."""
    sent: list[object] = []
    with pytest.raises(TypeError, match="on_progress must be a regular function"):
        runner.run(
            lambda client: client.contacts.bulk.create(make_rows(1), on_progress=on_progress, on_send=sent.append),
            succeed,
        )
    assert sent == []


class CallerError(Exception):
    """Raised by the code of the caller."""


def _failing(rows: list[Any]) -> Iterator[Any]:
    yield from rows
    raise CallerError


def _raising_at(number: int) -> Callable[[Any], None]:
    """Returns a callback whose call with this number raises."""
    calls: list[Any] = []

    def call(argument: object) -> None:
        calls.append(argument)
        if len(calls) == number:
            raise CallerError

    return call


CALLS: dict[str, Callable[[Any], Any]] = {
    "on_progress": lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_progress=_raising_at(2)),
    "on_send": lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_send=_raising_at(3)),
    "input": lambda bulk: bulk.create(_failing(make_rows(7)), chunk_size=2),
    "on_progress-delete": lambda bulk: bulk.delete(numbers_of(make_rows(20)), chunk_size=2, on_progress=_raising_at(2)),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_outcome_is_lost_when_the_caller_raises(runner: Runner, call: str) -> None:
    """A BulkError has the outcomes of all items that were read. Nothing is sent after the error, which is its cause."""
    with pytest.raises(BulkError) as caught:
        runner.run(lambda client: CALLS[call](client.contacts.bulk), succeed)
    result = caught.value.result
    assert result is not None
    done = result.succeeded
    sent = [item for request in runner.sent for item in sent_items(request)]
    assert (type(caught.value.__cause__), len(done), 2 <= len(sent) < 20) == (CallerError, len(sent), True)
    assert {failure.reason for failure in result.failed} == {"not sent: CallerError"}
    assert result.requested == len(done) + len(result.failed)
    assert "+1415" not in str(caught.value)


def test_on_progress_that_failed_is_not_called_again(runner: Runner) -> None:
    """Although requests in flight still have outcomes."""
    calls: list[Any] = []

    def on_progress(progress: BulkProgress) -> None:
        calls.append(progress)
        if len(calls) == 2:
            raise CallerError

    with pytest.raises(BulkError):
        runner.run(
            lambda client: client.contacts.bulk.create(make_rows(20), chunk_size=1, on_progress=on_progress), succeed
        )
    assert len(calls) == 2


def test_a_stream_raises_the_error_of_the_input(runner: Runner) -> None:
    """After the outcomes of the items that were read."""
    calls: list[Any] = []

    def synchronous(client: Any) -> None:  # noqa: ANN401  # either client
        calls.extend(client.contacts.bulk.stream_create(_failing(make_rows(3)), chunk_size=1))

    async def asynchronous(client: Any) -> None:  # noqa: ANN401  # either client
        async for outcome in client.contacts.bulk.stream_create(_failing(make_rows(3)), chunk_size=1):
            calls.append(outcome)  # noqa: PERF401  # the outcomes before the error are checked

    with pytest.raises(CallerError):
        runner.run(synchronous if runner.kind == "sync" else asynchronous, succeed)
    assert [outcome.index for outcome in calls] in ([0, 1, 2], [0, 1])


def test_on_send_is_called_where_the_call_was_made(runner: Runner) -> None:
    """In the thread of the caller, so that it can use a database connection of that thread."""
    calls: list[tuple[str, tuple[int, ...]]] = []

    def on_send(indices: tuple[int, ...]) -> None:
        calls.append((threading.current_thread().name, indices))

    runner.run(lambda client: client.contacts.bulk.create(make_rows(7), chunk_size=2, on_send=on_send), succeed)
    assert calls == [(threading.current_thread().name, indices) for indices in ((0, 1), (2, 3), (4, 5), (6,))]
