"""Answers, each as strange as it may come: the right value, or the right error with a sentence that helps."""

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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sendblue_contacts import Contact

    from tests.overrides.conftest import RawServer, World

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
OF_A_CONTACT = ["create", "upsert", "retrieve", "get", "update"]
each_call = pytest.mark.parametrize("call", CALLS)
of_a_contact = pytest.mark.parametrize("call", OF_A_CONTACT)


def _ask(world: World, call: str, status: int = 200, **content: Any) -> Any:  # noqa: ANN401  # what the call returns
    return world.do(CALLS[call], lambda _: httpx.Response(status, **content))


def _enveloped(contact: object) -> dict[str, Any]:
    return {"status": "OK", "contact": contact}


def _fields(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in READ}


@pytest.mark.parametrize("answered", [SNAKE, CAMEL, CAMEL | SNAKE], ids=["snake", "camel", "both"])
@of_a_contact
def test_a_contact_is_read_in_every_spelling(world: World, call: str, answered: dict[str, Any]) -> None:
    """snake_case, camelCase or both at once are the same contact; labels stay as they are."""
    assert _fields(_ask(world, call, json=_enveloped(answered))) == READ


@pytest.mark.parametrize("answered", [SNAKE, CAMEL, CAMEL | SNAKE], ids=["snake", "camel", "both"])
@pytest.mark.parametrize("call", ["list", "first"])
def test_a_list_is_read_in_every_spelling(world: World, call: str, answered: dict[str, Any]) -> None:
    """The bare array of a list holds the same contacts."""
    found = _ask(world, call, json=[answered])
    assert _fields(found[0] if call == "list" else found) == READ


def test_snake_case_counts_where_two_spellings_differ(world: World) -> None:
    """The preferred spelling wins, also where it is null."""
    found = _ask(
        world, "retrieve", json=_enveloped({"firstName": "b", "first_name": "a", "lastName": "c", "last_name": None})
    )
    assert (found.first_name, found.last_name) == ("a", None)


@pytest.mark.parametrize("key", SNAKE)
@pytest.mark.parametrize("call", ["retrieve", "first"])
def test_null_may_stand_anywhere_in_a_contact(world: World, call: str, key: str) -> None:
    """A field that is null reads None, and the others are not lost."""
    contact = {**SNAKE, key: None}
    found = _ask(world, call, json=[contact] if call == "first" else _enveloped(contact))
    assert _fields(found) == {**READ, key: None}


@of_a_contact
def test_an_empty_contact_is_one(world: World, call: str) -> None:
    """Every field may be absent, the number too."""
    assert _fields(_ask(world, call, json=_enveloped({}))) == dict.fromkeys(READ)


def test_unknown_fields_are_kept(world: World) -> None:
    """A field that the API adds tomorrow can be read today."""
    assert _ask(world, "retrieve", json=_enveloped({"zodiac": {"sign": None}})).additional_properties == {
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
def test_an_odd_date_does_not_lose_the_contact(world: World, call: str, sent: object, read: dt.datetime | None) -> None:
    """What can be read is read; what cannot is None, and the raw value is kept."""
    contact = {"phone": NUMBER, "created_at": sent}
    found = _ask(world, call, json=[contact] if call == "first" else _enveloped(contact))
    assert (found.phone, found.created_at) == (NUMBER, read)
    assert found.additional_properties == ({} if read else {"created_at": sent})


def test_contacts_without_a_number_are_all_listed(world: World) -> None:
    """A contact without `phone` and ID is a contact too, and two of them are two."""
    assert len(_ask(world, "list", json=[{"first_name": "Ada"}, {"first_name": "Ada"}, {}])) == 3


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
def test_the_other_answers_are_read(world: World, call: str, content: dict[str, Any], value: object) -> None:
    """A success that says little is a success, where that is all there is to know."""
    assert _ask(world, call, **content) == value


@pytest.mark.parametrize("call", ["delete", "verify"])
def test_an_empty_204_is_a_success_where_nothing_is_to_be_read(world: World, call: str) -> None:
    """No content is no error."""
    assert not _ask(world, call, status=204)


EMPTY_IS_STRANGE = [*OF_A_CONTACT, "list", "first", "count", "opt_out"]


@pytest.mark.parametrize("content", [{}, {"content": b"null"}], ids=["empty", "null"])
@pytest.mark.parametrize("call", EMPTY_IS_STRANGE)
def test_an_empty_or_null_answer_is_strange_where_a_value_is_documented(
    world: World, call: str, content: dict[str, Any]
) -> None:
    """Nothing is never taken for a value."""
    with pytest.raises(
        APIResponseError, match=r"200, the answer is not an (object|array of contacts) but null or empty"
    ):
        _ask(world, call, **content)


@of_a_contact
@pytest.mark.parametrize("body", [{"status": "OK"}, {"contact": None}, {"contact": []}, {"contact": "Ada"}, {}])
def test_an_answer_without_its_contact_is_strange(world: World, call: str, body: dict[str, Any]) -> None:
    """A contact that is not there is no contact."""
    with pytest.raises(APIResponseError, match="the answer has no contact"):
        _ask(world, call, json=body)


@each_call
def test_an_error_under_200_is_an_error(world: World, call: str) -> None:
    """`status: ERROR` counts more than 200, and the error has the server's message."""
    with pytest.raises(APIResponseError, match="200, the answer calls itself an error: Contact not found") as caught:
        _ask(world, call, json={"status": "ERROR", "message": "Contact not found"})
    assert caught.value.status_code == 200


@each_call
def test_an_error_under_200_without_a_message_says_so(world: World, call: str) -> None:
    """There is a sentence even where the server has none."""
    with pytest.raises(APIResponseError, match="calls itself an error: it does not say which"):
        _ask(world, call, json={"status": "ERROR"})


@each_call
def test_html_under_200_is_an_error_that_names_base_url(world: World, call: str) -> None:
    """The page of a proxy or of a login is no answer; the error says what to check and shows none of the page."""
    with pytest.raises(
        APIResponseError, match=r"not JSON \(text/html; charset=utf-8, 29 bytes\).*check that base_url"
    ) as caught:
        _ask(world, call, html="<html>Please log in, Ada</html>"[:29])
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


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
@each_call
def test_broken_json_is_an_error_that_says_how_much_came(world: World, call: str, body: bytes) -> None:
    """Whatever makes the JSON unreadable: the same error, with type and size and none of the content."""
    with pytest.raises(APIResponseError, match=rf"the answer is not JSON \(application/json, {len(body)} bytes\)"):
        _ask(world, call, content=body, headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("named", "body"), [("an array", []), ("a string", "OK"), ("a number", 7), ("a boolean", True)]
)
@pytest.mark.parametrize("call", [*OF_A_CONTACT, "count", "verify", "opt_out"])
def test_something_else_where_an_object_was_documented_is_named(
    world: World, call: str, named: str, body: object
) -> None:
    """The error says what came and what was expected."""
    with pytest.raises(APIResponseError, match=f"the answer is not an object but {named}"):
        _ask(world, call, json=body)


@pytest.mark.parametrize(
    ("named", "body"), [("an object", {"contacts": []}), ("a string", "OK"), ("a number", 1.5), ("a boolean", False)]
)
@pytest.mark.parametrize("call", ["list", "first"])
def test_something_else_where_a_list_was_documented_is_named(world: World, call: str, named: str, body: object) -> None:
    """An object is no page, also where a page is inside it."""
    with pytest.raises(APIResponseError, match=f"the answer is not an array of contacts but {named}"):
        _ask(world, call, json=body)


@pytest.mark.parametrize("item", [None, "Ada", 7, [], True])
@pytest.mark.parametrize("call", ["list", "first"])
def test_a_list_with_something_that_is_no_contact_is_an_error(world: World, call: str, item: object) -> None:
    """A page that cannot be read in whole is not read in part: nothing is lost silently."""
    with pytest.raises(APIResponseError, match="an array in which something is no contact"):
        _ask(world, call, json=[SNAKE, item])


@pytest.mark.parametrize("count", [None, "7", 7.5, True, [7]])
def test_a_count_that_is_no_whole_number_is_an_error(world: World, count: object) -> None:
    """Nothing is taken for a count that is none."""
    with pytest.raises(APIResponseError, match="the answer has no count"):
        _ask(world, "count", json={"count": count})


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
@each_call
def test_every_status_from_500_is_a_failure_of_the_server(world: World, call: str, status: int) -> None:
    """Also those that no standard knows, with a page of HTML or without."""
    with pytest.raises(InternalServerError) as caught:
        _ask(world, call, status=status, html="<html>cloud trouble</html>")
    assert caught.value.status_code == status
    assert f"{status}, " in str(caught.value)
    assert "cloud" not in str(caught.value)


def test_a_status_without_a_name_says_that_the_server_failed(world: World) -> None:
    """520 has no reason phrase; there is a sentence all the same."""
    with pytest.raises(InternalServerError, match="520, the server failed"):
        _ask(world, "count", status=520)


@each_call
def test_a_401_as_plain_text_names_the_variables(world: World, call: str) -> None:
    """The text is the message, and the error says which variables to check."""
    with pytest.raises(
        AuthenticationError, match=r"401, Unauthorized .*SENDBLUE_API_API_KEY and SENDBLUE_API_API_SECRET"
    ):
        _ask(world, call, status=401, text="Unauthorized\n")


@each_call
def test_a_403_without_status_names_base_url(world: World, call: str) -> None:
    """As seen live; the error names the other host."""
    with pytest.raises(PermissionDeniedError, match=r"Did not get inputs for authorization .*base_url.*two host names"):
        _ask(world, call, status=403, json={"message": "Did not get inputs for authorization"})


@each_call
def test_an_empty_429_is_a_rate_limit_error(world: World, call: str) -> None:
    """Without a body and without `Retry-After`: a sentence, and no time that nobody said."""
    with pytest.raises(RateLimitError, match=r"429, too many requests .*wait before sending more") as caught:
        _ask(world, call, status=429)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@each_call
def test_a_redirect_is_not_followed(world: World, call: str, status: int) -> None:
    """The secret does not go to another host; the error says so."""
    with pytest.raises(APIResponseError, match=f"{status}, the answer is a redirect, which is not followed"):
        _ask(world, call, status=status, headers={"location": "https://elsewhere.example/"})
    assert len(world.sent) == 1


@pytest.mark.parametrize("status", [402, 405, 410, 418, 451])
@each_call
def test_any_other_status_is_an_api_error(world: World, call: str, status: int) -> None:
    """A 4xx without a class of its own is an APIError with its status."""
    with pytest.raises(APIError) as caught:
        _ask(world, call, status=status)
    assert (type(caught.value), caught.value.status_code) == (APIError, status)


@pytest.mark.parametrize("call", [name for name in CALLS if name != "get"])
def test_a_404_is_a_not_found_error(world: World, call: str) -> None:
    """Nothing was lost before, so that not found means not found, for delete too."""
    with pytest.raises(NotFoundError, match="404, Contact not found"):
        _ask(world, call, status=404, json={"status": "ERROR", "message": "Contact not found"})


def test_get_returns_none_where_the_api_says_404(world: World) -> None:
    """No contact is a value of get."""
    assert _ask(world, "get", status=404, json={"status": "ERROR", "message": "Contact not found"}) is None


def test_get_raises_where_something_else_says_404(world: World) -> None:
    """A proxy that knows no such path does not mean that there is no contact."""
    with pytest.raises(NotFoundError):
        _ask(world, "get", status=404, html="<html>not found</html>")


def test_a_deeply_nested_error_body_is_an_error_of_its_status(world: World) -> None:
    """What cannot be read for its message does not hide the status."""
    with pytest.raises(InternalServerError, match="500"):
        _ask(world, "count", status=500, content=b"[" * 200_000, headers={"content-type": "application/json"})


# What a mocked transport cannot do: bytes on a socket.


def _bytes(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


COUNT = b'{"count": 7}'


@pytest.mark.parametrize(
    "answer",
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
def test_every_encoding_is_read(world: World, raw: RawServer, answer: bytes) -> None:
    """However the body comes over the wire, it is the same answer."""
    raw.answer = answer
    assert world.do(CALLS["count"], base_url=raw.url) == 7


@pytest.mark.parametrize(
    ("answer", "error"),
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
    ids=["closed", "no-http", "cut-head", "cut-body", "cut-chunk", "no-gzip", "cut-gzip", "redirect", "204"],
)
def test_what_breaks_on_the_wire_is_an_error_of_this_library(
    world: World, raw: RawServer, answer: bytes, error: type[SendblueError]
) -> None:
    """No exception of httpx or zlib reaches the caller, and the error names the request."""
    raw.answer = answer
    with pytest.raises(error, match=r"GET /api/v2/contacts/count"):
        world.do(CALLS["count"], base_url=raw.url)


def test_nobody_there_is_a_connection_error(world: World, raw: RawServer) -> None:
    """A port where nobody listens: the error says what to check."""
    with pytest.raises(APIConnectionError, match=r"no answer .*check the network and base_url"):
        world.do(CALLS["count"], base_url="http://127.0.0.1:1")
    assert raw.heads == []
