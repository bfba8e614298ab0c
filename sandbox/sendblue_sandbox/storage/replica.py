"""A store with a replica that answers reads as of some seconds ago, as the read replicas of a database do.

Changes are recorded as calls and repeated in the replica when they are old enough. Both number their contacts alike.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from .store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from sendblue_sandbox.config import PathLike

    from .queries import NewContact, Renderer


class ReplicatedStore(Store):
    """A store whose `replica` lags behind.

    Args:
        path: The file; None for memory.
        renderer: Renders contacts as JSON.
        lag: Seconds until a change is visible in the replica.
        clock: Returns the time in seconds since 1970.
    """

    def __init__(self, path: PathLike | None, renderer: Renderer, lag: float, clock: Callable[[], float]) -> None:
        self._lag = lag
        self._clock = clock
        self._uncommitted: list[Callable[[Store], object]] = []
        self._changes: deque[tuple[float, list[Callable[[Store], object]]]] = deque()
        super().__init__(path, renderer)
        self._replica = Store(None, renderer)
        self.copy_to(self._replica)

    @property
    def replica(self) -> Store:
        """The contacts as of `lag` seconds ago."""
        while self._changes and self._changes[0][0] <= self._clock() - self._lag:
            _, changes = self._changes.popleft()
            with self._replica.transaction():
                for change in changes:
                    change(self._replica)
        return self._replica

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Hold the lock, and commit all changes at the end or roll them back on an error."""
        with self.locked():
            self._uncommitted = []
            with super().transaction():
                yield
            self._changes.append((self._clock(), self._uncommitted))

    def insert(self, contacts: Iterable[NewContact]) -> None:
        """Add contacts."""
        given = list(contacts)
        super().insert(given)
        self._uncommitted.append(lambda store: store.insert(given))

    def update(self, phone: str, new_phone: str, fields: dict[str, object]) -> None:
        """Replace the fields and the number of a contact; the new number may be the same."""
        super().update(phone, new_phone, fields)
        self._uncommitted.append(lambda store: store.update(phone, new_phone, fields))

    def delete(self, phone: str) -> bool:
        """Delete a contact. Return whether there was one with this number."""
        self._uncommitted.append(lambda store: store.delete(phone))
        return super().delete(phone)

    def set_opt_out(self, phone: str, *, opted_out: bool) -> None:
        """Record an opt-out of a number, or its end."""
        super().set_opt_out(phone, opted_out=opted_out)
        self._uncommitted.append(partial(Store.set_opt_out, phone=phone, opted_out=opted_out))

    def add_opt_outs(self, phones: Iterable[str]) -> None:
        """Record the opt-outs of numbers that are not contacts yet."""
        given = list(phones)
        super().add_opt_outs(given)
        self._uncommitted.append(lambda store: store.add_opt_outs(given))

    def add_verification(self, phone: str, sent_at: int) -> None:
        """Record a verification message to a number."""
        super().add_verification(phone, sent_at)
        self._uncommitted.append(lambda store: store.add_verification(phone, sent_at))

    def answer_verifications(self, phone: str) -> bool:
        """Verify a number. Return whether a message was sent to it."""
        self._uncommitted.append(lambda store: store.answer_verifications(phone))
        return super().answer_verifications(phone)

    def clear(self) -> None:
        """Delete every contact, opt-out and verification at once, and restart the contact IDs at 1."""
        super().clear()
        self._changes.clear()
        self._replica.clear()

    def close(self) -> None:
        """Close both databases."""
        super().close()
        self._replica.close()
