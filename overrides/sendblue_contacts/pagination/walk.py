"""Walking through every contact, page by page. Pure: a `PageWalk` returns the next request and reads its response.

    | order        | next page                                                     | reaches             |
    |--------------|---------------------------------------------------------------|---------------------|
    | oldest first | `created_at_gte` of the last contact: a new *window*          | every contact       |
    | other        | `offset` in the only window                                   | 11,000 contacts     |

Offsets shift when a contact is deleted, and a server need not sort or filter as documented. Therefore:

- **Overlap.** Each page begins with the last contact of the page before. If it does not, the walk goes back until a
  page begins with a contact that was listed: then none between them is missing. A new window that contains no listed
  contact is not used: the walk continues in the old one, by offset.
- **Order.** A window is left only when its pages have one order, or all its contacts were seen: else it is read again.
- **End.** The walk ends at a page that has nothing new, not at a short one. An empty page is requested again.
- **Count.** Without a filter, the number of contacts is compared with `count`: after a short page, before its contacts
  are returned, and at the end. Reads may lag behind writes, so missing contacts are looked for again, after pauses.

Whatever does not fit ends in `IncompleteListError`, after a bounded number of requests.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sendblue_contacts import operations
from sendblue_contacts.errors import IncompleteListError
from sendblue_contacts.retry import look_up_pauses

from .contact_keys import ContactKey, by_key, ignored_filter
from .time_filter import NOT_SORTED, TimeFilter
from .window import MAX_OFFSET, MAX_PAGE_SIZE, Window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from sendblue_contacts_api.models.contact import Contact

OLDEST_FIRST = {"order_by": "created_at", "order_direction": "asc"}
MAX_NEARLY_EMPTY_PAGES = 1_000  # how many pages in a row may have less than a quarter of the longest one
MAX_READS = 50  # how often windows are read again
MAX_EMPTY_PAGES = 3  # how many empty pages in a row show that there are no more contacts
MAX_REPEATED = 5  # how many contacts a new window may repeat, so that it begins without an offset
_TOO_FAST = "contacts are created, deleted or sorted anew faster than they can be listed"
_MISFIT = "the pages of the server do not fit together: they repeat or skip contacts"
_OFFSET = "in this order the server skips at most 10,000 contacts; remove order_by and order_direction"
_SAME_TIME = "more contacts have the same created_at than the server can list"


class _Asks(Enum):
    PAGE = auto()
    COUNT = auto()
    ZONE = auto()  # how far the shown times are ahead of those by which the server filters
    LAST = auto()  # the last contact: the only one that was listed may be all that the server puts into a page
    UNDATED = auto()  # the newest contacts: without `created_at` they may be sorted last, and missing in new windows


@dataclass(slots=True, repr=False)
class PageWalk:
    """The state of one iteration over a listing.

    Attributes:
        filters: The query parameters.
        page_size: The number of contacts to request at a time; a few more may be returned.
        max_items: Maximum number of contacts in all pages; None for all contacts.
        filtered: Whether something else than `filters` may leave contacts out, so that `count` says nothing.
        read_lag: Seconds by which reads may lag behind writes.
        returned: Number of contacts returned so far.
        pause: Seconds to wait before the next request.
    """

    filters: Mapping[str, Any]
    page_size: int = MAX_PAGE_SIZE
    max_items: int | None = None
    filtered: bool = False
    read_lag: float = 5.0
    returned: int = 0
    pause: float = 0.0

    _asks: _Asks = _Asks.PAGE
    _window: Window = field(default_factory=Window)
    _times: TimeFilter = field(default_factory=TimeFilter)
    _dated: Window = field(default_factory=Window)  # while contacts without `created_at` are looked for
    _misfit: list[ContactKey] = field(default_factory=list[Any])  # a page that may be repeated
    _latest: dt.datetime | None = None  # when the last contact of the last page was created
    _limit: int = 0
    _longest: int = 0
    _leaves_out_undated: bool = False
    _count: int | None = None
    _goal: int = 0
    _held: list[Contact] = field(default_factory=list[Any])
    _undisturbed: bool = True
    _idle: int = 0
    _nearly_empty_pages: int = 0
    _empty_pages: int = 0
    _reads: int = 0
    _looks: Iterator[float] | None = None
    _done: bool = False
    _problem: str = ""

    def __post_init__(self) -> None:
        self._times.works = OLDEST_FIRST.items() <= self.filters.items()
        self.filtered = self.filtered or bool(self.filters.keys() & {"created_at_gte", "phone_number", "cid"})

    def next_request(self) -> operations.Operation[Any] | None:
        """Return the next request; None at the end.

        Raises:
            IncompleteListError: There are more contacts, or may be, but the server does not return them.
        """
        if self._done or self.returned == self.max_items:
            return None
        if self._asks is _Asks.COUNT:
            return operations.count()
        if self._problem:
            raise self._error(self._problem)
        return self.page_request()

    def page_request(self) -> operations.Operation[list[Contact]]:
        """Return the request for the next page."""
        window, values = self._window, dict[str, Any]()
        if self._asks in {_Asks.LAST, _Asks.UNDATED}:
            values["order_direction"] = "asc" if self.filters["order_direction"] == "desc" else "desc"
        wanted = max(self.page_size, 2)  # a page of one contact has no room for something new
        wanted = wanted if self.max_items is None else min(wanted, self.max_items - self.returned)
        self._limit = values["limit"] = min(MAX_PAGE_SIZE, wanted + max(0, window.end - window.offset))
        if self._asks is _Asks.ZONE and self._latest:
            values["created_at_gte"] = self._times.probe(self._latest)
        elif self._asks is not _Asks.LAST:
            values |= {name: value for name in ("created_at_gte", "offset") if (value := getattr(window, name))}
        return operations.page({**self.filters, **values})

    def accept(self, response: list[Contact] | int) -> list[Contact]:
        """Read the response. Returns the contacts to list next.

        Raises:
            IncompleteListError: The server ignores a filter.
        """
        self.pause = 0.0
        if isinstance(response, int):
            return self._accept_count(response)
        readers = {_Asks.ZONE: self._accept_probe, _Asks.LAST: self._accept_last}
        return readers.get(self._asks, self._accept_page)(response)

    def _accept_page(self, page: list[Contact]) -> list[Contact]:
        if ignored := ignored_filter(self.filters, page):
            raise self._error(f"the server ignores {ignored}")
        self._empty_pages = 0 if page else self._empty_pages + 1
        if self._asks is _Asks.UNDATED:
            page = list(itertools.takewhile(lambda contact: contact.created_at is None, page))
        window, contacts = self._window, by_key(page)
        if not window.fits(contacts) or (contacts and self._misfit == [*contacts]):
            return self._go_back([*contacts])
        if window.previous or (window.failed and next(iter(contacts), None) == window.last):
            self._times.check_window(continues=window.previous is not None)
        window.previous, window.failed = None, False
        dates = [date for contact in page if (date := contact.created_at)]
        self._times.check_order(dates, is_first=window.since is None)
        self._latest = dates[-1] if dates else None
        short = len(page) < min(self._longest or self._limit, self._limit)
        self._longest = max(self._longest, len(page))
        new = window.add(contacts, len(page), step=max(6, self._longest // 4))
        self._undisturbed = self._undisturbed and not window.changed
        self._place_next(new=bool(new), length=len(page))
        return self._list(new, short=short)

    def _go_back(self, misfit: list[ContactKey]) -> list[Contact]:
        window, self._undisturbed = self._window, False
        self._misfit = [] if self._misfit == misfit else misfit
        if window.offset or not window.previous:
            window.step_back()
        else:
            self._window, window.previous.failed = window.previous, True
            self._continue(new=True)
        self._limit_requests(new=0)
        return []

    def _list(self, new: list[Contact], *, short: bool) -> list[Contact]:
        """Return the new contacts, or hold them back until they are counted: their deletion would change the count."""
        contacts = new if self.max_items is None else new[: self.max_items - self.returned]
        self.returned += len(contacts)
        self._limit_requests(len(contacts))
        if short and contacts and self._can_count():
            if self._count is None:
                self._asks, self._held = _Asks.COUNT, contacts
                return []
            self._done = self._count <= self.returned
        return contacts

    def _limit_requests(self, new: int) -> None:
        """Bound the requests: allow for reading a whole window again."""
        self._idle = 0 if new else self._idle + 1
        self._nearly_empty_pages = self._nearly_empty_pages + 1 if 4 * new < self._longest else 0
        if self._nearly_empty_pages > MAX_NEARLY_EMPTY_PAGES or self._reads > MAX_READS:
            self._finish(_TOO_FAST)
        elif self._idle > 10 + 3 * (self._window.end // max(1, self._longest)):
            self._finish(_MISFIT)

    def _place_next(self, *, new: bool, length: int) -> None:
        window = self._window
        ended = not new and length < max(1, min(self._longest, self._limit))
        since = None if ended else self._times.next_window(self._latest, window.since)
        if self.returned and 0 < self._empty_pages < MAX_EMPTY_PAGES:
            window.offset = 0
        elif (ended or since) and not window.is_read(ended=ended):
            window.read_again()
            self._idle, self._reads = 0, self._reads + 1
        elif ended:
            self._finish()
        elif since and not self._times.measures_zone:
            self._start_window(since)
        else:
            self._continue(new=new)
        if self._times.measures_zone and self._latest:
            self._asks = _Asks.ZONE
        elif self._longest == 1 and not self.returned:
            self._asks = _Asks.LAST

    def _start_window(self, since: dt.datetime) -> None:
        self._leaves_out_undated = "created_at_gte" not in self.filters
        begin = max(since - self._times.zone, self.filters.get("created_at_gte", since - self._times.zone))
        max_repeated = MAX_PAGE_SIZE if self._times.margin else min(MAX_REPEATED, self._longest - 1)
        self._window = self._window.following(since, begin, max_repeated)

    def _continue(self, *, new: bool) -> None:
        before, end = self._window.offset, self._window.end
        self._window.offset = offset = max(0, min(end - 1, MAX_OFFSET))
        if end - offset >= MAX_PAGE_SIZE or (before == offset == MAX_OFFSET and not new):
            problem = _SAME_TIME if self._times.works and self._latest else NOT_SORTED
            self._finish(problem if OLDEST_FIRST.items() <= self.filters.items() else _OFFSET)

    def _accept_probe(self, page: list[Contact]) -> list[Contact]:
        dates = [contact.created_at for contact in page if contact.created_at]
        self._times.read_probe(leaves_out_last=not dates or (self._latest or dates[0]) < dates[0])
        if not self._times.measures_zone:
            self._asks = _Asks.PAGE
            if since := self._times.next_window(self._latest, self._window.since):
                self._start_window(since)
        return []

    def _accept_last(self, page: list[Contact]) -> list[Contact]:
        self._asks = _Asks.PAGE
        if by_key(page).keys() <= self._window.listed.keys():
            self._finish()
        return []

    def _can_count(self) -> bool:
        return not self.filtered and self._undisturbed and self.returned != self.max_items

    def _finish(self, problem: str = "") -> None:
        """End the walk; a problem counts only if the number of contacts does not show that all were listed."""
        if self._asks is _Asks.UNDATED:
            self._asks, self._dated.listed, self._window = _Asks.PAGE, self._window.listed, self._dated
        self._problem = problem or self._times.doubt
        if self._can_count() or not (self.filtered or self._problem):
            self._asks = _Asks.COUNT
            self._done = self._count == self.returned and self._undisturbed
        elif not self._problem:
            self._look_again()

    def _accept_count(self, count: int) -> list[Contact]:
        self._undisturbed = self._undisturbed and count >= max(self.returned, self._count or 0)
        self._asks, self._count = _Asks.PAGE, count
        contacts, self._held = self._held, []
        # The end of the first window counts the contacts that were not deleted meanwhile.
        listed = self.returned if self._window.since else min(self.returned, self._window.end)
        self._goal = self.returned + max(0, count - listed)
        self._done = count == self.returned and self._undisturbed
        if not (self._done or contacts or self._problem):
            self._look_again()
        return contacts

    def _look_again(self) -> None:
        """Look for contacts that new windows leave out, or that are counted but not listed: reads may lag."""
        if self._leaves_out_undated:
            self._asks, self._leaves_out_undated = _Asks.UNDATED, False
            self._dated, self._window = self._window, Window(listed=self._window.listed)
            return
        self._looks = self._looks or look_up_pauses(self.read_lag)
        pause = next(self._looks, None) if self.returned < self._goal else 0.0
        self._done, self._idle = self.returned >= self._goal, 0
        if pause is None:
            self._problem = f"the account has {self._count} contacts"
        else:
            self.pause = pause

    def _error(self, problem: str) -> IncompleteListError:
        message = f"cannot list every contact: {problem} ({self.returned} contacts were listed)"
        return IncompleteListError(message, self.returned)
