"""A window: the contacts that were created at a time or later, requested page by page with `offset`.

Also when new windows begin, although a server may show other times than those by which it filters.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sendblue_contacts.responses import CREATED_AT

if TYPE_CHECKING:
    from .page import ContactKey, ListPage

MAX_OFFSET = 10_000
MAX_PAGE_SIZE = 1_000
MAX_KNOWN = 2 * (MAX_OFFSET + MAX_PAGE_SIZE)  # where contacts are deleted as they are listed, a window has no end
OLDEST_FIRST = {"order_by": "created_at", "order_direction": "asc"}
NOT_SORTED = f"the server leaves out {CREATED_AT}, does not sort by it, or does not filter by the time that it shows"
_MAX_FAILURES = 3  # how many new windows in a row may lack the last contact
_MARGIN = dt.timedelta(seconds=1)
_QUARTER = dt.timedelta(minutes=15)
_ZONES = range(-12 * 4, 14 * 4 + 1)  # in quarters of an hour


@dataclass(slots=True, repr=False)
class Window:
    """The contacts that were created at `since` or later; all contacts if it is None."""

    since: dt.datetime | None = None  # as the server shows it
    created_at_gte: dt.datetime | None = None  # as the server filters by it
    listed: dict[ContactKey, dt.datetime | None] = field(default_factory=dict[Any, Any])  # in the order of the server
    offset: int = 0  # where the next page begins
    end: int = 0  # the offset after the last page
    last: ContactKey | None = None  # the last contact of the last page
    previous: Window | None = None  # the window before, until a page shows that this one continues it
    shuffled: bool = False  # whether contacts changed places
    seen: dict[ContactKey, Any] = field(default_factory=dict[Any, Any])  # since it has this size, without anything new
    size: int = 0  # how many contacts it had, while it is read again
    failed: bool = False  # whether the window after this one did not continue it
    sorted: bool = True  # whether all pages since the one without an offset fit together
    changed: bool = False  # whether contacts were created, deleted or sorted anew between the last two pages
    _step: int = 1

    def following(self, since: dt.datetime, created_at_gte: dt.datetime, max_repeated: int) -> Window:
        """Return a window that begins at a later time, without an offset if that repeats few contacts."""
        listed = {key: date for key, date in self.listed.items() if date is None or date >= since}
        dated = [key for key, date in listed.items() if date]
        offset = min(len(dated) - 1, MAX_OFFSET) if len(dated) > max_repeated else 0
        return Window(
            since, created_at_gte, listed, offset, len(dated), self.last, self, self.shuffled, dict.fromkeys(dated)
        )

    def fits(self, page: ListPage) -> bool:
        """Whether no contact is missing between the last page and this one, and none is older than the window."""
        if self.since and min(page.moments, default=self.since) < self.since:
            return False
        if self.offset:
            return next(iter(page.dates), None) in self.listed
        return self.previous is None or any(self.listed.get(key) for key in page.dates)

    def step_back(self) -> None:
        """Request an earlier page, twice as far back each time."""
        self.offset, self._step = max(0, self.offset - self._step), 2 * self._step

    def read_again(self) -> None:
        """Request the first page."""
        self.seen, self.size, self.offset = (self.seen if self.size == self.end else {}), self.end, 0

    def is_read(self, *, ended: bool) -> bool:
        """Whether all contacts up to the end were listed: the pages have one order, or as many were seen as it has."""
        if not self.offset:
            return not ended or self.size in {0, self.end}
        all_seen = len(self.seen) >= self.end
        return all_seen and self.size == self.end if self.shuffled or not self.sorted else all_seen or self.size > 0

    def add(self, page: ListPage, step: int) -> list[Any]:
        """Add a page, and return its new contacts."""
        keys, listed = list(page.dates), self.listed
        start = next((place for place, key in enumerate(keys) if key not in listed), len(keys))
        known, new = keys[:start], [*page.contacts[start:]]
        if not listed.keys().isdisjoint(keys[start:]):
            known = [key for key in keys if key in listed]
            new = [contact for key, contact in zip(keys, page.contacts, strict=True) if key not in listed]
        self.changed = self.offset > 0 and known != [*keys[: self.end - self.offset - 1], self.last]
        self.sorted = not self.offset or (self.sorted and not self.changed)
        self.shuffled = self.shuffled or (len(known) > 1 and known != [key for key in listed if key in page.dates])
        if new if self.size else not self.offset:
            self.seen = {}
        self.seen.update(dict.fromkeys(known) if self.size else page.dates)  # new ones may be deleted at once
        self._insert(page, known)
        self.end, self._step = self.offset + page.length, step
        self.last = keys[-1] if keys else self.last
        return new

    def _insert(self, page: ListPage, known: list[ContactKey]) -> None:
        """Insert a page where it begins."""
        if self.offset and not self.changed:
            self.listed.update(page.dates)
        elif len(known) == len(self.listed):
            self.listed = page.dates.copy()
        else:
            listed = list(self.listed.items())
            place = list(self.listed).index(next(iter(page.dates))) if self.offset else 0
            self.listed = dict([*listed[:place], *page.dates.items(), *listed[place:MAX_KNOWN]])


@dataclass(slots=True, repr=False)
class TimeFilter:
    """Whether and how the server sorts and filters by `created_at`."""

    works: bool = False  # whether new windows can be requested
    ascending: bool = False  # whether a page showed that later contacts follow earlier ones
    margin: dt.timedelta = dt.timedelta(0)  # new windows begin so much earlier: the server may round, or use `>`
    zone: dt.timedelta = dt.timedelta(0)  # how far the shown times are ahead of those by which the server filters
    doubt: str = ""  # why contacts of earlier windows may be missing
    _failures: int = 0
    _measured: bool = False
    _zones: range = range(0)

    def check_order(self, dates: list[dt.datetime], *, is_first: bool) -> None:
        """Check the order of a page, of the first window or a later one."""
        is_sorted = dates == sorted(dates)
        if self.works and not (is_sorted or is_first):
            self.doubt = NOT_SORTED
        self.works = self.works and is_sorted
        self.ascending = self.ascending or (is_sorted and dates[:1] < dates[-1:])

    def next_window(self, latest: dt.datetime | None, since: dt.datetime | None) -> dt.datetime | None:
        """Return when the next window begins; None if no window follows `since`."""
        begin = latest - self.margin if latest and self.works and self.ascending else None
        return begin if begin and (since is None or begin > since) else None

    def check_window(self, *, continues: bool) -> None:
        """Note whether a new window has the last contact, which exists."""
        if continues:
            self._failures, self._measured = 0, False
            return
        self._failures, self.margin = self._failures + 1, _MARGIN
        self.works = self.works and self._failures < _MAX_FAILURES
        if self._failures > 1 and not self._measured:
            self._zones, self._measured = _ZONES, True

    @property
    def measures_zone(self) -> bool:
        """Whether the zone has to be found: the first of which `probe` does not leave out the last contact."""
        return len(self._zones) > 1

    def probe(self, latest: dt.datetime) -> dt.datetime:
        """Return the next `created_at_gte` of a binary search."""
        return latest - self.margin - _QUARTER * self._zones[(len(self._zones) - 1) // 2]

    def read_probe(self, *, leaves_out_last: bool) -> None:
        """Note whether the response begins after the last contact."""
        half = (len(self._zones) + 1) // 2
        self._zones = self._zones[half:] if leaves_out_last else self._zones[:half]
        self.zone = _QUARTER * self._zones[0]
        self.works = self.works and (self.measures_zone or self._zones[0] not in {_ZONES[0], _ZONES[-1]})
