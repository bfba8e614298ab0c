"""Reading responses: the correct value, or the correct error with a helpful text."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import (
    APIConnectionError,
    APIError,
    APIResponseError,
    AuthenticationError,
    InternalServerError,
    NotFoundError,
    OptOut,
    PermissionDeniedError,
    RateLimitError,
    SendblueError,
)

from tests.overrides.clients import each_choice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_contacts import Contact

    from tests.overrides.clients import Runner
    from tests.overrides.conftest import RawServer

NUMBER = "+14155551234"
MOMENT = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)
SNAKE = {
    "phone": NUMBER,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company_name": "AE",
    "sendblue_number": "+14155550000",
    "assigned_to_email": "a@example.com",
    "tags": ["VIP"],
    "custom_variables": {"firstName": "label", "first_name": "label too"},
    "created_at": "2024-01-15T10:30:00Z",
    "verified": True,
    "opt_out": False,
    "contact_id": "c1",
}
CAMEL = {
    "phone": NUMBER,
    "firstName": "Ada",
    "lastName": "Lovelace",
    "companyName": "AE",
    "sendblueNumber": "+14155550000",
    "assignedToEmail": "a@example.com",
    "tags": ["VIP"],
    "customVariables": {"firstName": "label", "first_name": "label too"},
    "created_at": "2024-01-15T10:30:00Z",
    "verified": True,
    "optOut": False,
    "contactId": "c1",
}
READ = {
    "phone": NUMBER,
    "first_name": "Ada",
    "last_name": "Lovelace",
    "company_name": "AE",
    "sendblue_number": "+14155550000",
    "assigned_to_email": "a@example.com",
    "tags": ["VIP"],
    "custom_variables": {"firstName": "label", "first_name": "label too"},
    "created_at": MOMENT,
    "verified": True,
    "opt_out": False,
    "contact_id": "c1",
}
CALLS: Mapping[str, Callable[[Any], Any]] = {
    "create": lambda client: client.contacts.create(NUMBER),
    "upsert": lambda client: client.contacts.upsert(NUMBER),
    "retrieve": lambda client: client.contacts.retrieve(NUMBER),
    "get": lambda client: client.contacts.get(NUMBER),
    "update": lambda client: client.contacts.update(NUMBER),
    "delete": lambda client: client.contacts.delete(NUMBER),
    "list": lambda client: client.contacts.list(),
    "first": lambda client: client.contacts.list().first(),
    "count": lambda client: client.contacts.count(),
    "verify": lambda client: client.contacts.verify(NUMBER),
    "opt_out": lambda client: client.contacts.opt_out(NUMBER),
}
CONTACT_CALLS = ["create", "upsert", "retrieve", "get", "update"]
each_call = pytest.mark.parametrize(("runner", "call"), each_choice(["sync", "async"], CALLS), indirect=["runner"])
each_contact_call = pytest.mark.parametrize(
    ("runner", "call"), each_choice(["sync", "async"], CONTACT_CALLS), indirect=["runner"]
)


def _call(runner: Runner, call: str, status: int = 200, **content: Any) -> Any:  # noqa: ANN401  # of any type
    return runner.run(CALLS[call], lambda _: httpx.Response(status, **content))


def _envelope(contact: object) -> dict[str, Any]:
    return {"status": "OK", "contact": contact}


def _fields(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in READ}


@pytest.mark.parametrize("contact", [SNAKE, CAMEL, CAMEL | SNAKE], ids=["snake", "camel", "both"])
@each_contact_call
def test_a_contact_is_read_in_every_spelling(runner: Runner, call: str, contact: dict[str, Any]) -> None:
    """snake_case, camelCase or both give the same contact; names of custom variables are unchanged."""
    assert _fields(_call(runner, call, json=_envelope(contact))) == READ


@pytest.mark.parametrize("contact", [SNAKE, CAMEL, CAMEL | SNAKE], ids=["snake", "camel", "both"])
@pytest.mark.parametrize("call", ["list", "first"])
def test_a_list_is_read_in_every_spelling(runner: Runner, call: str, contact: dict[str, Any]) -> None:
    """The array of a listing contains the same contacts."""
    found = _call(runner, call, json=[contact])
    assert _fields(found[0] if call == "list" else found) == READ


def test_snake_case_wins_if_two_spellings_differ(runner: Runner) -> None:
    """The preferred spelling wins, even if it is null."""
    found = _call(
        runner, "retrieve", json=_envelope({"firstName": "b", "first_name": "a", "lastName": "c", "last_name": None})
    )
    assert (found.first_name, found.last_name) == ("a", None)


@pytest.mark.parametrize(
    ("runner", "call", "key"),
    each_choice(["sync", "async", "async", "sync"], ["retrieve", "first"], SNAKE),
    indirect=["runner"],
)
def test_any_field_each_contact_call_can_be_null(runner: Runner, call: str, key: str) -> None:
    """A field that is null is None, and the others are kept."""
    contact = {**SNAKE, key: None}
    found = _call(runner, call, json=[contact] if call == "first" else _envelope(contact))
    assert _fields(found) == {**READ, key: None}


@each_contact_call
def test_an_empty_contact_is_valid(runner: Runner, call: str) -> None:
    """Every field can be absent, including the number."""
    assert _fields(_call(runner, call, json=_envelope({}))) == dict.fromkeys(READ)


def test_unknown_fields_are_kept(runner: Runner) -> None:
    """A field that the API adds later can be read."""
    assert _call(runner, "retrieve", json=_envelope({"zodiac": {"sign": None}})).additional_properties == {
        "zodiac": {"sign": None}
    }


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2024-01-15T10:30:00.000Z", MOMENT),
        ("2024-01-15T12:30:00+02:00", MOMENT),
        ("2024-01-15 10:30:00", MOMENT),
        ("Mon, 15 Jan 2024 10:30:00 GMT", MOMENT),
        ("yesterday", None),
        ("", None),
        (1705314600, None),
        ({"seconds": 1}, None),
    ],
)
@pytest.mark.parametrize("call", ["retrieve", "first"])
def test_an_invalid_date_does_not_lose_the_contact(
    runner: Runner, call: str, sent: object, read: dt.datetime | None
) -> None:
    """A date that cannot be read is None, and the raw value is kept."""
    contact = {"phone": NUMBER, "created_at": sent}
    found = _call(runner, call, json=[contact] if call == "first" else _envelope(contact))
    assert (found.phone, found.created_at) == (NUMBER, read)
    assert found.additional_properties == ({} if read else {"created_at": sent})


def test_contacts_without_a_number_are_all_listed(runner: Runner) -> None:
    """Two contacts without a number and an ID are two contacts."""
    assert len(_call(runner, "list", json=[{"first_name": "Ada"}, {"first_name": "Ada"}, {}])) == 3


@pytest.mark.parametrize(
    ("call", "content", "value"),
    [
        ("delete", {"json": {"status": "OK"}}, None),
        ("delete", {}, None),
        ("delete", {"json": None}, None),
        ("count", {"json": {"count": 0}}, 0),
        ("count", {"json": {"status": "OK", "count": 7}}, 7),
        ("verify", {"json": {"status": "SENT"}}, "SENT"),
        ("verify", {}, ""),
        ("verify", {"json": {"status": None}}, ""),
        ("verify", {"json": {}}, ""),
        ("list", {"json": []}, []),
        ("first", {"json": []}, None),
        ("opt_out", {"json": {"number": NUMBER, "opted_out": True}}, OptOut(NUMBER, opted_out=True)),
        ("opt_out", {"json": {"phone": NUMBER, "optedOut": False}}, OptOut(NUMBER, opted_out=False)),
        ("opt_out", {"json": {"number": None, "opted_out": None}}, OptOut(NUMBER, opted_out=True)),
        ("opt_out", {"json": {}}, OptOut(NUMBER, opted_out=True)),
    ],
)
def test_other_responses_are_read(runner: Runner, call: str, content: dict[str, Any], value: object) -> None:
    """A success without details is a success where nothing else is needed."""
    assert _call(runner, call, **content) == value


@pytest.mark.parametrize("call", ["delete", "verify"])
def test_a_204_is_a_success_if_no_value_is_needed(runner: Runner, call: str) -> None:
    """A response without content is not an error."""
    assert not _call(runner, call, status=204)


CALLS_WITH_A_VALUE = [*CONTACT_CALLS, "list", "first", "count", "opt_out"]


@pytest.mark.parametrize("content", [{}, {"content": b"null"}], ids=["empty", "null"])
@pytest.mark.parametrize("call", CALLS_WITH_A_VALUE)
def test_an_empty_or_null_response_raises_if_a_value_is_documented(
    runner: Runner, call: str, content: dict[str, Any]
) -> None:
    """An empty body is never taken for a value."""
    with pytest.raises(
        APIResponseError, match=r"status 200: the response is null or empty instead of an (object|array of contacts)"
    ):
        _call(runner, call, **content)


@each_contact_call
@pytest.mark.parametrize("body", [{"status": "OK"}, {"contact": None}, {"contact": []}, {"contact": "Ada"}, {}])
def test_a_response_without_a_contact_raises(runner: Runner, call: str, body: dict[str, Any]) -> None:
    """A missing contact is an error."""
    with pytest.raises(APIResponseError, match="the response has no contact"):
        _call(runner, call, json=body)


@each_call
def test_a_body_that_reports_an_error_raises(runner: Runner, call: str) -> None:
    """`status: ERROR` overrides 200, and the error has the message of the server."""
    with pytest.raises(
        APIResponseError, match="status 200: the response body reports an error: Contact not found"
    ) as caught:
        _call(runner, call, json={"status": "ERROR", "message": "Contact not found"})
    assert caught.value.status_code == 200


@each_call
def test_a_body_that_reports_an_error_without_a_message_raises(runner: Runner, call: str) -> None:
    """The error has a text even without a message of the server."""
    with pytest.raises(APIResponseError, match="reports an error: without a message"):
        _call(runner, call, json={"status": "ERROR"})


@each_call
def test_html_raises_and_suggests_base_url(runner: Runner, call: str) -> None:
    """A page of a proxy or a login page raises; the error shows none of the page."""
    with pytest.raises(
        APIResponseError, match=r"not JSON \(text/html; charset=utf-8, 29 bytes\).*check that base_url"
    ) as caught:
        _call(runner, call, html="<html>Please log in, Ada</html>"[:29])
    assert "log in" not in str(caught.value)


BROKEN = {
    "cut-off": b'{"contact": {"phone": "+1',
    "invalid-utf-8": b'{"contact": {"phone": "\xff\xfe"}}',
    "blank": b" ",
    "deeply-nested-array": b"[" * 200_000,
    "deeply-nested-object": b'{"contact":' * 200_000,
    "deeply-nested-and-closed": b"[" * 200_000 + b"]" * 200_000,
    "endless-number": b'{"count": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize(
    ("runner", "call", "body"), each_choice(["sync", "async"], CALLS, BROKEN.values()), indirect=["runner"]
)
def test_broken_json_raises_with_type_and_size(runner: Runner, call: str, body: bytes) -> None:
    """Any unreadable JSON gives the same error, without the content."""
    with pytest.raises(APIResponseError, match=rf"the response is not JSON \(application/json, {len(body)} bytes\)"):
        _call(runner, call, content=body, headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("runner", "call", "json_type", "body"),
    each_choice(
        ["sync", "async"],
        [*CONTACT_CALLS, "count", "verify", "opt_out"],
        ["an array", "a string", "a number", "a boolean"],
        [[], "OK", 7, True],
    ),
    indirect=["runner"],
)
def test_another_type_than_an_object_raises(runner: Runner, call: str, json_type: str, body: object) -> None:
    """The error has the actual and the expected type."""
    with pytest.raises(APIResponseError, match=f"the response is {json_type} instead of an object"):
        _call(runner, call, json=body)


@pytest.mark.parametrize(
    ("json_type", "body"),
    [("an object", {"contacts": []}), ("a string", "OK"), ("a number", 1.5), ("a boolean", False)],
)
@pytest.mark.parametrize("call", ["list", "first"])
def test_another_type_than_an_array_raises(runner: Runner, call: str, json_type: str, body: object) -> None:
    """An object is not a page, even with a page inside."""
    with pytest.raises(APIResponseError, match=f"the response is {json_type} instead of an array of contacts"):
        _call(runner, call, json=body)


@pytest.mark.parametrize("item", [None, "Ada", 7, [], True])
@pytest.mark.parametrize("call", ["list", "first"])
def test_an_array_with_an_invalid_item_raises(runner: Runner, call: str, item: object) -> None:
    """A page with an invalid item raises instead of losing the item."""
    with pytest.raises(APIResponseError, match="an array with an item that is not a contact"):
        _call(runner, call, json=[SNAKE, item])


@pytest.mark.parametrize("count", [None, "7", 7.5, True, [7]])
def test_a_count_that_is_not_an_int_raises(runner: Runner, count: object) -> None:
    """No other value is taken for a count."""
    with pytest.raises(APIResponseError, match="the response has no count"):
        _call(runner, "count", json={"count": count})


@pytest.mark.parametrize(
    ("runner", "call", "status"),
    each_choice(["sync", "async"], CALLS, [500, 502, 503, 504, 520, 599]),
    indirect=["runner"],
)
def test_every_status_from_500_is_an_internal_server_error(runner: Runner, call: str, status: int) -> None:
    """This includes non-standard statuses, with or without an HTML page."""
    with pytest.raises(InternalServerError) as caught:
        _call(runner, call, status=status, html="<html>cloud trouble</html>")
    assert caught.value.status_code == status
    assert f"status {status}: " in str(caught.value)
    assert "cloud" not in str(caught.value)


def test_a_status_without_a_reason_phrase_has_a_text(runner: Runner) -> None:
    """520 has no reason phrase, but the error has a text."""
    with pytest.raises(InternalServerError, match="status 520: the server failed"):
        _call(runner, "count", status=520)


@each_call
def test_a_401_as_plain_text_names_the_variables(runner: Runner, call: str) -> None:
    """The text is the message, and the error names the environment variables to check."""
    with pytest.raises(
        AuthenticationError, match=r"status 401: Unauthorized .*SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET"
    ):
        _call(runner, call, status=401, text="Unauthorized\n")


@each_call
def test_a_403_without_status_names_base_url(runner: Runner, call: str) -> None:
    """The response is one seen from the live API; the error mentions the other host."""
    with pytest.raises(PermissionDeniedError, match=r"Did not get inputs for authorization .*base_url.*two host names"):
        _call(runner, call, status=403, json={"message": "Did not get inputs for authorization"})


@each_call
def test_an_empty_429_is_a_rate_limit_error(runner: Runner, call: str) -> None:
    """Without a body and without `Retry-After`, the error has a text and no `retry_after`."""
    with pytest.raises(RateLimitError, match=r"status 429: too many requests .*wait before sending more") as caught:
        _call(runner, call, status=429)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    ("runner", "call", "status"), each_choice(["sync", "async"], CALLS, [301, 302, 303, 307, 308]), indirect=["runner"]
)
def test_a_redirect_is_not_followed(runner: Runner, call: str, status: int) -> None:
    """The credentials are not sent to another host."""
    with pytest.raises(APIResponseError, match=f"status {status}: the response is a redirect, which is not followed"):
        _call(runner, call, status=status, headers={"location": "https://elsewhere.example/"})
    assert len(runner.sent) == 1


@pytest.mark.parametrize(
    ("runner", "call", "status"), each_choice(["sync", "async"], CALLS, [402, 405, 410, 418, 451]), indirect=["runner"]
)
def test_any_other_status_is_an_api_error(runner: Runner, call: str, status: int) -> None:
    """A 4xx without a class of its own is an APIError with its status."""
    with pytest.raises(APIError) as caught:
        _call(runner, call, status=status)
    assert (type(caught.value), caught.value.status_code) == (APIError, status)


@pytest.mark.parametrize("call", [name for name in CALLS if name != "get"])
def test_a_404_is_a_not_found_error(runner: Runner, call: str) -> None:
    """Without an earlier attempt a 404 means not found, for delete too."""
    with pytest.raises(NotFoundError, match="status 404: Contact not found"):
        _call(runner, call, status=404, json={"status": "ERROR", "message": "Contact not found"})


def test_get_returns_none_for_a_404_of_the_api(runner: Runner) -> None:
    """A missing contact is a value of get."""
    assert _call(runner, "get", status=404, json={"status": "ERROR", "message": "Contact not found"}) is None


def test_get_raises_for_a_404_of_a_proxy(runner: Runner) -> None:
    """A proxy without such a path does not mean that there is no contact."""
    with pytest.raises(NotFoundError):
        _call(runner, "get", status=404, html="<html>not found</html>")


def test_a_deeply_nested_error_body_keeps_its_status(runner: Runner) -> None:
    """A body that cannot be read does not hide the status."""
    with pytest.raises(InternalServerError, match="500"):
        _call(runner, "count", status=500, content=b"[" * 200_000, headers={"content-type": "application/json"})


# Bytes on a socket, which a mocked transport cannot send.


def _bytes(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


COUNT = b'{"count": 7}'


@pytest.mark.parametrize(
    "response",
    [
        _bytes(gzip.compress(COUNT), "Content-Encoding: gzip"),
        _bytes(b"c\r\n" + COUNT + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        _bytes(COUNT),
        _bytes(COUNT, "Content-Length: 12"),
        _bytes(json.dumps({"count": 7}).encode("utf-16-le"), "Content-Length: 24"),
        _bytes(b"\xef\xbb\xbf" + COUNT),
    ],
    ids=["gzip", "chunked", "until-close", "length", "utf-16", "byte-order-mark"],
)
def test_every_encoding_is_read(runner: Runner, raw: RawServer, response: bytes) -> None:
    """Each transfer and content encoding gives the same value."""
    raw.response = response
    assert runner.run(CALLS["count"], base_url=raw.url) == 7


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (b"", APIConnectionError),
        (b"SSH-2.0-OpenSSH_9.2\r\n", APIConnectionError),
        (b"HTTP/1.1 200 OK\r\n", APIConnectionError),
        (_bytes(b'{"cou', "Content-Length: 12"), APIConnectionError),
        (_bytes(b"c\r\n" + COUNT, "Transfer-Encoding: chunked"), APIConnectionError),
        (_bytes(COUNT, "Content-Encoding: gzip"), APIResponseError),
        (_bytes(gzip.compress(COUNT)[:-12], "Content-Encoding: gzip"), APIResponseError),
        (_bytes(b"", "Location: /elsewhere", status="302 Found"), APIResponseError),
        (_bytes(b"", "Content-Length: 0", status="204 No Content"), APIResponseError),
    ],
    ids=["closed", "not-http", "cut-head", "cut-body", "cut-chunk", "not-gzip", "cut-gzip", "redirect", "204"],
)
def test_a_broken_response_raises_an_error_of_this_library(
    runner: Runner, raw: RawServer, response: bytes, error: type[SendblueError]
) -> None:
    """No exception of httpx or zlib reaches the caller, and the error names the request."""
    raw.response = response
    with pytest.raises(error, match=r"GET /api/v2/contacts/count"):
        runner.run(CALLS["count"], base_url=raw.url)


def test_a_refused_connection_is_a_connection_error(runner: Runner, raw: RawServer) -> None:
    """The error says what to check."""
    with pytest.raises(APIConnectionError, match=r"no response .*check the network and base_url"):
        runner.run(CALLS["count"], base_url="http://127.0.0.1:1")
    assert raw.heads == []
