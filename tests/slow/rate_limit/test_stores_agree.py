"""A file and a Redis follow one rule: they reply alike to the same requests, whatever these are.

`tests/overrides/rate_limit` tests the rule itself. The times here are exact in seconds and in microseconds.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import Command, StoreReply, StoreRequest
from sendblue_contacts.rate_limit.stores.file import FileStore
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.overrides.rate_limit.store_fixtures import FileStoreFixture, RedisStoreFixture, StoreFixture
from tests.slow.rate_limit.redis_server import RedisServer

RATES = st.builds(
    RateLimit, limit=st.sampled_from([1, 2, 4]), per=st.just(50.0), reserve=st.integers(0, 2), paced=st.booleans()
)
REQUESTS = st.builds(
    StoreRequest,
    command=st.sampled_from([*[Command.ACQUIRE] * 4, *[Command.RELEASE] * 2, Command.CANCEL, Command.FREEZE]),
    token=st.integers(1, 8),
    bulk=st.booleans(),
    lease=st.sampled_from([20.0, 300.0]),
    seconds=st.sampled_from([0.0, 3.0, 70.0]),
    timeout=st.just(0.0),
)
STEPS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 25, 50, 100]), st.integers(0, 1), REQUESTS | st.none()), max_size=60
)
"""The time that passes, the process, and its request; None if the store loses its data."""


def lose(store: FileStore | RedisStore) -> None:
    """Remove the data of a store."""
    if isinstance(store, FileStore):
        store.path.unlink(missing_ok=True)
    else:
        store._client.delete(store.key)


def replies(
    fixture: StoreFixture, rate: RateLimit, steps: list[tuple[int, int, StoreRequest | None]]
) -> list[StoreReply]:
    """Return the replies of a store to the callers of two processes, after its cold start."""
    fixture.warm(rate)
    stores = [cast("FileStore | RedisStore", fixture.open(rate)) for _ in range(2)]
    found: list[StoreReply] = []
    for seconds, process, request in steps:
        fixture.now += seconds
        if request is None:
            lose(stores[process])
            continue
        reply = stores[process].send(request)
        if request.command is Command.ACQUIRE:
            found.append(reply)
    return found


@settings(max_examples=100, deadline=None)
@given(rate=RATES, steps=STEPS)
def test_a_file_and_a_redis_reply_alike(
    redis_server: RedisServer, rate: RateLimit, steps: list[tuple[int, int, StoreRequest | None]]
) -> None:
    """Whatever is acquired, released, canceled, frozen, repeated and lost, and in any order."""
    with TemporaryDirectory() as folder:
        in_file = replies(FileStoreFixture(Path(folder)), rate, steps)
    assert replies(RedisStoreFixture(redis_server), rate, steps) == in_file
