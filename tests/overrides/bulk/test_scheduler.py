"""The scheduler of bulk calls: requests in flight, the order of outcomes, read-ahead, and sizes that were accepted."""

from collections.abc import Iterator
from typing import Any

from tests.overrides.bulk.fake_server import (
    LOST_AFTER,
    LOST_BEFORE,
    SUCCESS,
    FakeServer,
    OrderedExecutor,
    make_rows,
    run,
)


def test_the_first_chunk_runs_alone_and_read_ahead_is_bounded() -> None:
    """While a request is slow, the others go on until six chunks, twice as many as requests, wait for their turn."""
    read: list[int] = []

    def endless() -> Iterator[dict[str, Any]]:
        for row in make_rows(100):
            read.append(1)
            yield row

    server = FakeServer()
    newest_first = OrderedExecutor(lambda in_flight: in_flight - 1)
    outcomes = run(server, endless(), newest_first)
    assert (next(outcomes).index, len(server.posts()), len(read)) == (0, 1, 2)
    assert (next(outcomes).index, len(server.posts()), len(read)) == (1, 7, 8)


def test_lookups_count_as_requests_in_flight() -> None:
    """However many look-ups a chunk needs, the number in flight is limited; those of the oldest chunk come first."""
    server = FakeServer([SUCCESS, LOST_AFTER], lookup_faults=[LOST_BEFORE])
    executor = OrderedExecutor()
    list(run(server, make_rows(120), executor, chunk_size=30))
    assert executor.max_in_flight == 3
    assert (server.lookups()[0], len(server.lookups())) == ("", 31)
