"""The rule that all stores apply (`stores/base.py`), in a time that the test controls."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import anyio
import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest

from tests.overrides.rate_limit.store_fixtures import LEASE, FileStoreFixture, StoreClient, StoreFixture, perform

PER = 10.0
RATE = RateLimit(3, per=PER, reserve=1)  # so the pace is 3.4 s


@pytest.fixture
def store(tmp_path: Path) -> StoreFixture:
    """An empty file store. `tests/slow/rate_limit/test_redis_rule.py` runs these tests with Redis."""
    return FileStoreFixture(tmp_path)


@pytest.fixture
def client(store: StoreFixture) -> StoreClient:
    """Three slots, which are all free; bulk work may use two of them."""
    return store.warm(RATE)


@pytest.mark.parametrize(
    ("script", "seconds"),
    [("acquire 1=10", 10), ("acquire 1; +4; release 77", 10), ("acquire 1; +4; cancel 77", 6)],
)
def test_a_new_store_starts_cold(store: StoreFixture, script: str, seconds: int) -> None:
    """Its first slots are free after one window, also counted from a response to an earlier request."""
    perform(StoreClient(store, store.open(RATE)), f"{script}; acquire 1={seconds} 2={seconds}; +{seconds}; use 1=0 2=0")


def test_processes_share_the_slots(store: StoreFixture, client: StoreClient) -> None:
    """A process that starts later can send at once. When all slots are in flight, none is reserved for the next."""
    others = StoreClient(store, store.open(RATE))
    assert [client.acquire(1), others.acquire(2), client.acquire(3)] == [0, 0, 0]
    reply = others.send(Command.ACQUIRE, 4)
    assert (reply.held, reply.wait) == (False, PER)


@pytest.mark.parametrize(
    "script",
    [
        # A slot is free one window after the response, not after the request.
        "use 1 2; acquire 3; +4; release 3; acquire 4=6 5=6 6=10",
        # It is reserved for the caller that asked first.
        "use 1; +1; use 2; +1; use 3; +1; acquire 4=7 5=8 6=9 7=-",
        # A repeated request keeps its place, because its reply may have been lost, and takes no second slot.
        "use 1 2 3; acquire 4=10; +4; acquire 4=6 4=6; +6; acquire 4=0 4=0 5=0 6=0 7=-",
        # A second release, or one of an unknown token, adds no slot and delays none; the token is like a new one.
        "use 1; +5; release 1 77; cancel 1 77; acquire 2=0 1=0 4=5 5=-",
        # A canceled slot is free when it would have been, or at once.
        "acquire 1; cancel 1; use 1=0 2=0 3=0; +4; acquire 4; cancel 4; acquire 5=6",
    ],
)
def test_slots(client: StoreClient, script: str) -> None:
    """A slot belongs to one request until a window after its response, and is then for the first that asked."""
    perform(client, script)


def test_the_slot_of_an_abandoned_request_is_held(client: StoreClient) -> None:
    """Its request may still be on its way: the slot is free one window after that time."""
    perform(client, "acquire 1; use 2 3")
    client.send(Command.RELEASE, 1, seconds=4)
    perform(client, "+4; acquire 4=6 5=6 6=10")


def test_a_freeze_applies_to_all_processes(store: StoreFixture, client: StoreClient) -> None:
    """The longest one: each reply contains its remaining time. After its end everything is as before."""
    perform(client, "freeze 9; +2; freeze 3")
    others = StoreClient(store, store.open(RATE))
    assert others.send(Command.ACQUIRE, 1) == (7, 7, True)
    store.now += 7
    assert others.send(Command.ACQUIRE, 1) == (0, 0, True)


@pytest.mark.parametrize(
    "script", ["use 1 2 3; acquire 4; +10; freeze 3; acquire 4=3; +3; acquire 4=0", "use 1 2 3; freeze 3; acquire 4=10"]
)
def test_a_freeze_applies_to_waiting_callers(client: StoreClient, script: str) -> None:
    """A caller learns of it when it repeats its request; no slot is free earlier."""
    perform(client, script)


@pytest.mark.parametrize(
    "script",
    [
        # One in each pace, however many slots are free; an unused pace is not saved up. Other requests do not wait.
        "bulk acquire 1=0; +10.2; bulk acquire 2=0 3=3.4; cancel 2; acquire 4=0",
        # The place of a caller that found the wait too long, and canceled, is free for the next one.
        "bulk acquire 1=0" + "; bulk acquire 2=3.4; cancel 2" * 20,
        # The callers that waited do not all start at the end of a freeze.
        "bulk acquire 1 2 3; freeze 20; +10; bulk acquire 2=10 3=13.4",
    ],
)
def test_bulk_work_starts_one_by_one(store: StoreFixture, script: str) -> None:
    """One in each pace of 3.4 s."""
    perform(store.warm(RateLimit(3, PER, reserve=0)), script)


def test_all_requests_can_be_paced(store: StoreFixture) -> None:
    """In both lanes together."""
    perform(store.warm(RateLimit(3, PER, paced=True)), "+3.4; bulk acquire 1=0; acquire 2=3.4 3=6.8")


@pytest.mark.parametrize(
    "script",
    [
        # It leaves the reserve. A slot on its way back counts as used too: bulk work gets its own slots again.
        "bulk use 1; +3.4; bulk use 2; bulk acquire 3=6.6 4=10 5=-; acquire 6=0",
        # While it may use more slots, the next free one is reserved for it as for any caller.
        "use 1; +1; use 2 3; bulk acquire 4=9; acquire 5=10 6=10",
        # Its slot counts until it is free, also if another caller waits for it, and after that one canceled.
        "bulk use 1 2; acquire 3 4; cancel 3; bulk acquire 5=10; acquire 6=0",
        "bulk use 1 2; acquire 3 4=10; cancel 4; bulk acquire 5=10 6=13.4 7=-",
        # After one window it gets the first of all slots, not the first of those that it used before.
        "bulk use 1 2; +10; use 3; +1; use 4; +1; use 5; +1; bulk acquire 6=7",
        # No request was sent with a canceled slot.
        "bulk acquire 1 2; cancel 2 1; use 3=0 4=0; bulk acquire 5=0",
        # Bulk work that was killed has its slots again after the lease and one window.
        "bulk acquire 1 2; +70; bulk acquire 3=0 4=3.4 5=-",
    ],
)
def test_bulk_work_uses_two_of_three_slots(client: StoreClient, script: str) -> None:
    """At any time, until a window after its responses."""
    perform(client, script)


@pytest.mark.parametrize(
    "script",
    [
        # It can be reserved one window before.
        "acquire 1 2 3; +59; acquire 4=-; +11; acquire 4=0 5=0 6=0 7=-",
        # A slot with a short lease is free before one with a long lease that was acquired first.
        "acquire 1 lease=200; acquire 2 lease=20; +30; acquire 3=0 4=0 lease=200; acquire 5=-; +180; acquire 5=0 6=-",
        # The lease starts when the slot may be used, not with the wait for it.
        "use 1 2 3; acquire 4 5 6; +15; acquire 4 5 6; +59; acquire 7=-; +11; acquire 7=0",
        # A release after the lease takes no slot from the caller that holds it by then.
        "acquire 1 2 3; +70; acquire 4 5 6; release 1 2; cancel 3; acquire 7=-",
    ],
)
def test_a_slot_that_is_not_released_is_free_after_its_lease(client: StoreClient, script: str) -> None:
    """Its holder may have been killed. It is free one window after the lease of, by default, 60 s."""
    perform(client, script)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_get_the_same_replies(client: StoreClient, backend: str) -> None:
    """In each event loop, one after another."""
    for token in (1, 2):
        request = StoreRequest(Command.ACQUIRE, token, lease=LEASE)
        assert anyio.run(client.store.in_thread, partial(client.store.send, request), backend=backend).wait == 0
    perform(client, "acquire 3=0 4=-")
