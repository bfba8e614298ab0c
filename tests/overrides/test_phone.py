"""Phone numbers: anything but E.164 is rejected before a request, and never shown in an error."""

from __future__ import annotations

import ast
import re
import sys
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sendblue_contacts import InvalidPhoneNumberError, SendblueError, phone

if TYPE_CHECKING:
    from tests.overrides.clients import Runner
    from tests.overrides.conftest import RawServer

NUMBER = "+14155551234"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
FOUND = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
BODY = b'{"status":"OK","contact":{"phone":"+14"}}'


@pytest.mark.parametrize("number", ["+1234567", "+14155551234", "+442079460958", "+123456789012345"])
def test_e164_is_unchanged(number: str) -> None:
    """A plus and 7 to 15 digits are accepted unchanged."""
    assert phone.normalise(number) == number


@pytest.mark.parametrize(
    "number",
    [
        "+1 (415) 555-1234",
        "+1-415-555-1234",
        "+1.415.555.1234",
        "+1/415/555/1234",
        " +14155551234\t",
        "+1\u00a0415\u202f555\u20071234",
        "+1 415\u2009555\u20091234",
        "+1 415\u2010555\u20111234",
        "+1 415\u2012555\u20131234",
        "+1 415\u2212555\u22121234",
        "[+1] 415 555 1234",
    ],
)
def test_punctuation_is_removed(number: str) -> None:
    """Spaces, hyphens, dots, slashes and brackets, and their typographic forms, are removed."""
    assert phone.normalise(number) == NUMBER


@pytest.mark.parametrize(
    "mark", list("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
def test_invisible_marks_are_removed(mark: str) -> None:
    """Address books add marks of the writing direction to a number that is copied."""
    assert phone.normalise(f"{mark}+1 415{mark} 5551234{mark}") == NUMBER


@pytest.mark.parametrize(
    "number",
    [
        "+44 (0)20 7946 0958",
        "+44(0)2079460958",
        "+44 ( 0 ) 2079460958",
        "+44 [0] 20 7946 0958",
        "+44 (0\u200e)2079460958",
    ],
)
def test_an_optional_zero_is_rejected(number: str) -> None:
    """Whether a bracketed zero is dialled depends on the country, so it is neither removed nor kept."""
    with pytest.raises(InvalidPhoneNumberError, match=r"dial the \(0\).*remove it or write the digit"):
        phone.normalise(number)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", ": it is empty;"),
        ("  ", ": it is empty;"),
        ("()-.", ": it is empty;"),
        ("\u200e\ufeff", ": it is empty;"),
        ("4155551234", ": the country code is missing;"),
        ("(415) 555-1234", ": the country code is missing;"),
        ("14155551234", ": the country code is missing;"),
        ("0014155551234", ": the country code is missing;"),
        ("count", ": the country code is missing;"),
        ("tel:+14155551234", ": the country code is missing;"),
        ("+123456", "format (+ and 7 to 15 digits);"),
        ("+1234567890123456", "format (+ and 7 to 15 digits);"),
        ("+04155551234", "format (+ and 7 to 15 digits);"),
        ("++14155551234", "format (+ and 7 to 15 digits);"),
        ("+1 415 555 1234 ext. 5", "format (+ and 7 to 15 digits);"),
        ("+1 415 555 1234 x5", "format (+ and 7 to 15 digits);"),
        ("+1 415 555 1234;ext=5", "format (+ and 7 to 15 digits);"),
        ("+1 415 555 1234 / +1 415 555 0000", "format (+ and 7 to 15 digits);"),
        ("+1415555CALL", "format (+ and 7 to 15 digits);"),
        ("+14155551234\n", "format (+ and 7 to 15 digits);"),
        ("+14155551234\x00", "format (+ and 7 to 15 digits);"),
        ("+1415555123\u0664", "format (+ and 7 to 15 digits);"),
        ("+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0661\u0662\u0663\u0664", "format (+ and 7 to 15 digits);"),
        ("+\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff11", "format (+ and 7 to 15 digits);"),
        ("+1415555123\u00b2", "format (+ and 7 to 15 digits);"),
        ("\uff0b14155551234", ": the country code is missing;"),
    ],
)
def test_other_values_are_rejected_with_a_reason(number: str, reason: str) -> None:
    """The error names the field, says what is wrong, and shows a valid number."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number, field="phone_number")
    text = str(caught.value)
    assert text.startswith("phone_number (")
    assert reason in text
    assert text.endswith("write it as +14155551234")


@pytest.mark.parametrize(
    ("number", "shape"),
    [
        ("(212) 867-5309", "'(###) ###-####'"),
        ("+212867", "'+######'"),
        ("+1 212 867 5309 ext 12", "'+# ### ### #### xxx ##'"),
        ("ada@example.com", "'xxx@xxxxxxx.xxx'"),
        ("Ada Lovelace", "'xxx xxxxxxxx'"),
        ("\u0662\u0661\u0662", "'###'"),
        ("+212867\u00b2", "'+######x'"),
        ("9" * 100, f"'{'#' * 64}'"),
    ],
)
def test_the_error_shows_the_shape_and_not_the_digits(number: str, shape: str) -> None:
    """The shape identifies the row, and no number or name ends up in a log."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number)
    assert f"({shape})" in str(caught.value)


def test_the_error_is_a_value_error_and_a_sendblue_error() -> None:
    """Both `except ValueError` and `except SendblueError` catch it."""
    with pytest.raises(ValueError, match="it is empty") as caught:
        phone.normalise("")
    assert isinstance(caught.value, SendblueError)


@pytest.mark.parametrize("value", [14155551234, None, b"+14155551234", ["+14155551234"], 1.5, True, object()])
def test_a_value_that_is_not_a_str_is_a_type_error(value: object) -> None:
    """An integer from a spreadsheet is rejected with its type and without its digits."""
    with pytest.raises(
        TypeError, match=f"number must be a phone number as a str, not {type(value).__name__}"
    ) as caught:
        phone.normalise(value)
    assert "14155551234" not in str(caught.value).replace(NUMBER, "")


@pytest.mark.parametrize(
    ("number", "region", "found"),
    [
        ("(415) 555-1234", "US", NUMBER),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", "US", "+442079460958"),
        ("06 698 12345", "IT", "+390669812345"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("+1 (415) 555-1234", "GB", NUMBER),
        ("\uff14\uff11\uff15 555 1234", "US", NUMBER),
    ],
)
def test_a_national_number_is_accepted_with_a_default_region(number: str, region: str, found: str) -> None:
    """With a default region, a number is what a telephone in that region would dial."""
    assert phone.normalise(number, default_region=region) == found


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("555", "US"),
        ("", "US"),
        ("count", "US"),
        ("(415) 555-1234 ext. 5", "US"),
        ("+1 415 555 1234;ext=5", "US"),
        ("9" * 300, "US"),
        ("01234", "DE"),
        ("0301234567890123", "DE"),
    ],
)
def test_an_invalid_national_number_is_rejected(number: str, region: str) -> None:
    """Too short, too long for E.164, or with an extension: the error names the region and shows no digits."""
    with pytest.raises(InvalidPhoneNumberError, match=f"or in the national format of {region}; ") as caught:
        phone.normalise(number, default_region=region)
    assert not re.search(r"\d", str(caught.value).replace("E.164", "").replace(NUMBER, ""))


def test_the_error_of_phonenumbers_is_not_chained() -> None:
    """It may quote the number."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise("count", default_region="US")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("region", "found"), [("us", "US"), ("GB", "GB"), (None, None)])
def test_a_region_is_case_insensitive(region: str | None, found: str | None) -> None:
    """`us` and `US` are the same region."""
    assert phone.check_region(region) == found


@pytest.mark.parametrize("region", ["XX", "USA", "", "+1"])
def test_an_invalid_region_raises_when_the_client_is_created(runner: Runner, region: str) -> None:
    """The error comes before the first number."""
    with pytest.raises(ValueError, match="is not a valid region; use two letters such as 'US'"):
        runner.run(lambda client: client, default_region=region)


def test_a_region_without_phonenumbers_raises(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        runner.run(lambda client: client, default_region="US")
    assert str(caught.value) == (
        'default_region requires the library phonenumbers: pip install "sendblue-contacts[phone]"'
    )


def test_e164_needs_no_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a default region the library is not imported."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert phone.normalise("+1 (415) 555-1234") == NUMBER


PIECES = st.sampled_from([*"+0123456789()[]-. / \u200e\u00a0x\u0661#,;", "(0)", "ext", "00", "tel:", "+1 415 555 1234"])
ANYTHING = st.text(max_size=40) | st.lists(PIECES, max_size=20).map("".join)


@settings(deadline=None)
@given(value=ANYTHING, region=st.sampled_from([None, "US", "DE", "GB", "IT", "FJ", "AC"]))
@example(value="01234", region="DE")
def test_any_input_gives_e164_or_an_error(value: str, region: str | None) -> None:
    """The result is E.164, with or without a region, and an error shows a shape without digits."""
    assert E164.fullmatch(_outcome(value, region))


def _outcome(value: str, region: str | None) -> str:
    """Return the result; for an error, return a number if its shape has no digit."""
    try:
        return phone.normalise(value, default_region=region)
    except InvalidPhoneNumberError as error:
        shape = str(error).removeprefix("number (").rsplit(") is ", 1)[0]
        return str(error) if any(map(str.isdecimal, ast.literal_eval(shape))) else NUMBER


@settings(deadline=None)
@given(
    number=st.from_regex(E164, fullmatch=True), marks=st.lists(st.sampled_from(list(" -./\u200e\u2011")), max_size=15)
)
def test_any_number_with_any_punctuation_is_normalised(number: str, marks: list[str]) -> None:
    """Any number with punctuation anywhere gives the same number."""
    spread = "".join(digit + mark for digit, mark in zip(number, chain(marks, repeat("")), strict=False))
    assert phone.normalise(spread) == number


# Values that would reach another operation as a path (`openapi/contacts.yaml`, "Numbers").

OTHER_PATHS = [
    "count",
    ".",
    "",
    "..",
    "bulk",
    "verify",
    "opt-out",
    "%2e",
    "+1415/../count",
    "+14155551234/../count",
    "+14155551234?x=1",
]
CALLS = {
    "retrieve": lambda client, number: client.contacts.retrieve(number),
    "get": lambda client, number: client.contacts.get(number),
    "update": lambda client, number: client.contacts.update(number, first_name="Ada"),
    "delete": lambda client, number: client.contacts.delete(number),
}
each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@each_call
def test_nothing_is_sent_for_a_value_that_would_be_another_path(runner: Runner, raw: RawServer, call: Any) -> None:  # noqa: ANN401  # a lambda
    """No word, dot or slash is sent as a path."""

    def reject_all(client: Any) -> Any:  # noqa: ANN401  # of either client
        return (
            [_outcome_of(client, call, value) for value in OTHER_PATHS]
            if runner.kind == "sync"
            else _reject_async(client, call)
        )

    assert runner.run(reject_all, base_url=raw.url) == ["InvalidPhoneNumberError"] * len(OTHER_PATHS)
    assert raw.lines == []


def _outcome_of(client: Any, call: Any, value: str) -> str:  # noqa: ANN401  # of either client
    try:
        call(client, value)
    except SendblueError as error:
        return type(error).__name__
    return "sent"


async def _reject_async(client: Any, call: Any) -> list[str]:  # noqa: ANN401  # of either client
    return [await _outcome_await(client, call, value) for value in OTHER_PATHS]


async def _outcome_await(client: Any, call: Any, value: str) -> str:  # noqa: ANN401  # of either client
    try:
        await call(client, value)
    except SendblueError as error:
        return type(error).__name__
    return "sent"


@each_call
def test_a_number_in_a_path_is_percent_encoded(runner: Runner, raw: RawServer, call: Any) -> None:  # noqa: ANN401  # a lambda
    """The plus is `%2B` in the raw request line, and is encoded only once."""
    raw.response = FOUND + BODY
    runner.run(lambda client: call(client, "+1 (415) 555-1234"), base_url=raw.url)
    assert [line.split(b" ")[1] for line in raw.lines] == [b"/api/v2/contacts/%2B14155551234"]


def test_a_number_in_a_query_is_percent_encoded(runner: Runner, raw: RawServer) -> None:
    """The plus is `%2B`, because a plus in a query means a space."""
    raw.response = FOUND.replace(b"41", b"11") + b'{"count":1}'
    assert runner.run(lambda client: client.contacts.count("+1 415 555 1234"), base_url=raw.url) == 1
    assert raw.lines == [b"GET /api/v2/contacts/count?phone_number=%2B14155551234 HTTP/1.1"]
