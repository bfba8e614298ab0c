"""`contacts.bulk` over TCP against the sandbox, for both clients, and the example at the top of the interface."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from sendblue_contacts import AsyncSendblue, BulkError, BulkProgress, Sendblue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sendblue_sandbox import Sandbox

    from tests.contract.conftest import Api

MANY = [{"phone": f"+1415{number:07}", "firstName": f"Name {number}"} for number in range(250)]
NUMBERS = [item["phone"] for item in MANY]
FILE = "phone,firstName,company\n+1 (415) 555-1234,Ada,Example\nnobody,Bob,\n+14155551235,Cy,\n"


def chunks(sandbox: Sandbox) -> list[int]:
    """How many items each bulk request had."""
    bodies = [json.loads(each.body) for each in sandbox.requests if each.body]
    return sorted(len(body.get("contacts") or body["contact_ids"]) for body in bodies)


# --- create


def test_create(api: Api, sandbox: Sandbox) -> None:
    """All contacts go in, in chunks; the result has them as the server does, in the order of the input."""
    result = api(lambda client: client.contacts.bulk.create(MANY))
    assert ([each.phone for each in result.created], result.failed, result.requested) == (NUMBERS, [], 250)
    assert (len(sandbox.contacts()), chunks(sandbox)) == (250, [50, 100, 100])


def test_create_sends_preferred_names(api: Api, sandbox: Sandbox) -> None:
    """Either spelling of a field goes out under its preferred name, `company` too; labels go as they are."""
    item = {
        "phoneNumber": "+1 415 555 1234",
        "firstName": "Ada",
        "company": "Example",
        "customVariables": {"firstName": "x"},
    }
    api(lambda client: client.contacts.bulk.create([item]))
    assert json.loads(sandbox.requests[-1].body)["contacts"] == [
        {
            "phone": "+14155551234",
            "first_name": "Ada",
            "company_name": "Example",
            "custom_variables": {"firstName": "x"},
        }
    ]


def test_chunks_by_number(api: Api, sandbox: Sandbox) -> None:
    """No request has more items than was said."""
    api(lambda client: client.contacts.bulk.create(MANY, chunk_size=60))
    assert chunks(sandbox) == [10, 60, 60, 60, 60]


def test_chunks_by_bytes(api: Api, sandbox: Sandbox) -> None:
    """No request has more bytes of items than was said."""
    api(lambda client: client.contacts.bulk.create(MANY, chunk_size=250, max_chunk_bytes=4_000))
    sizes = [len(each.body) - len('{"contacts":[]}') for each in sandbox.requests]
    assert (len(sizes), max(sizes) <= 4_000, sum(chunks(sandbox))) == (4, True, 250)


def test_failures_go_straight_back_in(api: Api, sandbox: Sandbox) -> None:
    """What did not go in says why and where it stood, and can be given again as it is."""
    api(lambda client: client.contacts.bulk.create(MANY[:3]))
    result = api(lambda client: client.contacts.bulk.create(MANY[:5]))
    assert [(each.index, each.reason, dict(each)) for each in result.failed] == [
        (place, "Contact already exists", MANY[place]) for place in range(3)
    ]
    sandbox.reset()
    assert len(api(lambda client: client.contacts.bulk.create(result.failed)).created) == 3


def test_a_bad_item_does_not_lose_the_others(api: Api) -> None:
    """An item that cannot be sent is a failure with its reason; the others go in."""
    items = [MANY[0], {"phone": "nobody"}, {"firstname": "x", **MANY[1]}, MANY[2]]
    result = api(lambda client: client.contacts.bulk.create(items))
    assert ([each.phone for each in result.created], [each.index for each in result.failed]) == (
        [NUMBERS[0], NUMBERS[2]],
        [1, 2],
    )
    assert repr(result).startswith("BulkCreateResult(2 of 4 created; 2 failed: 1 \u00d7 ")


def test_create_from_a_file(api: Api) -> None:
    """A csv.DictReader is an iterable of mappings like any other."""
    result = api(lambda client: client.contacts.bulk.create(csv.DictReader(io.StringIO(FILE))))
    assert ([each.first_name for each in result.created], result.created[0].company_name) == (["Ada", "Cy"], "Example")
    assert [(each.index, each["firstName"]) for each in result.failed] == [(1, "Bob")]


def test_progress(api: Api) -> None:
    """After each chunk the caller hears how far it is."""
    heard: list[BulkProgress] = []
    api(lambda client: client.contacts.bulk.create(MANY, on_progress=heard.append))
    assert [(each.done, each.failed, each.total) for each in heard] == [(done, 0, 250) for done in (100, 200, 250)]
    assert (all(each.rate > 0 for each in heard), heard[-1].eta) == (True, 0)


def test_a_contact_is_made_once(api: Api, sandbox: Sandbox) -> None:
    """Of numbers that repeat the policy says which one counts; what does not is no failure of the server."""
    items = [MANY[0], {**MANY[0], "firstName": "Later"}]
    result = api(lambda client: client.contacts.bulk.create(items, duplicates="last"))
    assert ([each.first_name for each in result.created], [each.index for each in result.duplicates]) == (
        ["Later"],
        [0],
    )
    assert chunks(sandbox) == [1]


def test_merged_contacts(api: Api, sandbox: Sandbox) -> None:
    """All that several items say of one number goes into one contact."""
    items = [{**MANY[0], "tags": ["a"]}, {"phone": NUMBERS[0], "tags": ["b"], "custom_variables": {"Plan": "gold"}}]
    api(lambda client: client.contacts.bulk.create(items, duplicates="merge"))
    made = sandbox.contacts()[0]
    assert (made["first_name"], made["tags"], made["custom_variables"]) == ("Name 0", ["a", "b"], {"Plan": "gold"})


def test_check_existing(api: Api, sandbox: Sandbox) -> None:
    """What is there as it is given was created before; the rest is sent."""
    api(lambda client: client.contacts.bulk.create(MANY[:2]))
    result = api(lambda client: client.contacts.bulk.create(MANY[:4], check_existing=True))
    assert ([each.phone for each in result.created], len(sandbox.contacts())) == (NUMBERS[:4], 4)
    assert chunks(sandbox) == [2, 2]


def test_on_send(api: Api, sandbox: Sandbox) -> None:
    """It hears of each request before the server does."""
    heard: list[tuple[int, int, int]] = []
    api(
        lambda client: client.contacts.bulk.create(
            MANY, concurrency=1, on_send=lambda places: heard.append((places[0], places[-1], len(sandbox.requests)))
        )
    )
    assert heard == [(0, 99, 0), (100, 199, 1), (200, 249, 2)]


def test_raise_for_failures(api: Api) -> None:
    """A result with failures raises them; one without is passed through."""
    assert api(lambda client: client.contacts.bulk.create(MANY[:2])).raise_for_failures().requested == 2
    failed = api(lambda client: client.contacts.bulk.create(MANY[:3]))
    with pytest.raises(BulkError, match=r"1 of 3 created; 2 failed: 2 . 'Contact already exists'") as caught:
        failed.raise_for_failures()
    assert caught.value.result is failed


@pytest.mark.parametrize("items", [{"phone": "+14155551234"}, "+14155551234", 5])
def test_one_where_many_are_meant(api: Api, sandbox: Sandbox, items: object) -> None:
    """One contact instead of many is a TypeError that says so, and nothing is sent."""
    with pytest.raises(TypeError, match="contacts must be an iterable of items"):
        api(lambda client: client.contacts.bulk.create(items))
    assert sandbox.requests == []


# --- delete


def test_delete(api: Api, sandbox: Sandbox) -> None:
    """All are gone; those that were not there say so."""
    sandbox_numbers = sandbox.seed(150)
    result = api(lambda client: client.contacts.bulk.delete([*sandbox_numbers, "+1 415 555 9999"]))
    assert (result.deleted, [(each.index, each.reason) for each in result.failed], result.requested) == (
        sandbox_numbers,
        [(150, "Contact not found")],
        151,
    )
    assert (sandbox.contacts(), chunks(sandbox)) == ([], [51, 100])


def test_a_number_is_deleted_once(api: Api, sandbox: Sandbox) -> None:
    """The second time it is a duplicate, and no failure."""
    numbers = sandbox.seed(2)
    result = api(lambda client: client.contacts.bulk.delete([*numbers, numbers[0]]))
    assert (result.deleted, [each.index for each in result.duplicates], result.failed) == (numbers, [2], [])


def test_deletions_that_failed_go_straight_back_in(api: Api) -> None:
    """What was not deleted can be given again as it is."""
    failed = api(lambda client: client.contacts.bulk.delete(NUMBERS[:2])).failed
    api(lambda client: client.contacts.bulk.create(MANY[:2]))
    assert api(lambda client: client.contacts.bulk.delete(failed)).deleted == NUMBERS[:2]


def test_delete_of_one_string(api: Api, sandbox: Sandbox) -> None:
    """One number instead of many is a TypeError: it would be taken letter by letter."""
    with pytest.raises(TypeError, match="phone_numbers must be an iterable of items, not a single str"):
        api(lambda client: client.contacts.bulk.delete("+14155551234"))
    assert sandbox.requests == []


# --- streams


def test_stream_create(api: Api) -> None:
    """An outcome comes for each item, in the order of the input."""
    outcomes = api(lambda client: client.contacts.bulk.stream_create([*MANY, {"phone": "nobody"}]))
    assert ([each.index for each in outcomes], [each.ok for each in outcomes]) == (
        list(range(251)),
        [True] * 250 + [False],
    )
    assert [each.value.phone for each in outcomes[:250]] == NUMBERS


def test_stream_delete(api: Api, sandbox: Sandbox) -> None:
    """An outcome comes for each number; what is not there has a reason and no value."""
    numbers = sandbox.seed(3)
    outcomes = api(lambda client: client.contacts.bulk.stream_delete([*numbers, "+14155559999"]))
    assert [(each.value, each.reason) for each in outcomes] == [
        *((number, "") for number in numbers),
        (None, "Contact not found"),
    ]


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_streams_are_lazy(api: Api, sandbox: Sandbox, call: str) -> None:
    """No more of the input is read than is on its way, and nothing before the first outcome is asked for."""
    read: list[object] = []

    def endless() -> Iterator[Any]:
        while True:
            read.append(None)
            number = f"+1415{len(read):07}"
            yield {"phone": number} if call == "stream_create" else number

    def begin(client: Any) -> Any:  # noqa: ANN401 - one of two kinds of iterator
        return getattr(client.contacts.bulk, call)(endless(), chunk_size=10)

    stream = begin(api.driver.shared_client(api.url))
    assert (len(read), sandbox.requests) == (0, [])
    sync = api.driver.name == "sync"
    api(lambda _: stream.__next__() if sync else stream.__anext__())
    assert (len(read), len(sandbox.requests)) == (11, 1)
    api(lambda _: stream.close() if sync else stream.aclose())


def test_async_input(api: Api) -> None:
    """The async client takes an async iterable too."""
    if api.driver.name == "sync":
        with pytest.raises(TypeError):
            api(lambda client: client.contacts.bulk.create(later()))
    else:
        assert len(api(lambda client: client.contacts.bulk.create(later())).created) == 2


async def later() -> AsyncIterator[dict[str, str]]:
    """Items that come by and by."""
    for item in MANY[:2]:
        yield item


# --- the example at the top of the interface


def test_the_example(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first lines that anybody types work as they stand."""
    environment(sandbox, monkeypatch.setenv)
    rows = [{"phone": "+14155551235", "firstName": "Bob"}, {"phone": "nobody"}]
    with Sendblue() as client:
        ada = client.contacts.create(
            "+14155551234", firstName="Ada", tags=["VIP"], custom_variables={"Lead Source": "Website"}
        )
        result = client.contacts.bulk.create(rows)
        listed = [contact.first_name for contact in client.contacts.list()]
    assert (ada.first_name, listed, [dict(each) for each in result.failed]) == ("Ada", ["Ada", "Bob"], rows[1:])


async def example() -> tuple[str | None, list[str | None]]:
    """The same for the async client."""
    async with AsyncSendblue() as client:
        ada = await client.contacts.create("+14155551234", firstName="Ada", tags=["VIP"])
        await client.contacts.bulk.create([{"phone": "+14155551235", "firstName": "Bob"}])
        return ada.first_name, [contact.first_name async for contact in client.contacts.list()]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_example_awaited(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """And so does its twin, under each event loop."""
    environment(sandbox, monkeypatch.setenv)
    assert anyio.run(example, backend=backend) == ("Ada", ["Ada", "Bob"])


def environment(sandbox: Sandbox, setenv: Callable[[str, str], None]) -> None:
    """Set what a user sets."""
    setenv("SENDBLUE_API_API_KEY", "key-of-the-example")
    setenv("SENDBLUE_API_API_SECRET", "secret")
    setenv("SENDBLUE_API_BASE_URL", sandbox.url)
