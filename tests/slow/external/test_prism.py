"""Prism as a validating proxy before the sandbox accepts every request of the contract tests.

Prism reads only the document. With `--errors`, a request or response that does not match it is replaced by an error
response of Prism.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

import httpx
import pytest
from maintain.venvs import ROOT, environment, node_tool
from sendblue_sandbox import Sandbox

from tests.slow.external.conftest import Contract

ADA = "+14155551234"
CREDENTIALS = {"sb-api-key-id": "key", "sb-api-secret-key": "secret"}
# The contract tests send more different requests than this.
MANY = 100
# A contract test sends this with `client.request` to check that every status is returned.
UNDOCUMENTED = {("GET", "/api/v2/nothing")}
PROBLEM = "application/problem+json"
READY = re.compile(r"Prism is listening on (\S+)")


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
