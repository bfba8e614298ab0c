"""Callbacks of bulk calls: on_progress, on_send, and the outcomes when code of the caller raises."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from sendblue_contacts import BulkError, BulkProgress

from tests.overrides.bulk.bulk_responses import numbers_of, sent_items, succeed
from tests.overrides.bulk.fake_server import LOST_AFTER, SUCCESS, FakeServer, make_rows, run
from tests.overrides.clients import Runner


class AsyncCallable:
    """A callable object whose call is async."""

    async def __call__(self, progress: BulkProgress) -> None:
        """Do nothing."""


@pytest.mark.parametrize("on_progress", [AsyncCallable().__call__, AsyncCallable()], ids=["function", "object"])
def test_on_progress_must_not_be_async(on_progress: Callable[[BulkProgress], object]) -> None:
    """It would not be awaited: the call raises before anything is sent."""
    runner = Runner("async")
    with pytest.raises(TypeError, match="on_progress must be a regular function"):
        runner.run(lambda client: client.contacts.bulk.create(make_rows(1), on_progress=on_progress), succeed)
    assert runner.sent == []


def test_on_send_is_called_where_the_call_was_made(runner: Runner) -> None:
    """In the thread of the caller. Again for items that are sent again; not for look-ups, nor after sending stopped."""
    calls: list[tuple[str, tuple[int, ...]]] = []

    def respond(request: httpx.Request) -> httpx.Response:
        if request.method == "GET" or len(calls) == 4:
            body = {"status": "ERROR", "message": "Contact not found"}
            return httpx.Response(401 if len(calls) == 4 else 404, json=body)
        if len(calls) == 2:
            raise httpx.ReadError("reset")
        return succeed(request)

    def on_send(indices: tuple[int, ...]) -> None:
        calls.append((threading.current_thread().name, indices))

    runner.run(
        lambda client: client.contacts.bulk.create(make_rows(9), chunk_size=2, concurrency=1, on_send=on_send), respond
    )
    assert calls == [(threading.current_thread().name, indices) for indices in ((0, 1), (2, 3), (2, 3), (4, 5))]


class CallerError(Exception):
    """Raised by the code of the caller."""


def _failing(rows: list[Any]) -> Iterator[Any]:
    yield from rows
    raise CallerError


def _raising_at(number: int) -> Callable[[Any], None]:
    """Returns a callback whose call with this number, and no other, raises."""
    calls: list[Any] = []

    def call(argument: object) -> None:
        calls.append(argument)
        assert len(calls) <= number, "called again after an error"
        if len(calls) == number:
            raise CallerError

    return call


CALLS: dict[str, tuple[Callable[[Any], Any], int]] = {
    "on_progress": (lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_progress=_raising_at(2)), 2),
    "on_send": (lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_send=_raising_at(3)), 2),
    "first on_send": (lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_send=_raising_at(1)), 0),
    "input": (lambda bulk: bulk.create(_failing(make_rows(7)), chunk_size=2), 2),
    "held input": (lambda bulk: bulk.create(_failing(make_rows(5)), chunk_size=2, duplicates="last"), 0),
    "delete": (lambda bulk: bulk.delete(numbers_of(make_rows(20)), chunk_size=2, on_progress=_raising_at(2)), 2),
}


@pytest.mark.parametrize("call", CALLS)
def test_no_outcome_is_lost_when_the_caller_raises(runner: Runner, call: str) -> None:
    """A BulkError has the outcomes of all items that were read. Nothing is sent after the error, which is its cause."""
    make_call, least = CALLS[call]
    with pytest.raises(BulkError) as caught:
        runner.run(lambda client: make_call(client.contacts.bulk), succeed)
    result = caught.value.result
    assert result is not None
    done, sent = result.succeeded, [item for request in runner.sent for item in sent_items(request)]
    assert (type(caught.value.__cause__), len(done), least <= len(sent) < 20) == (CallerError, len(sent), True)
    assert {failure.reason for failure in result.failed} == {"not sent: CallerError"}
    assert (result.requested, "+1415" in str(caught.value)) == (len(done) + len(result.failed), False)


def test_lost_requests_are_still_looked_up_when_the_call_ends_early() -> None:
    """An error of the caller leaves no item unknown. A stream raises it after all outcomes."""
    outcomes: list[Any] = []

    def collect() -> None:
        server = FakeServer([SUCCESS, LOST_AFTER])
        for outcome in run(server, make_rows(20), chunk_size=2, concurrency=2, on_send=_raising_at(3)):
            outcomes.append(outcome)  # noqa: PERF402  # extend would lose them all when the iterator raises

    with pytest.raises(CallerError):
        collect()
    assert [outcome.index for outcome in outcomes] == list(range(len(outcomes)))
    assert [outcome.status for outcome in outcomes][:5] == ["created"] * 4 + ["failed"]
