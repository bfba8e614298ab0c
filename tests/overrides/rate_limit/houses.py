"""Where stores live, in a time that a test moves: the same face over a file and over a real Redis."""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import count
from typing import TYPE_CHECKING

from sendblue_contacts.rate_limit.stores import Answer, Question, Store, Verb
from sendblue_contacts.rate_limit.stores.file import FileStore
from sendblue_contacts.rate_limit.stores.redis import RedisStore

if TYPE_CHECKING:
    from pathlib import Path

    from sendblue_contacts import RateLimit

    from tests.overrides.rate_limit.servers import RedisServer

LEASE = 60.0
_NUMBERS = count()


class House(ABC):
    """One account in one store, in seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.account = f"account {next(_NUMBERS)}"

    @abstractmethod
    def open(self, rate: RateLimit) -> Store:
        """The store, as one more process would open it."""

    def warm(self, rate: RateLimit) -> Desk:
        """The store when its first window is over, in which it lets nobody through."""
        desk = Desk(self, self.open(rate))
        desk.free()
        self.now += rate.per
        return desk


class FileHouse(House):
    """A file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._url = f"file://{folder}/{self.account.replace(' ', '-')}"

    def open(self, rate: RateLimit) -> FileStore:
        """As it says."""
        return FileStore(self._url, "", rate, lease=LEASE, clock=lambda: self.now, boot=lambda: b"1" * 16)


class RedisHouse(House):
    """A Redis."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__()
        self._url = server.url

    def open(self, rate: RateLimit) -> RedisStore:
        """As it says."""
        return RedisStore(self._url, self.account, rate, lease=LEASE, clock=lambda: self.now)


class Desk:
    """A store, in the words of a caller. A token stands for a caller."""

    def __init__(self, house: House, store: Store) -> None:
        self.house = house
        self.store = store

    def ask(self, verb: Verb, token: int = 0, *, bulk: bool = False, paced: bool = False, seconds: float = 0) -> Answer:
        """Ask anything."""
        return self.store.ask(Question(verb, token, bulk, paced, seconds))

    def take(self, token: int, *, bulk: bool = False, paced: bool = False) -> float | None:
        """After how long he may start; None if every slot is in flight."""
        return _wait(self.ask(Verb.TAKE, token, bulk=bulk, paced=paced))

    def confirm(self, token: int, *, bulk: bool = False, paced: bool = False) -> float | None:
        """The same, when he has waited."""
        return _wait(self.ask(Verb.CONFIRM, token, bulk=bulk, paced=paced))

    def give_back(self, *tokens: int) -> None:
        """Their responses are there."""
        for token in tokens:
            self.ask(Verb.GIVE_BACK, token)

    def cancel(self, token: int) -> None:
        """He sent nothing."""
        self.ask(Verb.CANCEL, token)

    def freeze(self, seconds: float) -> None:
        """The server refused somebody."""
        self.ask(Verb.FREEZE, seconds=seconds)

    def use(self, *tokens: int, bulk: bool = False) -> list[float | None]:
        """They take slots and have their responses at once."""
        waits = [self.take(token, bulk=bulk) for token in tokens]
        self.give_back(*tokens)
        return waits

    def free(self, token: int = 999) -> float | None:
        """After how long a caller might start who leaves no trace."""
        wait = self.take(token)
        self.cancel(token)
        return wait


def _wait(answer: Answer) -> float | None:
    return round(answer.wait, 6) if answer.held else None
