"""Bulk calls through both clients, over a server that is a function: chunks, halves, and nothing lost on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
import pytest
from sendblue_contacts import (
    APIConnectionError,
    AuthenticationError,
    BulkCreateResult,
    FailedNumber,
    PermissionDeniedError,
    Sendblue,
)

from tests.overrides.bulk.bulk_responses import numbers_of, sent_items, succeed
from tests.overrides.bulk.fake_server import make_rows

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from tests.overrides.conftest import World

A, B = "+14155550001", "+14155550002"


def test_chunks_have_the_size_that_was_asked_for(world: World) -> None:
    """The last one has what is left, and the order of the input is kept."""
    rows = make_rows(7)
    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=3, concurrency=1), succeed)
    assert [numbers_of(sent_items(request)) for request in world.sent] == [
        numbers_of(rows[:3]),
        numbers_of(rows[3:6]),
        numbers_of(rows[6:]),
    ]
    assert [contact.phone for contact in result.created] == numbers_of(rows)


def test_nothing_to_create_sends_nothing(world: World) -> None:
    """No rows, no request."""
    assert repr(world.do(lambda client: client.contacts.bulk.create([]), succeed)) == "BulkCreateResult(0 of 0 created)"
    assert world.sent == []


def test_chunks_are_cut_by_bytes_too(world: World) -> None:
    """The contacts of one request have at most so many bytes; one that is too large by itself goes alone."""
    rows = [
        {"phone": f"+1415555{n:04}", "first_name": "x" * length} for n, length in enumerate([100, 100, 900, 100, 100])
    ]
    world.do(
        lambda client: client.contacts.bulk.create(rows, max_chunk_bytes=320, concurrency=1),
        succeed,
    )
    assert [len(sent_items(request)) for request in world.sent] == [2, 1, 2]
    assert all(
        len(request.content) <= 320 + len('{"contacts":[]}') for request in world.sent if len(sent_items(request)) > 1
    )


def test_deletions_are_cut_by_bytes_too(world: World) -> None:
    """A number has its length, two quotation marks and a comma."""
    world.do(
        lambda client: client.contacts.bulk.delete(numbers_of(make_rows(5)), max_chunk_bytes=30, concurrency=1), succeed
    )
    assert [len(sent_items(request)) for request in world.sent] == [2, 2, 1]


def test_a_bad_row_never_loses_the_others(world: World) -> None:
    """It is a failure with its place and its reason; the others are sent."""
    rows: list[Any] = [
        *make_rows(2),
        {"phone": "none"},
        "no row",
        {"phone": A, "frist_name": "x"},
        {"phone": A, "firstName": "\udce4"},
        {"phone": B},
    ]
    result = world.do(lambda client: client.contacts.bulk.create(rows), succeed)
    assert [failure.index for failure in result.failed] == [2, 3, 4, 5]
    assert [contact.phone for contact in result.created] == [*numbers_of(rows[:2]), B]
    assert "did you mean first_name?" in result.failed[2].reason


def test_rows_that_are_all_bad_send_nothing(world: World) -> None:
    """No request with an empty list."""
    result = world.do(lambda client: client.contacts.bulk.create([{"phone": "none"}] * 3), succeed)
    assert (len(result.failed), world.sent) == (3, [])


def _too_large_over(most: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if len(sent_items(request)) > most else succeed(request)

    return answer


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_chunk_that_is_too_large_is_halved_until_it_is_not(world: World, most: int) -> None:
    """Down to one contact for each request; all go in, in their order."""
    rows = make_rows(10)
    result = world.do(lambda client: client.contacts.bulk.create(rows), _too_large_over(most))
    assert [contact.phone for contact in result.created] == numbers_of(rows)


def test_a_contact_that_is_too_large_by_itself_is_a_failure(world: World) -> None:
    """The others go in; the reason says what to do."""
    rows = make_rows(4)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if rows[2]["phone"] in numbers_of(sent_items(request)) else succeed(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows), answer)
    assert ([failure.index for failure in result.failed], len(result.created)) == ([2], 3)
    assert "413" in result.failed[0].reason


def test_a_deletion_that_is_too_large_is_halved_too(world: World) -> None:
    """The rule is the same for numbers."""
    phones = numbers_of(make_rows(5))
    assert world.do(lambda client: client.contacts.bulk.delete(phones), _too_large_over(1)).deleted == phones


def test_a_400_that_says_too_large_is_halved_too(world: World) -> None:
    """What the API does with a chunk that is too large is not known; a 400 that says so is as good as a 413."""

    def answer(request: httpx.Request) -> httpx.Response:
        if len(sent_items(request)) > 2:
            return httpx.Response(400, json={"status": "ERROR", "message": "Too many contacts in one request"})
        return succeed(request)

    assert len(world.do(lambda client: client.contacts.bulk.create(make_rows(5)), answer).created) == 5


@pytest.mark.parametrize("status", [400, 422, 429, 501])
def test_a_chunk_that_the_server_refuses_is_failed_and_the_others_go_on(world: World, status: int) -> None:
    """One bad answer does not end the call."""
    rows = make_rows(6)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if rows[2]["phone"] in numbers_of(sent_items(request)) else succeed(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), answer)
    assert [failure.index for failure in result.failed] == [2, 3]
    assert all(f"{status}, " in failure.reason for failure in result.failed)


@pytest.mark.parametrize("content", [{}, {"json": None}, {"json": []}, {"html": "<html>"}])
@pytest.mark.parametrize("call", ["create", "delete"])
def test_an_answer_that_cannot_be_read_leaves_its_chunk_unknown(
    world: World, call: str, content: dict[str, Any]
) -> None:
    """Where the look-ups cannot be read either, nobody knows what became of these items, and their reason says so."""
    items = {"create": make_rows(2), "delete": numbers_of(make_rows(2))}[call]
    result = world.do(
        lambda client: getattr(client.contacts.bulk, call)(items), lambda _: httpx.Response(200, **content)
    )
    assert (len(result.unknown), result.failed) == (2, [])
    assert all(
        each.reason.startswith(("POST /api/v2/contacts/bulk: 200", "DELETE /api/v2/contacts: 200"))
        for each in result.unknown
    )


@pytest.mark.parametrize("call", ["create", "delete"])
def test_an_answer_that_calls_itself_an_error_fails_its_chunk(world: World, call: str) -> None:
    """It can be read, and it is a refusal: nothing is looked for."""
    items = {"create": make_rows(2), "delete": numbers_of(make_rows(2))}[call]
    body = {"status": "ERROR", "message": "Missing fields"}
    result = world.do(
        lambda client: getattr(client.contacts.bulk, call)(items), lambda _: httpx.Response(200, json=body)
    )
    assert (len(result.failed), len(world.sent)) == (2, 1)
    assert "Missing fields" in result.failed[0].reason


def _refused(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


HOPELESS = [
    (lambda _: httpx.Response(401), AuthenticationError),
    (lambda _: httpx.Response(403), PermissionDeniedError),
    (_refused, APIConnectionError),
]
each_hopeless = pytest.mark.parametrize(("refusal", "error"), HOPELESS, ids=["401", "403", "no-answer"])


@each_hopeless
def test_a_first_request_that_is_hopeless_is_raised(
    world: World, refusal: Callable[[httpx.Request], httpx.Response], error: type[Exception]
) -> None:
    """Wrong credentials are no property of contacts: the error comes at once, after one request."""
    with pytest.raises(error):
        world.do(lambda client: client.contacts.bulk.create(make_rows(10), chunk_size=2), refusal)
    assert len(world.sent) == 1


def test_the_first_request_may_come_after_rows_that_are_all_bad(world: World) -> None:
    """A chunk of which nothing could be sent is no first request."""
    rows = [*[{"phone": "none"}] * 2, *make_rows(4)]
    with pytest.raises(AuthenticationError):
        world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), lambda _: httpx.Response(401))
    assert len(world.sent) == 1


@pytest.mark.parametrize("refusal", [refusal for refusal, _ in HOPELESS], ids=["401", "403", "no-answer"])
def test_a_later_request_that_is_hopeless_ends_the_sending_and_loses_nothing(
    world: World, refusal: Callable[[httpx.Request], httpx.Response]
) -> None:
    """What went in stays, the rest is failed with the reason, and nothing more is sent."""
    rows = make_rows(8)

    def answer(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(world.sent) == 1 else refusal(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2, concurrency=1), answer)
    assert (len(world.sent), [contact.phone for contact in result.created]) == (2, numbers_of(rows[:2]))
    assert [failure.reason.startswith("not sent: ") for failure in result.failed] == [False] * 2 + [True] * 4
    first, *_, last = [failure.reason for failure in result.failed]
    assert last == f"not sent: {first}"


def test_a_bad_row_keeps_its_own_reason_when_the_sending_ends(world: World) -> None:
    """That nobody answers is not what is wrong with it."""
    rows = [*make_rows(3), {"phone": "none"}]

    def answer(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(world.sent) == 1 else _refused(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), answer)
    assert ["no answer" in failure.reason for failure in result.failed] == [True, False]


def test_what_failed_can_be_passed_straight_back(world: World) -> None:
    """`failed` is an input: the second call completes the first."""
    rows = make_rows(8)

    def breaks(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(world.sent) == 1 else _refused(request)

    result: BulkCreateResult = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), breaks)
    again: BulkCreateResult = world.do(lambda client: client.contacts.bulk.create(result.failed), succeed)
    assert [contact.phone for contact in (*result.created, *again.created)] == numbers_of(rows)


def test_numbers_that_were_not_deleted_can_be_passed_straight_back(world: World) -> None:
    """A `FailedNumber` is taken like the number itself."""
    phones = numbers_of(make_rows(3))
    result = world.do(
        lambda client: client.contacts.bulk.delete(phones), lambda _: httpx.Response(200, json={"amount": 0})
    )
    assert [type(failure) for failure in result.failed] == [FailedNumber] * 3
    assert world.do(lambda client: client.contacts.bulk.delete(result.failed), succeed).deleted == phones


@pytest.mark.parametrize("first_chunk", [True, False])
def test_half_a_chunk_that_went_in_is_not_called_failed(world: World, first_chunk: bool) -> None:  # noqa: FBT001  # a parameter
    """When a halved chunk breaks off in the middle, what its first half did is kept."""
    rows = make_rows(4 if first_chunk else 8)
    halved = rows[-4:]

    def answer(request: httpx.Request) -> httpx.Response:
        phones = numbers_of(sent_items(request))
        if phones == numbers_of(halved):
            return httpx.Response(413)
        return _refused(request) if phones == numbers_of(halved[2:]) else succeed(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=4), answer)
    assert [contact.phone for contact in result.created] == numbers_of(rows[:-2])
    assert numbers_of(result.failed) == numbers_of(rows[-2:])


def test_a_repeated_number_is_a_failure_unless_told_otherwise(world: World) -> None:
    """Its reason names the item that counts, and it can be passed straight back with the policy that is meant."""
    rows = [*make_rows(2), {"phone": make_rows(1)[0]["phone"], "first_name": "again"}]
    result = world.do(lambda client: client.contacts.bulk.create(rows), succeed)
    assert [(failure.index, failure.reason.split(";")[0]) for failure in result.failed] == [
        (2, "same phone number as item 0")
    ]
    last = world.do(lambda client: client.contacts.bulk.create(rows, duplicates="last"), succeed)
    assert ([each.index for each in last.duplicates], last.failed) == ([0], [])


def test_a_wrong_policy_is_an_error_before_anything_is_sent(world: World) -> None:
    """The error says which there are."""
    with pytest.raises(ValueError, match="duplicates must be 'error', 'first', 'last', 'merge' or None"):
        world.do(lambda client: client.contacts.bulk.create(make_rows(2), duplicates="both"), succeed)
    assert world.sent == []


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_a_stream_is_checked_when_it_is_made(call: str) -> None:
    """Not when its first outcome is asked for, which may be far away."""
    with Sendblue("k", "s", transport=httpx.MockTransport(succeed)) as client:
        with pytest.raises(TypeError, match="must be an iterable of items"):
            getattr(client.contacts.bulk, call)("+14155551234")
        with pytest.raises(ValueError, match="chunk_size must be 1 or more"):
            getattr(client.contacts.bulk, call)([], chunk_size=0)


def test_unknown_ones_are_passed_back_with_a_look(world: World) -> None:
    """What turns out to be there is created, without another request that creates."""
    rows = make_rows(2)

    def silent(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadError("reset")
        return httpx.Response(500)

    unknown = world.do(lambda client: client.contacts.bulk.create(rows), silent).unknown
    assert [dict(each) for each in unknown] == rows

    def there(request: httpx.Request) -> httpx.Response:
        number = unquote(request.url.path).rpartition("/")[2]
        return httpx.Response(200, json={"contact": next(row for row in rows if row["phone"] == number)})

    world.sent.clear()
    again = world.do(lambda client: client.contacts.bulk.create(unknown, check_existing=True), there)
    assert ([contact.phone for contact in again.created], {request.method for request in world.sent}) == (
        numbers_of(rows),
        {"GET"},
    )


def _counted(read: list[Any], rows: list[Any]) -> Iterator[Any]:
    for row in rows:
        read.append(row)
        yield row


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_a_generator_is_read_as_far_as_it_is_needed(world: World, call: str) -> None:
    """After the first outcome no more than the first chunk was read, and one item that shows that it is full."""
    rows: list[Any] = make_rows(1_000) if call == "stream_create" else numbers_of(make_rows(1_000))
    read: list[Any] = []

    def first_of(client: Any) -> Any:  # noqa: ANN401  # an outcome, or a coroutine
        outcomes = getattr(client.contacts.bulk, call)(_counted(read, rows), chunk_size=10)
        return next(outcomes) if world.name == "sync" else anext(outcomes)

    assert world.do(first_of, succeed).ok
    assert (len(world.sent), len(read)) == (1, 11)


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_outcomes_come_in_the_order_of_the_input(world: World, call: str) -> None:
    """Although a few requests are on their way at one time."""
    rows: list[Any] = make_rows(23) if call == "stream_create" else numbers_of(make_rows(23))
    outcomes = world.do(lambda client: getattr(client.contacts.bulk, call)(rows, chunk_size=2), succeed)
    assert [outcome.index for outcome in outcomes] == list(range(23))
    assert [outcome.item for outcome in outcomes] == rows


async def _asynchronously(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@pytest.mark.parametrize("world", ["async"], indirect=True)
@pytest.mark.parametrize("call", ["create", "delete"])
def test_the_async_client_takes_async_iterables(world: World, call: str) -> None:
    """What comes from a database cursor needs no list in between."""
    items: list[Any] = make_rows(25) if call == "create" else numbers_of(make_rows(25))
    result = world.do(
        lambda client: getattr(client.contacts.bulk, call)(_asynchronously(items), chunk_size=10), succeed
    )
    assert (result.requested, len(result.failed), len(world.sent)) == (25, 0, 3)


@pytest.mark.parametrize("call", ["create", "delete"])
@pytest.mark.parametrize("items", ["+14155551234", b"+14155551234", {"phone": A}, 7, None])
def test_one_thing_where_many_are_meant_is_a_type_error(world: World, call: str, items: object) -> None:
    """A string would be taken letter by letter, and a mapping key by key."""
    with pytest.raises(TypeError, match="must be an iterable of items, not a single"):
        world.do(lambda client: getattr(client.contacts.bulk, call)(items), succeed)
    assert world.sent == []


@pytest.mark.parametrize(
    ("limits", "error", "says"),
    [
        ({"chunk_size": 0}, ValueError, "chunk_size must be 1 or more, not 0"),
        ({"chunk_size": "9"}, TypeError, "chunk_size must be a whole number, not str"),
        ({"max_chunk_bytes": -1}, ValueError, "max_chunk_bytes must be 1 or more"),
        ({"concurrency": 0}, ValueError, "concurrency must be 1 or more"),
        ({"concurrency": True}, TypeError, "concurrency must be a whole number, not bool"),
    ],
)
def test_a_wrong_limit_is_an_error_before_anything_is_sent(
    world: World, limits: dict[str, Any], error: type[Exception], says: str
) -> None:
    """The error names the argument."""
    with pytest.raises(error, match=says):
        world.do(lambda client: client.contacts.bulk.create(make_rows(2), **limits), succeed)
    assert world.sent == []
