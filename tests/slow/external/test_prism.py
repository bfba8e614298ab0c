"""Prism, a validator that is not ours, between the client and the sandbox: it finds nothing wrong on either side.

Prism knows the document alone. With `--errors` a request that is not as documented does not reach the sandbox, and an
answer that is not as documented does not reach the client: both become an answer of Prism's own.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, cast

import httpx
import pytest
from maintain.venvs import ROOT, environment, node_tool
from sendblue_contacts import Sendblue
from sendblue_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.slow.external.conftest import Contract

ADA, BOB, NOBODY = "+14155551234", "+14155555678", "+14155550000"
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# Requests that differ, in the tests of the contract.
MANY = 100
# What a test sends with `client.request` to see that any status comes back.
ON_PURPOSE = {("GET", "/api/v2/nothing")}
PROBLEM = "application/problem+json"
READY = re.compile(r"Prism is listening on (\S+)")

# Each call of the client, under the name of its method. ADA is a contact, BOB and NOBODY are none.
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
    "get": (lambda client: client.contacts.get(ADA), lambda client: client.contacts.get(NOBODY)),
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
    "verify": (lambda client: client.contacts.verify(NOBODY),),
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
    "bulk.delete": (lambda client: client.contacts.bulk.delete([ADA, NOBODY]),),
    "bulk.stream_create": (lambda client: list(client.contacts.bulk.stream_create([{"phone": BOB}])),),
    "bulk.stream_delete": (lambda client: list(client.contacts.bulk.stream_delete([ADA])),),
}


class Strict(httpx.HTTPTransport):
    """The wire, with an AssertionError in the place of an answer that Prism made up itself."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        answer = super().handle_request(request)
        if answer.headers.get("content-type", "").startswith(PROBLEM):
            raise AssertionError(f"{request.method} {request.url} {request.content!r}: {answer.read()!r}")
        return answer


@contextmanager
def started(*arguments: str) -> Iterator[str]:
    """Run Prism with these arguments on a free port; gives its address."""
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
            os.killpg(prism.pid, signal.SIGTERM)  # pip's `node` is a program that starts the real one


def _address(output: IO[str]) -> str:
    said = []
    for line in output:
        said.append(line)
        if ready := READY.search(line):
            return ready[1]
    raise AssertionError("Prism ended before it was ready: " + "".join(said))


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """One sandbox for all tests."""
    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def prism(server: Sandbox) -> Iterator[str]:
    """The address of Prism, in front of the sandbox."""
    with started("proxy", "openapi/contacts.yaml", server.url, "--errors", "--verboseLevel", "info") as url:
        yield url


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """The sandbox, with ADA in it and no request noted."""
    server.reset()
    httpx.post(f"{server.url}/api/v2/contacts", json={"number": ADA}, headers=CREDENTIALS, trust_env=False)
    return server


@pytest.fixture
def client(prism: str) -> Iterator[Sendblue]:
    """A client whose requests go through Prism."""
    with Sendblue("key", "secret", base_url=prism, rate_limit=None, retry=None, transport=Strict()) as client:
        yield client


@pytest.mark.parametrize(
    "call",
    [pytest.param(call, id=f"{name}-{place}") for name, calls in CALLS.items() for place, call in enumerate(calls)],
)
def test_call_and_answer_are_as_documented(
    sandbox: Sandbox, client: Sendblue, call: Callable[[Sendblue], object]
) -> None:
    """What the client sends and what the sandbox answers is as the document has it: Prism lets both pass."""
    before = len(sandbox.requests)
    call(client)
    assert len(sandbox.requests) > before


def test_every_request_of_the_contract_is_accepted(sandbox: Sandbox, prism: str, contract: Contract) -> None:
    """Whatever the sync client sends in the tests of the contract, Prism finds nothing wrong with it."""
    assert contract.status == 0, contract.printed
    requests = {tuple(json.loads(line)) for line in contract.requests.read_text(encoding="utf-8").splitlines()}
    assert len(requests) > MANY
    with httpx.Client(base_url=prism, headers=CREDENTIALS, trust_env=False, timeout=30) as wire:
        refused = {request[:2] for request in requests if _is_refused(wire, *request)}
    assert (refused, len(sandbox.requests) > MANY) == (ON_PURPOSE, True)


def _is_refused(wire: httpx.Client, method: str, path: str, query: str, body: str) -> bool:
    headers = {"content-type": "application/json"} if body else {}
    answer = wire.request(method, f"{path}?{query}" if query else path, content=body.encode(), headers=headers)
    return str(answer.headers.get("content-type", "")).startswith(PROBLEM)


def test_no_call_is_left_out() -> None:
    """The calls above are all that a client has."""
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
def test_prism_refuses_what_is_not_documented(
    sandbox: Sandbox, prism: str, method: str, path: str, body: dict[str, object] | None
) -> None:
    """A request that is wrong is stopped by Prism, so that letting one pass means something."""
    before = len(sandbox.requests)
    answer = httpx.request(method, prism + path, json=body, headers=CREDENTIALS, trust_env=False)
    assert answer.headers["content-type"] == PROBLEM
    assert len(sandbox.requests) == before
