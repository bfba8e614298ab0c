"""Calls of every kind, on a server whose reads lag behind its writes and that loses every third response."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests.overrides.lagging_server import LaggingServer, run_on


def _calls(group: int) -> Iterator[tuple[Callable[[Any], Any], Callable[[Any], object], object]]:
    """Yields ten calls, what to look at in their results, and what is expected there."""
    one, two, three = (f"+1415{name}{group:05}" for name in (21, 22, 23))
    rows = [{"phone": f"+1415{30 + index}{group:05}", "first_name": f"n{index}"} for index in range(12)]
    numbers = [row["phone"] for row in rows]
    name: Callable[[Any], object] = lambda contact: (contact.phone, contact.first_name)  # noqa: E731  # short
    statuses: Callable[[Any], object] = lambda result: (len(result.succeeded), result.failed, result.unknown)  # noqa: E731  # short
    yield lambda client: client.contacts.create(one, first_name="Ada"), name, (one, "Ada")
    yield lambda client: client.contacts.update(one, first_name="Bea"), name, (one, "Bea")
    yield lambda client: client.contacts.delete(one), lambda result: result, None
    yield lambda client: client.contacts.create(one, first_name="Cy"), name, (one, "Cy")  # an older Bea is shown
    yield lambda client: client.contacts.upsert(two, first_name="Dan"), name, (two, "Dan")
    yield lambda client: client.contacts.update(two, phone_number=three), name, (three, "Dan")
    yield lambda client: client.contacts.bulk.create(rows), statuses, (12, [], [])
    yield lambda client: client.contacts.bulk.delete(numbers[:4]), statuses, (4, [], [])
    yield lambda client: client.contacts.bulk.create(rows[:4]), statuses, (4, [], [])  # deleted ones are shown
    yield lambda client: client.contacts.delete(three), lambda result: result, None


def check_calls(kind: str, groups: int) -> None:
    """Make the calls several times, for other numbers, and check their results and what the server then has."""
    server = LaggingServer(lag=2.0)
    server.lose_every_third()
    calls = [call for group in range(groups) for call in _calls(group)]
    found: list[object] = []

    def synchronous(client: Any) -> None:
        found.extend(look(act(client)) for act, look, _ in calls)

    async def asynchronous(client: Any) -> None:
        for act, look, _ in calls:
            found.append(look(await act(client)))  # an async comprehension would lose it all

    run_on(server, kind, synchronous if kind == "sync" else asynchronous)
    assert found == [expected for *_, expected in calls]
    assert len(server.contacts()) == groups * 13
    times = {"21": 2, "22": 1, **{str(30 + index): 2 if index < 4 else 1 for index in range(12)}}
    assert {number[5:7]: created for number, created in server.created.items()} == times


def check_bulk_calls(kind: str, count: int, chunk_size: int) -> None:
    """Create contacts in bulk, delete every second of them, create those again, and delete them once more."""
    server = LaggingServer(lag=2.0)
    server.lose_every_third()
    rows = [{"phone": f"+1415{2_000_000 + index}", "first_name": f"n{index}"} for index in range(count)]
    numbers = [row["phone"] for row in rows[::2]]
    for sent, times in ((rows, 1), (rows[::2], 2)):
        created = run_on(server, kind, partial(_bulk, "create", sent, chunk_size))
        assert (len(created.created), created.failed, created.unknown) == (len(sent), [], [])
        assert (max(server.created.values()), server.created.total()) == (times, count + (times - 1) * len(sent))
        deleted = run_on(server, kind, partial(_bulk, "delete", numbers, chunk_size))
        assert (deleted.deleted, deleted.failed, deleted.unknown) == (numbers, [], [])
        assert len(server.contacts()) == count - len(numbers)
        server.only_totals = True


def _bulk(call: str, items: list[Any], chunk_size: int, client: Any) -> Any:
    return getattr(client.contacts.bulk, call)(items, chunk_size=chunk_size)
