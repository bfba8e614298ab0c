"""The generated endpoint functions, called directly: the requests they send and the responses they return.

The document's defaults are the server's: no client sends one unless the caller gave the value.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import httpx
import pytest
from sendblue_contacts_api import Client
from sendblue_contacts_api.api.contacts import list_contacts
from sendblue_contacts_api.models import ContactCreate, ContactOptOut, Error

from tests.generated.conftest import Tables

NUMBER = "+14155551234"
QUOTED_NUMBER = "%2B14155551234"


class EndpointCall(NamedTuple):
    """An operation with its required arguments, and the request that it must send."""

    module: Any
    arguments: dict[str, Any]
    method: str
    target: bytes
    body: Any
    examples: list[tuple[int, Any]]


@pytest.fixture(scope="module")
def calls(tables: Tables) -> dict[str, EndpointCall]:
    """The call of each operation of the document, with only its required arguments."""
    document = tables.document
    items = [(path, method, node) for path, item in document["paths"].items() for method, node in item.items()]
    operations = [(path, method, node) for path, method, node in items if isinstance(node, dict)]
    return {node["operationId"]: _call(tables, path, method, node) for path, method, node in operations}


def _call(tables: Tables, path: str, method: str, operation: dict[str, Any]) -> EndpointCall:
    package = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation["tags"][0]).lower()
    arguments: dict[str, Any] = {"phone_number": NUMBER} if "{phone_number}" in path else {}
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        model = next(model for model in tables.models if model.__name__ == schema)
        body = tables.smallest(model)
        arguments["body"] = model.from_dict(body)
    return EndpointCall(
        import_module(f"sendblue_contacts_api.api.{package}.{operation['operationId']}"),
        arguments,
        method.upper(),
        path.replace("{phone_number}", QUOTED_NUMBER).encode(),
        body,
        list(_example_responses(tables.document, operation)),
    )


def _example_responses(document: Any, operation: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    """Yield the status and the body of each example response of an operation."""
    for status, response in operation["responses"].items():
        for example in _resolved(document, response)["content"]["application/json"]["examples"].values():
            yield int(status.replace("XX", "03")), _resolved(document, example)["value"]


def _resolved(document: Any, node: Any) -> Any:
    """Return `node`, or the node that its `$ref` points to."""
    target = document
    for step in node.get("$ref", "#").split("/")[1:]:
        target = target[step]
    return target if "$ref" in node else node


class RecordingHandler:
    """A handler for httpx.MockTransport that records the requests and returns `response`."""

    def __init__(self, response: httpx.Response | None = None) -> None:
        self.sent: list[httpx.Request] = []
        self.response = response or httpx.Response(200, json={})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Record the request and return the response."""
        self.sent.append(request)
        return self.response


def call(handler: RecordingHandler, one: EndpointCall) -> Any:
    """Call the synchronous function of an operation, and return its detailed response."""
    with httpx.Client(base_url="https://example.com", transport=httpx.MockTransport(handler)) as http:
        client = Client("https://example.com").set_httpx_client(http)
        return one.module.sync_detailed(client=client, **one.arguments)


async def call_async(handler: RecordingHandler, one: EndpointCall) -> None:
    """Call the asynchronous function of an operation."""
    async with httpx.AsyncClient(base_url="https://example.com", transport=httpx.MockTransport(handler)) as http:
        client = Client("https://example.com").set_async_httpx_client(http)
        await one.module.asyncio_detailed(client=client, **one.arguments)


def request_line_and_body(request: httpx.Request) -> tuple[str, bytes, Any]:
    """Return the method, the raw target and the JSON body."""
    body = json.loads(request.content) if request.content else None
    return request.method, request.url.raw_path, body


def test_sends_only_given_values(calls: dict[str, EndpointCall]) -> None:
    """The method, the path and the body match the document, and no default of the server is sent: sync and async."""
    for one in calls.values():
        handler, async_handler = RecordingHandler(), RecordingHandler()
        call(handler, one)
        asyncio.run(call_async(async_handler, one))
        sent = [request_line_and_body(request) for request in (*handler.sent, *async_handler.sent)]
        assert sent == [(one.method, one.target, one.body)] * 2


DEFAULTS: list[tuple[Any, str, str]] = [
    (list_contacts.sync, "limit", "100"),
    (list_contacts.sync, "offset", "0"),
    (list_contacts.sync, "order_by", "created_at"),
    (list_contacts.sync, "order_direction", "desc"),
    (ContactCreate, "update_if_exists", "false"),
    (ContactOptOut, "opted_out", "true"),
]


@pytest.mark.parametrize(("documented", "name", "default"), DEFAULTS, ids=[name for _, name, _ in DEFAULTS])
def test_docstrings_name_the_defaults_of_the_server(documented: Any, name: str, default: str) -> None:
    """They are not defaults of the arguments."""
    text = " ".join((documented.__doc__ or "").split())
    entry = text[text.index(f"{name} (") :]
    assert entry.partition(" Server default: ")[2].startswith(f"`{default}`.")


def test_documented_responses_are_parsed(calls: dict[str, EndpointCall]) -> None:
    """Each documented response is parsed without undocumented keys, and an error into an Error with its message."""
    for name, one in calls.items():
        for status, body in one.examples:
            parsed = call(RecordingHandler(httpx.Response(status, json=body)), one).parsed
            found = parsed if isinstance(body, list) else [parsed]
            assert len(found) == (len(body) if isinstance(body, list) else 1), (name, status)
            assert [model for model in found if model.additional_properties] == [], (name, status)
            assert status < 400 or (type(parsed), parsed.message) == (Error, body["message"]), (name, status)
