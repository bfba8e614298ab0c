"""Lost responses, over real sockets: the sandbox applies a request, and the response does not arrive."""

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, product
from typing import Any

import pytest
from sendblue_contacts import (
    APIConnectionError,
    APIError,
    APITimeoutError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    Retry,
)
from sendblue_sandbox import Sandbox

from tests.overrides.clients import WITHOUT_PAUSES, run_client, unused_port
from tests.overrides.faulty_proxy import RESPONSE_LOST, Fault, FaultyProxy, faulty_proxy

ADA, BOB = "+14155551234", "+14155555678"
CONTACTS = "/api/v2/contacts"
ONE = f"{CONTACTS}/%2B14155551234"
POST, READ_BACK = f"POST {CONTACTS}", f"GET {ONE}"
LOST = Fault.RESET_AFTER


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Sandbox, FaultyProxy]]:
    """Return one sandbox with a faulty proxy in front of it, for all tests."""
    with Sandbox(limit=None) as sandbox, faulty_proxy(sandbox.url) as proxy:
        yield sandbox, proxy


@pytest.fixture
def sandbox(servers: tuple[Sandbox, FaultyProxy]) -> Sandbox:
    """Return the sandbox, without contacts."""
    servers[0].reset()
    return servers[0]


@pytest.fixture
def proxy(servers: tuple[Sandbox, FaultyProxy], sandbox: Sandbox) -> FaultyProxy:
    """Return the proxy in front of the empty sandbox."""
    assert sandbox.contacts() == []
    servers[1].faults.clear()
    servers[1].seen.clear()
    return servers[1]


@pytest.fixture(params=["sync", "asyncio"])
def run(request: pytest.FixtureRequest, proxy: FaultyProxy) -> Callable[..., Any]:
    """Run a call of a client through the proxy, with each kind of client."""

    def call(action: Callable[[Any], Any], **settings: Any) -> Any:
        return run_client(request.param, action, **{"base_url": proxy.url, "retry": WITHOUT_PAUSES, **settings})

    return call


def each_with_one_kind(names: str, cases: Iterable[tuple[Any, ...]]) -> pytest.MarkDecorator:
    """Parametrize a test with cases, each of them with one kind of client, in turn."""
    rows = [(kind, *case) for kind, case in zip(cycle(["sync", "asyncio"]), cases)]
    return pytest.mark.parametrize(f"run,{names}", rows, indirect=["run"])


def create(client: Any, name: str = "Ada") -> Any:
    """Create ADA."""
    return client.contacts.create(ADA, first_name=name)


# What each call returns and which requests are sent if ADA exists, its answer is lost once, and it succeeds.
SUCCESSES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any, list[str], list[str]]] = {
    "create": (
        lambda contacts: contacts.create(BOB, first_name="Bob", tags=["VIP"], custom_variables={"A": "b"}),
        lambda bob: (bob.phone, bob.first_name, bob.tags, bob.custom_variables),
        (BOB, "Bob", ["VIP"], {"A": "b"}),
        [POST, POST, f"GET {CONTACTS}/%2B14155555678"],
        [ADA, BOB],
    ),
    "upsert": (
        lambda contacts: contacts.upsert(ADA, first_name="Augusta"),
        lambda ada: ada.first_name,
        "Augusta",
        [POST] * 2,
        [ADA],
    ),
    "update": (
        lambda contacts: contacts.update(ADA, first_name="Augusta"),
        lambda ada: ada.first_name,
        "Augusta",
        [f"PUT {ONE}"] * 2,
        [ADA],
    ),
    "update of the number": (
        lambda contacts: contacts.update(ADA, phone_number=BOB),
        lambda bob: bob.phone,
        BOB,
        [f"PUT {ONE}"] * 2 + [f"GET {CONTACTS}/%2B14155555678"],
        [BOB],
    ),
    "delete": (lambda contacts: contacts.delete(ADA), lambda value: value, None, [f"DELETE {ONE}"] * 2, []),
    "opt_out": (
        lambda contacts: contacts.opt_out(ADA),
        lambda value: value.opted_out,
        True,
        [f"POST {CONTACTS}/opt-out"] * 2,
        [ADA],
    ),
    "count": (lambda contacts: contacts.count(), lambda value: value, 1, [f"GET {CONTACTS}/count"] * 2, [ADA]),
    "bulk.delete": (
        lambda contacts: contacts.bulk.delete([ADA]),
        lambda result: (result.deleted, result.failed),
        ([ADA], []),
        [f"DELETE {CONTACTS}"] * 2,
        [],
    ),
    "bulk.create": (  # a retry would report its own contacts as failures
        lambda contacts: contacts.bulk.create([{"phone": BOB}]),
        lambda result: [contact.phone for contact in result.created],
        [BOB],
        [f"POST {CONTACTS}/bulk", f"GET {CONTACTS}/%2B14155555678"],
        [ADA, BOB],
    ),
}
CASES = [
    (name, fault)
    for name, fault in product(SUCCESSES, RESPONSE_LOST)
    if name in {"create", "delete"} or RESPONSE_LOST.index(fault) == list(SUCCESSES).index(name) % 3
]


@each_with_one_kind("name,fault", CASES)
def test_a_lost_response_is_recovered(
    run: Callable[..., Any], proxy: FaultyProxy, sandbox: Sandbox, name: str, fault: Fault
) -> None:
    """The call is repeated or reconciled, and returns what the first request did; nothing is applied twice."""
    call, shown, value, requests, contacts = SUCCESSES[name]
    run(create)
    proxy.inject(fault)
    assert shown(run(lambda client: call(client.contacts))) == value
    assert (proxy.seen[1:], sorted(contact["phone"] for contact in sandbox.contacts())) == (requests, contacts)


# What happens to the requests of a creation, and the requests that are sent.
CREATIONS: list[tuple[list[Fault], list[str]]] = [
    ([], [POST]),
    ([Fault.SILENT_AFTER], [POST, POST, READ_BACK]),
    ([LOST, Fault.BAD_GATEWAY_AFTER], [POST, POST, POST, READ_BACK]),
    ([LOST, Fault.NONE, LOST], [POST, POST, READ_BACK, READ_BACK]),  # the read-back is retried too
    ([Fault.RESET_BEFORE], [POST, POST]),  # the request itself was lost, so the retry is the first creation
    ([Fault.TOO_MANY_REQUESTS], [POST, POST]),
]


@each_with_one_kind("faults,requests", CREATIONS)
def test_a_creation_is_applied_once(
    run: Callable[..., Any], proxy: FaultyProxy, sandbox: Sandbox, faults: list[Fault], requests: list[str]
) -> None:
    """Whatever happens to its requests, the call returns the one contact that it created."""
    proxy.inject(*faults)
    assert run(create, timeout=0.4).first_name == "Ada"
    assert (proxy.seen, len(sandbox.contacts())) == (requests, 1)


@each_with_one_kind("how", [("single",), ("bulk",)])
def test_reading_back_sends_no_extra_body(
    run: Callable[..., Any], proxy: FaultyProxy, sandbox: Sandbox, how: str
) -> None:
    """An extra body belongs to the creation; the request that reads the contact back has none, and does not fail."""
    proxy.inject(LOST)

    def call(client: Any) -> Any:
        if how == "bulk":
            return client.with_options(extra_body={"contacts": [{"phone": ADA}]}).contacts.bulk.create([{"phone": ADA}])
        return client.with_options(extra_body={"tags": ["VIP"]}).contacts.create(ADA)

    run(call)
    assert (len(sandbox.contacts()), proxy.seen[-1]) == (1, READ_BACK)


CONFLICT = r"the response to the creation was lost, .* \(the contact differs from what was sent: another program"
# A creation of ADA while another program's GRACE has the number: what happens to its requests, and the error.
CONFLICTS: list[tuple[Any, ...]] = [
    ([], ConflictError, "409"),
    ([Fault.TOO_MANY_REQUESTS], ConflictError, "409"),  # not applied, so the call is not ambiguous
    *(([fault], APIConnectionError, CONFLICT) for fault in (*RESPONSE_LOST, Fault.RESET_BEFORE)),
]


@each_with_one_kind("faults,error,text", CONFLICTS)
def test_a_conflict_with_another_contact(
    run: Callable[..., Any], sandbox: Sandbox, proxy: FaultyProxy, faults: list[Fault], error: type[APIError], text: str
) -> None:
    """It raises an error without the number, which says whether a response was lost; the contact is unchanged."""
    run(lambda client: create(client, "Grace"))
    before = sandbox.contacts()
    proxy.inject(*faults)
    with pytest.raises(error, match=text) as caught:
        run(create)
    assert (sandbox.contacts(), "4155551234" in str(caught.value)) == (before, False)
    if isinstance(caught.value, APIConnectionError):
        assert str(caught.value).startswith("GET /api/v2/contacts/+…: the response to the creation was lost")
        assert str(caught.value).endswith("retrieve the contact and compare it")


def verify(client: Any) -> Any:
    """Request a verification: a person receives it, so it is not repeated if it may have been sent."""
    return client.contacts.verify(ADA)


def delete(client: Any) -> Any:
    """Delete ADA."""
    return client.contacts.delete(ADA)


VERIFY = f"{POST}/verify"
# A call, what happens to its requests, settings, the error, and the requests that are sent.
FAILURES: list[tuple[Callable[[Any], Any], list[Fault], dict[str, Any], Any, list[str]]] = [
    *((verify, [fault], {}, (APIConnectionError, InternalServerError), [VERIFY]) for fault in RESPONSE_LOST),
    (verify, [Fault.RESET_BEFORE], {}, APIConnectionError, [VERIFY]),
    (verify, [Fault.SILENT_AFTER], {"timeout": 0.2}, APITimeoutError, [VERIFY]),
    (verify, [Fault.TOO_MANY_REQUESTS, LOST], {}, APIConnectionError, [VERIFY] * 2),
    (create, [LOST], {"retry": None}, APIConnectionError, [POST]),
    (create, [Fault.TRUNCATE_AFTER], {"retry": None}, APIConnectionError, [POST]),
    (delete, [], {}, NotFoundError, [f"DELETE {ONE}"]),
    (delete, [Fault.TOO_MANY_REQUESTS], {}, NotFoundError, [f"DELETE {ONE}"] * 2),
    (create, [Fault.SILENT_AFTER], {"retry": Retry(base=1e-9, deadline=0.2)}, APITimeoutError, [POST]),
]


@each_with_one_kind("call,faults,settings,error,requests", FAILURES)
def test_a_call_that_fails(
    run: Callable[..., Any],
    proxy: FaultyProxy,
    call: Callable[[Any], Any],
    faults: list[Fault],
    settings: dict[str, Any],
    error: Any,
    requests: list[str],
) -> None:
    """What may have been applied is not repeated unless that is safe; the error has the number of attempts."""
    proxy.inject(*faults)
    with pytest.raises(error) as caught:
        run(call, **settings)
    assert (proxy.seen, caught.value.attempts) == (requests, len(requests))


# A call that is repeated because its first request was not applied, and the number of requests.
NOT_APPLIED: list[tuple[Callable[[Any], Any], Fault, int]] = [
    (verify, Fault.TOO_MANY_REQUESTS, 2),
    (lambda client: client.contacts.bulk.create([{"phone": BOB}]), Fault.TOO_MANY_REQUESTS, 2),
    (lambda client: client.contacts.bulk.delete([BOB]), Fault.TOO_MANY_REQUESTS, 2),
    (lambda client: client.contacts.bulk.delete([BOB]), Fault.NONE, 1),
    (lambda client: client.contacts.upsert(BOB), Fault.RESET_BEFORE, 2),
]


@each_with_one_kind("call,fault,requests", NOT_APPLIED)
def test_a_request_that_was_not_applied_is_repeated(
    run: Callable[..., Any], proxy: FaultyProxy, call: Callable[[Any], Any], fault: Fault, requests: int
) -> None:
    """And its answer is taken as it is: a deletion of a missing contact is a failure."""
    proxy.inject(fault)
    result = run(call)
    assert (len(proxy.seen), len(getattr(result, "failed", []))) == (requests, int("DELETE" in proxy.seen[0]))


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_refused_connections_are_a_connection_error(kind: str) -> None:
    """Without a connection nothing can have arrived, so every call is retried; the error has the number of attempts."""
    with pytest.raises(APIConnectionError, match="check the network and base_url") as caught:
        run_client(kind, verify, base_url=f"http://127.0.0.1:{unused_port()}", retry=WITHOUT_PAUSES)
    assert (caught.value.attempts, caught.value.maybe_applied) == (3, False)
