"""The state behind every door: what the operations, the control routes and the methods of `Sandbox` work on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .seed import people

if TYPE_CHECKING:
    from .api.operations import Desk
    from .clock import Clock
    from .faults.rules import Faults
    from .rate_limit.limiter import Limit
    from .recorder import Requests

SECRETS = ("api_key", "api_secret")


@dataclass(frozen=True, slots=True)
class State:
    """One sandbox.

    Attributes:
        desk: The document, the contacts and the settings.
        limit: Who may pass.
        requests: What arrived.
        faults: What goes wrong.
        clock: The time.
    """

    desk: Desk
    limit: Limit
    requests: Requests
    faults: Faults
    clock: Clock

    def reset(self) -> None:
        """Forget everything and follow the real time."""
        self.desk.store.clear()
        self.requests.clear()
        self.faults.clear()
        self.clock.real()
        self.limit.reset()

    def seed(self, count: int, seed: int) -> list[str]:
        """Add contacts that look like people; their numbers, in the order of their making."""
        store = self.desk.store
        with store.writing():
            made = people(count, seed, round(self.clock() * 1000), store.phones())
            store.add_opt_outs(made.opted_out)
            store.insert(made.contacts)
        return made.phones

    def contacts(self) -> list[dict[str, object]]:
        """Every contact under preferred names, in the order in which they were made."""
        with self.desk.store.reading():
            return [self.desk.contacts.plain(row) for row in self.desk.store.all()]

    def search(self, text: str, limit: int, offset: int) -> dict[str, object]:
        """Contacts for a person to look at, newest first."""
        with self.desk.store.reading():
            total, rows = self.desk.store.search(text, limit, offset)
        return {"total": total, "contacts": [self.desk.contacts.plain(row) for row in rows]}

    def summary(self) -> dict[str, object]:
        """What is in the sandbox and what is happening, without secrets."""
        settings, now = self.desk.settings, self.clock()
        with self.desk.store.reading():
            contacts = self.desk.store.count()
        return {
            "contacts": contacts,
            "settings": self._settings(),
            "limit": settings.limit,
            "per": settings.per,
            "window": settings.window,
            "used": self.limit.used(now),
            "history": self.limit.history(now),
            "arrivals": self.limit.most,
            "requests": self.requests.count(),
            "faults": len(self.faults.all()),
            "clock": {"now": now, "virtual": self.clock.virtual},
        }

    def _settings(self) -> dict[str, object]:
        shown = {name: _shown(value) for name, value in asdict(self.desk.settings).items() if name not in SECRETS}
        return {**shown, "credentials": "any" if self.desk.settings.api_key is None else "one pair"}


def _shown(value: object) -> object:
    return value if value is None or isinstance(value, int | float) else str(value)
