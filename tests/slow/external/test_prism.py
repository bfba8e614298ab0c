"""Prism as a validating proxy between the client and the sandbox: requests and responses match the document.

Prism reads only the document. With `--errors`, a request or response that does not match it is replaced by an error
response of Prism.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, cast

import httpx
import pytest
from maintain.venvs import ROOT, environment, node_tool
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox

from tests.slow.external.conftest import Contract

ADA, BOB, UNKNOWN = "+14155551234", "+14155555678", "+14155550000"
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# The contract tests send more different requests than this.
MANY = 100
# A contract test sends this with `client.request` to check that every status is returned.
UNDOCUMENTED = {("GET", "/api/v2/nothing")}
PROBLEM = "application/problem+json"
READY = re.compile(r"Prism is listening on (\S+)")

# The calls of the client by method name. ADA is a contact; BOB and UNKNOWN are not.
CALLS: dict[str, tuple[Callable[[Sendblue], object], ...]] = {
    "create": (
        lambda client: client.contacts.create(BOB),
        lambda client: client.contacts.create(
            BOB,
            firstName="Боб",
            last_name="",
            sendblue_number="+19175559876",
            assignedToEmail="agent@example.com",
            tags=[],
            custom_variables={"Lead Source": "Website", "": ""},
            update_if_exists=False,
        ),
        lambda client: client.contacts.create({"phoneNumber": BOB, "customVariables": {}}),
    ),
    "upsert": (lambda client: client.contacts.upsert(ADA, lastName="Lovelace"),),
    "retrieve": (lambda client: client.contacts.retrieve(ADA),),
    "get": (lambda client: client.contacts.get(ADA), lambda client: client.contacts.get(UNKNOWN)),
    "update": (
        lambda client: client.contacts.update(ADA, company_name="Engines", tags=["VIP"], custom_variables={"a": "b"}),
        lambda client: client.contacts.update(ADA, first_name=None, tags=None, custom_variables=None, opt_out=True),
        lambda client: client.contacts.update(ADA, phone_number=BOB),
    ),
    "delete": (lambda client: client.contacts.delete(ADA),),
    "list": (
        lambda client: list(client.contacts.list()),
        lambda client: client.contacts.list(
            page_size=1,
            max_items=3,
            order_by="lastName",
            order_direction="desc",
            phone_number=ADA,
            cid="c_00000001",
            created_at_gte=datetime(2024, 1, 15, 10, 30, tzinfo=UTC),
        ).first(),
    ),
    "count": (lambda client: client.contacts.count(), lambda client: client.contacts.count(ADA)),
    "verify": (lambda client: client.contacts.verify(UNKNOWN),),
    "opt_out": (
        lambda client: client.contacts.opt_out(ADA),
        lambda client: client.contacts.opt_out(ADA, opted_out=False),
    ),
    "bulk.create": (
        lambda client: client.contacts.bulk.create([{"phone": BOB}, {"phone": ADA, "firstName": "Ada"}]),
        lambda client: client.contacts.bulk.create(
            [{"number": BOB, "company": "Engines", "tags": ["VIP"], "customVariables": {"a": "b"}, "last_name": "B"}]
        ),
    ),
    "bulk.delete": (lambda client: client.contacts.bulk.delete([ADA, UNKNOWN]),),
    "bulk.stream_create": (lambda client: list(client.contacts.bulk.stream_create([{"phone": BOB}])),),
    "bulk.stream_delete": (lambda client: list(client.contacts.bulk.stream_delete([ADA])),),
}


class Strict(httpx.HTTPTransport):
    """A transport that raises AssertionError for an error response of Prism."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        response = super().handle_request(request)
        if response.headers.get("content-type", "").startswith(PROBLEM):
            raise AssertionError(f"{request.method} {request.url} {request.content!r}: {response.read()!r}")
        return response


@contextmanager
def started(*arguments: str) -> Iterator[str]:
    """Run Prism with these arguments on a free port, and yield its address."""
    command = [*node_tool("prism"), *arguments, "--port", "0", "--host", "127.0.0.1"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as prism:
        try:
            yield _address(cast("IO[str]", prism.stdout))
        finally:
            os.killpg(prism.pid, signal.SIGTERM)  # the `node` that pip installed starts another process


def _address(output: IO[str]) -> str:
    lines = []
    for line in output:
        lines.append(line)
        if ready := READY.search(line):
            return ready[1]
    raise AssertionError("Prism ended before it was ready: " + "".join(lines))


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """Run one sandbox for all tests."""
    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def prism(server: Sandbox) -> Iterator[str]:
    """Run Prism in front of the sandbox, and return its address."""
    with started("proxy", "openapi/contacts.yaml", server.url, "--errors", "--verboseLevel", "info") as url:
        yield url


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """Return the sandbox with only ADA as a contact."""
    server.reset()
    httpx.post(f"{server.url}/api/v2/contacts", json={"number": ADA}, headers=CREDENTIALS, trust_env=False)
    return server


@pytest.fixture
def client(prism: str) -> Iterator[Sendblue]:
    """Return a client that sends its requests through Prism."""
    with Sendblue("key", "secret", base_url=prism, rate_limit=None, retry=None, transport=Strict()) as client:
        yield client


@pytest.mark.parametrize(
    "call",
    [pytest.param(call, id=f"{name}-{place}") for name, calls in CALLS.items() for place, call in enumerate(calls)],
)
def test_requests_and_responses_match_the_document(
    sandbox: Sandbox, client: Sendblue, call: Callable[[Sendblue], object]
) -> None:
    """Prism accepts the requests of the client and the responses of the sandbox."""
    before = len(sandbox.requests)
    call(client)
    assert len(sandbox.requests) > before


def test_every_request_of_the_contract_tests(sandbox: Sandbox, prism: str, contract: Contract) -> None:
    """Prism accepts every request that the sync client sends in the contract tests."""
    assert contract.status == 0, contract.printed
    requests = {tuple(json.loads(line)) for line in contract.requests.read_text(encoding="utf-8").splitlines()}
    assert len(requests) > MANY
    with httpx.Client(base_url=prism, headers=CREDENTIALS, trust_env=False, timeout=30) as wire:
        rejected = {request[:2] for request in requests if _is_rejected(wire, *request)}
    assert (rejected, len(sandbox.requests) > MANY) == (UNDOCUMENTED, True)


def _is_rejected(wire: httpx.Client, method: str, path: str, query: str, body: str) -> bool:
    headers = {"content-type": "application/json"} if body else {}
    response = wire.request(method, f"{path}?{query}" if query else path, content=body.encode(), headers=headers)
    return str(response.headers.get("content-type", "")).startswith(PROBLEM)


def test_every_call_is_listed() -> None:
    """CALLS has every method of the client."""
    contacts = {name for name, _ in inspect.getmembers(_type("contacts"), inspect.isfunction)}
    bulk = {f"bulk.{name}" for name, _ in inspect.getmembers(_type("bulk"), inspect.isfunction)}
    assert {name for name in contacts | bulk if "_" not in (name[0], name.removeprefix("bulk.")[0])} == set(CALLS)


def _type(resource: str) -> type:
    with Sendblue("key", "secret", base_url="http://127.0.0.1:1") as client:
        return type(client.contacts if resource == "contacts" else client.contacts.bulk)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("POST", "/api/v2/contacts", {"first_name": "Ada"}, id="no number"),
        pytest.param("POST", "/api/v2/contacts", {"number": ADA, "tags": "VIP"}, id="tags as one string"),
        pytest.param("DELETE", "/api/v2/contacts", {"contact_ids": ADA}, id="ids as one string"),
        pytest.param("GET", "/api/v2/contacts/14155551234", None, id="path without plus"),
        pytest.param("GET", "/api/v2/contacts?limit=0", None, id="parameter out of range"),
        pytest.param("GET", "/api/v2/people", None, id="no such path"),
    ],
)
def test_prism_rejects_undocumented_requests(
    sandbox: Sandbox, prism: str, method: str, path: str, body: dict[str, object] | None
) -> None:
    """Prism stops invalid requests, so that the tests above can fail."""
    before = len(sandbox.requests)
    response = httpx.request(method, prism + path, json=body, headers=CREDENTIALS, trust_env=False)
    assert response.headers["content-type"] == PROBLEM
    assert len(sandbox.requests) == before
