"""`Sandbox`: its settings, its life cycle, and what it shows."""

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import chain
from typing import Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.config import Options, Settings
from sendblue_sandbox.recorder import MAX_BYTES, MAX_REQUESTS, Received, RequestRecorder

from tests.sandbox.contacts_api import ADA, PATH, Connect, Serve


def test_invalid_setting() -> None:
    """An invalid setting, or half a pair of credentials, is a `ValueError` with its name and the valid values."""
    invalid: dict[str, list[Any]] = {
        "spelling": ["kebab", None],
        "bulk_existing": ["skip"],
        "bulk_max": [0, 1.5, True],
        "bulk_seconds_per_item": [-1, float("inf"), "2"],
        "offset_ceiling": ["ignore"],
        "limit": [0, -1, 1.5, True, "100"],
        "per": [0, -1, float("inf"), float("nan"), "10"],
        "max_body_bytes": [0],
        "read_lag": [-1, float("nan"), "2", True],
        "allowed_hosts": ["sandbox", ["a", 5], ["http://sandbox"], ["sandbox:4010"], ["*"], [""]],
        "port": [-1, 65_536, "4010"],
    }
    for name, value in ((name, value) for name, values in invalid.items() for value in values):
        with pytest.raises(ValueError, match=f"^{name}=.*Use "):
            Sandbox(**{name: value})
    pairs: list[Any] = [{"api_key": "k"}, {"api_secret": "s"}, {"api_key": "", "api_secret": "s"}]
    for pair in pairs:
        with pytest.raises(ValueError, match="api_key"):
            Sandbox(**pair)


def test_settings_are_consistent() -> None:
    """The arguments of `Sandbox`, its settings and the options of `run` are the same."""
    arguments = inspect.signature(Sandbox).parameters
    assert Options.__annotations__.keys() == arguments.keys() - {"clock"}
    assert {field.name: field.default for field in fields(Settings)} == {
        name: argument.default for name, argument in arguments.items() if name != "clock"
    }


def test_no_secret_in_reprs(serve: Serve, connect: Connect) -> None:
    """Neither the sandbox nor a recorded request shows credentials or bodies."""
    sandbox = serve(api_key="key", api_secret="secret")  # noqa: S106 - not a real secret
    connect(sandbox).post(PATH, json={"number": ADA, "first_name": "Ada"})
    shown = repr(sandbox) + repr(sandbox.requests) + repr(vars(sandbox))
    assert sandbox.url in shown
    assert not [word for word in ("secret'", "'key'", "Ada") if word in shown]


def test_ready_after_start_and_closed_after_stop() -> None:
    """Inside `with` the sandbox serves; afterwards the port is closed and no thread remains."""
    before = set(threading.enumerate())
    with Sandbox() as sandbox:
        url = sandbox.url
        assert httpx.get(f"{url}/nowhere", trust_env=False).status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert set(threading.enumerate()) <= before


def test_restart(serve: Serve, connect: Connect) -> None:
    """`stop` keeps the contacts, `start` serves them again, `close` loses them; repeating any is not an error."""
    sandbox = serve()
    connect(sandbox).post(PATH, json={"number": ADA})
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        sandbox.url  # noqa: B018 - the test reads it
    assert repr(sandbox) == "<Sandbox not running>"
    assert sandbox.start() is sandbox.start()
    assert connect(sandbox).get(f"{PATH}/count").json() == {"count": 1}
    sandbox.close()
    sandbox.close()
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.start()


def test_reset(serve: Serve, connect: Connect) -> None:
    """`reset` deletes contacts, opt-outs, requests and arrivals, and restarts the contact IDs."""
    sandbox = serve(limit=2, spelling="camel")
    api = connect(sandbox)
    api.post(PATH, json={"number": ADA, "firstName": "Ada"})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    assert sandbox.contacts()[0]["first_name"] == "Ada"  # preferred names, whatever the spelling of responses
    sandbox.reset()
    assert (sandbox.contacts(), sandbox.requests, sandbox.arrivals()) == ([], [], 0)
    contact = api.post(PATH, json={"number": ADA}).json()["contact"]
    assert (contact["contactId"], contact["optOut"]) == ("c_00000001", False)


def test_recorded_request(sandbox: Sandbox, api: httpx.Client) -> None:
    """A request is recorded as sent, percent-encoded, with its time and status, before the response is sent."""
    api.put(f"{PATH}/%2B1?a=%2B", json={"number": ADA})
    (received,) = sandbox.requests
    assert (received.method, received.path, received.query) == ("PUT", f"{PATH}/%2B1", "a=%2B")
    assert (received.at, received.status) == (1_705_314_600.123, 400)
    assert 0 < received.seconds < 5
    assert received.json() == {"number": ADA}
    assert received.headers["sb-api-key-id"] == "key"


def test_recorder_limits() -> None:
    """The oldest requests are dropped when there are more than 10,000, or when their bodies exceed 16 MiB."""
    requests = RequestRecorder()

    def add(body: bytes) -> None:
        requests.add(Received(at=0.0, method="POST", path=PATH, query="", headers={}, body=body, status=200))

    for number in range(MAX_REQUESTS + 5):
        add(str(number).encode())
    kept = requests.all()
    assert (len(kept), kept[0].body) == (MAX_REQUESTS, b"5")
    for _ in range(5):
        add(bytes(MAX_BYTES // 3))
    assert len(requests.all()) == 3


def test_concurrent_requests(sandbox: Sandbox, api: httpx.Client) -> None:
    """Simultaneous requests on many connections are all executed; each number and each ID occurs once."""

    def create(start: int) -> list[int]:
        numbers = [f"+1415555{number:04d}" for number in range(start, start + 10)]
        return [api.post(PATH, json={"number": number}).status_code for number in numbers]

    with ThreadPoolExecutor(4) as pool:
        codes = list(chain.from_iterable(pool.map(create, (0, 0, 5, 10))))
    assert (codes.count(200), codes.count(409)) == (20, 20)
    assert len({contact["contact_id"] for contact in sandbox.contacts()}) == 20


def test_internal_error(serve: Serve, connect: Connect) -> None:
    """An error in the sandbox gets 500 with the body of an error, and the server continues."""
    sandbox = serve()
    api = connect(sandbox)
    sandbox._state.context.store.close()  # pyright: ignore[reportPrivateUsage] - tests may access private members
    response = api.get(PATH)
    assert response.status_code == 500
    assert response.json() == {"status": "ERROR", "message": "Internal server error (ProgrammingError)"}
    assert api.get("/nowhere").status_code == 404
