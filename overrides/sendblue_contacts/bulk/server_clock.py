"""The clock of the server, which may be minutes ahead of ours or behind, from the dates of its responses. Pure."""

from __future__ import annotations

from sendblue_contacts.errors import http_date


class ServerClock:
    """Converts times of our clock to times of the clock of the server, in seconds since 1970.

    A `Date` header is in whole seconds, and is older than the response. So each one shows a lower bound of how far the
    clock is ahead. The largest bound comes close to that.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None

    @property
    def is_known(self) -> bool:
        """Whether a response had a date."""
        return self._ahead is not None

    def observe(self, date: str, received_at: float) -> None:
        """Take the `Date` header of a response, if it has one, which was received at a time of our clock."""
        seconds = http_date(date)
        if seconds is not None:
            ahead = seconds - received_at
            self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)

    def earliest(self, sent_at: float) -> float:
        """Return the earliest time on the clock of the server that a time of our clock can be."""
        return sent_at + (self._ahead or 0.0)
