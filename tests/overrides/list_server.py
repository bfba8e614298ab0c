"""A model of the server for listings, without HTTP: as documented, and with the deviations that a real one may have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sendblue_contacts import BadRequestError, Contact, IncompleteListError
from sendblue_contacts.errors import RequestSummary
from sendblue_contacts.operations import Operation
from sendblue_contacts.pagination import ROWS
from sendblue_contacts.pagination.walk import PageWalk
from sendblue_contacts.responses import contact_rows

EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
OLDEST_FIRST = {"order_by": "created_at", "order_direction": "asc"}
SECOND = dt.timedelta(seconds=1)

HOUR = dt.timedelta(hours=1)

SHOWN: dict[str, Callable[[dt.datetime], dt.datetime]] = {
    "exact": lambda moment: moment,
    "truncated": lambda moment: moment.replace(microsecond=0),
    "rounded": lambda moment: (moment + SECOND / 2).replace(microsecond=0),
    "east": lambda moment: moment + 5.75 * HOUR,  # local time, read as UTC because it has no zone
    "west": lambda moment: moment - 8 * HOUR,
    "spring": lambda moment: moment + (1 + (moment > EPOCH + HOUR)) * HOUR,
    "autumn": lambda moment: moment + (2 - (moment > EPOCH + HOUR)) * HOUR,
}


@dataclass(eq=False)
class Stored:
    """A contact of the account; `name` tells it apart in a test, whatever the server shows."""

    name: str
    created_at: dt.datetime | None


def account(*seconds: float | None) -> list[Stored]:
    """Return contacts that were created so many seconds after the epoch, oldest first; None for no `created_at`."""
    moments = (None if second is None else EPOCH + dt.timedelta(seconds=second) for second in seconds)
    return [Stored(f"{place}", moment) for place, moment in enumerate(moments)]


@dataclass
class ListServer:
    """The model.

    Attributes:
        contacts: The contacts of the account, in the order of their creation.
        max_page: The largest page, whatever `limit` is.
        max_offset: The highest offset.
        rejects: Whether a higher offset is rejected instead of clamped.
        ignores: Query parameters without effect: `offset`, `limit`, `order`, `created_at_gte`.
        exceeds: Whether pages have twice as many contacts as requested.
        strict: Whether `created_at_gte` means `>`.
        shown: How `created_at` is shown, by a name in `SHOWN`.
        undated: Where contacts without `created_at` are sorted in ascending order: `first` or `last`.
        keeps_undated: Whether the filter keeps them.
        shuffles: Whether the order of contacts with equal values changes from page to page.
        identity: What identifies a contact in a response: `number`, `none` or `one_id`; `same`: nothing differs.
        uncounted: How many contacts the count lacks; a negative number: how many it has too many.
        glitches: Number of a request, and whether its page is `empty`, or the one before is `repeat`ed.
        meanwhile: Called with the server before each response.
        lag: Lists are as of so many requests ago.
        count_lag: Counts are as of so many requests ago.
        requests: The query parameters of all requests; "count" for a count.
    """

    contacts: list[Stored]
    max_page: int = 1_000
    max_offset: int = 10_000
    rejects: bool = True
    ignores: Collection[str] = ()
    exceeds: bool = False
    strict: bool = False
    shown: str = "exact"
    undated: str = "last"
    keeps_undated: bool = False
    shuffles: bool = False
    identity: str = "number"
    uncounted: int = 0
    glitches: dict[int, str] = field(default_factory=dict[int, str])
    meanwhile: Callable[[ListServer], object] | None = None
    lag: int = 0
    count_lag: int = 0
    requests: list[Any] = field(default_factory=list[Any])
    _random: Random = field(default_factory=lambda: Random(1))  # noqa: S311  # not a secret
    _states: list[list[Stored]] = field(default_factory=list[list[Stored]])
    _last_page: list[Contact] = field(default_factory=list[Contact])

    def respond(self, operation: Operation[Any]) -> list[Any] | int:
        """Return a page or a count."""
        if self.meanwhile:
            self.meanwhile(self)
        self._states.append([*self.contacts])
        if operation.kwargs["url"].endswith("/count"):
            self.requests.append("count")
            return len(self._as_of(self.count_lag)) - self.uncounted
        params = operation.kwargs["params"]
        self.requests.append(params)
        page = self._page(params)
        glitch = self.glitches.get(len(self.requests))
        page = {"empty": [], "repeat": self._last_page}.get(glitch or "", page)
        self._last_page = page
        return page

    def _as_of(self, lag: int) -> list[Stored]:
        return self._states[max(0, len(self._states) - 1 - lag)]

    def _page(self, params: dict[str, Any]) -> list[Contact]:
        offset = 0 if "offset" in self.ignores else params.get("offset", 0)
        if offset > self.max_offset and self.rejects:
            raise BadRequestError("offset", request=RequestSummary("GET", "/api/v2/contacts"))
        limit = params["limit"] * (1 + self.exceeds)
        size = len(self.contacts) if "limit" in self.ignores else min(limit, self.max_page)
        start = min(offset, self.max_offset)
        return [self._shown(stored) for stored in self._sorted(params)[start : start + size]]

    def _sorted(self, params: dict[str, Any]) -> list[Stored]:
        found = [stored for stored in self._as_of(self.lag) if self._matches(stored, params)]
        if self.shuffles:
            self._random.shuffle(found)
        if "order" in self.ignores:
            return found[::-1]  # newest first, the default of the server
        if params["order_by"] != "created_at":
            found.sort(key=lambda stored: stored.name[::-1])
        else:
            empty = EPOCH.replace(year=1 if self.undated == "first" else 9999)
            found.sort(key=lambda stored: stored.created_at or empty)
        return found if params["order_direction"] == "asc" else found[::-1]

    def _matches(self, stored: Stored, params: dict[str, Any]) -> bool:
        if "created_at_gte" not in params or "created_at_gte" in self.ignores:
            return True
        since = dt.datetime.fromisoformat(params["created_at_gte"])
        if stored.created_at is None:
            return self.keeps_undated
        return stored.created_at > since if self.strict else stored.created_at >= since

    def _shown(self, stored: Stored) -> Contact:
        created_at = stored.created_at and SHOWN[self.shown](stored.created_at)
        if self.identity == "same":
            return Contact(first_name="Ada", created_at=EPOCH)
        phone = f"+1415{int(stored.name):07}" if self.identity == "number" else None
        contact_id = {"number": f"c_{stored.name}", "none": None, "one_id": "c"}[self.identity]
        return Contact(phone=phone, contact_id=contact_id, first_name=stored.name, created_at=created_at)


NAME_PLACE = [*Contact.FIELDS].index("first_name")
"""The place of the name in the rows that a walk of a sync returns."""


@dataclass
class Listing:
    """What a walk returned: the names of the contacts, the error, and the seconds that it paused."""

    names: list[str] = field(default_factory=list[str])
    error: IncompleteListError | None = None
    paused: float = 0.0


def listed(
    server: ListServer,
    walk: PageWalk | None = None,
    consume: Callable[[list[str]], object] = len,
    max_requests: int = 10_000,
) -> Listing:
    """Walk to the end. `consume` is called with the names of each page, before the next request."""
    walk = walk or PageWalk(OLDEST_FIRST)
    listing = Listing()
    try:
        while (operation := walk.next_request()) is not None:
            assert len(server.requests) < max_requests, "the walk does not end"
            listing.paused += walk.pause
            response = server.respond(operation)
            if walk.form is ROWS and isinstance(response, list):
                response = contact_rows([contact.to_dict() for contact in response])
            found = walk.accept(response)
            names = [row[NAME_PLACE] if isinstance(row, tuple) else row.first_name or "" for row in found]
            listing.names += names
            consume(names)
    except IncompleteListError as error:
        listing.error = error
    return listing
