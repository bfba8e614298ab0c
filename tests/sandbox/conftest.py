"""Fixtures of the sandbox tests: one started sandbox, empty for each test, and functions that start others."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from sendblue_sandbox import Sandbox

from tests.sandbox.contacts_api import CREDENTIALS, TLS, Connect, Edited, Serve

ROOT = Path(__file__).parents[2]
START = 1_705_314_600.123  # 2024-01-15T10:30:00.123Z


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Closes what a test opens."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture(scope="session")
def closing_pool() -> Iterator[ThreadPoolExecutor]:
    """A thread that closes sandboxes: uvicorn takes 0.2 s to stop, and the next test need not wait for it."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture
def serve(stack: ExitStack, closing_pool: ThreadPoolExecutor) -> Serve:
    """Start a sandbox with settings; the default is no limit."""

    def started(**settings: Any) -> Sandbox:
        settings.setdefault("limit", None)
        sandbox = Sandbox(**settings).start()
        stack.callback(closing_pool.submit, sandbox.close)
        return sandbox

    return started


@pytest.fixture
def connect(stack: ExitStack) -> Connect:
    """Open a client of a sandbox; the default headers have credentials."""

    def connected(sandbox: Sandbox, headers: dict[str, str] | None = None) -> httpx.Client:
        headers = CREDENTIALS if headers is None else headers
        return stack.enter_context(httpx.Client(base_url=sandbox.url, headers=headers, verify=TLS, trust_env=False))

    return connected


@pytest.fixture(scope="session")
def shared_clock() -> SimpleNamespace:
    """The time of the shared sandbox, as `now` in seconds; only tests move it."""
    return SimpleNamespace(now=START)


@pytest.fixture(scope="session")
def shared(shared_clock: SimpleNamespace) -> Iterator[tuple[Sandbox, httpx.Client]]:
    """One sandbox for all tests, and a client of it."""
    with (
        Sandbox(limit=None, clock=lambda: shared_clock.now, spelling="snake") as sandbox,
        httpx.Client(base_url=sandbox.url, headers=CREDENTIALS, verify=TLS, trust_env=False) as client,
    ):
        yield sandbox, client


@pytest.fixture
def sandbox(shared: tuple[Sandbox, httpx.Client], shared_clock: SimpleNamespace) -> Sandbox:
    """The shared sandbox, empty, with snake_case responses and without a limit."""
    shared[0].reset()
    shared_clock.now = START
    return shared[0]


@pytest.fixture
def api(sandbox: Sandbox, shared: tuple[Sandbox, httpx.Client]) -> httpx.Client:
    """A client of the shared sandbox, which is empty."""
    assert sandbox.contacts() == []
    return shared[1]


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load((ROOT / "openapi/contacts.yaml").read_bytes(), loader)  # noqa: S506 - a safe loader, in C if available
    return loaded


@pytest.fixture
def edited(tmp_path: Path, document: dict[str, Any]) -> Edited:
    """Write a copy of the document after an edit."""

    def written(edit: Callable[[dict[str, Any]], None]) -> Path:
        copied = deepcopy(document)
        edit(copied)
        path = tmp_path / "contacts.yaml"
        path.write_text(json.dumps(copied), encoding="utf-8")  # JSON is YAML
        return path

    return written
