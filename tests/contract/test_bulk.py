"""`contacts.bulk` over TCP against the sandbox with every kind of client, and the first example of the guides."""

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


def chunk_sizes(sandbox: Sandbox) -> list[int]:
    """Return the number of items in each bulk request."""
    bodies = [json.loads(each.body) for each in sandbox.requests if each.body]
    return sorted(len(body.get("contacts") or body["contact_ids"]) for body in bodies)


# --- create


def test_create(api: Api, sandbox: Sandbox) -> None:
    """All contacts are created in chunks; the result has the contacts of the server in the order of the input."""
    result = api(lambda client: client.contacts.bulk.create(MANY))
    assert ([each.phone for each in result.created], result.failed, result.requested) == (NUMBERS, [], 250)
    assert (len(sandbox.contacts()), chunk_sizes(sandbox)) == (250, [50, 100, 100])


def test_create_sends_preferred_names(api: Api, sandbox: Sandbox) -> None:
    """Either spelling of a field is sent under its preferred name; names of custom variables are unchanged."""
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


def test_chunk_size(api: Api, sandbox: Sandbox) -> None:
    """No request has more items than `chunk_size`."""
    api(lambda client: client.contacts.bulk.create(MANY, chunk_size=60))
    assert chunk_sizes(sandbox) == [10, 60, 60, 60, 60]


def test_max_chunk_bytes(api: Api, sandbox: Sandbox) -> None:
    """No request has more bytes of items than `max_chunk_bytes`."""
    api(lambda client: client.contacts.bulk.create(MANY, chunk_size=250, max_chunk_bytes=4_000))
    sizes = [len(each.body) - len('{"contacts":[]}') for each in sandbox.requests]
    assert (len(sizes), max(sizes) <= 4_000, sum(chunk_sizes(sandbox))) == (4, True, 250)


def test_failed_items_can_be_passed_again(api: Api, sandbox: Sandbox) -> None:
    """A failed item has its reason and its index, and can be passed again as it is."""
    api(lambda client: client.contacts.bulk.create(MANY[:3]))
    result = api(lambda client: client.contacts.bulk.create(MANY[:5]))
    assert [(each.index, each.reason, dict(each)) for each in result.failed] == [
        (place, "Contact already exists", MANY[place]) for place in range(3)
    ]
    sandbox.reset()
    assert len(api(lambda client: client.contacts.bulk.create(result.failed)).created) == 3


def test_an_invalid_item_does_not_affect_the_others(api: Api) -> None:
    """It fails with a reason; the others are created."""
    items = [MANY[0], {"phone": "nobody"}, {"firstname": "x", **MANY[1]}, MANY[2]]
    result = api(lambda client: client.contacts.bulk.create(items))
    assert ([each.phone for each in result.created], [each.index for each in result.failed]) == (
        [NUMBERS[0], NUMBERS[2]],
        [1, 2],
    )
    assert repr(result).startswith("BulkCreateResult(2 of 4 created; 2 failed: 1 \u00d7 ")


def test_create_from_a_file(api: Api) -> None:
    """A csv.DictReader is an iterable of mappings."""
    result = api(lambda client: client.contacts.bulk.create(csv.DictReader(io.StringIO(FILE))))
    assert ([each.first_name for each in result.created], result.created[0].company_name) == (["Ada", "Cy"], "Example")
    assert [(each.index, each["firstName"]) for each in result.failed] == [(1, "Bob")]


def test_progress(api: Api) -> None:
    """`on_progress` is called after each chunk."""
    calls: list[BulkProgress] = []
    api(lambda client: client.contacts.bulk.create(MANY, on_progress=calls.append))
    assert [(each.done, each.failed, each.total) for each in calls] == [(done, 0, 250) for done in (100, 200, 250)]
    assert (all(each.rate > 0 for each in calls), calls[-1].eta) == (True, 0)


def test_duplicates_in_the_input(api: Api, sandbox: Sandbox) -> None:
    """The policy decides which duplicate is used; the others are not failures."""
    items = [MANY[0], {**MANY[0], "firstName": "Later"}]
    result = api(lambda client: client.contacts.bulk.create(items, duplicates="last"))
    assert ([each.first_name for each in result.created], [each.index for each in result.duplicates]) == (
        ["Later"],
        [0],
    )
    assert chunk_sizes(sandbox) == [1]


def test_duplicates_can_be_merged(api: Api, sandbox: Sandbox) -> None:
    """All values for one number become one contact."""
    items = [{**MANY[0], "tags": ["a"]}, {"phone": NUMBERS[0], "tags": ["b"], "custom_variables": {"Plan": "gold"}}]
    api(lambda client: client.contacts.bulk.create(items, duplicates="merge"))
    made = sandbox.contacts()[0]
    assert (made["first_name"], made["tags"], made["custom_variables"]) == ("Name 0", ["a", "b"], {"Plan": "gold"})


def test_check_existing(api: Api, sandbox: Sandbox) -> None:
    """Contacts that exist with the given values count as created; the others are sent."""
    api(lambda client: client.contacts.bulk.create(MANY[:2]))
    result = api(lambda client: client.contacts.bulk.create(MANY[:4], check_existing=True))
    assert ([each.phone for each in result.created], len(sandbox.contacts())) == (NUMBERS[:4], 4)
    assert chunk_sizes(sandbox) == [2, 2]


def test_on_send(api: Api, sandbox: Sandbox) -> None:
    """It is called before each request."""
    calls: list[tuple[int, int, int]] = []
    api(
        lambda client: client.contacts.bulk.create(
            MANY, concurrency=1, on_send=lambda places: calls.append((places[0], places[-1], len(sandbox.requests)))
        )
    )
    assert calls == [(0, 99, 0), (100, 199, 1), (200, 249, 2)]


def test_raise_for_failures(api: Api) -> None:
    """A result with failures raises; one without is returned."""
    assert api(lambda client: client.contacts.bulk.create(MANY[:2])).raise_for_failures().requested == 2
    failed = api(lambda client: client.contacts.bulk.create(MANY[:3]))
    with pytest.raises(BulkError, match=r"1 of 3 created; 2 failed: 2 . 'Contact already exists'") as caught:
        failed.raise_for_failures()
    assert caught.value.result is failed


@pytest.mark.parametrize("items", [{"phone": "+14155551234"}, "+14155551234", 5])
def test_a_single_contact_raises(api: Api, sandbox: Sandbox, items: object) -> None:
    """One contact instead of an iterable raises a TypeError, and nothing is sent."""
    with pytest.raises(TypeError, match="contacts must be an iterable of items"):
        api(lambda client: client.contacts.bulk.create(items))
    assert sandbox.requests == []


# --- delete


def test_delete(api: Api, sandbox: Sandbox) -> None:
    """All contacts are deleted; missing ones are failures."""
    sandbox_numbers = sandbox.seed(150)
    result = api(lambda client: client.contacts.bulk.delete([*sandbox_numbers, "+1 415 555 9999"]))
    assert (result.deleted, [(each.index, each.reason) for each in result.failed], result.requested) == (
        sandbox_numbers,
        [(150, "Contact not found")],
        151,
    )
    assert (sandbox.contacts(), chunk_sizes(sandbox)) == ([], [51, 100])


def test_a_repeated_number_is_a_duplicate(api: Api, sandbox: Sandbox) -> None:
    """The second one is a duplicate, not a failure."""
    numbers = sandbox.seed(2)
    result = api(lambda client: client.contacts.bulk.delete([*numbers, numbers[0]]))
    assert (result.deleted, [each.index for each in result.duplicates], result.failed) == (numbers, [2], [])


def test_failed_deletions_can_be_passed_again(api: Api) -> None:
    """They can be passed again as they are."""
    failed = api(lambda client: client.contacts.bulk.delete(NUMBERS[:2])).failed
    api(lambda client: client.contacts.bulk.create(MANY[:2]))
    assert api(lambda client: client.contacts.bulk.delete(failed)).deleted == NUMBERS[:2]


def test_deleting_a_single_number_raises(api: Api, sandbox: Sandbox) -> None:
    """A string would be read character by character."""
    with pytest.raises(TypeError, match="phone_numbers must be an iterable of items, not a single str"):
        api(lambda client: client.contacts.bulk.delete("+14155551234"))
    assert sandbox.requests == []


# --- streams


def test_stream_create(api: Api) -> None:
    """There is an outcome for each item, in the order of the input."""
    outcomes = api(lambda client: client.contacts.bulk.stream_create([*MANY, {"phone": "nobody"}]))
    assert ([each.index for each in outcomes], [each.ok for each in outcomes]) == (
        list(range(251)),
        [True] * 250 + [False],
    )
    assert [each.value.phone for each in outcomes[:250]] == NUMBERS


def test_stream_delete(api: Api, sandbox: Sandbox) -> None:
    """There is an outcome for each number; a missing contact has a reason and no value."""
    numbers = sandbox.seed(3)
    outcomes = api(lambda client: client.contacts.bulk.stream_delete([*numbers, "+14155559999"]))
    assert [(each.value, each.reason) for each in outcomes] == [
        *((number, "") for number in numbers),
        (None, "Contact not found"),
    ]


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_streams_are_lazy(api: Api, sandbox: Sandbox, call: str) -> None:
    """Only the input of requests in flight is read, and nothing before the first outcome."""
    read: list[object] = []

    def endless() -> Iterator[Any]:
        while True:
            read.append(None)
            number = f"+1415{len(read):07}"
            yield {"phone": number} if call == "stream_create" else number

    def begin(client: Any) -> Any:  # noqa: ANN401  # either iterator
        return getattr(client.contacts.bulk, call)(endless(), chunk_size=10)

    stream = begin(api.driver.shared_client(api.url))
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


# --- the first example of the guides


def test_the_sync_example(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works as it is shown."""
    set_environment(sandbox, monkeypatch.setenv)
    rows = [{"phone": "+14155551235", "firstName": "Bob"}, {"phone": "nobody"}]
    with Sendblue() as client:
        ada = client.contacts.create(
            "+14155551234", firstName="Ada", tags=["VIP"], custom_variables={"Lead Source": "Website"}
        )
        result = client.contacts.bulk.create(rows)
        listed = [contact.first_name for contact in client.contacts.list()]
    assert (ada.first_name, listed, [dict(each) for each in result.failed]) == ("Ada", ["Ada", "Bob"], rows[1:])


async def run_async_example() -> tuple[str | None, list[str | None]]:
    """Run the same example with the async client."""
    async with AsyncSendblue() as client:
        ada = await client.contacts.create("+14155551234", firstName="Ada", tags=["VIP"])
        await client.contacts.bulk.create([{"phone": "+14155551235", "firstName": "Bob"}])
        return ada.first_name, [contact.first_name async for contact in client.contacts.list()]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_example(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """It works on each event loop."""
    set_environment(sandbox, monkeypatch.setenv)
    assert anyio.run(run_async_example, backend=backend) == ("Ada", ["Ada", "Bob"])


def set_environment(sandbox: Sandbox, setenv: Callable[[str, str], None]) -> None:
    """Set the environment variables of a user."""
    setenv("SENDBLUE_API_API_KEY", "key-of-the-example")
    setenv("SENDBLUE_API_API_SECRET", "secret")
    setenv("SENDBLUE_API_BASE_URL", sandbox.url)
