"""The size of bulk requests: fixed, or as large as suits the server; nothing is lost or doubled on the way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import APIConnectionError, APITimeoutError, InternalServerError
from sendblue_contacts._masking import RequestSummary
from sendblue_contacts.bulk.chunk_size import AUTO, ChunkSize, LearnedSize, is_timeout, learned_size

from tests.overrides.bulk.simulation import SimulatedServer, best_seconds, numbers, simulate

KB = 1024


def largest(size: ChunkSize, size_bytes: int = 1) -> int:
    """Return how many items the next chunk may have."""
    return max(count for count in range(1, 3_000) if size.allows(count, size_bytes))


STEPS: dict[str, tuple[list[tuple[Any, ...]], int]] = {
    "nothing learned": ([], 100),
    "a full request doubles it": ([("accepted", 100, 1, 5.0)], 200),
    "a full request with invalid items doubles it": ([("accepted", 95, 1, 1.0, 5)], 190),
    "a small request does not": ([("accepted", 99, 1, 1.0)], 100),
    "requests that were smaller when they were sent do not": ([("accepted", 100, 1, 1.0)] * 4, 200),
    "up to 1,000": ([("accepted", size, 1, 1.0) for size in (100, 200, 400, 800, 1_000)], 1_000),
    "a request that takes a while changes nothing": ([("accepted", 100, 1, 5.1), ("accepted", 100, 1, 15.0)], 100),
    "a slow one halves it": ([("accepted", 100, 1, 15.1)], 50),
    "also a small one": ([("accepted", 3, 1, 15.1)], 50),
    "several in flight halve it once": ([("timed_out", 100)] * 4, 50),
    "a refused one halves it, and the middle follows": ([("refused", 100, 1), ("accepted", 50, 1, 1.0)], 75),
    "a refused one below what was accepted": ([("accepted", 100, 1, 1.0), ("refused", 200, 1)], 100),
    "close to what was refused it stays": (
        [("refused", 100, 1), *(("accepted", size, 1, 1.0) for size in (50, 75, 87, 87))],
        87,
    ),
    "a larger one that is accepted": ([("refused", 100, 1), ("accepted", 100, 1, 1.0)], 200),
    "never less than one": ([("timed_out", 1)] * 9, 1),
    "a size that timed out is tried again after 8 full requests": (
        [("accepted", 100, 1, 1.0), *[("timed_out", 200)] * 4, *[("accepted", 100, 1, 1.0)] * 8],
        200,
    ),
    "and not before": ([("accepted", 100, 1, 1.0), ("timed_out", 200), *[("accepted", 100, 1, 1.0)] * 7], 100),
    "one that was accepted before at once": (
        [("accepted", 100, 1, 1.0), ("accepted", 200, 1, 6.0), ("timed_out", 200), ("accepted", 100, 1, 1.0)],
        200,
    ),
}


@pytest.mark.parametrize(("steps", "expected"), STEPS.values(), ids=STEPS.keys())
def test_the_automatic_size(steps: list[tuple[Any, ...]], expected: int) -> None:
    """It follows what the server accepts, and how long that takes."""
    size = ChunkSize(AUTO, 256 * KB)
    for name, *arguments in steps:
        getattr(size, name)(*arguments)
    assert largest(size) == expected


@pytest.mark.parametrize("steps", [[("accepted", 100, 1, 1.0)] * 3, [("accepted", 100, 1, 99.0)], [("timed_out", 100)]])
def test_a_fixed_size(steps: list[tuple[Any, ...]]) -> None:
    """It stays, however fast or slow the server is. Only a refusal shows that it cannot be used."""
    size = ChunkSize(100, 256 * KB)
    for name, *arguments in steps:
        getattr(size, name)(*arguments)
    assert largest(size) == 100
    size.refused(150, 1)
    assert largest(size) == (100 if size.allows(100, 1) else 75)


def test_bytes_are_the_reason_for_a_refusal_if_as_many_items_were_accepted() -> None:
    """Then the number of items stays, and what is smaller in bytes is sent as before."""
    size = ChunkSize(AUTO, 256 * KB)
    size.accepted(100, 50 * KB, 1.0)
    size.refused(100, 100 * KB)
    assert (largest(size), size.allows(50, 51 * KB), size.allows(50, 50 * KB)) == (200, False, True)
    size.accepted(50, 50 * KB, 1.0)
    assert (size.allows(50, 75 * KB), size.allows(50, 76 * KB), ChunkSize(AUTO, KB).allows(1, KB + 1)) == (
        True,
        False,
        False,
    )


def test_what_was_learned_is_shared_and_survives_a_process() -> None:
    """By the calls of one kind for one account; what this process has learned itself counts more than a journal."""
    shared = learned_size("account", "create")
    first = ChunkSize(AUTO, 256 * KB, shared)
    first.accepted(100, 1, 1.0)
    first.refused(200, 1)
    first.accepted(100, 1, 1.0)
    assert largest(ChunkSize(AUTO, 256 * KB, learned_size("account", "create"))) == 150
    assert largest(ChunkSize(AUTO, 256 * KB, learned_size("account", "delete"))) == 100
    assert learned_size("", "create") is not learned_size("", "create")
    saved, later = shared.to_dict(), LearnedSize()
    assert saved == {"size": 150, "accepted": 100, "refused": 200}
    later.restore(saved)
    later.restore({"size": 7, "accepted": 0})
    assert later.to_dict() == saved


def test_only_timeouts_that_may_depend_on_the_size_count() -> None:
    """Not a connection that was never made, and not a server that failed in another way."""
    summary = RequestSummary.of("POST", "/api/v2/contacts/bulk")
    found = {}
    for status, maybe_applied in ((0, True), (0, False), (504, True), (500, True)):
        error: Any = (InternalServerError if status else APITimeoutError)("slow", request=summary)
        error.status_code, error.maybe_applied = status, maybe_applied
        found[status, maybe_applied] = is_timeout(error)
    assert found == {(0, True): True, (0, False): False, (504, True): True, (500, True): False}
    assert not is_timeout(APIConnectionError("reset", request=summary))


SERVERS: dict[str, tuple[dict[str, Any], int]] = {
    "fast": ({"seconds": lambda count: 0.03 + 0.0001 * count}, 45_000),
    "slow items": ({"seconds": lambda count: 0.2 + 0.02 * count}, 10_000),
    "refuses above 350 items": ({"seconds": lambda count: 0.1 + 0.001 * count, "max_items": 350}, 20_000),
    "refuses above 10 KB": ({"seconds": lambda count: 0.1 + 0.001 * count, "max_bytes": 10_000}, 40_000),
    "times out above 74 items": ({"seconds": lambda count: 0.2 + 0.4 * count}, 4_000),
}


@pytest.mark.parametrize(("server", "count"), SERVERS.values(), ids=SERVERS.keys())
def test_throughput_is_close_to_that_of_the_best_fixed_size(server: dict[str, Any], count: int) -> None:
    """On servers of five kinds, it is at least 80 % of that, although the best size is not known at the start."""
    simulated = SimulatedServer(**server)
    began = simulated.now
    outcomes = simulate(simulated, count)
    assert [(outcome.item, outcome.ok) for outcome in outcomes] == [(number, True) for number in numbers(count)]
    assert best_seconds(simulated, count) / (simulated.now - began) >= 0.8


@settings(deadline=None, max_examples=15)
@given(
    st.floats(0, 0.6),
    st.integers(1, 200),
    st.floats(5, 40),
    st.booleans(),
    st.lists(st.integers(1, 12), max_size=5),
    st.sampled_from(["auto", 150]),
)
def test_nothing_is_lost_or_doubled(
    seconds: float, max_items: int, timeout: float, unapplied: bool, lost: list[int], chunk_size: Any
) -> None:
    """Whatever is refused, times out, is applied late or is lost: each outcome is what the server has done."""
    slow: dict[str, Any] = {"seconds": lambda count: 0.05 + seconds * count, "timeout": timeout, "unapplied": unapplied}
    server = SimulatedServer(**slow, max_items=max_items, lost=tuple(lost))
    outcomes = simulate(server, 400, chunk_size)
    assert [outcome.item for outcome in outcomes] == list(numbers(400))
    created = {outcome.item for outcome in outcomes if outcome.ok}
    assert created <= server.created.keys()
    if unapplied:
        assert created == server.created.keys()
