"""Walking through every contact, page by page. Pure: a `PageWalk` returns the next request and reads its response.

    | order        | next page                                                     | reaches             |
    |--------------|---------------------------------------------------------------|---------------------|
    | oldest first | `created_at_gte` of the last contact: a new *window*          | every contact       |
    | other        | `offset` in the only window                                   | 11,000 contacts     |

Offsets shift when a contact is deleted, and a server need not sort or filter as documented. Therefore:

- **Overlap.** Each page begins with the last contact of the page before. If it does not, the walk goes back until a
  page begins with a contact that was listed: then none between them is missing. A new window that contains no listed
  contact is not used: the walk continues in the old one, by offset.
- **Size.** A window is left only when as many contacts of it were listed as its last offset says. Otherwise the order
  changed, and the window is read again.
- **End.** The walk ends at a page that has nothing new, however short the page before was.
- **Count.** Without a filter, the number of contacts is compared with `count`. After a short page this comes first,
  before the page is returned, and usually replaces the page that has nothing new. Reads may lag behind writes, so
  missing contacts are looked for again, after pauses.

Whatever does not fit ends in `IncompleteListError`, after a bounded number of requests.
"""

from __future__ import annotations

import datetime as dt
import itertools
from bisect import bisect_left
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sendblue_contacts import operations
from sendblue_contacts.errors import IncompleteListError

from .contact_keys import ContactKey, by_key, ignored_filter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sendblue_contacts_api.models.contact import Contact

MAX_OFFSET = 10_000
MAX_PAGE_SIZE = 1_000
MAX_NEARLY_EMPTY_PAGES = 1_000
"""How many pages in a row may have less than a quarter of the contacts of the longest page."""
MAX_READS = 50
"""How often a window is read again."""
MAX_FAILED_WINDOWS = 3
"""How many new windows in a row may lack the last contact, before `created_at_gte` is no longer used."""
READ_LAG_PAUSES = (0.0, 0.5, 1.0, 2.0, 2.0)
"""Seconds before each further look for contacts that are counted but not listed."""
_MARGIN = dt.timedelta(seconds=1)
"""Once a window lacked the last contact, the next ones begin earlier: the server may round, or filter by `>`."""
_TOO_FAST = "contacts are created faster than they can be listed"
OLDEST_FIRST = ("created_at", "asc")


class _Asks(Enum):
    """What the next request asks for."""

    PAGE = auto()
    COUNT = auto()
    UNDATED = auto()
    """The newest contacts: a server that sorts contacts without `created_at` last, filters them out in new windows."""


@dataclass(slots=True, repr=False)
class _Window:
    """The contacts that were created at `since` or later; all contacts if it is None.

    Attributes:
        since: The value of `created_at_gte`.
        listed: The contacts of the window that were listed.
        dated: The dates of each page, in order, and its contacts that have one.
        end: The offset after the last page.
        last: The last contact of the last page.
        paged: Whether pages were requested by offset.
        size: While the window is read again: how many contacts it has.
    """

    since: dt.datetime | None
    listed: dict[ContactKey, None] = field(default_factory=dict[ContactKey, None])
    dated: list[tuple[list[dt.datetime], list[ContactKey]]] = field(default_factory=list[Any])
    end: int = 0
    last: ContactKey | None = None
    paged: bool = False
    size: int = 0


@dataclass(slots=True, repr=False)
class PageWalk:
    """The state of one iteration over a listing.

    Args:
        filters: The query parameters.
        page_size: The number of contacts to request at a time; a few more may be returned.
        max_items: Maximum number of contacts in all pages; None for all contacts.
        filtered: Whether something else than `filters` may leave contacts out, so that `count` says nothing.

    Attributes:
        returned: Number of contacts returned so far.
        pause: Seconds to wait before the next request.
    """

    filters: Mapping[str, Any]
    page_size: int = MAX_PAGE_SIZE
    max_items: int | None = None
    filtered: bool = False
    returned: int = 0
    pause: float = 0.0

    _window: _Window = field(default_factory=lambda: _Window(None))
    _old_window: _Window | None = None  # while it is not known whether the new one continues it
    _offset: int = 0
    _limit: int = 0
    _step: int = 1
    _longest: int = 0
    _keyset: bool = True
    _margin: dt.timedelta = dt.timedelta(0)
    _failed_windows: int = 0
    _window_failed: bool = False
    _leaves_out_undated: bool = False
    _undated: dict[ContactKey, None] = field(default_factory=dict[ContactKey, None])

    _asks: _Asks = _Asks.PAGE
    _count: int | None = None
    _goal: int = 0
    _held: list[Contact] = field(default_factory=list["Contact"])
    _undisturbed: bool = True
    _idle: int = 0
    _nearly_empty_pages: int = 0
    _reads: int = 0
    _looks: int = 0
    _ended: bool = False
    _done: bool = False
    _doubt: str = ""
    _problem: str = ""

    def __post_init__(self) -> None:
        self._window.since = self.filters.get("created_at_gte")
        self._keyset = (self.filters.get("order_by"), self.filters.get("order_direction")) == OLDEST_FIRST
        self.filtered = self.filtered or bool(self.filters.keys() & {"created_at_gte", "phone_number", "cid"})

    # --- requests

    def next_request(self) -> operations.Operation[Any] | None:
        """Return the next request; None at the end.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        if self._done or self.returned == self.max_items:
            return None
        if self._problem:
            raise self._error(self._problem)
        if self._asks is _Asks.COUNT:
            return operations.count()
        return self.page_request()

    def page_request(self) -> operations.Operation[list[Contact]]:
        """Return the request for the next page."""
        offset = {"offset": self._offset} if self._offset else {}
        if self._asks is _Asks.UNDATED:
            limit = MAX_PAGE_SIZE if offset else 100
            return operations.page({**self.filters, "order_direction": "desc", **offset, "limit": limit})
        wanted = max(self.page_size, 2)  # a page of one contact has no room for something new
        if self.max_items is not None:
            wanted = min(wanted, self.max_items - self.returned)
        self._limit = min(MAX_PAGE_SIZE, wanted + max(0, self._window.end - self._offset))
        since = {"created_at_gte": self._window.since} if self._window.since else {}
        return operations.page({**self.filters, **since, **offset, "limit": self._limit})

    def accept(self, response: list[Contact] | int) -> list[Contact]:
        """Read the response. Returns the contacts to list next.

        Raises:
            IncompleteListError: The server ignores a filter.
        """
        self.pause = 0.0
        if isinstance(response, int):
            return self._accept_count(response)
        if self._asks is _Asks.UNDATED:
            return self._accept_undated(response)
        return self._accept_page(response)

    # --- pages

    def _accept_page(self, page: list[Contact]) -> list[Contact]:
        if ignored := ignored_filter(self.filters, page):
            raise self._error(f"the server ignores {ignored}")
        contacts = by_key(page)
        dates = [date for contact in page if (date := contact.created_at) is not None]
        is_sorted = dates == sorted(dates)
        if not self._fits(contacts, dates[:1] if is_sorted else dates):
            return self._step_back() if self._offset or self._old_window is None else self._return_to_old_window()
        self._check_windows(next(iter(contacts), None), is_sorted=is_sorted)
        new = self._add(contacts, dates, len(page))
        short, all_read = len(page) < min(self._longest or self._limit, self._limit), self._window.size > 0
        self._longest = max(self._longest, len(page))
        self._step = max(1, self._longest // 4)
        self._place_next(new=bool(new), length=len(page), latest=dates[-1] if dates else None)
        return self._list(new, short=short, all_read=short or all_read)

    def _fits(self, contacts: Mapping[ContactKey, Contact], dates: list[dt.datetime]) -> bool:
        """Whether no contact is missing between the last page and this one, and none is older than the window."""
        window, since = self._window, self._window.since
        if since and since != self.filters.get("created_at_gte") and any(date < since for date in dates):
            return False
        if not self._offset:
            return self._old_window is None or not window.listed.keys().isdisjoint(contacts)
        if not contacts:
            return self._offset >= window.end
        first = next(iter(contacts))
        return first in window.listed or first in self._undated

    def _step_back(self) -> list[Contact]:
        """Request an earlier page, twice as far back each time."""
        self._offset = max(0, self._offset - self._step)
        self._step *= 2
        self._disturbed()
        return []

    def _return_to_old_window(self) -> list[Contact]:
        self._window, self._old_window = self._old_window or self._window, None
        self._window_failed = True
        self._continue(new=True)
        self._disturbed()
        return []

    def _check_windows(self, first: ContactKey | None, *, is_sorted: bool) -> None:
        """Decide whether `created_at_gte` can be used further on."""
        if self._old_window is not None:
            self._old_window, self._failed_windows = None, 0
        elif self._window_failed and first == self._window.last:
            # The last contact has not been deleted: the new window should have had it.
            self._failed_windows += 1
            self._margin = _MARGIN
        self._window_failed = False
        self._keyset = self._keyset and is_sorted and self._failed_windows < MAX_FAILED_WINDOWS

    def _add(self, contacts: dict[ContactKey, Contact], dates: list[dt.datetime], length: int) -> list[Contact]:
        """Add a page to the window, and return its new contacts."""
        window, new = self._window, self._new(contacts)
        window.listed.update(dict.fromkeys(contacts))
        if len(dates) < length:
            self._undated.update({key: None for key, contact in contacts.items() if contact.created_at is None})
        if self._keyset:
            window.dated.append((dates, list(contacts)) if len(dates) == len(contacts) else _dated(contacts))
        window.paged = window.paged or (self._offset > 0 and self._longest > 1)
        window.end = self._offset + length
        window.last = next(reversed(contacts), window.last)
        self._forget(contacts)
        return list(new.values())

    def _new(self, contacts: dict[ContactKey, Contact]) -> dict[ContactKey, Contact]:
        new = contacts.copy()
        for known in (self._window.listed, self._undated):
            for key in new.keys() & known.keys():
                del new[key]
        return new

    def _forget(self, contacts: Iterable[ContactKey]) -> None:
        """Bound the memory: where contacts are deleted as they are listed, keep those that a page can show again."""
        reach = MAX_OFFSET + MAX_PAGE_SIZE
        for known in (self._window.listed, self._undated):
            if len(known) > 2 * reach and not self._offset:
                kept = {*list(known)[-reach:], *contacts}
                for key in known.keys() - kept:
                    del known[key]
                self._window.dated = [page for page in self._window.dated if page[1][-1:] and page[1][-1] in kept]

    def _list(self, new: list[Contact], *, short: bool, all_read: bool) -> list[Contact]:
        """Return the new contacts, or hold them back until they are counted: their deletion would change the count."""
        contacts = self._take(new)
        self._nearly_empty_pages = self._nearly_empty_pages + 1 if 4 * len(new) < self._longest else 0
        if contacts:
            self._idle = 0
        elif not self._ended:
            self._note_idle()
        if self._nearly_empty_pages > MAX_NEARLY_EMPTY_PAGES:
            self._finish(_TOO_FAST)
        if contacts and self.returned - len(contacts) < self._goal <= self.returned:
            self._done = self._ended or (self._undisturbed and all_read)
        elif short and contacts and self._count is None and self._can_count():
            self._asks, self._held = _Asks.COUNT, contacts
            return []
        return contacts

    def _take(self, contacts: list[Contact]) -> list[Contact]:
        taken = contacts if self.max_items is None else contacts[: self.max_items - self.returned]
        self.returned += len(taken)
        return taken

    def _can_count(self) -> bool:
        return not self.filtered and self._undisturbed and self.returned != self.max_items

    # --- where the next page begins

    def _place_next(self, *, new: bool, length: int, latest: dt.datetime | None) -> None:
        window = self._window
        # A single contact has been listed before; where pages have one contact, only at an offset that is the end.
        full = min(self._longest, self._limit) if self._longest > 1 else 1 + (self._offset > 0)
        ended = not new and length < full
        since = None if ended else self._next_since(latest)
        if window.size:
            self._read_again(ended=ended)
        elif (ended or since) and window.paged and len(window.listed) < window.end:
            self._read_from_start()
        elif ended:
            self._finish()
        elif since:
            self._start_window(since)
        else:
            self._continue(new=new)

    def _next_since(self, latest: dt.datetime | None) -> dt.datetime | None:
        """Return the beginning of the next window; None if the walk has to continue in this one."""
        if latest is None or not self._keyset or self._longest == 1:
            return None
        since = latest - self._margin
        return since if self._window.since is None or since > self._window.since else None

    def _start_window(self, since: dt.datetime) -> None:
        pages = [(bisect_left(dates, since), dates, keys) for dates, keys in self._window.dated]
        dated = [(dates[start:], keys[start:]) for start, dates, keys in pages if start < len(dates)]
        known = dict.fromkeys(itertools.chain.from_iterable(keys for _, keys in dated))
        self._old_window, self._window = self._window, _Window(since, known, dated, end=len(known))
        self._leaves_out_undated = "created_at_gte" not in self.filters
        self._offset = 0 if self._margin else max(0, min(len(known) - 1, MAX_OFFSET))

    def _read_again(self, *, ended: bool) -> None:
        """Read the window from its beginning, until as many contacts are listed as it has."""
        window = self._window
        if ended and len(window.listed) < window.size:
            self._read_from_start()
            return
        if len(window.listed) >= window.size:
            window.end, window.size = window.size, 0
        self._continue(new=True)

    def _read_from_start(self) -> None:
        self._window.size, self._offset = self._window.end, 0
        self._reads += 1
        if self._reads > MAX_READS:
            self._finish(_TOO_FAST)

    def _continue(self, *, new: bool) -> None:
        """Continue in the same window. A server that returns single contacts leaves no room for an overlap."""
        before, end = self._offset, self._window.end
        self._offset = max(0, min(end - (self._longest > 1), MAX_OFFSET))
        if end - self._offset >= MAX_PAGE_SIZE or (before == self._offset == MAX_OFFSET and not new):
            self._finish(self._maximum_reached())

    def _maximum_reached(self) -> str:
        if (self.filters.get("order_by"), self.filters.get("order_direction")) != OLDEST_FIRST:
            return "in this order the server skips at most 10,000 contacts; remove order_by and order_direction"
        if self._keyset and self._window.since is not None:
            return "more contacts have the same created_at than the server can list"
        return "the server leaves out created_at, does not sort by it, or does not filter by the time that it shows"

    def _disturbed(self) -> None:
        self._undisturbed = False
        self._note_idle()

    def _note_idle(self) -> None:
        """Bound the requests: allow for reading a whole window again."""
        self._idle += 1
        if self._idle > 10 + 3 * (self._window.end // max(1, self._longest)):
            self._finish("the pages of the server do not fit together: they repeat or skip contacts")

    # --- the end

    def _finish(self, problem: str = "") -> None:
        """End the walk; a problem counts only if the number of contacts does not show that all were listed."""
        self._ended, self._doubt = True, problem
        if self._can_count() or not (self.filtered or problem):
            self._asks = _Asks.COUNT
            self._done = self._count == self.returned and self._undisturbed
        elif problem:
            self._problem = problem
        else:
            self._look_for_undated()

    def _accept_count(self, count: int) -> list[Contact]:
        self._asks, self._count = _Asks.PAGE, count
        missing = count - self.returned
        if self._ended and self._window.since is None:  # its end counts the contacts that were not deleted meanwhile
            missing = max(missing, count - self._window.end)
        self._goal = self.returned + max(0, missing)
        self._undisturbed = self._undisturbed and count >= self.returned
        contacts, self._held = self._held, []
        if not self._ended or count == self.returned:
            self._done = count == self.returned
        elif self._doubt:
            self._problem = self._doubt
        else:
            self._look_for_undated()
        return contacts

    def _look_for_undated(self) -> None:
        if self._leaves_out_undated:
            self._asks, self._offset = _Asks.UNDATED, 0
        else:
            self._look_again()

    def _accept_undated(self, page: list[Contact]) -> list[Contact]:
        run = list(itertools.takewhile(lambda contact: contact.created_at is None, page))
        if self._offset and not (run and self._undated.keys() >= {*by_key(run[:1])}):
            self._offset = 0  # contacts were deleted meanwhile
            self._disturbed()
            return []
        new = self._new(by_key(run))
        self._undated.update(dict.fromkeys(new))
        contacts = self._take(list(new.values()))
        self._offset += len(run) - 1
        if contacts and len(run) == len(page) and self._offset > MAX_OFFSET:
            self._problem = "more contacts have no created_at than the server can list"
        elif not contacts or len(run) < len(page):
            self._asks, self._leaves_out_undated = _Asks.PAGE, False
            self._continue(new=True)
            self._look_again()
        return contacts

    def _look_again(self) -> None:
        """Look for contacts that are counted but not listed: reads may lag behind writes."""
        if self.returned >= self._goal:
            self._done = True
        elif self._looks == len(READ_LAG_PAUSES):
            self._problem = f"the account has {self._count} contacts"
        else:
            self.pause = READ_LAG_PAUSES[self._looks]
            self._looks += 1

    def _error(self, problem: str) -> IncompleteListError:
        message = f"cannot list every contact: {problem} ({self.returned} contacts were listed)"
        return IncompleteListError(message, self.returned)


def _dated(contacts: Mapping[ContactKey, Contact]) -> tuple[list[dt.datetime], list[ContactKey]]:
    dates = [(contact.created_at, key) for key, contact in contacts.items() if contact.created_at is not None]
    return [date for date, _ in dates], [key for _, key in dates]
