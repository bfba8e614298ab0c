"""Reading responses: the correct value, or the correct error with a helpful text."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from sendblue_contacts import (
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
from sendblue_contacts.responses import attribute, matches
from sendblue_contacts_api.models.contact import Contact
from sendblue_contacts_api.types import Field

from tests.overrides.clients import Runner, each_choice

NUMBER = "+14155551234"
ADA = {"phone": NUMBER, "first_name": "Ada"}
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
KINDS = ["sync", "async"]


def _call(runner: Runner, call: str, status: int = 200, **content: Any) -> Any:
    def respond(request: httpx.Request) -> httpx.Response:
        if call == "list" and request.url.path.endswith("/count"):
            return httpx.Response(200, json={"count": len(content["json"])})
        return httpx.Response(status, **content)

    return runner.run(CALLS[call], respond)


OTHER_RESPONSES: list[tuple[str, dict[str, Any], object]] = [
    ("delete", {"json": {"status": "OK"}}, None),
    ("delete", {}, None),
    ("delete", {"status": 204}, None),
    ("count", {"json": {"count": 0}}, 0),
    ("count", {"json": {"status": "OK", "count": 7}}, 7),
    ("verify", {"json": {"status": "SENT"}}, "SENT"),
    ("verify", {}, ""),
    ("verify", {"json": {"status": None}}, ""),
    ("verify", {"status": 204}, ""),
    ("list", {"json": []}, []),
    ("first", {"json": []}, None),
    ("opt_out", {"json": {"number": NUMBER, "opted_out": True}}, OptOut(NUMBER, opted_out=True)),
    ("opt_out", {"json": {"phone": NUMBER, "optedOut": False}}, OptOut(NUMBER, opted_out=False)),
    ("opt_out", {"json": {"number": None, "opted_out": None}}, OptOut(NUMBER, opted_out=True)),
    ("opt_out", {"json": {}}, OptOut(NUMBER, opted_out=True)),
]


@pytest.mark.parametrize(
    ("runner", "call", "content", "value"),
    [(("sync", "async")[index % 2], *row) for index, row in enumerate(OTHER_RESPONSES)],
    indirect=["runner"],
)
def test_other_responses_are_read(runner: Runner, call: str, content: dict[str, Any], value: object) -> None:
    """A success without details is a success where nothing else is needed."""
    assert _call(runner, call, **content) == value


_JSON_TYPE = {"content-type": "application/json"}
_EMPTY = "status 200: the response is null or empty instead of an"
_NOT_A_CONTACT = "the response is an array with an item that is not a contact"

# What is not documented, and the problem. The error is an APIResponseError with status 200.
UNDOCUMENTED: list[tuple[list[str], dict[str, Any], str]] = [
    ([*CONTACT_CALLS, "count", "opt_out"], {}, f"{_EMPTY} object"),
    (["retrieve", "count", "opt_out"], {"content": b"null"}, f"{_EMPTY} object"),
    (["list"], {"content": b"null"}, f"{_EMPTY} array of contacts"),
    (["create"], {"json": {"status": "OK"}}, "the response has no contact"),
    (["upsert"], {"json": {"contact": None}}, "the response has no contact"),
    (["retrieve"], {"json": {"contact": []}}, "the response has no contact"),
    (["get"], {"json": {"contact": "Ada"}}, "the response has no contact"),
    (["update"], {"json": {}}, "the response has no contact"),
    (["create", "opt_out"], {"json": []}, "the response is an array instead of an object"),
    (["get", "verify"], {"json": "OK"}, "the response is a string instead of an object"),
    (["update", "count"], {"json": 7}, "the response is a number instead of an object"),
    (["upsert", "count"], {"json": True}, "the response is a boolean instead of an object"),
    (["list", "first"], {"json": {"contacts": []}}, "the response is an object instead of an array of contacts"),
    (["list"], {"json": 1.5}, "the response is a number instead of an array of contacts"),
    (["list"], {"json": [ADA, None]}, _NOT_A_CONTACT),
    (["first"], {"json": [ADA, "Ada"]}, _NOT_A_CONTACT),
    (["list"], {"json": [7]}, _NOT_A_CONTACT),
    (["first"], {"json": [ADA, []]}, _NOT_A_CONTACT),
    *((["count"], {"json": {"count": count}}, "the response has no count") for count in (None, "7", 7.5, True)),
    (list(CALLS), {"json": {"status": "ERROR", "message": "No"}}, "the response body reports an error: No;"),
    (["delete"], {"json": {"status": "ERROR"}}, "the response body reports an error: without a message;"),
    (
        list(CALLS),
        {"html": "<html>Log in, Ada</html>"},
        "not JSON (text/html; charset=utf-8, 24 bytes); check that base",
    ),
    (["count"], {"content": b'{"count": ', "headers": _JSON_TYPE}, "not JSON (application/json, 10 bytes)"),
    (["get"], {"content": b'{"contact": {"phone": "\xff"}}'}, "not JSON (no content type, 27 bytes)"),
    (["delete"], {"content": b" "}, "not JSON (no content type, 1 bytes)"),
    (["create"], {"content": b"[" * 200_000 + b"]" * 200_000}, "not JSON (no content type, 400000 bytes)"),
    (["count"], {"content": b'{"count": ' + b"9" * 5000 + b"}"}, "not JSON (no content type, 5011 bytes)"),
]
_ROWS = [(call, content, problem) for calls, content, problem in UNDOCUMENTED for call in calls]


@pytest.mark.parametrize(
    ("runner", "call", "content", "problem"),
    [(KINDS[index % 2], *row) for index, row in enumerate(_ROWS)],
    indirect=["runner"],
)
def test_an_undocumented_response_raises(runner: Runner, call: str, content: dict[str, Any], problem: str) -> None:
    """An empty, broken or different body is never taken for a value, and no item is lost; the error quotes nothing."""
    with pytest.raises(APIResponseError) as caught:
        _call(runner, call, **content)
    text = str(caught.value)
    assert problem in text
    assert (caught.value.status_code, "Log in" in text, "Ada" in text) == (200, False, False)


# The status and content of a response, the class of the error, and what its text has.
ERRORS: list[tuple[int, dict[str, Any], type[SendblueError], str]] = [
    (401, {"text": "Unauthorized\n"}, AuthenticationError, "Unauthorized .*SENDBLUE_API_API_KEY and SENDBLUE_API_API"),
    (
        403,
        {"json": {"message": "Did not get inputs for authorization"}},  # as seen from the live API
        PermissionDeniedError,
        "Did not get inputs for authorization .*base_url.*two host names",
    ),
    (404, {"json": {"status": "ERROR", "message": "Contact not found"}}, NotFoundError, "Contact not found"),
    (404, {"html": "<html>no such page</html>"}, NotFoundError, "not found"),  # of a proxy, not about a contact
    (429, {}, RateLimitError, "too many requests .*wait before sending more"),
    (500, {"html": "<html>no such page</html>"}, InternalServerError, "Internal Server Error"),
    (500, {"content": b"[" * 200_000, "headers": _JSON_TYPE}, InternalServerError, r"\[\["),
    (520, {}, InternalServerError, "the server failed"),
    (402, {}, APIError, "Payment Required"),
    (302, {"headers": {"location": "https://elsewhere.test/"}}, APIResponseError, "a redirect, which is not followed"),
]


@pytest.mark.parametrize(
    ("runner", "call", "row"),
    [
        *each_choice(KINDS, [name for name in CALLS if name != "get"], ERRORS),
        *each_choice(KINDS, ["get"], [row for row in ERRORS if "json" not in row[1] or row[0] != 404]),
    ],
    indirect=["runner"],
)
def test_an_error_status_raises(runner: Runner, call: str, row: tuple[int, dict[str, Any], Any, str]) -> None:
    """Each status gives its class and a text that helps and quotes no page; a redirect is not followed."""
    status, content, cls, text = row
    with pytest.raises(SendblueError, match=f"status {status}: .*{text}") as caught:
        _call(runner, call, status=status, **content)
    error: Any = caught.value
    assert (type(error), error.status_code, len(runner.sent), "<html>" in str(error)) == (cls, status, 1, False)
    assert getattr(error, "retry_after", None) is None


def test_a_sent_field_is_compared_under_any_of_its_names() -> None:
    """A field that has another name in requests than in responses is compared after a lost response, not skipped."""
    found, fields = Contact(first_name="Ada"), {"vorname": Field("string", aliases=("firstName",))}
    assert [matches(found, {"vorname": name}, fields) for name in ("Ada", "Grace")] == [True, False]
    assert [attribute(name)(found) for name in ("firstName", "first_name")] == ["Ada", "Ada"]
