"""The examples for dlt, Airflow and FastAPI: the first two with a stand-in for the decorators, which are not installed.

The stand-ins check what the example passes to the decorators, and return the function that is decorated. The app runs
with real worker processes.
"""

from __future__ import annotations

import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sendblue_contacts import BulkError
from sendblue_sandbox import Sandbox

EXAMPLES = Path(__file__).parents[3] / "examples"
ADA, GRACE = "+14155551234", "+14155551235"
LIMIT = 100


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox with a rate limit, whose URL and credentials are in the environment."""
    with Sandbox(limit=LIMIT) as running:
        monkeypatch.setenv("SENDBLUE_API_BASE_URL", running.url)
        monkeypatch.setenv("SENDBLUE_API_API_KEY", "key")
        monkeypatch.setenv("SENDBLUE_API_API_SECRET", "secret")
        yield running


def stand_in(settings: dict[str, dict[str, Any]]) -> Callable[..., Any]:
    """Return a decorator with arguments that records them, under the name of the function."""

    def decorator(**arguments: Any) -> Callable[[Any], Any]:
        def decorate(function: Any) -> Any:
            settings[function.__name__] = arguments
            return function

        return decorate

    return decorator


def loaded(path: str, monkeypatch: pytest.MonkeyPatch, **modules: Any) -> dict[str, Any]:
    """Run an example with these modules in place of those that it imports, and return its names."""
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name.replace("_", "."), module)
    return runpy.run_path(str(EXAMPLES / path))


def test_dlt(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The destination creates rows, also if dlt repeats a batch, and the resource yields what the account has."""
    settings: dict[str, dict[str, Any]] = {}
    module = SimpleNamespace(resource=stand_in(settings), destination=stand_in(settings))
    example = loaded("dlt_pipeline/contacts.py", monkeypatch, dlt=module)
    rows = [{"phone": ADA, "first_name": "Ada"}, {"phone": GRACE, "first_name": None}]
    for _ in range(2):
        example["sendblue"](rows, {"name": "crm"})
    pages = list(example["contacts"]())
    assert [contact["phone"] for page in pages for contact in page] == [ADA, GRACE]
    assert len(sandbox.contacts()) == 2
    with pytest.raises(BulkError) as caught:
        example["sendblue"]([*rows, {"phone": "415 555 1234"}], {"name": "crm"})
    assert "555" not in str(caught.value).replace(ADA, "")
    assert settings["contacts"] == {"name": "contacts", "primary_key": "phone", "write_disposition": "merge"}
    assert settings["sendblue"]["skip_dlt_columns_and_tables"] is True


def test_airflow(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The task syncs a Parquet file and returns counts; a sync that stops raises, so that Airflow repeats it."""
    settings: dict[str, dict[str, Any]] = {}
    calls: list[str] = []

    def task(**arguments: Any) -> Callable[[Any], Any]:
        return lambda function: SimpleNamespace(function=function, call=calls.append, settings=arguments)

    def deferred(**arguments: Any) -> Callable[[Any], Any]:
        return lambda function: lambda: settings.setdefault(function.__name__, arguments)

    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / name)
    example = loaded("airflow_sync/contacts_dag.py", monkeypatch, airflow_sdk=SimpleNamespace(task=task, dag=deferred))
    path = tmp_path / "contacts.parquet"
    pq.write_table(pa.table({"phone": [ADA, GRACE], "first_name": ["Ada", None]}), path)
    sync = example["sync_contacts"].function
    sandbox.faults.add(what="status", operation="bulk_create_contacts", status=401, times=1)
    with pytest.raises(RuntimeError, match="the sync stopped: "):
        sync(str(path))
    assert sync(str(path)) == {"created": 2, "updated": 0, "deleted": 0, "rejected": 0}
    assert sync(str(path))["created"] == 0
    assert settings["contacts"]["max_active_runs"] == 1
    assert example["sync_contacts"].settings["retries"] == 3


def served_app(url: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    """Start the app with two worker processes that share a slot file."""
    environment = {**os.environ, "SENDBLUE_RATE_LIMIT_STORE": f"file://{tmp_path}/slots"}
    address = ["--port", url.rpartition(":")[2], "--workers", "2", "--log-level", "warning"]
    command = [sys.executable, "-m", "uvicorn", "app:app", *address]
    return subprocess.Popen(command, cwd=EXAMPLES / "fastapi_app", env=environment)


def test_fastapi(sandbox: Sandbox, tmp_path: Path) -> None:
    """All requests of both workers keep one limit; errors have a status of their own, and show no number."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    app = served_app(url, tmp_path)
    numbers = [f"+1415{5_550_000 + index}" for index in range(LIMIT + 20)]
    try:
        with httpx.Client(base_url=url, timeout=90, transport=httpx.HTTPTransport(retries=8)) as client:
            assert client.get(f"/contacts/{ADA}").status_code == 404
            with ThreadPoolExecutor(40) as pool:
                statuses = [
                    *pool.map(lambda phone: client.post("/contacts", json={"phone": phone}).status_code, numbers)
                ]
            invalid = client.post("/contacts", json={"phone": "415 555 1234"})
    finally:
        app.terminate()
        app.wait()
    assert statuses == [201] * len(numbers)
    assert (len(sandbox.contacts()), sandbox.arrivals() <= LIMIT) == (len(numbers), True)
    assert 429 not in {each.status for each in sandbox.requests}
    assert (invalid.status_code, "555" in invalid.text.replace(ADA, "")) == (422, False)
