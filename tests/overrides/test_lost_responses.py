"""Lost responses, over real sockets: the sandbox applies a request, and the response does not arrive."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sendblue_contacts import (
    APIConnectionError,
    APITimeoutError,
    ConflictError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    Retry,
)
from sendblue_sandbox import Sandbox

from tests.overrides.clients import WITHOUT_PAUSES, each_choice, run_client
from tests.overrides.faulty_proxy import RESPONSE_LOST, Fault, FaultyProxy, faulty_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA = "+14155551234"
BOB = "+14155555678"
CONTACTS = "/api/v2/contacts"

Run = Callable[..., Any]


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
def run(request: pytest.FixtureRequest, proxy: FaultyProxy) -> Run:
    """Run a call of a client through the proxy, with each kind of client."""

    def call(action: Callable[[Any], Any], **settings: Any) -> Any:  # noqa: ANN401  # of any type
        return run_client(request.param, action, **{"base_url": proxy.url, "retry": WITHOUT_PAUSES, **settings})

    return call


each_fault = pytest.mark.parametrize(
    ("run", "fault"), each_choice(["sync", "asyncio"], RESPONSE_LOST), indirect=["run"]
)
"""Each fault once, with alternating clients."""


def test_without_faults_a_creation_is_one_request(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """The proxy forwards requests and responses."""
    assert run(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (proxy.seen, len(sandbox.contacts())) == ([f"POST {CONTACTS}"], 1)


@each_fault
def test_a_creation_with_a_lost_response_returns_its_contact(
    run: Run, proxy: FaultyProxy, sandbox: Sandbox, fault: Fault
) -> None:
    """The call returns the contact instead of failing with a conflict that it caused itself; one contact exists."""
    proxy.inject(fault)
    ada = run(lambda client: client.contacts.create(ADA, first_name="Ada", tags=["VIP"], custom_variables={"A": "b"}))
    assert (ada.phone, ada.first_name, ada.tags, ada.custom_variables) == (ADA, "Ada", ["VIP"], {"A": "b"})
    assert len(sandbox.contacts()) == 1
    assert proxy.seen == [f"POST {CONTACTS}", f"POST {CONTACTS}", f"GET {CONTACTS}/%2B14155551234"]


def test_a_creation_with_a_late_response_returns_its_contact(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """A timeout after the request was applied is a lost response like any other."""
    proxy.inject(Fault.SILENT_AFTER)
    ada = run(lambda client: client.contacts.create(ADA, first_name="Ada"), timeout=0.4)
    assert (ada.first_name, len(sandbox.contacts())) == ("Ada", 1)


def test_a_creation_can_lose_two_responses(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """The response to the retry may be lost too."""
    proxy.inject(Fault.RESET_AFTER, Fault.BAD_GATEWAY_AFTER)
    assert run(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert len(sandbox.contacts()) == 1


def test_reading_back_is_retried_too(run: Run, proxy: FaultyProxy) -> None:
    """The response to the request that reads the contact back may be lost too."""
    proxy.inject(Fault.RESET_AFTER, Fault.NONE, Fault.RESET_AFTER)
    assert run(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"


@pytest.mark.parametrize("how", ["single", "bulk"])
def test_reading_back_sends_no_extra_body(run: Run, proxy: FaultyProxy, sandbox: Sandbox, how: str) -> None:
    """An extra body belongs to the creation; the request that reads the contact back has none, and does not fail."""
    proxy.inject(Fault.RESET_AFTER)

    def create(client: Any) -> Any:  # noqa: ANN401  # either client
        if how == "bulk":
            return client.with_options(extra_body={"contacts": [{"phone": ADA}]}).contacts.bulk.create([{"phone": ADA}])
        return client.with_options(extra_body={"tags": ["VIP"]}).contacts.create(ADA)

    run(create)
    assert (len(sandbox.contacts()), proxy.seen[-1]) == (1, f"GET {CONTACTS}/%2B14155551234")


def test_a_creation_that_never_arrived_is_one_creation(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """If the request itself was lost, the retry creates the contact without reading it back."""
    proxy.inject(Fault.RESET_BEFORE)
    assert run(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (proxy.seen, len(sandbox.contacts())) == ([f"POST {CONTACTS}"] * 2, 1)


def test_a_creation_after_a_429_is_one_creation(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """A 429 was not applied, so the retry is the first creation."""
    proxy.inject(Fault.TOO_MANY_REQUESTS)
    assert run(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (len(proxy.seen), len(sandbox.contacts())) == (2, 1)


def test_a_conflict_after_a_429_is_a_conflict(run: Run, proxy: FaultyProxy) -> None:
    """After a 429 the call is not ambiguous: another program created the contact."""
    run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    proxy.inject(Fault.TOO_MANY_REQUESTS)
    with pytest.raises(ConflictError):
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))


@pytest.mark.parametrize("fault", [*RESPONSE_LOST, Fault.RESET_BEFORE])
def test_a_lost_response_and_another_contact_raise(run: Run, proxy: FaultyProxy, fault: Fault) -> None:
    """If the existing contact differs from what was sent, the error says so."""
    run(lambda client: client.contacts.create(ADA, first_name="Grace"))
    proxy.inject(fault)
    with pytest.raises(
        APIConnectionError, match="the response to the creation was lost, and the contact that now has this number"
    ):
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))


def test_reconciling_does_not_change_another_contact(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """A conflict is reconciled by reading only."""
    run(lambda client: client.contacts.create(ADA, first_name="Grace"))
    before = sandbox.contacts()
    proxy.inject(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert sandbox.contacts() == before


def test_a_contact_that_was_deleted_meanwhile_raises(run: Run) -> None:
    """If the contact is deleted before it is read back, the error says that the response was lost."""
    attempts: list[int] = []
    responses = iter([httpx.Response(409), httpx.Response(404)])

    def respond(_: httpx.Request) -> httpx.Response:
        attempts.append(1)
        if len(attempts) == 1:
            raise httpx.ReadError("reset")
        return next(responses)

    with pytest.raises(APIConnectionError, match="the response to the creation was lost"):
        run(lambda client: client.contacts.create(ADA), transport=httpx.MockTransport(respond))


def test_a_conflict_at_the_first_attempt_is_a_conflict(run: Run, proxy: FaultyProxy) -> None:
    """A 409 to the only request is a `ConflictError`, even if the contact equals what was sent."""
    run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    proxy.seen.clear()
    with pytest.raises(ConflictError) as caught:
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (caught.value.attempts, proxy.seen) == (1, [f"POST {CONTACTS}"])


def test_a_creation_that_loses_every_response_is_a_connection_error(
    run: Run, proxy: FaultyProxy, sandbox: Sandbox
) -> None:
    """The error has the number of attempts."""
    proxy.inject(*[Fault.RESET_AFTER] * 3)
    with pytest.raises(APIConnectionError) as caught:
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (caught.value.attempts, len(sandbox.contacts())) == (3, 1)


def test_without_retries_a_lost_response_is_a_connection_error(run: Run, proxy: FaultyProxy) -> None:
    """With `retry=None` nothing is retried or reconciled."""
    proxy.inject(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        run(lambda client: client.contacts.create(ADA), retry=None)
    assert len(proxy.seen) == 1


def test_a_truncated_response_is_a_connection_error(run: Run, proxy: FaultyProxy) -> None:
    """It is an error of this library, not of httpx."""
    proxy.inject(Fault.TRUNCATE_AFTER)
    with pytest.raises(APIConnectionError):
        run(lambda client: client.contacts.create(ADA), retry=None)


@each_fault
def test_a_deletion_with_a_lost_response_succeeds(run: Run, proxy: FaultyProxy, sandbox: Sandbox, fault: Fault) -> None:
    """The 404 of the retry means that the first request deleted the contact."""
    run(lambda client: client.contacts.create(ADA))
    proxy.inject(fault)
    assert run(lambda client: client.contacts.delete(ADA)) is None
    assert sandbox.contacts() == []


def test_a_deletion_that_never_arrived_is_retried(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """If the request itself was lost, the retry deletes."""
    run(lambda client: client.contacts.create(ADA))
    proxy.inject(Fault.RESET_BEFORE)
    run(lambda client: client.contacts.delete(ADA))
    assert sandbox.contacts() == []


def test_deleting_a_missing_contact_raises(run: Run, proxy: FaultyProxy) -> None:
    """A 404 to the only request is a `NotFoundError`."""
    with pytest.raises(NotFoundError):
        run(lambda client: client.contacts.delete(ADA))
    assert len(proxy.seen) == 1


def test_deleting_a_missing_contact_after_a_429_raises(run: Run, proxy: FaultyProxy) -> None:
    """After a 429 the call is not ambiguous."""
    proxy.inject(Fault.TOO_MANY_REQUESTS)
    with pytest.raises(NotFoundError):
        run(lambda client: client.contacts.delete(ADA))


@pytest.mark.parametrize("fault", [*RESPONSE_LOST, Fault.RESET_BEFORE])
def test_a_verification_that_may_have_arrived_is_not_retried(run: Run, proxy: FaultyProxy, fault: Fault) -> None:
    """A person receives it, so a lost response is an error and not a second message."""
    proxy.inject(fault)
    with pytest.raises((APIConnectionError, InternalServerError)):
        run(lambda client: client.contacts.verify(ADA))
    assert proxy.seen == [f"POST {CONTACTS}/verify"]


def test_a_verification_that_timed_out_is_not_retried(run: Run, proxy: FaultyProxy) -> None:
    """A late response is a lost response."""
    proxy.inject(Fault.SILENT_AFTER)
    with pytest.raises(APITimeoutError) as caught:
        run(lambda client: client.contacts.verify(ADA), timeout=0.2)
    assert (caught.value.attempts, len(proxy.seen)) == (1, 1)


def test_a_verification_is_retried_after_a_429(run: Run, proxy: FaultyProxy) -> None:
    """A 429 was not applied, so no message was sent."""
    proxy.inject(Fault.TOO_MANY_REQUESTS)
    assert run(lambda client: client.contacts.verify(ADA)) == "OK"
    assert len(proxy.seen) == 2


def test_a_verification_after_a_429_stops_at_a_lost_response(run: Run, proxy: FaultyProxy) -> None:
    """Each attempt is classified separately: retried after the 429, and not after the reset."""
    proxy.inject(Fault.TOO_MANY_REQUESTS, Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        run(lambda client: client.contacts.verify(ADA))
    assert len(proxy.seen) == 2


class RefusedFirst(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport whose first connection is refused, over real sockets."""

    def __init__(self) -> None:
        self._ports: list[int] = [_unused_port()]
        self._sync: httpx.HTTPTransport | None = None
        self._async: httpx.AsyncHTTPTransport | None = None

    def _redirected(self, request: httpx.Request) -> httpx.Request:
        if self._ports:
            request.url, self._url = request.url.copy_with(port=self._ports.pop()), request.url
        else:
            request.url = self._url
        return request

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request."""
        self._sync = self._sync or httpx.HTTPTransport()
        return self._sync.handle_request(self._redirected(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request."""
        self._async = self._async or httpx.AsyncHTTPTransport()
        return await self._async.handle_async_request(self._redirected(request))

    def close(self) -> None:
        """Close the connections."""
        if self._sync:
            self._sync.close()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._async:
            await self._async.aclose()


def _unused_port() -> int:
    """Return a port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_verification_is_retried_after_a_refused_connection(run: Run, proxy: FaultyProxy) -> None:
    """Without a connection, nothing can have arrived."""
    assert run(lambda client: client.contacts.verify(ADA), transport=RefusedFirst()) == "OK"
    assert proxy.seen == [f"POST {CONTACTS}/verify"]


def test_refused_connections_are_a_connection_error(run: Run) -> None:
    """The error has the number of attempts."""
    url = f"http://127.0.0.1:{_unused_port()}"
    with pytest.raises(APIConnectionError, match="check the network and base_url") as caught:
        run(lambda client: client.contacts.verify(ADA), base_url=url)
    assert caught.value.attempts == 3


@each_fault
def test_an_upsert_is_retried(run: Run, proxy: FaultyProxy, sandbox: Sandbox, fault: Fault) -> None:
    """Repeating an upsert gives the same contact."""
    proxy.inject(fault)
    assert run(lambda client: client.contacts.upsert(ADA, first_name="Ada")).first_name == "Ada"
    assert (len(proxy.seen), len(sandbox.contacts())) == (2, 1)


@each_fault
def test_an_update_is_retried(run: Run, proxy: FaultyProxy, fault: Fault) -> None:
    """Repeating an update gives the same contact."""
    run(lambda client: client.contacts.create(ADA))
    proxy.inject(fault)
    assert run(lambda client: client.contacts.update(ADA, first_name="Ada")).first_name == "Ada"
    assert len(proxy.seen) == 3


def test_a_change_of_number_with_a_lost_response_succeeds(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """The 404 of the retry means that the first request changed the number."""
    run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    proxy.inject(Fault.RESET_AFTER)
    assert run(lambda client: client.contacts.update(ADA, phone_number=BOB)).phone == BOB
    assert [contact["phone"] for contact in sandbox.contacts()] == [BOB]


@each_fault
def test_an_opt_out_is_retried(run: Run, proxy: FaultyProxy, fault: Fault) -> None:
    """Repeating an opt-out has no further effect."""
    proxy.inject(fault)
    assert run(lambda client: client.contacts.opt_out(ADA)).opted_out
    assert proxy.seen == [f"POST {CONTACTS}/opt-out"] * 2


@each_fault
def test_reading_is_retried(run: Run, proxy: FaultyProxy, fault: Fault) -> None:
    """Repeating a read changes nothing."""
    proxy.inject(fault)
    assert run(lambda client: client.contacts.count()) == 0
    assert len(proxy.seen) == 2


@each_fault
def test_a_bulk_deletion_is_retried(run: Run, proxy: FaultyProxy, sandbox: Sandbox, fault: Fault) -> None:
    """Deleting twice is safe."""
    run(lambda client: client.contacts.create(ADA))
    proxy.inject(fault)
    run(lambda client: client.contacts.bulk.delete([ADA, BOB]))
    assert (proxy.seen[1:], sandbox.contacts()) == ([f"DELETE {CONTACTS}"] * 2, [])


def test_a_bulk_deletion_with_a_lost_response_succeeds(run: Run, proxy: FaultyProxy, sandbox: Sandbox) -> None:
    """Contacts that the call itself deleted are not reported as failed."""
    run(lambda client: client.contacts.create(ADA))
    proxy.inject(Fault.RESET_AFTER)
    result = run(lambda client: client.contacts.bulk.delete([ADA]))
    assert sandbox.contacts() == []
    assert (len(result.deleted), len(result.failed)) == (1, 0)


@pytest.mark.parametrize("faults", [(), (Fault.TOO_MANY_REQUESTS,)])
def test_a_bulk_deletion_of_a_missing_contact_fails(run: Run, proxy: FaultyProxy, faults: tuple[Fault, ...]) -> None:
    """Without a lost response, "not found" is a failure."""
    proxy.inject(*faults)
    result = run(lambda client: client.contacts.bulk.delete([BOB]))
    assert (len(result.deleted), len(result.failed)) == (0, 1)


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.CLOSE_AFTER, Fault.TRUNCATE_AFTER])
def test_a_bulk_creation_is_reconciled_and_not_retried(
    run: Run, proxy: FaultyProxy, sandbox: Sandbox, fault: Fault
) -> None:
    """A retry would report its own contacts as failures, so the client reads the contact back."""
    proxy.inject(fault)
    result = run(lambda client: client.contacts.bulk.create([{"phone": ADA}]))
    assert ([contact.phone for contact in result.created], len(sandbox.contacts())) == ([ADA], 1)
    assert proxy.seen == [f"POST {CONTACTS}/bulk", f"GET {CONTACTS}/%2B14155551234"]


def test_a_bulk_creation_is_retried_after_a_429(run: Run, proxy: FaultyProxy) -> None:
    """A 429 was not applied."""
    proxy.inject(Fault.TOO_MANY_REQUESTS)
    assert len(run(lambda client: client.contacts.bulk.create([{"phone": ADA}])).created) == 1
    assert len(proxy.seen) == 2


def test_the_deadline_ends_a_call_without_a_response(run: Run, proxy: FaultyProxy) -> None:
    """A call ends with its deadline, whatever the timeout of an attempt is."""
    proxy.inject(Fault.SILENT_AFTER)
    retry = Retry(base=1e-9, deadline=0.2)
    with pytest.raises(APITimeoutError):
        run(lambda client: client.contacts.count(), retry=retry, timeout=30.0)


def test_the_error_of_a_lost_response_contains_no_number(run: Run, proxy: FaultyProxy) -> None:
    """It names the request and the problem."""
    run(lambda client: client.contacts.create(ADA, first_name="Grace"))
    proxy.inject(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError) as caught:
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    text = str(caught.value)
    assert text.startswith("GET /api/v2/contacts/+…: the response to the creation was lost")
    assert text.endswith("retrieve the contact and compare it")
    assert "4155551234" not in text


def test_a_failed_read_back_raises_the_ambiguity(run: Run, proxy: FaultyProxy) -> None:
    """If the contact cannot be read back, the error is about the creation."""
    proxy.inject(Fault.RESET_AFTER, Fault.NONE, *[Fault.TOO_MANY_REQUESTS] * 3)
    with pytest.raises(APIConnectionError, match="the response to the creation was lost") as caught:
        run(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert isinstance(caught.value.__cause__, RateLimitError)
