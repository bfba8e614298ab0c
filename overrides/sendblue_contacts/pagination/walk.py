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
- **Repetition.** A page that equals the one before, or is empty, is requested again.
- **Count.** Without a filter, the number of contacts is compared with `count`: after a short page, before its contacts
  are returned, and at the end. Reads may lag behind writes, so missing contacts are looked for again, after pauses.
- **Opposite.** The walk ends with the last contacts, requested in the opposite order: they must have been listed, as
  all others that any response contained. The plan of a sync omits it if the windows were regular and the count agrees.

Whatever does not fit ends in `IncompleteListError`, after a bounded number of requests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from sendblue_contacts import operations
from sendblue_contacts.errors import IncompleteListError
from sendblue_contacts.responses import CREATED_AT
from sendblue_contacts.retry import look_up_pauses

from .page import CONTACTS, ContactForm, ContactKey, ListPage, ignored_filter
from .window import MAX_OFFSET, MAX_PAGE_SIZE, NOT_SORTED, OLDEST_FIRST, TimeFilter, Window

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

MAX_NEARLY_EMPTY_PAGES = 1_000  # how many pages in a row may have less than a quarter of the longest one
MAX_READS = 50  # how often windows are read again
OPPOSITE_READS = 5  # as how many of them the page in the opposite order counts
MAX_EMPTY_PAGES = 3  # how many empty pages in a row show that there are no more contacts
OPPOSITE_SIZE = 10  # how many contacts the page in the opposite order has
MAX_REPEATED = 5  # how many contacts a new window may repeat, so that it begins without an offset
_TOO_FAST = "contacts are created, deleted or sorted anew faster than they can be listed"
_MISFIT = "the pages of the server do not fit together: they repeat or skip contacts"
_OFFSET = "in this order the server skips at most 10,000 contacts; remove order_by and order_direction"
_SAME_TIME = f"more contacts have the same {CREATED_AT} than the server can list"


class _Asks(Enum):
    PAGE = auto()
    COUNT = auto()
    ZONE = auto()  # how far the shown times are ahead of those by which the server filters
    OPPOSITE = auto()  # the last contacts, in the opposite order
    SECOND = auto()  # the second contact: the only one that was listed may be all that the server puts into a page


@dataclass(slots=True, repr=False)
class PageWalk:
    """The state of one iteration over a listing."""

    filters: Mapping[str, Any]  # the query parameters
    page_size: int = MAX_PAGE_SIZE  # the number of contacts to request at a time; a few more may be returned
    max_items: int | None = None  # maximum number of contacts in all pages; None for all contacts
    filtered: bool = False  # whether something else than `filters` may leave contacts out, so that `count` says nothing
    read_lag: float = 5.0  # seconds by which reads may lag behind writes
    trusts_count: bool = False  # whether a regular walk ends without the last contacts if the count agrees
    form: ContactForm = CONTACTS
    returned: int = 0  # number of contacts returned so far
    pause: float = 0.0  # seconds to wait before the next request

    _asks: _Asks = _Asks.PAGE
    _window: Window = field(default_factory=Window)
    _finds_one: bool = False  # whether the filters are of one contact
    _times: TimeFilter = field(default_factory=TimeFilter)
    _forward: Window = field(default_factory=Window)  # while the last contacts are looked for
    _unlisted: set[ContactKey] = field(default_factory=set[Any])  # contacts of pages that were not used
    _verified: bool = False  # whether the last contacts were requested
    _page: Mapping[ContactKey, Any] = field(default_factory=dict[Any, Any])  # the last response
    _repeats: int = 0
    _dated: bool = True  # whether all contacts have a created_at
    _latest: dt.datetime | None = None  # when the last contact of the last page was created
    _limit: int = 0
    _longest: int = 0
    _count: int | None = None
    _goal: int = 0
    _held: list[Any] = field(default_factory=list[Any])
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
        self._finds_one = bool(self.filters.keys() & {"phone_number", "cid"})
        self.filtered = self.filtered or self._finds_one or "created_at_gte" in self.filters

    def next_request(self) -> operations.Operation[Any] | None:
        """Return the next request; None at the end, an error if the server does not return all contacts."""
        if self._done or self.returned == self.max_items:
            return None
        if self._asks is _Asks.COUNT:
            return operations.count()
        if self._problem and self._asks is not _Asks.OPPOSITE:
            raise self._error(self._problem)
        return self.page_request()

    def page_request(self) -> operations.Operation[list[Any]]:
        """Return the request for the next page."""
        window, wanted = self._window, max(self.page_size, 2)  # a page of one contact has no room for something new
        values: dict[str, Any] = {
            name: value for name in ("created_at_gte", "offset") if (value := getattr(window, name))
        }
        if self._asks is _Asks.OPPOSITE:
            values["order_direction"] = "asc" if self.filters["order_direction"] == "desc" else "desc"
            wanted = wanted if window.offset else OPPOSITE_SIZE
        elif self.max_items is not None:
            wanted = min(wanted, self.max_items - self.returned)
        if self._asks is _Asks.ZONE and self._latest:
            values = {"created_at_gte": self._times.probe(self._latest)}
        elif self._asks is _Asks.SECOND:
            values["offset"] = 1
        self._limit = min(MAX_PAGE_SIZE, wanted + max(0, window.end - window.offset))
        return operations.page({**self.filters, "limit": self._limit, **values}, self.form.read)

    def accept(self, response: list[Any] | int) -> list[Any]:
        """Read the response. Returns the contacts to list next.

        Contacts are held back before a request that verifies that they are all: their deletion would change it.
        """
        self.pause, asked = 0.0, self._asks
        if isinstance(response, int):
            self._accept_count(response)
        else:
            self._held += self._accept_list(ListPage(response, self.form.identities(response)))
        verifies = self._asks is not asked and self._asks in {_Asks.COUNT, _Asks.OPPOSITE}
        if verifies and not self._done and self.returned != self.max_items:
            return []
        contacts, self._held = self._held, []
        return contacts

    def _accept_list(self, page: ListPage) -> list[Any]:
        readers = {_Asks.ZONE: self._accept_probe, _Asks.SECOND: self._accept_second}
        if reader := readers.get(self._asks):
            reader(page)
            return []
        if ignored := ignored_filter(self.filters, page):
            raise self._error(f"the server ignores {ignored}")
        if not self.returned and self._asks is _Asks.PAGE and 0 < (self.max_items or 0) <= len(page.contacts):
            self.returned = self.max_items or 0  # the first page has all of them: there is nothing to verify
            return page.contacts[: self.max_items]
        if self._is_repeated(page.dates):
            self._limit_requests(new=0)
            return []
        self._empty_pages = 0 if page.dates else self._empty_pages + 1
        if self._asks is _Asks.OPPOSITE:
            page = self._undated(page)
        if self._window.fits(page):
            return self._accept_page(page)
        self._note_unlisted(page, self._window)
        self._go_back()
        return []

    def _undated(self, page: ListPage) -> ListPage:
        """Return the contacts without `created_at` at the beginning of the last contacts, and check the others."""
        undated, dated = page.split_undated()
        self._note_unlisted(dated, self._forward)
        if (dates := dated.moments) != sorted(dates):  # as if order_direction were ignored: that alone does no harm
            self._times.check_order(dates[::-1], is_first=self._forward.since is None)
        were_listed = not self._window.end and undated.dates.keys() <= self._window.listed.keys()
        return ListPage([], [[], [], []]) if were_listed else undated

    def _is_repeated(self, page: Mapping[ContactKey, Any]) -> bool:
        """Whether a page equals the one before, so that it may be it. Note whether contacts changed places."""
        before, self._page = self._page, page
        expected = len(page) > (self._asks is _Asks.PAGE or self.returned <= 1)
        self._repeats = self._repeats + 1 if expected and [*page] == [*before] else 0
        common = page.keys() & before.keys()
        in_order = len(common) < 2 or [*filter(common.__contains__, page)] == [*filter(common.__contains__, before)]  # noqa: PLR2004  # one has no order
        self._window.shuffled = self._window.shuffled or (self._asks is _Asks.PAGE and not in_order)
        return 0 < self._repeats < MAX_EMPTY_PAGES

    def _note_unlisted(self, page: ListPage, window: Window) -> None:
        """Note which contacts of a page that is not used must be listed: not those of windows before this one."""
        since = window.since
        self._unlisted |= {
            key
            for key, date in page.dates.items()
            if key not in window.listed and not (since and date and date < since)
        }

    def _accept_page(self, page: ListPage) -> list[Any]:
        window, dates = self._window, page.moments
        if window.previous or (window.failed and next(iter(page.dates), None) == window.last):
            self._times.check_window(continues=window.previous is not None)
        window.previous, window.failed = None, False
        self._times.check_order(dates, is_first=window.since is None)
        self._dated = self._dated and len(dates) == len(page.dates)
        if self._asks is _Asks.PAGE:
            self._latest = dates[-1] if dates else None
        short = page.length < min(self._longest or self._limit, self._limit)
        self._longest = max(self._longest, page.length)
        new = window.add(page, step=max(6, self._longest // 4))
        self._unlisted -= page.dates.keys()
        self._undisturbed = self._undisturbed and not window.changed
        self._place_next(new=bool(new), length=page.length)
        return self._list(new, short=short)

    def _go_back(self) -> None:
        window, self._undisturbed = self._window, False
        if window.offset or not window.previous:
            window.step_back()
        else:
            self._window, window.previous.failed = window.previous, True
            self._continue(new=True)
        self._limit_requests(new=0)

    def _list(self, new: list[Any], *, short: bool) -> list[Any]:
        """Return the new contacts. A short page may be the last one."""
        contacts = new if self.max_items is None else new[: self.max_items - self.returned]
        self.returned += len(contacts)
        self._limit_requests(len(contacts))
        if short and contacts and self._asks is _Asks.PAGE and self._can_count():
            if self._count is None:
                self._finish()
            elif self._count <= self.returned:
                self._end()
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
        window, forward = self._window, self._asks is _Asks.PAGE
        ended = not new and length < max(1, min(self._longest, self._limit))
        since = self._times.next_window(self._latest, window.since) if forward and not ended else None
        measures_zone = forward and self._latest is not None and self._times.measures_zone
        if self.returned and 0 < self._empty_pages < MAX_EMPTY_PAGES:
            window.offset = 0
        elif (ended or since) and not window.is_read(ended=ended):
            window.read_again()
            self._idle, self._reads = 0, self._reads + 1
        elif (ended or (self._longest == 1 and not self.returned)) and not measures_zone:
            self._finish()
        elif since and not measures_zone:
            self._start_window(since)
        else:
            self._continue(new=new)
        if measures_zone:
            self._asks = _Asks.ZONE

    def _start_window(self, since: dt.datetime) -> None:
        begin = max(since - self._times.zone, self.filters.get("created_at_gte", since - self._times.zone))
        max_repeated = MAX_REPEATED if self._can_count() else self._longest // 2
        max_repeated = MAX_PAGE_SIZE if self._times.margin else min(max_repeated, self._longest - 1)
        self._window = self._window.following(since, begin, max_repeated)

    def _continue(self, *, new: bool) -> None:
        before, end = self._window.offset, self._window.end
        # Contacts of one timestamp may change their order: if a page has room for all of them, it needs no offset.
        has_room = new and self._times.works and before == 0 and end == self._limit <= MAX_PAGE_SIZE // 2
        self._window.offset = offset = 0 if has_room else max(0, min(end - 1, MAX_OFFSET))
        if end - offset >= MAX_PAGE_SIZE or (before == offset == MAX_OFFSET and not new):
            problem = _SAME_TIME if self._times.works and self._asks is _Asks.PAGE and self._latest else NOT_SORTED
            self._finish(problem if OLDEST_FIRST.items() <= self.filters.items() else _OFFSET)

    def _accept_probe(self, page: ListPage) -> None:
        dates = page.moments
        self._times.read_probe(leaves_out_last=not dates or (self._latest or dates[0]) < dates[0])
        if not self._times.measures_zone:
            self._asks = _Asks.PAGE
            if since := self._times.next_window(self._latest, self._window.since):
                self._start_window(since)

    def _can_count(self) -> bool:
        return not self.filtered and self._undisturbed and self.returned != self.max_items

    def _finish(self, problem: str = "") -> None:
        """End the walk; a problem counts only if the number of contacts does not show that all were listed."""
        if self._asks is _Asks.OPPOSITE:
            self._asks, self._forward.listed, self._window = _Asks.PAGE, self._window.listed, self._forward
            self._verified = True
            if not problem:
                self._check_last()
                return
        self._problem = problem or self._times.doubt
        if (self._can_count() or not (self.filtered or self._problem)) and not self._is_counted():
            self._asks = _Asks.COUNT
        else:
            self._end()

    def _is_counted(self) -> bool:
        return self._count == self.returned and self._undisturbed

    def _accept_count(self, count: int) -> None:
        self._undisturbed = self._undisturbed and count >= max(self.returned, self._count or 0)
        self._asks, self._count = _Asks.PAGE, count
        # The end of the first window counts the contacts that were not deleted meanwhile.
        listed = self.returned if self._window.since else min(self.returned, self._window.end)
        self._goal = self.returned + max(0, count - listed)
        if self._is_counted() or not (self._held or self._problem):
            self._end()

    def _end(self) -> None:
        """End the walk if no contact is known, and none is counted, that was not listed."""
        vanished = self._verified and bool(self._unlisted)  # deleted, or sorted anew
        self._problem = self._problem or self._times.doubt or (_TOO_FAST if vanished and self._window.shuffled else "")
        if self._problem and not self._is_counted():
            return
        if vanished:
            self._verified = False
            self._unlisted.clear()
        if self._verified or (self._finds_one and not self._window.listed) or self._is_regular():
            self._look_again()
            return
        self._asks, self._forward, self._window = _Asks.OPPOSITE, self._window, Window(listed=self._window.listed)
        self._idle, self._reads = 0, self._reads + OPPOSITE_READS

    def _is_regular(self) -> bool:
        """Whether the contacts of windows of the largest size, without any deviation, are as many as were counted."""
        window = self._window
        regular = not (self._reads or self._idle or self._unlisted or self._empty_pages or window.shuffled)
        regular = regular and self.trusts_count and self._dated and self._times.works and not self._times.margin
        return regular and window.since is not None and self._longest == MAX_PAGE_SIZE and self._is_counted()

    def _check_last(self) -> None:
        if self._unlisted:
            self._window.read_again()
        elif self._longest == 1 == self.returned and self.filtered and not self._finds_one:
            self._asks = _Asks.SECOND
        else:
            self._end()

    def _accept_second(self, page: ListPage) -> None:
        self._asks, self._verified = _Asks.PAGE, not page.dates or self._reads > 2 * OPPOSITE_READS
        self._note_unlisted(page, self._window)
        if not self._unlisted:
            self._end()

    def _look_again(self) -> None:
        """Look for contacts that are counted but not listed: reads may lag."""
        self._looks = self._looks or look_up_pauses(self.read_lag)
        pause = next(self._looks, None) if self.returned < self._goal else 0.0
        self._done, self._idle = self._is_counted() or self.returned >= self._goal, 0
        if pause is None:
            self._problem = f"the account has {self._count} contacts"
        else:
            self.pause = pause

    def _error(self, problem: str) -> IncompleteListError:
        text = f"cannot list every contact: {problem} ({self.returned} contacts were listed)"
        return IncompleteListError(text, self.returned)
