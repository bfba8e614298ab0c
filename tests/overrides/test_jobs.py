"""Bulk calls: chunks, halves, what an answer says of each item, and nothing lost when the sending ends early."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import (
    APIConnectionError,
    AuthenticationError,
    BulkCreateResult,
    BulkProgress,
    FailedNumber,
    PermissionDeniedError,
)
from sendblue_contacts.jobs import CreateJob, DeleteJob, Entry, Limits, Verdict
from sendblue_contacts_api.models.bulk_create_response import BulkCreateResponse
from sendblue_contacts_api.models.bulk_delete_response import BulkDeleteResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from tests.overrides.conftest import World

UNKNOWN = "the answer does not say what became of it"
NAMELESS = "refused without a reason"
A, B, C = numbers = ["+14155550001", "+14155550002", "+14155550003"]


def _rows(count: int) -> list[dict[str, Any]]:
    return [
        {"phone": f"+1415{number:07}", "first_name": f"n{number}"} for number in range(2_000_000, 2_000_000 + count)
    ]


def _sent(request: httpx.Request) -> list[Any]:
    body = json.loads(request.content)
    items: list[Any] = body["contacts"] if "contacts" in body else body["contact_ids"]
    return items


def _all_well(request: httpx.Request) -> httpx.Response:
    items = _sent(request)
    if request.method == "DELETE":
        return httpx.Response(200, json={"status": "OK", "amount": len(items)})
    return httpx.Response(200, json={"status": "OK", "contacts": items, "numberOfContactsCreated": len(items)})


def _phones(items: Iterable[Any]) -> list[Any]:
    return [item["phone"] for item in items]


# What an answer says of each item. Three contacts are sent: A, B, C.

GOES_IN, OPEN, TAKEN = "in", UNKNOWN, "taken"


def _read(body: dict[str, Any], sent: Iterable[str] = numbers) -> list[str]:
    job = CreateJob(None)
    ready = [job.check({"phone": number}) for number in sent]
    verdicts = job.read(ready, BulkCreateResponse.from_dict(body))
    return ["in" if verdict.value is not None else verdict.reason for verdict in verdicts]


def _failure(number: str | None, error: object = "taken") -> dict[str, Any]:
    return {"contact": {"phone": number}, "error": error}


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        # contacts, count and failures, each there or not
        ({}, [GOES_IN] * 3),
        ({"status": "OK"}, [GOES_IN] * 3),
        ({"contacts": None, "numberOfContactsCreated": None, "failures": None}, [GOES_IN] * 3),
        ({"failures": []}, [GOES_IN] * 3),
        ({"failures": [_failure(B)]}, [GOES_IN, TAKEN, GOES_IN]),
        ({"numberOfContactsCreated": 3}, [GOES_IN] * 3),
        ({"numberOfContactsCreated": 2}, [OPEN] * 3),
        ({"numberOfContactsCreated": 0}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [_failure(B)]}, [GOES_IN, TAKEN, GOES_IN]),
        ({"numberOfContactsCreated": 1, "failures": [_failure(B)]}, [OPEN, TAKEN, OPEN]),
        ({"contacts": []}, [OPEN] * 3),
        ({"contacts": [{"phone": A}]}, [GOES_IN, OPEN, OPEN]),
        ({"contacts": [{"phone": A}, {"phone": B}, {"phone": C}]}, [GOES_IN] * 3),
        ({"contacts": [{"phone": C}], "failures": [_failure(B)]}, [OPEN, TAKEN, GOES_IN]),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 3}, [GOES_IN] * 3),
        ({"contacts": [{"phone": A}], "numberOfContactsCreated": 1}, [GOES_IN, OPEN, OPEN]),
        (
            {"contacts": [{"phone": A}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [GOES_IN, TAKEN, GOES_IN],
        ),
        (
            {"contacts": [{"phone": A}, {"phone": C}], "numberOfContactsCreated": 2, "failures": [_failure(B)]},
            [GOES_IN, TAKEN, GOES_IN],
        ),
        ({"failures": [_failure(A), _failure(B), _failure(C)]}, [TAKEN] * 3),
        # a failure that names nobody, or nobody who was sent: then silence does not mean success
        ({"failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"failures": [_failure(None)]}, [OPEN] * 3),
        ({"failures": [_failure("4155550002")]}, [OPEN] * 3),
        ({"numberOfContactsCreated": 2, "failures": [{"error": "taken"}]}, [OPEN] * 3),
        ({"contacts": [{"phone": A}], "failures": [{"error": "taken"}]}, [GOES_IN, OPEN, OPEN]),
        # lists that cannot be read
        ({"failures": ["taken"]}, [OPEN] * 3),
        ({"failures": [None]}, [OPEN] * 3),
        ({"failures": 1}, [OPEN] * 3),
        ({"contacts": [None]}, [OPEN] * 3),
        ({"contacts": "three"}, [OPEN] * 3),
        ({"numberOfContactsCreated": 3, "contacts": [None]}, [GOES_IN] * 3),
        # reasons
        ({"failures": [_failure(B, None)]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, "")]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, {"code": 7})]}, [GOES_IN, NAMELESS, GOES_IN]),
        ({"failures": [_failure(B, f"{B} is taken")]}, [GOES_IN, "+… is taken", GOES_IN]),
    ],
)
def test_an_answer_is_reconciled_with_what_was_sent(body: dict[str, Any], verdicts: list[str]) -> None:
    """Each item gets what the answer says of it, and nobody is called created on a guess."""
    assert _read(body) == verdicts


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        ({"contacts": [{"phone": A}], "failures": [_failure(A)]}, [GOES_IN, TAKEN]),
        ({"contacts": [{"phone": A}, {"phone": A}]}, [GOES_IN, GOES_IN]),
        ({"contacts": [{"phone": A}]}, [GOES_IN, OPEN]),
        ({"failures": [_failure(A, "one"), _failure(A, "two")]}, ["one", "two"]),
        ({"numberOfContactsCreated": 2}, [GOES_IN, GOES_IN]),
    ],
)
def test_a_number_that_was_sent_twice_gets_two_verdicts(body: dict[str, Any], verdicts: list[str]) -> None:
    """Each mention in the answer is used once."""
    assert _read(body, [A, A]) == verdicts


def test_a_created_contact_is_the_one_of_the_server() -> None:
    """Where the answer has the contact, that is the value; else it is what was sent."""
    job = CreateJob(None)
    ready = [job.check({"phone": A, "firstName": "Ada"}), job.check({"phone": B, "firstName": "Bea"})]
    answer = {"contacts": [{"phone": A, "firstName": "ADA"}], "numberOfContactsCreated": 2}
    values = [verdict.value for verdict in job.read(ready, BulkCreateResponse.from_dict(answer))]
    assert [value and value.first_name for value in values] == ["ADA", "Bea"]


def _deleted(body: dict[str, Any], sent: Iterable[str] = numbers) -> list[str]:
    verdicts = DeleteJob(None).read(list(sent), BulkDeleteResponse.from_dict(body))
    return [verdict.value or verdict.reason for verdict in verdicts]


def _open(done: int, of: int = 3) -> str:
    return f"{done} of {of} in its request were deleted, and the answer does not say which"


def _result(number: str, *, success: bool | None = True, **more: Any) -> dict[str, Any]:  # noqa: ANN401  # any JSON
    return {"phone_number": number, "success": success, **more}


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        ({"amount": 3}, numbers),
        ({"successes": 3}, numbers),
        ({"amount": 3, "total": 3, "successes": 3, "failures": 0}, numbers),
        ({"amount": 2, "successes": 2, "failures": 1}, [_open(2)] * 3),
        ({"amount": 0}, [_open(0)] * 3),
        ({}, [_open(0)] * 3),
        ({"amount": None, "successes": 3}, numbers),
        ({"results": [_result(A), _result(B), _result(C)]}, numbers),
        ({"results": [{"phoneNumber": A, "success": True}, _result(B), _result(C)]}, numbers),
        (
            {"amount": 2, "results": [_result(A), _result(B, success=False, error="unknown"), _result(C)]},
            [A, "unknown", C],
        ),
        ({"amount": 2, "results": [_result(B, success=False, error=f"no {B}")]}, [_open(2), "no +…", _open(2)]),
        ({"amount": 3, "results": [_result(A)]}, numbers),
        ({"amount": 1, "results": [_result(A)]}, [A, _open(1), _open(1)]),
        (
            {"results": [_result(A, success=None), _result(B, success=False, error=["x"])]},
            [NAMELESS, NAMELESS, _open(0)],
        ),
        ({"amount": 3, "results": [None]}, numbers),
    ],
)
def test_a_deletion_is_reconciled_with_what_was_sent(body: dict[str, Any], verdicts: list[str]) -> None:
    """Each number gets its own result, else the totals speak for it, and only where they leave no doubt."""
    assert _deleted(body) == verdicts


def test_a_number_that_was_deleted_twice_gets_two_verdicts() -> None:
    """The second time it is unknown, and the answer says so for the second."""
    body = {"amount": 1, "results": [_result(A), _result(A, success=False, error="unknown")]}
    assert _deleted(body, [A, A]) == [A, "unknown"]


# Through both clients.


def test_chunks_have_the_size_that_was_asked_for(world: World) -> None:
    """The last one has what is left, and the order of the input is kept."""
    rows = _rows(7)
    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=3, concurrency=1), _all_well)
    assert [_phones(_sent(request)) for request in world.sent] == [
        _phones(rows[:3]),
        _phones(rows[3:6]),
        _phones(rows[6:]),
    ]
    assert [contact.phone for contact in result.created] == _phones(rows)


def test_nothing_to_create_sends_nothing(world: World) -> None:
    """No rows, no request."""
    assert (
        repr(world.do(lambda client: client.contacts.bulk.create([]), _all_well)) == "BulkCreateResult(0 of 0 created)"
    )
    assert world.sent == []


def test_chunks_are_cut_by_bytes_too(world: World) -> None:
    """The contacts of one request have at most so many bytes; one that is too large by itself goes alone."""
    rows = [
        {"phone": f"+1415555{n:04}", "first_name": "x" * length} for n, length in enumerate([100, 100, 900, 100, 100])
    ]
    world.do(
        lambda client: client.contacts.bulk.create(rows, max_chunk_bytes=320, concurrency=1),
        _all_well,
    )
    assert [len(_sent(request)) for request in world.sent] == [2, 1, 2]
    assert all(
        len(request.content) <= 320 + len('{"contacts":[]}') for request in world.sent if len(_sent(request)) > 1
    )


def test_deletions_are_cut_by_bytes_too(world: World) -> None:
    """A number has its length, two quotation marks and a comma."""
    world.do(
        lambda client: client.contacts.bulk.delete(_phones(_rows(5)), max_chunk_bytes=30, concurrency=1), _all_well
    )
    assert [len(_sent(request)) for request in world.sent] == [2, 2, 1]


def test_a_bad_row_never_loses_the_others(world: World) -> None:
    """It is a failure with its place and its reason; the others are sent."""
    rows: list[Any] = [
        *_rows(2),
        {"phone": "none"},
        "no row",
        {"phone": A, "frist_name": "x"},
        {"phone": A, "firstName": "\udce4"},
        {"phone": B},
    ]
    result = world.do(lambda client: client.contacts.bulk.create(rows), _all_well)
    assert [failure.index for failure in result.failed] == [2, 3, 4, 5]
    assert [contact.phone for contact in result.created] == [*_phones(rows[:2]), B]
    assert "did you mean first_name?" in result.failed[2].reason


def test_rows_that_are_all_bad_send_nothing(world: World) -> None:
    """No request with an empty list."""
    result = world.do(lambda client: client.contacts.bulk.create([{"phone": "none"}] * 3), _all_well)
    assert (len(result.failed), world.sent) == (3, [])


def _too_large_over(most: int) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if len(_sent(request)) > most else _all_well(request)

    return answer


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_chunk_that_is_too_large_is_halved_until_it_is_not(world: World, most: int) -> None:
    """Down to one contact for each request; all go in, in their order."""
    rows = _rows(10)
    result = world.do(lambda client: client.contacts.bulk.create(rows), _too_large_over(most))
    assert [contact.phone for contact in result.created] == _phones(rows)


def test_a_contact_that_is_too_large_by_itself_is_a_failure(world: World) -> None:
    """The others go in; the reason says what to do."""
    rows = _rows(4)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(413) if rows[2]["phone"] in _phones(_sent(request)) else _all_well(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows), answer)
    assert ([failure.index for failure in result.failed], len(result.created)) == ([2], 3)
    assert "413" in result.failed[0].reason


def test_a_deletion_that_is_too_large_is_halved_too(world: World) -> None:
    """The rule is the same for numbers."""
    phones = _phones(_rows(5))
    assert world.do(lambda client: client.contacts.bulk.delete(phones), _too_large_over(1)).deleted == phones


def test_a_400_that_says_too_large_is_halved_too(world: World) -> None:
    """What the API does with a chunk that is too large is not known; a 400 that says so is as good as a 413."""

    def answer(request: httpx.Request) -> httpx.Response:
        if len(_sent(request)) > 2:
            return httpx.Response(400, json={"status": "ERROR", "message": "Too many contacts in one request"})
        return _all_well(request)

    assert len(world.do(lambda client: client.contacts.bulk.create(_rows(5)), answer).created) == 5


@pytest.mark.parametrize("status", [400, 422, 429, 500])
def test_a_chunk_that_the_server_refuses_is_failed_and_the_others_go_on(world: World, status: int) -> None:
    """One bad answer does not end the call."""
    rows = _rows(6)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if rows[2]["phone"] in _phones(_sent(request)) else _all_well(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), answer)
    assert [failure.index for failure in result.failed] == [2, 3]
    assert all(f"{status}, " in failure.reason for failure in result.failed)


@pytest.mark.parametrize(
    "content", [{}, {"json": None}, {"json": []}, {"html": "<html>"}, {"json": {"status": "ERROR"}}]
)
@pytest.mark.parametrize("call", ["create", "delete"])
def test_an_answer_that_cannot_be_read_fails_its_chunk(world: World, call: str, content: dict[str, Any]) -> None:
    """Nobody knows what became of these items, and that is what their reason says."""
    items = {"create": _rows(2), "delete": _phones(_rows(2))}[call]
    result = world.do(
        lambda client: getattr(client.contacts.bulk, call)(items), lambda _: httpx.Response(200, **content)
    )
    assert len(result.failed) == 2
    assert all(
        failure.reason.startswith(("POST /api/v2/contacts/bulk: 200", "DELETE /api/v2/contacts: 200"))
        for failure in result.failed
    )


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
        world.do(lambda client: client.contacts.bulk.create(_rows(10), chunk_size=2), refusal)
    assert len(world.sent) == 1


def test_the_first_request_may_come_after_rows_that_are_all_bad(world: World) -> None:
    """A chunk of which nothing could be sent is no first request."""
    rows = [*[{"phone": "none"}] * 2, *_rows(4)]
    with pytest.raises(AuthenticationError):
        world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), lambda _: httpx.Response(401))
    assert len(world.sent) == 1


@pytest.mark.parametrize("refusal", [refusal for refusal, _ in HOPELESS], ids=["401", "403", "no-answer"])
def test_a_later_request_that_is_hopeless_ends_the_sending_and_loses_nothing(
    world: World, refusal: Callable[[httpx.Request], httpx.Response]
) -> None:
    """What went in stays, the rest is failed with the reason, and nothing more is sent."""
    rows = _rows(8)

    def answer(request: httpx.Request) -> httpx.Response:
        return _all_well(request) if len(world.sent) == 1 else refusal(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2, concurrency=1), answer)
    assert (len(world.sent), [contact.phone for contact in result.created]) == (2, _phones(rows[:2]))
    assert [failure.reason.startswith("not sent: ") for failure in result.failed] == [False] * 2 + [True] * 4
    first, *_, last = [failure.reason for failure in result.failed]
    assert last == f"not sent: {first}"


def test_a_bad_row_keeps_its_own_reason_when_the_sending_ends(world: World) -> None:
    """That nobody answers is not what is wrong with it."""
    rows = [*_rows(3), {"phone": "none"}]

    def answer(request: httpx.Request) -> httpx.Response:
        return _all_well(request) if len(world.sent) == 1 else _refused(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), answer)
    assert ["no answer" in failure.reason for failure in result.failed] == [True, False]


def test_what_failed_can_be_passed_straight_back(world: World) -> None:
    """`failed` is an input: the second call completes the first."""
    rows = _rows(8)

    def breaks(request: httpx.Request) -> httpx.Response:
        return _all_well(request) if len(world.sent) == 1 else _refused(request)

    result: BulkCreateResult = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2), breaks)
    again: BulkCreateResult = world.do(lambda client: client.contacts.bulk.create(result.failed), _all_well)
    assert [contact.phone for contact in (*result.created, *again.created)] == _phones(rows)


def test_numbers_that_were_not_deleted_can_be_passed_straight_back(world: World) -> None:
    """A `FailedNumber` is taken like the number itself."""
    phones = _phones(_rows(3))
    result = world.do(
        lambda client: client.contacts.bulk.delete(phones), lambda _: httpx.Response(200, json={"amount": 0})
    )
    assert [type(failure) for failure in result.failed] == [FailedNumber] * 3
    assert world.do(lambda client: client.contacts.bulk.delete(result.failed), _all_well).deleted == phones


@pytest.mark.parametrize("first_chunk", [True, False])
def test_half_a_chunk_that_went_in_is_not_called_failed(world: World, first_chunk: bool) -> None:  # noqa: FBT001  # a parameter
    """When a halved chunk breaks off in the middle, what its first half did is kept."""
    rows = _rows(4 if first_chunk else 8)
    halved = rows[-4:]

    def answer(request: httpx.Request) -> httpx.Response:
        phones = _phones(_sent(request))
        if phones == _phones(halved):
            return httpx.Response(413)
        return _refused(request) if phones == _phones(halved[2:]) else _all_well(request)

    result = world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=4), answer)
    assert [contact.phone for contact in result.created] == _phones(rows[:-2])
    assert _phones(result.failed) == _phones(rows[-2:])


def test_progress_is_told_after_each_chunk(world: World) -> None:
    """Snapshots with what is done, what failed and how many there are."""
    heard: list[BulkProgress] = []
    rows: list[Any] = [*_rows(4), {"phone": "none"}]
    world.do(lambda client: client.contacts.bulk.create(rows, chunk_size=2, on_progress=heard.append), _all_well)
    assert heard == [BulkProgress(2, 0, 5), BulkProgress(4, 0, 5), BulkProgress(5, 1, 5)]


def test_progress_of_a_generator_has_no_total(world: World) -> None:
    """Nobody knows how many there will be."""
    heard: list[BulkProgress] = []
    world.do(lambda client: client.contacts.bulk.delete(iter([A, B]), on_progress=heard.append), _all_well)
    assert heard == [BulkProgress(2, 0, None)]


def _counted(read: list[Any], rows: list[Any]) -> Iterator[Any]:
    for row in rows:
        read.append(row)
        yield row


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_a_generator_is_read_as_far_as_it_is_needed(world: World, call: str) -> None:
    """After the first outcome no more than the first chunk was read, and one item that shows that it is full."""
    rows: list[Any] = _rows(1_000) if call == "stream_create" else _phones(_rows(1_000))
    read: list[Any] = []

    def first_of(client: Any) -> Any:  # noqa: ANN401  # an outcome, or a coroutine
        outcomes = getattr(client.contacts.bulk, call)(_counted(read, rows), chunk_size=10)
        return next(outcomes) if world.name == "sync" else anext(outcomes)

    assert world.do(first_of, _all_well).ok
    assert (len(world.sent), len(read)) == (1, 11)


@pytest.mark.parametrize("call", ["stream_create", "stream_delete"])
def test_outcomes_come_in_the_order_of_the_input(world: World, call: str) -> None:
    """Although a few requests are on their way at one time."""
    rows: list[Any] = _rows(23) if call == "stream_create" else _phones(_rows(23))
    outcomes = world.do(lambda client: getattr(client.contacts.bulk, call)(rows, chunk_size=2), _all_well)
    assert [outcome.index for outcome in outcomes] == list(range(23))
    assert [outcome.item for outcome in outcomes] == rows


async def _asynchronously(items: Iterable[Any]) -> AsyncIterator[Any]:
    for item in items:
        yield item


@pytest.mark.parametrize("world", ["async"], indirect=True)
@pytest.mark.parametrize("call", ["create", "delete"])
def test_the_async_client_takes_async_iterables(world: World, call: str) -> None:
    """What comes from a database cursor needs no list in between."""
    items: list[Any] = _rows(25) if call == "create" else _phones(_rows(25))
    result = world.do(
        lambda client: getattr(client.contacts.bulk, call)(_asynchronously(items), chunk_size=10), _all_well
    )
    assert (result.requested, len(result.failed), len(world.sent)) == (25, 0, 3)


@pytest.mark.parametrize("call", ["create", "delete"])
@pytest.mark.parametrize("items", ["+14155551234", b"+14155551234", {"phone": A}, 7, None])
def test_one_thing_where_many_are_meant_is_a_type_error(world: World, call: str, items: object) -> None:
    """A string would be taken letter by letter, and a mapping key by key."""
    with pytest.raises(TypeError, match="must be an iterable of many, not one"):
        world.do(lambda client: getattr(client.contacts.bulk, call)(items), _all_well)
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
        world.do(lambda client: client.contacts.bulk.create(_rows(2), **limits), _all_well)
    assert world.sent == []


def test_no_more_requests_are_on_their_way_than_allowed() -> None:
    """The first goes alone, then `concurrency` at one time."""
    from sendblue_contacts.jobs import Course  # noqa: PLC0415  # its state is looked at here alone

    course: Course[Any, Any] = Course(Limits(10, 10, 3))
    before = course.together
    course.settle([Entry(0, {}, object())], [])
    assert (before, course.together) == (1, 3)


@pytest.mark.parametrize("made", [Entry(0, {"phone": A}, A), Verdict(A)])
def test_what_is_on_its_way_shows_no_item(made: object) -> None:
    """A traceback with local variables calls repr."""
    assert A not in repr(made)
