"""The generated endpoint functions, called directly: the requests they send and the responses they return."""

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
ITEM = b"/api/v2/contacts/%2B14155551234"
COLLECTION = b"/api/v2/contacts"


class EndpointCall(NamedTuple):
    """An operation with its required arguments, and the request that it must send."""

    operation: str
    arguments: dict[str, Any]
    method: str
    target: bytes
    body: Any = None


CALLS = [
    EndpointCall("contacts.list_contacts", {}, "GET", COLLECTION),
    EndpointCall("contacts.create_contact", {"body": ContactCreate(NUMBER)}, "POST", COLLECTION, {"number": NUMBER}),
    EndpointCall("contacts.count_contacts", {}, "GET", COLLECTION + b"/count"),
    EndpointCall(
        "contacts.verify_contact", {"body": ContactVerify(NUMBER)}, "POST", COLLECTION + b"/verify", {"number": NUMBER}
    ),
    EndpointCall(
        "contacts.opt_out_contact",
        {"body": ContactOptOut(NUMBER)},
        "POST",
        COLLECTION + b"/opt-out",
        {"number": NUMBER},
    ),
    EndpointCall("contacts.retrieve_contact", {"phone_number": NUMBER}, "GET", ITEM),
    EndpointCall("contacts.update_contact", {"phone_number": NUMBER, "body": ContactUpdate()}, "PUT", ITEM, {}),
    EndpointCall("contacts.delete_contact", {"phone_number": NUMBER}, "DELETE", ITEM),
    EndpointCall(
        "contacts_bulk.bulk_delete_contacts",
        {"body": BulkDelete([NUMBER])},
        "DELETE",
        COLLECTION,
        {"contact_ids": [NUMBER]},
    ),
    EndpointCall(
        "contacts_bulk.bulk_create_contacts",
        {"body": BulkCreate([BulkContact(NUMBER)])},
        "POST",
        COLLECTION + b"/bulk",
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


class RecordingHandler:
    """A handler for httpx.MockTransport that records the requests and returns `response`."""

    def __init__(self, response: httpx.Response | None = None) -> None:
        self.sent: list[httpx.Request] = []
        self.response = response or httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Record the request and return the response."""
        self.sent.append(request)
        return self.response


def call(handler: RecordingHandler, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - the response of any operation
    """Call the synchronous function of `operation`, and return its detailed response."""
    with httpx.Client(base_url="https://example.com", transport=httpx.MockTransport(handler)) as http:
        client = Client("https://example.com").set_httpx_client(http)
        module = import_module(f"sendblue_contacts_api.api.{operation}")
        return module.sync_detailed(client=client, **arguments)


async def call_async(handler: RecordingHandler, operation: str, **arguments: Any) -> Any:  # noqa: ANN401 - the response of any operation
    """Call the asynchronous function of `operation`, and return its detailed response."""
    async with httpx.AsyncClient(base_url="https://example.com", transport=httpx.MockTransport(handler)) as http:
        client = Client("https://example.com").set_async_httpx_client(http)
        module = import_module(f"sendblue_contacts_api.api.{operation}")
        return await module.asyncio_detailed(client=client, **arguments)


def request_line_and_body(request: httpx.Request) -> tuple[str, bytes, Any]:
    """Return the method, the raw target and the JSON body."""
    body = json.loads(request.content) if request.content else None
    return request.method, request.url.raw_path, body


@pytest.mark.parametrize("one", CALLS, ids=BY_NAME)
def test_sends_only_given_values(one: EndpointCall) -> None:
    """The method, the path and the body match the document, and no default of the server is sent."""
    handler = RecordingHandler()
    call(handler, one.operation, **one.arguments)
    assert [request_line_and_body(request) for request in handler.sent] == [(one.method, one.target, one.body)]


@pytest.mark.parametrize("one", CALLS, ids=BY_NAME)
def test_async_sends_the_same(one: EndpointCall) -> None:
    """The asynchronous function sends the same request as the synchronous one."""
    handler = RecordingHandler()
    asyncio.run(call_async(handler, one.operation, **one.arguments))
    assert [request_line_and_body(request) for request in handler.sent] == [(one.method, one.target, one.body)]


def test_every_operation_is_tested() -> None:
    """CALLS has each operation of the document."""
    assert BY_NAME.keys() == OPERATIONS.keys()


def test_sends_every_filter() -> None:
    """Every filter of a list is sent in the query."""
    filters = {"cid": "c_1", "limit": 5, "offset": 0, "order_by": "firstName", "order_direction": "asc"}
    moment = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)
    handler = RecordingHandler(httpx.Response(200, json=[]))
    call(handler, "contacts.list_contacts", **filters, phone_number=NUMBER, created_at_gte=moment)
    expected = {
        **{name: str(value) for name, value in filters.items()},
        "phone_number": NUMBER,
        "created_at_gte": "2024-01-15T10:30:00+00:00",
    }
    assert dict(handler.sent[0].url.params) == expected


def test_plus_in_a_query_is_percent_encoded() -> None:
    """A plus sign in a query is percent-encoded, because servers decode it as a space."""
    handler = RecordingHandler()
    call(handler, "contacts.count_contacts", phone_number=NUMBER)
    assert handler.sent[0].url.query == b"phone_number=%2B14155551234"


def test_sends_a_given_false() -> None:
    """A given value is sent even if it equals the server's default."""
    handler = RecordingHandler()
    call(handler, "contacts.create_contact", body=ContactCreate(NUMBER, update_if_exists=False))
    assert json.loads(handler.sent[0].content) == {"number": NUMBER, "update_if_exists": False}


def test_sends_null_and_omits_unset() -> None:
    """In an update, None is sent as null, and UNSET is omitted."""
    handler = RecordingHandler()
    call(handler, "contacts.update_contact", phone_number=NUMBER, body=ContactUpdate(first_name=None, last_name=UNSET))
    assert json.loads(handler.sent[0].content) == {"first_name": None}


def test_sends_text_as_utf8() -> None:
    """Accents and emoji are sent as UTF-8."""
    handler = RecordingHandler()
    call(handler, "contacts.create_contact", body=ContactCreate(NUMBER, first_name="Zoë 🎉", tags=["café"]))
    assert json.loads(handler.sent[0].content) == {"number": NUMBER, "first_name": "Zoë 🎉", "tags": ["café"]}


# --- responses


def resolved(node: Any) -> Any:  # noqa: ANN401 - any part of the document
    """Return `node`, or the node that its `$ref` points to."""
    target = DOCUMENT
    for step in node.get("$ref", "#").split("/")[1:]:
        target = target[step]
    return target if "$ref" in node else node


def example_responses(*, errors: bool) -> list[tuple[str, int, Any]]:
    """Return the operation, the status and the body of each example response in the document."""
    return [
        (name, int(status.replace("XX", "03")), resolved(example)["value"])
        for name, operation in OPERATIONS.items()
        for status, response in operation["responses"].items()
        for example in resolved(response)["content"]["application/json"]["examples"].values()
        if (status[0] in "45") == errors
    ]


@pytest.mark.parametrize(("name", "status", "body"), example_responses(errors=True))
def test_documented_error_is_an_error(name: str, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
    """Each documented error response is parsed into an Error with its message."""
    one = BY_NAME[name]
    response = call(RecordingHandler(httpx.Response(status, json=body)), one.operation, **one.arguments)
    assert (type(response.parsed), response.parsed.message) == (Error, body["message"])


@pytest.mark.parametrize(("name", "status", "body"), example_responses(errors=False))
def test_documented_response_is_parsed(name: str, status: int, body: Any) -> None:  # noqa: ANN401 - any JSON
    """Each documented response is parsed without undocumented keys."""
    one = BY_NAME[name]
    parsed = call(RecordingHandler(httpx.Response(status, json=body)), one.operation, **one.arguments).parsed
    found = parsed if isinstance(parsed, list) else [parsed]
    assert [model.additional_properties for model in found] == [{}] * len(body if isinstance(body, list) else [body])


def test_headers_of_an_error_are_available() -> None:
    """A caller can read `Retry-After`."""
    handler = RecordingHandler(httpx.Response(429, json={"message": "Too many requests"}, headers={"Retry-After": "7"}))
    assert call(handler, "contacts.count_contacts").headers["retry-after"] == "7"


def test_parses_a_created_contact() -> None:
    """A 201 response is parsed like a 200 response, and a field under both names is one field."""
    body = {"status": "OK", "contact": {"phone": NUMBER, "first_name": "Ada", "firstName": "Ada"}}
    response = call(
        RecordingHandler(httpx.Response(201, json=body)), "contacts.create_contact", body=ContactCreate(NUMBER)
    )
    assert response.parsed == ContactResponse(Contact(phone=NUMBER, first_name="Ada"), "OK")


def test_empty_list() -> None:
    """A page past the last contact is an empty list."""
    assert call(RecordingHandler(httpx.Response(200, json=[])), "contacts.list_contacts").parsed == []
