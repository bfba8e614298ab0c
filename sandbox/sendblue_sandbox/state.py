"""The state of a sandbox, shared by the API operations, the control routes and the methods of `Sandbox`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from .seed import generate_contacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .api.context import Context
    from .clock import Clock
    from .faults.rules import Faults
    from .rate_limit.limiter import Limiter
    from .recorder import RequestRecorder

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
        """Clear all data, faults and counters, and follow real time."""
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
            store.insert(batch.contacts)
        return batch.phones

    def contacts(self) -> list[dict[str, object]]:
        """Return every contact under preferred field names, in order of creation."""
        with self.context.store.locked():
            return [self.context.renderer.to_dict(row) for row in self.context.store.all()]

    def search(self, text: str, limit: int, offset: int) -> dict[str, object]:
        """Return the contacts that contain a text, newest first, and their total number."""
        with self.context.store.locked():
            total, rows = self.context.store.search(text, limit, offset)
        return {"total": total, "contacts": [self.context.renderer.to_dict(row) for row in rows]}

    def summary(self) -> dict[str, object]:
        """Return the counters, the settings without secrets, and the current window."""
        settings, now = self.context.settings, self.clock()
        with self.context.store.locked():
            contacts = self.context.store.count()
        return {
            "contacts": contacts,
            "settings": self._settings(),
            "limit": settings.limit,
            "per": settings.per,
            "window": settings.window,
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
        return {**shown, "credentials": "any" if settings.api_key is None else "one pair"}


def _to_json(value: object) -> object:
    if isinstance(value, list | tuple):
        return [str(item) for item in cast("Iterable[object]", value)]
    return value if value is None or isinstance(value, int | float) else str(value)
