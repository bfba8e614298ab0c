"""DNS rebinding: a sandbox refuses requests for host names of others, and from pages of other sites, on every route."""

import httpx
import pytest
from sendblue_sandbox import Sandbox
from sendblue_sandbox.api.document import Document
from sendblue_sandbox.server.control_api import CONTROLS

from tests.sandbox.contacts_api import ADA, PATH, Connect, Serve, exchange, outcome

PAGES = [
    *("/", "/docs", "/docs/openapi.json", "/docs/files/swagger-ui.css", "/_sandbox/page/app.js", "/favicon.ico"),
    "/nowhere",
]
OPERATIONS = [(each.method, each.path.replace("{phone_number}", ADA)) for each in Document().operations]
ROUTES = [
    *(("GET", page) for page in PAGES),
    *((method, path) for path, methods in CONTROLS.items() for method in methods),
    *OPERATIONS,
]


@pytest.fixture(params=["127.0.0.1", "0.0.0.0", "::1"])  # noqa: S104 - this is what the test checks
def bound(request: pytest.FixtureRequest, serve: Serve) -> Sandbox:
    """A sandbox with a contact, on the loopback interface or on all interfaces."""
    sandbox = serve(host=request.param)
    sandbox.seed(1)
    return sandbox


def url_of(sandbox: Sandbox) -> httpx.URL:
    """Return an address of a sandbox to which a client can connect."""
    return httpx.URL(sandbox.url.replace("//0.", "//127."))  # 0.0.0.0 is any address of this machine


def test_every_route_is_checked(bound: Sandbox, connect: Connect) -> None:
    """The name of another site in `Host`, or another `Origin`, gets 403 on every route; nothing is read or changed."""
    api, port = connect(bound), url_of(bound).port
    api.base_url = url_of(bound)
    attacks = {"Host": f"rebound.example:{port}"}, {"Origin": "http://rebound.example"}, {"Origin": "null"}
    for method, path in ROUTES:
        for headers in attacks:
            response = api.request(method, path, headers=headers, json={} if method in {"POST", "PUT"} else None)
            assert (method, path, response.status_code, len(response.content) < 300) == (method, path, 403, True)
    assert (len(bound.contacts()), bound.requests) == (1, [])


def test_own_pages_work(bound: Sandbox, connect: Connect) -> None:
    """The pages, the reference and the control API work under the address of the sandbox and `localhost`."""
    api, port = connect(bound), url_of(bound).port
    api.base_url = url_of(bound)
    for host in (url_of(bound).netloc.decode(), f"localhost:{port}"):
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert {api.get(page, headers=headers).status_code for page in PAGES[:5]} == {200}
        assert api.post("/_sandbox/seed", headers=headers, json={"count": 1}).status_code == 200
        assert api.get(PATH, headers=headers).status_code == 200
        servers = api.get("/docs/openapi.json", headers=headers).json()["servers"]
        assert [server["url"] for server in servers] == [f"http://{host}"]


HOSTS = {
    "127.0.0.1": 200,
    "192.168.1.20:4010": 200,
    "[fe80::1]:80": 200,
    "localhost.": 200,
    "app.LocalHost": 200,
    "contacts.test:4010": 200,
    "SANDBOX": 200,
    "sandbox.example": 403,
    "evil-localhost": 403,
    "localhost.example": 403,
    "127.0.0.1.example": 403,
    "127.0.0.1:4010.example": 400,
    "user@localhost": 400,
    "localhost/": 400,
    "": 400,
}
ORIGINS = {
    "https://contacts.test:4010": 200,  # behind a proxy that ends TLS
    "http://contacts.test": 403,
    "http://pages.test:4010": 403,
    "http://[": 403,
}


def test_host_and_origin(serve: Serve, connect: Connect) -> None:
    """IP addresses, `localhost` and `allowed_hosts` are valid hosts; a page must come from the host of the request."""
    api = connect(serve(allowed_hosts=["contacts.test", "Sandbox", "pages.test"]))
    assert {host: api.get(PATH, headers={"Host": host}).status_code for host in HOSTS} == HOSTS
    headers = {"Host": "contacts.test:4010"}
    assert {origin: api.get(PATH, headers={**headers, "Origin": origin}).status_code for origin in ORIGINS} == ORIGINS


def test_two_hosts(sandbox: Sandbox) -> None:
    """Two `Host` headers are refused, because a proxy may use the other one."""
    response = exchange(sandbox, f"GET {PATH} HTTP/1.1\r\nhost: localhost\r\nhost: rebound.example\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 400")


def test_message(serve: Serve, connect: Connect) -> None:
    """The message names the host and the settings that allow it; the body has the form of every error."""
    status, message = outcome(connect(serve()).get(PATH, headers={"Host": "sandbox:4010"}))
    assert status == 403
    assert message.startswith("sandbox is not a host name of this sandbox (header Host). Use its IP address or ")
    assert message.endswith("start it with allowed_hosts=, on the command line --allowed-hosts")


def test_requests_in_this_process_are_not_checked() -> None:
    """A client in this process can use any address."""
    sandbox = Sandbox()
    with httpx.Client(transport=sandbox.transport, base_url="http://anything.example") as client:
        assert client.get("/_sandbox/state", headers={"Origin": "http://other.example"}).status_code == 200
    sandbox.close()
