"""Bulk calls that are watched: progress, on_send, and what becomes of outcomes when the caller's own code raises."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts import BulkError, BulkProgress

from tests.overrides.bulk.bulk_responses import numbers_of, sent_items, succeed
from tests.overrides.bulk.fake_server import make_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.overrides.conftest import World

A, B = "+14155550001", "+14155550002"


def test_progress_is_told_after_each_chunk(world: World) -> None:
    """Snapshots with what is done, what failed and how many there are."""
    heard: list[BulkProgress] = []
    rows: list[Any] = [*make_rows(4), {"phone": "none"}]
    world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2, on_progress=heard.append), succeed)
    assert [(each.done, each.failed, each.total) for each in heard] == [(2, 0, 5), (4, 0, 5), (5, 1, 5)]


def test_progress_of_a_generator_has_no_total(world: World) -> None:
    """Nobody knows how many there will be."""
    heard: list[BulkProgress] = []
    world.do(lambda client: client.contacts.bulk.delete(iter([A, B]), on_progress=heard.append), succeed)
    assert [(each.done, each.failed, each.total, each.eta) for each in heard] == [(2, 0, None, None)]


class Watcher:
    """An object that is called like an async function."""

    async def __call__(self, progress: BulkProgress) -> None:
        """Hear of it."""


@pytest.mark.parametrize("hear", [Watcher().__call__, Watcher()], ids=["function", "object"])
def test_an_async_function_is_told_no_progress(world: World, hear: Callable[[BulkProgress], object]) -> None:
    """Nobody would await it: the call says so before anything is sent."""
    sent: list[object] = []
    with pytest.raises(TypeError, match="on_progress must be a regular function"):
        world.do(
            lambda client: client.contacts.bulk.create(make_rows(1), on_progress=hear, on_send=sent.append), succeed
        )
    assert sent == []


class Planted(Exception):  # noqa: N818  # it is no error of anybody
    """What a caller's own code raises."""


def _failing(rows: list[Any]) -> Iterator[Any]:
    yield from rows
    raise Planted


def _at(number: int) -> Callable[[Any], None]:
    """Something to be called that raises at its so manieth call."""
    calls: list[Any] = []

    def call(heard: object) -> None:
        calls.append(heard)
        if len(calls) == number:
            raise Planted

    return call


ENDINGS: dict[str, Callable[[Any], Any]] = {
    "on_progress": lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_progress=_at(2)),
    "on_send": lambda bulk: bulk.create(make_rows(20), chunk_size=2, on_send=_at(3)),
    "input": lambda bulk: bulk.create(_failing(make_rows(7)), chunk_size=2),
    "on_progress-delete": lambda bulk: bulk.delete(numbers_of(make_rows(20)), chunk_size=2, on_progress=_at(2)),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_a_caller_raises_loses_no_outcome(world: World, ending: str) -> None:
    """A BulkError has the outcomes of all that was read; nothing was sent after the error, which is its cause."""
    with pytest.raises(BulkError) as caught:
        world.do(lambda client: ENDINGS[ending](client.contacts.bulk), succeed)
    result = caught.value.result
    assert result is not None
    done = result.succeeded
    sent = [item for request in world.sent for item in sent_items(request)]
    assert (type(caught.value.__cause__), len(done), 2 <= len(sent) < 20) == (Planted, len(sent), True)
    assert {failure.reason for failure in result.failed} == {"not sent: Planted"}
    assert result.requested == len(done) + len(result.failed)
    assert "+1415" not in str(caught.value)


def test_on_progress_that_failed_is_not_called_again(world: World) -> None:
    """Although outcomes of what was on its way still come in."""
    heard: list[Any] = []

    def on_progress(progress: BulkProgress) -> None:
        heard.append(progress)
        if len(heard) == 2:
            raise Planted

    with pytest.raises(BulkError):
        world.do(
            lambda client: client.contacts.bulk.create(make_rows(20), chunk_size=1, on_progress=on_progress), succeed
        )
    assert len(heard) == 2


def test_a_stream_raises_what_the_input_raised(world: World) -> None:
    """After the outcomes of all that was read; the caller has them already."""
    heard: list[Any] = []

    def sync(client: Any) -> None:  # noqa: ANN401  # of either kind
        heard.extend(client.contacts.bulk.stream_create(_failing(make_rows(3)), chunk_size=1))

    async def later(client: Any) -> None:  # noqa: ANN401  # of either kind
        async for outcome in client.contacts.bulk.stream_create(_failing(make_rows(3)), chunk_size=1):
            heard.append(outcome)  # noqa: PERF401  # what came before the error is what is looked at

    with pytest.raises(Planted):
        world.do(sync if world.name == "sync" else later, succeed)
    assert [outcome.index for outcome in heard] in ([0, 1, 2], [0, 1])


def test_on_send_is_called_where_the_call_was_made(world: World) -> None:
    """In the caller's thread, so that a database connection of theirs can be used in it."""
    heard: list[tuple[str, tuple[int, ...]]] = []

    def on_send(places: tuple[int, ...]) -> None:
        heard.append((threading.current_thread().name, places))

    world.do(lambda client: client.contacts.bulk.create(make_rows(7), chunk_size=2, on_send=on_send), succeed)
    assert heard == [(threading.current_thread().name, places) for places in ((0, 1), (2, 3), (4, 5), (6,))]
