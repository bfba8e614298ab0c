"""Listings against random servers: never a contact twice, and never one too few without an error.

The servers deviate from the documentation in one to four ways at once; `CANNOT_TELL` has the combinations that look
like an account with one contact.
"""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sendblue_contacts.pagination import walk, window
from sendblue_contacts.pagination.walk import PageWalk

from tests.overrides.list_server import EPOCH, OLDEST_FIRST, SHOWN, ListServer, Stored, account, listed

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 1_500
ORDERS = [
    OLDEST_FIRST,
    OLDEST_FIRST,
    {"order_by": "firstName", "order_direction": "asc"},
    {"order_by": "created_at", "order_direction": "desc"},
]


def glitches(random: Random) -> dict[int, str]:
    """Return one or two pages in a row that are empty, or that repeat the one before."""
    first, kind = random.randrange(2, 12), random.choice(["empty", "repeat"])
    return dict.fromkeys(range(first, first + random.choice([1, 2])), kind)


TRAITS: dict[str, Callable[[Random], Any]] = {
    "max_page": lambda random: random.choice([1, 2, 3, 4, 7]),
    "exceeds": lambda _: True,
    "strict": lambda _: True,
    "shown": lambda random: random.choice([*SHOWN]),
    "shuffles": lambda _: True,
    "identity": lambda random: random.choice(["none", "one_id"]),
    "rejects": lambda _: False,
    "glitches": glitches,
    "lag": lambda random: random.choice([1, 2, 4]),
    "count_lag": lambda random: random.choice([1, 2, 4]),
}
IGNORED = ["offset", "limit", "order", "created_at_gte"]
OTHER = ["undated", "ties", "filtered", "elsewhere", "consumed"]
CANNOT_TELL = [{"order", "offset", "max_page", "filtered"}, {"order", "glitches", "max_page", "filtered"}]
"""With pages of one contact: whatever is requested, the response is the same contact, or none, as if it were alone."""


class Run:
    """One random account on one random server."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311  # not a secret
        self.names = set(self.random.sample([*TRAITS, *IGNORED, *OTHER], self.random.randint(1, 4)))
        self.deleted: set[str] = set()
        traits = {name: make(self.random) for name, make in TRAITS.items() if name in self.names}
        traits |= {"undated": self.random.choice(["first", "last"]), "keeps_undated": self.random.random() < 0.5}
        traits |= {"ignores": self.names & {*IGNORED}, "max_offset": 20, "max_page": traits.get("max_page", 10)}
        self.server = ListServer(self.contacts(), **traits)
        self.before = {stored.name for stored in self.server.contacts}
        if "elsewhere" in self.names:
            self.server.meanwhile = self.change

    def contacts(self) -> list[Stored]:
        """Return contacts, some of them created at the same time."""
        count = self.random.choice([0, 1, 2, 5, 9, 10, 11, 19, 20, 25, 30, 31, 45, 60])
        span = count * self.random.choice([0, 0.03, 0.1] if "ties" in self.names else [0.3, 1, 2, 10, 300])
        moments = sorted(self.random.choice([float, int])(self.random.random() * span) for _ in range(count))
        return account(*[None] * (self.random.choice([1, 2, 5, 12]) if "undated" in self.names else 0), *moments)

    def change(self, server: ListServer) -> None:
        """Delete contacts, and create one."""
        if len(server.requests) < 100 and self.random.random() < 0.5:
            self.delete({stored.name for stored in self.random.sample(server.contacts, min(3, len(server.contacts)))})
            moment = EPOCH + dt.timedelta(days=1, seconds=len(server.requests))
            server.contacts = [*server.contacts, Stored(str(1_000 + len(server.requests)), moment)]

    def delete(self, names: set[str]) -> None:
        """Delete contacts."""
        self.deleted |= names
        self.server.contacts = [stored for stored in self.server.contacts if stored.name not in names]

    def check(self) -> None:
        """List the account."""
        page_size, every = self.random.choice([2, 3, 5, 10]), self.random.choice([1, 2, 3])
        tested = PageWalk(self.random.choice(ORDERS), page_size, filtered="filtered" in self.names)
        consume = (lambda names: self.delete(set(names[::every]))) if "consumed" in self.names else len
        found = listed(self.server, tested, consume, max_requests=1_000)
        assert len(found.names) == len(set(found.names))
        missing = self.before - self.deleted - set(found.names)
        cannot_tell = self.server.max_page == 1 and any(names <= self.names for names in CANNOT_TELL)
        assert not missing or found.error or cannot_tell


def test_random_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The maximum offset is 20, and a page has at most 10 contacts."""
    for module in (walk, window):
        monkeypatch.setattr(module, "MAX_OFFSET", 20)
        monkeypatch.setattr(module, "MAX_PAGE_SIZE", 10)
    for seed in range(RUNS):
        try:
            Run(seed).check()
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")


@pytest.mark.parametrize(("deletes", "requests"), [(False, 15), (True, 70)])
def test_a_large_account(deletes: bool, requests: int) -> None:  # a parameter
    """12,000 contacts are listed with the real limits, also if each is deleted after it was listed."""
    server = ListServer(account(*(number // 3 for number in range(12_000))))
    met: list[str] = []

    def consume(names: list[str]) -> None:
        met.extend(names)
        if deletes:
            del server.contacts[: len(names)]

    found = listed(server, None, consume)
    assert (found.error, len(set(met)), len(met)) == (None, 12_000, 12_000)
    assert len(server.requests) <= requests
    assert deletes or server.requests[-1] == {**OLDEST_FIRST, "order_direction": "desc", "limit": 10}
