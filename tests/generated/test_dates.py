"""Dates: ISO 8601, other formats that python-dateutil parses, and invalid values, which never lose a contact."""

import datetime as dt

import pytest
from sendblue_contacts_api.models import Contact
from sendblue_contacts_api.types import read_date, read_datetime

from tests.generated.conftest import Tables

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
INVALID = ["", " ", "rubbish", "0000-00-00T00:00:00Z", "2024-02-30", "2024-13-01T00:00:00Z", "2024-01-15T25:00:00Z"]
INVALID += ["9" * 400, "\x00", "null", "NaN"]
# Digits that overflow the decimals of python-dateutil, and an offset that would fail later, in `to_dict`.
INVALID += ["10:3099999999999999999999999999999999999999", "15 Jan 2024 10:30 +99:99"]
NOT_STRINGS: list[object] = [1_705_314_600, 1.5, True, ["2024-01-15"], {"date": "2024-01-15"}]


@pytest.mark.parametrize(("text", "moment"), VALID.items(), ids=VALID)
def test_parses_a_datetime(text: str, moment: dt.datetime) -> None:
    """A date and time in any of these formats is parsed with its offset, or as UTC, and survives a round trip."""
    contact = Contact.from_dict({"created_at": text})
    assert contact.created_at == moment
    assert contact.created_at.utcoffset() == (EAST.utcoffset(None) if "16:00" in text else dt.timedelta())
    assert Contact.from_dict(contact.to_dict()) == contact


@pytest.mark.parametrize("value", [*INCOMPLETE, *INVALID, *NOT_STRINGS], ids=lambda value: repr(value)[:20])
def test_invalid_date_does_not_lose_the_contact(value: object) -> None:
    """An invalid or incomplete date is None, and `additional_properties` of the contact has it."""
    contact = Contact.from_dict({"phone": "+14155551234", "created_at": value})
    expected = ("+14155551234", None, {"created_at": value})
    assert (contact.phone, contact.created_at, contact.additional_properties) == expected
    assert (read_datetime(value), read_date(value)) == (None, None)


def test_every_date_field_is_tolerant(tables: Tables) -> None:
    """An invalid date in any date field is kept and written unchanged."""
    for case in tables.cases:
        if case.field.kind.startswith("date"):
            read = case.read({case.name: "rubbish"})
            found = (not case.attribute(read), read.additional_properties, read.to_dict()[case.name])
            assert found == (True, {case.name: "rubbish"}, "rubbish"), str(case)


@pytest.mark.filterwarnings("ignore::dateutil.parser.UnknownTimezoneWarning")
@pytest.mark.parametrize("zone", ["EST", "PDT", "CEST", "XYZ"])
def test_unknown_zone_is_not_utc(zone: str) -> None:
    """An unknown time zone name is not parsed as UTC: the result would be hours off."""
    assert read_datetime(f"Mon, 15 Jan 2024 10:30:00 {zone}") != MOMENT


DATES = {"1815-12-10": "1815-12-10", "2024-01-15T23:30:00-05:00": "2024-01-15", MOMENT: "2024-01-15"}


@pytest.mark.parametrize(("value", "expected"), DATES.items(), ids=str)
def test_parses_a_date(value: object, expected: str) -> None:
    """A date is parsed; of a date and time it is the local date, not the date in UTC, and has no time."""
    read = read_date(value)
    assert read is not None
    assert read.isoformat() == expected
