"""The scheduler of bulk calls: requests in flight, the order of outcomes, read-ahead, and sizes that were accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.overrides.bulk.fake_server import (
    LOST_AFTER,
    LOST_BEFORE,
    SUCCESS,
    UNAUTHORISED,
    FakeServer,
    OrderedExecutor,
    create,
    create_scheduler,
    make_rows,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 30), st.integers(1, 5), st.integers(1, 5), st.data())
def test_order_is_kept_whichever_request_ends_first(
    rows: int, chunk_size: int, concurrency: int, data: st.DataObject
) -> None:
    """Each item has one outcome, in input order, with no more requests in flight than allowed."""
    executor = OrderedExecutor(lambda in_flight: data.draw(st.integers(0, in_flight - 1)))
    outcomes = list(run(create_scheduler(chunk_size, concurrency), FakeServer(), make_rows(rows), executor))
    assert [outcome.index for outcome in outcomes] == list(range(rows))
    assert executor.max_in_flight == (0 if not rows else min(concurrency, max(1, -(-rows // chunk_size) - 1)))


def test_the_first_chunk_runs_alone_and_read_ahead_is_bounded() -> None:
    """While a request is slow, the others go on until six chunks, twice as many as requests, wait for their turn."""
    read: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        for row in make_rows(100):
            read.append(1)
            yield row

    server = FakeServer()
    newest_first = OrderedExecutor(lambda in_flight: in_flight - 1)
    outcomes = run(create_scheduler(chunk_size=1, concurrency=3), server, endless(), newest_first)
    assert (next(outcomes).index, len(server.posts()), len(read)) == (0, 1, 2)
    assert (next(outcomes).index, len(server.posts()), len(read)) == (1, 7, 8)


def test_lookups_count_as_requests_in_flight() -> None:
    """However many look-ups a chunk needs, the number in flight is limited; those of the oldest chunk come first."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[LOST_BEFORE])
    executor = OrderedExecutor()
    list(run(create_scheduler(chunk_size=30), server, make_rows(120), executor))
    assert executor.max_in_flight == 3
    assert (server.lookups()[0], len(server.lookups())) == ("", 31)


def test_chunks_in_flight_are_split_too() -> None:
    """They were cut before the rejection, and none of their items is lost."""
    server = FakeServer()
    executor = OrderedExecutor(lambda in_flight: in_flight - 1)
    outcomes = run(create_scheduler(chunk_size=8, concurrency=4), server, make_rows(100), executor)
    for _ in range(8):
        next(outcomes)
    server.max_contacts = 4
    assert all(outcome.ok for outcome in outcomes)
    assert ([len(post) for post in server.posts()].count(8), len(server.contacts)) == (5, 100)


def test_after_a_fatal_error_requests_in_flight_are_finished() -> None:
    """The other items are read to the end of the input, and fail with the reason; an invalid item has its own."""
    server = FakeServer([SUCCESS, UNAUTHORISED])
    outcomes = create(server, [*make_rows(8), {"phone": "none"}], chunk_size=1, concurrency=3)
    assert [outcome.status for outcome in outcomes] == ["created", "failed", "created", "created"] + ["failed"] * 5
    assert {outcome.reason for outcome in outcomes[4:8]} == {f"not sent: {outcomes[1].reason}"}
    assert (len(server.requests), "E.164" in outcomes[8].reason) == (4, True)
