"""Dates: the usual form, what python-dateutil can read, and what nobody can. None is made up, none costs a contact."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from sendblue_contacts_api.models import Contact
from sendblue_contacts_api.types import read_date, read_datetime

if TYPE_CHECKING:
    from tests.generated.conftest import Case

UTC = dt.UTC
MOMENT = dt.datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))

READABLE = {
    "2024-01-15T10:30:00Z": MOMENT,
    "2024-01-15T10:30:00.123Z": MOMENT.replace(microsecond=123_000),
    "2024-01-15T10:30:00.123456Z": MOMENT.replace(microsecond=123_456),
    "2024-01-15T16:00:00+05:30": dt.datetime(2024, 1, 15, 16, tzinfo=EAST),
    "2024-01-15T10:30:00+0000": MOMENT,
    "2024-01-15 10:30:00Z": MOMENT,
    "20240115T103000Z": MOMENT,
    # Without a zone it is UTC.
    "2024-01-15T10:30:00": MOMENT,
    "2024-01-15": MOMENT.replace(hour=0, minute=0),
    # What fromisoformat refuses.
    "15 Jan 2024 10:30 UTC": MOMENT,
    "15 Jan 2024 10:30": MOMENT,
    "Mon, 15 Jan 2024 10:30:00 +0000": MOMENT,
    "Mon, 15 Jan 2024 10:30:00 GMT": MOMENT,
    "Mon, 15 Jan 2024 16:00:00 +0530": MOMENT,
    "January 15, 2024 10:30 AM": MOMENT,
    "2024/01/15 10:30:00": MOMENT,
    "2024-01-15T10:30:00Z ": MOMENT,
}
PARTIAL = ["10:30", "5", "tomorrow", "Monday", "January", "Jan 15", "Jan 2024", "2024", "2024-01", "10am", "29 Feb"]
UNREADABLE = [
    "",
    " ",
    "rubbish",
    "0000-00-00T00:00:00Z",
    "2024-02-30",
    "2024-13-01T00:00:00Z",
    "2024-01-15T25:00:00Z",
    "9" * 400,
    "\x00",
    "null",
    "NaN",
]
NO_TEXT: list[object] = [1_705_314_600, 1.5, True, ["2024-01-15"], {"date": "2024-01-15"}]


@pytest.mark.parametrize(("text", "moment"), READABLE.items(), ids=READABLE)
def test_reads_a_moment(text: str, moment: dt.datetime) -> None:
    """A moment in any of these forms is read."""
    assert read_datetime(text) == moment


@pytest.mark.parametrize("text", READABLE)
def test_a_moment_has_a_zone(text: str) -> None:
    """What is read can be compared with the moments of other contacts."""
    moment = read_datetime(text)
    assert moment is not None
    assert moment.utcoffset() is not None


def test_keeps_the_offset() -> None:
    """The offset that was sent is kept, not only the moment."""
    moment = read_datetime("2024-01-15T16:00:00+05:30")
    assert moment is not None
    assert moment.utcoffset() == dt.timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("text", PARTIAL)
def test_does_not_make_up_a_date(text: str) -> None:
    """What leaves part of the date open is no date: the rest would come from the day of the reading."""
    assert read_datetime(text) is None


@pytest.mark.parametrize("value", [*UNREADABLE, *NO_TEXT], ids=lambda value: repr(value)[:20])
def test_unreadable_is_none(value: object) -> None:
    """What nobody can read is None, and no error."""
    assert read_datetime(value) is None


@pytest.mark.parametrize("value", [*PARTIAL, *UNREADABLE, *NO_TEXT], ids=lambda value: repr(value)[:20])
def test_unreadable_does_not_lose_the_contact(value: object) -> None:
    """The contact is read, and what came as its date is where a caller can find it."""
    contact = Contact.from_dict({"phone": "+14155551234", "created_at": value})
    expected = ("+14155551234", None, {"created_at": value})
    assert (contact.phone, contact.created_at, contact.additional_properties) == expected


def test_every_date_field_is_as_tolerant(dated: Case) -> None:
    """The same holds for each field that holds a date."""
    read = dated.read({dated.key: "rubbish"})
    assert (not dated.attribute(read), read.additional_properties) == (True, {dated.name: "rubbish"})


def test_unreadable_goes_out_as_it_came(dated: Case) -> None:
    """What was kept is written again."""
    assert dated.read({dated.key: "rubbish"}).to_dict()[dated.name] == "rubbish"


def test_readable_is_not_kept_twice(dated: Case) -> None:
    """A date that was read is no kept key."""
    assert dated.read({dated.key: dated.value}).additional_properties == {}


@pytest.mark.parametrize("text", READABLE)
def test_what_was_read_can_be_written_and_read(text: str) -> None:
    """A moment goes out in ISO 8601 and is the same moment when it comes back."""
    contact = Contact.from_dict({"created_at": text})
    assert Contact.from_dict(contact.to_dict()) == contact


def test_absurd_digits_do_not_lose_the_contact() -> None:
    """Digits that overflow python-dateutil's decimals are as unreadable as anything."""
    assert read_datetime("10:3099999999999999999999999999999999999999") is None


def test_impossible_offset_is_unreadable() -> None:
    """An offset that cannot be is no date: a moment that fails in to_dict would lose the contact later."""
    assert read_datetime("15 Jan 2024 10:30 +99:99") is None


@pytest.mark.filterwarnings("ignore::dateutil.parser.UnknownTimezoneWarning")
@pytest.mark.parametrize("zone", ["EST", "PDT", "CEST", "XYZ"])
def test_unknown_zone_is_not_taken_for_utc(zone: str) -> None:
    """A zone that is named and not understood is not read as UTC: the moment would be hours off."""
    assert read_datetime(f"Mon, 15 Jan 2024 10:30:00 {zone}") != MOMENT


def test_reads_a_date() -> None:
    """A date without a time is read as such."""
    assert read_date("1815-12-10") == dt.date(1815, 12, 10)


def test_date_of_a_moment_is_its_own() -> None:
    """Of a moment with an offset the date is the one that stands there, not the one in UTC."""
    assert read_date("2024-01-15T23:30:00-05:00") == dt.date(2024, 1, 15)


@pytest.mark.parametrize("value", [*PARTIAL, *UNREADABLE, *NO_TEXT], ids=lambda value: repr(value)[:20])
def test_unreadable_date_is_none(value: object) -> None:
    """What is no date is None here too."""
    assert read_date(value) is None


def test_date_of_a_datetime_has_no_time() -> None:
    """A datetime given for a date goes out as a date."""
    read = read_date(MOMENT)
    assert read is not None
    assert read.isoformat() == "2024-01-15"
