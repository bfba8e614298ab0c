"""When new windows begin: a server may show other times than those by which it filters."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

NOT_SORTED = "the server leaves out created_at, does not sort by it, or does not filter by the time that it shows"
_MAX_FAILURES = 3  # how many new windows in a row may lack the last contact
_MARGIN = dt.timedelta(seconds=1)
_QUARTER = dt.timedelta(minutes=15)
_ZONES = range(-12 * 4, 14 * 4 + 1)  # in quarters of an hour


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
