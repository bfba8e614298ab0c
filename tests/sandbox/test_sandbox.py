"""`Sandbox`: its settings, its life, and what it tells about itself."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import chain
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.config import Options, Settings
from sendblue_sandbox.recorder import MOST_BYTES, MOST_REQUESTS, Received, Requests

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/api/v2/contacts"
ADA = "+14155551234"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spelling", "kebab"),
        ("spelling", None),
        ("bulk_existing", "skip"),
        ("offset_ceiling", "ignore"),
        ("limit", 0),
        ("limit", -1),
        ("limit", 1.5),
        ("limit", True),
        ("limit", "100"),
        ("per", 0),
        ("per", -1),
        ("per", float("inf")),
        ("per", float("nan")),
        ("per", "10"),
        ("max_body_bytes", 0),
        ("port", -1),
        ("port", 65_536),
        ("port", "4010"),
    ],
)
def test_a_bad_setting_is_refused(name: str, value: Any) -> None:  # noqa: ANN401 - of any type
    """A setting that cannot be is a `ValueError` at construction, with its name and what to give instead."""
    with pytest.raises(ValueError, match=f"^{name}=.*: give "):
        Sandbox(**{name: value})


@pytest.mark.parametrize("pair", [{"api_key": "k"}, {"api_secret": "s"}, {"api_key": "", "api_secret": "s"}])
def test_half_a_pair_is_refused(pair: Any) -> None:  # noqa: ANN401 - some settings
    """A key without a secret, or an empty one, is a `ValueError` at construction."""
    with pytest.raises(ValueError, match="api_key"):
        Sandbox(**pair)


def test_settings_are_listed_alike() -> None:
    """The arguments of `Sandbox`, the settings it keeps and those of the command are the same."""
    arguments = inspect.signature(Sandbox).parameters
    assert Options.__annotations__.keys() == arguments.keys() - {"clock"}
    assert {field.name: field.default for field in fields(Settings)} == {
        name: argument.default for name, argument in arguments.items() if name != "clock"
    }


def test_it_shows_no_secret(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """Neither the sandbox nor what it kept of a request shows credentials or bodies."""
    sandbox = serve(api_key="key", api_secret="secret")  # noqa: S106 - of a sandbox
    connect(sandbox).post(PATH, json={"number": ADA, "first_name": "Ada"})
    shown = repr(sandbox) + repr(sandbox.requests) + repr(vars(sandbox))
    assert sandbox.url in shown
    assert not [word for word in ("secret'", "'key'", "Ada") if word in shown]


def test_it_has_no_address_before_it_runs() -> None:
    """The address of a sandbox that is not running is a `RuntimeError` that says how to start it."""
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        sandbox.url  # noqa: B018 - reading it is what is tested
    sandbox.close()
    assert repr(sandbox) == "<Sandbox not running>"


def test_it_is_ready_when_it_has_started_and_gone_when_it_has_stopped() -> None:
    """A sandbox serves as soon as `with` is entered; after it the port is closed and no thread is left."""
    before = set(threading.enumerate())
    with Sandbox() as sandbox:
        url = sandbox.url
        assert httpx.get(f"{url}/nowhere", trust_env=False).status_code == 404
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert set(threading.enumerate()) <= before


def test_it_stops_though_a_connection_is_open(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]
) -> None:
    """A connection that is kept alive does not hold up the end."""
    sandbox = serve()
    connect(sandbox).get(PATH)
    sandbox.close()
    assert repr(sandbox) == "<Sandbox not running>"


def test_it_can_stop_and_start_again(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """`stop` keeps the contacts, `start` serves them again, and doing either twice is no error."""
    sandbox = serve()
    connect(sandbox).post(PATH, json={"number": ADA})
    sandbox.stop()
    sandbox.stop()
    assert sandbox.start() is sandbox.start()
    assert connect(sandbox).get(f"{PATH}/count").json() == {"count": 1}


def test_a_closed_sandbox_does_not_start(serve: Callable[..., Sandbox]) -> None:
    """After `close` the contacts are gone, so `start` is a `RuntimeError`; closing twice is no error."""
    sandbox = serve()
    sandbox.close()
    sandbox.close()
    with pytest.raises(RuntimeError, match="closed"):
        sandbox.start()


def test_several_run_at_once(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """Sandboxes beside each other have addresses and contacts of their own."""
    one, other = serve(), serve()
    connect(one).post(PATH, json={"number": ADA})
    assert connect(other).get(f"{PATH}/count").json() == {"count": 0}
    assert one.url != other.url


def test_a_taken_port_is_told(serve: Callable[..., Sandbox]) -> None:
    """A port that is in use is an `OSError` that names it and says what to do."""
    port = httpx.URL(serve().url).port
    with pytest.raises(OSError, match=f"port {port} .*choose another"), Sandbox(port=port or 0):
        pass


def test_the_app_has_the_same_state(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """What is done in this process through `asgi` is seen over HTTP."""
    sandbox = serve()

    async def create() -> httpx.Response:
        transport = httpx.ASGITransport(sandbox.asgi)
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            headers = {"sb-api-key-id": "k", "sb-api-secret-key": "s"}
            return await client.post(PATH, json={"number": ADA}, headers=headers)

    assert asyncio.run(create()).status_code == 200
    assert connect(sandbox).get(f"{PATH}/count").json() == {"count": 1}


def test_contacts_are_told_under_preferred_names(
    serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]
) -> None:
    """`contacts()` is every contact in snake_case, in the order of their making, whatever the spelling of answers."""
    sandbox = serve(spelling="camel")
    api = connect(sandbox)
    for number in (ADA, "+14155550001"):
        api.post(PATH, json={"number": number, "firstName": "Ada"})
    assert [(each["phone"], each["first_name"]) for each in sandbox.contacts()] == [
        (ADA, "Ada"),
        ("+14155550001", "Ada"),
    ]


def test_reset_forgets_everything(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """`reset` forgets contacts, opt-outs, requests and arrivals, and counts IDs from one again."""
    sandbox = serve(limit=2)
    api = connect(sandbox)
    api.post(PATH, json={"number": ADA})
    api.post(f"{PATH}/opt-out", json={"number": ADA})
    sandbox.reset()
    assert (sandbox.contacts(), sandbox.requests, sandbox.arrivals()) == ([], [], 0)
    contact = api.post(PATH, json={"number": ADA}).json()["contact"]
    assert (contact["contact_id"], contact["opt_out"]) == ("c_00000001", False)


def test_what_arrived_can_be_looked_at(sandbox: Sandbox, api: httpx.Client) -> None:
    """A request is kept as it was sent, with its arrival and the status of its answer, before the answer goes out."""
    api.post(f"{PATH}?a=%2B", json={"number": ADA})
    (received,) = sandbox.requests
    assert (received.method, received.path, received.query) == ("POST", PATH, "a=%2B")
    assert (received.at, received.status) == (1_705_314_600.123, 400)
    assert 0 < received.seconds < 5
    assert received.json() == {"number": ADA}
    assert received.headers["sb-api-key-id"] == "key"


def test_a_path_is_kept_as_it_was_sent(sandbox: Sandbox, api: httpx.Client) -> None:
    """The path of a kept request has its percent signs, so that a test can see how a client escapes."""
    api.get(f"{PATH}/%2B14155551234")
    assert (sandbox.requests[0].path, sandbox.requests[0].status) == (f"{PATH}/%2B14155551234", 404)


def received(body: bytes) -> Received:
    """A request with this body."""
    return Received(at=0.0, method="POST", path=PATH, query="", headers={}, body=body, status=200)


def test_only_so_many_requests_are_kept() -> None:
    """The oldest requests are forgotten when there are more than 10,000."""
    requests = Requests()
    for number in range(MOST_REQUESTS + 5):
        requests.add(received(str(number).encode()))
    kept = requests.all()
    assert (len(kept), kept[0].body) == (MOST_REQUESTS, b"5")


def test_only_so_many_bytes_are_kept() -> None:
    """The oldest requests are forgotten when their bodies are more than 16 MiB together."""
    requests = Requests()
    for _ in range(5):
        requests.add(received(bytes(MOST_BYTES // 3)))
    assert len(requests.all()) == 3


def test_threads_do_not_lose_each_others_work(sandbox: Sandbox, api: httpx.Client) -> None:
    """Requests of many connections at once all happen, each number once, each ID once."""
    headers = dict(api.headers)

    def create(start: int) -> list[int]:
        with httpx.Client(base_url=sandbox.url, headers=headers, trust_env=False) as client:
            numbers = [f"+1415555{number:04d}" for number in range(start, start + 30)]
            return [client.post(PATH, json={"number": number}).status_code for number in numbers]

    with ThreadPoolExecutor(4) as pool:
        codes = list(chain.from_iterable(pool.map(create, (0, 0, 15, 30))))
    assert (codes.count(200), codes.count(409)) == (60, 60)
    assert len({contact["contact_id"] for contact in sandbox.contacts()}) == 60


def test_an_error_inside_is_a_500_in_json(serve: Callable[..., Sandbox], connect: Callable[..., httpx.Client]) -> None:
    """A fault of the sandbox answers 500 with a body like any error, and the server lives."""
    sandbox = serve()
    api = connect(sandbox)
    sandbox._state.desk.store.close()  # pyright: ignore[reportPrivateUsage] - a test may look inside
    response = api.get(PATH)
    assert response.status_code == 500
    assert response.json() == {"status": "ERROR", "message": "Internal server error (ProgrammingError)"}
    assert api.get("/nowhere").status_code == 404
