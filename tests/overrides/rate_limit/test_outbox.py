"""The outbox: releases that an unavailable store did not receive, and when they are sent."""

from __future__ import annotations

import functools

import anyio
import pytest
from sendblue_contacts.rate_limit.stores.base import Command, StoreReply, StoreRequest, StoreUnavailableError
from sendblue_contacts.rate_limit.stores.outage import Outbox

ACQUIRE, RELEASE, CANCEL, FREEZE = Command.ACQUIRE, Command.RELEASE, Command.CANCEL, Command.FREEZE


class FakeStore:
    """A store that a test can make unavailable.

    Attributes:
        is_available: Whether it replies.
        attempts: The number of requests, with or without a reply.
        received: The requests that it replied to, oldest first.
    """

    is_local = False

    def __init__(self) -> None:
        self.is_available = True
        self.attempts = 0
        self.received: list[tuple[Command, int]] = []

    def send(self, request: StoreRequest) -> StoreReply:
        """Record the request, if available."""
        self.attempts += 1
        if not self.is_available:
            raise StoreUnavailableError
        self.received.append((request.command, request.token))
        return StoreReply()

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """As `send`."""
        return self.send(request)

    def after_fork(self) -> None:
        """Discard what was recorded."""
        self.received.clear()


class HangingStore(FakeStore):
    """A store that never replies to a task."""

    async def async_send(self, request: StoreRequest) -> StoreReply:
        """Wait until the task is cancelled."""
        self.attempts += 1
        await anyio.sleep_forever()
        raise AssertionError(request)


class Sender:
    """Sends requests through an outbox, from a thread or from tasks."""

    def __init__(self, kind: str, limit: int = 10) -> None:
        self.store = FakeStore()
        self.outbox = Outbox(self.store, limit)
        self._kind = kind

    def send(self, command: Command, token: int) -> None:
        """Send a request."""
        request = StoreRequest(command, token)
        if self._kind == "thread":
            self.outbox.send(request)
        else:
            anyio.run(functools.partial(self.outbox.async_send, request), backend=self._kind)

    def send_in_outage(self, command: Command, token: int) -> None:
        """Send a request while the store is unavailable."""
        self.store.is_available = False
        with pytest.raises(StoreUnavailableError):
            self.send(command, token)
        self.store.is_available = True


@pytest.fixture(params=["thread", "asyncio", "trio"])
def sender(request: pytest.FixtureRequest) -> Sender:
    """For threads, and for tasks of both kinds."""
    return Sender(request.param)


def test_releases_are_sent_before_the_next_request(sender: Sender) -> None:
    """So the slots are released when the next one is acquired. Each is sent once."""
    sender.send_in_outage(RELEASE, 1)
    sender.send_in_outage(CANCEL, 2)
    sender.send(ACQUIRE, 3)
    sender.send(ACQUIRE, 4)
    assert sorted(sender.store.received[:2], key=lambda request: request[1]) == [(RELEASE, 1), (CANCEL, 2)]
    assert sender.store.received[2:] == [(ACQUIRE, 3), (ACQUIRE, 4)]


def test_other_requests_are_not_sent_later(sender: Sender) -> None:
    """The caller of ACQUIRE decides whether to repeat it; and a late FREEZE would last too long."""
    sender.send_in_outage(ACQUIRE, 1)
    sender.send_in_outage(FREEZE, 0)
    sender.send(ACQUIRE, 2)
    assert sender.store.received == [(ACQUIRE, 2)]


def test_a_caller_waits_for_one_timeout_only(sender: Sender) -> None:
    """During an outage, however much is in the outbox."""
    for token in (1, 2, 3):
        sender.send_in_outage(RELEASE, token)
    before = sender.store.attempts
    sender.send_in_outage(ACQUIRE, 4)
    assert sender.store.attempts == before + 1


def test_the_outbox_has_a_limit() -> None:
    """Later releases are left to their leases."""
    sender = Sender("thread", limit=2)
    for token in (1, 2, 3):
        sender.outbox.keep(StoreRequest(RELEASE, token))
    sender.send(ACQUIRE, 4)
    assert sender.store.received == [(RELEASE, 1), (RELEASE, 2), (ACQUIRE, 4)]


def test_the_child_of_a_fork_does_not_send_the_outbox_of_its_parent() -> None:
    """The parent sends it."""
    sender = Sender("thread")
    sender.send_in_outage(RELEASE, 1)
    sender.outbox.after_fork()
    sender.send(ACQUIRE, 2)
    assert sender.store.received == [(ACQUIRE, 2)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_can_be_cancelled_while_it_acquires(backend: str) -> None:
    """Its slot is cancelled when the store replies again; to send the CANCEL at once would wait a second time."""
    store = HangingStore()
    outbox = Outbox(store, 10)

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await outbox.async_send(StoreRequest(ACQUIRE, 1))
        await outbox.async_send(StoreRequest(CANCEL, 1))

    anyio.run(main, backend=backend)
    assert store.attempts == 1
    outbox.send(StoreRequest(ACQUIRE, 2))
    assert store.received == [(CANCEL, 1), (ACQUIRE, 2)]
