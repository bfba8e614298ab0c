"""Answers that are lost on the way, over real sockets: the sandbox carries a request out, and nobody hears of it."""

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

from tests.overrides.faults import LOST, Fault, Faults, faulty
from tests.overrides.worlds import AT_ONCE, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

ADA = "+14155551234"
BOB = "+14155555678"
CONTACTS = "/api/v2/contacts"

Do = Callable[..., Any]


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Sandbox, Faults]]:
    """One sandbox with a server of faults in front of it, for all tests."""
    with Sandbox(limit=None) as sandbox, faulty(sandbox.url) as server:
        yield sandbox, server


@pytest.fixture
def sandbox(running: tuple[Sandbox, Faults]) -> Sandbox:
    """The sandbox, empty."""
    running[0].reset()
    return running[0]


@pytest.fixture
def server(running: tuple[Sandbox, Faults], sandbox: Sandbox) -> Faults:
    """The server of faults in front of the sandbox, which is empty."""
    assert sandbox.contacts() == []
    running[1].faults.clear()
    running[1].seen.clear()
    return running[1]


@pytest.fixture(params=["sync", "asyncio"])
def do(request: pytest.FixtureRequest, server: Faults) -> Do:
    """Have a client called, in each world, through the server of faults."""

    def call(what: Callable[[Any], Any], **settings: Any) -> Any:  # noqa: ANN401  # whatever the call returns
        return ask(request.param, what, **{"base_url": server.url, "retry": AT_ONCE, **settings})

    return call


def test_nothing_is_lost_without_faults(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """The server of faults carries requests and answers through: a creation is one request."""
    assert do(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (server.seen, len(sandbox.contacts())) == ([f"POST {CONTACTS}"], 1)


@pytest.mark.parametrize("fault", LOST)
def test_a_creation_whose_answer_was_lost_returns_its_contact(
    do: Do, server: Faults, sandbox: Sandbox, fault: Fault
) -> None:
    """However the answer was lost: the caller gets the contact, there is one, and no conflict with itself."""
    server.next(fault)
    ada = do(lambda client: client.contacts.create(ADA, first_name="Ada", tags=["VIP"], custom_variables={"A": "b"}))
    assert (ada.phone, ada.first_name, ada.tags, ada.custom_variables) == (ADA, "Ada", ["VIP"], {"A": "b"})
    assert len(sandbox.contacts()) == 1
    assert server.seen == [f"POST {CONTACTS}", f"POST {CONTACTS}", f"GET {CONTACTS}/%2B14155551234"]


def test_a_creation_whose_answer_comes_too_late_returns_its_contact(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """A timeout after the request was carried out is a lost answer like any other."""
    server.next(Fault.SILENT_AFTER)
    ada = do(lambda client: client.contacts.create(ADA, first_name="Ada"), timeout=0.4)
    assert (ada.first_name, len(sandbox.contacts())) == ("Ada", 1)


def test_a_creation_can_lose_two_answers(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """The second answer may be lost as well as the first."""
    server.next(Fault.RESET_AFTER, Fault.BAD_GATEWAY_AFTER)
    assert do(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert len(sandbox.contacts()) == 1


def test_the_look_after_a_lost_creation_is_repeated_too(do: Do, server: Faults) -> None:
    """That the answer to the look is lost as well does not matter."""
    server.next(Fault.RESET_AFTER, Fault.NONE, Fault.RESET_AFTER)
    assert do(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"


@pytest.mark.parametrize("how", ["one by one", "in bulk"])
def test_a_look_sends_no_extra_body(do: Do, server: Faults, sandbox: Sandbox, how: str) -> None:
    """An extra body belongs to the creation; the look that settles it has none, and does not fail of that."""
    server.next(Fault.RESET_AFTER)

    def create(client: Any) -> Any:  # noqa: ANN401  # either client
        if how == "in bulk":
            return client.with_options(extra_body={"contacts": [{"phone": ADA}]}).contacts.bulk.create([{"phone": ADA}])
        return client.with_options(extra_body={"tags": ["VIP"]}).contacts.create(ADA)

    do(create)
    assert (len(sandbox.contacts()), server.seen[-1]) == (1, f"GET {CONTACTS}/%2B14155551234")


def test_a_creation_that_never_arrived_is_one_creation(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """Where the request itself was lost, the repetition creates the contact, and nobody needs to look."""
    server.next(Fault.RESET_BEFORE)
    assert do(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (server.seen, len(sandbox.contacts())) == ([f"POST {CONTACTS}"] * 2, 1)


def test_a_creation_after_a_429_is_one_creation(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """A 429 was not carried out: the repetition is the first creation."""
    server.next(Fault.TOO_MANY)
    assert do(lambda client: client.contacts.create(ADA, first_name="Ada")).first_name == "Ada"
    assert (len(server.seen), len(sandbox.contacts())) == (2, 1)


def test_a_conflict_after_a_429_is_a_conflict(do: Do, server: Faults) -> None:
    """After a 429 nothing is in doubt: the contact that exists is somebody else's."""
    do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    server.next(Fault.TOO_MANY)
    with pytest.raises(ConflictError):
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))


@pytest.mark.parametrize("fault", [*LOST, Fault.RESET_BEFORE])
def test_a_lost_answer_and_another_contact_is_an_honest_error(do: Do, server: Faults, fault: Fault) -> None:
    """Where the contact that exists is not what was sent, nobody knows whose it is, and the error says so."""
    do(lambda client: client.contacts.create(ADA, first_name="Grace"))
    server.next(fault)
    with pytest.raises(
        APIConnectionError, match="the answer to the creation was lost, and the contact that has this number"
    ):
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))


def test_the_contact_of_somebody_else_is_left_alone(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """Settling a conflict only looks."""
    do(lambda client: client.contacts.create(ADA, first_name="Grace"))
    before = sandbox.contacts()
    server.next(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert sandbox.contacts() == before


def test_a_contact_that_is_gone_again_is_an_honest_error(do: Do) -> None:
    """Where somebody deletes the contact before the look, the error still says that the answer was lost."""
    attempts: list[int] = []
    later = iter([httpx.Response(409), httpx.Response(404)])

    def answer(_: httpx.Request) -> httpx.Response:
        attempts.append(1)
        if len(attempts) == 1:
            raise httpx.ReadError("reset")
        return next(later)

    with pytest.raises(APIConnectionError, match="the answer to the creation was lost"):
        do(lambda client: client.contacts.create(ADA), transport=httpx.MockTransport(answer))


def test_a_conflict_without_a_loss_is_a_conflict(do: Do, server: Faults) -> None:
    """A 409 to the only request is `ConflictError`, even where the contact is exactly what was sent."""
    do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    server.seen.clear()
    with pytest.raises(ConflictError) as caught:
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (caught.value.attempts, server.seen) == (1, [f"POST {CONTACTS}"])


def test_a_creation_whose_every_answer_is_lost_is_a_connection_error(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """When no attempt had an answer the caller is told so, and how many there were."""
    server.next(*[Fault.RESET_AFTER] * 3)
    with pytest.raises(APIConnectionError) as caught:
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert (caught.value.attempts, len(sandbox.contacts())) == (3, 1)


def test_without_retries_a_lost_answer_is_a_connection_error(do: Do, server: Faults) -> None:
    """With `retry=None` nothing is repeated, looked up or guessed."""
    server.next(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        do(lambda client: client.contacts.create(ADA), retry=None)
    assert len(server.seen) == 1


def test_half_an_answer_is_a_connection_error(do: Do, server: Faults) -> None:
    """An answer that breaks off is no answer, and not something that httpx raises."""
    server.next(Fault.CUT_AFTER)
    with pytest.raises(APIConnectionError):
        do(lambda client: client.contacts.create(ADA), retry=None)


@pytest.mark.parametrize("fault", LOST)
def test_a_deletion_whose_answer_was_lost_is_a_success(do: Do, server: Faults, sandbox: Sandbox, fault: Fault) -> None:
    """The 404 of the repetition means that the first request deleted the contact."""
    do(lambda client: client.contacts.create(ADA))
    server.next(fault)
    assert do(lambda client: client.contacts.delete(ADA)) is None
    assert sandbox.contacts() == []


def test_a_deletion_that_never_arrived_is_repeated(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """Where the request itself was lost, the repetition deletes."""
    do(lambda client: client.contacts.create(ADA))
    server.next(Fault.RESET_BEFORE)
    do(lambda client: client.contacts.delete(ADA))
    assert sandbox.contacts() == []


def test_deleting_what_is_not_there_is_an_error(do: Do, server: Faults) -> None:
    """A 404 to the only request is `NotFoundError`."""
    with pytest.raises(NotFoundError):
        do(lambda client: client.contacts.delete(ADA))
    assert len(server.seen) == 1


def test_deleting_what_is_not_there_after_a_429_is_an_error(do: Do, server: Faults) -> None:
    """After a 429 nothing is in doubt, and a 404 is what it says."""
    server.next(Fault.TOO_MANY)
    with pytest.raises(NotFoundError):
        do(lambda client: client.contacts.delete(ADA))


@pytest.mark.parametrize("fault", [*LOST, Fault.RESET_BEFORE])
def test_a_verification_is_never_repeated_once_it_may_have_arrived(do: Do, server: Faults, fault: Fault) -> None:
    """It reaches a person, so a lost answer is an error and not a second message."""
    server.next(fault)
    with pytest.raises((APIConnectionError, InternalServerError)):
        do(lambda client: client.contacts.verify(ADA))
    assert server.seen == [f"POST {CONTACTS}/verify"]


def test_a_verification_that_timed_out_is_not_repeated(do: Do, server: Faults) -> None:
    """Nor is one whose answer comes too late."""
    server.next(Fault.SILENT_AFTER)
    with pytest.raises(APITimeoutError) as caught:
        do(lambda client: client.contacts.verify(ADA), timeout=0.2)
    assert (caught.value.attempts, len(server.seen)) == (1, 1)


def test_a_verification_is_repeated_after_a_429(do: Do, server: Faults) -> None:
    """A 429 says that nothing was done, so the message is still to be sent."""
    server.next(Fault.TOO_MANY)
    assert do(lambda client: client.contacts.verify(ADA)) == "OK"
    assert len(server.seen) == 2


def test_a_verification_after_a_429_stops_at_a_lost_answer(do: Do, server: Faults) -> None:
    """Each attempt is judged by itself: repeated after the 429, and not after the reset."""
    server.next(Fault.TOO_MANY, Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError):
        do(lambda client: client.contacts.verify(ADA))
    assert len(server.seen) == 2


class RefusedFirst(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Finds nobody at home the first time, over real sockets, and the server from then on."""

    def __init__(self) -> None:
        self._ports: list[int] = [_nobody()]
        self._sync: httpx.HTTPTransport | None = None
        self._async: httpx.AsyncHTTPTransport | None = None

    def _aimed(self, request: httpx.Request) -> httpx.Request:
        if self._ports:
            request.url, self._home = request.url.copy_with(port=self._ports.pop()), request.url
        else:
            request.url = self._home
        return request

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        self._sync = self._sync or httpx.HTTPTransport()
        return self._sync.handle_request(self._aimed(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it."""
        self._async = self._async or httpx.AsyncHTTPTransport()
        return await self._async.handle_async_request(self._aimed(request))

    def close(self) -> None:
        """Close the connections."""
        if self._sync:
            self._sync.close()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._async:
            await self._async.aclose()


def _nobody() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_verification_is_repeated_after_a_refused_connection(do: Do, server: Faults) -> None:
    """Where nobody listened, nothing can have arrived."""
    assert do(lambda client: client.contacts.verify(ADA), transport=RefusedFirst()) == "OK"
    assert server.seen == [f"POST {CONTACTS}/verify"]


def test_nobody_listening_at_all_is_a_connection_error(do: Do) -> None:
    """When every connection is refused, the error says how often it was tried."""
    nowhere = f"http://127.0.0.1:{_nobody()}"
    with pytest.raises(APIConnectionError, match="check the network and base_url") as caught:
        do(lambda client: client.contacts.verify(ADA), base_url=nowhere)
    assert caught.value.attempts == 3


@pytest.mark.parametrize("fault", LOST)
def test_an_upsert_is_repeated(do: Do, server: Faults, sandbox: Sandbox, fault: Fault) -> None:
    """The same upsert twice leaves the same contact."""
    server.next(fault)
    assert do(lambda client: client.contacts.upsert(ADA, first_name="Ada")).first_name == "Ada"
    assert (len(server.seen), len(sandbox.contacts())) == (2, 1)


@pytest.mark.parametrize("fault", LOST)
def test_an_update_is_repeated(do: Do, server: Faults, fault: Fault) -> None:
    """The same update twice leaves the same contact."""
    do(lambda client: client.contacts.create(ADA))
    server.next(fault)
    assert do(lambda client: client.contacts.update(ADA, first_name="Ada")).first_name == "Ada"
    assert len(server.seen) == 3


def test_a_change_of_number_whose_answer_was_lost_is_a_success(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """The 404 of the repetition means that the first request changed the number."""
    do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    server.next(Fault.RESET_AFTER)
    assert do(lambda client: client.contacts.update(ADA, phone_number=BOB)).phone == BOB
    assert [contact["phone"] for contact in sandbox.contacts()] == [BOB]


@pytest.mark.parametrize("fault", LOST)
def test_an_opt_out_is_repeated(do: Do, server: Faults, fault: Fault) -> None:
    """The same opt-out twice is one opt-out."""
    server.next(fault)
    assert do(lambda client: client.contacts.opt_out(ADA)).opted_out
    assert server.seen == [f"POST {CONTACTS}/opt-out"] * 2


@pytest.mark.parametrize("fault", LOST)
def test_reading_is_repeated(do: Do, server: Faults, fault: Fault) -> None:
    """Reading twice changes nothing."""
    server.next(fault)
    assert do(lambda client: client.contacts.count()) == 0
    assert len(server.seen) == 2


@pytest.mark.parametrize("fault", LOST)
def test_a_bulk_deletion_is_repeated(do: Do, server: Faults, sandbox: Sandbox, fault: Fault) -> None:
    """What is gone stays gone, however often it is deleted."""
    do(lambda client: client.contacts.create(ADA))
    server.next(fault)
    do(lambda client: client.contacts.bulk.delete([ADA, BOB]))
    assert (server.seen[1:], sandbox.contacts()) == ([f"DELETE {CONTACTS}"] * 2, [])


def test_a_bulk_deletion_whose_answer_was_lost_is_a_success(do: Do, server: Faults, sandbox: Sandbox) -> None:
    """What this very call deleted is not reported as failed."""
    do(lambda client: client.contacts.create(ADA))
    server.next(Fault.RESET_AFTER)
    result = do(lambda client: client.contacts.bulk.delete([ADA]))
    assert sandbox.contacts() == []
    assert (len(result.deleted), len(result.failed)) == (1, 0)


@pytest.mark.parametrize("faults", [(), (Fault.TOO_MANY,)])
def test_a_bulk_deletion_of_what_is_not_there_is_a_failure(do: Do, server: Faults, faults: tuple[Fault, ...]) -> None:
    """Where no answer was lost, "not found" is what it says."""
    server.next(*faults)
    result = do(lambda client: client.contacts.bulk.delete([BOB]))
    assert (len(result.deleted), len(result.failed)) == (0, 1)


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.HANG_UP_AFTER, Fault.CUT_AFTER])
def test_a_bulk_creation_is_not_repeated(do: Do, server: Faults, sandbox: Sandbox, fault: Fault) -> None:
    """Its repetition would call the contacts that it made failures, so it is settled by looking instead."""
    server.next(fault)
    result = do(lambda client: client.contacts.bulk.create([{"phone": ADA}]))
    assert ([contact.phone for contact in result.created], len(sandbox.contacts())) == ([ADA], 1)
    assert server.seen == [f"POST {CONTACTS}/bulk", f"GET {CONTACTS}/%2B14155551234"]


def test_a_bulk_creation_is_repeated_after_a_429(do: Do, server: Faults) -> None:
    """A 429 says that nothing was done."""
    server.next(Fault.TOO_MANY)
    assert len(do(lambda client: client.contacts.bulk.create([{"phone": ADA}])).created) == 1
    assert len(server.seen) == 2


def test_the_deadline_ends_a_call_that_hears_nothing(do: Do, server: Faults) -> None:
    """A call ends with its deadline, however long the timeout of an attempt is."""
    server.next(Fault.SILENT_AFTER)
    retry = Retry(base=1e-9, deadline=0.2)
    with pytest.raises(APITimeoutError):
        do(lambda client: client.contacts.count(), retry=retry, timeout=30.0)


def test_an_error_says_what_was_lost_and_no_number(do: Do, server: Faults) -> None:
    """The sentence names the call, says how often it was tried, and holds no phone number."""
    do(lambda client: client.contacts.create(ADA, first_name="Grace"))
    server.next(Fault.RESET_AFTER)
    with pytest.raises(APIConnectionError) as caught:
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    text = str(caught.value)
    assert text.startswith("GET /api/v2/contacts/+…: the answer to the creation was lost")
    assert text.endswith("retrieve it and decide")
    assert "4155551234" not in text


def test_a_refused_look_is_an_honest_error(do: Do, server: Faults) -> None:
    """Where the look after a lost creation fails, the error is still about the creation."""
    server.next(Fault.RESET_AFTER, Fault.NONE, *[Fault.TOO_MANY] * 3)
    with pytest.raises(APIConnectionError, match="the answer to the creation was lost") as caught:
        do(lambda client: client.contacts.create(ADA, first_name="Ada"))
    assert isinstance(caught.value.__cause__, RateLimitError)
