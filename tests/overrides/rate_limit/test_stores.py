"""The rule that all stores apply (`stores/base.py`), in a time that the test controls.

Without a store, the rule is that of the window (`test_window.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import Command, StoreRequest

from tests.overrides.rate_limit.store_fixtures import (
    LEASE,
    FileStoreFixture,
    StoreClient,
    StoreFixture,
)

if TYPE_CHECKING:
    from pathlib import Path

PER = 10.0
RATE = RateLimit(3, per=PER, reserve=1)
PACE = RATE.pace


@pytest.fixture
def store(tmp_path: Path) -> StoreFixture:
    """An empty file store. `tests/slow/rate_limit/test_redis_rule.py` runs these tests with Redis."""
    return FileStoreFixture(tmp_path)


@pytest.fixture
def client(store: StoreFixture) -> StoreClient:
    """Three slots, which are all free; bulk work may use two of them."""
    return store.warm(RATE)


# Slots.


def test_a_new_store_starts_cold(store: StoreFixture) -> None:
    """What was sent before it existed is unknown, so its first slots are free after one window."""
    assert StoreClient(store, store.open(RATE)).acquire(1) == PER


def test_processes_share_the_slots(store: StoreFixture, client: StoreClient) -> None:
    """A process that starts later can send at once. When all slots are in flight, none is reserved for the next."""
    others = StoreClient(store, store.open(RATE))
    assert [client.acquire(1), others.acquire(2), client.acquire(3)] == [0, 0, 0]
    reply = others.send(Command.ACQUIRE, 4)
    assert (reply.held, reply.wait) == (False, PER)


def test_a_slot_is_free_one_window_after_the_response(client: StoreClient) -> None:
    """The time of the response counts, not the time of sending."""
    client.use(1, 2)
    client.acquire(3)
    client.fixture.now += 4
    client.release(3)
    assert [client.acquire(token) for token in (4, 5, 6)] == [PER - 4, PER - 4, PER]


def test_the_first_caller_gets_the_first_slot(store: StoreFixture, client: StoreClient) -> None:
    """A slot is reserved for the caller that asked first, in any process."""
    others = StoreClient(store, store.open(RATE))
    for token in (1, 2, 3):
        client.use(token)
        store.now += 1
    assert [others.acquire(4), client.acquire(5), others.acquire(6), client.acquire(7)] == [7, 8, 9, None]


@pytest.mark.parametrize(("command", "wait"), [(Command.RELEASE, PER), (Command.CANCEL, PER - 4)])
def test_a_response_to_an_earlier_request_extends_the_cold_start(
    store: StoreFixture, command: Command, wait: float
) -> None:
    """That request may have arrived just now. This applies to waiting callers too; a CANCEL changes nothing."""
    client = StoreClient(store, store.open(RATE))
    client.acquire(1)
    store.now += 4
    client.send(command, 77)
    assert [client.acquire(1), client.acquire(2)] == [wait, wait]
    store.now += wait
    assert [client.acquire(1), client.acquire(2)] == [0, 0]


# Repeated requests, and requests out of order.


def test_a_repeated_request_keeps_its_place(store: StoreFixture, client: StoreClient) -> None:
    """The first reply may have been lost: a caller gets the remaining wait, and no second slot."""
    client.use(1, 2, 3)
    assert client.acquire(4) == PER
    store.now += 4
    assert [client.acquire(4), client.acquire(4)] == [PER - 4, PER - 4]
    store.now += 6
    assert [client.acquire(token) for token in (4, 4, 5, 6, 7)] == [0, 0, 0, 0, None]


def test_a_slot_is_released_once(store: StoreFixture, client: StoreClient) -> None:
    """A second release, or one of an unknown token, neither adds a slot nor delays one; the token is like a new one."""
    client.use(1)
    store.now += 5
    client.release(1, 77)
    client.cancel(1)
    client.cancel(77)
    assert [client.acquire(token) for token in (2, 1, 4, 5)] == [0, 0, 5, None]


def test_the_slot_of_an_abandoned_request_is_held(store: StoreFixture, client: StoreClient) -> None:
    """Its request may still be on its way: the slot is free one window after that time."""
    client.acquire(1)
    client.use(2, 3)
    client.send(Command.RELEASE, 1, seconds=4)
    store.now += 4
    assert [client.acquire(token) for token in (4, 5, 6)] == [PER - 4, PER - 4, PER]


# Cancellation.


def test_a_cancelled_wait_does_not_delay_the_slot(store: StoreFixture, client: StoreClient) -> None:
    """The slot is free when it would have been, or at once: no request was sent."""
    client.acquire(1)
    client.cancel(1)
    assert client.use(1, 2, 3) == [0, 0, 0]
    store.now += 4
    client.acquire(4)
    client.cancel(4)
    assert client.acquire(5) == PER - 4


def test_a_cancelled_wait_leaves_the_slot_to_bulk_work(client: StoreClient) -> None:
    """A slot that bulk work used still counts as one of its slots."""
    client.use(1, 2, bulk=True)
    client.acquire(3)
    assert client.acquire(4) == PER
    client.cancel(4)
    waits = [client.acquire(token, bulk=True) for token in (5, 6, 7)]
    assert waits == [PER, PER, None]


# A freeze.


def test_a_freeze_applies_to_all_processes(store: StoreFixture, client: StoreClient) -> None:
    """The longest one: each reply contains its remaining time. After its end everything is as before."""
    client.freeze(9)
    store.now += 2
    client.freeze(3)
    others = StoreClient(store, store.open(RATE))
    assert others.send(Command.ACQUIRE, 1) == (7, 7, True)
    store.now += 7
    assert others.send(Command.ACQUIRE, 1) == (0, 0, True)


def test_a_freeze_applies_to_waiting_callers(store: StoreFixture, client: StoreClient) -> None:
    """A caller that has waited for its slot learns of the freeze when it repeats its request."""
    client.use(1, 2, 3)
    client.acquire(4)
    store.now += PER
    client.freeze(3)
    assert client.acquire(4) == 3
    store.now += 3
    assert client.acquire(4) == 0


def test_a_freeze_makes_no_slot_free_earlier(client: StoreClient) -> None:
    """A slot that is free only after the freeze stays so."""
    client.use(1, 2, 3)
    client.freeze(3)
    assert client.acquire(4) == PER


# Pacing.


def paces(*tokens: int, client: StoreClient) -> list[float | None]:
    """The waits of paced callers, as multiples of the pace."""
    waits = [client.acquire(token, paced=True) for token in tokens]
    return [None if wait is None else round(wait / PACE, 3) for wait in waits]


def test_paced_requests_start_one_by_one(store: StoreFixture, client: StoreClient) -> None:
    """One in each pace, however many slots are free; an unused pace is not saved up. Other requests do not wait."""
    assert paces(1, client=client) == [0]
    store.now += 3 * PACE
    assert paces(2, 3, client=client) == [0, 1]
    client.cancel(2)
    assert client.acquire(4) == 0


def test_cancelling_the_last_paced_request_frees_its_place(client: StoreClient) -> None:
    """Otherwise callers that find the wait too long and cancel would delay all later ones without end."""
    paces(1, client=client)
    for token in range(2, 50):
        assert paces(token, client=client) == [1]
        client.cancel(token)


def test_the_pace_is_kept_after_a_freeze(store: StoreFixture, client: StoreClient) -> None:
    """The callers that waited do not all start at its end."""
    paces(1, 2, 3, client=client)
    client.freeze(20)
    store.now += 10
    first, second = (client.acquire(token, paced=True) for token in (2, 3))
    assert first is not None
    assert 10 <= first <= 10 + 3 * PACE
    assert second == pytest.approx(first + PACE)


# Two lanes.


def test_slots_of_bulk_work_count_until_they_are_free(store: StoreFixture, client: StoreClient) -> None:
    """Bulk work leaves the reserve. A slot on its way back counts as used too: bulk work gets its own slots again."""
    client.use(1, bulk=True)
    store.now += 2
    client.use(2, bulk=True)
    assert [client.acquire(token, bulk=True) for token in (3, 4, 5)] == [PER - 2, PER, None]
    assert client.acquire(6) == 0


def test_bulk_work_waits_in_order(store: StoreFixture, client: StoreClient) -> None:
    """While it may use more slots, the next free one is reserved for it as for any caller."""
    client.use(1)
    store.now += 1
    client.use(2, 3)
    assert [client.acquire(4, bulk=True), client.acquire(5), client.acquire(6)] == [PER - 1, PER, PER]


def test_a_slot_of_bulk_work_counts_also_if_another_caller_waits_for_it(client: StoreClient) -> None:
    """Until it is free; so bulk work never uses more than its slots at one time."""
    client.use(1, 2, bulk=True)
    client.acquire(3)
    client.acquire(4)  # waits for a slot of bulk work
    client.cancel(3)
    assert client.acquire(5, bulk=True) == PER
    assert client.acquire(6) == 0


def test_bulk_work_gets_the_first_slot_after_one_window(store: StoreFixture, client: StoreClient) -> None:
    """The first of all slots, not the first of those that it used before."""
    client.use(1, 2, bulk=True)
    store.now += PER
    for token in (3, 4, 5):
        client.use(token)
        store.now += 1
    assert client.acquire(6, bulk=True) == PER - 3


def test_cancelled_slots_do_not_count_as_used_by_bulk_work(client: StoreClient) -> None:
    """No request was sent with them."""
    for token in (1, 2):
        client.acquire(token, bulk=True)
    client.cancel(1)
    client.cancel(2)
    assert client.use(3, 4) == [0, 0]
    assert client.acquire(5, bulk=True) == 0


# Leases.


def test_a_slot_that_is_not_released_is_free_after_its_lease(store: StoreFixture, client: StoreClient) -> None:
    """Its holder may have been killed. It is free one window after that, and can be reserved one window before."""
    for token in (1, 2, 3):
        client.acquire(token)
    store.now += LEASE - 1
    assert client.acquire(4) is None
    store.now += 1 + PER
    assert [client.acquire(token) for token in (4, 5, 6, 7)] == [0, 0, 0, None]


def test_each_slot_has_a_lease_of_its_own(store: StoreFixture, client: StoreClient) -> None:
    """A slot with a short lease is free before one with a long lease that was acquired first."""
    client.acquire(1, lease=200)
    client.acquire(2, lease=20)
    client.acquire(3, lease=100)
    store.now += 20 + PER
    assert [client.acquire(4, lease=200), client.acquire(5)] == [0, None]
    store.now += 80
    assert [client.acquire(5), client.acquire(6)] == [0, None]


def test_a_lease_starts_when_the_slot_may_be_used(store: StoreFixture, client: StoreClient) -> None:
    """Not with the wait for it."""
    client.use(1, 2, 3)
    for token in (4, 5, 6):
        client.acquire(token)
    store.now += PER + 5
    for token in (4, 5, 6):
        client.acquire(token)
    store.now += LEASE - 1
    assert client.acquire(7) is None
    store.now += PER + 1
    assert client.acquire(7) == 0


def test_a_release_after_the_lease_takes_no_slot_from_others(store: StoreFixture, client: StoreClient) -> None:
    """The slot is held by another caller by then."""
    for token in (1, 2, 3):
        client.acquire(token)
    store.now += LEASE + PER
    for token in (4, 5, 6):
        client.acquire(token)
    client.release(1, 2)
    client.cancel(3)
    assert client.acquire(7) is None


def test_bulk_work_that_was_killed_has_its_slots_again(store: StoreFixture, client: StoreClient) -> None:
    """After the lease and one window."""
    for token in (1, 2):
        client.acquire(token, bulk=True)
    store.now += LEASE + PER
    assert [client.acquire(token, bulk=True) for token in (3, 4, 5)] == [0, 0, None]


# Tasks.


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_get_the_same_replies(client: StoreClient, backend: str) -> None:
    """In each event loop, one after another."""
    for token in (1, 2):
        request = StoreRequest(Command.ACQUIRE, token, lease=LEASE)
        assert anyio.run(client.store.async_send, request, backend=backend).wait == 0
    assert [client.acquire(3), client.acquire(4)] == [0, None]
