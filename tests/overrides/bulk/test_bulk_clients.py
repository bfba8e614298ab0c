"""Bulk calls through both clients, with a function as the server: chunks, splitting, errors, and retries."""

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

    from tests.overrides.clients import Runner

A, B = "+14155550001", "+14155550002"


def test_chunks_have_the_configured_size(runner: Runner) -> None:
    """The last one has the remaining items; the order of the input is kept."""
    rows = make_rows(7)
    result = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=3, concurrency=1), succeed)
    assert [numbers_of(sent_items(request)) for request in runner.sent] == [
        numbers_of(rows[:3]),
        numbers_of(rows[3:6]),
        numbers_of(rows[6:]),
    ]
    assert [contact.phone for contact in result.created] == numbers_of(rows)


def test_an_empty_input_sends_nothing(runner: Runner) -> None:
    """The result is empty."""
    result = runner.run(lambda client: client.contacts.bulk.create([]), succeed)
    assert repr(result) == "BulkCreateResult(0 of 0 created)"
    assert runner.sent == []


def test_chunks_are_cut_by_bytes_too(runner: Runner) -> None:
    """A contact that exceeds the maximum alone has a request of its own."""
    rows = [
        {"phone": f"+1415555{n:04}", "first_name": "x" * length} for n, length in enumerate([100, 100, 900, 100, 100])
    ]
    runner.run(
        lambda client: client.contacts.bulk.create(rows, max_chunk_bytes=320, concurrency=1),
        succeed,
    )
    assert [len(sent_items(request)) for request in runner.sent] == [2, 1, 2]
    assert all(
        len(request.content) <= 320 + len('{"contacts":[]}') for request in runner.sent if len(sent_items(request)) > 1
    )


def test_deletions_are_cut_by_bytes_too(runner: Runner) -> None:
    """The size of a number includes two quotation marks and a comma."""
    runner.run(
        lambda client: client.contacts.bulk.delete(numbers_of(make_rows(5)), max_chunk_bytes=30, concurrency=1), succeed
    )
    assert [len(sent_items(request)) for request in runner.sent] == [2, 2, 1]


def test_invalid_items_do_not_affect_others(runner: Runner) -> None:
    """They fail with their index and a reason; the other items are sent."""
    rows: list[Any] = [
        *make_rows(2),
        {"phone": "none"},
        "not a mapping",
        {"phone": A, "frist_name": "x"},
        {"phone": A, "firstName": "\udce4"},
        {"phone": B},
    ]
    result = runner.run(lambda client: client.contacts.bulk.create(rows), succeed)
    assert [failure.index for failure in result.failed] == [2, 3, 4, 5]
    assert [contact.phone for contact in result.created] == [*numbers_of(rows[:2]), B]
    assert "did you mean first_name?" in result.failed[2].reason


def test_if_all_items_are_invalid_nothing_is_sent(runner: Runner) -> None:
    """There is no request with an empty list."""
    result = runner.run(lambda client: client.contacts.bulk.create([{"phone": "none"}] * 3), succeed)
    assert (len(result.failed), runner.sent) == (3, [])


def _too_large_over(maximum: int) -> Callable[[httpx.Request], httpx.Response]:
    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if len(sent_items(request)) > maximum else succeed(request)

    return respond


@pytest.mark.parametrize("maximum", [1, 2, 3, 7])
def test_a_chunk_that_is_too_large_is_split(runner: Runner, maximum: int) -> None:
    """If necessary until each request has one contact; all are created, in input order."""
    rows = make_rows(10)
    result = runner.run(lambda client: client.contacts.bulk.create(rows), _too_large_over(maximum))
    assert [contact.phone for contact in result.created] == numbers_of(rows)


def test_a_single_contact_that_is_too_large_fails(runner: Runner) -> None:
    """The others are created; the reason has the status."""
    rows = make_rows(4)

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if rows[2]["phone"] in numbers_of(sent_items(request)) else succeed(request)

    result = runner.run(lambda client: client.contacts.bulk.create(rows), respond)
    assert ([failure.index for failure in result.failed], len(result.created)) == ([2], 3)
    assert "413" in result.failed[0].reason


def test_a_deletion_that_is_too_large_is_split(runner: Runner) -> None:
    """Like a creation."""
    phones = numbers_of(make_rows(5))
    assert runner.run(lambda client: client.contacts.bulk.delete(phones), _too_large_over(1)).deleted == phones


def test_after_a_400_about_the_size_a_chunk_is_split(runner: Runner) -> None:
    """The API does not document its response to a chunk that is too large: a 400 about the size is like a 413."""

    def respond(request: httpx.Request) -> httpx.Response:
        if len(sent_items(request)) > 2:
            return httpx.Response(400, json={"status": "ERROR", "message": "Too many contacts in one request"})
        return succeed(request)

    assert len(runner.run(lambda client: client.contacts.bulk.create(make_rows(5)), respond).created) == 5


@pytest.mark.parametrize("status", [400, 422, 429, 501])
def test_a_rejected_chunk_fails_and_the_others_go_on(runner: Runner, status: int) -> None:
    """One error does not end the call."""
    rows = make_rows(6)

    def respond(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if rows[2]["phone"] in numbers_of(sent_items(request)) else succeed(request)

    result = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), respond)
    assert [failure.index for failure in result.failed] == [2, 3]
    assert all(f"status {status}: " in failure.reason for failure in result.failed)


@pytest.mark.parametrize("content", [{}, {"json": None}, {"json": []}, {"html": "<html>"}])
@pytest.mark.parametrize("call", ["create", "delete"])
def test_if_a_response_cannot_be_decoded_its_items_are_unknown(
    runner: Runner, call: str, content: dict[str, Any]
) -> None:
    """Provided that their look-ups cannot be decoded either. The reason has the error."""
    items = {"create": make_rows(2), "delete": numbers_of(make_rows(2))}[call]
    result = runner.run(
        lambda client: getattr(client.contacts.bulk, call)(items), lambda _: httpx.Response(200, **content)
    )
    assert (len(result.unknown), result.failed) == (2, [])
    assert all(
        item.reason.startswith(("POST /api/v2/contacts/bulk: status 200", "DELETE /api/v2/contacts: status 200"))
        for item in result.unknown
    )


@pytest.mark.parametrize("call", ["create", "delete"])
def test_a_200_with_the_status_error_fails_its_chunk(runner: Runner, call: str) -> None:
    """It is a rejection, so nothing is looked up."""
    items = {"create": make_rows(2), "delete": numbers_of(make_rows(2))}[call]
    body = {"status": "ERROR", "message": "Missing fields"}
    result = runner.run(
        lambda client: getattr(client.contacts.bulk, call)(items), lambda _: httpx.Response(200, json=body)
    )
    assert (len(result.failed), len(runner.sent)) == (2, 1)
    assert "Missing fields" in result.failed[0].reason


def _unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


FATAL = [
    (lambda _: httpx.Response(401), AuthenticationError),
    (lambda _: httpx.Response(403), PermissionDeniedError),
    (_unreachable, APIConnectionError),
]
each_fatal_error = pytest.mark.parametrize(("response", "error"), FATAL, ids=["401", "403", "unreachable"])


@each_fatal_error
def test_a_fatal_error_on_the_first_request_is_raised(
    runner: Runner, response: Callable[[httpx.Request], httpx.Response], error: type[Exception]
) -> None:
    """It is not about the contacts: it is raised after one request."""
    with pytest.raises(error):
        runner.run(lambda client: client.contacts.bulk.create(make_rows(10), chunk_size=2), response)
    assert len(runner.sent) == 1


def test_a_chunk_without_a_request_is_not_the_first(runner: Runner) -> None:
    """All its items are invalid, and a fatal error in the next chunk is raised."""
    rows = [*[{"phone": "none"}] * 2, *make_rows(4)]
    with pytest.raises(AuthenticationError):
        runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), lambda _: httpx.Response(401))
    assert len(runner.sent) == 1


@pytest.mark.parametrize("response", [response for response, _ in FATAL], ids=["401", "403", "unreachable"])
def test_a_later_fatal_error_stops_sending_and_loses_no_outcome(
    runner: Runner, response: Callable[[httpx.Request], httpx.Response]
) -> None:
    """Created contacts stay in the result, the others fail with the reason, and nothing more is sent."""
    rows = make_rows(8)

    def respond(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(runner.sent) == 1 else response(request)

    result = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2, concurrency=1), respond)
    assert (len(runner.sent), [contact.phone for contact in result.created]) == (2, numbers_of(rows[:2]))
    assert [failure.reason.startswith("not sent: ") for failure in result.failed] == [False] * 2 + [True] * 4
    first, *_, last = [failure.reason for failure in result.failed]
    assert last == f"not sent: {first}"


def test_an_invalid_item_has_its_own_reason_after_sending_has_stopped(runner: Runner) -> None:
    """Not the error that stopped the call."""
    rows = [*make_rows(3), {"phone": "none"}]

    def respond(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(runner.sent) == 1 else _unreachable(request)

    result = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), respond)
    assert ["no response" in failure.reason for failure in result.failed] == [True, False]


def test_failed_contacts_can_be_passed_to_another_call(runner: Runner) -> None:
    """The second call completes the first."""
    rows = make_rows(8)

    def fails_later(request: httpx.Request) -> httpx.Response:
        return succeed(request) if len(runner.sent) == 1 else _unreachable(request)

    result: BulkCreateResult = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), fails_later)
    again: BulkCreateResult = runner.run(lambda client: client.contacts.bulk.create(result.failed), succeed)
    assert [contact.phone for contact in (*result.created, *again.created)] == numbers_of(rows)


def test_failed_numbers_can_be_passed_to_another_call(runner: Runner) -> None:
    """A `FailedNumber` is accepted like the number itself."""
    phones = numbers_of(make_rows(3))
    result = runner.run(
        lambda client: client.contacts.bulk.delete(phones), lambda _: httpx.Response(200, json={"amount": 0})
    )
    assert [type(failure) for failure in result.failed] == [FailedNumber] * 3
    assert runner.run(lambda client: client.contacts.bulk.delete(result.failed), succeed).deleted == phones


@pytest.mark.parametrize("first_chunk", [True, False])
def test_the_created_half_of_a_split_chunk_has_not_failed(runner: Runner, first_chunk: bool) -> None:  # noqa: FBT001  # a parameter
    """If the second half fails, the outcomes of the first half are kept."""
    rows = make_rows(4 if first_chunk else 8)
    halved = rows[-4:]

    def respond(request: httpx.Request) -> httpx.Response:
        phones = numbers_of(sent_items(request))
        if phones == numbers_of(halved):
            return httpx.Response(413)
        return _unreachable(request) if phones == numbers_of(halved[2:]) else succeed(request)

    result = runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=4), respond)
    assert [contact.phone for contact in result.created] == numbers_of(rows[:-2])
    assert numbers_of(result.failed) == numbers_of(rows[-2:])


def test_a_duplicate_number_fails_by_default(runner: Runner) -> None:
    """Its reason names the item that is used. Another policy can be chosen."""
    rows = [*make_rows(2), {"phone": make_rows(1)[0]["phone"], "first_name": "again"}]
    result = runner.run(lambda client: client.contacts.bulk.create(rows), succeed)
    assert [(failure.index, failure.reason.split(";")[0]) for failure in result.failed] == [
        (2, "same phone number as item 0")
    ]
    last = runner.run(lambda client: client.contacts.bulk.create(rows, duplicates="last"), succeed)
    assert ([item.index for item in last.duplicates], last.failed) == ([0], [])


def test_an_unknown_policy_raises_before_anything_is_sent(runner: Runner) -> None:
    """The message lists the valid policies."""
    with pytest.raises(ValueError, match="duplicates must be 'error', 'first', 'last', 'merge' or None"):
        runner.run(lambda client: client.contacts.bulk.create(make_rows(2), duplicates="both"), succeed)
    assert runner.sent == []


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_the_arguments_of_a_stream_are_checked_at_once(call: str) -> None:
    """Not when its first outcome is requested, which may be much later."""
    with Sendblue("k", "s", transport=httpx.MockTransport(succeed)) as client:
        with pytest.raises(TypeError, match="must be an iterable of items"):
            getattr(client.contacts.bulk, call)("+14155551234")
        with pytest.raises(ValueError, match="chunk_size must be 1 or more"):
            getattr(client.contacts.bulk, call)([], chunk_size=0)


def test_unknown_contacts_can_be_passed_to_another_call(runner: Runner) -> None:
    """With check_existing, contacts that exist are reported as created without being sent."""
    rows = make_rows(2)

    def lost(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            raise httpx.ReadError("reset")
        return httpx.Response(500)

    unknown = runner.run(lambda client: client.contacts.bulk.create(rows), lost).unknown
    assert [dict(item) for item in unknown] == rows

    def exists(request: httpx.Request) -> httpx.Response:
        number = unquote(request.url.path).rpartition("/")[2]
        return httpx.Response(200, json={"contact": next(row for row in rows if row["phone"] == number)})

    runner.sent.clear()
    again = runner.run(lambda client: client.contacts.bulk.create(unknown, check_existing=True), exists)
    assert ([contact.phone for contact in again.created], {request.method for request in runner.sent}) == (
        numbers_of(rows),
        {"GET"},
    )


def _counted(read: list[Any], rows: list[Any]) -> Iterator[Any]:
    for row in rows:
        read.append(row)
        yield row


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_a_generator_is_read_lazily(runner: Runner, call: str) -> None:
    """After the first outcome, the first chunk was read, and one item that did not fit into it."""
    rows: list[Any] = make_rows(1_000) if call == "stream_create" else numbers_of(make_rows(1_000))
    read: list[Any] = []

    def first_of(client: Any) -> Any:  # noqa: ANN401  # an outcome, or a coroutine
        outcomes = getattr(client.contacts.bulk, call)(_counted(read, rows), chunk_size=10)
        return next(outcomes) if runner.kind == "sync" else anext(outcomes)

    assert runner.run(first_of, succeed).ok
    assert (len(runner.sent), len(read)) == (1, 11)


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_outcomes_are_in_input_order(runner: Runner, call: str) -> None:
    """Although several requests are in flight."""
    rows: list[Any] = make_rows(23) if call == "stream_create" else numbers_of(make_rows(23))
    outcomes = runner.run(lambda client: getattr(client.contacts.bulk, call)(rows, chunk_size=2), succeed)
    assert [outcome.index for outcome in outcomes] == list(range(23))
    assert [outcome.item for outcome in outcomes] == rows


async def _asynchronously(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@pytest.mark.parametrize("runner", ["async"], indirect=True)
@pytest.mark.parametrize("call", ["create", "delete"])
def test_the_async_client_accepts_async_iterables(runner: Runner, call: str) -> None:
    """Such as a database cursor."""
    items: list[Any] = make_rows(25) if call == "create" else numbers_of(make_rows(25))
    result = runner.run(
        lambda client: getattr(client.contacts.bulk, call)(_asynchronously(items), chunk_size=10), succeed
    )
    assert (result.requested, len(result.failed), len(runner.sent)) == (25, 0, 3)


@pytest.mark.parametrize("call", ["create", "delete"])
@pytest.mark.parametrize("items", ["+14155551234", b"+14155551234", {"phone": A}, 7, None])
def test_a_single_item_raises(runner: Runner, call: str, items: object) -> None:
    """A string would be iterated by character, and a mapping by key."""
    with pytest.raises(TypeError, match="must be an iterable of items, not a single"):
        runner.run(lambda client: getattr(client.contacts.bulk, call)(items), succeed)
    assert runner.sent == []


@pytest.mark.parametrize(
    ("limits", "error", "message"),
    [
        ({"chunk_size": 0}, ValueError, "chunk_size must be 1 or more, not 0"),
        ({"chunk_size": "9"}, TypeError, "chunk_size must be an int, not str"),
        ({"max_chunk_bytes": -1}, ValueError, "max_chunk_bytes must be 1 or more"),
        ({"concurrency": 0}, ValueError, "concurrency must be 1 or more"),
        ({"concurrency": True}, TypeError, "concurrency must be an int, not bool"),
    ],
)
def test_invalid_limits_raise_before_anything_is_sent(
    runner: Runner, limits: dict[str, Any], error: type[Exception], message: str
) -> None:
    """The message names the argument."""
    with pytest.raises(error, match=message):
        runner.run(lambda client: client.contacts.bulk.create(make_rows(2), **limits), succeed)
    assert runner.sent == []
