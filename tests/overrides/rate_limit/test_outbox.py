"""The outbox: releases that an unavailable store did not receive, and when they are sent."""

from __future__ import annotations

import functools

import anyio
import pytest
from sendblue_contacts.rate_limit.stores.base import Command, StoreReply, StoreRequest, StoreUnavailableError
from sendblue_contacts.rate_limit.stores.outbox import Outbox

ACQUIRE, RELEASE, CANCEL, FREEZE = Command.ACQUIRE, Command.RELEASE, Command.CANCEL, Command.FREEZE


class FakeStore:
    """A store that a test can make unavailable.

    Attributes:
        is_available: Whether it replies.
        hangs: Whether a task never has its reply.
        attempts: The number of requests, with or without a reply.
        received: The requests that it replied to, oldest first.
    """

    def __init__(self) -> None:
        self.is_available = True
        self.hangs = False
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
        if self.hangs:
            self.attempts += 1
            await anyio.sleep_forever()
        return self.send(request)


class Sender:
    """Sends requests through an outbox, from a thread or from tasks."""

    def __init__(self, kind: str) -> None:
        self.store = FakeStore()
        self.outbox = Outbox(self.store, limit=3)
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


@pytest.fixture(params=["thread", "trio"])
def sender(request: pytest.FixtureRequest) -> Sender:
    """For threads and for tasks."""
    return Sender(request.param)


def test_releases_are_sent_before_the_next_request(sender: Sender) -> None:
    """Each once. Other requests are not sent later: a late FREEZE would last too long.

    During an outage, a caller waits for one timeout only, however much is in the outbox; what exceeds its limit is left
    to the leases.
    """
    for command, token in [(RELEASE, 1), (CANCEL, 2), (ACQUIRE, 3), (FREEZE, 0), (RELEASE, 4), (RELEASE, 5)]:
        before = sender.store.attempts
        sender.send_in_outage(command, token)
        assert sender.store.attempts == before + 1
    sender.send(ACQUIRE, 6)
    sender.send(ACQUIRE, 7)
    assert {*sender.store.received[:3]} == {(RELEASE, 1), (CANCEL, 2), (RELEASE, 4)}
    assert sender.store.received[3:] == [(ACQUIRE, 6), (ACQUIRE, 7)]


def test_the_child_of_a_fork_does_not_send_the_outbox_of_its_parent(sender: Sender) -> None:
    """The parent sends it."""
    sender.send_in_outage(RELEASE, 1)
    sender.outbox.after_fork()
    sender.send(ACQUIRE, 2)
    assert sender.store.received == [(ACQUIRE, 2)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_task_can_be_cancelled_while_it_acquires(backend: str) -> None:
    """Its slot is cancelled when the store replies again; to send the CANCEL at once would wait a second time."""
    sender = Sender(backend)
    sender.store.hangs = True

    async def main() -> None:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await sender.outbox.async_send(StoreRequest(ACQUIRE, 1))
        await sender.outbox.async_send(StoreRequest(CANCEL, 1))

    anyio.run(main, backend=backend)
    assert sender.store.attempts == 1
    sender.store.hangs = False
    sender.send(ACQUIRE, 2)
    assert sender.store.received == [(CANCEL, 1), (ACQUIRE, 2)]
