"""Phone numbers: E.164 or refused, before anything is sent, and never shown in an error."""

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
    from tests.overrides.conftest import RawServer, World

NUMBER = "+14155551234"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
FOUND = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
BODY = b'{"status":"OK","contact":{"phone":"+14"}}'


@pytest.mark.parametrize("number", ["+1234567", "+14155551234", "+442079460958", "+123456789012345"])
def test_e164_stays_as_it_is(number: str) -> None:
    """From 7 to 15 digits after the plus, a number is taken as it is."""
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
def test_the_usual_punctuation_is_dropped(number: str) -> None:
    """Spaces, hyphens, dots, slashes and brackets, also their typographic forms, are no part of a number."""
    assert phone.normalise(number) == NUMBER


@pytest.mark.parametrize(
    "mark", list("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")
)
def test_invisible_marks_are_dropped(mark: str) -> None:
    """Address books put marks of writing direction around a number that they copy."""
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
def test_an_optional_zero_is_refused(number: str) -> None:
    """Whether a bracketed zero is dialled depends on the country: it is neither dropped nor kept by guesswork."""
    with pytest.raises(InvalidPhoneNumberError, match=r"has a \(0\).*leave it out or write the digit"):
        phone.normalise(number)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("()-.", "is empty"),
        ("\u200e\ufeff", "is empty"),
        ("4155551234", "has no country code"),
        ("(415) 555-1234", "has no country code"),
        ("14155551234", "has no country code"),
        ("0014155551234", "has no country code"),
        ("count", "has no country code"),
        ("tel:+14155551234", "has no country code"),
        ("+123456", "is not a phone number with 7 to 15 digits"),
        ("+1234567890123456", "is not a phone number with 7 to 15 digits"),
        ("+04155551234", "is not a phone number with 7 to 15 digits"),
        ("++14155551234", "is not a phone number with 7 to 15 digits"),
        ("+1 415 555 1234 ext. 5", "is not a phone number with 7 to 15 digits"),
        ("+1 415 555 1234 x5", "is not a phone number with 7 to 15 digits"),
        ("+1 415 555 1234;ext=5", "is not a phone number with 7 to 15 digits"),
        ("+1 415 555 1234 / +1 415 555 0000", "is not a phone number with 7 to 15 digits"),
        ("+1415555CALL", "is not a phone number with 7 to 15 digits"),
        ("+14155551234\n", "is not a phone number with 7 to 15 digits"),
        ("+14155551234\x00", "is not a phone number with 7 to 15 digits"),
        ("+1415555123\u0664", "is not a phone number with 7 to 15 digits"),
        ("+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0661\u0662\u0663\u0664", "is not a phone number"),
        ("+\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff11", "is not a phone number with 7 to 15 digits"),
        ("+1415555123\u00b2", "is not a phone number with 7 to 15 digits"),
        ("\uff0b14155551234", "has no country code"),
    ],
)
def test_anything_else_is_refused_with_its_reason(number: str, reason: str) -> None:
    """The error says what is wrong, names the field and shows how a number is written."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number, field="phone_number")
    said = str(caught.value)
    assert said.startswith("phone_number (")
    assert reason in said
    assert said.endswith("write it in E.164 form, such as +14155551234")


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
    """The shape is enough to find the row, and no number or name ends up in a log."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number)
    assert f"({shape})" in str(caught.value)


def test_the_error_is_a_value_error_and_one_of_this_library() -> None:
    """Both `except ValueError` and `except SendblueError` catch it."""
    with pytest.raises(ValueError, match="is empty") as caught:
        phone.normalise("")
    assert isinstance(caught.value, SendblueError)


@pytest.mark.parametrize("value", [14155551234, None, b"+14155551234", ["+14155551234"], 1.5, True, object()])
def test_what_is_no_text_is_a_type_error(value: object) -> None:
    """A number from a spreadsheet that came as an integer is refused by its type, without its digits."""
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
def test_a_national_form_is_read_in_the_default_region(number: str, region: str, found: str) -> None:
    """With a default region a number is what a telephone there would dial."""
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
def test_what_cannot_be_dialled_in_the_region_is_refused(number: str, region: str) -> None:
    """Too short, too long for E.164, or with an extension: refused, with the region in the error and no digits."""
    with pytest.raises(InvalidPhoneNumberError, match=f"is no number that can be dialled in {region}") as caught:
        phone.normalise(number, default_region=region)
    assert not re.search(r"\d", str(caught.value).replace("E.164", "").replace(NUMBER, ""))


def test_nothing_of_the_library_hangs_on_the_error() -> None:
    """The error of phonenumbers, which may quote the number, is not chained."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise("count", default_region="US")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("region", "found"), [("us", "US"), ("GB", "GB"), (None, None)])
def test_a_region_is_read_in_any_case(region: str | None, found: str | None) -> None:
    """`us` and `US` are one region."""
    assert phone.check_region(region) == found


@pytest.mark.parametrize("region", ["XX", "USA", "", "+1"])
def test_a_region_that_is_none_is_refused_when_the_client_is_made(world: World, region: str) -> None:
    """The mistake is found before the first number."""
    with pytest.raises(ValueError, match="is no region; give two letters such as 'US'"):
        world.do(lambda client: client, default_region=region)


def test_a_region_without_phonenumbers_names_the_extra(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library, the client with a default region says what to install."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        world.do(lambda client: client, default_region="US")
    assert str(caught.value) == (
        'default_region needs the library phonenumbers: pip install "sendblue-contacts[phone]"'
    )


def test_e164_needs_no_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a default region the library is not asked for."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert phone.normalise("+1 (415) 555-1234") == NUMBER


PIECES = st.sampled_from([*"+0123456789()[]-. / \u200e\u00a0x\u0661#,;", "(0)", "ext", "00", "tel:", "+1 415 555 1234"])
ANYTHING = st.text(max_size=40) | st.lists(PIECES, max_size=20).map("".join)


@settings(deadline=None)
@given(value=ANYTHING, region=st.sampled_from([None, "US", "DE", "GB", "IT", "FJ", "AC"]))
@example(value="01234", region="DE")
def test_whatever_goes_in_the_result_is_e164_or_an_error(value: str, region: str | None) -> None:
    """Nothing that is not E.164 comes out, with a region or without, and the error shows a shape without digits."""
    assert E164.fullmatch(_outcome(value, region))


def _outcome(value: str, region: str | None) -> str:
    """The result; or, for an error, a number if the shape in it has no digit."""
    try:
        return phone.normalise(value, default_region=region)
    except InvalidPhoneNumberError as error:
        shape = str(error).removeprefix("number (").rsplit(") is ", 1)[0].rsplit(") has ", 1)[0]
        return str(error) if any(map(str.isdecimal, ast.literal_eval(shape))) else NUMBER


@settings(deadline=None)
@given(
    number=st.from_regex(E164, fullmatch=True), marks=st.lists(st.sampled_from(list(" -./\u200e\u2011")), max_size=15)
)
def test_any_e164_number_is_found_beneath_punctuation(number: str, marks: list[str]) -> None:
    """Whatever the number and wherever the punctuation: the same number comes out."""
    spread = "".join(digit + mark for digit, mark in zip(number, chain(marks, repeat("")), strict=False))
    assert phone.normalise(spread) == number


# What would reach another route if it became a path (`openapi/contacts.yaml`, "Numbers").

TRAPS = [
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
def test_nothing_is_sent_for_a_path_that_is_a_trap(world: World, raw: RawServer, call: Any) -> None:  # noqa: ANN401  # a lambda
    """No word, dot or slash reaches the wire as a path."""

    def all_refused(client: Any) -> Any:  # noqa: ANN401  # of either kind
        return (
            [_refused(client, call, trap) for trap in TRAPS] if world.name == "sync" else _refused_async(client, call)
        )

    assert world.do(all_refused, base_url=raw.url) == ["InvalidPhoneNumberError"] * len(TRAPS)
    assert raw.lines == []


def _refused(client: Any, call: Any, trap: str) -> str:  # noqa: ANN401  # of either kind
    try:
        call(client, trap)
    except SendblueError as error:
        return type(error).__name__
    return "sent"


async def _refused_async(client: Any, call: Any) -> list[str]:  # noqa: ANN401  # of either kind
    return [await _refused_await(client, call, trap) for trap in TRAPS]


async def _refused_await(client: Any, call: Any, trap: str) -> str:  # noqa: ANN401  # of either kind
    try:
        await call(client, trap)
    except SendblueError as error:
        return type(error).__name__
    return "sent"


@each_call
def test_a_good_number_is_percent_encoded_on_the_wire(world: World, raw: RawServer, call: Any) -> None:  # noqa: ANN401  # a lambda
    """The plus is `%2B` in the raw request line, and nothing decodes or encodes it again."""
    raw.answer = FOUND + BODY
    world.do(lambda client: call(client, "+1 (415) 555-1234"), base_url=raw.url)
    assert [line.split(b" ")[1] for line in raw.lines] == [b"/api/v2/contacts/%2B14155551234"]


def test_a_filter_by_number_is_percent_encoded_on_the_wire(world: World, raw: RawServer) -> None:
    """In a query the plus is `%2B` too, for a bare one means a space there."""
    raw.answer = FOUND.replace(b"41", b"11") + b'{"count":1}'
    assert world.do(lambda client: client.contacts.count("+1 415 555 1234"), base_url=raw.url) == 1
    assert raw.lines == [b"GET /api/v2/contacts/count?phone_number=%2B14155551234 HTTP/1.1"]
