"""Long inputs: the time is bounded, whatever a server sends or a caller passes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sendblue_contacts import InvalidPhoneNumberError, errors, fields, operations, phone
from sendblue_contacts_api.types import Field, read_date, read_datetime

NUMBER = "+14155551234"
SUMMARY = errors.RequestSummary.of("get", "/api/v2/contacts")
FIVE_MEGABYTES = [(part * 5_000_000)[:5_000_000] for part in ("[", "a", "a@", "a.b@", "1 ")]


def start_of(text: str) -> str:
    """Return the identifier of a test case."""
    return repr(text[:9])


def _seconds(call: Callable[[], Any]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


@pytest.mark.parametrize("body", [*FIVE_MEGABYTES, json.dumps({"message": "1" * 5_000_000})], ids=start_of)
def test_a_long_error_text_takes_milliseconds(body: str) -> None:
    """Five megabytes are cut before they are masked."""
    response = httpx.Response(400, text=body)
    assert len(response.text) >= 5_000_000
    assert min(_seconds(lambda: errors.status_error(response, SUMMARY)) for _ in range(3)) < 0.1


def refused_bulk_request(count: int) -> httpx.Response:
    """Return an error that repeats values of a bulk request with so many contacts."""
    contacts = [{"phone": f"+1415555{n:04}", "first_name": f"Ada {n}", "tags": ["VIP", f"T{n}"]} for n in range(count)]
    request = httpx.Request("POST", "https://api.example.test", json={"contacts": contacts})
    return httpx.Response(400, json={"message": "Ada 7 of T999 " * 100}, request=request)


def test_many_sent_values_take_linear_time() -> None:
    """The error repeats none of the values of a bulk request; the time grows with their number, not with its square."""
    few, many = refused_bulk_request(1_000), refused_bulk_request(8_000)
    assert errors.status_error(few, SUMMARY).message.startswith("… of … … of …")
    seconds = [min(_seconds(lambda: errors.status_error(each, SUMMARY)) for _ in range(3)) for each in (few, many)]  # noqa: B023 - called at once
    assert seconds[1] < 30 * seconds[0]


@pytest.mark.parametrize(
    "text", ["(" * 16_000 + "1", "([" * 500_000 + "+1", "(0" * 500_000, "+1" + " " * 1_000_000], ids=start_of
)
@pytest.mark.parametrize("region", [None, "US"])
def test_a_long_phone_number_takes_milliseconds(text: str, region: str | None) -> None:
    """It is rejected by its length."""

    def rejected() -> None:
        with pytest.raises(InvalidPhoneNumberError):
            phone.normalise(text, default_region=region)

    assert min(_seconds(rejected) for _ in range(3)) < 0.02


@pytest.mark.parametrize("text", [part * 200_000 for part in ("1 ", "(", "Jan ", "2024-", "1/1")], ids=start_of)
def test_a_long_date_takes_milliseconds(text: str) -> None:
    """It is no date, in a response or a call."""
    assert (read_date(text), read_datetime(text)) == (None, None)
    with pytest.raises(ValueError, match="birthday is not a valid date"):
        fields.check("birthday", Field("date"), text)
    assert min(_seconds(lambda: read_datetime(text)) for _ in range(3)) < 0.02


@pytest.mark.parametrize("key", ["x" * 1_000_000, "1" * 1_000_000, "first_name" * 100_000], ids=start_of)
def test_a_long_field_name_takes_milliseconds(key: str) -> None:
    """The error shows its beginning."""

    def rejected() -> None:
        with pytest.raises(TypeError) as caught:
            operations.create(NUMBER, {key: "x"})
        assert len(str(caught.value)) < 400

    assert min(_seconds(rejected) for _ in range(3)) < 0.1
