"""The state of a sandbox, shared by the API operations, the control routes and the methods of `Sandbox`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from .seed import generate_contacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .api.context import Context
    from .clock import Clock
    from .faults.rules import Faults
    from .rate_limit.limiter import Limiter
    from .recorder import RequestRecorder
    from .storage.queries import ContactSearch

SECRETS = ("api_key", "api_secret")


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The state of one sandbox.

    Attributes:
        context: The document, the contacts and the settings.
        limiter: The rate limit.
        recorder: The requests that arrived.
        faults: The fault rules.
        clock: The clock.
    """

    context: Context
    limiter: Limiter
    recorder: RequestRecorder
    faults: Faults
    clock: Clock

    def reset(self) -> None:
        """Clear all data, faults and counters, restore the limit, and follow real time."""
        self.context.store.clear()
        self.recorder.clear()
        self.faults.clear()
        self.clock.real()
        self.limiter.reset()

    def seed(self, count: int, seed: int) -> list[str]:
        """Create realistic contacts and return their numbers in order of creation."""
        store = self.context.store
        with store.transaction():
            batch = generate_contacts(count, seed, round(self.clock() * 1000), store.phones())
            store.add_opt_outs(batch.opted_out)
            contact = self.context.document.contact
            store.insert((phone, at, contact.renamed(fields)) for phone, at, fields in batch.contacts)
        return batch.phones

    def contacts(self) -> list[dict[str, object]]:
        """Return every contact under preferred field names, in order of creation."""
        with self.context.store.locked():
            return [self.context.renderer.to_dict(row) for row in self.context.store.all()]

    def change_limit(self, changes: Mapping[str, Any]) -> None:
        """Change the limit until the next reset, and empty every window.

        Args:
            changes: New values of the settings `limit`, `per` and `window`.

        Raises:
            ValueError: A value is not valid.
        """
        checked = replace(self.context.settings, **{**self._limit(), **changes})
        self.limiter.change(checked.limit, checked.per, checked.window)

    def search(self, search: ContactSearch) -> dict[str, object]:
        """Return contacts, newest first, and how many the search finds in total."""
        with self.context.store.locked():
            total, rows = self.context.store.search(search)
        return {"total": total, "contacts": [self.context.renderer.to_dict(row) for row in rows]}

    def summary(self) -> dict[str, object]:
        """Return the counters, the settings without secrets, and the current window."""
        now = self.clock()
        with self.context.store.locked():
            contacts = self.context.store.count()
        return {
            "contacts": contacts,
            "settings": self._settings(),
            **self._limit(),
            "used": self.limiter.used(now),
            "history": self.limiter.history(now),
            "arrivals": self.limiter.max_arrivals,
            "requests": self.recorder.count(),
            "faults": len(self.faults.all()),
            "clock": {"now": now, "virtual": self.clock.virtual},
        }

    def _settings(self) -> dict[str, object]:
        settings = self.context.settings
        shown = {name: _to_json(value) for name, value in asdict(settings).items() if name not in SECRETS}
        return {**shown, **self._limit(), "credentials": "any" if settings.api_key is None else "one pair"}

    def _limit(self) -> dict[str, Any]:
        return {"limit": self.limiter.limit, "per": self.limiter.per, "window": self.limiter.window}


def _to_json(value: object) -> object:
    if isinstance(value, list | tuple):
        return [str(item) for item in cast("Iterable[object]", value)]
    return value if value is None or isinstance(value, int | float) else str(value)
