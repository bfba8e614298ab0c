"""The generated endpoint functions, called directly: the requests they send and the responses they return.

The document's defaults are the server's: no client sends one unless the caller gave the value.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """The method, the path and the body match the document, and no default of the server is sent: sync and async."""
    handler, async_handler = RecordingHandler(), RecordingHandler()
    call(handler, one.operation, **one.arguments)
    asyncio.run(call_async(async_handler, one.operation, **one.arguments))
    sent = [request_line_and_body(request) for request in (*handler.sent, *async_handler.sent)]
    assert sent == [(one.method, one.target, one.body)] * 2


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


class Default(NamedTuple):
    """A parameter or field with a default of the server, and a function that makes arguments of a call."""

    name: str
    operation: str
    value: object
    arguments: Callable[..., dict[str, Any]] = dict


DEFAULTS = [
    Default("limit", "list_contacts", 100),
    Default("offset", "list_contacts", 0),
    Default("order_by", "list_contacts", "created_at"),
    Default("order_direction", "list_contacts", "desc"),
    Default("update_if_exists", "create_contact", False, lambda **given: {"body": ContactCreate(NUMBER, **given)}),  # noqa: FBT003 - a row of a table
    Default("opted_out", "opt_out_contact", True, lambda **given: {"body": ContactOptOut(NUMBER, **given)}),  # noqa: FBT003 - a row of a table
]


@pytest.mark.parametrize("default", DEFAULTS, ids=lambda default: default.name)
def test_given_value_is_sent_even_if_it_is_the_default(default: Default) -> None:
    """A value that the caller gives is sent even if it equals the server's default, which the docstring names."""
    handler = RecordingHandler()
    operation = BY_NAME[default.operation].operation
    call(handler, operation, **default.arguments(**{default.name: default.value}))
    (request,) = handler.sent
    sent = json.loads(request.content) if request.content else dict(request.url.params)
    assert sent[default.name] == (default.value if request.content else str(default.value))
    documented = {"create_contact": ContactCreate, "opt_out_contact": ContactOptOut}
    module = import_module(f"sendblue_contacts_api.api.{operation}")
    text = " ".join((documented.get(default.operation, module.sync).__doc__ or "").split())
    entry = text[text.index(f"{default.name} (") :]
    expected = default.value if isinstance(default.value, str) else json.dumps(default.value)
    assert entry.partition(" Server default: ")[2].startswith(f"`{expected}`.")


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


def example_responses(name: str) -> Iterator[tuple[int, Any]]:
    """Yield the status and the body of each example response of an operation in the document."""
    for status, response in OPERATIONS[name]["responses"].items():
        for example in resolved(response)["content"]["application/json"]["examples"].values():
            yield int(status.replace("XX", "03")), resolved(example)["value"]


@pytest.mark.parametrize("one", CALLS, ids=BY_NAME)
def test_documented_responses_are_parsed(one: EndpointCall) -> None:
    """Each documented response is parsed without undocumented keys, and an error into an Error with its message."""
    for status, body in example_responses(one.operation.rsplit(".", 1)[1]):
        parsed = call(RecordingHandler(httpx.Response(status, json=body)), one.operation, **one.arguments).parsed
        found = parsed if isinstance(body, list) else [parsed]
        assert len(found) == (len(body) if isinstance(body, list) else 1)
        assert [model for model in found if model.additional_properties] == [], status
        if status >= 400:
            assert (type(parsed), parsed.message) == (Error, body["message"])


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
