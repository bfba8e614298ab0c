"""The generated endpoint functions, used directly: what they send, and what they make of an answer."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml
from sendblue_contacts_api import Client
from sendblue_contacts_api.models import (
    BulkContact,
    BulkCreate,
    BulkDelete,
    Contact,
    ContactCreate,
    ContactOptOut,
    ContactResponse,
    ContactUpdate,
    ContactVerify,
    Error,
)
from sendblue_contacts_api.types import UNSET

DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "openapi/contacts.yaml").read_bytes())
NUMBER = "+14155551234"
ONE = b"/api/v2/contacts/%2B14155551234"
ALL = b"/api/v2/contacts"


class Call(NamedTuple):
    """An operation with the fewest arguments, and what must be sent for it."""

    operation: str
    arguments: dict[str, Any]
    method: str
    target: bytes
    body: Any = None


CALLS = [
    Call("contacts.list_contacts", {}, "GET", ALL),
    Call("contacts.create_contact", {"body": ContactCreate(NUMBER)}, "POST", ALL, {"number": NUMBER}),
    Call("contacts.count_contacts", {}, "GET", ALL + b"/count"),
    Call("contacts.verify_contact", {"body": ContactVerify(NUMBER)}, "POST", ALL + b"/verify", {"number": NUMBER}),
    Call("contacts.opt_out_contact", {"body": ContactOptOut(NUMBER)}, "POST", ALL + b"/opt-out", {"number": NUMBER}),
    Call("contacts.retrieve_contact", {"phone_number": NUMBER}, "GET", ONE),
    Call("contacts.update_contact", {"phone_number": NUMBER, "body": ContactUpdate()}, "PUT", ONE, {}),
    Call("contacts.delete_contact", {"phone_number": NUMBER}, "DELETE", ONE),
    Call(
        "contacts_bulk.bulk_delete_contacts", {"body": BulkDelete([NUMBER])}, "DELETE", ALL, {"contact_ids": [NUMBER]}
    ),
    Call(
        "contacts_bulk.bulk_create_contacts",
        {"body": BulkCreate([BulkContact(NUMBER)])},
        "POST",
        ALL + b"/bulk",
        {"contacts": [{"phone": NUMBER}]},
    ),
]
BY_NAME = {call.operation.rsplit(".", 1)[1]: call for call in CALLS}
OPERATIONS = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for operation in item.values()
    if isinstance(operation, dict)
}


class Wire:
    """A transport that keeps what is sent and answers with `answer`."""

    def __init__(self, answer: httpx.Response | None = None) -> None:
        self.sent: list[httpx.Request] = []
        self.answer = answer or httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.sent.append(request)
        return self.answer


def call(wire: Wire, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - the answer of any operation
    """Call the synchronous function of `operation`, and return its whole response."""
    with httpx.Client(base_url="https://example.com", transport=httpx.MockTransport(wire)) as http:
        client = Client("https://example.com").set_httpx_client(http)
        module = import_module(f"sendblue_contacts_api.api.{operation}")
        return module.sync_detailed(client=client, **arguments)


async def call_async(wire: Wire, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - the answer of any operation
    """Call the asynchronous function of `operation`, and return its whole response."""
    async with httpx.AsyncClient(base_url="https://example.com", transport=httpx.MockTransport(wire)) as http:
        client = Client("https://example.com").set_async_httpx_client(http)
        module = import_module(f"sendblue_contacts_api.api.{operation}")
        return await module.asyncio_detailed(client=client, **arguments)


def seen(request: httpx.Request) -> tuple[str, bytes, Any]:
    """Return the method, the target as it goes on the wire, and the JSON of the body."""
    body = json.loads(request.content) if request.content else None
    return request.method, request.url.raw_path, body


@pytest.mark.parametrize("one", CALLS, ids=BY_NAME)
def test_sends_what_is_given_and_no_more(one: Call) -> None:
    """The method, the path and the body are those of the document; no default of the server is sent."""
    wire = Wire()
    call(wire, one.operation, **one.arguments)
    assert [seen(request) for request in wire.sent] == [(one.method, one.target, one.body)]


@pytest.mark.parametrize("one", CALLS, ids=BY_NAME)
def test_async_sends_the_same(one: Call) -> None:
    """The asynchronous function sends what the synchronous one sends."""
    wire = Wire()
    asyncio.run(call_async(wire, one.operation, **one.arguments))
    assert [seen(request) for request in wire.sent] == [(one.method, one.target, one.body)]


def test_every_operation_is_called_here() -> None:
    """The table above has each operation of the document."""
    assert BY_NAME.keys() == OPERATIONS.keys()


def test_sends_every_filter() -> None:
    """What is asked of a list stands in its query."""
    filters = {"cid": "c_1", "limit": 5, "offset": 0, "order_by": "firstName", "order_direction": "asc"}
    moment = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)
    wire = Wire(httpx.Response(200, json=[]))
    call(wire, "contacts.list_contacts", **filters, phone_number=NUMBER, created_at_gte=moment)
    expected = {
        **{name: str(value) for name, value in filters.items()},
        "phone_number": NUMBER,
        "created_at_gte": "2024-01-15T10:30:00+00:00",
    }
    assert dict(wire.sent[0].url.params) == expected


def test_plus_in_a_query_is_escaped() -> None:
    """A plus sign in a query would be read as a space."""
    wire = Wire()
    call(wire, "contacts.count_contacts", phone_number=NUMBER)
    assert wire.sent[0].url.query == b"phone_number=%2B14155551234"


def test_sends_a_given_false() -> None:
    """A value that equals the server's default goes out when it was given."""
    wire = Wire()
    call(wire, "contacts.create_contact", body=ContactCreate(NUMBER, update_if_exists=False))
    assert json.loads(wire.sent[0].content) == {"number": NUMBER, "update_if_exists": False}


def test_sends_null_and_leaves_out_unset() -> None:
    """In an update None is null, and UNSET is not there."""
    wire = Wire()
    call(wire, "contacts.update_contact", phone_number=NUMBER, body=ContactUpdate(first_name=None, last_name=UNSET))
    assert json.loads(wire.sent[0].content) == {"first_name": None}


def test_sends_text_as_utf8() -> None:
    """Accents and emoji arrive."""
    wire = Wire()
    call(wire, "contacts.create_contact", body=ContactCreate(NUMBER, first_name="Zoë 🎉", tags=["café"]))
    assert json.loads(wire.sent[0].content) == {"number": NUMBER, "first_name": "Zoë 🎉", "tags": ["café"]}


# --- answers


def resolved(node: Any) -> Any:  # noqa: ANN401 - any part of the document
    """Return what a reference leads to."""
    target = DOCUMENT
    for step in node.get("$ref", "#").split("/")[1:]:
        target = target[step]
    return target if "$ref" in node else node


def answers(*, errors: bool) -> list[tuple[str, int, Any]]:
    """Return the operation, the status and the body of each example of an answer in the document."""
    return [
        (name, int(status.replace("XX", "03")), resolved(example)["value"])
        for name, operation in OPERATIONS.items()
        for status, response in operation["responses"].items()
        for example in resolved(response)["content"]["application/json"]["examples"].values()
        if (status[0] in "45") == errors
    ]


@pytest.mark.parametrize(("name", "status", "body"), answers(errors=True))
def test_documented_error_is_an_error(name: str, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
    """Each error of the document is read as an Error with its message."""
    one = BY_NAME[name]
    response = call(Wire(httpx.Response(status, json=body)), one.operation, **one.arguments)
    assert (type(response.parsed), response.parsed.message) == (Error, body["message"])


@pytest.mark.parametrize(("name", "status", "body"), answers(errors=False))
def test_documented_answer_is_read(name: str, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
    """Each answer of the document is read, and nothing of it is an unknown key."""
    one = BY_NAME[name]
    parsed = call(Wire(httpx.Response(status, json=body)), one.operation, **one.arguments).parsed
    found = parsed if isinstance(parsed, list) else [parsed]
    assert [model.additional_properties for model in found] == [{}] * len(body if isinstance(body, list) else [body])


def test_headers_of_an_error_are_there() -> None:
    """A caller finds `Retry-After`."""
    wire = Wire(httpx.Response(429, json={"message": "Too many requests"}, headers={"Retry-After": "7"}))
    assert call(wire, "contacts.count_contacts").headers["retry-after"] == "7"


def test_reads_a_contact_that_was_created() -> None:
    """201 is as good as 200, and both spellings at once are one contact."""
    body = {"status": "OK", "contact": {"phone": NUMBER, "first_name": "Ada", "firstName": "Ada"}}
    response = call(Wire(httpx.Response(201, json=body)), "contacts.create_contact", body=ContactCreate(NUMBER))
    assert response.parsed == ContactResponse(Contact(phone=NUMBER, first_name="Ada"), "OK")


def test_empty_list() -> None:
    """A page past the last contact is an empty list."""
    assert call(Wire(httpx.Response(200, json=[])), "contacts.list_contacts").parsed == []
