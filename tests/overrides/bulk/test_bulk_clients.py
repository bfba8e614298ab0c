"""Bulk calls with a function as the server: splitting, errors, lost deletions, and arguments that are checked."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sendblue_contacts import APIConnectionError, AuthenticationError, BulkError, PermissionDeniedError, Sendblue

from tests.overrides.bulk.bulk_responses import numbers_of, sent_items, succeed
from tests.overrides.bulk.fake_server import make_rows
from tests.overrides.clients import Runner

A, B = "+14155550001", "+14155550002"
NUMBERS = numbers_of(make_rows(20))


@pytest.fixture
def client() -> Runner:
    """Runs calls of the sync client, which is generated from the async one: for what happens inside a call."""
    return Runner("sync")


TOO_MANY = {"status": "ERROR", "message": "Too many contacts in one request"}
"""The API does not document this response."""


@pytest.mark.parametrize(
    ("rejection", "failed"),
    [
        (httpx.Response(400), [2, 3]),
        (httpx.Response(429), [2, 3]),
        (httpx.Response(501), [2, 3]),
        # A chunk that is too large is split, and only the part that is rejected fails.
        (httpx.Response(413), [2]),
        (httpx.Response(400, json=TOO_MANY), [2]),
    ],
)
def test_a_rejected_chunk_fails_and_the_others_go_on(
    client: Runner, rejection: httpx.Response, failed: list[int]
) -> None:
    """One error does not end the call."""
    rows = make_rows(6)

    def respond(request: httpx.Request) -> httpx.Response:
        return rejection if rows[2]["phone"] in numbers_of(sent_items(request)) else succeed(request)

    result = client.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), respond)
    assert [failure.index for failure in result.failed] == failed
    assert all(f"status {rejection.status_code}: " in failure.reason for failure in result.failed)


@pytest.mark.parametrize(("call", "content"), [("create", {"html": "<html>"}), ("delete", {"json": []})])
def test_if_a_response_cannot_be_decoded_its_items_are_unknown(
    client: Runner, call: str, content: dict[str, Any]
) -> None:
    """Provided that their look-ups cannot be decoded either. The reason has the error."""
    items: list[Any] = make_rows(2) if call == "create" else NUMBERS[:2]
    respond = lambda _: httpx.Response(200, **content)  # noqa: E731  # shorter than a function here
    result = client.run(lambda client: getattr(client.contacts.bulk, call)(items), respond)
    method, path = client.sent[0].method, client.sent[0].url.path
    assert (len(result.unknown), result.failed) == (2, [])
    assert all(item.reason.startswith(f"{method} {path}: status 200") for item in result.unknown)


@pytest.mark.parametrize("call", ["create", "delete"])
def test_a_200_with_the_status_error_fails_its_chunk(client: Runner, call: str) -> None:
    """It is a rejection, so nothing is looked up."""
    items: list[Any] = make_rows(2) if call == "create" else NUMBERS[:2]
    respond = lambda _: httpx.Response(200, json={"status": "ERROR", "message": "Missing fields"})  # noqa: E731  # as above
    result = client.run(lambda client: getattr(client.contacts.bulk, call)(items), respond)
    assert (len(result.failed), len(client.sent)) == (2, 1)
    assert "Missing fields" in result.failed[0].reason


def _unreachable(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


FATAL: dict[str, tuple[Any, type[Exception]]] = {
    "401": (lambda _: httpx.Response(401), AuthenticationError),
    "403": (lambda _: httpx.Response(403), PermissionDeniedError),
    "unreachable": (_unreachable, APIConnectionError),
}


@pytest.mark.parametrize(("respond", "error"), FATAL.values(), ids=FATAL)
def test_a_fatal_error_on_the_first_request_is_raised(runner: Runner, respond: Any, error: type[Exception]) -> None:
    """It is not about the contacts: it is raised after one request. A chunk without a valid item has no request."""
    rows = [*[{"phone": "none"}] * 2, *make_rows(10)]
    with pytest.raises(error):
        runner.run(lambda client: client.contacts.bulk.create(rows, chunk_size=2), respond)
    assert len(runner.sent) == 1


def test_an_unexpected_error_of_the_transport_is_raised_at_the_end(client: Runner) -> None:
    """The request may have been applied, so its items are looked up, or unknown. Their reason has no personal data."""

    def respond(request: httpx.Request) -> httpx.Response:
        if len(client.sent) == 1:
            return succeed(request)
        raise LookupError(A)

    with pytest.raises(BulkError) as caught:
        client.run(lambda client: client.contacts.bulk.create(make_rows(8), chunk_size=2, concurrency=1), respond)
    result = caught.value.result
    assert result is not None
    assert (len(result.unknown), len(result.failed), type(caught.value.__cause__)) == (2, 1, LookupError)
    assert "+1415" not in str([*result.unknown, *result.failed, caught.value])


def _losing(first: int, client: Runner) -> Callable[[httpx.Request], httpx.Response]:
    def respond(request: httpx.Request) -> httpx.Response:
        if len(client.sent) < first:
            return succeed(request)
        raise httpx.ReadError("reset")

    return respond


def test_deletions_whose_lookups_are_lost_too_are_unknown_and_stop_sending(client: Runner) -> None:
    """After three lost look-ups in a row. The reason has a hint."""
    delete = lambda client: client.contacts.bulk.delete(NUMBERS, chunk_size=2, concurrency=1)  # noqa: E731  # as above
    result = client.run(delete, _losing(2, client))
    assert (len(result.deleted), len(result.unknown), len(result.failed)) == (2, 4, 14)
    assert result.unknown[0].reason.endswith("it may have been deleted; retry it: deleting twice is safe")


@pytest.mark.parametrize(
    ("call", "settings", "error"),
    [
        ("create", {"contacts": "+14155551234"}, "TypeError: contacts must be an iterable of items, not a single str"),
        ("stream_create", {"contacts": {"phone": A}}, "TypeError: contacts must be an iterable of items, not .* dict"),
        ("delete", {"phone_numbers": A}, "TypeError: phone_numbers must be an iterable of items, not a single str"),
        ("stream_delete", {"phone_numbers": None}, "TypeError: phone_numbers must be an iterable of items"),
        ("create", {"contacts": [], "chunk_size": 0}, "ValueError: chunk_size must be 1 or more, not 0"),
        (
            "stream_create",
            {"contacts": [], "max_chunk_bytes": "9"},
            "TypeError: max_chunk_bytes must be an int, not str",
        ),
        ("delete", {"phone_numbers": [], "concurrency": True}, "TypeError: concurrency must be an int, not bool"),
        ("stream_delete", {"phone_numbers": [], "chunk_size": "100"}, "TypeError: chunk_size must be an int or 'auto'"),
        ("create", {"contacts": [], "duplicates": "both"}, "ValueError: duplicates must be 'error', 'first', 'last', "),
    ],
)
def test_invalid_arguments_raise_before_anything_is_sent(
    client: Runner, call: str, settings: dict[str, Any], error: str
) -> None:
    """The message names the argument. A stream raises at once, not when its first outcome is requested."""

    def start(client: Sendblue) -> None:
        getattr(client.contacts.bulk, call)(**settings)

    with pytest.raises((TypeError, ValueError)) as caught:
        client.run(start, succeed)
    assert re.match(error, f"{caught.type.__name__}: {caught.value}")
    assert client.sent == []
