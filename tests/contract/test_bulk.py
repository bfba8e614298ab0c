"""`contacts.bulk` over TCP against the sandbox with every kind of client: threads and tasks run it differently."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sendblue_contacts import BulkProgress
from sendblue_sandbox import Sandbox

from tests.contract.conftest import Api
from tests.contract.kinds import one_kind

MANY = [{"phone": f"+1415{number:07}", "firstName": f"Name {number}"} for number in range(250)]
NUMBERS = [item["phone"] for item in MANY]
FILE = "phone,firstName,company\n+1 (415) 555-1234,Ada,Example\nnobody,Bob,\n+14155551235,Cy,\n"


def chunk_sizes(sandbox: Sandbox) -> list[int]:
    """Return the number of items in each bulk request."""
    bodies = [json.loads(each.body) for each in sandbox.requests if each.body]
    return sorted(len(body.get("contacts") or body["contact_ids"]) for body in bodies)


def test_create(api: Api, sandbox: Sandbox) -> None:
    """Contacts are created in chunks, in the order of the input; a progress has the rate and the time that is left."""
    calls: list[BulkProgress] = []
    result = api(lambda client: client.contacts.bulk.create(MANY, concurrency=1, on_progress=calls.append))
    assert ([each.phone for each in result.created], result.failed, result.requested) == (NUMBERS, [], 250)
    assert (len(sandbox.contacts()), chunk_sizes(sandbox)) == (250, [100, 150])
    assert [(each.done, each.failed, each.total) for each in calls] == [(done, 0, 250) for done in (100, 250)]
    assert (all(each.rate > 0 for each in calls), calls[-1].eta) == (True, 0)


def test_delete(api: Api, sandbox: Sandbox) -> None:
    """Contacts are deleted in chunks; missing ones are failures, repeated numbers duplicates."""
    numbers = sandbox.seed(150)
    result = api(lambda client: client.contacts.bulk.delete([*numbers, "+1 415 555 9999", numbers[0]]))
    assert (result.deleted, [(each.index, each.reason) for each in result.failed], result.requested) == (
        numbers,
        [(150, "Contact not found")],
        152,
    )
    assert ([each.index for each in result.duplicates], sandbox.contacts()) == ([151], [])
    assert chunk_sizes(sandbox) == [51, 100]


@one_kind("sync")
def test_what_is_sent_for_several_items_of_one_number(api: Api, sandbox: Sandbox) -> None:
    """Fields under preferred names, in whatever spelling they are given; and what the policy for duplicates says."""
    items = [
        {"phoneNumber": "+1 415 0000000", "firstName": "Ada", "company": "X", "tags": ["a"]},
        {"phone": NUMBERS[0], "tags": ["b"], "customVariables": {"firstName": "x"}},
    ]
    merged = {"phone": NUMBERS[0], "first_name": "Ada", "company_name": "X", "tags": ["a", "b"]}
    result = api(lambda client: client.contacts.bulk.create(items, duplicates="merge"))
    body = {"contacts": [{**merged, "custom_variables": {"firstName": "x"}}]}
    assert (json.loads(sandbox.requests[-1].body), len(result.created), result.failed) == (body, 1, [])


@one_kind("asyncio")
def test_failed_items_can_be_passed_again(api: Api, sandbox: Sandbox) -> None:
    """A failed item has its reason and its index, and is passed again as it is. Without one, nothing is raised."""
    assert api(lambda client: client.contacts.bulk.create(MANY[:3])).raise_for_failures().requested == 3
    failed = api(lambda client: client.contacts.bulk.create(MANY[:5])).failed
    assert [(each.index, each.reason, dict(each)) for each in failed] == [
        (place, "Contact already exists", MANY[place]) for place in range(3)
    ]
    sandbox.reset()
    deleted = api(lambda client: client.contacts.bulk.delete(NUMBERS[:3]))
    assert len(api(lambda client: client.contacts.bulk.create(failed)).created) == 3
    assert api(lambda client: client.contacts.bulk.delete(deleted.failed)).deleted == NUMBERS[:3]


@one_kind("trio")
def test_an_invalid_item_does_not_affect_the_others(api: Api) -> None:
    """It fails with a reason; the others are created. A csv.DictReader is an iterable of mappings."""
    result = api(lambda client: client.contacts.bulk.create(csv.DictReader(io.StringIO(FILE))))
    assert ([each.first_name for each in result.created], result.created[0].company_name) == (["Ada", "Cy"], "Example")
    assert [(each.index, each["firstName"]) for each in result.failed] == [(1, "Bob")]


def test_streams(api: Api, sandbox: Sandbox) -> None:
    """There is an outcome for each item, in the order of the input."""
    outcomes = api(lambda client: client.contacts.bulk.stream_create([*MANY, {"phone": "nobody"}]))
    assert ([each.index for each in outcomes], [each.ok for each in outcomes]) == (
        list(range(251)),
        [True] * 250 + [False],
    )
    assert [each.value.phone for each in outcomes[:250]] == NUMBERS
    gone = api(lambda client: client.contacts.bulk.stream_delete([*NUMBERS[:2], "+14155559999"]))
    assert [(each.value, each.reason) for each in gone] == [
        *((number, "") for number in NUMBERS[:2]),
        (None, "Contact not found"),
    ]
    assert len(sandbox.contacts()) == 248


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_streams_are_lazy(api: Api, sandbox: Sandbox, call: str) -> None:
    """Only the input of requests in flight is read, and nothing before the first outcome."""
    read: list[object] = []

    def endless() -> Iterator[Any]:
        while True:
            read.append(None)
            number = f"+1415{len(read):07}"
            yield {"phone": number} if call == "stream_create" else number

    stream = getattr(api.driver.shared_client(api.url).contacts.bulk, call)(endless(), chunk_size=10)
    assert (len(read), sandbox.requests) == (0, [])
    sync = api.driver.name == "sync"
    api(lambda _: stream.__next__() if sync else stream.__anext__())
    assert (len(read), len(sandbox.requests)) == (11, 1)
    api(lambda _: stream.close() if sync else stream.aclose())


def test_async_input(api: Api) -> None:
    """The async client accepts an async iterable."""
    if api.driver.name == "sync":
        with pytest.raises(TypeError):
            api(lambda client: client.contacts.bulk.create(async_rows()))
    else:
        assert len(api(lambda client: client.contacts.bulk.create(async_rows())).created) == 2


async def async_rows() -> AsyncIterator[dict[str, str]]:
    """Iterate over rows asynchronously."""
    for item in MANY[:2]:
        yield item
