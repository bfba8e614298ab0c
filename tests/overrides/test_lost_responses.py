"""Lost responses, over real sockets: the sandbox applies a request, and the response does not arrive."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sendblue_contacts import APIConnectionError, APIError, ConflictError, InternalServerError, NotFoundError
from sendblue_sandbox import Fault, Sandbox

from tests.overrides.clients import WITHOUT_PAUSES, each_with_one_kind, run_client, unused_port

ADA, BOB = "+14155551234", "+14155555678"
CONTACTS = "/api/v2/contacts"
ONE, TWO = f"{CONTACTS}/%2B14155551234", f"{CONTACTS}/%2B14155555678"
POST, BULK, VERIFY = f"POST {CONTACTS}", f"POST {CONTACTS}/bulk", f"POST {CONTACTS}/verify"
BULK_DELETE, READ_BACK = f"DELETE {CONTACTS}", f"GET {TWO}"

BEFORE = Fault(what="reset", times=1)
"""The connection is reset, and the request is not applied. The others lose the response to one that is."""
RESET = Fault(what="reset", after=True, times=1)
TRUNCATED = Fault(what="truncated", times=1)
BAD_GATEWAY = Fault(what="html", after=True, times=1)
TOO_MANY = Fault(status=429, times=1)
NOTHING = Fault(what="delay", times=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    """Return one sandbox for all tests."""
    with Sandbox(limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(server: Sandbox) -> Sandbox:
    """Return the sandbox, without contacts."""
    server.reset()
    return server


def run(kind: str, sandbox: Sandbox, call: Callable[[Any], Any], *faults: Fault, **settings: Any) -> Any:
    """Make a call whose requests have these faults, in this order."""
    sandbox.faults.add(*faults)
    return run_client(kind, call, **{"base_url": sandbox.url, "retry": WITHOUT_PAUSES, **settings})


def requests(sandbox: Sandbox) -> list[str]:
    """Return the requests that arrived."""
    return [f"{request.method} {request.path}" for request in sandbox.requests]


def create(client: Any, name: str = "Ada") -> Any:
    """Create ADA."""
    return client.contacts.create(ADA, first_name=name)


def with_body(client: Any, **body: Any) -> Any:
    """Return the contacts with an extra body, which the request that reads a contact back has not."""
    return client.with_options(extra_body=body).contacts


# A call if ADA exists, what to look at in its result, what is expected there, and the contacts after it.
CALLS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Any, list[str]]] = {
    "create": (
        lambda client: client.contacts.create(BOB, first_name="Bob", tags=["VIP"], custom_variables={"A": "b"}),
        lambda bob: (bob.phone, bob.first_name, bob.tags, bob.custom_variables),
        (BOB, "Bob", ["VIP"], {"A": "b"}),
        [ADA, BOB],
    ),
    "extra body": (
        lambda client: with_body(client, tags=["VIP"]).create(BOB),
        lambda bob: bob.tags,
        ["VIP"],
        [ADA, BOB],
    ),
    "upsert": (
        lambda client: client.contacts.upsert(ADA, first_name="Bea"),
        lambda it: it.first_name,
        "Bea",
        [ADA],
    ),
    "update": (
        lambda client: client.contacts.update(ADA, first_name="Bea"),
        lambda it: it.first_name,
        "Bea",
        [ADA],
    ),
    "new number": (lambda client: client.contacts.update(ADA, phone_number=BOB), lambda bob: bob.phone, BOB, [BOB]),
    "delete": (lambda client: client.contacts.delete(ADA), lambda value: value, None, []),
    "opt_out": (lambda client: client.contacts.opt_out(ADA), lambda value: value.opted_out, True, [ADA]),
    "verify": (lambda client: client.contacts.verify(ADA), lambda value: value, "OK", [ADA]),
    "count": (lambda client: client.contacts.count(), lambda value: value, 1, [ADA]),
    "bulk.delete": (
        lambda client: client.contacts.bulk.delete([ADA, BOB]),
        lambda result: (result.deleted, [failure.index for failure in result.failed]),
        ([ADA], [1]),
        [],
    ),
    "bulk.create": (
        lambda client: client.contacts.bulk.create([{"phone": BOB}]),
        lambda result: [contact.phone for contact in result.created],
        [BOB],
        [ADA, BOB],
    ),
    "extra body in bulk": (
        lambda client: with_body(client, contacts=[{"phone": BOB}]).bulk.create([{"phone": BOB}]),
        lambda result: [contact.phone for contact in result.created],
        [BOB],
        [ADA, BOB],
    ),
}
# What happens to the requests of a call, and the requests that are sent.
RECOVERED: list[tuple[str, list[Fault], list[str]]] = [
    *(("create", [fault], [POST, POST, READ_BACK]) for fault in (RESET, TRUNCATED, BAD_GATEWAY)),
    ("create", [RESET, BAD_GATEWAY], [POST, POST, POST, READ_BACK]),
    ("create", [RESET, NOTHING, RESET], [POST, POST, READ_BACK, READ_BACK]),  # the read-back is retried too
    ("create", [BEFORE], [POST, POST]),  # the request itself was lost, so the retry is the first creation
    ("create", [TOO_MANY], [POST, POST]),
    ("extra body", [RESET], [POST, POST, READ_BACK]),
    ("upsert", [RESET], [POST, POST]),
    ("upsert", [BEFORE], [POST, POST]),
    ("update", [TRUNCATED], [f"PUT {ONE}"] * 2),
    ("new number", [BAD_GATEWAY], [f"PUT {ONE}", f"PUT {ONE}", READ_BACK]),
    *(("delete", [fault], [f"DELETE {ONE}"] * 2) for fault in (RESET, TRUNCATED, BAD_GATEWAY)),
    ("opt_out", [TRUNCATED], [f"POST {CONTACTS}/opt-out"] * 2),
    ("verify", [TOO_MANY], [VERIFY] * 2),
    ("count", [BAD_GATEWAY], [f"GET {CONTACTS}/count"] * 2),
    ("bulk.delete", [TOO_MANY], [BULK_DELETE] * 2),  # a deletion of a missing contact is a failure
    ("bulk.delete", [NOTHING], [BULK_DELETE]),
    ("bulk.create", [RESET], [BULK, READ_BACK]),  # a retry would report its own contacts as failures
    ("bulk.create", [TOO_MANY], [BULK] * 2),
    ("extra body in bulk", [TRUNCATED], [BULK, READ_BACK]),
]


@each_with_one_kind("name,faults,sent", RECOVERED, "sync", "asyncio")
def test_a_lost_response_is_recovered(
    kind: str, sandbox: Sandbox, name: str, faults: list[Fault], sent: list[str]
) -> None:
    """The call is repeated or reconciled, and returns what the first request did; nothing is applied twice."""
    call, shown, value, contacts = CALLS[name]
    run(kind, sandbox, create)
    assert shown(run(kind, sandbox, call, *faults)) == value
    assert (requests(sandbox)[1:], sorted(each["phone"] for each in sandbox.contacts())) == (sent, contacts)


def test_a_bulk_deletion_whose_response_was_lost_reports_no_failure(sandbox: Sandbox) -> None:
    """The repeated request finds no contact any more."""
    run("sync", sandbox, create)
    result = run("sync", sandbox, lambda client: client.contacts.bulk.delete([ADA]), RESET)
    assert (result.deleted, result.failed, requests(sandbox)[1:]) == ([ADA], [], [BULK_DELETE] * 2)


CONFLICT = r"the response to the creation was lost, .* \(the contact differs from what was sent: another program"
# A creation of ADA while another program's GRACE has the number: what happens to its requests, and the error.
CONFLICTS: list[tuple[Any, ...]] = [
    ([], ConflictError, "409"),
    ([TOO_MANY], ConflictError, "409"),  # not applied, so the call is not ambiguous
    *(([fault], APIConnectionError, CONFLICT) for fault in (RESET, BAD_GATEWAY, BEFORE)),
]


@each_with_one_kind("faults,error,text", CONFLICTS, "sync", "asyncio")
def test_a_conflict_with_another_contact(
    kind: str, sandbox: Sandbox, faults: list[Fault], error: type[APIError], text: str
) -> None:
    """It raises an error without the number, which says whether a response was lost; the contact is unchanged."""
    run(kind, sandbox, lambda client: create(client, "Grace"))
    before = sandbox.contacts()
    with pytest.raises(error, match=text) as caught:
        run(kind, sandbox, create, *faults)
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


# A call, what happens to its requests, settings, the error, and the requests that are sent.
FAILURES: list[tuple[Callable[[Any], Any], list[Fault], dict[str, Any], Any, list[str]]] = [
    *((verify, [fault], {}, APIConnectionError, [VERIFY]) for fault in (RESET, TRUNCATED, BEFORE)),
    (verify, [BAD_GATEWAY], {}, InternalServerError, [VERIFY]),
    (verify, [TOO_MANY, RESET], {}, APIConnectionError, [VERIFY] * 2),
    *((create, [fault], {"retry": None}, APIConnectionError, [POST]) for fault in (RESET, TRUNCATED)),
    (delete, [], {}, NotFoundError, [f"DELETE {ONE}"]),
    (delete, [TOO_MANY], {}, NotFoundError, [f"DELETE {ONE}"] * 2),
]


@each_with_one_kind("call,faults,settings,error,sent", FAILURES, "sync", "asyncio")
def test_a_call_that_fails(
    kind: str,
    sandbox: Sandbox,
    call: Callable[[Any], Any],
    faults: list[Fault],
    settings: dict[str, Any],
    error: Any,
    sent: list[str],
) -> None:
    """What may have been applied is not repeated unless that is safe; the error has the number of attempts."""
    with pytest.raises(error) as caught:
        run(kind, sandbox, call, *faults, **settings)
    assert (requests(sandbox), caught.value.attempts) == (sent, len(sent))


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_refused_connections_are_a_connection_error(kind: str) -> None:
    """Without a connection nothing can have arrived, so every call is retried; the error has the number of attempts."""
    with pytest.raises(APIConnectionError, match="check the network and base_url") as caught:
        run_client(kind, verify, base_url=f"http://127.0.0.1:{unused_port()}", retry=WITHOUT_PAUSES)
    assert (caught.value.attempts, caught.value.maybe_applied) == (3, False)
