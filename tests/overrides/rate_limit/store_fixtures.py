"""Stores in a time that a test controls: the same interface for a file and for a real Redis."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import count
from pathlib import Path

from sendblue_contacts import RateLimit
from sendblue_contacts.rate_limit.stores.base import Command, Store, StoreReply, StoreRequest
from sendblue_contacts.rate_limit.stores.file import FileStore
from sendblue_contacts.rate_limit.stores.redis import RedisStore

from tests.slow.rate_limit.redis_server import RedisServer

LEASE = 60.0
_NUMBERS = count()


class StoreFixture(ABC):
    """One account in one store.

    Attributes:
        now: The time, in seconds.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.account = f"account {next(_NUMBERS)}"

    @abstractmethod
    def open(self, rate: RateLimit) -> Store:
        """The store, as another process would open it."""

    def warm(self, rate: RateLimit) -> StoreClient:
        """The store after its cold start."""
        client = StoreClient(self, self.open(rate))
        client.probe()
        self.now += rate.per
        return client


class FileStoreFixture(StoreFixture):
    """A file, on a machine that can be rebooted.

    Attributes:
        boot: The identifier of the current boot.
        pauses: For how long threads waited for the lock of the file.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.boot = b"1" * 16
        self.pauses: list[float] = []
        self._url = f"file://{folder}/{self.account.replace(' ', '-')}"

    def open(self, rate: RateLimit) -> FileStore:
        """The store, as another process would open it."""
        return FileStore(self._url, "", rate, clock=lambda: self.now, boot=lambda: self.boot, sleep=self.pauses.append)


class RedisStoreFixture(StoreFixture):
    """A Redis."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self.url = server.url

    def open(self, rate: RateLimit) -> RedisStore:
        """The store, as another process would open it."""
        return RedisStore(self.url, self.account, rate, clock=lambda: self.now)


class StoreClient:
    """A process that uses a store. Each token stands for a caller."""

    def __init__(self, fixture: StoreFixture, store: Store) -> None:
        self.fixture = fixture
        self.store = store

    def send(
        self,
        command: Command,
        token: int = 0,
        *,
        bulk: bool = False,
        lease: float = LEASE,
        seconds: float = 0,
    ) -> StoreReply:
        """Send any request."""
        return self.store.send(StoreRequest(command, token, bulk, lease, seconds=seconds))

    def acquire(self, token: int, *, bulk: bool = False, lease: float = LEASE) -> float | None:
        """The wait until the caller may start; None if all slots are in flight."""
        reply = self.send(Command.ACQUIRE, token, bulk=bulk, lease=lease)
        return round(reply.wait, 6) if reply.held else None

    def release(self, *tokens: int) -> None:
        """The callers have their responses."""
        for token in tokens:
            self.send(Command.RELEASE, token)

    def cancel(self, token: int) -> None:
        """The caller sends nothing."""
        self.send(Command.CANCEL, token)

    def freeze(self, seconds: float) -> None:
        """The API responds with 429."""
        self.send(Command.FREEZE, seconds=seconds)

    def use(self, *tokens: int, bulk: bool = False) -> list[float | None]:
        """The callers acquire slots and have their responses at once."""
        waits = [self.acquire(token, bulk=bulk) for token in tokens]
        self.release(*tokens)
        return waits

    def probe(self, token: int = 999) -> float | None:
        """The wait of a caller that then cancels."""
        wait = self.acquire(token)
        self.cancel(token)
        return wait


def perform(client: StoreClient, script: str) -> None:
    """Carry out the steps of a script, such as `bulk use 1; +4; acquire 2=6 3=- lease=20`, for callers with numbers.

    `acquire 2=6 3=-` checks their waits: caller 2 has to wait for 6 s, and for caller 3 no slot is reserved, because
    all are in flight. `use` acquires and then releases. `bulk` before it says which lane, `lease=` behind it
    how long a lease. `release`, `cancel` and `freeze 3` send that command. `+4` lets 4 s pass.
    """
    for step in script.split("; "):
        words = step.split()
        bulk = words[0] == "bulk"
        verb, *numbers = words[bulk:]
        if verb.startswith("+"):
            client.fixture.now += float(verb)
        elif verb == "freeze":
            client.freeze(float(numbers[0]))
        else:
            _perform_for_each(client, verb, numbers, step, bulk=bulk)


def _perform_for_each(client: StoreClient, verb: str, numbers: list[str], step: str, *, bulk: bool) -> None:
    lease = next((float(word.removeprefix("lease=")) for word in numbers if word.startswith("lease=")), LEASE)
    callers = [word.partition("=") for word in numbers if not word.startswith("lease=")]
    for number, _, expected in callers:
        if verb in {"acquire", "use"}:
            wait = client.acquire(int(number), lease=lease, bulk=bulk)
            assert not expected or wait == (None if expected == "-" else float(expected)), (step, number, wait)
    for number, *_ in callers:
        if verb != "acquire":
            client.send(Command.CANCEL if verb == "cancel" else Command.RELEASE, int(number))
