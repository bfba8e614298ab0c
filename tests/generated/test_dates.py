"""Dates: ISO 8601, other formats that python-dateutil parses, and invalid values, which never lose a contact."""

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

VALID = {
    "2024-01-15T10:30:00Z": MOMENT,
    "2024-01-15T10:30:00.123Z": MOMENT.replace(microsecond=123_000),
    "2024-01-15T10:30:00.123456Z": MOMENT.replace(microsecond=123_456),
    "2024-01-15T16:00:00+05:30": dt.datetime(2024, 1, 15, 16, tzinfo=EAST),
    "2024-01-15T10:30:00+0000": MOMENT,
    "2024-01-15 10:30:00Z": MOMENT,
    "20240115T103000Z": MOMENT,
    # Without an offset: UTC.
    "2024-01-15T10:30:00": MOMENT,
    "2024-01-15": MOMENT.replace(hour=0, minute=0),
    # Formats that fromisoformat rejects.
    "15 Jan 2024 10:30 UTC": MOMENT,
    "15 Jan 2024 10:30": MOMENT,
    "Mon, 15 Jan 2024 10:30:00 +0000": MOMENT,
    "Mon, 15 Jan 2024 10:30:00 GMT": MOMENT,
    "Mon, 15 Jan 2024 16:00:00 +0530": MOMENT,
    "January 15, 2024 10:30 AM": MOMENT,
    "2024/01/15 10:30:00": MOMENT,
    "2024-01-15T10:30:00Z ": MOMENT,
}
INCOMPLETE = ["10:30", "5", "tomorrow", "Monday", "January", "Jan 15", "Jan 2024", "2024", "2024-01", "10am", "29 Feb"]
INVALID = [
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
NOT_STRINGS: list[object] = [1_705_314_600, 1.5, True, ["2024-01-15"], {"date": "2024-01-15"}]


@pytest.mark.parametrize(("text", "moment"), VALID.items(), ids=VALID)
def test_parses_a_datetime(text: str, moment: dt.datetime) -> None:
    """A date and time in any of these formats is parsed."""
    assert read_datetime(text) == moment


@pytest.mark.parametrize("text", VALID)
def test_parsed_datetime_is_aware(text: str) -> None:
    """A parsed datetime is aware, so that it is comparable with the datetimes of other contacts."""
    moment = read_datetime(text)
    assert moment is not None
    assert moment.utcoffset() is not None


def test_keeps_the_offset() -> None:
    """A parsed datetime keeps its UTC offset."""
    moment = read_datetime("2024-01-15T16:00:00+05:30")
    assert moment is not None
    assert moment.utcoffset() == dt.timedelta(hours=5, minutes=30)


@pytest.mark.parametrize("text", INCOMPLETE)
def test_incomplete_date_is_invalid(text: str) -> None:
    """An incomplete date is invalid: its missing parts would come from the current date."""
    assert read_datetime(text) is None


@pytest.mark.parametrize("value", [*INVALID, *NOT_STRINGS], ids=lambda value: repr(value)[:20])
def test_invalid_datetime_is_none(value: object) -> None:
    """An invalid date and time is None; no error is raised."""
    assert read_datetime(value) is None


@pytest.mark.parametrize("value", [*INCOMPLETE, *INVALID, *NOT_STRINGS], ids=lambda value: repr(value)[:20])
def test_invalid_date_does_not_lose_the_contact(value: object) -> None:
    """The contact is read, and the invalid date is in `additional_properties`."""
    contact = Contact.from_dict({"phone": "+14155551234", "created_at": value})
    expected = ("+14155551234", None, {"created_at": value})
    assert (contact.phone, contact.created_at, contact.additional_properties) == expected


def test_every_date_field_is_tolerant(dated: Case) -> None:
    """An invalid date in any date field is kept in `additional_properties`."""
    read = dated.read({dated.key: "rubbish"})
    assert (not dated.attribute(read), read.additional_properties) == (True, {dated.name: "rubbish"})


def test_invalid_date_is_written_unchanged(dated: Case) -> None:
    """An invalid date is written unchanged."""
    assert dated.read({dated.key: "rubbish"}).to_dict()[dated.name] == "rubbish"


def test_valid_date_is_not_kept_twice(dated: Case) -> None:
    """A valid date is not in `additional_properties`."""
    assert dated.read({dated.key: dated.value}).additional_properties == {}


@pytest.mark.parametrize("text", VALID)
def test_parsed_datetime_round_trips(text: str) -> None:
    """A datetime is written in ISO 8601, and parsing that gives the same datetime."""
    contact = Contact.from_dict({"created_at": text})
    assert Contact.from_dict(contact.to_dict()) == contact


def test_too_many_digits_are_invalid() -> None:
    """Digits that overflow the decimals of python-dateutil are invalid."""
    assert read_datetime("10:3099999999999999999999999999999999999999") is None


def test_impossible_offset_is_invalid() -> None:
    """An impossible offset is invalid: a datetime that fails in `to_dict` would lose the contact later."""
    assert read_datetime("15 Jan 2024 10:30 +99:99") is None


@pytest.mark.filterwarnings("ignore::dateutil.parser.UnknownTimezoneWarning")
@pytest.mark.parametrize("zone", ["EST", "PDT", "CEST", "XYZ"])
def test_unknown_zone_is_not_utc(zone: str) -> None:
    """An unknown time zone name is not parsed as UTC: the result would be hours off."""
    assert read_datetime(f"Mon, 15 Jan 2024 10:30:00 {zone}") != MOMENT


def test_parses_a_date() -> None:
    """A date without a time is parsed."""
    assert read_date("1815-12-10") == dt.date(1815, 12, 10)


def test_date_of_a_datetime_is_local() -> None:
    """The date of a datetime with an offset is the local date, not the date in UTC."""
    assert read_date("2024-01-15T23:30:00-05:00") == dt.date(2024, 1, 15)


@pytest.mark.parametrize("value", [*INCOMPLETE, *INVALID, *NOT_STRINGS], ids=lambda value: repr(value)[:20])
def test_invalid_date_is_none(value: object) -> None:
    """An invalid date is None."""
    assert read_date(value) is None


def test_date_of_a_datetime_has_no_time() -> None:
    """A datetime in a date field is written as a date."""
    read = read_date(MOMENT)
    assert read is not None
    assert read.isoformat() == "2024-01-15"
